package jinja

import "strings"

// chainFactor is how many operators in a row an expression may have for each
// level that it may nest.
const chainFactor = 20

// parser turns tokens into statements by recursive descent, as Jinja2's does.
type parser struct {
	file   string
	lib    *library
	tokens []token
	at     int

	maxDepth int
	depth    int // nested brackets, operators and blocks
	height   int // depth plus the operators in a row on the way

	open   []openTag    // block tags that wait for their end
	macros []*macroStmt // around, up to the nearest block
	loops  []*forStmt   // likewise
	blocks map[string]*blockStmt
}

type openTag struct {
	name string
	at   pos
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) look() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if p.at < len(p.tokens)-1 {
		p.at++
	}
	return t
}

// skipOp reads the operator op if it comes next.
func (p *parser) skipOp(op string) bool {
	if p.peek().is(op) {
		p.next()
		return true
	}
	return false
}

// skipName reads the word name if it comes next.
func (p *parser) skipName(name string) bool {
	if p.peek().isName(name) {
		p.next()
		return true
	}
	return false
}

func (p *parser) fail(at pos, f *fault) error { return placed(f, p.file, at) }

func (p *parser) unexpected(t token, want string) error {
	return p.fail(t.at, faultf("unexpected %s", t.describe()).wanted("%s", want))
}

func (p *parser) expectOp(op string) error {
	if !p.skipOp(op) {
		return p.unexpected(p.peek(), op)
	}
	return nil
}

func (p *parser) expectWord(word string) error {
	if !p.skipName(word) {
		return p.unexpected(p.peek(), word)
	}
	return nil
}

func (p *parser) expectIdent(what string) (token, error) {
	t := p.peek()
	if t.kind != tokenName {
		return t, p.unexpected(t, what)
	}
	return p.next(), nil
}

func (p *parser) expectKind(k kind, want string) error {
	if t := p.peek(); t.kind != k {
		return p.unexpected(t, want)
	}
	p.next()
	return nil
}

// enter counts one level of nesting; leave undoes it.
func (p *parser) enter() error {
	p.depth++
	p.height++
	if p.depth > p.maxDepth {
		return p.fail(p.peek().at, tooNested(p.maxDepth))
	}
	return nil
}

func (p *parser) leave(height int) {
	p.depth--
	p.height = height
}

func tooNested(depth int) *fault {
	return faultf("the template nests more than %d levels deep", depth).
		remedy("split it with {%% set %%}, a macro or an include")
}

// link counts one more operator in a row.
func (p *parser) link() error {
	p.height++
	if limit := p.maxDepth * chainFactor; p.height > limit {
		return p.fail(p.peek().at, faultf("an expression has more than %d operators in a row", limit).
			remedy("use a list and the filter join or sum, or split it with {%% set %%}"))
	}
	return nil
}

// body parses statements up to one of the end tags and leaves the parser after
// that tag's name, which it returns. The first token is the rest of the opening
// tag.
func (p *parser) body(opened openTag, ends ...string) ([]stmt, string, error) {
	p.skipOp(":")
	if err := p.expectKind(tokenBlockEnd, "%}"); err != nil {
		return nil, "", err
	}
	height := p.height
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	defer p.leave(height)
	p.open = append(p.open, opened)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	return p.statements(ends)
}

// closedBody parses the body of a tag that has one end tag, to the %} of which
// it leaves the parser.
func (p *parser) closedBody(opened openTag, end string) ([]stmt, error) {
	body, _, err := p.body(opened, end)
	return body, err
}

// statements parses up to one of the end tags, or the end of the template when
// there are none.
func (p *parser) statements(ends []string) ([]stmt, string, error) {
	var list []stmt
	for {
		t := p.next()
		switch t.kind {
		case tokenData:
			list = append(list, &textStmt{pos: t.at, text: t.text})
		case tokenVarBegin:
			value, err := p.tuple(tupleRules{conditional: true})
			if err != nil {
				return nil, "", err
			}
			if err := p.expectKind(tokenVarEnd, "}}"); err != nil {
				return nil, "", err
			}
			list = append(list, &outputStmt{pos: t.at, value: value})
		case tokenBlockBegin:
			for _, end := range ends {
				if p.skipName(end) {
					return list, end, nil
				}
			}
			s, err := p.statement()
			if err != nil {
				return nil, "", err
			}
			if err := p.expectKind(tokenBlockEnd, "%}"); err != nil {
				return nil, "", err
			}
			list = append(list, s)
		default: // the end: the lexer gives nothing else outside of tags
			if len(ends) == 0 {
				return list, "", nil
			}
			o := p.open[len(p.open)-1]
			return nil, "", p.fail(o.at, faultf("{%% %s %%} has no end", o.name).
				wanted("%s", tags(ends)).remedy("close it with {%% %s %%}", ends[len(ends)-1]))
		}
	}
}

func tags(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = "{% " + name + " %}"
	}
	return strings.Join(list, " or ")
}

// unknownTag explains a tag that starts no statement.
func (p *parser) unknownTag(t token) error {
	f := faultf("the tag {%% %s %%} is not supported", t.text)
	if strings.HasPrefix(t.text, "end") || t.text == "else" || t.text == "elif" {
		f = faultf("unexpected {%% %s %%}", t.text)
		if n := len(p.open); n > 0 {
			o := p.open[n-1]
			f = f.wanted("{%% end%s %%}", o.name).remedy("close {%% %s %%} of line %d first", o.name, o.at.line)
		}
		return p.fail(t.at, f)
	}
	switch t.text {
	case "break", "continue":
		f = f.remedy("filter the loop instead: {%% for x in xs if condition %%}")
	case "do":
		f = f.remedy("values cannot be changed in place; build a new one with {%% set %%}")
	case "autoescape":
		f = f.remedy("prompts are not escaped; use the filter e where HTML is wanted")
	case "trans", "pluralize", "blocktrans":
		f = f.remedy("write the text itself")
	case "print":
		f = f.remedy("write {{ ... }}")
	default:
		f = f.remedy("%s", didYouMean(t.text, statementNames))
	}
	return p.fail(t.at, f)
}
