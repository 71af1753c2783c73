// Package crashfs is a disk in memory for tests of what must survive: it loses
// power, runs full, answers with errors and flips bits, each when told to and,
// by a seed, the same way every time.
//
// A power cut keeps what was synced. Of what was written since, each 512-byte
// sector may be there, be zero or be garbage, and the file may end anywhere; of
// the changes of names, any number from the first on may be there.
package crashfs

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/assay-llmops/assay/internal/vfs"
)

// ErrCrashed is the answer to everything after the power is gone.
var ErrCrashed = errors.New("the power is gone")

// Kind is what is done to the disk.
type Kind string

// The kinds of operation that change the disk.
const (
	Create   Kind = "create"
	Write    Kind = "write"
	Sync     Kind = "sync"
	Truncate Kind = "truncate"
	Rename   Kind = "rename"
	Remove   Kind = "remove"
	SyncDir  Kind = "syncdir"
)

// Op is an operation that is about to be done.
type Op struct {
	N    int // counts from 1 over all operations
	Kind Kind
	Name string
}

const sector = 512

// FS is the disk.
type FS struct {
	mu      sync.Mutex
	now     map[string]*inode // names as programs see them
	durable map[string]*inode // names that survive
	names   []nameChange      // since the last SyncDir
	before  func(Op) error
	ops     int
	room    int64 // bytes that may still be written; negative: no bound
	dead    bool
}

type nameChange struct {
	dir  string
	name string
	node *inode // nil: removed
}

type inode struct {
	data    []byte // as programs see it
	durable []byte // as of the last Sync
}

var _ vfs.FS = (*FS)(nil)

// New is an empty disk.
func New() *FS {
	return &FS{now: map[string]*inode{}, durable: map[string]*inode{}, room: -1}
}

// Before sets what is asked before each operation; an error is its answer.
func (f *FS) Before(ask func(Op) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = ask
}

// SetRoom bounds the bytes that may still be written; negative: no bound.
func (f *FS) SetRoom(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.room = bytes
}

// Flip turns a bit of a file, on disk and in sight.
func (f *FS) Flip(name string, offset int64, bit uint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.now[name]
	n.data[offset] ^= 1 << bit
	n.durable = slices.Clone(n.data)
}

// Bytes is what a file holds.
func (f *FS) Bytes(name string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.now[name].data)
}

// Put makes a file with the bytes, synced.
func (f *FS) Put(name string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := &inode{slices.Clone(data), slices.Clone(data)}
	f.now[name], f.durable[name] = n, n
}

// Crash cuts the power: everything in use of this disk fails from now on. It
// gives the disk as it is found afterwards.
func (f *FS) Crash(seed uint64) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead = true
	rng := rand.New(rand.NewPCG(seed, 1))
	names := map[string]*inode{}
	for name, n := range f.durable {
		names[name] = n
	}
	for _, c := range f.names[:rng.IntN(len(f.names)+1)] {
		apply(names, c)
	}
	after := New()
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		data := names[name].survives(rng)
		after.now[name] = &inode{data, slices.Clone(data)}
		after.durable[name] = after.now[name]
	}
	return after
}

func apply(names map[string]*inode, c nameChange) {
	if c.node == nil {
		delete(names, c.name)
		return
	}
	names[c.name] = c.node
}

// survives is what is on disk of a file after the cut.
func (n *inode) survives(rng *rand.Rand) []byte {
	same := 0
	for same < len(n.data) && same < len(n.durable) && n.data[same] == n.durable[same] {
		same++
	}
	longest := max(len(n.data), len(n.durable))
	size := len(n.durable)
	if len(n.data) >= len(n.durable) {
		size += rng.IntN(len(n.data) - len(n.durable) + 1)
	} else if rng.IntN(2) == 0 {
		size = len(n.data)
	}
	out := make([]byte, longest)
	copy(out, n.durable)
	whole := rng.IntN(2) == 0 // all that was written up to where it ends
	for from := same; from < len(n.data); {
		to := min(from/sector*sector+sector, len(n.data))
		switch kept := rng.IntN(3); {
		case whole || kept == 0:
			copy(out[from:to], n.data[from:to])
		case kept == 1 && from >= len(n.durable):
			for i := from; i < to; i++ {
				out[i] = byte(rng.Uint32())
			}
		}
		from = to
	}
	return out[:size]
}

