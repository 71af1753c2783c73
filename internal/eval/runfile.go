package eval

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/evaluator"
	"github.com/assay-llmops/assay/internal/problem"
)

// maxLine bounds a line of a results file: an answer with all its content.
const maxLine = 256 << 20

// ReadFile reads a results file. With content false the records are slim:
// what a gate needs, without prompts, documents and outputs.
func ReadFile(path string, content bool) (*Run, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, (&problem.Problem{File: path, What: "there is no such results file", Err: err}).
			Remedy("write one with: assay eval --out %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a run: %w", err)
	}
	defer file.Close()
	return Read(file, path, content)
}

// Read reads a results file from r; name is for error messages. A last line
// that was cut short is an error here: a finished file has none.
func Read(r io.Reader, name string, content bool) (*Run, error) {
	run := &Run{}
	err := scan(r, func(number int, line []byte) error {
		if number == 1 {
			return readHeader(line, name, &run.Header)
		}
		var rec Record
		if err := json.Unmarshal(line, &rec); err != nil {
			return (&problem.Problem{File: name, Line: number, What: "the line is not a record of a run: " + err.Error(), Err: err}).
				Remedy("the file is damaged or was cut short; make it again")
		}
		if !content {
			rec = rec.slim()
		}
		run.Records = append(run.Records, rec)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if run.Header.Format == "" {
		return nil, (&problem.Problem{File: name, What: "the results file is empty"}).Remedy("make it again with assay eval --out FILE.jsonl")
	}
	return run, nil
}

func readHeader(line []byte, name string, h *Header) error {
	if err := json.Unmarshal(line, h); err != nil || h.Format == "" {
		return (&problem.Problem{File: name, Line: 1, What: "the first line is not the header of a run"}).
			Wanted(`{"format":"%s", ...}`, Format).Remedy("give a file written by assay eval --out FILE.jsonl")
	}
	if h.Format != Format {
		return (&problem.Problem{File: name, Line: 1, What: fmt.Sprintf("the format is %q", h.Format)}).
			Wanted("%s", Format).Remedy("a newer Assay wrote it: use that one, or make the file again")
	}
	return nil
}

// scan gives each line that is not blank to use, without its end.
func scan(r io.Reader, use func(number int, line []byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), maxLine)
	for number := 1; lines.Scan(); number++ {
		if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 {
			if err := use(number, line); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading a run: %w", err)
	}
	return nil
}

// slim is what a gate and a table need: neither prompts, documents and outputs
// nor what identifies them, and no reasons of what passed.
func (r *Record) slim() Record {
	s := r.bare()
	s.CaseDigest, s.OutputDigest, s.Call, s.Model, s.FinishReason = "", "", "", "", ""
	s.Scores = make(map[string]evaluator.Score, len(r.Scores))
	for name, score := range r.Scores {
		if score.Outcome == evaluator.Pass {
			score.Reason = ""
		}
		s.Scores[name] = score
	}
	return s
}

// bare is the record without its content.
func (r *Record) bare() Record {
	s := *r
	s.Input, s.Expected, s.Messages, s.Documents, s.ToolCalls, s.Output = nil, nil, nil, nil, nil, ""
	return s
}

// withoutContent drops prompts, answers and what was expected, for a results
// file that may be shown to more people than the cases may. Reasons of scores
// may quote an answer and go too.
func (r *Record) withoutContent() Record {
	s := r.bare()
	s.Metadata, s.Scores = nil, make(map[string]evaluator.Score, len(r.Scores))
	for name, score := range r.Scores {
		score.Reason = ""
		s.Scores[name] = score
	}
	return s
}

// WithoutContent is the run as it may be shown to more people than its cases
// may: no prompts, answers, expectations, metadata or reasons.
func (run *Run) WithoutContent() *Run {
	less := &Run{Header: run.Header, Records: make([]Record, len(run.Records)), Path: run.Path}
	less.Header.NoContent = true
	for i := range run.Records {
		less.Records[i] = run.Records[i].withoutContent()
	}
	return less
}

// partFile is a run that goes on: its header, then records as they finish.
type partFile struct {
	path string
	file *os.File
	size int64 // of what is whole in it
}

// errNoHeader is a part file that ends before its header does.
var errNoHeader = errors.New("the interrupted run has no header")

// createPart starts the file of a new run.
func createPart(path string, h *Header) (*partFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, diskProblem(path, err)
	}
	p := &partFile{path: path, file: file}
	if _, err := p.write(h); err != nil {
		file.Close()
		return nil, err
	}
	return p, nil
}

// resumePart opens the file of a run that was interrupted, gives every whole
// record with its place to use, and cuts off a line that was cut short.
func resumePart(path string, use func(*Record, place)) (*partFile, *Header, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, diskProblem(path, err)
	}
	p := &partFile{path: path, file: file}
	var h *Header
	in := bufio.NewReaderSize(file, 1<<16)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			break // the end, or a line without one: not whole
		}
		if h == nil {
			h = &Header{}
			if err := readHeader(line, path, h); err != nil {
				file.Close()
				return nil, nil, err
			}
		} else {
			var rec Record
			if json.Unmarshal(line, &rec) != nil {
				break
			}
			use(&rec, place{p.size, int64(len(line))})
		}
		p.size += int64(len(line))
	}
	if h == nil {
		file.Close()
		return nil, nil, errNoHeader
	}
	if err := file.Truncate(p.size); err != nil {
		file.Close()
		return nil, nil, diskProblem(path, err)
	}
	return p, h, nil
}

