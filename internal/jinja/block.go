package jinja

// blockCall is a block of a page as a function: super() in a block, self.name()
// anywhere.
type blockCall struct {
	unit  *unit
	name  string
	chain []blockRef // the block to render, then those it overrides
}

// selfRef is the name self: the blocks of a page.
type selfRef struct{ unit *unit }

// super is the block that b overrides.
func (b *blockCall) super(file string, at pos) any {
	if len(b.chain) < 2 {
		return &undefined{what: "there is no parent block called " + quoteName(b.name),
			fix: "super() is for a block that overrides one of a template named in {% extends %}", file: file, at: at}
	}
	return &blockCall{unit: b.unit, name: b.name, chain: b.chain[1:]}
}

// callBlock renders a block to a string.
func (r *render) callBlock(b *blockCall) (any, error) {
	out := &output{writer: writer{m: &r.meter}}
	err := r.renderBlock(b, b.unit.root, out)
	return out.b.String(), err
}

// renderBlock renders the first block of the chain, which sees the names of
// around.
func (r *render) renderBlock(b *blockCall, around *scope, out *output) error {
	if err := r.enter("blocks"); err != nil {
		return err
	}
	defer r.leave()
	top := b.chain[0]
	f := &frame{template: top.template, unit: b.unit, scope: around.inner(), out: out}
	f.scope.set("super", b.super(top.template.name, top.block.pos))
	return r.exec(f, top.block.body)
}

// execBlock renders a block where it stands, in the version of the child that
// comes first.
func (r *render) execBlock(f *frame, s *blockStmt) error {
	chain := f.unit.blocks[s.name]
	if s.required && chain[0].block == s {
		return faultf("the required block %s is not defined", quoteName(s.name)).
			remedy("define it in the template that extends this one")
	}
	around := f.unit.root
	if s.scoped {
		around = f.scope
	}
	return r.renderBlock(&blockCall{unit: f.unit, name: s.name, chain: chain}, around, f.out)
}
