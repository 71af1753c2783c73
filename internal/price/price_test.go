package price

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/problem/problemtest"
	"github.com/assay-llmops/assay/internal/schema"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err) // a date written in a test
	}
	return t
}

func book(t *testing.T, files ...File) *Book {
	t.Helper()
	b, err := Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCost(t *testing.T) {
	t.Parallel()
	project := File{Name: "prices.yaml", Data: []byte(`
providers:
  openai:
    - {model: gpt-4.1, from: 2026-01-01, input: 1, output: 4}
  azure:
    - {model: "support-*", input: "0.3", cached_input: "0.03", output: "1.2"}
    - {model: "support-large", input: "3", output: "12"}
  ollama:
    - {model: "*", input: 0, output: 0}
  tiny:
    - {model: m, input: "0.0005", output: "0.000001"}
`)}
	b := book(t, project)
	million := llm.Usage{InputTokens: 1_000_000, OutputTokens: 1_000_000, Known: true}
	for _, tc := range []struct {
		name, provider, model, at string
		usage                     llm.Usage
		want                      string // "" when unknown
	}{
		{"input and output", "openai", "gpt-5-mini", "2026-03-01", million, "2.25"},
		{"dated snapshot", "openai", "gpt-5-mini-2025-08-07", "2026-03-20", million, "2.25"},
		{"not a snapshot but another model", "openai", "gpt-5-mini-turbo", "2026-03-20", million, ""},
		{"exact name of a snapshot wins", "openai", "gpt-4o-2024-05-13", "2025-06-01", million, "20"},
		{"another snapshot of it", "openai", "gpt-4o-2024-08-06", "2025-06-01", million, "12.5"},
		{"before the price began", "openai", "gpt-5-mini", "2025-08-06", million, ""},
		{"an old price at an old date", "openai", "o3-2025-04-16", "2025-06-09", million, "50"},
		{"the new price from its first day", "openai", "o3", "2025-06-10", million, "10"},
		{"cached input", "openai", "gpt-5-mini", "2026-03-01", llm.Usage{InputTokens: 1_000_000, CachedTokens: 400_000, Known: true}, "0.16"},
		{"cache write", "anthropic", "claude-sonnet-4-5-20250929", "2026-03-01", llm.Usage{InputTokens: 1000, CacheWriteTokens: 1000, Known: true}, "0.00375"},
		{"no price for cached input", "openai", "gpt-5-pro", "2026-03-01", llm.Usage{InputTokens: 1000, CachedTokens: 1000, Known: true}, "0.015"},
		{"at the tier", "gemini", "gemini-2.5-pro", "2026-03-01", llm.Usage{InputTokens: 200_000, Known: true}, "0.25"},
		{"above the tier", "gemini", "gemini-2.5-pro", "2026-03-01", llm.Usage{InputTokens: 200_001, Known: true}, "0.5000025"},
		{"the project's price from its date", "openai", "gpt-4.1", "2026-01-01", million, "5"},
		{"the built-in price before it", "openai", "gpt-4.1", "2025-12-31", million, "10"},
		{"a pattern", "azure", "support-small", "2026-01-01", million, "1.5"},
		{"a name wins over a pattern", "azure", "support-large", "2026-01-01", million, "15"},
		{"declared free", "ollama", "qwen3:8b", "2026-01-01", million, "0"},
		{"our own engines", "builtin", "extractive", "2026-01-01", million, "0"},
		{"recorded answers did cost something", "builtin", "recorded", "2026-01-01", million, ""},
		{"unknown model", "openai", "no-such", "2026-01-01", million, ""},
		{"unknown provider", "vllm", "qwen", "2026-01-01", million, ""},
		{"unknown usage", "builtin", "extractive", "2026-01-01", llm.Usage{}, ""},
		{"cached more than all", "openai", "gpt-5-mini", "2026-01-01", llm.Usage{InputTokens: 1, CachedTokens: 2, Known: true}, ""},
		{"negative", "openai", "gpt-5-mini", "2026-01-01", llm.Usage{InputTokens: -1, Known: true}, ""},
		{"half a nano is rounded up", "tiny", "m", "2026-01-01", llm.Usage{InputTokens: 1, Known: true}, "0.000000001"},
		{"rounded once, not by part", "tiny", "m", "2026-01-01", llm.Usage{OutputTokens: 1499, Known: true}, "0.000000001"},
		{"beyond int64", "openai", "gpt-5-pro", "2026-01-01", llm.Usage{InputTokens: 1 << 62, Known: true}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			nanos, known := b.Cost(tc.provider, tc.model, day(tc.at), tc.usage)
			got := ""
			if known {
				got = FormatUSD(nanos)
			}
			if got != tc.want {
				t.Errorf("Cost = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCostIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Int64Range(0, 200_000_000).Draw(t, "millionths of a dollar per million tokens")
		text := new(big.Rat).SetFrac64(price, 1_000_000).FloatString(6)
		file := "providers: {p: [{model: m, input: \"" + text + "\", output: \"" + text + "\"}]}"
		b, err := Of([]File{{Name: "p", Data: []byte(file)}})
		if err != nil {
			t.Fatal(err)
		}
		u := llm.Usage{InputTokens: rapid.Int64Range(0, 1<<30).Draw(t, "in"), OutputTokens: rapid.Int64Range(0, 1<<30).Draw(t, "out"), Known: true}
		u.CachedTokens = rapid.Int64Range(0, u.InputTokens).Draw(t, "cached")
		got, known := b.Cost("p", "m", day("2026-01-01"), u)
		if !known {
			t.Fatal("unknown")
		}
		// One price for all: tokens × price ÷ 1000 nano-dollars, half up.
		exact := new(big.Int).Mul(big.NewInt(u.InputTokens+u.OutputTokens), big.NewInt(price))
		exact.Add(exact, big.NewInt(500)).Quo(exact, big.NewInt(1000))
		if exact.Int64() != got {
			t.Fatalf("Cost = %d, want %s", got, exact)
		}
	})
}

func TestUSDRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nanos := rapid.Int64Range(-1<<62, 1<<62).Draw(t, "nanos")
		text := FormatUSD(nanos)
		back, err := ParseUSD(text)
		if err != nil || back != nanos {
			t.Fatalf("ParseUSD(%q) = %d, %v; want %d", text, back, err, nanos)
		}
	})
}

