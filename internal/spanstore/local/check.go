package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/spanstore/local/index"
	"github.com/assay-llmops/assay/internal/spanstore/local/seglog"
	"github.com/assay-llmops/assay/internal/vfs"
)

// Checked is what Check found in the log of a project.
type Checked struct {
	Project string
	*seglog.Report
}

// File is the file of the log that a damage is in, from the folder of the store.
func (c *Checked) File(d seglog.Damage) string {
	return filepath.Join("projects", c.Project, "log", seglog.FileName(d.Segment))
}

// IndexFile is where the index lies, from the folder of the store.
func IndexFile() string { return filepath.Join("index", index.FileName) }

// CheckIndex reads all of the index in the folder of a store that nobody has
// open, and changes nothing. The error is ErrDamaged of spanstore where it is
// better made anew, which loses nothing.
func CheckIndex(ctx context.Context, dir string) error {
	return index.Check(ctx, filepath.Join(dir, "index"))
}

// CheckBeside reads the files that may lie beside the log of a project, and calls
// bad for each that is damaged: file is where it lies, from the folder of the
// store, lost is what is gone with it, and the error is a problem of package
// problem.
func CheckBeside(dir, project string, bad func(file, lost string, err error)) {
	s := &Store{dir: dir, o: Options{Log: seglog.Options{FS: vfs.OS{}}}, settings: map[string]*settings{}, books: map[string]*price.Book{}}
	at := func(name string) string { return filepath.Join("projects", project, name) }
	if _, err := s.loadPending(project); err != nil {
		bad(at(pendingName), "what an erasure that was cut short has still to remove", err)
	}
	if _, err := s.readState(project, damagedName, &lostFile{}, "nothing: the next start makes it anew"); err != nil {
		bad(at(damagedName), "nothing: it names what was found damaged in the log", err)
	}
	if err := s.loadSettings(project); err != nil {
		bad(at(settingsName), "what the project keeps, and by which prices its spans cost", err)
	}
}

// Check reads every log in the folder of a store that nobody has open, by the
// names of the projects, and changes nothing. The index is not looked at: it is
// derived.
func Check(ctx context.Context, dir string) ([]Checked, error) {
	projects, err := os.ReadDir(filepath.Join(dir, "projects"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the projects of the store: %w", err)
	}
	var all []Checked
	for _, p := range projects {
		if !p.IsDir() {
			continue
		}
		report, err := seglog.Check(ctx, vfs.OS{}, filepath.Join(dir, "projects", p.Name(), "log"))
		if err != nil {
			return nil, err
		}
		all = append(all, Checked{p.Name(), report})
	}
	return all, nil
}

// Reindex makes the index of the store in a folder anew, and says how many spans
// it has. Spans cost what they did; the options' prices are for those that came
// before a project's settings said by which. No other process may have the folder
// open.
func Reindex(ctx context.Context, dir string, o Options) (spans int64, err error) {
	if err := os.RemoveAll(filepath.Join(dir, "index")); err != nil {
		return 0, fmt.Errorf("removing the index: %w", err)
	}
	s, err := openStore(ctx, dir, o, true)
	if err != nil {
		return 0, err
	}
	spans = s.Metrics().Spans
	return spans, s.Close()
}
