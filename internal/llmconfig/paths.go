package llmconfig

import (
	"path"
	"strings"
)

// fixedFolder is the part of a pattern before its first wildcard.
func fixedFolder(pattern string) string {
	folder := path.Dir(pattern)
	if i := strings.IndexAny(pattern, "*?[{"); i >= 0 {
		folder = path.Dir(pattern[:i] + "x")
	}
	return folder
}

func isInside(folder, name string) bool {
	return folder == "." || strings.HasPrefix(name, folder+"/")
}

// relative is name as seen from a folder that holds it.
func relative(folder, name string) string {
	if folder == "." {
		return name
	}
	return strings.TrimPrefix(name, folder+"/")
}

// pointerValue walks objects by keys.
func pointerValue(v any, keys ...string) any {
	for _, k := range keys {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[k]
	}
	return v
}
