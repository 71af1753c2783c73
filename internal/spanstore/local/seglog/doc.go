// Package seglog is the log of one project: the place where what was
// acknowledged is. Everything else the store has is derived from it.
//
// Words: a segment is a file of the log, numbered from 1; only the last is
// written to. A record is what one Append wrote; a block is a record of spans
// and log records (package block). Every thing in a record (a span, a log
// record, a score) has an ordinal, counted from 0 over the whole segment, and a
// Ref, segment and ordinal, names it for good: nothing moves it. A segment that
// is no longer written to gets its neighbouring records stored as one, a pack, and
// a sidecar, a file of what can be said of it without reading it (Tidy).
//
// What holds:
//
//   - Append returns nil only when the record is on disk, synced. Records that
//     wait at the same time share one write and one sync.
//   - After a power cut all acknowledged records are there. What was being
//     written and is not whole is cut off at the end of the last segment, told
//     through Options.Damage, and a new segment is begun, so that no Ref is
//     given twice.
//   - Bytes that went bad are found by checksums, told and passed over; the
//     records behind them are found again by the mark that each segment's
//     records begin with, which no sender knows.
//   - Where the disk is full, the records fail with spanstore.ErrFull, nothing
//     of them stays, and the next Append tries again.
//
// The form of the files is written down in docs/format/log.md and side.md.
package seglog
