package extractive

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/retrieve"
	"github.com/assay-llmops/assay/internal/stats"
)

const (
	noAnswer = "I don't know"
	system   = "Use only what the articles say.\nAnswer in at most three sentences, the most important one first.\n" +
		"If the articles do not answer the question, reply with exactly: I don't know.\n"
)

// examples is the example project, seen from here.
var examples = filepath.Join("..", "..", "..", "examples", "help-centre")

// asked is a case of a dataset with the passages that were retrieved for it.
type asked struct {
	ID       string
	Question string
	Facts    []string
	Passages []llm.Document
}

// ask reads a set of pages and questions and retrieves four sections for each.
func ask(tb testing.TB, pages, questions string) []asked {
	tb.Helper()
	var files []retrieve.File
	names, err := filepath.Glob(filepath.Join(pages, "*.md"))
	if err != nil || len(names) == 0 {
		tb.Fatalf("no pages in %s: %v", pages, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, retrieve.File{Path: filepath.Base(name), Content: content})
	}
	index, err := retrieve.Build(retrieve.Spec{Chunk: retrieve.ChunkSpec{By: "heading", MaxTokens: 300, Overlap: 30}}, files)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := os.Open(questions)
	if err != nil {
		tb.Fatal(err)
	}
	defer data.Close()
	var all []asked
	for lines := bufio.NewScanner(data); lines.Scan(); {
		var row struct {
			ID       string
			Input    struct{ Question string }
			Expected struct{ Facts []string }
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			tb.Fatal(err)
		}
		all = append(all, asked{row.ID, row.Input.Question, row.Expected.Facts, index.Search(row.Input.Question, 4)})
	}
	return all
}

// prompt is the messages of a usual RAG template.
func (a asked) prompt(system string, passages []llm.Document) []llm.Message {
	var user strings.Builder
	for _, d := range passages {
		fmt.Fprintf(&user, "<document id=%q source=%q>\n%s\n</document>\n\n", d.ID, d.Source, d.Content)
	}
	user.WriteString("Question: " + a.Question)
	return []llm.Message{{Role: "system", Content: system}, {Role: "user", Content: user.String()}}
}

func reply(tb testing.TB, m llm.Model, messages []llm.Message) string {
	tb.Helper()
	r, err := m.Call(context.Background(), &llm.Request{Messages: messages})
	if err != nil {
		tb.Fatal(err)
	}
	return r.Message.Content
}

// tally counts outcomes.
type tally struct{ answerable, correct, wrongly, unanswerable, rightly, hasText int }

func (t *tally) add(a asked, text string) {
	declined := strings.Contains(text, noAnswer)
	if len(a.Facts) == 0 {
		t.unanswerable++
		if declined {
			t.rightly++
		}
		return
	}
	t.answerable++
	if declined {
		t.wrongly++
	}
	if a.has(text) {
		t.correct++
	}
	var all strings.Builder
	for _, d := range a.Passages {
		all.WriteString(d.Content)
	}
	if a.has(all.String()) {
		t.hasText++
	}
}

func (t *tally) run(tb testing.TB, m llm.Model, set []asked) {
	tb.Helper()
	for _, a := range set {
		t.add(a, reply(tb, m, a.prompt(system, a.Passages)))
	}
}

func (a asked) has(text string) bool {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, fact := range a.Facts {
		if !strings.Contains(text, strings.ToLower(fact)) {
			return false
		}
	}
	return true
}

func (t tally) String() string {
	lower, upper := stats.Wilson(float64(t.correct), float64(t.answerable), 0.95)
	return fmt.Sprintf("correct %d of %d (%.1f %%, 95 %% interval %.1f to %.1f; %d were retrieved), declined wrongly %d, declined rightly %d of %d",
		t.correct, t.answerable, 100*float64(t.correct)/float64(t.answerable), 100*lower, 100*upper, t.hasText, t.wrongly, t.rightly, t.unanswerable)
}

func development(tb testing.TB) map[string][]asked {
	sets := map[string][]asked{}
	for _, name := range []string{"camp", "roaster", "backup", "pool", "clinic", "railway"} {
		dir := filepath.Join("testdata", "dev", name)
		sets[name] = ask(tb, filepath.Join(dir, "pages"), filepath.Join(dir, "questions.jsonl"))
	}
	starter := filepath.Join("..", "..", "starter", "templates", "rag")
	sets["starter"] = ask(tb, filepath.Join(starter, "help"), filepath.Join(starter, "datasets", "support.jsonl"))
	return sets
}

// TestDevelopment shows what other thresholds would do to the texts on which the
// engine was tuned, and holds what was aimed at.
func TestDevelopment(t *testing.T) {
	t.Parallel()
	m := New().(*model)
	sets := development(t)
	chosen := m.weights.enough
	for _, enough := range []float64{0, 0.20, 0.28, chosen, 0.44, 0.52, 0.60} {
		m.weights.enough = enough
		var all tally
		for _, set := range sets {
			all.run(t, m, set)
		}
		t.Logf("enough %.2f: %v", enough, all)
		if enough == chosen && (all.correct*100 < all.answerable*70 || all.rightly*100 < all.unanswerable*60) {
			t.Errorf("the aims are 70 %% correct and 60 %% declined rightly")
		}
	}
}

