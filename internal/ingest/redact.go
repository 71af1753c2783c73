package ingest

import (
	"path"
	"regexp"
	"strconv"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/schema"
	"github.com/assay-llmops/assay/internal/yamldoc"
)

// Redaction replaces what must not be kept, before anything is written. Its
// rules apply to every text of a span, a log record, a resource and a scope:
// names, status messages, texts and bytes of attributes at any depth. The nil
// Redaction changes nothing.
type Redaction struct {
	rules []rule
	drop  []string // patterns of attribute keys, as path.Match
}

type rule struct {
	match *regexp.Regexp
	with  []byte
}

// ParseRedaction reads the rules of a file; docs/reference/ingest.md shows one.
func ParseRedaction(file string, text []byte) (*Redaction, error) {
	doc, err := schema.Read("redaction", file, text)
	if err != nil {
		return nil, err
	}
	var content struct {
		Schema string `json:"$schema"` // for editors
		Rules  []struct {
			Name  string `json:"name"`
			Match string `json:"match"`
		} `json:"rules"`
		Drop []string `json:"drop"`
	}
	if err := doc.Decode(&content); err != nil {
		return nil, err
	}
	r := &Redaction{drop: content.Drop}
	var list problem.List
	for i, c := range content.Rules {
		at := "/rules" + yamldoc.Pointer(strconv.Itoa(i), "match")
		re, err := regexp.Compile(c.Match)
		switch {
		case err != nil:
			list = append(list, doc.Problem(at, "match of %s: %v", c.Name, err).Wanted("a regular expression in RE2's syntax"))
		case re.MatchString(""):
			list = append(list, doc.Problem(at, "match of %s finds the empty text, so it would be found everywhere", c.Name).
				Wanted("a regular expression that needs at least one character").Remedy("write + where * stands"))
		default:
			r.rules = append(r.rules, rule{re, []byte("[redacted:" + c.Name + "]")})
		}
	}
	for i, pattern := range r.drop {
		if _, err := path.Match(pattern, ""); err != nil {
			list = append(list, doc.Problem("/drop"+yamldoc.Pointer(strconv.Itoa(i)), "%q is no pattern of an attribute's key", pattern).Wanted("a key, in which * stands for any text without a slash"))
		}
	}
	if len(list) > 0 {
		return nil, list
	}
	return r, nil
}

// text replaces all matches in a text, and counts them.
func (r *Redaction) text(b []byte) (out []byte, n int64) {
	for i := range r.rules {
		rule := &r.rules[i]
		found := rule.match.FindAllIndex(b, -1)
		if len(found) == 0 {
			continue
		}
		n += int64(len(found))
		b = rule.match.ReplaceAllLiteral(b, rule.with)
	}
	return b, n
}

// drops reports whether an attribute with this key is left out.
func (r *Redaction) drops(key []byte) bool {
	for _, pattern := range r.drop {
		if ok, err := path.Match(pattern, string(key)); ok && err == nil {
			return true
		}
	}
	return false
}
