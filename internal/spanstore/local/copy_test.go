package local_test

import (
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore/local"
	"github.com/assay-llmops/assay/internal/spanstore/storetest"
	"github.com/assay-llmops/assay/internal/vfs"
)

func TestCopyOfARunningStoreAnswersTheSame(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	s := open(t, from)
	defer closed(t, s)
	storetest.Fill(t, s)
	want := storetest.Answers(t, s)
	if err := local.Copy(t.Context(), from, vfs.OS{}, to); err != nil {
		t.Fatal(err)
	}
	storetest.Fill(t, s) // what comes later is not in it
	restored := open(t, to)
	defer closed(t, restored)
	if got := storetest.Answers(t, restored); got != want {
		t.Errorf("restored, the store answers\n%s\nnot\n%s", got, want)
	}
}
