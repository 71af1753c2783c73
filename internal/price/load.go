package price

import (
	"crypto/sha256"
	_ "embed" // the built-in prices
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

//go:embed prices.yaml
var builtin []byte

// File is a price file: its path as the user would type it, and its content.
type File struct {
	Name string
	Data []byte
}

// sheet is the form of a price file.
type sheet struct {
	Schema    string            `json:"$schema"` // for editors
	AsOf      string            `json:"as_of"`
	Providers map[string][]line `json:"providers"`
}

// line is one price as written, in US dollars per million tokens.
type line struct {
	Model       string `json:"model"`
	From        string `json:"from"`
	AboveInput  int64  `json:"above_input_tokens"`
	Input       amount `json:"input"`
	CachedInput amount `json:"cached_input"`
	CacheWrite  amount `json:"cache_write"`
	Output      amount `json:"output"`
}

// amount is a decimal, "" when absent. It may be written as a number, too.
type amount string

// UnmarshalJSON keeps the digits as they are written.
func (a *amount) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) != nil {
		s = string(text)
	}
	*a = amount(s)
	return nil
}

// Load reads the built-in prices and then the given files. A price of a later
// file wins over every price of an earlier one, and of the built-in ones, that
// fits the same call. Errors are Problems with file and line.
func Load(files ...File) (*Book, error) {
	for _, f := range files {
		if _, err := schema.Read("prices", f.Name, f.Data); err != nil {
			return nil, err
		}
	}
	return Of(append([]File{{Name: "built-in prices", Data: builtin}}, files...)) // a test of package schema checks the first
}

// Of makes a book of the files of another, as Files gave them: the same one,
// whatever this Assay's own prices are.
func Of(files []File) (*Book, error) {
	b := &Book{files: files, entries: map[string][]entry{}}
	for layer, f := range files {
		doc, err := yamldoc.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		if err := b.add(layer, doc); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// Files are what the book was read from, the built-in prices first.
func (b *Book) Files() []File { return slices.Clone(b.files) }

// Digest tells books apart: SHA-256 of what their files say, in hex.
func (b *Book) Digest() string {
	sum := sha256.New()
	for _, f := range b.files {
		fmt.Fprintf(sum, "%d\n", len(f.Data))
		sum.Write(f.Data)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (b *Book) add(layer int, doc *yamldoc.Doc) error {
	var s sheet
	if err := doc.Decode(&s); err != nil {
		return fmt.Errorf("reading prices: %w", err)
	}
	if layer == 0 {
		b.asOf = s.AsOf
	}
	var bad problem.List
	if _, err := time.Parse(time.DateOnly, s.AsOf); err != nil && s.AsOf != "" {
		bad = append(bad, doc.Problem("/as_of", "as_of: %q is not a date", s.AsOf).Wanted("YYYY-MM-DD, when the prices were last checked"))
	}
	for _, provider := range slices.Sorted(maps.Keys(s.Providers)) {
		first := map[string]int{} // line of each price, by all that says when it counts
		for i, l := range s.Providers[provider] {
			at := "/providers" + yamldoc.Pointer(provider, fmt.Sprint(i))
			e, err := l.entry()
			if err != nil {
				bad = append(bad, err.At(doc.File, doc.Line(at)))
				continue
			}
			key := fmt.Sprint(l.Model, " ", e.from, e.above)
			if other, twice := first[key]; twice {
				bad = append(bad, doc.Problem(at, "%s has another price for the same calls on line %d", l.Model, other).
					Wanted("one price for a model, a first day and a tier").Remedy("remove one, or give it a from: or above_input_tokens: of its own"))
			}
			first[key] = doc.Line(at)
			e.layer = layer
			b.entries[provider] = append(b.entries[provider], e)
		}
	}
	slices.SortStableFunc(bad, func(a, b *problem.Problem) int { return a.Line - b.Line })
	return bad.OrNil()
}

// entry reads what the schema has let through.
func (l *line) entry() (entry, *problem.Problem) {
	e := entry{pattern: pattern(l.Model), above: l.AboveInput}
	if l.From != "" {
		day, err := time.Parse(time.DateOnly, l.From)
		if err != nil {
			return e, problem.Newf("from: %q is not a date", l.From).Wanted("YYYY-MM-DD, the first day of the price in UTC")
		}
		e.from = day
	}
	var p *problem.Problem
	read := func(name string, written amount, absent int64) int64 {
		if written == "" || p != nil {
			return absent
		}
		v, err := perToken(string(written))
		if err != nil {
			p = problem.Newf("%s: %s", name, err).Wanted(`a decimal with at most six places, such as "0.25"`)
		}
		return v
	}
	e.input = read("input", l.Input, 0)
	e.cached = read("cached_input", l.CachedInput, e.input)
	e.cacheWrite = read("cache_write", l.CacheWrite, e.input)
	e.output = read("output", l.Output, 0)
	return e, p
}
