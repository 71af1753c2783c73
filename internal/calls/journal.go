package calls

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/assay-llmops/assay/internal/problem"
)

// Entries returns the journal's lines that keep accepts, oldest first, and at
// most the newest limit of them (0: all). A line cut short by a crash is
// passed over.
func (s *Store) Entries(limit int, keep func(*Entry) bool) ([]Entry, error) {
	file, err := os.Open(filepath.Join(s.dir, "journal.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	defer file.Close()
	var found []Entry
	lines := bufio.NewReaderSize(file, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		var e Entry
		if len(line) > 1 && json.Unmarshal(line, &e) == nil && (keep == nil || keep(&e)) {
			found = append(found, e)
			if limit > 0 && len(found) >= 2*limit {
				found = append(found[:0], found[len(found)-limit:]...)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
	}
	if limit > 0 && len(found) > limit {
		found = found[len(found)-limit:]
	}
	return found, nil
}

// Find returns the newest journal entry whose key starts with prefix.
func (s *Store) Find(prefix string) (*Entry, error) {
	if len(prefix) < 4 {
		return nil, problem.Newf("%q is too short for the key of a call", prefix).Wanted("at least 4 hex digits").
			Remedy("assay calls ls shows the keys")
	}
	matches, err := s.Entries(0, func(e *Entry) bool { return strings.HasPrefix(e.Key, prefix) })
	if err != nil {
		return nil, err
	}
	if len(matches) == 0 {
		return nil, problem.Newf("there is no call %s", prefix).Remedy("assay calls ls shows the calls that were made")
	}
	newest := &matches[len(matches)-1]
	for _, m := range matches {
		if m.Key != newest.Key {
			return nil, problem.Newf("%s names more than one call", prefix).Remedy("give more digits: %s or %s", head(m.Key), head(newest.Key))
		}
	}
	return newest, nil
}

// head is the part of a key that tells it from others.
func head(key string) string { return key[:min(20, len(key))] }
