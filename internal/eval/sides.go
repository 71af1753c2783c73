package eval

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/llm"
	"github.com/assay-llmops/assay/internal/llm/recorded"
	"github.com/assay-llmops/assay/internal/llm/script"
	"github.com/assay-llmops/assay/internal/llm/wire"
	"github.com/assay-llmops/assay/internal/llmconfig"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/retrieve"
	"github.com/assay-llmops/assay/internal/source"
	"github.com/assay-llmops/assay/internal/target"
)

// Candidate is the side under test: the eval file's config in the working
// tree.
func (p *Plan) Candidate() (*Side, error) {
	at, err := p.work.Project.ConfigPath(p.File)
	if err != nil {
		return nil, err
	}
	config, err := p.work.Project.ConfigAt(p.work.Project.Tree(), at)
	if err != nil {
		return nil, err
	}
	if p.choice.Model != "" {
		ref, ok := llm.ParseRef(p.choice.Model)
		if !ok {
			return nil, problem.Newf("--model %q names no model", p.choice.Model).Wanted("provider/name, such as openai/gpt-5-mini-2025-08-07")
		}
		if config, err = config.WithModel(ref, p.work.Project.Settings.Pins); err != nil {
			return nil, err
		}
	}
	if err := p.warn(config); err != nil {
		return nil, err
	}
	return p.side("candidate", config, "")
}

// Base is a side to compare with, or why there is none.
type Base struct {
	Side    *Side
	Explain string // which commit, and why that one; or why there is none
}

// BaselineAt is the same config at a commit of the repository. Without the
// config there, or without a commit, Side is nil.
func (p *Plan) BaselineAt(ctx context.Context, ref string, candidate *Side) (*Base, error) {
	repo := p.work.Project.Repo
	found, err := repo.Baseline(ctx, ref, candidate.Config.Watched())
	if err != nil {
		return nil, err
	}
	if found.Tree == nil {
		return &Base{Explain: found.Explain}, nil
	}
	if err := p.warnUntracked(ctx, candidate.Config); err != nil {
		return nil, err
	}
	config, err := p.work.Project.ConfigAt(found.Tree, candidate.Config.Path)
	if errors.Is(err, fs.ErrNotExist) && !existsIn(found.Tree, candidate.Config.Path) {
		return &Base{Explain: "the config " + candidate.Config.Name + " does not exist there: " + found.Explain}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("loading the baseline (%s): %w", found.Explain, err)
	}
	folder, remove := "", func() error { return nil }
	if config.Target != nil && len(config.Target.Command) > 0 {
		if folder, remove, err = repo.Worktree(ctx, found.Commit); err != nil {
			return nil, err
		}
	}
	side, err := p.side("baseline", config, folder)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	side.cleanup = remove
	return &Base{Side: side, Explain: found.Explain}, nil
}

