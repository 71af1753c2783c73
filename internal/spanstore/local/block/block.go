// Package block is the form in which a batch of spans and log records is kept:
// one run of bytes with a table in front, so that item k is found without
// reading the others and nothing is copied.
//
// Words: an item is a span, a log record, or empty, where something was erased.
// Spans come first, then log records, in the order of the batch. The form is
// written down in docs/format/log.md; Decode checks all of the table, so that a
// View never fails.
//
// Scores have a body of their own, a JSON array (EncodeScores).
package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/assay-llmops/assay/internal/spanstore"
	"github.com/assay-llmops/assay/internal/trace/otlp"
)

// Type is what an item is.
type Type uint8

// The types of items.
const (
	Empty Type = 0 // erased
	Span  Type = 1
	Log   Type = 2
)

// Item is one of a block. Its bytes alias the block's and must not change.
type Item struct {
	Type     Type
	Received int64 // UTC nanoseconds, when the batch came
	Origin   int   // which scope of the block: items of one origin have one resource and scope
	Resource otlp.Resource
	Scope    otlp.Scope
	Bytes    []byte // the message Span or LogRecord
}

const (
	headSize     = 20 // received, count of resources, of scopes, of items
	resourceSize = 8  // end of bytes, end of schema
	scopeSize    = 12 // resource, end of bytes, end of schema
	itemSize     = 9  // type, scope, end of bytes
)

var (
	errShort = errors.New("a block is shorter than its table says")
	errOrder = errors.New("a block's table is out of order")
	errIndex = errors.New("a block's table names what is not there")
	errLarge = errors.New("a batch is larger than a block can be")
)

// Encode gives the block of the batch's spans and log records.
func Encode(b *spanstore.Batch) ([]byte, error) {
	items := len(b.Spans) + len(b.Logs)
	size := headSize + len(b.Resources)*resourceSize + len(b.Scopes)*scopeSize + items*itemSize
	for i := range b.Resources {
		size += len(b.Resources[i].Bytes) + len(b.Resources[i].SchemaURL)
	}
	for i := range b.Scopes {
		size += len(b.Scopes[i].Bytes) + len(b.Scopes[i].SchemaURL)
	}
	for _, list := range [][]spanstore.Item{b.Spans, b.Logs} {
		for i := range list {
			if list[i].Scope < 0 || list[i].Scope >= len(b.Scopes) {
				return nil, fmt.Errorf("encoding a block: item %d: %w", i, errIndex)
			}
			size += len(list[i].Bytes)
		}
	}
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("encoding a block: %w", errLarge)
	}
	w := newWriter(b.Received, len(b.Resources), len(b.Scopes), items, size)
	for i := range b.Resources {
		w.resource(b.Resources[i].Bytes, b.Resources[i].SchemaURL)
	}
	for i := range b.Scopes {
		s := &b.Scopes[i]
		if s.Resource < 0 || s.Resource >= len(b.Resources) {
			return nil, fmt.Errorf("encoding a block: scope %d: %w", i, errIndex)
		}
		w.scope(uint32(s.Resource), s.Bytes, s.SchemaURL)
	}
	for i := range b.Spans {
		w.item(Span, uint32(b.Spans[i].Scope), b.Spans[i].Bytes)
	}
	for i := range b.Logs {
		w.item(Log, uint32(b.Logs[i].Scope), b.Logs[i].Bytes)
	}
	return w.body, nil
}

// writer fills the table at its start and appends what it describes.
type writer struct {
	body []byte
	at   int // where the next row of the table goes
	heap int // where the bytes begin
}

func newWriter(received int64, resources, scopes, items, size int) *writer {
	heap := headSize + resources*resourceSize + scopes*scopeSize + items*itemSize
	w := &writer{body: make([]byte, heap, max(size, heap)), at: headSize, heap: heap}
	le := binary.LittleEndian
	le.PutUint64(w.body, uint64(received))
	le.PutUint32(w.body[8:], uint32(resources))
	le.PutUint32(w.body[12:], uint32(scopes))
	le.PutUint32(w.body[16:], uint32(items))
	return w
}

func (w *writer) put(v uint32) {
	binary.LittleEndian.PutUint32(w.body[w.at:], v)
	w.at += 4
}

func (w *writer) bytes(b []byte) {
	w.body = append(w.body, b...)
	w.put(uint32(len(w.body) - w.heap))
}

func (w *writer) resource(b []byte, schema string) {
	w.bytes(b)
	w.body = append(w.body, schema...)
	w.put(uint32(len(w.body) - w.heap))
}

func (w *writer) scope(resource uint32, b []byte, schema string) {
	w.put(resource)
	w.resource(b, schema)
}

func (w *writer) item(t Type, scope uint32, b []byte) {
	w.body[w.at] = byte(t)
	w.at++
	w.put(scope)
	w.bytes(b)
}

// View is a block whose table was checked. It is safe for concurrent use.
type View struct {
	body                     []byte
	resources, scopes, items int
	heap                     int
}

