package seglog

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/assay-llmops/assay/internal/spanstore/local/block"
	"github.com/assay-llmops/assay/internal/vfs"
)

// Report is what Check found.
type Report struct {
	Segments int
	Records  int64
	Things   int64 // spans, log records, scores and whatever else has an ordinal
	Bytes    int64
	Damage   []Damage
	Sidecars []string // of each that is of no use: why. Nothing is lost with it.
}

// Check reads all of a log that nobody has open, down to the table of every
// block, and changes nothing.
func Check(ctx context.Context, fsys vfs.FS, dir string) (*Report, error) {
	numbers, _, err := segmentNumbers(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("checking the log in %s: %w", dir, err)
	}
	decoder, err := newDecoder()
	if err != nil {
		return nil, fmt.Errorf("checking the log in %s: %w", dir, err)
	}
	defer decoder.Close()
	l := &Log{fs: fsys, dir: dir, decoder: decoder}
	report := &Report{Segments: len(numbers)}
	for i, number := range numbers {
		if i > 0 && number != numbers[i-1]+1 {
			report.Damage = append(report.Damage, missing(numbers[i-1]+1, number-1))
		}
		if err := l.check(ctx, number, i == len(numbers)-1, report); err != nil {
			return nil, fmt.Errorf("checking the log in %s: %w", dir, err)
		}
	}
	return report, nil
}

func missing(from, to uint32) Damage {
	return Damage{Segment: from, Reason: fmt.Sprintf("the files of segments %d to %d are missing", from, to)}
}

func (l *Log) check(ctx context.Context, number uint32, last bool, report *Report) error {
	found, err := scan(l.fs, l.name(number), number, true)
	if err != nil {
		return err
	}
	size, err := l.fs.Size(l.name(number))
	if err != nil {
		return err
	}
	report.Bytes += size
	if last {
		found.markTail()
	}
	report.Damage = append(report.Damage, found.damage...)
	s := &segment{number: number, mark: found.mark, size: size, entries: found.entries}
	if err := l.checkSide(s); err != nil {
		report.Sidecars = append(report.Sidecars, filepath.Base(l.sideName(number))+": "+err.Error())
	}
	for i := range s.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := place{s, 0, s.entries[i]}
		h := &p.entry.head
		b, err := l.stored(&p)
		if err != nil {
			return err
		}
		records, reason := l.readable(h, b[headSize:])
		if reason != nil {
			report.Damage = append(report.Damage, Damage{
				Segment: number, Offset: p.entry.offset, Bytes: h.size(), First: h.first, Count: h.count,
				Reason: "the body of a record: " + reason.Error(),
			})
			continue
		}
		report.Records += records
		report.Things += int64(h.count)
	}
	return nil
}

// checkSide says what is wrong with the sidecar of a segment, if there is one.
func (l *Log) checkSide(s *segment) error {
	found, err := l.readSide(s.number)
	if err != nil {
		return ignoreMissing(err)
	}
	if found.mark != s.mark || found.size != s.size || !slices.Equal(found.entries, s.entries) {
		return errSide
	}
	if n := len(found.side.tokens); n > 0 && !l.readFilters(found, found.side, make([]byte, found.side.tokens[n-1])) {
		return errSide
	}
	return nil
}

// readable says how many records are stored as one, or why nothing can be made
// of them though the checksum holds.
func (l *Log) readable(h *head, stored []byte) (int64, error) {
	body, err := unpack(l.decoder, h, stored)
	if err != nil {
		return 0, err
	}
	members, err := membersOf(h, body)
	for i := 0; i < len(members) && err == nil; i++ {
		err = members[i].readable()
	}
	return int64(len(members)), err
}

func (m *member) readable() error {
	n := int(m.count)
	switch m.typ {
	case Spans:
		v, err := block.Decode(m.body)
		if err != nil {
			return err
		}
		n = v.Len()
	case Scores:
		scores, err := block.DecodeScores(m.body)
		if err != nil {
			return err
		}
		n = len(scores)
	}
	if n != int(m.count) {
		return fmt.Errorf("it holds %d things, its header says %d", n, m.count)
	}
	return nil
}
