package extractive

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/retrieve"
)

const pond = "<doc>\n# The pond\n\nThe pond holds 40 carp. It freezes in January. Ducks nest on the island. Nobody may swim there.\n</doc>\n\n"

func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct{ system, user, want string }{
		{"", pond + "Question: How many carp are there?", "The pond holds 40 carp."},
		{"", pond + "Question: When does the pond freeze?", "It freezes in January."},
		{"", pond + "Question: Where do ducks nest?", "Ducks nest on the island."},
		{"", pond + "Question: Who won the cup?", "Ducks nest on the island."}, // not asked to decline, it never does
		{"If it is not in the text, say \"No idea\".", pond + "Question: Who won the cup?", "No idea"},
		{"If it is not in the text, say \"No idea\".", "Question: Who won the cup?", "No idea"},
		{"", "Question: Who won the cup?", "There is no text to answer from."},
		{"", pond + "Question: ?", "There is no text to answer from."},
		{"", "<doc>How many carp are there? There are forty carp.</doc>\n\nHow many carp are there?", "There are forty carp."},
		{"Answer in two sentences.", "<doc>Carp eat bread. Ducks eat bread. Swans sleep.</doc>\n\nWho eats bread?", "Carp eat bread. Ducks eat bread."},
		{"Answer in two sentences.", "<doc>Carp eat bread.</doc>\n\n<doc>Carp eat bread. Swans sleep.</doc>\n\nWho eats bread?", "Carp eat bread."},
	}
	m := New()
	for _, test := range tests {
		if got := reply(t, m, []llm.Message{system1(test.system), user(test.user)}); got != test.want {
			t.Errorf("%q %q:\n%q, want %q", test.system, test.user, got, test.want)
		}
	}
}

func TestLimitCutsAtAWord(t *testing.T) {
	t.Parallel()
	messages := []llm.Message{user(pond + "Question: How many carp are there?")}
	for _, test := range []struct {
		limit        any
		text, finish string
	}{
		{nil, "The pond holds 40 carp.", "stop"},
		{0, "The pond holds 40 carp.", "stop"},
		{int64(5), "The pond holds 40 carp.", "stop"},
		{4.0, "The pond holds 40", "length"},
		{json.Number("1"), "The", "length"},
		{"4", "The pond holds 40 carp.", "stop"}, // not a number: another room says so
	} {
		r, err := New().Call(context.Background(), &llm.Request{Messages: messages, Params: map[string]any{"max_output_tokens": test.limit}})
		if err != nil {
			t.Fatal(err)
		}
		if r.Message.Content != test.text || r.FinishReason != test.finish || r.Message.Role != "assistant" {
			t.Errorf("%v: %+v", test.limit, r)
		}
		if want := int64(retrieve.Tokens(test.text)); r.Usage.OutputTokens != want || r.Usage.InputTokens == 0 || !r.Usage.Known {
			t.Errorf("%v: usage %+v, want %d out", test.limit, r.Usage, want)
		}
	}
}

func TestCallFails(t *testing.T) {
	t.Parallel()
	var bad *llm.Error
	if _, err := New().Call(context.Background(), &llm.Request{Messages: []llm.Message{system1("Be kind.")}}); !errors.As(err, &bad) || bad.Kind != llm.BadRequest {
		t.Errorf("no user message: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := New().Call(ctx, &llm.Request{Messages: []llm.Message{user("Why?")}}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}

func TestKeyIsOverWhatIsRead(t *testing.T) {
	t.Parallel()
	key := func(messages []llm.Message, params map[string]any) string {
		t.Helper()
		digest, err := New().(*model).Key(&llm.Request{Messages: messages, Params: params})
		if err != nil {
			t.Fatal(err)
		}
		return string(digest)
	}
	base := key([]llm.Message{user("Why?")}, map[string]any{"temperature": 0})
	if key([]llm.Message{user("Why?")}, map[string]any{"temperature": 1}) != base {
		t.Error("the temperature does nothing, and changes the key")
	}
	for name, other := range map[string]string{
		"a limit": key([]llm.Message{user("Why?")}, map[string]any{"max_output_tokens": 3}),
		"a text":  key([]llm.Message{user("Who?")}, nil),
		"a role":  key([]llm.Message{system1("Why?")}, nil),
	} {
		if other == base {
			t.Errorf("%s leaves the key as it is", name)
		}
	}
}

// FuzzAnswer holds for any messages: the answer is made of sentences of the
// passages, or declines; it is the same again, and with the documents in
// another order.
func FuzzAnswer(f *testing.F) {
	f.Add("If it is not there, say \"No idea\".", pond+"Question: How many carp?", 0)
	f.Add("Answer in three sentences.", "<a>One. Two.</a><b>Three?</b>\n\nWhy one?", 3)
	f.Add("", "```\nOne.\n```\n\nQ: Why?", 1)
	f.Add("say:say:x", "<a><a></a> <b <c></c></b>\n\n# H\n\nÉté: 5 °C.\n\nQuand l'été?\nAnswer:", -1)
	f.Add("If \xff say '\xfe'", "<a>\xff. \xfeA. B</a>\n\n\xff", 2)
	m := New().(*model)
	f.Fuzz(func(t *testing.T, system, text string, limit int) {
		messages := []llm.Message{system1(system), user(text)}
		params := map[string]any{"max_output_tokens": limit}
		first, err := m.Call(context.Background(), &llm.Request{Messages: messages, Params: params})
		if err != nil {
			t.Fatal(err)
		}
		answer := first.Message.Content
		if limit > 0 && retrieve.Tokens(answer) > limit {
			t.Fatalf("%d words in %q", retrieve.Tokens(answer), answer)
		}
		again, err := m.Call(context.Background(), &llm.Request{Messages: messages, Params: params})
		if err != nil || again.Message.Content != answer {
			t.Fatalf("%q, then %q, %v", answer, again.Message.Content, err)
		}
		p := read(messages)
		whole := m.answer(p)
		slices.Reverse(p.passages)
		if turned := m.answer(p); turned != whole {
			t.Fatalf("%q, turned round %q", whole, turned)
		}
		if whole == p.decline || whole == "There is no text to answer from." {
			return
		}
		rest := whole
		for _, passage := range p.passages {
			for _, l := range split(passage) {
				rest = strings.ReplaceAll(rest, l.text, "")
			}
		}
		if p.decline == "" && len(p.passages) == 0 {
			t.Fatalf("%q without passages", whole)
		}
		if len(p.passages) == 1 && len(split(p.passages[0])) == 1 && strings.TrimSpace(rest) != "" {
			t.Fatalf("%q is not in the passage", rest)
		}
	})
}

func BenchmarkCall(b *testing.B) {
	page := strings.Repeat("The pond by the old mill holds forty carp, and ducks nest on its island in spring. Ask the warden for a key before noon. ", 11)
	var text strings.Builder
	for range 4 {
		text.WriteString("<document>\n# The pond\n\n" + page + "\n</document>\n\n")
	}
	text.WriteString("Question: How many carp does the warden keep in the pond behind the mill?")
	messages := []llm.Message{system1(system), user(text.String())}
	b.ReportMetric(float64(retrieve.Tokens(text.String())), "words")
	m := New()
	for b.Loop() {
		if _, err := m.Call(context.Background(), &llm.Request{Messages: messages}); err != nil {
			b.Fatal(err)
		}
	}
}
