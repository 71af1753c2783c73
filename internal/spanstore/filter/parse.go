package filter

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/assay-llmops/assay/internal/problem"
)

const (
	maxLength = 16 << 10 // bytes of a filter
	maxDepth  = 64       // parentheses and NOTs inside each other
)

const (
	operatorSigns = "=!<>~:"
	bareEnds      = " \t\r\n)" // what ends a value without quotes
	bareNever     = "(\"=<>"   // what a value without quotes cannot hold
)

// Parse reads a filter. An empty one is nil, which holds for every span. Ages,
// as in since=24h, count back from now. An error is a *problem.Problem whose
// Col says where, counted in characters from 1.
func Parse(text string, now time.Time) (Expr, error) {
	p := &parser{text: text, now: now}
	if len(text) > maxLength {
		return nil, p.at(0, "the filter has %d bytes", len(text)).Wanted("at most %d", maxLength)
	}
	if !utf8.ValidString(text) {
		return nil, p.at(0, "the filter is not text in UTF-8")
	}
	p.blanks()
	if p.rest() == "" {
		return nil, nil
	}
	e, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.rest() != "" { // only a closing parenthesis ends or
		return nil, p.at(p.pos, "a closing parenthesis without an opening one").Remedy("take it away, or put a value that holds one in quotes")
	}
	return e, nil
}

type parser struct {
	text string
	pos  int // in bytes
	now  time.Time
}

func (p *parser) rest() string { return p.text[p.pos:] }

func (p *parser) blanks() {
	p.pos += len(p.rest()) - len(strings.TrimLeft(p.rest(), " \t\r\n"))
}

// at makes a problem that begins at a byte of the text.
func (p *parser) at(pos int, format string, args ...any) *problem.Problem {
	q := problem.Newf(format, args...)
	q.Col = utf8.RuneCountInString(p.text[:pos]) + 1
	return q
}

// word takes a keyword off the text.
func (p *parser) word(keyword string) bool {
	rest, ok := strings.CutPrefix(p.rest(), keyword)
	if !ok || rest != "" && !strings.ContainsAny(rest[:1], " \t\r\n(") {
		return false
	}
	p.pos += len(keyword)
	p.blanks()
	return true
}

