// Package calls keeps every model call that was made: the request log of the
// first rung, and the cache by which nothing is paid for twice.
//
// It owns the state folder (.assay, safe to delete):
//
//	.assay/format            number of the layout, 1
//	.assay/calls/ab/KEY.json one Call, named by what was asked; written once
//	.assay/scores/ab/KEY.json a costly evaluator's score
//	.assay/journal.jsonl     one Entry for each call made, failures included, in order
//	.assay/runs/ID.jsonl     a finished run; ID.part.jsonl while it goes on
//	.assay/index/            retrieval indexes, by content
//	.assay/locks/            one writer a run
//
// A call file appears by rename, whole or not at all, so any number of
// processes may read and write the folder at once. Only answers and failures
// of the candidate are kept as calls; what the world did wrong is journalled
// and never reused. Prompts and answers lie in the folder, so it and its files
// are for their owner alone.
package calls

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/assay-llmops/assay/internal/problem"
)

// Layout is the number of the folder's layout that this Assay writes.
const Layout = 1

// Store is an open state folder. It is safe for concurrent use.
type Store struct {
	dir string

	mu      sync.Mutex
	journal *os.File
}

// Open opens the state folder dir and makes it where it is missing. A folder
// with a newer layout is refused; one that cannot be written is a Problem.
func Open(dir string) (*Store, error) {
	for _, sub := range []string{"calls", "scores", "runs", "index", "locks"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, WriteProblem(dir, err)
		}
	}
	if err := checkLayout(dir); err != nil {
		return nil, err
	}
	// The folder keeps itself out of git, wherever it lies.
	ignore := filepath.Join(dir, ".gitignore")
	if _, err := os.Stat(ignore); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(ignore, []byte("*\n"), 0o600); err != nil {
			return nil, WriteProblem(dir, err)
		}
	}
	journal, err := os.OpenFile(filepath.Join(dir, "journal.jsonl"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, WriteProblem(dir, err)
	}
	if err := endLine(journal); err != nil {
		journal.Close()
		return nil, WriteProblem(dir, err)
	}
	return &Store{dir: dir, journal: journal}, nil
}

// endLine ends a last line that was cut short by a crash or a full disk, so
// that the next entry does not join it. A blank line is passed over by readers.
func endLine(journal *os.File) error {
	info, err := journal.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := journal.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = journal.Write([]byte{'\n'})
	return err
}

// Close releases the journal. Nothing is buffered.
func (s *Store) Close() error { return s.journal.Close() }

// Dir is the path of a sub-folder: "runs", "index" or "locks".
func (s *Store) Dir(sub string) string { return filepath.Join(s.dir, sub) }

func checkLayout(dir string) error {
	path := filepath.Join(dir, "format")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := writeFile(path, []byte(strconv.Itoa(Layout)+"\n")); err != nil {
			return WriteProblem(dir, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the layout of %s: %w", dir, err)
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || number > Layout {
		return (&problem.Problem{
			File: path, What: fmt.Sprintf("the state folder has layout %q", strings.TrimSpace(string(text))),
			Want: fmt.Sprintf("layout %d or older", Layout),
			Fix:  "use the newer Assay that wrote it, or delete the folder: it holds only what can be made again",
		})
	}
	return nil
}

// Get returns the call kept under key, or nil when there is none, without what
// was asked: who looks for an answer knows the question. A file that cannot be
// read as a call counts as none: it will be asked and written again.
func (s *Store) Get(key string) (*Call, error) {
	var c struct {
		Call
		Input     json.RawMessage `json:"input"` // passed over: they are the larger part
		Request   json.RawMessage `json:"request"`
		Documents json.RawMessage `json:"documents"`
	}
	found, err := s.read(key, &c)
	if !found || c.Key != key {
		return nil, err
	}
	return &c.Call, nil
}

// GetWhole is Get with what was asked.
func (s *Store) GetWhole(key string) (*Call, error) {
	var c Call
	found, err := s.read(key, &c)
	if !found || c.Key != key {
		return nil, err
	}
	return &c, nil
}

func (s *Store) read(key string, call any) (found bool, err error) {
	text, err := os.ReadFile(s.path("calls", key))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading a cached call: %w", err)
	}
	return json.Unmarshal(text, call) == nil, nil
}

// Put keeps a call under its key and replaces an older one.
func (s *Store) Put(c *Call) error { return s.write("calls", c.Key, c) }

// GetScore reads a kept score into score; false when there is none.
func (s *Store) GetScore(key string, score any) bool {
	text, err := os.ReadFile(s.path("scores", key))
	return err == nil && json.Unmarshal(text, score) == nil
}

// PutScore keeps a score under its key.
func (s *Store) PutScore(key string, score any) error { return s.write("scores", key, score) }

func (s *Store) path(kind, key string) string {
	if len(key) < 3 || strings.ContainsAny(key, "/\\.") {
		return filepath.Join(s.dir, kind, "invalid")
	}
	return filepath.Join(s.dir, kind, key[:2], key+".json")
}

func (s *Store) write(kind, key string, v any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing to %s: %w", kind, err)
	}
	path := s.path(kind, key)
	err := writeFile(path, text.Bytes())
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return WriteProblem(s.dir, err)
		}
		err = writeFile(path, text.Bytes())
	}
	if err != nil {
		return WriteProblem(s.dir, err)
	}
	return nil
}

// writeFile puts a whole file at path or leaves what was there: it writes
// beside it and renames. Only its owner may read it.
func writeFile(path string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	if _, err := tmp.Write(text); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// WriteProblem turns a failure to write into something that the user can act on.
func WriteProblem(dir string, err error) error {
	p := &problem.Problem{File: dir, What: "cannot write the state folder: " + Reason(err), Err: err}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		p.What = "the disk is full"
		p.Fix = "free some space and run the same command again: what was finished is kept and is not called again"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		p.Fix = "make the folder writable, or keep the state elsewhere with --state DIR (or ASSAY_STATE)"
	default:
		p.Fix = "keep the state elsewhere with --state DIR (or ASSAY_STATE)"
	}
	return p
}

// Reason is the innermost text of a file error, for a message that has said the
// path already.
func Reason(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}
