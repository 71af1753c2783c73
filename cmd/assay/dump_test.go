package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// asker asks the API a question; the path begins behind /api/v1.
type asker func(path string) (status int, body []byte)

// answer is what the API says to a question.
type answer struct {
	Path   string
	Status int
	Body   string
}

// namedLoss is where an answer says that some may be missing: that is compared apart.
var namedLoss = regexp.MustCompile(`,"damage":\{"parts":\d+,"items":\d+\}|(?m:^\{"error":\{"code":"damaged","message":"(?:a part|\d+ parts) of the log.*\n)`)

// nextPage is the cursor of a page, which holds the moment of the asking.
var nextPage = regexp.MustCompile(`,"next":"([^"]+)"`)

// dump asks one project for everything.
type dump struct {
	ask     asker
	project string
	all     []answer
}

// get asks one question, page by page where it has pages.
func (d *dump) get(path string, values url.Values) (bodies [][]byte) {
	if values == nil {
		values = url.Values{}
	}
	values.Set("project", d.project)
	for {
		status, body := d.ask(path + "?" + values.Encode())
		cursor := ""
		if found := nextPage.FindSubmatch(body); found != nil {
			cursor = string(found[1])
			body = nextPage.ReplaceAll(body, nil)
		}
		body = namedLoss.ReplaceAll(body, nil)
		values.Del("cursor")
		d.all = append(d.all, answer{fmt.Sprintf("%s?%s#%d", path, values.Encode(), len(bodies)), status, string(body)})
		bodies = append(bodies, body)
		if cursor == "" {
			return bodies
		}
		values.Set("cursor", cursor)
	}
}

// names gives a member of each entry of lists of JSON.
func names(bodies [][]byte, list, member string) (all []string) {
	for _, body := range bodies {
		var page map[string]json.RawMessage
		var entries []map[string]any
		if json.Unmarshal(body, &page) != nil || json.Unmarshal(page[list], &entries) != nil {
			continue
		}
		for _, e := range entries {
			if name, ok := e[member].(string); ok {
				all = append(all, name)
			}
		}
	}
	return all
}

// mostOf asks for what reads every file of a project and every column of its
// index: every list, every trace, figures by every dimension, the text of spans,
// the export.
func mostOf(ask asker, project string) []answer {
	d := &dump{ask: ask, project: project}
	d.most()
	return d.all
}

const allFigures = "count,traces,errors,error_rate,p50,p95,p99,ttft_p50,ttft_p95,ttft_p99,tokens_in,tokens_out,cost"

func dimensions() []string {
	return strings.Split("model,provider,kind,name,config,version,label,user,feature,session,tag,environment,service", ",")
}

func (d *dump) most() (traces, sessions []string) {
	listed := d.get("/traces", url.Values{"preview": {"true"}, "limit": {"7"}})
	d.get("/spans", url.Values{"preview": {"true"}, "limit": {"100"}})
	d.get("/spans", url.Values{"q": {`text:"return"`}})
	d.get("/users", nil)
	grouped := d.get("/sessions", nil)
	d.get("/scores", url.Values{"limit": {"5"}})
	d.get("/scores", url.Values{"latest": {"true"}})
	d.get("/export", nil)
	traces = names(listed, "traces", "trace_id")
	for _, id := range traces {
		d.get("/traces/"+id, nil)
	}
	for _, by := range dimensions() {
		d.get("/stats", url.Values{"metric": {allFigures}, "by": {by}})
	}
	return traces, names(grouped, "sessions", "id")
}

// everything asks what the API can answer of a project: what most asks, every
// span and session, figures of every metric by pairs of dimensions and by time,
// scores, filters.
func everything(ask asker, project string) []answer {
	d := &dump{ask: ask, project: project}
	traces, sessions := d.most()
	for _, id := range traces {
		for _, span := range names(d.get("/traces/"+id, url.Values{"content": {"false"}}), "spans", "span_id") {
			d.get("/spans/"+id+"/"+span, nil)
		}
		d.get("/scores", url.Values{"trace": {id}})
	}
	for _, id := range sessions {
		d.get("/sessions/"+url.PathEscape(id), nil)
	}
	d.get("/stats", url.Values{"metric": {allFigures}, "every": {"1h"}})
	list := dimensions()
	for i, by := range list {
		d.get("/stats", url.Values{"metric": {"count,cost,p99"}, "by": {by + "," + list[(i+1)%len(list)]}, "every": {"1d"}})
		d.get("/stats", url.Values{"metric": {"score_mean,score_count"}, "score": {"grounded"}, "by": {by}})
	}
	for _, q := range []string{"kind=llm", "has:error", "cost>0", "latency>1s", `text:"weather"`, "score.grounded<0.5", "model~\"gpt\""} {
		d.get("/traces", url.Values{"q": {q}})
		d.get("/spans", url.Values{"q": {q}})
	}
	return d.all
}

// overHTTP asks a server.
func (s *served) overHTTP(t *testing.T) asker {
	return func(path string) (int, []byte) {
		reply, err := http.Get(s.http + "/api/v1" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		if err != nil {
			t.Fatal(err)
		}
		return reply.StatusCode, body
	}
}

// differ tells the answers that are not the same.
func differ(got, want []answer) (list []string) {
	index := map[string]answer{}
	for _, a := range want {
		index[a.Path] = a
	}
	for _, a := range got {
		w, ok := index[a.Path]
		delete(index, a.Path)
		if !ok {
			list = append(list, a.Path+": not asked before")
		} else if w != a {
			list = append(list, fmt.Sprintf("%s: %d %s\nnot %d %s", a.Path, a.Status, a.Body, w.Status, w.Body))
		}
	}
	for path := range index {
		list = append(list, path+": not asked any more")
	}
	return list
}
