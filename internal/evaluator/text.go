package evaluator

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/problem"
)

// textOptions are the parameters of types that compare texts.
func textOptions() []Param {
	return []Param{
		{Name: "ignore_case", Type: BooleanType, Default: "false", Doc: "Compare both sides in lower case."},
		{Name: "normalize", Type: BooleanType, Default: "false", Doc: "Compare both sides in Unicode form NFKC, with curly quotes and long dashes made plain, runs of blanks and line breaks made one blank, and none at the ends."},
	}
}

// expects is the parameter expected.
func expects(t ParamType, doc string) Param {
	return Param{Name: "expected", Type: t, Required: true, PerCase: true, Doc: doc}
}

// folding gives the function that both sides go through before they are
// compared.
func folding(p *params) func(string) string {
	ignoreCase, normalize := p.boolean("ignore_case"), p.boolean("normalize")
	return func(s string) string {
		if normalize {
			s = strings.Join(strings.Fields(plainSigns.Replace(norm.NFKC.String(s))), " ")
		}
		if ignoreCase {
			s = strings.ToLower(s)
		}
		return s
	}
}

// plainSigns makes typographic quotes and dashes plain.
var plainSigns = strings.NewReplacer("‘", "'", "’", "'", "‚", "'", "“", `"`, "”", `"`, "„", `"`,
	"‐", "-", "‑", "-", "‒", "-", "–", "-", "—", "-", "−", "-")

// expectedText checks an expectation that must be one text.
func expectedText(expected any) (string, error) {
	text, ok := scalarText(expected)
	if !ok {
		return "", problem.Newf("expected is %s", describe(expected)).Wanted("a text")
	}
	return text, nil
}

// expectedTexts checks an expectation that must be a list of texts which is
// not empty: of an empty list every statement is true, and none is a test.
func expectedTexts(expected any) ([]string, error) {
	list, ok := textsOf(expected)
	if !ok {
		return nil, problem.Newf("expected is %s", describe(expected)).Wanted("a list of texts")
	}
	if len(list) == 0 {
		return nil, problem.Newf("expected is an empty list").Wanted("at least one text").
			Remedy(`leave such cases out: when: "{{ expected.NAME }}"`)
	}
	return list, nil
}

// oneText makes a type that compares the output with one text.
func oneText(holds func(output, expected string) bool, verb string) func(p *params) (prepare, error) {
	return func(p *params) (prepare, error) {
		fold := folding(p)
		return func(expected any) (scoreFunc, error) {
			text, err := expectedText(expected)
			if err != nil {
				return nil, err
			}
			if text == "" && verb != "equal" {
				return nil, problem.Newf("expected is an empty text, which every output would satisfy").Wanted("a text that is not empty")
			}
			wanted := fold(text)
			return func(_ context.Context, in *input) result {
				output := fold(extract.Text(in.answer))
				return decided(holds(output, wanted), fmt.Sprintf("%s does not %s %s", quote(output), verb, quote(text)))
			}, nil
		}, nil
	}
}

// someTexts makes contains_all and contains_any: the value is the share of the
// texts that were found.
func someTexts(all bool) func(p *params) (prepare, error) {
	return func(p *params) (prepare, error) {
		fold := folding(p)
		return func(expected any) (scoreFunc, error) {
			list, err := expectedTexts(expected)
			if err != nil {
				return nil, err
			}
			return func(_ context.Context, in *input) result {
				output := fold(extract.Text(in.answer))
				var missing []string
				for _, text := range list {
					if !strings.Contains(output, fold(text)) {
						missing = append(missing, quote(text))
					}
				}
				found := len(list) - len(missing)
				if all {
					return decided(found == len(list), "missing "+firstFew(missing)).withValue(float64(found) / float64(len(list)))
				}
				return decided(found > 0, "none of "+firstFew(missing))
			}, nil
		}, nil
	}
}

// firstFew lists at most five.
func firstFew(items []string) string {
	if len(items) > 5 {
		return strings.Join(items[:5], ", ") + fmt.Sprintf(" and %d more", len(items)-5)
	}
	return strings.Join(items, ", ")
}

func makeOneOf(p *params) (prepare, error) {
	fold := folding(p)
	return func(expected any) (scoreFunc, error) {
		list, err := expectedTexts(expected)
		if err != nil {
			return nil, err
		}
		return func(_ context.Context, in *input) result {
			output := fold(extract.Text(in.answer))
			shown := make([]string, len(list))
			for i, text := range list {
				if output == fold(text) {
					return passed("")
				}
				shown[i] = quote(text)
			}
			return failed(fmt.Sprintf("%s is none of %s", quote(output), firstFew(shown)))
		}, nil
	}, nil
}

func makeRegex(p *params) (prepare, error) {
	flags := ""
	if p.boolean("ignore_case") {
		flags = "(?i)"
	}
	return func(expected any) (scoreFunc, error) {
		pattern, err := expectedText(expected)
		if err != nil {
			return nil, err
		}
		re, err := regexp.Compile(flags + pattern)
		if err != nil {
			return nil, problem.Newf("expected does not compile: %v", err).
				Wanted("a regular expression in RE2 syntax, which has no look-around and no back-references")
		}
		return func(_ context.Context, in *input) result {
			return decided(re.MatchString(extract.Text(in.answer)), "nothing matches "+quote(pattern))
		}, nil
	}, nil
}
