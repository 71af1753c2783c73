package index

import (
	"errors"
	"testing"
)

// Whoever comes after an index broke is told why it did, and nothing more.
func TestWhatBrokeIsToldOnce(t *testing.T) {
	t.Parallel()
	x := openTest(t, t.TempDir(), Options{})
	add(t, x, "p", spans(span(1, 0, 0)))
	first := x.spoil(errors.New("a tooth is missing"))
	for range 3 {
		add(t, x, "p", spans(span(2, 0, 1)))
		if err := x.Flush(t.Context()); !errors.Is(err, first) || err.Error() != first.Error() {
			t.Errorf("got %v, want %v", err, first)
		}
	}
	if err := x.Close(); !errors.Is(err, first) {
		t.Errorf("closing gave %v", err)
	}
}
