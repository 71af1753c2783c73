package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/ingest"
)

// Who says whose a request to the API is: the project it is about, and what it
// may do.
type Who func(*http.Request) (project string, scopes []string, err error)

// asks is Who by API keys; where none are used, anybody may do anything, which
// is why the server listens on the loopback only then.
func asks(keys *access.Keys) Who {
	return func(r *http.Request) (string, []string, error) {
		if !keys.Used() {
			return anybody(r)
		}
		id, err := keys.Request(r.Header.Get)
		if err != nil {
			return "", nil, err
		}
		var scopes []string
		for _, s := range access.Scopes() {
			if id.May(s) {
				scopes = append(scopes, string(s))
			}
		}
		return id.Project, scopes, nil
	}
}

// everyProject is what the API calls the right to see the names of all projects,
// which no key gives.
const everyProject = "projects"

// anybody may do anything in the project that the request names.
func anybody(r *http.Request) (string, []string, error) {
	var scopes []string
	for _, s := range access.Scopes() {
		scopes = append(scopes, string(s))
	}
	scopes = append(scopes, everyProject)
	return access.ProjectName(r.URL.Query().Get("project")), scopes, nil
}

// sends gives the project that a sender of spans may write to.
func sends(keys *access.Keys) func(func(string) string) (string, error) {
	return func(header func(string) string) (string, error) {
		if !keys.Used() {
			return "", nil
		}
		id, err := keys.Request(header)
		if err != nil {
			return "", err
		}
		if !id.May(access.Ingest) {
			return "", &ingest.Denied{Reason: "the API key lacks the scope ingest"}
		}
		return id.Project, nil
	}
}

// fromHere lets requests through that name this machine as their host, where no
// keys are used: a page in the user's browser may reach the loopback under a
// name of its own (DNS rebinding), and would read everything.
func fromHere(keys *access.Keys, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !keys.Used() && !isLoopback(r.Host) {
			plain(w, http.StatusMisdirectedRequest, "without API keys this server answers at localhost only")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