func (p *parser) or(depth int) (Expr, error) {
	var parts Or
	for {
		e, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
		if !p.word("OR") {
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

func (p *parser) and(depth int) (Expr, error) {
	var parts And
	for {
		e, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
		if p.word("AND") {
			continue
		}
		at := p.pos
		if rest := p.rest(); rest == "" || rest[0] == ')' {
			break
		}
		if p.word("OR") {
			p.pos = at
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

func (p *parser) not(depth int) (Expr, error) {
	start := p.pos
	if depth > maxDepth {
		return nil, p.at(start, "parentheses and NOT are more than %d deep", maxDepth).Remedy("ask in two steps")
	}
	if p.word("NOT") {
		e, err := p.not(depth + 1)
		if err != nil {
			return nil, err
		}
		return Not{e}, nil
	}
	if !strings.HasPrefix(p.rest(), "(") {
		return p.cond()
	}
	p.pos++
	p.blanks()
	e, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.rest() == "" {
		return nil, p.at(start, "this parenthesis is never closed").Remedy("close it: )")
	}
	p.pos++
	p.blanks()
	return e, nil
}

// cond reads a condition: a field, a comparison and a value.
func (p *parser) cond() (Expr, error) {
	start := p.pos
	name, key, err := p.name()
	if err != nil {
		return nil, err
	}
	p.blanks()
	opAt := p.pos
	op := Op(p.take(func(r rune) bool { return strings.ContainsRune(operatorSigns, r) }))
	c := Cond{Op: op, Col: p.at(start, "").Col}
	switch {
	case op == "":
		return nil, p.lonely(start, name)
	case name == string(Has) && key == "":
		if op != Words {
			return nil, p.at(opAt, "has is followed by %q", string(op)).Wanted("has:FIELD, such as has:error or has:user")
		}
		e, err := p.has(c)
		p.blanks()
		return e, err
	case !slices.Contains([]Op{Equal, Unequal, Less, LessEqual, Greater, GreaterEqual, Match, NoMatch, Words}, op):
		return nil, p.at(opAt, "%q is no comparison", string(op)).Remedy("%s", p.operatorRemedy(op))
	}
	if c.Field, c.Key, err = p.field(start, name, key); err != nil {
		return nil, err
	}
	if allowed := ops(c.Field); !slices.Contains(allowed, op) {
		q := p.at(opAt, "%s cannot be compared with %s", c.Field, op).Wanted("one of %s", spell(allowed))
		if c.Field == FieldText {
			q = q.Wanted(`text:"some words"`)
		}
		return nil, q
	}
	p.blanks()
	valueAt := p.pos
	text, err := p.value(&c)
	if err != nil {
		return nil, err
	}
	if c.Value, err = p.read(&c, text, valueAt); err != nil {
		return nil, err
	}
	p.blanks()
	return c, nil
}

// has reads what follows "has:".
func (p *parser) has(c Cond) (Expr, error) {
	p.blanks()
	start := p.pos
	name, key, err := p.name()
	if err != nil {
		return nil, err
	}
	if name == "error" && key == "" {
		c.Field, c.Op, c.Value = FieldStatus, Equal, Value{Text: "error"}
		return c, nil
	}
	c.Op = Has
	if c.Field, c.Key, err = p.field(start, name, key); err != nil {
		return nil, err
	}
	if !slices.Contains(ops(c.Field), Has) {
		return nil, p.at(start, "every span has %s, or it is no property of a span", c.Field).Remedy("compare it with a value, or leave the condition out")
	}
	return c, nil
}

// name reads a field's name and the key after its first dot.
func (p *parser) name() (name, key string, err error) {
	start := p.pos
	name, key, dotted := strings.Cut(p.take(nameSign), ".")
	switch {
	case name == "" && p.rest() == "":
		return "", "", p.at(start, "the filter ends where a condition is expected").Wanted("a field, a comparison and a value, such as kind=llm")
	case name == "" && p.rest()[0] == ')':
		return "", "", p.at(start, "a closing parenthesis where a condition is expected").Wanted("a field, a comparison and a value, such as kind=llm")
	case name == "":
		sign, _ := utf8.DecodeRuneInString(p.rest())
		q := p.at(start, "%q where a field is expected", string(sign)).Wanted("a field, a comparison and a value, such as kind=llm")
		if sign == '"' {
			q = q.Remedy(`search texts with text:"some words"`)
		}
		return "", "", q
	case dotted && key == "" && strings.HasPrefix(p.rest(), `"`):
		key, err = p.quoted()
		if err == nil && key == "" {
			err = p.at(start, "the name after %s is empty", name+".")
		}
	case dotted && key == "":
		err = p.at(p.pos, "there is no name after %s", name+".")
	}
	return name, key, err
}

// field finds the field of a name.
func (p *parser) field(start int, name, key string) (Field, string, error) {
	f := Field(name)
	if _, known := Fields()[f]; !known {
		return "", "", p.at(start, "there is no field %q", name).Remedy("%s", p.fieldRemedy(name))
	}
	switch {
	case f == FieldScore && key == "":
		return "", "", p.at(start, "score is without the name of a score").Remedy("name one: score.NAME<0.5, has:score.NAME")
	case f != FieldScore && key != "":
		return "", "", p.at(start, "%s has no parts, so no %q", f, key).Remedy("write %s", f)
	}
	return f, key, nil
}

func (p *parser) fieldRemedy(name string) string {
	names := make([]string, 0, len(Fields()))
	for f := range Fields() {
		names = append(names, string(f))
	}
	slices.Sort(names)
	if near := problem.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "the fields are " + strings.Join(names, ", ")
}

func (p *parser) operatorRemedy(op Op) string {
	for wrong, right := range map[Op]Op{"==": Equal, "=>": GreaterEqual, "=<": LessEqual, "=~": Match, "<>": Unequal, "~=": Match, "!=~": NoMatch, ":=": Equal} {
		if op == wrong {
			return "write " + string(right)
		}
	}
	return "use one of = != < <= > >= ~ !~ :, and put a value that begins with such a sign in quotes"
}

// lonely says what is wrong with a word that no comparison follows.
func (p *parser) lonely(start int, word string) *problem.Problem {
	q := p.at(start, "%q is not followed by a comparison", word).Wanted("a field, a comparison and a value, such as kind=llm")
	upper := strings.ToUpper(word)
	switch {
	case upper == "OR" || upper == "AND" || upper == "NOT":
		if word == upper {
			return q.Remedy("%s stands between or before conditions", word)
		}
		return q.Remedy("write %s in capitals", upper)
	case word == string(Has) || Fields()[Field(word)] != Text:
		return q
	}
	return q.Remedy("to search texts for it: text:%s", quoteUnless(word, isBare))
}

// value reads the text of a value, in quotes or without.
func (p *parser) value(c *Cond) (string, error) {
	start := p.pos
	if strings.HasPrefix(p.rest(), `"`) {
		return p.quoted()
	}
	text := p.take(func(r rune) bool { return !strings.ContainsRune(bareEnds, r) })
	switch {
	case text == "":
		return "", p.at(start, "there is no value after %s%s", c.Field, c.Op).Wanted("%s", spellType(c.Field))
	case !isBare(text):
		at := start + max(0, strings.IndexAny(text, bareNever))
		sign, _ := utf8.DecodeRuneInString(p.text[at:])
		return "", p.at(at, "a value without quotes cannot hold %q here", string(sign)).Remedy(`put the value in quotes: %s%s"..."`, c.Field, c.Op)
	}
	return text, nil
}

// quoted reads a text in quotes. A backslash before a quote or a backslash
// takes it as it is; before anything else it is itself, so that expressions
// such as \d need none doubled.
func (p *parser) quoted() (string, error) {
	start := p.pos
	var b strings.Builder
	for i := start + 1; i < len(p.text); i++ {
		switch ch := p.text[i]; {
		case ch == '"':
			p.pos = i + 1
			if rest := p.rest(); rest != "" && !strings.ContainsAny(rest[:1], bareEnds+operatorSigns) {
				return "", p.at(p.pos, "text directly after the closing quote").Remedy("put a blank between, or write a quote inside as %s", `\"`)
			}
			return b.String(), nil
		case ch == '\\' && i+1 < len(p.text) && (p.text[i+1] == '"' || p.text[i+1] == '\\'):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(ch)
		}
	}
	return "", p.at(start, "this quote is never closed").Remedy(`close it: "`)
}

// take cuts off what holds for every character.
func (p *parser) take(holds func(rune) bool) string {
	rest := p.rest()
	end := strings.IndexFunc(rest, func(r rune) bool { return !holds(r) })
	if end < 0 {
		end = len(rest)
	}
	p.pos += end
	return rest[:end]
}

// nameSign reports whether a character can stand in a name.
func nameSign(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./", r) || r > utf8.RuneSelf
}
