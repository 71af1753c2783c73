// Package index answers questions about spans from narrow rows in DuckDB.
//
// It is derived: every row comes from the log, which says where the span's bytes
// are. The index may be deleted at any time; the store then replays the log.
//
// A row passes three places. Append puts it into a buffer in memory, which costs
// almost nothing. Flush settles the buffer (duplicates, and which usage counts)
// and moves it to the hot tables, in DuckDB's memory; every query flushes first,
// so it sees all that was appended before it. Merge moves the hot tables in one
// transaction into the cold ones, in a file, and writes with them the mark up to
// which the log is indexed. A crash loses what was not merged, and the log after
// the mark brings it back.
//
// Where a flush changes cold rows and the file has no room, what is left of it is
// done at the next flush; questions fail until then, and so, once the buffer is
// full, does appending.
//
// Hours of cold rows that are over and quiet are summed in roll-ups (roll.go), of
// which a question for figures is asked first.
//
// Queries read the views spans, logs, scores and dict, which join hot and cold.
// They hold a lock that Flush and Merge take for the moment in which rows change
// place, so no query sees a row twice or not at all.
//
// DuckDB is a C++ library: building this package needs a C++ compiler.
package index
