// Package local is the embedded store: spans in a folder of this machine.
//
// The log of each project (package seglog) is the store; the index (package
// index) is derived from it and may be deleted. Append makes the rows of a batch
// in the caller's goroutine, writes its bytes to the log, which is when they are
// acknowledged, and hands the rows to the index. A read asks the index for rows
// and, where somebody wants to see what was sent, the log for bytes. On opening,
// the index is told what it has not seen of each log.
//
// The folder has projects/NAME/log, and index, which may be deleted while nobody
// has the folder open. One process has it open at a time; who opens it sees to
// that.
package local