// do asks whether an operation may be done. It is called with the lock.
func (f *FS) do(kind Kind, name string) error {
	if f.dead {
		return ErrCrashed
	}
	f.ops++
	if f.before != nil {
		return f.before(Op{f.ops, kind, name})
	}
	return nil
}

func (f *FS) rename(name string, n *inode) {
	c := nameChange{filepath.Dir(name), name, n}
	apply(f.now, c)
	f.names = append(f.names, c)
}

// Create implements vfs.FS.
func (f *FS) Create(name string) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.do(Create, name); err != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: err}
	}
	n := &inode{}
	f.rename(name, n)
	return &file{f, n, name, true}, nil
}

// OpenAppend implements vfs.FS.
func (f *FS) OpenAppend(name string) (vfs.File, error) { return f.open(name, true) }

// Open implements vfs.FS.
func (f *FS) Open(name string) (vfs.File, error) { return f.open(name, false) }

func (f *FS) open(name string, write bool) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return nil, ErrCrashed
	}
	n := f.now[name]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &file{f, n, name, write}, nil
}

// Rename implements vfs.FS. As on a journaling disk, the two changes of names
// are one.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.do(Rename, to); err != nil {
		return &fs.PathError{Op: "rename", Path: to, Err: err}
	}
	n := f.now[from]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	f.rename(to, n)
	f.rename(from, nil)
	return nil
}

// Remove implements vfs.FS.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.do(Remove, name); err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	if f.now[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	f.rename(name, nil)
	return nil
}

// MkdirAll implements vfs.FS: folders are always there.
func (f *FS) MkdirAll(string) error { return nil }

// SyncDir implements vfs.FS.
func (f *FS) SyncDir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.do(SyncDir, dir); err != nil {
		return &fs.PathError{Op: "sync", Path: dir, Err: err}
	}
	f.names = slices.DeleteFunc(f.names, func(c nameChange) bool {
		if c.dir != filepath.Clean(dir) {
			return false
		}
		apply(f.durable, c)
		return true
	})
	return nil
}

// List implements vfs.FS.
func (f *FS) List(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return nil, ErrCrashed
	}
	var names []string
	for name := range f.now {
		if filepath.Dir(name) == filepath.Clean(dir) {
			names = append(names, filepath.Base(name))
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names, nil
}

// Size implements vfs.FS.
func (f *FS) Size(name string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.now[name]
	if n == nil {
		return 0, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return int64(len(n.data)), nil
}

type file struct {
	fs    *FS
	node  *inode
	name  string
	write bool
}

// Write implements vfs.File.
func (f *file) Write(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if !f.write {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrPermission}
	}
	if err := f.fs.do(Write, f.name); err != nil {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: err}
	}
	n := len(p)
	if f.fs.room >= 0 {
		n = int(min(int64(n), f.fs.room))
		f.fs.room -= int64(n)
	}
	f.node.data = append(f.node.data, p[:n]...)
	if n < len(p) {
		return n, &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
	}
	return n, nil
}

// ReadAt implements vfs.File.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.dead {
		return 0, ErrCrashed
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Sync implements vfs.File.
func (f *file) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.do(Sync, f.name); err != nil {
		return &fs.PathError{Op: "sync", Path: f.name, Err: err}
	}
	f.node.durable = slices.Clone(f.node.data)
	return nil
}

// Truncate implements vfs.File. Room that it makes is not counted back.
func (f *file) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err := f.fs.do(Truncate, f.name); err != nil {
		return &fs.PathError{Op: "truncate", Path: f.name, Err: err}
	}
	f.node.data = slices.Clone(f.node.data[:size])
	return nil
}

// Close implements vfs.File.
func (f *file) Close() error { return nil }
