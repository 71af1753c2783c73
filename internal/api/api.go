package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/spanstore"
)

// Prefix is where the API lies.
const Prefix = "/api/v1"

const maxBody = 4 << 20 // bytes of a request's body

// The scopes that endpoints ask for. None includes another.
const (
	ScopeRead  = "read"
	ScopeWrite = "write"
	ScopeAdmin = "admin"
)

// ScopeProjects is of who may see all projects: where no keys are used. No
// endpoint asks for it.
const ScopeProjects = "projects"

// Who says who sends a request: the project that it is about and the scopes of
// its key. An error is answered with 401, an *Error as it says itself.
type Who func(*http.Request) (project string, scopes []string, err error)

// Options are what an API is made of.
type Options struct {
	Store spanstore.Store
	Who   Who
	Now   func() time.Time // time.Now where nil
	Log   *slog.Logger     // surprises are told here; nowhere where nil
}

// New is the handler of everything under Prefix.
func New(o Options) http.Handler {
	s := &server{o}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	table := routes()
	mux := http.NewServeMux()
	for i := range table {
		mux.HandleFunc(table[i].method+" "+Prefix+table[i].path, s.serve(&table[i]))
	}
	mux.HandleFunc("GET "+Prefix+"/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		document, err := OpenAPI()
		if err != nil {
			s.surprise("openapi.json", err)
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) // there is nobody left to tell
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if allowed := methods(mux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			fail(w, &Error{
				Status: http.StatusMethodNotAllowed, Code: "bad_method", Message: fmt.Sprintf("%s is not for %s", r.Method, r.URL.Path),
				Expected: strings.Join(allowed, " or "), Fix: "GET " + Prefix + "/openapi.json says what each does",
			})
			return
		}
		fail(w, &Error{
			Status: http.StatusNotFound, Code: "not_found", Message: fmt.Sprintf("there is no endpoint %s %s", r.Method, r.URL.Path),
			Fix: "GET " + Prefix + "/openapi.json lists them",
		})
	})
	return mux
}

// methods are those that an endpoint has at the path of a request.
func methods(mux *http.ServeMux, r *http.Request) (allowed []string) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

type server struct{ Options }

// route is one endpoint.
type route struct {
	method, path string
	scope        string
	summary      string
	params       []param
	body         any // a zero value of what the body holds; nil for none
	answer       any // a zero value of what is answered; nil for lines of JSON
	handle       func(*call) (any, error)
}

// call is one request on its way.
type call struct {
	*server
	ctx     context.Context
	request *http.Request
	project string
	scopes  []string
	now     time.Time // what ages count back from: of the first page, where this is a later one
	given   map[string]string
	answer  http.ResponseWriter // for answers that are streamed
}

// streamed says that a handler has written its answer itself.
type streamed struct{}

func (s *server) serve(rt *route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := s.run(rt, w, r)
		if _, done := v.(streamed); done && err == nil {
			return
		}
		var body []byte
		if err == nil {
			body, err = json.Marshal(v)
		}
		if err != nil {
			if e := told(err); e.Code == "internal" {
				s.surprise(rt.method+" "+rt.path, err)
			}
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(append(body, '\n')) // there is nobody left to tell
	}
}

func (s *server) run(rt *route, w http.ResponseWriter, r *http.Request) (any, error) {
	project, scopes, err := s.Who(r)
	if err != nil {
		e := bad("unauthorized", err)
		e.Status = http.StatusUnauthorized
		if own := told(err); own.Code != "internal" {
			e = own
		}
		return nil, e
	}
	if !slices.Contains(scopes, rt.scope) {
		return nil, &Error{Status: http.StatusForbidden, Code: "forbidden", Message: "the key lacks the scope " + rt.scope, Fix: "use a key that has it: assay key create"}
	}
	c := &call{server: s, ctx: r.Context(), request: r, project: project, scopes: scopes, now: s.Now(), answer: w}
	if c.given, err = read(rt, r); err != nil {
		return nil, err
	}
	if asked := c.given[forProject().name]; asked != "" && access.ProjectName(asked) != project {
		return nil, &Error{Status: http.StatusForbidden, Code: "forbidden", Message: "the key is for another project", Fix: "leave the project out, or use a key of it"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	v, err := rt.handle(c)
	return v, c.orLost(err)
}

// acted tells the log that something was removed or changed for good, and by
// which key.
func (c *call) acted(what string, args ...any) {
	key := "none: the server has no keys"
	if !slices.Contains(c.scopes, ScopeProjects) {
		key = access.KeyID(c.request.Header.Get) // the request was let in by it
	}
	c.Log.Info(what, append([]any{"project", c.project, "key", key}, args...)...)
}

func (s *server) surprise(what string, err error) {
	s.Log.Error("the API failed", "endpoint", what, "error", err)
}

// jsonBody reads a body that says that it is JSON. A page of another site, open in
// a browser on this machine, can send anything but this type without being let in
// first.
func (c *call) jsonBody() ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(c.request.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, &Error{Status: http.StatusUnsupportedMediaType, Code: "bad_body", Message: "the body has no type, or another than JSON", Fix: "send the header Content-Type: application/json"}
	}
	return c.body()
}

// body reads the whole body of the request.
func (c *call) body() ([]byte, error) {
	data, err := io.ReadAll(c.request.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	return data, nil
}
