package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/dataset"
	"github.com/assay-llmops/assay/internal/fromtrace"
	"github.com/assay-llmops/assay/internal/problem"
)

// mostMatches is how many traces a filter may match to be drawn from.
const mostMatches = 100_000

type datasetAddCmd struct {
	serverFlag
	datasetFlag
	FromTrace string `placeholder:"ID" xor:"what" help:"Make a case of this trace."`
	Where     string `placeholder:"FILTER" xor:"what" help:"Make a case of each trace of which a span matches."`
	Since     string `placeholder:"AGE" help:"With --where: started then or later."`
	Until     string `placeholder:"AGE" help:"With --where: started earlier."`
	Sample    int    `placeholder:"N" help:"With --where: of N traces drawn at random."`
	Seed      uint64 `default:"1" help:"Of the draw; the same seed draws the same."`
}

func (cmd *datasetAddCmd) Run(c *console) error {
	if cmd.FromTrace == "" && cmd.Where == "" {
		return problem.Newf("nothing says which traces become cases").Wanted("--from-trace, or --where with a filter")
	}
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	shown, onDisk, err := cmd.file(c)
	if err != nil {
		return err
	}
	ids, err := cmd.traces(cl)
	if err != nil {
		return err
	}
	var cases []*fromtrace.Case
	empty := 0
	for _, id := range ids {
		var t api.Trace
		err := cl.get("/traces/"+url.PathEscape(id), nil, &t)
		if gone := (*api.Error)(nil); cmd.Where != "" && errors.As(err, &gone) && gone.Code == "not_found" {
			c.warn("trace " + id + " was erased meanwhile")
			empty++
			continue
		}
		if err != nil {
			return err
		}
		one, err := fromtrace.Make(&t)
		if err != nil {
			empty++
			c.warn(fmt.Sprintf("trace %s makes no case: %v", id, err))
			continue
		}
		cases = append(cases, one)
	}
	before, err := os.ReadFile(onDisk)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unreadable(shown, err)
	}
	after, added, err := fromtrace.Add(shown, before, cases)
	if err != nil {
		return err
	}
	if added > 0 {
		if err := replace(onDisk, after); err != nil {
			return err
		}
	}
	known := len(cases) - added
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.dataset-add/1", "path": shown, "added": added, "known": known, "empty": empty})
		return nil
	}
	c.printf("%s: %s added, %d known already, %d without an input\n", shown, plural(added, "case"), known, empty)
	if added > 0 {
		c.note("say what is expected of the new cases; their metadata has the answer that was given")
	}
	return nil
}

// file is where the dataset lies: as it is called, and on disk.
func (cmd *datasetAddCmd) file(c *console) (shown, onDisk string, err error) {
	p, err := c.openProject()
	if err != nil {
		return "", "", err
	}
	at, m, err := p.Dataset(cmd.Name)
	if err != nil {
		return "", "", err
	}
	if ext := strings.ToLower(filepath.Ext(at)); ext != ".jsonl" && ext != ".ndjson" || !reflect.DeepEqual(m, dataset.Mapping{}) {
		return "", "", (&problem.Problem{File: at, What: "cases can be added only to JSON lines in Assay's own shape"}).
			Remedy("name a new file, such as datasets/from-traces.jsonl")
	}
	return at, filepath.Join(p.Repo.Top, filepath.FromSlash(at)), nil
}

// traces are the ids of the traces that are meant, oldest first.
func (cmd *datasetAddCmd) traces(cl *client) ([]string, error) {
	if cmd.FromTrace != "" {
		if cmd.Sample != 0 || cmd.Since != "" || cmd.Until != "" {
			return nil, problem.Newf("--sample, --since and --until go with --where, not with --from-trace")
		}
		return []string{cmd.FromTrace}, nil
	}
	if cmd.Sample < 0 {
		return nil, problem.Newf("a sample of %d traces", cmd.Sample).Wanted("at least 1")
	}
	which := spanQuery{Filter: []string{cmd.Where}, Since: cmd.Since, Until: cmd.Until}
	query := which.values()
	query.Set("limit", strconv.Itoa(1000))
	var ids []string
	for {
		var page api.TracePage
		if err := cl.get("/traces", query, &page); err != nil {
			return nil, err
		}
		for i := range page.Traces {
			ids = append(ids, page.Traces[i].TraceID)
		}
		if len(ids) > mostMatches {
			return nil, problem.Newf("more than %d traces match", mostMatches).Remedy("narrow the filter, or give --since")
		}
		if page.Next == "" {
			cl.c.lacks(page.Lacking)
			break
		}
		query.Set("cursor", page.Next)
	}
	slices.Reverse(ids)
	if n := cmd.Sample; n > 0 && n < len(ids) {
		ids = drawn(ids, n, cmd.Seed)
	}
	return ids, nil
}

// drawn are n of the ids, in their order: those whose digest with the seed is
// least, so that a trace that comes in moves no other, and a smaller sample is
// part of a larger one.
func drawn(ids []string, n int, seed uint64) []string {
	rank := func(id string) string {
		sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, seed), id...))
		return string(sum[:])
	}
	byRank := slices.SortedFunc(slices.Values(ids), func(a, b string) int { return strings.Compare(rank(a), rank(b)) })
	chosen := map[string]bool{}
	for _, id := range byRank[:n] {
		chosen[id] = true
	}
	return slices.DeleteFunc(ids, func(id string) bool { return !chosen[id] })
}

// replace puts a new content in a file's place, whole or not at all.
func replace(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the dataset's folder: %w", err)
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".assay-*")
	if err != nil {
		return fmt.Errorf("writing the dataset: %w", err)
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(text)
	err = errors.Join(err, draft.Chmod(0o644), draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing the dataset: %w", err)
	}
	return nil
}
