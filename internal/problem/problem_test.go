package problem

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrorSaysWhereWhatWantAndFix(t *testing.T) {
	p := Newf("unknown field %q", "modle").At("a.yaml", 3).Wanted("a field of a config").Remedy("did you mean model?")
	want := "a.yaml:3: unknown field \"modle\"\n  expected: a field of a config\n  fix: did you mean model?"
	if got := p.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if again := p.At("b.yaml", 9).File; again != "a.yaml" {
		t.Errorf("a placed problem moved to %s", again)
	}
}

func TestIsSeesThroughWrappingAndLists(t *testing.T) {
	p := Newf("x")
	for _, err := range []error{p, fmt.Errorf("reading: %w", p), List{p}, fmt.Errorf("a: %w", List{p})} {
		if !Is(err) {
			t.Errorf("%v is not seen as a problem", err)
		}
	}
	if Is(errors.New("boom")) || Is(nil) {
		t.Error("a surprise is taken for a problem")
	}
	if List(nil).OrNil() != nil {
		t.Error("an empty list is an error")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"model", "messages", "params", "name"}
	for in, want := range map[string]string{
		"modle": "model", "mesages": "messages", "Params": "params", "nmae": "name", "zzz": "", "temperature": "",
	} {
		if got := Nearest(in, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", in, got, want)
		}
	}
}
