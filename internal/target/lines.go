package target

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/assay-llmops/assay/internal/llm"
)

// lines keeps one process for all requests. When it dies, the requests under
// way fail and the next one starts it again.
type lines struct {
	spec Spec

	mu      sync.Mutex
	running *session
	next    int
}

// session is one life of the process.
type session struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	log   tail
	stop  context.CancelFunc
	gone  chan struct{} // closed when the process has ended

	writing sync.Mutex

	mu      sync.Mutex
	waiting map[string]chan *Reply
	why     *llm.Error // set before gone is closed
}

func (t *lines) Ask(ctx context.Context, req *Request) (*Reply, error) {
	s, id, err := t.session()
	if err != nil {
		return nil, err
	}
	own := *req
	own.ID = id
	line, err := json.Marshal(&own)
	if err != nil {
		return nil, failed("writing the request: %v", err)
	}
	answer := s.expect(id)
	defer s.forget(id)
	if err := s.write(append(line, '\n')); err != nil {
		<-s.gone
		return nil, s.why
	}
	timer := time.NewTimer(t.spec.Timeout)
	defer timer.Stop()
	select {
	case r := <-answer:
		return r, nil
	case <-s.gone:
		return nil, s.why
	case <-timer.C:
		return nil, timedOut(t.spec.Timeout, s.log.String())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close ends the process: its standard input is closed, and what is still
// there two seconds later is killed.
func (t *lines) Close() error {
	t.mu.Lock()
	s := t.running
	t.running = nil
	t.mu.Unlock()
	if s == nil {
		return nil
	}
	s.stdin.Close() // the process may be gone already
	select {
	case <-s.gone:
	case <-time.After(2 * time.Second):
		s.stop()
		<-s.gone
	}
	return nil
}

// session returns the running process, started when there is none, and an id
// for the next request.
func (t *lines) session() (*session, string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running != nil {
		select {
		case <-t.running.gone:
			t.running = nil
		default:
		}
	}
	if t.running == nil {
		s, err := begin(t.spec)
		if err != nil {
			return nil, "", err
		}
		t.running = s
	}
	t.next++
	return t.running, strconv.Itoa(t.next), nil
}

func begin(spec Spec) (*session, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &session{stop: stop, gone: make(chan struct{}), waiting: map[string]chan *Reply{}}
	s.cmd = command(ctx, spec)
	s.cmd.Stderr = &s.log
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		stop()
		return nil, failed("the command %s", ending(err))
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		stop()
		return nil, failed("the command %s", ending(err))
	}
	s.stdin = stdin
	if err := s.cmd.Start(); err != nil {
		stop()
		return nil, failed("the command %s", ending(err))
	}
	go s.read(stdout)
	return s, nil
}

// read hands replies to who waits for them until the process ends.
func (s *session) read(stdout io.Reader) {
	var why *llm.Error
	in := bufio.NewScanner(stdout)
	in.Buffer(make([]byte, 0, 1<<16), maxReply)
	for why == nil && in.Scan() {
		reply, err := decode(in.Bytes())
		switch {
		case err != nil:
			why = failed("%s", message(err))
		case reply.ID == "":
			why = failed(`a reply has no "id"; protocol jsonl answers with the request's id`)
		default:
			s.deliver(reply)
		}
	}
	if why == nil && in.Err() != nil {
		why = failed("reading a reply: %v", in.Err())
	}
	if why != nil {
		s.stop()
	}
	io.Copy(io.Discard, stdout) //nolint:errcheck // only so that the process can end
	err := s.cmd.Wait()
	s.stop()
	switch {
	case why != nil:
	case err != nil:
		why = failed("the command %s", ending(err))
	default:
		why = failed("the command ended before it answered")
	}
	s.why = withLog(why, s.log.String())
	close(s.gone)
}

func (s *session) deliver(r *Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer := s.waiting[r.ID]; answer != nil {
		answer <- r
		delete(s.waiting, r.ID)
	}
}

func (s *session) expect(id string) chan *Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := make(chan *Reply, 1)
	s.waiting[id] = answer
	return answer
}

func (s *session) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
}

func (s *session) write(line []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.stdin.Write(line)
	return err
}

// message is the text of an error of this room without its kind.
func message(err error) string {
	var e *llm.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}
