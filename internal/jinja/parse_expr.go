package jinja

import "strings"

// tupleRules says how far a tuple without brackets goes.
type tupleRules struct {
	conditional bool   // its parts may be `a if b else c`
	bracketed   bool   // it may be empty
	endWord     string // a word that ends it
}

// tuple parses an expression, or several divided by commas.
func (p *parser) tuple(rules tupleRules) (expr, error) {
	start := p.peek()
	var items []expr
	comma := false
	for {
		t := p.peek()
		if t.kind == tokenVarEnd || t.kind == tokenBlockEnd || t.kind == tokenEOF || t.is(")") ||
			rules.endWord != "" && t.isName(rules.endWord) {
			break
		}
		parse := p.or
		if rules.conditional {
			parse = p.expression
		}
		item, err := parse()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if !p.skipOp(",") {
			break
		}
		comma = true
	}
	if !comma && len(items) == 1 {
		return items[0], nil
	}
	if len(items) == 0 && !rules.bracketed {
		return nil, p.unexpected(start, "an expression")
	}
	return &tupleExpr{pos: start.at, items: items}, nil
}

// expression parses `a`, or `a if b else c`.
func (p *parser) expression() (expr, error) {
	height := p.height
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave(height)
	at := p.peek().at
	value, err := p.or()
	for err == nil && p.skipName("if") {
		if err = p.link(); err != nil {
			break
		}
		cond := &condExpr{pos: at, yes: value}
		if cond.test, err = p.or(); err != nil {
			break
		}
		if p.skipName("else") {
			cond.no, err = p.expression()
		}
		value = cond
	}
	return value, err
}

func (p *parser) or() (expr, error) { return p.logic("or", p.and) }

func (p *parser) and() (expr, error) { return p.logic("and", p.not) }

func (p *parser) logic(op string, operand func() (expr, error)) (expr, error) {
	left, err := operand()
	for err == nil && p.peek().isName(op) {
		at := p.next().at
		var right expr
		if err = p.link(); err == nil {
			right, err = operand()
		}
		left = &logicExpr{pos: at, op: op, left: left, right: right}
	}
	return left, err
}

func (p *parser) not() (expr, error) {
	if !p.peek().isName("not") {
		return p.compare()
	}
	height := p.height
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave(height)
	at := p.next().at
	value, err := p.not()
	return &unaryExpr{pos: at, op: "not", value: value}, err
}

func (p *parser) compare() (expr, error) {
	first, err := p.sum()
	if err != nil {
		return nil, err
	}
	at := p.peek().at
	var rest []operand
	for {
		op := p.comparison()
		if op == "" {
			break
		}
		value, err := p.sum()
		if err != nil {
			return nil, err
		}
		rest = append(rest, operand{op: op, value: value})
	}
	if rest == nil {
		return first, nil
	}
	return &compareExpr{pos: at, first: first, rest: rest}, nil
}

// comparison reads a comparison operator, or returns "".
func (p *parser) comparison() string {
	switch t := p.peek(); {
	case t.kind == tokenOp:
		switch t.text {
		case "==", "!=", "<", "<=", ">", ">=":
			return p.next().text
		}
	case t.isName("in"):
		return p.next().text
	case t.isName("not") && p.look().isName("in"):
		p.next()
		p.next()
		return "not in"
	}
	return ""
}

func (p *parser) sum() (expr, error) { return p.binary(p.concat, "+", "-") }