func existsIn(tree source.Tree, name string) bool {
	_, err := tree.Read(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// BaselineConfig is another config of the working tree.
func (p *Plan) BaselineConfig(name string) (*Side, error) {
	config, err := p.work.Project.Config(name)
	if err != nil {
		return nil, err
	}
	if err := p.warn(config); err != nil {
		return nil, err
	}
	return p.side("baseline", config, "")
}

// warn tells what is suspect about a config.
func (p *Plan) warn(config *llmconfig.Config) error {
	for _, w := range config.Warnings {
		if err := p.work.Warn(w); err != nil {
			return err
		}
	}
	return nil
}

// warnUntracked tells of files that no baseline will ever have.
func (p *Plan) warnUntracked(ctx context.Context, config *llmconfig.Config) error {
	untracked, err := p.work.Project.Repo.Untracked(ctx, config.Files())
	if err != nil || len(untracked) == 0 {
		return err
	}
	shown := untracked[:min(3, len(untracked))]
	more := ""
	if n := len(untracked) - len(shown); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return p.work.Warn(problem.Newf("%s%s: not in git, so absent at every baseline", strings.Join(shown, ", "), more).Remedy("git add them"))
}

// side makes a config ready to be asked. folder is where a target's command
// runs when it is not the working tree.
func (p *Plan) side(name string, config *llmconfig.Config, folder string) (*Side, error) {
	s := newSide(name, config, p.header())
	if s.Header.Unfixed == "" {
		s.Header.Unfixed = p.judges.unfixed()
	}
	if err := p.checkInputs(s); err != nil {
		return nil, err
	}
	var err error
	if s.checkOutput, err = config.OutputChecker(); err != nil {
		return nil, err
	}
	if config.Target != nil {
		return s, p.openTarget(s, folder)
	}
	return s, p.connect(s)
}

// newSide is a side that nothing answers yet. h is what it shares with others.
func newSide(name string, config *llmconfig.Config, h Header) *Side {
	h.Side, h.Config, h.Version, h.Digest, h.From = name, config.Name, config.Version(), config.Digest(), config.From
	h.Unfixed, h.Engines, h.Model = config.Unfixed(), llmconfig.Engines(), "target"
	if config.Target == nil {
		h.Model = config.Model.String()
	}
	return &Side{Name: name, Config: config, Header: h, cleanup: func() error { return nil }}
}

// connect reaches the side's model and opens its index.
func (p *Plan) connect(s *Side) error {
	config := s.Config
	if !config.Pinned() {
		s.reuse.maxAge = p.work.Project.Settings.MaxAge
	}
	model, err := p.model(s)
	if err != nil {
		return err
	}
	s.asker, err = p.modelAsker(config, model)
	return err
}

// modelAsker opens the index of a config with retrieval.
func (p *Plan) modelAsker(config *llmconfig.Config, model llm.Model) (*modelAsker, error) {
	a := &modelAsker{config: config, model: model}
	r := config.Retrieval
	if r == nil {
		return a, nil
	}
	var err error
	if a.index, err = retrieve.Open(p.work.Store.Dir("index"), r.Spec, r.Files); err != nil {
		return nil, fmt.Errorf("indexing the corpus of %s: %w", config.Name, err)
	}
	a.topK = r.Spec.TopK
	return a, nil
}

// model resolves what answers: a provider's model with its fallbacks, recorded
// answers, or a script.
func (p *Plan) model(s *Side) (llm.Model, error) {
	config := s.Config
	switch {
	case config.Answers != nil:
		s.recorded = true
		return recordedModel(config.Answers)
	case config.Script != nil:
		parsed, err := script.Parse(config.Script.Path, []byte(config.Script.Text))
		if err != nil {
			return nil, err
		}
		return script.New("builtin", parsed, wire.Observer{}), nil
	case len(config.Fallbacks) > 0:
		return p.work.Models.WithFallbacks(context.Background(), config.Model, config.Fallbacks)
	}
	model, err := p.work.Models.Model(context.Background(), config.Model)
	return model, config.AtModel(err)
}

func recordedModel(a *llmconfig.Answers) (llm.Model, error) {
	var rows []recorded.Row
	for i, line := range strings.Split(a.File.Text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		value, err := extract.ParseJSON([]byte(line))
		if err != nil {
			return nil, &problem.Problem{File: a.File.Path, Line: i + 1, What: "the row is not JSON: " + err.Error(), Want: "one JSON object a line", Err: err}
		}
		rows = append(rows, recorded.Row{Value: value, Line: i + 1})
	}
	return recorded.New(a.Spec, a.File.Path, rows)
}

// openTarget prepares and reaches the user's own program.
func (p *Plan) openTarget(s *Side, folder string) error {
	t := s.Config.Target
	if folder == "" {
		folder = p.work.Project.Repo.Top
	}
	dir := filepath.Join(folder, filepath.FromSlash(t.Dir))
	if len(t.Prepare) > 0 {
		if err := prepare(s.Name, t.Prepare, dir); err != nil {
			return err
		}
	}
	if s.Config.Declared == nil {
		s.reuse.never = "the target declares no version, so its answers are not used again"
	}
	s.asker = &targetAsker{
		program: target.Open(target.Spec{Command: t.Command, Lines: t.Lines, Dir: dir, URL: t.URL, Timeout: t.Timeout}),
		version: s.Header.Version, digest: s.Header.Digest, timeout: t.Timeout,
	}
	return nil
}

// prepare runs target.prepare and waits for it.
func prepare(side string, command []string, dir string) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, os.Environ()
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	text := strings.TrimSpace(string(out))
	if len(text) > 2000 {
		text = text[len(text)-2000:]
	}
	return (&problem.Problem{What: fmt.Sprintf("target.prepare of the %s failed: %v\n%s", side, err, text), Err: err}).
		Remedy("run it by hand in %s: %s", dir, strings.Join(command, " "))
}