// place is where a line lies in a part file.
type place struct{ offset, length int64 }

// taken tells a place from none: no line is empty.
func (p place) taken() bool { return p.length > 0 }

// write appends a line and returns where it lies.
func (p *partFile) write(v any) (place, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return place{}, fmt.Errorf("writing a record: %w", err)
	}
	if _, err := p.file.WriteAt(line.Bytes(), p.size); err != nil {
		return place{}, diskProblem(p.path, err)
	}
	at := place{p.size, int64(line.Len())}
	p.size += at.length
	return at, nil
}

// finish writes the records in the given order under the finished name, with
// the final header, and removes the part file.
func (p *partFile) finish(path string, h *Header, order []place) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return diskProblem(path, err)
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	if err := p.copyTo(tmp, h, order); err != nil {
		tmp.Close()
		return diskProblem(path, err)
	}
	if err := tmp.Close(); err != nil {
		return diskProblem(path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return diskProblem(path, err)
	}
	if err := p.file.Close(); err != nil {
		return diskProblem(p.path, err)
	}
	return os.Remove(p.path)
}

func (p *partFile) copyTo(w *os.File, h *Header, order []place) error {
	out := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(h); err != nil {
		return err
	}
	var line []byte // one for all: a buffer for each of many records would be the peak of the run
	for _, at := range order {
		line = slices.Grow(line[:0], int(at.length))[:at.length]
		if _, err := p.file.ReadAt(line, at.offset); err != nil {
			return err
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush() // not synced: what a power cut takes is made again from the kept calls, or asked again
}

// Export writes a run as a results file; without content prompts, answers and
// expectations are left out.
func Export(w io.Writer, run *Run, content bool) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	h := run.Header
	h.NoContent = h.NoContent || !content
	if err := enc.Encode(&h); err != nil {
		return fmt.Errorf("writing a run: %w", err)
	}
	for i := range run.Records {
		rec := &run.Records[i]
		if !content {
			bare := rec.withoutContent()
			rec = &bare
		}
		if err := enc.Encode(rec); err != nil {
			return fmt.Errorf("writing a run: %w", err)
		}
	}
	return out.Flush()
}

// List returns the headers of the finished runs in dir, newest first.
func List(dir string) ([]Header, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	var headers []Header
	for _, name := range names {
		if strings.HasSuffix(name, ".part.jsonl") {
			continue
		}
		h, err := firstLine(name)
		if err != nil {
			return nil, err
		}
		headers = append(headers, *h)
	}
	slices.SortFunc(headers, func(a, b Header) int { return cmp.Compare(b.Started, a.Started) })
	return headers, nil
}

func firstLine(path string) (*Header, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a run: %w", err)
	}
	defer file.Close()
	line, err := bufio.NewReader(file).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading a run: %w", err)
	}
	var h Header
	return &h, readHeader(line, path, &h)
}