// Decode checks the table of a block. The View aliases body.
func Decode(body []byte) (*View, error) {
	if len(body) < headSize {
		return nil, errShort
	}
	le := binary.LittleEndian
	resources, scopes, items := uint64(le.Uint32(body[8:])), uint64(le.Uint32(body[12:])), uint64(le.Uint32(body[16:]))
	heap := headSize + resources*resourceSize + scopes*scopeSize + items*itemSize
	if heap > uint64(len(body)) {
		return nil, errShort
	}
	v := &View{body: body, resources: int(resources), scopes: int(scopes), items: int(items), heap: int(heap)}
	return v, v.check()
}

func (v *View) check() error {
	last := uint32(0)
	ends := func(at int, count int) bool {
		for i := range count {
			end := v.u32(at + 4*i)
			if end < last {
				return false
			}
			last = end
		}
		return true
	}
	for i := range v.resources {
		if !ends(v.resourceRow(i), 2) {
			return errOrder
		}
	}
	for i := range v.scopes {
		row := v.scopeRow(i)
		if v.u32(row) >= uint32(v.resources) {
			return errIndex
		}
		if !ends(row+4, 2) {
			return errOrder
		}
	}
	for i := range v.items {
		row := v.itemRow(i)
		if v.u32(row+1) >= uint32(v.scopes) || v.body[row] > byte(Log) {
			return errIndex
		}
		if !ends(row+5, 1) {
			return errOrder
		}
	}
	if int64(last) != int64(len(v.body)-v.heap) {
		return errShort
	}
	return nil
}

func (v *View) u32(at int) uint32       { return binary.LittleEndian.Uint32(v.body[at:]) }
func (v *View) resourceRow(i int) int   { return headSize + i*resourceSize }
func (v *View) scopeRow(i int) int      { return v.resourceRow(v.resources) + i*scopeSize }
func (v *View) itemRow(k int) int       { return v.scopeRow(v.scopes) + k*itemSize }
func (v *View) cut(from, to int) []byte { return v.body[v.heap+from : v.heap+to : v.heap+to] }

func (v *View) text(from, to int) string {
	b := v.cut(from, to)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// end is where the bytes end that the table's last entry before row tells. An
// end is the last member of every row.
func (v *View) end(row int) int {
	if row == headSize {
		return 0
	}
	return int(v.u32(row - 4))
}

// Len is the number of items.
func (v *View) Len() int { return v.items }

// Origins is the number of scopes; Item.Origin is below it.
func (v *View) Origins() int { return v.scopes }

// Received is when the batch came, in UTC nanoseconds.
func (v *View) Received() int64 { return int64(binary.LittleEndian.Uint64(v.body)) }

// Size is the number of bytes of the block.
func (v *View) Size() int { return len(v.body) }

func (v *View) resource(i int) otlp.Resource {
	row := v.resourceRow(i)
	from, mid, to := v.end(row), int(v.u32(row)), int(v.u32(row+4))
	return otlp.Resource{Bytes: v.cut(from, mid), SchemaURL: v.text(mid, to)}
}

func (v *View) scope(i int) (resource int, s otlp.Scope) {
	row := v.scopeRow(i)
	from, mid, to := v.end(row), int(v.u32(row+4)), int(v.u32(row+8))
	return int(v.u32(row)), otlp.Scope{Bytes: v.cut(from, mid), SchemaURL: v.text(mid, to)}
}

// Type is what item k is.
func (v *View) Type(k int) Type { return Type(v.body[v.itemRow(k)]) }

// Bytes is the message of item k.
func (v *View) Bytes(k int) []byte {
	row := v.itemRow(k)
	return v.cut(v.end(row), int(v.u32(row+5)))
}

// Item is item k, which is at least 0 and below Len.
func (v *View) Item(k int) Item {
	origin := int(v.u32(v.itemRow(k) + 1))
	resource, scope := v.scope(origin)
	return Item{
		Type: v.Type(k), Received: v.Received(), Origin: origin,
		Resource: v.resource(resource), Scope: scope, Bytes: v.Bytes(k),
	}
}

// Without is the block with the items emptied that drop names, and with them
// the resources and scopes that nothing names any more; what stays keeps its
// place. dropped is how many were emptied now; where it is 0 there is no block.
func (v *View) Without(drop func(k int) bool) (body []byte, dropped int) {
	gone := make([]bool, v.items)
	scopes, resources := make([]bool, v.scopes), make([]bool, v.resources)
	for k := range v.items {
		if v.Type(k) == Empty {
			gone[k] = true
			continue
		}
		if drop(k) {
			gone[k] = true
			dropped++
			continue
		}
		origin := int(v.u32(v.itemRow(k) + 1))
		scopes[origin] = true
		resources[v.u32(v.scopeRow(origin))] = true
	}
	if dropped == 0 {
		return nil, 0
	}
	w := newWriter(v.Received(), v.resources, v.scopes, v.items, len(v.body))
	for i := range v.resources {
		if !resources[i] {
			w.resource(nil, "")
			continue
		}
		r := v.resource(i)
		w.resource(r.Bytes, r.SchemaURL)
	}
	for i := range v.scopes {
		resource, s := v.scope(i)
		if !scopes[i] {
			s = otlp.Scope{}
		}
		w.scope(uint32(resource), s.Bytes, s.SchemaURL)
	}
	for k := range v.items {
		scope := v.u32(v.itemRow(k) + 1)
		if gone[k] {
			w.item(Empty, scope, nil)
			continue
		}
		w.item(v.Type(k), scope, v.Bytes(k))
	}
	return w.body, dropped
}
