package seglog

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/spanstore/local/block"
)

// place is where a record is at the moment.
type place struct {
	segment    *segment
	generation int
	entry      entry
}

func (p *place) ref() Ref { return Ref{p.segment.number, p.entry.head.first} }

// find gives the record that a Ref falls into.
func (l *Log) find(r Ref) (place, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := slices.BinarySearchFunc(l.segments, r.Segment, func(s *segment, n uint32) int { return cmp.Compare(s.number, n) })
	if !ok {
		return place{}, false
	}
	s := l.segments[i]
	k, ok := slices.BinarySearchFunc(s.entries, r.Ordinal, func(e entry, o uint32) int { return cmp.Compare(e.head.first, o) })
	if !ok {
		k--
	}
	if k < 0 || uint64(r.Ordinal) >= s.entries[k].head.end() {
		return place{}, false
	}
	return place{s, s.generation, s.entries[k]}, true
}

// has says that a segment is there. Then so are all of its ordinals, but for
// those of records that were found damaged.
func (l *Log) has(number uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.segments, func(s *segment) bool { return s.number == number })
}

// places lists the records that have something at or behind from as they are
// now, in order.
func (l *Log) places(from Ref) []place {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []place
	for _, s := range l.segments {
		if s.number < from.Segment {
			continue
		}
		for i := range s.entries {
			if s.number == from.Segment && s.entries[i].head.end() <= uint64(from.Ordinal) {
				continue
			}
			all = append(all, place{s, s.generation, s.entries[i]})
		}
	}
	return all
}

// stored reads a record's bytes, header and all, and checks them.
func (l *Log) stored(p *place) ([]byte, error) {
	file, err := l.fs.Open(l.name(p.segment.number))
	if err != nil {
		return nil, fmt.Errorf("reading segment %d: %w", p.segment.number, err)
	}
	defer file.Close()
	b := make([]byte, p.entry.head.size())
	if _, err := file.ReadAt(b, p.entry.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading segment %d: %w", p.segment.number, err)
	}
	h, ok := readHead(b, p.segment.mark)
	if !ok || h != p.entry.head || castagnoli(b[headSize:]) != h.sum {
		return nil, ErrDamaged
	}
	return b, nil
}

// body reads what a record holds. Where the segment was written anew meanwhile,
// the record is looked up again. Damage is told once and then is an error.
func (l *Log) body(p *place) ([]byte, error) {
	for {
		b, err := l.stored(p)
		if err == nil {
			b, err = unpack(l.decoder, &p.entry.head, b[headSize:])
		}
		if err == nil {
			return b, nil
		}
		now, ok := l.find(p.ref())
		if !ok {
			return nil, fmt.Errorf("item %d of segment %d: %w", p.entry.head.first, p.segment.number, spanstore.ErrNotFound)
		}
		if now.generation != p.generation {
			*p = now
			continue
		}
		if errors.Is(err, ErrDamaged) {
			l.spoiled(p, err)
		}
		return nil, fmt.Errorf("segment %d, record at %d: %w", p.segment.number, p.entry.offset, err)
	}
}

// spoiled tells of a damaged record, once.
func (l *Log) spoiled(p *place, err error) {
	h := &p.entry.head
	l.mu.Lock()
	first := p.segment.generation == p.generation && !p.segment.told[h.first]
	if first {
		if p.segment.told == nil {
			p.segment.told = map[uint32]bool{}
		}
		p.segment.told[h.first] = true
	}
	l.mu.Unlock()
	if first {
		l.tell(Damage{
			Segment: p.segment.number, Offset: p.entry.offset, Bytes: h.size(),
			First: h.first, Count: h.count, Reason: "the body of a record: " + err.Error(),
		})
	}
}

// view gives a record of spans, from the cache where it is there.
func (l *Log) view(p *place, keep bool) (*block.View, error) {
	key := cacheKey{l, p.segment.number, p.entry.head.first}
	if v := l.cache.get(key); v != nil {
		return v, nil
	}
	body, err := l.body(p)
	if err != nil {
		return nil, err
	}
	v, err := block.Decode(body)
	if err == nil && v.Len() != int(p.entry.head.count) {
		err = ErrDamaged
	}
	if err != nil {
		l.spoiled(p, err)
		return nil, fmt.Errorf("segment %d, record at %d: %w: %w", p.segment.number, p.entry.offset, ErrDamaged, err)
	}
	if keep {
		l.mu.Lock()
		if p.segment.generation == p.generation { // else it may hold what was erased
			l.cache.put(key, v)
		}
		l.mu.Unlock()
	}
	return v, nil
}