// TestGeneral compares the example, on which the engine was not tuned, with a
// domain that was held out while the first engine was made, and with one that
// somebody else wrote, who had read the example and not the engine, and that was
// opened once the second was done. Its questions were worded to share as many
// words with their pages as those of the example do.
func TestGeneral(t *testing.T) {
	t.Parallel()
	m := New()
	heldOut := ask(t, filepath.Join("testdata", "heldout", "pages"), filepath.Join("testdata", "heldout", "questions.jsonl"))
	example := ask(t, filepath.Join(examples, "help"), filepath.Join(examples, "datasets", "help-centre.jsonl"))
	unseen := ask(t, filepath.Join("testdata", "unseen", "pages"), filepath.Join("testdata", "unseen", "questions.jsonl"))

	t.Run("the rates differ by no more than their sampling error", func(t *testing.T) {
		var a, b tally
		a.run(t, m, heldOut)
		b.run(t, m, example)
		t.Logf("held out: %v", a)
		t.Logf("example:  %v", b)
		if z := twoSample(a.correct, a.answerable, b.correct, b.answerable); math.Abs(z) > 2.576 {
			t.Errorf("the rates of correct answers differ by %.2f standard errors", z)
		}
	})
	t.Run("a set that was written by somebody else and not seen", func(t *testing.T) {
		var a, b tally
		a.run(t, m, unseen)
		b.run(t, m, example)
		z := twoSample(a.correct, a.answerable, b.correct, b.answerable)
		t.Logf("unseen: %v, %.2f standard errors from the example", a, z)
		if math.Abs(z) > 2.576 {
			t.Errorf("the rates of correct answers differ by %.2f standard errors", z)
		}
	})
	t.Run("harder questions", func(t *testing.T) {
		// They share few words with their page, and the synonyms were written with
		// them in view: a floor, and no evidence of what an unseen set would give.
		fresh := ask(t, filepath.Join("testdata", "fresh", "pages"), filepath.Join("testdata", "fresh", "questions.jsonl"))
		var c tally
		c.run(t, m, fresh)
		t.Logf("fresh:    %v", c)
		if c.correct*2 < c.answerable {
			t.Errorf("%d of %d are right, fewer than half", c.correct, c.answerable)
		}
	})
	t.Run("the order of passages changes nothing", func(t *testing.T) {
		shuffled := rand.New(rand.NewPCG(1, 2))
		for _, a := range slices.Concat(heldOut, unseen, example) {
			want := reply(t, m, a.prompt(system, a.Passages))
			passages := slices.Clone(a.Passages)
			shuffled.Shuffle(len(passages), func(i, j int) { passages[i], passages[j] = passages[j], passages[i] })
			if got := reply(t, m, a.prompt(system, passages)); got != want {
				t.Errorf("%s: %q, in another order %q", a.ID, want, got)
			}
		}
	})
	t.Run("without instructions it answers in one sentence and never declines", func(t *testing.T) {
		changed := 0
		for _, a := range example {
			text := reply(t, m, a.prompt("", a.Passages))
			if strings.Contains(text, noAnswer) && len(a.Passages) > 0 {
				t.Errorf("%s: %q", a.ID, text)
			}
			if n := len(bySentence(text)); n > 1 {
				t.Errorf("%s: %d sentences: %q", a.ID, n, text)
			}
			if text != reply(t, m, a.prompt(system, a.Passages)) {
				changed++
			}
		}
		if changed < len(example)/2 {
			t.Errorf("an emptied system prompt changed %d of %d answers", changed, len(example))
		}
	})
	t.Run("without passages there is no answer", func(t *testing.T) {
		for _, a := range example {
			if text := reply(t, m, a.prompt(system, nil)); !strings.Contains(text, noAnswer) {
				t.Errorf("%s: %q", a.ID, text)
			}
			if text := reply(t, m, a.prompt("", nil)); text != "There is no text to answer from." {
				t.Errorf("%s: %q", a.ID, text)
			}
		}
	})
	t.Run("sources alone hold no facts", func(t *testing.T) {
		var all tally
		for _, a := range example {
			for i := range a.Passages {
				a.Passages[i].Content = a.Passages[i].Source
			}
			all.add(a, reply(t, m, a.prompt("Answer in one sentence.", a.Passages)))
		}
		if all.correct*20 > all.answerable {
			t.Errorf("%v", all)
		}
	})
}

// twoSample is the score test of two rates being equal, in standard errors.
func twoSample(x1, n1, x2, n2 int) float64 {
	p := float64(x1+x2) / float64(n1+n2)
	se := math.Sqrt(p * (1 - p) * (1/float64(n1) + 1/float64(n2)))
	return (float64(x1)/float64(n1) - float64(x2)/float64(n2)) / se
}
