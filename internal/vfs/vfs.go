// Package vfs is the little of a file system that keeping a log needs, as an
// interface, so that tests can put a disk under it that loses power, runs full
// or goes bad (package crashfs).
//
// What holds on every implementation, as on a Unix disk: bytes survive a power
// cut only after Sync of their file; a name (created, renamed, removed) only
// after SyncDir of its folder. Writing always appends, also after Truncate.
package vfs

import "io"

// FS is a file system. Names are paths of the operating system. It is safe for
// concurrent use.
type FS interface {
	Create(name string) (File, error)     // a new file, or an old one emptied
	OpenAppend(name string) (File, error) // a file that exists, to be written on
	Open(name string) (File, error)       // for reading
	Rename(from, to string) error         // replaces what was at to
	Remove(name string) error
	MkdirAll(dir string) error
	SyncDir(dir string) error
	List(dir string) ([]string, error) // base names of the files in it, sorted
	Size(name string) (int64, error)
}

// File is an open file. ReadAt may run beside everything else but Close.
type File interface {
	io.Writer // appends
	io.ReaderAt
	Sync() error // content and length are on disk
	Truncate(size int64) error
	io.Closer
}