// Replay calls visit for every record that has something at or behind from, in
// order, up to the end as it is at the call. Damaged records are told of and
// passed over.
func (l *Log) Replay(ctx context.Context, from Ref, visit func(Ref, Record) error) error {
	for _, p := range l.places(from) {
		if err := ctx.Err(); err != nil {
			return err
		}
		body, err := l.body(&p)
		if lost(err) {
			continue
		}
		if err != nil {
			return err
		}
		h := &p.entry.head
		r := Record{Type: h.typ, Count: int(h.count), Body: body, Received: h.received, Latest: h.latest}
		if err := visit(p.ref(), r); err != nil {
			return err
		}
	}
	return nil
}

// lost says that there is nothing to read and that this was told.
func lost(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, spanstore.ErrNotFound)
}

// Item is the span or log record at r. ErrNotFound where it was erased or its
// segment dropped, ErrDamaged where its bytes are, or were when it was opened.
func (l *Log) Item(ctx context.Context, r Ref) (*block.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v, first, err := l.blockOf(r)
	if err != nil {
		return nil, err
	}
	return item(v, r, first)
}

func item(v *block.View, r Ref, first uint32) (*block.Item, error) {
	it := v.Item(int(r.Ordinal - first))
	if it.Type == block.Empty {
		return nil, fmt.Errorf("item %d of segment %d was erased: %w", r.Ordinal, r.Segment, spanstore.ErrNotFound)
	}
	return &it, nil
}

func (l *Log) blockOf(r Ref) (v *block.View, first uint32, err error) {
	p, ok := l.find(r)
	if !ok && l.has(r.Segment) {
		return nil, 0, fmt.Errorf("item %d of segment %d: its record is gone: %w", r.Ordinal, r.Segment, ErrDamaged)
	}
	if !ok || p.entry.head.typ != Spans {
		return nil, 0, fmt.Errorf("item %d of segment %d: %w", r.Ordinal, r.Segment, spanstore.ErrNotFound)
	}
	v, err = l.view(&p, true)
	return v, p.entry.head.first, err
}

// Items calls visit for each of refs, block by block: i is the index in refs,
// it is nil where the item is erased, dropped or damaged.
func (l *Log) Items(ctx context.Context, refs []Ref, visit func(i int, it *block.Item) error) error {
	order := make([]int, len(refs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return refs[a].Compare(refs[b]) })
	var v *block.View
	var first Ref
	for _, i := range order {
		r := refs[i]
		if v == nil || r.Segment != first.Segment || int64(r.Ordinal)-int64(first.Ordinal) >= int64(v.Len()) {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error
			first.Segment = r.Segment
			v, first.Ordinal, err = l.blockOf(r)
			if err != nil && !lost(err) {
				return err
			}
		}
		var it *block.Item
		if v != nil {
			it, _ = item(v, r, first.Ordinal) // an erased one is nil
		}
		if err := visit(i, it); err != nil {
			return err
		}
	}
	return nil
}

// Search calls visit for every span and log record whose bytes hold all of the
// words, ASCII letters of either case being equal. The blocks come by the latest
// start in them, newest first: no item that is still to come starts after
// latest. Whether a match is one for the user is the caller's to say: a word is
// also found in the name of an attribute. It ends when visit wants no more.
func (l *Log) Search(ctx context.Context, words []string, visit func(r Ref, latest int64, it *block.Item) (more bool, err error)) error {
	all := slices.DeleteFunc(l.places(Ref{}), func(p place) bool { return p.entry.head.typ != Spans })
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(b.entry.head.latest, a.entry.head.latest) })
	folded := make([][]byte, len(words))
	for i, w := range words {
		folded[i] = fold(nil, []byte(w))
	}
	var scratch []byte
	for i := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := &all[i]
		v, err := l.view(p, false)
		if lost(err) {
			continue
		}
		if err != nil {
			return err
		}
		for k := range v.Len() {
			if v.Type(k) == block.Empty {
				continue
			}
			scratch = fold(scratch[:0], v.Bytes(k))
			if !holds(scratch, folded) {
				continue
			}
			it := v.Item(k)
			r := Ref{p.segment.number, p.entry.head.first + uint32(k)}
			if more, err := visit(r, p.entry.head.latest, &it); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

func holds(text []byte, words [][]byte) bool {
	for _, w := range words {
		if !bytes.Contains(text, w) {
			return false
		}
	}
	return true
}

// fold appends b with its ASCII capitals made small.
func fold(to, b []byte) []byte {
	from := len(to)
	to = append(to, b...)
	for i, c := range to[from:] {
		if 'A' <= c && c <= 'Z' {
			to[from+i] = c | 0x20
		}
	}
	return to
}
