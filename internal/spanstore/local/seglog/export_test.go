package seglog

import "context"

// Waiting is how many records wait to be written.
func (l *Log) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue)
}

// Packs is how many packs there are.
func (l *Log) Packs() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		for i := range s.entries {
			if s.entries[i].head.typ == pack {
				n++
			}
		}
	}
	return n
}

// WithoutSide are the segments that have no sidecar.
func (l *Log) WithoutSide() (list []uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.side == nil {
			list = append(list, s.number)
		}
	}
	return list
}

// SideBytes is the size of all sidecars.
func (l *Log) SideBytes() (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if size, err := l.fs.Size(l.sideName(s.number)); err == nil {
			n += size
		}
	}
	return n
}

// Begin begins a new segment.
func (l *Log) Begin(ctx context.Context) error { return l.seal(ctx) }

// NewFilter is what a filter of n keys says.
func NewFilter(n int, key func(i int) string) (may func(string) bool) {
	set := keys{}
	for i := range n {
		set.add([]byte(key(i)))
	}
	f := set.filter()
	return func(key string) bool { return f.may(hashed([]byte(key))) }
}
