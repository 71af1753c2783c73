package report

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
)

func pageOf(t testing.TB, in *Input) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, in); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	policyPattern = regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`)
	styleElement  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	scriptElement = regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
)

// The policy allows the page's own style and script, by their digests, and
// nothing else; every other script element is data.
func TestPageAllowsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	page := pageOf(t, sample(60, 1))
	policy := html.UnescapeString(policyPattern.FindStringSubmatch(page)[1])
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %s", policy)
	}
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	if style := hash(styleElement.FindStringSubmatch(page)[1]); !strings.Contains(policy, "style-src "+style) {
		t.Errorf("the style's digest %s is not in %s", style, policy)
	}
	run := 0
	for _, m := range scriptElement.FindAllStringSubmatch(page, -1) {
		if m[1] == "" {
			run++
			if !strings.Contains(policy, "script-src "+hash(m[2])) {
				t.Error("the script's digest is not in the policy")
			}
		} else if !strings.Contains(m[1], `type="application/json"`) && !strings.Contains(m[1], `type="text/plain"`) {
			t.Errorf("a script element %s", m[1])
		}
	}
	if run != 1 {
		t.Errorf("%d scripts run", run)
	}
	for _, no := range []string{"<img", "onerror=\"", "<i>odd", "window.pwned=1</script>", "<link", "@import", "url("} {
		if strings.Contains(page, no) {
			t.Errorf("the page holds %q", no)
		}
	}
}

// Every case is on the page, whole, in the block where the script looks for it.
func TestPageHoldsEveryCase(t *testing.T) {
	t.Parallel()
	in := sample(2*blockSize+7, 2)
	page := pageOf(t, in)
	data := map[string]string{}
	for _, m := range scriptElement.FindAllStringSubmatch(page, -1) {
		if id := regexp.MustCompile(`id="([^"]*)"`).FindStringSubmatch(m[1]); id != nil {
			data[id[1]] = m[2]
		}
	}
	var index pageIndex
	if err := json.Unmarshal([]byte(data["index"]), &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Cases) != 2*blockSize+7 || index.Block != blockSize || !index.Paired {
		t.Fatalf("%d cases in blocks of %d", len(index.Cases), index.Block)
	}
	for i, entry := range index.Cases {
		if i%37 != 0 {
			continue
		}
		packed, err := base64.StdEncoding.DecodeString(data[fmt.Sprintf("block-%d", i/blockSize)])
		if err != nil {
			t.Fatal(err)
		}
		zip, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		var block []pageCase
		if err := json.NewDecoder(zip).Decode(&block); err != nil {
			t.Fatal(err)
		}
		c := block[i%blockSize]
		want := in.Candidate.Records[2*i]
		if entry.ID != want.Case || len(c.Candidate) != 2 || len(c.Baseline) != 2 || c.Candidate[0].Output != want.Output {
			t.Errorf("case %d is %s with %q, want %s with %q", i, entry.ID, c.Candidate[0].Output, want.Case, want.Output)
		}
	}
}

// Without its script the page still says what was decided and why.
func TestPageReadsWithoutScript(t *testing.T) {
	t.Parallel()
	in := sample(40, 1)
	page := html.UnescapeString(scriptElement.ReplaceAllString(pageOf(t, in), ""))
	for _, say := range []string{
		"FAIL", "1 rule of 5 broken: correct.", "help-centre@3f9c2a71b0d4", "retrieval.top_k: 4 → 1", "correct not_worse_by 0.05",
		"limit -5.0\u00a0%", "limit -5.0 %", "Tango's score test, clustered", "not applicable", "67.7–92.5 %", "tag=billing", "<noscript>",
	} {
		if !strings.Contains(page, say) && !strings.Contains(page, strings.ReplaceAll(say, "\u00a0", " ")) {
			t.Errorf("%q is not on the page", say)
		}
	}
}

// A run without a gate, a run without content and a gate without a baseline
// have pages too.
func TestPagesOfOtherKinds(t *testing.T) {
	t.Parallel()
	bare := sample(10, 1)
	bare.Verdict, bare.Baseline = nil, nil
	bare.Candidate.Header.NoContent = true
	for i := range bare.Candidate.Records {
		r := &bare.Candidate.Records[i]
		r.Input, r.Expected, r.Messages, r.Documents, r.Output = nil, nil, nil, nil, ""
	}
	for name, in := range map[string]*Input{"run": plainRun(), "unchanged": unchanged(), "withheld": withheld(), "bare": bare} {
		page := pageOf(t, in)
		if !strings.HasSuffix(page, "</html>\n") || !strings.Contains(page, "help-centre") {
			t.Errorf("%s: %d bytes", name, len(page))
		}
		if strings.Contains(page, "baseline</th>") != (name == "withheld") {
			t.Errorf("%s: a baseline column or none, wrongly", name)
		}
	}
}

func BenchmarkHTML10000(b *testing.B) {
	in := sample(10000, 1)
	size := 0
	for b.Loop() {
		size = len(pageOf(b, in))
	}
	b.ReportMetric(float64(size)/1e6, "MB")
}
