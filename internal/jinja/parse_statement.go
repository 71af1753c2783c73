package jinja

// statementNames are the tags that start a statement.
var statementNames = []string{
	"if", "for", "set", "with", "include", "import", "from", "macro", "call", "filter", "extends", "block", "raw",
}

// statement parses one statement, from its name to before its %}.
func (p *parser) statement() (stmt, error) {
	t, err := p.expectIdent("a statement such as if, for or set")
	if err != nil {
		return nil, err
	}
	tag := openTag{name: t.text, at: t.at}
	switch t.text {
	case "if":
		return p.ifStatement(tag)
	case "for":
		return p.forStatement(tag)
	case "set":
		return p.setStatement(tag)
	case "with":
		return p.withStatement(tag)
	case "filter":
		return p.filterStatement(tag)
	case "macro":
		return p.macroStatement(tag)
	case "call":
		return p.callStatement(tag)
	case "include":
		return p.includeStatement(tag)
	case "import":
		return p.importStatement(tag)
	case "from":
		return p.fromStatement(tag)
	case "extends":
		s := &extendsStmt{pos: t.at}
		s.reference, err = p.reference()
		return s, err
	case "block":
		return p.blockStatement(tag)
	}
	return nil, p.unknownTag(t)
}

func (p *parser) ifStatement(tag openTag) (stmt, error) {
	s := &ifStmt{pos: tag.at}
	for {
		test, err := p.tuple(tupleRules{})
		if err != nil {
			return nil, err
		}
		body, end, err := p.body(tag, "elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		s.branches = append(s.branches, branch{test: test, body: body})
		switch end {
		case "elif":
			continue
		case "else":
			s.otherwise, err = p.closedBody(tag, "endif")
		}
		return s, err
	}
}

func (p *parser) forStatement(tag openTag) (stmt, error) {
	s := &forStmt{pos: tag.at}
	var err error
	if s.target, err = p.target("in"); err != nil {
		return nil, err
	}
	if err = p.expectWord("in"); err != nil {
		return nil, err
	}
	if s.values, err = p.tuple(tupleRules{endWord: "recursive"}); err != nil {
		return nil, err
	}
	around := p.loops
	p.loops = append(around, s)
	if p.skipName("if") {
		if s.filter, err = p.expression(); err != nil {
			return nil, err
		}
	}
	s.recursive = p.skipName("recursive")
	s.hasLoop = s.hasLoop || s.recursive
	var end string
	if s.body, end, err = p.body(tag, "else", "endfor"); err != nil {
		return nil, err
	}
	p.loops = around
	if end == "else" {
		s.otherwise, err = p.closedBody(tag, "endfor")
	}
	return s, err
}

func (p *parser) setStatement(tag openTag) (stmt, error) {
	to, err := p.target("")
	if err != nil {
		return nil, err
	}
	if p.skipOp("=") {
		value, err := p.tuple(tupleRules{conditional: true})
		return &setStmt{pos: tag.at, target: to, value: value}, err
	}
	s := &setBlockStmt{pos: tag.at, target: to}
	if p.skipOp("|") {
		if s.filter, err = p.filters(nil); err != nil {
			return nil, err
		}
	}
	s.body, err = p.closedBody(tag, "endset")
	return s, err
}

func (p *parser) withStatement(tag openTag) (stmt, error) {
	s := &withStmt{pos: tag.at}
	for p.peek().kind != tokenBlockEnd {
		if len(s.targets) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		to, err := p.target("")
		if err != nil {
			return nil, err
		}
		if err := p.expectOp("="); err != nil {
			return nil, err
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		s.targets, s.values = append(s.targets, to), append(s.values, value)
	}
	var err error
	s.body, err = p.closedBody(tag, "endwith")
	return s, err
}

func (p *parser) filterStatement(tag openTag) (stmt, error) {
	filter, err := p.filters(nil)
	if err != nil {
		return nil, err
	}
	s := &filterStmt{pos: tag.at, filter: filter}
	s.body, err = p.closedBody(tag, "endfilter")
	return s, err
}

func (p *parser) macroStatement(tag openTag) (stmt, error) {
	name, err := p.expectIdent("the macro's name")
	if err != nil {
		return nil, err
	}
	s := &macroStmt{pos: tag.at, name: name.text}
	if s.params, err = p.signature(); err != nil {
		return nil, err
	}
	return s, p.macroBody(s, tag, "endmacro")
}

// macroBody parses the body of a macro or call block and notes which special
// names it reads.
func (p *parser) macroBody(s *macroStmt, tag openTag, end string) (err error) {
	around := p.macros
	p.macros = append(around, s)
	s.body, err = p.closedBody(tag, end)
	p.macros = around
	for _, param := range s.params {
		switch param.name {
		case "varargs":
			s.readsVarargs = false
		case "kwargs":
			s.readsKwargs = false
		case "caller":
			s.readsCaller = false
			if param.fallback == nil && err == nil {
				err = p.fail(param.pos, faultf("the parameter caller has no default").
					remedy("leave it out, since a call block passes it, or write caller=none"))
			}
		}
	}
	return err
}

func (p *parser) signature() ([]param, error) {
	if err := p.expectOp("("); err != nil {
		return nil, err
	}
	var params []param
	for !p.peek().is(")") {
		if len(params) > 0 {
			if err := p.expectOp(","); err != nil {
				return nil, err
			}
		}
		t, err := p.expectIdent("a parameter's name")
		if err != nil {
			return nil, err
		}
		one := param{pos: t.at, name: t.text}
		if p.skipOp("=") {
			if one.fallback, err = p.expression(); err != nil {
				return nil, err
			}
		} else if n := len(params); n > 0 && params[n-1].fallback != nil {
			return nil, p.fail(t.at, faultf("the parameter %s has no default but follows one that has", t.text).
				remedy("give it a default or move it to the front"))
		}
		params = append(params, one)
	}
	return params, p.expectOp(")")
}

func (p *parser) callStatement(tag openTag) (stmt, error) {
	caller := &macroStmt{pos: tag.at, name: "caller"}
	var err error
	if p.peek().is("(") {
		if caller.params, err = p.signature(); err != nil {
			return nil, err
		}
	}
	value, err := p.expression()
	if err != nil {
		return nil, err
	}
	call, ok := value.(*callExpr)
	if !ok {
		return nil, p.fail(tag.at, faultf("{%% call %%} is not followed by a call").wanted("{%% call name(...) %%}"))
	}
	return &callStmt{pos: tag.at, call: call, caller: caller}, p.macroBody(caller, tag, "endcall")
}

func (p *parser) includeStatement(tag openTag) (stmt, error) {
	s := &includeStmt{pos: tag.at}
	var err error
	if s.reference, err = p.reference(); err != nil {
		return nil, err
	}
	if p.peek().isName("ignore") && p.look().isName("missing") {
		p.next()
		p.next()
		s.ignoreMissing = true
	}
	s.withContext, _ = p.context(true)
	return s, nil
}

func (p *parser) importStatement(tag openTag) (stmt, error) {
	s := &importStmt{pos: tag.at}
	var err error
	if s.reference, err = p.reference(); err != nil {
		return nil, err
	}
	if err = p.expectWord("as"); err != nil {
		return nil, err
	}
	name, err := p.expectIdent("a name for the import")
	s.name = name.text
	s.withContext, _ = p.context(false)
	return s, err
}

func (p *parser) fromStatement(tag openTag) (stmt, error) {
	s := &importStmt{pos: tag.at}
	var err error
	if s.reference, err = p.reference(); err != nil {
		return nil, err
	}
	if err = p.expectWord("import"); err != nil {
		return nil, err
	}
	for {
		var given bool
		if s.withContext, given = p.context(false); given && len(s.names) > 0 {
			return s, nil
		}
		t, err := p.expectIdent("a name to import")
		if err != nil {
			return nil, err
		}
		if t.text[0] == '_' {
			return nil, p.fail(t.at, faultf("%s cannot be imported: names that start with _ are private", t.text).
				remedy("rename it in the template that defines it"))
		}
		one := importName{pos: t.at, name: t.text, alias: t.text}
		if p.skipName("as") {
			alias, err := p.expectIdent("a name")
			if err != nil {
				return nil, err
			}
			one.alias = alias.text
		}
		s.names = append(s.names, one)
		if s.withContext, given = p.context(false); given || !p.skipOp(",") {
			return s, nil
		}
	}
}

// context reads "with context" or "without context" if it comes next.
func (p *parser) context(fallback bool) (with, given bool) {
	t := p.peek()
	if (t.isName("with") || t.isName("without")) && p.look().isName("context") {
		p.next()
		p.next()
		return t.text == "with", true
	}
	return fallback, false
}

func (p *parser) blockStatement(tag openTag) (stmt, error) {
	name, err := p.expectIdent("the block's name")
	if err != nil {
		return nil, err
	}
	if p.peek().is("-") {
		return nil, p.fail(p.peek().at, faultf("a block's name contains a hyphen").remedy("use an underscore"))
	}
	s := &blockStmt{pos: tag.at, name: name.text}
	s.scoped = p.skipName("scoped")
	s.required = p.skipName("required")
	if first, ok := p.blocks[s.name]; ok {
		return nil, p.fail(tag.at, faultf("the block %s is defined twice", s.name).
			remedy("rename this one: the first is on line %d", first.line))
	}
	p.blocks[s.name] = s
	for _, around := range p.loops {
		around.hasLoop = around.hasLoop || s.scoped
	}
	macros, loops := p.macros, p.loops
	p.macros, p.loops = nil, nil
	s.body, err = p.closedBody(tag, "endblock")
	p.macros, p.loops = macros, loops
	if err != nil {
		return nil, err
	}
	p.skipName(s.name)
	if s.required {
		for _, one := range s.body {
			if text, ok := one.(*textStmt); !ok || !blank(text.text) {
				return nil, p.fail(one.place(), faultf("the required block %s has content", s.name).
					remedy("leave it empty, or drop the word required"))
			}
		}
	}
	return s, nil
}

// target parses what is assigned to, up to the word end if there is one.
func (p *parser) target(end string) (target, error) {
	first := p.peek().at
	var parts []target
	for tuple := false; ; tuple = true {
		t := p.peek()
		if tuple && (t.isName(end) || t.is("=") || t.is(")") || t.kind == tokenBlockEnd) {
			return target{pos: first, parts: parts}, nil
		}
		one, err := p.oneTarget()
		if err != nil {
			return target{}, err
		}
		parts = append(parts, one)
		if !p.skipOp(",") {
			if tuple {
				return target{pos: first, parts: parts}, nil
			}
			return one, nil
		}
	}
}

func (p *parser) oneTarget() (target, error) {
	height := p.height
	if err := p.enter(); err != nil {
		return target{}, err
	}
	defer p.leave(height)
	if p.skipOp("(") {
		to, err := p.target("")
		if err != nil {
			return to, err
		}
		return to, p.expectOp(")")
	}
	t, err := p.expectIdent("a name to assign to")
	if err != nil {
		return target{}, err
	}
	switch t.text {
	case "true", "false", "none", "True", "False", "None":
		return target{}, p.fail(t.at, faultf("cannot assign to %s", t.text).wanted("a name"))
	}
	to := target{pos: t.at, name: t.text}
	if p.skipOp(".") {
		field, err := p.expectIdent("a field of a namespace")
		if err != nil {
			return target{}, err
		}
		to.field = field.text
	}
	return to, nil
}

// reference parses the template that a statement names and refuses a computed
// name.
func (p *parser) reference() (reference, error) {
	e, err := p.expression()
	if err != nil {
		return reference{}, err
	}
	return reference{template: e}, p.checkReference(e)
}

func (p *parser) checkReference(e expr) error {
	switch e := e.(type) {
	case *constExpr:
		if _, ok := e.value.(string); ok {
			return nil
		}
	case *listExpr:
		return p.checkReferences(e.items)
	case *tupleExpr:
		return p.checkReferences(e.items)
	case *condExpr:
		if e.no != nil {
			return p.checkReferences([]expr{e.yes, e.no})
		}
		return p.checkReference(e.yes)
	}
	return p.fail(e.place(), faultf("the name of a template is computed").
		wanted("a string in quotes: the version of a config covers every template it can reach").
		remedy("name each template and choose with {%% if %%}"))
}

func (p *parser) checkReferences(list []expr) error {
	for _, e := range list {
		if err := p.checkReference(e); err != nil {
			return err
		}
	}
	return nil
}
