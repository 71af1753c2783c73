package filter

import (
	"strconv"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/price"
)

// String is the parts side by side.
func (e And) String() string { return join(e, " ") }

// String is the parts with OR between them.
func (e Or) String() string { return join(e, " OR ") }

// String is NOT and the part.
func (e Not) String() string { return "NOT " + inside(e.Expr) }

// String is the condition with its value in the spelling that Parse prefers.
func (c Cond) String() string {
	name := string(c.Field)
	if c.Key != "" {
		name += "." + quoteUnless(c.Key, isName)
	}
	if c.Op == Has {
		return "has:" + name
	}
	return name + string(c.Op) + c.value()
}

func join(parts []Expr, between string) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = inside(p)
	}
	return strings.Join(texts, between)
}

// inside is a part's text, in parentheses where it has parts of its own.
func inside(e Expr) string {
	switch e.(type) {
	case And, Or:
		return "(" + e.String() + ")"
	}
	return e.String()
}

func (c *Cond) value() string {
	switch Fields()[c.Field] {
	case Number:
		return strconv.FormatFloat(c.Value.Number, 'g', -1, 64)
	case Count:
		return strconv.FormatInt(c.Value.Int, 10)
	case Money:
		return price.FormatUSD(c.Value.Int)
	case Duration:
		return time.Duration(c.Value.Int).String()
	case Time:
		return time.Unix(0, c.Value.Int).UTC().Format(time.RFC3339Nano)
	case Truth:
		return strconv.FormatBool(c.Value.Truth)
	}
	return quoteUnless(c.Value.Text, isBare)
}

// quoteUnless puts a text in quotes unless it reads the same without.
func quoteUnless(text string, plain func(string) bool) string {
	if plain(text) {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// isBare reports whether a value needs no quotes.
func isBare(text string) bool {
	return text != "" && !strings.ContainsAny(text, bareEnds+bareNever) && !strings.ContainsAny(text[:1], operatorSigns)
}

// isName reports whether a text can stand as a name of the language.
func isName(text string) bool {
	for _, r := range text {
		if !nameSign(r) {
			return false
		}
	}
	return text != ""
}
