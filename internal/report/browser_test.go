package report

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is a browser's tab with what it fetched and complained about.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	requests   []string
	complaints []string
}

// startBrowser starts a browser, or skips the test where there is none and in
// CI, where a browser is one more thing that is not the code's fault.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	if os.Getenv("CI") != "" || testing.Short() {
		t.Skip("no browser in CI")
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no chromium on this machine")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.ExecPath(path))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, done := chromedp.NewContext(alloc)
	t.Cleanup(done)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// openTab opens a tab that hears everything from the start.
func openTab(browser context.Context, t *testing.T) *tab {
	t.Helper()
	ctx, done := chromedp.NewContext(browser)
	t.Cleanup(done)
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	b.ctx = limited
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console."+string(e.Type))
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, string(e.Entry.Level)+": "+e.Entry.Text)
	}
}

// load writes the page and opens it, at an anchor.
func (b *tab) load(in *Input, anchor string) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(pageOf(b.t, in)), 0o600); err != nil {
		b.t.Fatal(err)
	}
	address := url.URL{Scheme: "file", Path: path}
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address.String()+anchor)); err != nil {
		b.t.Fatal(err)
	}
	b.until(`document.querySelector("#count").textContent.endsWith("cases")`)
}

// until waits for a condition of the page.
func (b *tab) until(condition string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](condition)); err != nil {
		status, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.activeElement.outerHTML.slice(0, 200) + " | " + document.querySelector("#count").textContent + " | " + document.querySelector("#search").value`))
		b.t.Fatalf("waiting for %s: %v; the page says %s", condition, err, status)
	}
}

func (b *tab) keys(keys string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.KeyEvent(keys)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.want(`(document.querySelector(`+quoted(selector)+`).click(), true)`, true)
}

// want checks the value of an expression.
func (b *tab) want(expression string, want any) {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](expression))
	if n, ok := want.(int); ok {
		want = float64(n)
	}
	if err != nil || got != want {
		b.t.Errorf("%s is %v (%v), want %v", expression, got, err, want)
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }

// quiet checks that nothing was fetched but the page, and that the console and
// the security policy had nothing to say.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if !strings.HasPrefix(r, "file:///") || !strings.HasSuffix(strings.Split(r, "#")[0], "/report.html") {
			b.t.Errorf("the page fetched %s", r)
		}
	}
	for _, c := range b.complaints {
		b.t.Errorf("the browser said: %s", c)
	}
}

const pressed = `document.querySelector(".filters [aria-pressed=true]").dataset.name`

// filterCount is what the page says on a filter's button.
func filterCount(name string) string {
	return `Number(document.querySelector(".filters [data-name=` + name + `] .n").textContent)`
}

func TestBrowser(t *testing.T) {
	browser := startBrowser(t)
	for name, test := range map[string]func(*testing.T, *tab){"list": testList, "case": testCase, "inert": testInert, "fits": testFits, "differences": testDifferences} {
		t.Run(name, func(t *testing.T) { test(t, openTab(browser, t)) })
	}
}

// testList uses filters, keys, search, help and theme as a reader would.
func testList(t *testing.T, b *tab) {
	in := sample(300, 1)
	b.load(in, "")

	// The page counts what Go counts.
	counts := map[string]int{}
	for _, p := range in.pairings() {
		s := p.stand(in.evaluators())
		for name, yes := range map[string]bool{"regressed": s.regressed, "improved": s.improved, "failed": s.failed, "error": s.errored, "unscored": s.unscored} {
			if yes {
				counts[name]++
			}
		}
	}
	for name, n := range counts {
		if n == 0 {
			t.Errorf("the sample has no case that is %s", name)
		}
		b.want(filterCount(name), n)
	}
	b.want(`document.querySelectorAll("li.case").length < 300`, true) // rows come as they are needed

	// Filters, by click and by key.
	b.click(".filters [data-name=regressed]")
	b.until(pressed + ` === "regressed"`)
	b.keys("f")
	b.until(pressed + ` === "improved"`)
	b.keys("F")
	b.keys("F")
	b.until(pressed + ` === "all"`)

	// A rule's link narrows to its evaluator.
	b.click("a[data-filter=regressed]")
	b.until(pressed + ` === "regressed"`)
	b.want(`document.querySelector("#evaluator").selectedOptions[0].text`, "correct")
	b.want(`document.querySelectorAll(".row .chip").length > 0 && [...document.querySelectorAll("li.case")].every((l) => l.textContent.includes("correct ✓→✗"))`, true)

	// A tag narrows too, and what is shown says so.
	b.want(`(document.querySelector("#evaluator").value = "", document.querySelector("#evaluator").dispatchEvent(new Event("change")), true)`, true)
	b.want(`(document.querySelector("#tag").value = "0", document.querySelector("#tag").dispatchEvent(new Event("change")), true)`, true)
	b.until(`[...document.querySelectorAll(".row .id")].every((e) => e.textContent.startsWith("billing") || e.textContent.startsWith("case 7"))`)
	b.want(`(document.querySelector("#tag").value = "", document.querySelector("#tag").dispatchEvent(new Event("change")), true)`, true)
	b.click(".filters [data-name=all]")

	// Keys walk the list, open and close.
	b.keys("j")
	b.keys("j")
	b.want(`document.activeElement.querySelector(".id").textContent`, "billing-002")
	b.keys("k")
	b.keys(kb.Enter)
	b.until(`document.querySelector(".detail h4 code") !== null`)
	b.want(`document.activeElement.getAttribute("aria-expanded")`, "true")
	b.keys(" ")
	b.until(`document.querySelector(".detail") === null`)

	// Search reads answers, not only what is in the list.
	b.keys("/")
	b.want(`document.activeElement.id`, "search")
	b.want(`(document.querySelector("#search").value = "", true)`, true) // the protocol types the key even where a page took it
	b.keys("Retry-After header")
	b.until(`document.querySelector("#count").textContent.includes("50 of 300 cases")`)
	b.keys(kb.Escape)
	b.until(`document.querySelector("#count").textContent === "300 cases"`)

	// Help opens and closes; the theme turns.
	b.keys("?")
	b.want(`document.querySelector("#help").open`, true)
	b.keys(kb.Escape)
	b.until(`!document.querySelector("#help").open`)
	b.want(`getComputedStyle(document.body).backgroundColor`, "rgb(247, 246, 243)")
	b.keys("t")
	b.want(`getComputedStyle(document.body).backgroundColor`, "rgb(18, 19, 22)")
	b.click("#theme")
	b.want(`getComputedStyle(document.body).backgroundColor`, "rgb(247, 246, 243)")

	b.want(`(localStorage.clear(), true)`, true) // the theme is kept for all reports

	// Scrolling to the end brings the rest.
	b.want(`(document.querySelector("#more").scrollIntoView(), true)`, true)
	b.until(`(document.querySelector("#more").scrollIntoView(), document.querySelectorAll("li.case").length === 300)`)
	b.quiet()
}

// testCase: a link to a case opens it, whatever its name, and shows both sides.
func testCase(t *testing.T, b *tab) {
	b.load(sample(300, 1), "#case-"+url.PathEscape(`case 7/ä "quoted" <b>&amp;`))
	b.until(`document.querySelector(".detail") !== null`)
	b.want(`document.querySelector(".case:has(.detail) .id").textContent`, `case 7/ä "quoted" <b>&amp;`)
	b.want(`document.querySelectorAll(".detail .side").length`, 2)
	b.want(`(document.querySelectorAll("details.more").forEach((d) => { d.open = true; }), true)`, true)
	b.until(`document.querySelector(".detail").textContent.includes("lookup_order")`)
	for _, part := range []string{"A-17", "helpcentre", "be brief"} {
		b.want(`document.querySelector(".detail").textContent.toLowerCase().replaceAll(" ", "").includes(`+quoted(strings.ReplaceAll(strings.ToLower(part), " ", ""))+`)`, true)
	}
	b.want(`[...document.querySelectorAll(".messages ins")].map((e) => e.textContent).join("|")`, "its|. Be brief")
	b.want(`document.querySelectorAll(".chunks .only").length`, 3)
	// A worst case is linked from its rule.
	b.click(`a.id[href^="#case-case"]`)
	b.until(`document.querySelectorAll(".detail").length === 1`)
	// Far down the list, behind a filter.
	b.click(".filters [data-name=error]")
	b.want(`(location.hash = "#case-exports-299", true)`, true)
	b.until(`document.querySelector("#case-exports-299 .detail") !== null`)
	b.quiet()
}

// testInert: what a model answers is text on the page, never markup and never run.
func testInert(t *testing.T, b *tab) {
	in := sample(60, 1)
	for i := range in.Candidate.Records {
		r := &in.Candidate.Records[i]
		r.Output += hostile
		r.Tags = append(r.Tags, hostile)
		r.Documents = append(r.Documents, in.Candidate.Records[6].Documents[0])
		r.Documents[0].Content, r.Documents[0].Source = hostile, hostile
		r.Model, r.FinishReason = hostile, hostile
	}
	in.Verdict.Summary, in.Verdict.Eval, in.Verdict.Warnings = hostile, hostile, []string{hostile}
	in.Verdict.Rules[0].Text, in.Verdict.Rules[0].Reason = hostile, hostile
	b.load(in, "")
	b.want(`(document.querySelectorAll(".row").forEach((r) => r.click()), true)`, true)
	b.until(`document.querySelectorAll(".detail").length === 60`)
	b.want(`(document.querySelectorAll("details").forEach((d) => { d.open = true; }), true)`, true)
	b.until(`document.querySelectorAll(".chunks > li").length > 60`)
	b.want(`typeof window.pwned`, "undefined")
	b.want(`document.querySelectorAll("img, iframe, object, main script, a[href^='javascript']").length`, 0)
	b.want(`document.querySelector(".summary").textContent.startsWith("<script>")`, true)
	b.quiet()
}

// testFits: the page follows the system's theme and fits a telephone.
func testFits(t *testing.T, b *tab) {
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{390, 1280} {
		if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, 800)); err != nil {
			t.Fatal(err)
		}
		b.load(sample(60, 2), "#case-exports-005")
		b.until(`document.querySelector(".detail") !== null`)
		b.want(`(document.querySelectorAll("details").forEach((d) => { d.open = true; }), true)`, true)
		b.until(`document.querySelector(".chunks") !== null`)
		b.want(`document.documentElement.scrollWidth <= innerWidth`, true)
		b.want(`getComputedStyle(document.body).backgroundColor`, "rgb(18, 19, 22)")
		b.want(`document.querySelectorAll(".repeats button").length`, 2)
	}
	b.quiet()
}

// testDifferences: the script's word differences are those of Markdown, and
// lose nothing.
func testDifferences(t *testing.T, b *tab) {
	b.load(sample(3, 1), "")
	const shown = `.map(([kind, text]) => (kind < 0 ? "[-" + text + "-]" : kind > 0 ? "{+" + text + "+}" : text)).join("")`
	for _, c := range [][2]string{
		{"within 30 days of it", "within 14 days of it"}, {"same", "same"}, {"", "new words"}, {"gone", ""}, {"Use a code.", "Use a recovery code."},
		{"one two three four", "five six three four"}, {"naïve café", "naïve thé"}, {"a b c d e f", "f e d c b a"}, {"返金は30日", "返金は 14 日 🙂"},
	} {
		before, after := strconv.Quote(c[0]), strconv.Quote(c[1])
		b.want(`(() => {`+diffScript+`; const e = diffWords(`+before+`, `+after+`);
			const side = (k) => e.filter(([kind]) => kind !== k).map(([, text]) => text).join("");
			return side(1) === `+before+` && side(-1) === `+after+` ? "whole" : JSON.stringify(e); })()`, "whole")
	}
	b.want(`(() => {`+diffScript+`; return diffWords("within 30 days of it", "within 14 days of it")`+shown+`; })()`, "within [-30-]{+14+} days of it")
	b.want(`(() => {`+diffScript+`; return diffWords("one two three four", "five six three four")`+shown+`; })()`, "[-one two-]{+five six+} three four")
	// Long texts without a common word do not hold up the page.
	b.want(`(() => {`+diffScript+`; const text = (w) => Array.from({ length: 20000 }, (_, i) => w + i).join(" ");
		return diffWords(text("a"), text("b")).length; })()`, 2)
	b.quiet()
}
