package eval

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/assay-llmops/assay/internal/calls"
)

// lastCalls are the parts of the newest call for each config, case and repeat.
type lastCalls map[string]map[string]string

func readLastCalls(store *calls.Store) (lastCalls, error) {
	entries, err := store.Entries(0, func(e *calls.Entry) bool { return e.Error == nil && e.Purpose == "" })
	if err != nil {
		return nil, err
	}
	last := lastCalls{}
	for i := range entries {
		e := &entries[i]
		last[callPlace(e.Config, e.Case, e.Repeat)] = e.Parts
	}
	return last, nil
}

func callPlace(config, caseID string, repeat int) string {
	return config + "\x00" + caseID + "\x00" + strconv.Itoa(repeat)
}

// compare says what differs from the last call of the same place.
func (l lastCalls) compare(config, caseID string, repeat int, parts map[string]string) string {
	before := l[callPlace(config, caseID, repeat)]
	if before == nil {
		return "this case was never asked with this config"
	}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if name != "request" && parts[name] != before[name] {
			changed = append(changed, name)
		}
	}
	if len(changed) == 0 {
		return "the same was asked before, at another address or by another engine, and no answer is kept"
	}
	return "other " + strings.Join(changed, ", ") + " than the last time"
}
