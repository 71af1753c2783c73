package llmconfig

import (
	"path"
	"strings"
)

// fixedFolder is the folder of a pattern before its first wildcard.
func fixedFolder(pattern string) string {
	if i := strings.IndexAny(pattern, `*?[{\`); i >= 0 {
		pattern = pattern[:i] + "x"
	}
	return path.Dir(pattern)
}

// commonFolder is the deepest folder that holds both.
func commonFolder(a, b string) string {
	for a != "." && a != b && !strings.HasPrefix(b, a+"/") {
		a = path.Dir(a)
	}
	return a
}

// relative is name as seen from a folder that holds it.
func relative(folder, name string) string {
	return strings.TrimPrefix(name, strings.TrimPrefix(folder+"/", "./"))
}
