package index

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/assay-llmops/assay/internal/spanstore/sqlquery"
)

// dims is how many dimensions the dictionary has, and one: ids of 0 are none.
const dims = int(sqlquery.Project) + 1

// textColumns is how many columns of spans are keys of the dictionary.
const textColumns = 15

// dict gives texts numbers. All of it is in memory: a text costs about a hundred
// bytes, so a million sessions cost a hundred megabytes.
type dict struct {
	mu    sync.RWMutex
	ids   [dims]map[string]uint32
	texts [dims][]string // by id; that of 0 is empty
	fresh []entry        // not yet in a table
}

type entry struct {
	dim  sqlquery.Dim
	id   uint32
	text string
}

func newDict() *dict {
	d := &dict{}
	for i := range d.ids {
		d.ids[i] = map[string]uint32{}
		d.texts[i] = []string{""}
	}
	return d
}

// id is the number of a text, which is given one if it has none; 0 for no text.
// The text is cloned when it is kept.
func (d *dict) id(dim sqlquery.Dim, text string) uint32 {
	if text == "" {
		return 0
	}
	if id, ok := d.find(dim, text); ok {
		return id
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, ok := d.ids[dim][text]; ok {
		return id
	}
	e := entry{dim: dim, id: uint32(len(d.texts[dim])), text: strings.Clone(text)}
	d.keep(e)
	d.fresh = append(d.fresh, e)
	return e.id
}

// keep adds an entry that has the next id of its dim. One without a text was
// forgotten.
func (d *dict) keep(e entry) {
	if e.text != "" {
		d.ids[e.dim][e.text] = e.id
	}
	d.texts[e.dim] = append(d.texts[e.dim], e.text)
}

// text is the text with this number, empty where there is none.
func (d *dict) text(dim sqlquery.Dim, id uint32) string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if int(id) >= len(d.texts[dim]) {
		return ""
	}
	return d.texts[dim][id]
}

func (d *dict) find(dim sqlquery.Dim, text string) (uint32, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	id, ok := d.ids[dim][text]
	return id, ok
}

// forget takes the text from a number, which is not given again.
func (d *dict) forget(dim sqlquery.Dim, id uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.ids[dim], d.texts[dim][id])
	d.texts[dim][id] = ""
}

// takeFresh gives what is in no table yet; the caller writes it to one.
func (d *dict) takeFresh() []entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	fresh := d.fresh
	d.fresh = nil
	return fresh
}

// tagSet is the text of a set of tags.
func tagSet(tags []string) string {
	if len(tags) == 0 {
		return ""
	}
	sorted := slices.Clone(tags)
	slices.Sort(sorted)
	text, err := json.Marshal(slices.Compact(sorted))
	if err != nil { // strings are always JSON
		return ""
	}
	return string(text)
}
