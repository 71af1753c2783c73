package jinja

// loop is the variable loop of a for loop.
type loop struct {
	r        *render
	it       *iterator
	turn     int64 // 0-based
	total    int64 // -1 while it is not known
	depth    int64
	before   any
	now      any
	after    any
	peeked   bool // after holds the next element, if ended is false
	ended    bool
	changed  *args
	again    func(values any, depth int64) (string, error) // nil unless recursive
	template string
	at       pos
}

var loopFields = []string{
	"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem",
	"depth", "depth0", "cycle", "changed",
}

// advance goes to the next element.
func (l *loop) advance() (bool, error) {
	if _, err := l.peek(); err != nil {
		return false, err
	}
	if l.ended {
		return false, nil
	}
	l.turn++
	l.before, l.now, l.peeked = l.now, l.after, false
	return true, l.r.step(1)
}

// peek reads one element ahead.
func (l *loop) peek() (any, error) {
	if l.peeked || l.ended {
		return l.after, nil
	}
	v, ok, err := l.it.next()
	l.after, l.peeked, l.ended = v, ok, !ok
	return v, err
}

// length is the number of elements, for which what is left is laid out where
// the iterator does not know.
func (l *loop) length() (int64, error) {
	if l.total >= 0 {
		return l.total, nil
	}
	rest, err := l.r.drain(l.it)
	if err != nil {
		return 0, err
	}
	l.it = overItems(rest)
	l.total = l.turn + 1 + int64(len(rest))
	if l.peeked {
		l.total++
	}
	return l.total, nil
}

// field is loop.name.
func (l *loop) field(name string) (any, bool, error) {
	switch name {
	case "index":
		return l.turn + 1, true, nil
	case "index0":
		return l.turn, true, nil
	case "first":
		return l.turn == 0, true, nil
	case "last":
		_, err := l.peek()
		return l.ended, true, err
	case "length":
		n, err := l.length()
		return n, true, err
	case "revindex":
		n, err := l.length()
		return n - l.turn, true, err
	case "revindex0":
		n, err := l.length()
		return n - l.turn - 1, true, err
	case "depth":
		return l.depth + 1, true, nil
	case "depth0":
		return l.depth, true, nil
	case "previtem":
		if l.turn == 0 {
			return l.none("there is no previous element in the first turn of a loop"), true, nil
		}
		return l.before, true, nil
	case "nextitem":
		v, err := l.peek()
		if l.ended {
			return l.none("there is no next element in the last turn of a loop"), true, err
		}
		return v, true, err
	case "cycle", "changed":
		return &method{self: l, name: name}, true, nil
	}
	return nil, false, nil
}

func (l *loop) none(what string) any {
	return &undefined{what: what, fix: "guard it: {% if not loop.first %} or {% if not loop.last %}",
		file: l.template, at: l.at}
}

// cycle gives one of its arguments after the other.
func (l *loop) cycle(a *args) (any, error) {
	if len(a.positional) == 0 {
		return nil, faultf("loop.cycle is called without values")
	}
	return a.positional[l.turn%int64(len(a.positional))], nil
}

// change reports whether its arguments differ from those of the last call.
func (l *loop) change(a *args) (any, error) {
	last := l.changed
	l.changed = a
	if last == nil {
		return true, nil
	}
	same, err := l.r.equalItems(last.positional, a.positional, 0)
	return !same, err
}

// callLoop is loop(values) in a recursive loop.
func (r *render) callLoop(l *loop, a *args) (any, error) {
	b, err := a.bind("loop", []string{"values"}, 1)
	if err != nil {
		return nil, err
	}
	if l.again == nil {
		return nil, faultf("loop is called, but the loop is not recursive").
			remedy("write {%% for x in xs recursive %%}")
	}
	if err := r.enter("recursive loops"); err != nil {
		return nil, err
	}
	defer r.leave()
	return l.again(b.values[0], l.depth+1)
}

// execFor carries out a for loop.
func (r *render) execFor(f *frame, s *forStmt) error {
	values, err := r.eval(f, s.values)
	if err != nil {
		return err
	}
	return r.execLoop(f, s, values, 0)
}

func (r *render) execLoop(f *frame, s *forStmt, values any, depth int64) error {
	it, err := r.iterate(values)
	if err != nil {
		return f.blame(err, s.values.place())
	}
	if s.filter != nil {
		it = r.filtered(f, s, it)
	}
	l := &loop{r: r, it: it, turn: -1, total: it.size, depth: depth, template: f.template.name, at: s.pos}
	if s.recursive {
		l.again = func(values any, depth int64) (string, error) {
			out := &output{writer: writer{m: &r.meter}}
			err := r.execLoop(f.into(out), s, values, depth)
			return out.b.String(), err
		}
	}
	for {
		more, err := l.advance()
		if err != nil {
			return f.blame(err, s.pos)
		}
		if !more {
			break
		}
		turn := f.within(f.scope.inner())
		if s.hasLoop {
			turn.scope.set("loop", l)
		}
		if err := r.assign(turn, s.target, l.now); err != nil {
			return err
		}
		if err := r.exec(turn, s.body); err != nil {
			return err
		}
	}
	if l.turn < 0 {
		return r.exec(f.within(f.scope.inner()), s.otherwise)
	}
	return nil
}

// filtered passes on the elements for which the loop's condition holds.
func (r *render) filtered(f *frame, s *forStmt, it *iterator) *iterator {
	return &iterator{size: -1, next: func() (any, bool, error) {
		for {
			v, ok, err := it.next()
			if err != nil || !ok {
				return nil, false, err
			}
			if err := r.step(1); err != nil {
				return nil, false, err
			}
			turn := f.within(f.scope.inner())
			if err := r.assign(turn, s.target, v); err != nil {
				return nil, false, err
			}
			if holds, err := r.holds(turn, s.filter); err != nil || holds {
				return v, holds, err
			}
		}
	}}
}
