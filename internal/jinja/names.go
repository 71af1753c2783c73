package jinja

// Name is one use of a variable that a template expects to be given.
type Name struct {
	Name string // the variable
	Attr string // the first field of it that is read, as in input.question; "" for the variable itself
	File string
	Line int
	Col  int
	// Guarded says that the template copes with its absence: somewhere it
	// tests the name with `is defined` or gives it a default.
	Guarded bool
}

// Variables lists the uses of names that the template and those it includes
// neither set nor define, in the order of the text.
func (t *Template) Variables() []Name {
	return guarded((&namer{lib: t.engine.lib, free: make(map[*Template][]Name)}).template(t))
}

// Variables lists the uses of names in the expression.
func (x *Expr) Variables() []Name {
	n := &namer{lib: x.engine.lib, file: x.holder.name}
	n.expr(&known{}, x.root)
	return guarded(n.found)
}

// guarded marks every use of what is guarded somewhere.
func guarded(names []Name) []Name {
	type key struct{ name, attr string }
	safe := make(map[key]bool)
	for _, n := range names {
		if n.Guarded {
			safe[key{n.Name, n.Attr}] = true
		}
	}
	for i, n := range names {
		names[i].Guarded = safe[key{n.Name, n.Attr}] || safe[key{n.Name, ""}]
	}
	return names
}

// known are the names that a part of a template has set.
type known struct {
	names  map[string]bool
	parent *known
}

func (k *known) inner(names ...string) *known {
	c := &known{parent: k}
	for _, name := range names {
		c.add(name)
	}
	return c
}

func (k *known) add(name string) {
	if k.names == nil {
		k.names = make(map[string]bool)
	}
	k.names[name] = true
}

func (k *known) has(name string) bool {
	for ; k != nil; k = k.parent {
		if k.names[name] {
			return true
		}
	}
	return false
}

func (k *known) target(to target) {
	for _, part := range to.parts {
		k.target(part)
	}
	if to.parts == nil && to.field == "" {
		k.add(to.name)
	}
}

// namer collects the free names of a template.
type namer struct {
	lib   *library
	file  string
	links map[string]*Template
	found []Name
	free  map[*Template][]Name // of templates that have been read
}

// template is the list of a template's free names. Whoever includes it leaves
// out those that it has set itself.
func (n *namer) template(t *Template) []Name {
	if names, ok := n.free[t]; ok {
		return names
	}
	inner := &namer{lib: n.lib, file: t.name, links: t.links, free: n.free}
	inner.stmts(&known{}, t.body)
	n.free[t] = inner.found
	return inner.found
}

func (n *namer) stmts(k *known, body []stmt) {
	for _, s := range body {
		n.stmt(k, s)
	}
}

func (n *namer) stmt(k *known, s stmt) {
	switch s := s.(type) {
	case *outputStmt:
		n.expr(k, s.value)
	case *ifStmt:
		for _, b := range s.branches {
			n.expr(k, b.test)
			n.stmts(k, b.body)
		}
		n.stmts(k, s.otherwise)
	case *forStmt:
		n.expr(k, s.values)
		inner := k.inner("loop")
		inner.target(s.target)
		n.expr(inner, s.filter)
		n.stmts(inner, s.body)
		n.stmts(k.inner(), s.otherwise)
	case *setStmt:
		n.expr(k, s.value)
		k.target(s.target)
	case *setBlockStmt:
		n.stmts(k.inner(), s.body)
		n.filterArgs(k, s.filter)
		k.target(s.target)
	case *withStmt:
		inner := k.inner()
		for i, value := range s.values {
			n.expr(k, value)
			inner.target(s.targets[i])
		}
		n.stmts(inner, s.body)
	case *filterStmt:
		n.filterArgs(k, s.filter)
		n.stmts(k.inner(), s.body)
	case *macroStmt:
		k.add(s.name)
		n.macro(k, s)
	case *callStmt:
		n.expr(k, s.call)
		n.macro(k, s.caller)
	case *includeStmt:
		n.reference(k, s.template, s.withContext)
	case *importStmt:
		n.reference(k, s.template, s.withContext)
		if s.name != "" {
			k.add(s.name)
		}
		for _, one := range s.names {
			k.add(one.alias)
		}
	case *extendsStmt:
		n.reference(k, s.template, true)
	case *blockStmt:
		n.stmts(k.inner("super"), s.body)
	}
}

