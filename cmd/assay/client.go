package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/problem"
)

// serverFlag says where the server is that a command asks.
type serverFlag struct {
	Server string `placeholder:"URL" default:"http://127.0.0.1:4318" env:"ASSAY_SERVER" help:"Where assay serve listens; its key is read from ASSAY_API_KEY."`
	In     string `placeholder:"PROJECT" help:"Project of a server without keys (default: default); a key says its own."`
}

// client asks a server, with the key of the environment.
type client struct {
	c       *console
	base    string
	key     string
	project string
	accept  string // of what is asked for, where it is not plain JSON
}

func (f *serverFlag) open(c *console) (*client, error) {
	u, err := url.Parse(f.Server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, problem.Newf("%q is no address of a server", f.Server).Wanted("such as http://127.0.0.1:4318")
	}
	return &client{c: c, base: strings.TrimRight(f.Server, "/"), key: os.Getenv("ASSAY_API_KEY"), project: f.In}, nil
}

// do sends a request and gives the answer's body when it is a good one.
func (cl *client) do(method, path string, body io.Reader) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(cl.c.ctx, method, cl.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if cl.accept != "" {
		r.Header.Set("Accept", cl.accept)
	}
	if cl.project != "" { // the API reads the query, OTLP the header
		query := r.URL.Query()
		query.Set("project", cl.project)
		r.URL.RawQuery = query.Encode()
		r.Header.Set("X-Project-Name", cl.project)
	}
	if cl.key != "" {
		r.Header.Set("Authorization", "Bearer "+cl.key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		if cl.c.ctx.Err() != nil {
			return nil, cl.c.ctx.Err()
		}
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the address, which the message names
		}
		p := problem.Newf("the server at %s does not answer: %v", cl.base, err).Remedy("start it with assay serve, or name another with --server")
		p.Err = err
		return nil, p
	}
	if answer.StatusCode/100 == 2 {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	return nil, refused(cl.base, answer)
}

// refused is the problem that a server told.
func refused(base string, answer *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	var failure struct {
		api.Failure
		Message string // of OTLP, which has a form of its own
	}
	if err == nil && json.Unmarshal(text, &failure) == nil && failure.Error == nil && failure.Message != "" {
		failure.Error = &api.Error{Message: failure.Message}
		switch answer.StatusCode {
		case http.StatusUnauthorized:
			failure.Error.Code = "unauthorized"
		case http.StatusForbidden:
			failure.Error.Fix = "use a key that has it: assay key create"
		}
	}
	if failure.Error == nil || failure.Error.Message == "" {
		return problem.Newf("the server at %s answers %s", base, answer.Status).Remedy("is it Assay? assay serve listens on port 4318")
	}
	e := failure.Error
	p := &problem.Problem{What: e.Message, Want: e.Expected, Fix: e.Fix, Col: e.Column, Err: e}
	if e.Code == "unauthorized" && p.Fix == "" {
		p.Fix = "put a key into ASSAY_API_KEY"
	}
	return p
}

// where says which project on which server is meant.
func (cl *client) where() string {
	switch {
	case cl.project != "":
		return fmt.Sprintf("project %s at %s", access.ProjectName(cl.project), cl.base)
	case cl.key != "":
		return "the key's project at " + cl.base
	}
	return fmt.Sprintf("project %s at %s", access.DefaultProject, cl.base)
}

// knowsProject is an error where the server has nothing of the project that was
// named: most likely it is called otherwise.
func (cl *client) knowsProject() error {
	if cl.project == "" || cl.project == access.DefaultProject {
		return nil
	}
	var all api.Projects
	if err := cl.get("/projects", nil, &all); err != nil {
		return err
	}
	if name := access.ProjectName(cl.project); !slices.Contains(all.Projects, name) {
		p := problem.Newf("the server has no project %s", name)
		if len(all.Projects) == 0 {
			return p.Remedy("it has no project at all yet: the first span that is sent makes one")
		}
		return p.Wanted("one of %s", strings.Join(all.Projects, ", ")).Remedy("%s", problem.DidYouMean(name, all.Projects))
	}
	return nil
}

// get reads JSON from an endpoint of the API.
func (cl *client) get(path string, query url.Values, into any) error {
	body, err := cl.stream(path, query)
	if err != nil {
		return err
	}
	return cl.read(body, into)
}

// stream is what an endpoint of the API answers, as it comes.
func (cl *client) stream(path string, query url.Values) (io.ReadCloser, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return cl.do(http.MethodGet, api.Prefix+path, nil)
}

// post sends a body and reads the JSON that is answered.
func (cl *client) post(path string, body []byte, into any) error {
	answer, err := cl.do(http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	return cl.read(answer, into)
}

// postStream sends a body to an endpoint of the API and gives what is answered, as
// it comes.
func (cl *client) postStream(path string, body []byte) (io.ReadCloser, error) {
	return cl.do(http.MethodPost, api.Prefix+path, bytes.NewReader(body))
}

// put replaces what is at an endpoint of the API and reads the JSON that is
// answered.
func (cl *client) put(path string, body []byte, into any) error {
	answer, err := cl.do(http.MethodPut, api.Prefix+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	return cl.read(answer, into)
}

// remove removes what is at an endpoint of the API and reads the JSON that is
// answered.
func (cl *client) remove(path string, into any) error {
	answer, err := cl.do(http.MethodDelete, api.Prefix+path, nil)
	if err != nil {
		return err
	}
	return cl.read(answer, into)
}

func (cl *client) read(body io.ReadCloser, into any) error {
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		if cl.c.ctx.Err() != nil {
			return cl.c.ctx.Err()
		}
		return problem.Newf("the server at %s answers what is no JSON of Assay: %v", cl.base, err).Remedy("is it Assay, and of the same version?")
	}
	return nil
}

// spanQuery says which spans a command is about.
type spanQuery struct {
	Filter []string `arg:"" optional:"" help:"Which spans: docs/reference/filters.md."`
	Since  string   `placeholder:"AGE" help:"Started then or later: 24h, 7d, a date or a time."`
	Until  string   `placeholder:"AGE" help:"Started earlier."`
}

func (q *spanQuery) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"q": strings.Join(q.Filter, " "), "since": q.Since, "until": q.Until} {
		if text != "" {
			v.Set(name, text)
		}
	}
	return v
}
