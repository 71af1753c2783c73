package local

import (
	"fmt"

	"github.com/assay-llmops/assay/internal/price"
	"github.com/assay-llmops/assay/internal/spanstore"
)

// settings are what was decided about a project: what it keeps, and by which
// prices its spans cost. They are a file beside the log: the index may be deleted,
// and of the log itself retention removes the oldest, which is where they would
// be. A backup takes the file along; an export, which is spans for anybody, does
// not. A value is never changed, but replaced.
type settings struct {
	Keep  *spanstore.Retention    `json:"keep,omitempty"`  // nil: what the server keeps of all
	Books map[string][]price.File `json:"books,omitempty"` // by digest
	Costs []rule                  `json:"costs,omitempty"`

	Recosting bool `json:"recosting,omitempty"` // the index may have costs of before the last rule
}

const settingsName = "settings.json"

// settingsOf gives the settings of a project.
func (s *Store) settingsOf(project string) *settings {
	s.settingsMu.Lock()
	defer s.settingsMu.Unlock()
	if c := s.settings[project]; c != nil {
		return c
	}
	return &settings{}
}

// loadSettings reads the settings of a project from its folder.
func (s *Store) loadSettings(project string) error {
	c := &settings{}
	_, err := s.readState(project, settingsName, c, "take it from a backup; without the file, the project keeps what the server keeps of all, and a new index costs by today's prices")
	if err != nil {
		return err
	}
	s.settingsMu.Lock()
	defer s.settingsMu.Unlock()
	for digest, files := range c.Books {
		if s.books[digest] != nil {
			continue
		}
		if s.books[digest], err = price.Of(files); err != nil {
			return fmt.Errorf("reading the prices of project %s: %w", project, err)
		}
	}
	s.settings[project] = c
	return nil
}

// decide changes the settings of a project, on disk first.
func (s *Store) decide(project string, change func(*settings) *settings) error {
	s.settingsMu.Lock()
	defer s.settingsMu.Unlock()
	c := s.settings[project]
	if c == nil {
		c = &settings{}
	}
	next := change(c)
	if err := s.writeState(project, settingsName, next); err != nil {
		return err
	}
	s.settings[project] = next
	return nil
}
