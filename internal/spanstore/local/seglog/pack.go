package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/assay-llmops/assay/internal/vfs"
)

// packBytes is the most that a pack holds, uncompressed. Whoever opens one span
// opens its whole pack; four times as much would make text 5 % smaller.
const packBytes = 1 << 20

const memberSize = 28 // in the table of a pack

// member is a record as it was appended: on its own, or of a pack.
type member struct {
	typ      Type
	first    uint32 // ordinal
	count    uint32
	received int64
	latest   int64
	body     []byte
}

func (m *member) end() uint64 { return uint64(m.first) + uint64(m.count) }

// encodePack gives the body of a pack of members that follow one another.
func encodePack(members []member) []byte {
	size := 4 + len(members)*memberSize
	for i := range members {
		size += len(members[i].body)
	}
	le := binary.LittleEndian
	b := le.AppendUint32(make([]byte, 0, size), uint32(len(members)))
	for i := range members {
		m := &members[i]
		b = append(b, byte(m.typ), 0, 0, 0)
		b = le.AppendUint32(b, m.count)
		b = le.AppendUint32(b, uint32(len(m.body)))
		b = le.AppendUint64(b, uint64(m.received))
		b = le.AppendUint64(b, uint64(m.latest))
	}
	for i := range members {
		b = append(b, members[i].body...)
	}
	return b
}

// membersOf gives the records that a stored one has in it: itself, or those of
// the pack. Their bodies alias body.
func membersOf(h *head, body []byte) ([]member, error) {
	if h.typ != pack {
		return []member{{h.typ, h.first, h.count, h.received, h.latest, body}}, nil
	}
	bad := func(reason string) ([]member, error) { return nil, fmt.Errorf("%w: a pack %s", ErrDamaged, reason) }
	le := binary.LittleEndian
	if len(body) < 4 || uint64(len(body)) < 4+uint64(le.Uint32(body))*memberSize {
		return bad("is shorter than its table")
	}
	n := int(le.Uint32(body))
	table, bodies := body[4:4+n*memberSize], body[4+n*memberSize:]
	list := make([]member, 0, n)
	next := uint64(h.first)
	for ; len(table) > 0; table = table[memberSize:] {
		m := member{
			typ: Type(table[0]), first: uint32(next), count: le.Uint32(table[4:]),
			received: int64(le.Uint64(table[12:])), latest: int64(le.Uint64(table[20:])),
		}
		size := uint64(le.Uint32(table[8:]))
		if m.typ == 0 || m.typ == pack || m.count == 0 || size > uint64(len(bodies)) {
			return bad("has a table that names what is not there")
		}
		if next = m.end(); next > h.end() {
			break
		}
		m.body, bodies = bodies[:size:size], bodies[size:]
		list = append(list, m)
	}
	if next != h.end() || len(bodies) > 0 {
		return bad("holds something else than its header says")
	}
	return list, nil
}

// groups cuts the records of a segment into those that are to be stored as one:
// neighbours that are none yet and fit into a pack together.
func groups(entries []entry) (list [][]entry) {
	from, size := 0, 0
	for i := range entries {
		h := &entries[i].head
		joins := i > from && h.typ != pack && entries[from].head.typ != pack &&
			uint64(h.first) == entries[i-1].head.end() && size+int(h.raw) <= packBytes
		if i > from && !joins {
			list = append(list, entries[from:i])
			from, size = i, 0
		}
		size += int(h.raw)
	}
	if from < len(entries) {
		list = append(list, entries[from:])
	}
	return list
}

// loose says that a segment is stored as it came in, or could be in fewer packs.
func loose(entries []entry) bool {
	for _, g := range groups(entries) {
		if len(g) > 1 || g[0].head.codec == s2Raw {
			return true
		}
	}
	return false
}

// tighten writes a segment's groups to a new file. Damage is an error.
func (l *Log) tighten(e *zstd.Encoder, s *segment, to vfs.File, goOn func() error) (next []entry, changed bool, err error) {
	offset := int64(fileSize)
	for _, group := range groups(s.entries) {
		if err := goOn(); err != nil {
			return nil, false, err
		}
		h, stored, err := l.joined(e, s, group)
		if err != nil {
			return nil, false, err
		}
		if _, err := to.Write(append(h.append(nil), stored...)); err != nil {
			return nil, false, err
		}
		next = append(next, entry{offset: offset, head: h})
		offset += h.size()
	}
	return next, true, nil
}

// joined is a group as one record.
func (l *Log) joined(e *zstd.Encoder, s *segment, group []entry) (head, []byte, error) {
	h := group[0].head
	var members []member
	for i := range group {
		p := place{s, s.generation, group[i]}
		b, err := l.stored(&p)
		if err == nil && len(group) == 1 && h.codec != s2Raw {
			return h, b[headSize:], nil
		}
		var body []byte
		if err == nil {
			body, err = unpack(l.decoder, &p.entry.head, b[headSize:])
		}
		if errors.Is(err, ErrDamaged) {
			l.spoiled(&p, err)
		}
		if err != nil {
			return h, nil, err
		}
		m := &p.entry.head
		members = append(members, member{m.typ, m.first, m.count, m.received, m.latest, body})
	}
	if len(members) == 1 {
		return h, press(e, &h, members[0].body), nil
	}
	h.typ, h.count = pack, 0
	for i := range members {
		h.count += members[i].count
		h.received, h.latest = max(h.received, members[i].received), max(h.latest, members[i].latest)
	}
	return h, press(e, &h, encodePack(members)), nil
}
