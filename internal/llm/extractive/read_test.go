package extractive

import (
	"slices"
	"testing"

	"github.com/assay-llmops/assay/internal/llm"
)

func system1(text string) llm.Message { return llm.Message{Role: "system", Content: text} }
func user(text string) llm.Message    { return llm.Message{Role: "user", Content: text} }

func TestReadFindsPassagesAndQuestion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		messages []llm.Message
		passages []string
		question string
	}{
		"tags": {
			[]llm.Message{user("<document id=\"a\">\n# A\n\nOne.\n</document>\n\n<document id=\"b\">\nTwo.\n</document>\n\nQuestion: Why?")},
			[]string{"# A\n\nOne.", "Two."}, "Why?",
		},
		"tags within tags": {
			[]llm.Message{user("<documents>\n<doc>One.</doc>\n<doc>Two.</doc>\n</documents>\nWhy?")},
			[]string{"One.", "Two."}, "Why?",
		},
		"a tag within one of its name": {
			[]llm.Message{user("<p>One.\n<p>Two.</p></p>\n\nWhy?")},
			[]string{"Two.", "One."}, "Why?",
		},
		"tags that mark words": {
			[]llm.Message{user("<doc>\nPress <kbd>Ctrl</kbd>+C.\n<b>Never</b> write `<x>y</x>`.\n</doc>\n\nWhy?")},
			[]string{"Press <kbd>Ctrl</kbd>+C.\n<b>Never</b> write `<x>y</x>`."}, "Why?",
		},
		"a title and a content": {
			[]llm.Message{user("<item>\n<title>A b</title>\n<content>One.\nTwo.</content>\n</item>\nWhy?")},
			[]string{"# A b\n\n\n\nOne.\nTwo."}, "Why?",
		},
		"a tag that is not closed, and a comparison": {
			[]llm.Message{user("Below <5 it <b freezes.\n\nWhy <br> so?")},
			[]string{"Below <5 it <b freezes."}, "Why <br> so?",
		},
		"a tagged question and tagged instructions": {
			[]llm.Message{user("<instructions>Be brief.</instructions><context>One.</context><user_question>Why?</user_question>")},
			[]string{"One."}, "Why?",
		},
		"a fence": {
			[]llm.Message{user("```text\nOne.\n\nTwo.\n```\n\nWhy?")},
			[]string{"One.\n\nTwo."}, "Why?",
		},
		"a fence that is not closed": {
			[]llm.Message{user("```\nOne.\n\nWhy?")},
			[]string{"```\nOne."}, "Why?",
		},
		"paragraphs": {
			[]llm.Message{user("One.\n\nTwo.\n\nWhy?")},
			[]string{"One.", "Two."}, "Why?",
		},
		"a heading and a line with a colon join what follows": {
			[]llm.Message{user("# A\n\nOne.\n\nContext:\n\nTwo.\n\nWhy?")},
			[]string{"# A\nOne.", "Context:\nTwo."}, "Why?",
		},
		"instructions before paragraphs": {
			[]llm.Message{user("Use the following context to answer the question at the end. If you don't know, say so.\n\nOne.\n\nQuestion: Why?\nHelpful Answer:")},
			[]string{"One."}, "Why?",
		},
		"what is not tagged is no passage where something is": {
			[]llm.Message{user("Be kind.\n\n<doc>One.</doc>\n\nQuestion: Why?")},
			[]string{"One."}, "Why?",
		},
		"passages after the question": {
			[]llm.Message{user("**Question:** Why?\n\nOne.\n\nTwo.")},
			[]string{"One.", "Two."}, "Why?",
		},
		"the question first, unmarked": {
			[]llm.Message{user("Why?\n\nContext:\nOne.\n\nTwo.")},
			[]string{"Context:\nOne.", "Two."}, "Why?",
		},
		"instructions last": {
			[]llm.Message{user("One.\n\nWhy?\n\nAnswer in one sentence.")},
			[]string{"One."}, "Why?",
		},
		"a question of two paragraphs": {
			[]llm.Message{user("One.\n\nTell me why.")},
			[]string{"One."}, "Tell me why.",
		},
		"texts below a heading of a system message": {
			[]llm.Message{system1("Be kind.\n\n# Articles\n\n## A\n\nOne.\n\n## B\n\nTwo."), user("Why?")},
			[]string{"## A\nOne.", "## B\nTwo."}, "Why?",
		},
		"texts below a label of a system message": {
			[]llm.Message{system1("Be kind. Use the\ncontext: it helps.\n\n**Context:**\nOne."), user("Why?")},
			[]string{"One."}, "Why?",
		},
		"a label of a system message means nothing where texts are marked": {
			[]llm.Message{system1("Sources:\n\nName none."), user("<doc>One.</doc>\n\nWhy?")},
			[]string{"One."}, "Why?",
		},
		"a question under a heading": {
			[]llm.Message{user("One.\n\n## Question\n\nWhy?\n\nAnswer:")},
			[]string{"One."}, "Why?",
		},
		"the last marker counts": {
			[]llm.Message{user("Q: Is this an example?\n\nOne.\n\nQ: Why?")},
			[]string{"Q: Is this an example?", "One."}, "Why?",
		},
		"a system message has passages only where they are marked": {
			[]llm.Message{system1("Be kind.\n\n<facts>One.</facts>\n\nBe brief."), user("Why?")},
			[]string{"One."}, "Why?",
		},
		"of several user messages the last one asks": {
			[]llm.Message{user("<doc>One.</doc>\nWho?"), {Role: "assistant", Content: "You."}, user("Why?")},
			[]string{"One."}, "Why?",
		},
		"carriage returns": {
			[]llm.Message{user("One.\r\n\r\nQuestion: Why?\r\n")},
			[]string{"One."}, "Why?",
		},
		"nothing but a question": {[]llm.Message{user("Why?")}, nil, "Why?"},
		"nothing":                {[]llm.Message{user("")}, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := read(test.messages)
			if !slices.Equal(p.passages, test.passages) || p.question != test.question {
				t.Errorf("passages %q, question %q\nwant     %q, question %q", p.passages, p.question, test.passages, test.question)
			}
		})
	}
	if read([]llm.Message{system1("Be kind.")}).asked {
		t.Error("a question without a user message")
	}
}

