package seglog

import (
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

// next gives the first record that has something at or behind from.
func (l *Log) next(from Ref) (place, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, _ := slices.BinarySearchFunc(l.segments, from.Segment, func(s *segment, n uint32) int { return cmp.Compare(s.number, n) })
	for _, s := range l.segments[i:] {
		k := 0
		if s.number == from.Segment {
			k, _ = slices.BinarySearchFunc(s.entries, uint64(from.Ordinal)+1, func(e entry, o uint64) int { return cmp.Compare(e.head.end(), o) })
		}
		if k < len(s.entries) {
			return place{s, s.generation, s.entries[k]}, true
		}
	}
	return place{}, false
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

// members gives the records that are stored as one at p.
func (l *Log) members(p *place) ([]member, error) {
	body, err := l.body(p)
	if err != nil {
		return nil, err
	}
	list, err := membersOf(&p.entry.head, body)
	if err != nil {
		l.spoiled(p, err)
		return nil, fmt.Errorf("segment %d, record at %d: %w", p.segment.number, p.entry.offset, err)
	}
	return list, nil
}

// chunk is what is kept in memory of a record or a pack: its blocks.
type chunk struct {
	first, end uint32 // ordinals
	blocks     []opened
	bytes      int
}

type opened struct {
	first uint32
	view  *block.View
}

// find gives the block with an ordinal, nil where there is none.
func (c *chunk) find(ordinal uint32) (v *block.View, first uint32) {
	i, ok := slices.BinarySearchFunc(c.blocks, ordinal, func(b opened, o uint32) int { return cmp.Compare(b.first, o) })
	if !ok {
		i--
	}
	if i < 0 || ordinal-c.blocks[i].first >= uint32(c.blocks[i].view.Len()) {
		return nil, 0
	}
	return c.blocks[i].view, c.blocks[i].first
}

// chunk gives the blocks of a record or a pack, from the cache where they are
// there.
func (l *Log) chunk(p *place) (*chunk, error) {
	key := cacheKey{l, p.segment.number, p.entry.head.first}
	if c := l.cache.get(key); c != nil {
		return c, nil
	}
	list, err := l.members(p)
	if err != nil {
		return nil, err
	}
	h := &p.entry.head
	c := &chunk{first: h.first, end: uint32(h.end()), bytes: int(h.raw)}
	for _, m := range list {
		if m.typ != Spans {
			continue
		}
		v, err := block.Decode(m.body)
		if err == nil && v.Len() != int(m.count) {
			err = ErrDamaged
		}
		if err != nil {
			l.spoiled(p, err)
			return nil, fmt.Errorf("segment %d, record at %d: %w: %w", p.segment.number, p.entry.offset, ErrDamaged, err)
		}
		c.blocks = append(c.blocks, opened{m.first, v})
	}
	l.mu.Lock()
	if p.segment.generation == p.generation { // else it may hold what was erased
		l.cache.put(cacheKey{l, p.segment.number, h.first}, c)
	}
	l.mu.Unlock()
	return c, nil
}

// Replay calls visit for every record that has something at or behind from, in
// order, up to the end as it is at the call. Damaged records are told of and
// passed over.
func (l *Log) Replay(ctx context.Context, from Ref, visit func(Ref, Record) error) error {
	end := l.End()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, ok := l.next(from)
		if !ok || p.ref().Compare(end) >= 0 {
			return nil
		}
		list, err := l.members(&p)
		if err != nil && !lost(err) {
			return err
		}
		for _, m := range list {
			if p.segment.number == from.Segment && m.end() <= uint64(from.Ordinal) {
				continue
			}
			r := Record{Type: m.typ, Count: int(m.count), Body: m.body, Received: m.received, Latest: m.latest}
			if err := visit(Ref{p.segment.number, m.first}, r); err != nil {
				return err
			}
		}
		from = Ref{p.segment.number, uint32(p.entry.head.end())}
	}
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
	c, err := l.chunkOf(r)
	if err != nil {
		return nil, err
	}
	if it := c.item(r.Ordinal); it != nil {
		return it, nil
	}
	return nil, noItem(r)
}

// item is the item with an ordinal, nil where it is none or was erased.
func (c *chunk) item(ordinal uint32) *block.Item {
	v, first := c.find(ordinal)
	if v == nil || v.Type(int(ordinal-first)) == block.Empty {
		return nil
	}
	it := v.Item(int(ordinal - first))
	return &it
}

func noItem(r Ref) error {
	return fmt.Errorf("item %d of segment %d: %w", r.Ordinal, r.Segment, spanstore.ErrNotFound)
}

func (l *Log) chunkOf(r Ref) (*chunk, error) {
	p, ok := l.find(r)
	if !ok && l.has(r.Segment) {
		return nil, fmt.Errorf("item %d of segment %d: its record is gone: %w", r.Ordinal, r.Segment, ErrDamaged)
	}
	if !ok || p.entry.head.typ != Spans && p.entry.head.typ != pack {
		return nil, noItem(r)
	}
	return l.chunk(&p)
}

// Items calls visit for each of refs, record by record: i is the index in refs,
// it is nil where the item is erased, dropped or damaged. Each record is read once.
func (l *Log) Items(ctx context.Context, refs []Ref, visit func(i int, it *block.Item) error) error {
	order := make([]int, len(refs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return refs[a].Compare(refs[b]) })
	var c *chunk
	segment, end := uint32(0), uint64(0) // of what c is, or would be were it not lost
	for _, i := range order {
		r := refs[i]
		if r.Segment != segment || uint64(r.Ordinal) >= end {
			if err := ctx.Err(); err != nil {
				return err
			}
			segment, end = r.Segment, uint64(r.Ordinal)+1
			if p, ok := l.find(r); ok {
				end = p.entry.head.end()
			}
			var err error
			if c, err = l.chunkOf(r); err != nil && !lost(err) {
				return err
			}
			if c != nil { // an erasure may have put another record there since
				end = uint64(c.end)
			}
		}
		var it *block.Item
		if c != nil {
			it = c.item(r.Ordinal)
		}
		if err := visit(i, it); err != nil {
			return err
		}
	}
	return nil
}
