package api

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// Damage is what the test's store says is lost.
func (d *double) Damage(project string) spanstore.Damage {
	if project != "shop" {
		return spanstore.Damage{}
	}
	return d.damage
}

// Every answer about a project that has lost something says so, as the OpenAPI
// document has it.
func TestAnswersNameLoss(t *testing.T) {
	t.Parallel()
	h := serve(&double{damage: spanstore.Damage{Parts: 2, Items: 300}}, io.Discard)
	doc := openAPI(t)
	for path, route := range map[string]string{
		"/traces": "", "/spans": "", "/spans/count": "", "/sessions": "", "/sessions/s1": "/sessions/{session_id}", "/users": "", "/scores": "", "/stats": "",
		"/traces/" + traceID().String(): "/traces/{trace_id}",
	} {
		if route == "" {
			route = path
		}
		status, body := ask(t, h, "GET", path, "")
		if status != http.StatusOK || !strings.Contains(body, `"damage":{"parts":2,"items":300}`) {
			t.Errorf("%s: %d %s", path, status, body)
		}
		doc.fits(t, "GET", route, "200", body)
	}
	const lost = "2 parts of the log of the project are damaged on the disk of the server, with 300 items"
	if status, body := ask(t, h, "GET", "/traces/"+strings.Repeat("1", 32), ""); status != http.StatusNotFound || !strings.Contains(body, ` is not in project shop, or it is lost: `+lost) {
		t.Errorf("of a trace that is not there: %d %s", status, body)
	}
	if status, body := ask(t, h, "GET", "/export", ""); status != http.StatusOK || !strings.HasPrefix(body, `{"error":{"code":"damaged","message":"`+lost) {
		t.Errorf("an export: %d %s", status, body)
	}
}