func TestInstructions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text    string
		most    int
		decline string
	}{
		{"", 1, ""},
		{"Be kind.", 1, ""},
		{"Answer in one sentence.", 1, ""},
		{"Answer in at most three sentences, the most important one first.", 3, ""},
		{"Use two or three short sentences.", 3, ""},
		{"Reply in 2-4 sentences.", 4, ""},
		{"No more than 5 sentences, please.", 5, ""},
		{"Use three sentences maximum and keep the answer concise.", 3, ""},
		{"Answer in a single complete sentence.", 1, ""},
		{"Keep it to two sentences.", 2, ""},
		{"There are three sentences in the text.", 1, ""},

		{"If the texts do not answer the question, reply with exactly: I don't know.", 1, "I don't know."},
		{"If the texts do not answer the question,\nreply with exactly: I don't know.", 1, "I don't know."},
		{"If the texts do not answer the question: reply with: NO ANSWER", 1, "NO ANSWER"},
		{`If the answer isn't there, say "I cannot tell".`, 1, "I cannot tell"},
		{`If the answer isn't there, say: "Sorry. I cannot tell." Be polite.`, 1, "Sorry. I cannot tell."},
		{"If unsure, say 'I don't know' and stop.", 1, "I don't know"},
		{"When nothing fits, respond with “Not in the manual”.", 1, "Not in the manual"},
		{"When nothing fits, respond with **Not in the manual**.", 1, "Not in the manual"},
		{"Otherwise output `NONE`.", 1, "NONE"},
		{"- Be kind.\n- If they do not say, write exactly: No idea. Do not guess.\n- Be brief.", 1, "No idea."},
		{"If you don't know the answer, just say that you don't know, don't try to make up an answer.", 1, "I don't know."},
		{"If you don't know, say so.", 1, "I don't know."},

		// Without a condition it is what to say, not what to decline with.
		{"Reply with: words of your own.", 1, ""},
		{"If they are rude, be calm. Reply with: words of your own.", 1, ""},
		{"Never say \"maybe\" when you are sure.", 1, ""},
		{"If you are unsure, do not say \"maybe\".", 1, ""},
		{"Answer questions of people who use it.", 1, ""},
	}
	for _, test := range tests {
		p := &prompt{most: 1}
		p.instructions(test.text)
		if p.most != test.most || p.decline != test.decline {
			t.Errorf("%q: at most %d, declines with %q; want %d, %q", test.text, p.most, p.decline, test.most, test.decline)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []line
	}{
		{"One. Two! Three? Four", []line{{"One.", ""}, {"Two!", ""}, {"Three?", ""}, {"Four", ""}}},
		{"It takes 3.5 days, e.g. Monday to Thursday. See No. 5 by Dr. A. Smith.", []line{{"It takes 3.5 days, e.g. Monday to Thursday.", ""}, {"See No. 5 by Dr. A. Smith.", ""}}},
		{"The answer is no. Then go.", []line{{"The answer is no.", ""}, {"Then go.", ""}}},
		{"He said \"stop.\" Then *he* went.", []line{{`He said "stop."`, ""}, {"Then *he* went.", ""}}},
		{"Broken for its\nlength. Two.", []line{{"Broken for its length.", ""}, {"Two.", ""}}},
		{"# A\n\n## B ##\nOne.\n- item one\n- item\n  two\n1. third\n| a | b |\n> Quoted.", []line{
			{"One.", "A\nB"}, {"item one", "A\nB"}, {"item two", "A\nB"}, {"third", "A\nB"}, {"a | b", "A\nB"}, {"Quoted.", "A\nB"},
		}},
		{"Title\n=====\nOne.\n\nTwo.\n---\nThree.", []line{{"One.", "Title"}, {"Two.", "Title"}, {"Three.", "Title"}}},
		{"", nil},
		{"#", nil},
	}
	for _, test := range tests {
		if got := split(test.text); !slices.Equal(got, test.want) {
			t.Errorf("%q:\n%q, want\n%q", test.text, got, test.want)
		}
	}
}
