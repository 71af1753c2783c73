package problemtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// makers are the functions whose first text is what a problem says.
var makers = []string{"Newf", "Problem", "wrong", "fault"}

// EveryRule fails for each message in the source of the package that is tested
// which none of the messages given is an example of. What no file can bring
// about (an option of the command line) is named in elsewhere, as it is written
// in the source.
func EveryRule(t testing.TB, messages []string, elsewhere ...string) {
	t.Helper()
	said := strings.Join(messages, "\n")
	formats := formats(t)
	if len(formats) == 0 {
		t.Fatal("the package gives no problems")
	}
	for _, format := range formats {
		if at := slices.Index(elsewhere, format); at >= 0 {
			elsewhere = slices.Delete(slices.Clone(elsewhere), at, at+1)
			continue
		}
		if !example(format).MatchString(said) {
			t.Errorf("no .bad fixture has the problem %q", format)
		}
	}
	for _, format := range elsewhere {
		t.Errorf("the package has no problem %q", format)
	}
}

var verb = regexp.MustCompile(`%[-+#0-9.]*[a-zA-Z]`)

// example matches what a format makes.
func example(format string) *regexp.Regexp {
	parts := verb.Split(format, -1)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.ReplaceAll(parts[i], "%%", "%"))
	}
	return regexp.MustCompile(strings.Join(parts, ".*"))
}

// formats are what the problems of the package in this folder say, as written.
func formats(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	add := func(e ast.Expr) bool {
		literal, ok := e.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return false
		}
		text, err := strconv.Unquote(literal.Value)
		if err == nil && strings.Trim(verb.ReplaceAllString(text, ""), ": ") != "" && !slices.Contains(found, text) {
			found = append(found, text)
		}
		return true
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if slices.Contains(makers, called(n)) {
					texts := n.Args
					if called(n) != "Newf" && len(texts) > 1 {
						texts = texts[1:] // the place comes first
					}
					_ = len(texts) > 0 && add(texts[0])
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "What" {
					add(n.Value)
				}
			}
			return true
		})
	}
	slices.Sort(found)
	return found
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}