func (p *parser) concat() (expr, error) {
	at := p.peek().at
	first, err := p.product()
	if err != nil || !p.peek().is("~") {
		return first, err
	}
	parts := []expr{first}
	for p.skipOp("~") {
		part, err := p.product()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return &concatExpr{pos: at, parts: parts}, nil
}

func (p *parser) product() (expr, error) { return p.binary(p.power, "*", "/", "//", "%") }

// power associates to the left, as in Jinja2 and unlike in Python.
func (p *parser) power() (expr, error) {
	return p.binary(func() (expr, error) { return p.unary(true) }, "**")
}

func (p *parser) binary(operand func() (expr, error), ops ...string) (expr, error) {
	left, err := operand()
	for err == nil {
		t := p.peek()
		found := false
		for _, op := range ops {
			found = found || t.is(op)
		}
		if !found {
			break
		}
		p.next()
		var right expr
		if err = p.link(); err == nil {
			right, err = operand()
		}
		left = &binaryExpr{pos: t.at, op: t.text, left: left, right: right}
	}
	return left, err
}

func (p *parser) unary(filtered bool) (expr, error) {
	t := p.peek()
	var value expr
	var err error
	if t.is("-") || t.is("+") {
		height := p.height
		if err := p.enter(); err != nil {
			return nil, err
		}
		p.next()
		value, err = p.unary(false)
		p.leave(height)
		value = &unaryExpr{pos: t.at, op: t.text, value: value}
	} else {
		value, err = p.primary()
	}
	if err != nil {
		return nil, err
	}
	if value, err = p.postfix(value); err != nil || !filtered {
		return value, err
	}
	return p.filtered(value)
}

// primary parses a name, a literal or something in brackets.
func (p *parser) primary() (expr, error) {
	t := p.next()
	switch {
	case t.kind == tokenName:
		switch t.text {
		case "true", "True":
			return &constExpr{pos: t.at, value: true}, nil
		case "false", "False":
			return &constExpr{pos: t.at, value: false}, nil
		case "none", "None":
			return &constExpr{pos: t.at, value: nil}, nil
		}
		p.noteSpecial(t.text)
		return &nameExpr{pos: t.at, name: t.text}, nil
	case t.kind == tokenString:
		if p.peek().kind != tokenString {
			return &constExpr{pos: t.at, value: t.text}, nil
		}
		var joined strings.Builder
		joined.WriteString(t.text)
		for p.peek().kind == tokenString {
			joined.WriteString(p.next().text)
		}
		return &constExpr{pos: t.at, value: joined.String()}, nil
	case t.kind == tokenInt:
		return &constExpr{pos: t.at, value: t.int}, nil
	case t.kind == tokenFloat:
		return &constExpr{pos: t.at, value: t.float}, nil
	case t.is("("):
		value, err := p.tuple(tupleRules{conditional: true, bracketed: true})
		if err != nil {
			return nil, err
		}
		return value, p.expectOp(")")
	case t.is("["):
		list := &listExpr{pos: t.at}
		err := p.sequence("]", func() error {
			item, err := p.expression()
			list.items = append(list.items, item)
			return err
		})
		return list, err
	case t.is("{"):
		dict := &dictExpr{pos: t.at}
		err := p.sequence("}", func() error {
			key, err := p.expression()
			if err == nil {
				err = p.expectOp(":")
			}
			if err != nil {
				return err
			}
			value, err := p.expression()
			dict.keys, dict.values = append(dict.keys, key), append(dict.values, value)
			return err
		})
		return dict, err
	}
	return nil, p.unexpected(t, "an expression")
}

// noteSpecial tells the macros and loops around that their text reads a
// special name.
func (p *parser) noteSpecial(name string) {
	if name == "loop" {
		for _, around := range p.loops {
			around.hasLoop = true
		}
	}
	for _, m := range p.macros {
		switch name {
		case "caller":
			m.readsCaller = true
		case "varargs":
			m.readsVarargs = true
		case "kwargs":
			m.readsKwargs = true
		}
	}
}

// sequence parses items divided by commas, a trailing comma allowed, up to the
// closing bracket.
func (p *parser) sequence(closing string, item func() error) error {
	for n := 0; !p.peek().is(closing); n++ {
		if n > 0 {
			if err := p.expectOp(","); err != nil {
				return err
			}
			if p.peek().is(closing) {
				break
			}
		}
		if err := item(); err != nil {
			return err
		}
	}
	return p.expectOp(closing)
}

// postfix parses the fields, subscripts and calls that follow a value.
func (p *parser) postfix(value expr) (expr, error) {
	for {
		t := p.peek()
		var err error
		switch {
		case t.is("."):
			value, err = p.field(value)
		case t.is("["):
			value, err = p.subscript(value)
		case t.is("("):
			value, err = p.call(value)
		default:
			return value, nil
		}
		if err == nil {
			err = p.link()
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) field(value expr) (expr, error) {
	p.next()
	t := p.next()
	switch t.kind {
	case tokenName:
		return &attrExpr{pos: t.at, value: value, name: t.text}, nil
	case tokenInt:
		return &itemExpr{pos: t.at, value: value, key: &constExpr{pos: t.at, value: t.int}}, nil
	}
	return nil, p.unexpected(t, "a field's name or a number")
}

func (p *parser) subscript(value expr) (expr, error) {
	at := p.next().at
	var keys []expr
	err := p.sequence("]", func() error {
		key, err := p.subscriptKey()
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	switch len(keys) {
	case 0:
		return nil, p.fail(at, faultf("empty brackets after a value").wanted("an index, a key or a slice"))
	case 1:
		return &itemExpr{pos: at, value: value, key: keys[0]}, nil
	}
	return nil, p.fail(at, faultf("several subscripts in one pair of brackets are not supported").
		remedy("write x[a][b]"))
}

func (p *parser) subscriptKey() (expr, error) {
	s := &sliceExpr{pos: p.peek().at}
	var err error
	if !p.peek().is(":") {
		if s.start, err = p.expression(); err != nil || !p.peek().is(":") {
			return s.start, err
		}
	}
	p.next()
	ends := func() bool { t := p.peek(); return t.is(":") || t.is("]") || t.is(",") }
	if !ends() {
		if s.stop, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if p.skipOp(":") && !ends() {
		s.step, err = p.expression()
	}
	return s, err
}

func (p *parser) call(callee expr) (expr, error) {
	at := p.peek().at
	args, err := p.arguments()
	if field, ok := callee.(*attrExpr); ok {
		at = field.pos
	} else if name, ok := callee.(*nameExpr); ok {
		at = name.pos
	}
	return &callExpr{pos: at, callee: callee, args: args}, err
}

func (p *parser) arguments() (callArgs, error) {
	var args callArgs
	open := p.next().at
	disorder := func() error {
		return p.fail(open, faultf("the arguments of a call are out of order").
			wanted("values, then name=value, then *list, then **mapping"))
	}
	err := p.sequence(")", func() (err error) {
		switch t := p.peek(); {
		case t.is("*"):
			if args.star != nil || args.starStar != nil {
				return disorder()
			}
			p.next()
			args.star, err = p.expression()
		case t.is("**"):
			if args.starStar != nil {
				return disorder()
			}
			p.next()
			args.starStar, err = p.expression()
		case t.kind == tokenName && p.look().is("="):
			if args.starStar != nil {
				return disorder()
			}
			p.next()
			p.next()
			for _, earlier := range args.named {
				if earlier.name == t.text {
					return p.fail(t.at, faultf("the argument %s is given twice", t.text).remedy("drop one of them"))
				}
			}
			one := namedArg{name: t.text}
			one.value, err = p.expression()
			args.named = append(args.named, one)
		default:
			if args.star != nil || args.starStar != nil || args.named != nil {
				return disorder()
			}
			var value expr
			value, err = p.expression()
			args.positional = append(args.positional, value)
		}
		return err
	})
	return args, err
}

// filtered parses the filters, tests and calls that follow a value.
func (p *parser) filtered(value expr) (expr, error) {
	for {
		var err error
		switch t := p.peek(); {
		case t.is("|"):
			p.next()
			value, err = p.filters(value)
		case t.isName("is"):
			value, err = p.test(value)
		case t.is("("):
			value, err = p.call(value)
		default:
			return value, nil
		}
		if err == nil {
			err = p.link()
		}
		if err != nil {
			return nil, err
		}
	}
}

// filters parses the name and arguments of a filter and of those that follow
// it; the innermost filters value.
func (p *parser) filters(value expr) (*filterExpr, error) {
	for {
		t, err := p.expectIdent("a filter's name")
		if err != nil {
			return nil, err
		}
		name, err := p.dotted(t)
		if err != nil {
			return nil, err
		}
		if err := p.lib.checkFilter(name); err != nil {
			return nil, placed(err, p.file, t.at)
		}
		f := &filterExpr{pos: t.at, value: value, name: name}
		if p.peek().is("(") {
			if f.args, err = p.arguments(); err != nil {
				return nil, err
			}
		}
		if !p.peek().is("|") {
			return f, nil
		}
		p.next()
		if err := p.link(); err != nil {
			return nil, err
		}
		value = f
	}
}

func (p *parser) dotted(first token) (string, error) {
	name := first.text
	for p.skipOp(".") {
		t, err := p.expectIdent("a name")
		if err != nil {
			return "", err
		}
		name += "." + t.text
	}
	return name, nil
}

func (p *parser) test(value expr) (expr, error) {
	p.next()
	negated := p.skipName("not")
	t, err := p.expectIdent("a test's name")
	if err != nil {
		return nil, err
	}
	name, err := p.dotted(t)
	if err != nil {
		return nil, err
	}
	if err := p.lib.checkTest(name); err != nil {
		return nil, placed(err, p.file, t.at)
	}
	e := &testExpr{pos: t.at, value: value, name: name}
	switch n := p.peek(); {
	case n.is("("):
		e.args, err = p.arguments()
	case n.isName("is"):
		return nil, p.fail(n.at, faultf("tests cannot be chained with is").remedy("write `x is a and x is b`"))
	case n.isName("else") || n.isName("or") || n.isName("and"):
	case n.kind == tokenName || n.kind == tokenString || n.kind == tokenInt || n.kind == tokenFloat ||
		n.is("[") || n.is("{"):
		var arg expr
		if arg, err = p.bareArgument(); err == nil {
			e.args.positional = []expr{arg}
		}
	}
	if err != nil {
		return nil, err
	}
	if negated {
		return &unaryExpr{pos: t.at, op: "not", value: e}, nil
	}
	return e, nil
}

// bareArgument parses the argument of a test that is written without brackets.
func (p *parser) bareArgument() (expr, error) {
	height := p.height
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave(height)
	arg, err := p.primary()
	if err != nil {
		return nil, err
	}
	return p.postfix(arg)
}
