// Command resume kills a run with SIGKILL at ten random moments, lets it finish,
// and checks that nothing was paid for twice and that the result is that of a
// run which nobody disturbed.
//
//	go build -o bin/assay ./cmd/assay
//	go run ./e2e/resume --assay bin/assay
//
// The upstream is Assay's scripted one, in this process: it counts requests by
// body. A call that was under way when the process died may be asked again; no
// other may. Exit code 1: one was, or the results differ.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/assay-llmops/assay/internal/llm/script"
)

// replies answers after a while, so that a kill finds calls under way.
const replies = `name: resume
rules:
  - delay: 30ms
    reply: {content: "You asked: {{ last_user }}"}
`

func main() {
	assay := flag.String("assay", "bin/assay", "the binary to check")
	cases := flag.Int("cases", 2000, "cases of the run")
	kills := flag.Int("kills", 10, "how often it is killed")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the moments; printed, so that a failure can be had again")
	flag.Parse()
	if err := run(*assay, *cases, *kills, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "resume:", err)
		os.Exit(1)
	}
}

func run(assay string, cases, kills int, seed uint64) error {
	assay, err := filepath.Abs(assay)
	if err != nil {
		return err
	}
	top, err := os.MkdirTemp("", "assay-resume-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(top) //nolint:errcheck // a temporary folder
	fmt.Printf("seed %d\n", seed)

	calm, err := newRun(filepath.Join(top, "calm"), assay, cases)
	if err != nil {
		return err
	}
	defer calm.upstream.Close()
	start := time.Now()
	if err := calm.finish(); err != nil {
		return err
	}
	whole := time.Since(start)
	fmt.Printf("undisturbed: %d cases in %.1f s\n", cases, whole.Seconds())

	killed, err := newRun(filepath.Join(top, "killed"), assay, cases)
	if err != nil {
		return err
	}
	defer killed.upstream.Close()
	moments := rand.New(rand.NewPCG(seed, 0))
	for range kills {
		// Together they take about the time of one run, so that it is far from done.
		if err := killed.killAfter(time.Duration(moments.Float64() * 1.6 / float64(kills) * float64(whole))); err != nil {
			return err
		}
	}
	if err := killed.finish(); err != nil {
		return err
	}
	return compare(calm, killed, cases, kills)
}

// oneRun is a project with an upstream of its own.
type oneRun struct {
	dir, assay string
	upstream   *httptest.Server
}

func newRun(dir, assay string, cases int) (*oneRun, error) {
	parsed, err := script.Parse("replies.yaml", []byte(replies))
	if err != nil {
		return nil, err
	}
	r := &oneRun{dir: dir, assay: assay, upstream: httptest.NewServer(script.Handler(parsed))}
	if err := writeProject(dir, r.upstream.Listener.Addr().(*net.TCPAddr).Port, cases); err != nil {
		r.upstream.Close()
		return nil, err
	}
	return r, nil
}

func (r *oneRun) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.assay, "--project", r.dir, "--quiet", "eval", "resumed", "--out", r.results())
	cmd.Env = append(os.Environ(), "ASSAY_RESUME_KEY=none")
	return cmd
}

func (r *oneRun) results() string { return filepath.Join(r.dir, "results.jsonl") }

// finish runs to the end.
func (r *oneRun) finish() error {
	out, err := r.command(context.Background()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the run: %w\n%s", err, out)
	}
	return nil
}

// killAfter runs and kills the process; that it ends before is an error, since
// nothing was tried then.
func (r *oneRun) killAfter(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d) // exec kills with SIGKILL
	defer cancel()
	err := r.command(ctx).Run()
	if ctx.Err() == nil || err == nil {
		return fmt.Errorf("the run ended by itself before it was killed (%v)", err)
	}
	asked, err := r.asked()
	if err != nil {
		return err
	}
	fmt.Printf("killed after %4d ms: %4d calls so far, %4d distinct\n", d.Milliseconds(), asked.Total, asked.Distinct)
	return nil
}

func (r *oneRun) asked() (script.Requests, error) {
	reply, err := http.Get(r.upstream.URL + "/_script/requests")
	if err != nil {
		return script.Requests{}, err
	}
	defer reply.Body.Close()
	return decode(reply.Body)
}