func TestParseUSD(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "1": 1e9, "0.0015": 1_500_000, ".5": 5e8, "2.": 2e9, "-0.1": -1e8,
		"0.0000000004": 0, "0.0000000005": 1, "-0.0000000005": -1,
	} {
		if got, err := ParseUSD(text); err != nil || got != want {
			t.Errorf("ParseUSD(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "-", "1e3", "$1", "1,5", "--1", "+1", "9999999999999", "NaN"} {
		if got, err := ParseUSD(text); err == nil {
			t.Errorf("ParseUSD(%q) = %d, want an error", text, got)
		}
	}
}

// Every .good file loads; every .bad one is a problem that says what the lines
// "# error:" at its top say; every problem and every constraint of the schema
// has a file.
func TestFixtures(t *testing.T) {
	t.Parallel()
	fixtures := problemtest.Fixtures(t, "testdata/prices/*")
	var said []string
	for i := range fixtures {
		f := &fixtures[i]
		_, err := Load(File{Name: f.Name, Data: []byte(f.Text)})
		f.Check(t, err)
		said = append(said, fmt.Sprint(err))
	}
	problemtest.EveryRule(t, said)
	problemtest.AgainstSchema(t, "prices", fixtures)
}

func TestBuiltinPricesHaveADate(t *testing.T) {
	t.Parallel()
	if _, err := time.Parse(time.DateOnly, book(t).AsOf()); err != nil {
		t.Error(err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("providers:\n  openai:\n    - {model: gpt, from: 2026-01-01, input: \"1\", output: \"2\"}\n"))
	f.Add(builtin)
	f.Add([]byte("providers: {p: [3]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b *Book
		_, err := schema.Read("prices", "p.yaml", data)
		if err == nil {
			b, err = Of([]File{{Name: "p.yaml", Data: data}})
		}
		if err != nil {
			if !problem.Is(err) {
				t.Errorf("not a Problem: %v", err)
			}
			return
		}
		b.Cost("p", "m", day("2026-01-01"), llm.Usage{InputTokens: 1, Known: true})
	})
}