func (n *namer) macro(k *known, s *macroStmt) {
	inner := k.inner("caller", "varargs", "kwargs")
	for _, p := range s.params {
		n.expr(inner, p.fallback)
		inner.add(p.name)
	}
	n.stmts(inner, s.body)
}

// reference adds the free names of the templates that a reference can come to.
func (n *namer) reference(k *known, e expr, withContext bool) {
	n.expr(k, e)
	if !withContext {
		return
	}
	eachName(e, func(name string) {
		if t := n.links[name]; t != nil {
			for _, one := range n.template(t) {
				if !k.has(one.Name) {
					n.found = append(n.found, one)
				}
			}
		}
	})
}

func (n *namer) exprs(k *known, list ...expr) {
	for _, e := range list {
		n.expr(k, e)
	}
}

func (n *namer) args(k *known, a callArgs) {
	n.exprs(k, a.positional...)
	for _, named := range a.named {
		n.expr(k, named.value)
	}
	n.exprs(k, a.star, a.starStar)
}

func (n *namer) filterArgs(k *known, f *filterExpr) {
	for f != nil {
		n.args(k, f.args)
		inner, _ := f.value.(*filterExpr)
		f = inner
	}
}

func (n *namer) expr(k *known, e expr) {
	switch e := e.(type) {
	case *nameExpr:
		n.use(k, e, "", false)
	case *attrExpr:
		if !n.field(k, e, false) {
			n.expr(k, e.value)
		}
	case *itemExpr:
		if !n.field(k, e, false) {
			n.exprs(k, e.value, e.key)
		}
	case *filterExpr:
		guard := e.name == "default" || e.name == "d"
		if !guard || !n.field(k, e.value, true) {
			n.expr(k, e.value)
		}
		n.args(k, e.args)
	case *testExpr:
		guard := e.name == "defined" || e.name == "undefined"
		if !guard || !n.field(k, e.value, true) {
			n.expr(k, e.value)
		}
		n.args(k, e.args)
	case *listExpr:
		n.exprs(k, e.items...)
	case *tupleExpr:
		n.exprs(k, e.items...)
	case *dictExpr:
		n.exprs(k, e.keys...)
		n.exprs(k, e.values...)
	case *unaryExpr:
		n.expr(k, e.value)
	case *binaryExpr:
		n.exprs(k, e.left, e.right)
	case *logicExpr:
		n.exprs(k, e.left, e.right)
	case *concatExpr:
		n.exprs(k, e.parts...)
	case *compareExpr:
		n.expr(k, e.first)
		for _, o := range e.rest {
			n.expr(k, o.value)
		}
	case *condExpr:
		n.exprs(k, e.test, e.yes, e.no)
	case *sliceExpr:
		n.exprs(k, e.start, e.stop, e.step)
	case *callExpr:
		n.expr(k, e.callee)
		n.args(k, e.args)
	}
}

// field notes name, name.attr or name['attr'], and reports whether e is one.
func (n *namer) field(k *known, e expr, guard bool) bool {
	switch e := e.(type) {
	case *nameExpr:
		n.use(k, e, "", guard)
		return true
	case *attrExpr:
		if name, ok := e.value.(*nameExpr); ok {
			n.use(k, name, e.name, guard)
			return true
		}
	case *itemExpr:
		name, ok := e.value.(*nameExpr)
		key, isConst := e.key.(*constExpr)
		if !ok || !isConst {
			return false
		}
		if attr, ok := key.value.(string); ok {
			n.use(k, name, attr, guard)
			return true
		}
	}
	return false
}

func (n *namer) use(k *known, e *nameExpr, attr string, guard bool) {
	if k.has(e.name) || n.lib.functions[e.name] != nil || e.name == "self" {
		return
	}
	n.found = append(n.found, Name{Name: e.name, Attr: attr, File: n.file, Line: e.line, Col: e.col, Guarded: guard})
}
