package evaluator

import (
	"errors"
	"fmt"
	"slices"

	"github.com/assay-llmops/assay/internal/canonical"
	"github.com/assay-llmops/assay/internal/extract"
	"github.com/assay-llmops/assay/internal/jinja"
	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/source"
)

// Env is what evaluators may need from outside.
type Env struct {
	Engine *jinja.Engine // for expressions; nil: one with the default limits and no templates to include
	Tree   source.Tree
	File   string                             // path of the eval file in Tree; paths in specs are relative to it
	Dir    string                             // the folder of the eval file on disk, absolute: where commands run
	Judge  func(config string) (Judge, error) // opens the config at a path of Tree; nil where no judge can be asked
}

func (e *Env) read(written string) ([]byte, error) {
	name, err := source.Resolve(e.File, written)
	if err != nil {
		return nil, err
	}
	return e.Tree.Read(name)
}

func (e *Env) glob(pattern string) ([]string, error) {
	resolved, err := source.Resolve(e.File, pattern)
	if err != nil {
		return nil, err
	}
	return e.Tree.Glob(resolved)
}

// Build checks specs and makes them ready: it compiles expressions, patterns
// and schemas, reads files and opens judges. All problems are reported
// together.
func Build(specs []Spec, env Env) (*Set, error) {
	if env.Engine == nil {
		env.Engine = jinja.New(jinja.Options{})
	}
	b := &builder{env: &env, kinds: kinds()}
	set := &Set{}
	for i := range specs {
		for j := range i {
			if specs[j].Name == specs[i].Name {
				b.add(specs[i].Place.put(problem.Newf("two evaluators are called %s", specs[i].Name).
					Wanted("names that differ").Remedy("give one of them a name: of its own")))
				break
			}
		}
		if specs[i].Weight != nil {
			b.add(specs[i].Place.at("weight").put(problem.Newf("the weight of %s has no effect", specs[i].Name).
				Wanted("a weight on members of a mean only")))
		}
		set.evaluators = append(set.evaluators, b.build(&specs[i]))
	}
	if b.other != nil {
		return nil, b.other
	}
	if err := b.problems.OrNil(); err != nil {
		return nil, err
	}
	return set, nil
}

type builder struct {
	env      *Env
	kinds    []kind
	problems problem.List
	other    error // the first that no user can mend
}

// add notes an error.
func (b *builder) add(err error) {
	var p *problem.Problem
	var list problem.List
	switch {
	case err == nil:
	case errors.As(err, &list):
		b.problems = append(b.problems, list...)
	case errors.As(err, &p):
		b.problems = append(b.problems, p)
	case b.other == nil:
		b.other = err
	}
}

// build makes one evaluator; what is wrong with it is noted.
func (b *builder) build(spec *Spec) *Evaluator {
	at := slices.IndexFunc(b.kinds, func(k kind) bool { return k.Name == spec.Type })
	if at < 0 {
		_, p := typeOf(spec.Type, spec.Place)
		b.add(p)
		return nil
	}
	e := &Evaluator{spec: *spec, kind: b.kinds[at], rng: b.kinds[at].Range}
	p := &params{spec: spec, env: b.env, content: make(map[string]any)}
	var err error
	if e.when, err = compileCondition(spec.When, b.env, spec.Place.at("when")); err != nil {
		b.add(err)
	}
	b.buildExtract(e)
	for i := range spec.Members {
		e.members = append(e.members, b.build(&spec.Members[i]))
	}
	b.checkWeights(spec)
	if e.kind.make != nil {
		b.buildScore(e, p)
	}
	e.alsoUses = p.uses
	if p.rng != nil {
		e.rng = p.rng
	}
	b.checkThreshold(e)
	if e.digest, err = e.computeDigest(p); err != nil {
		b.add(fmt.Errorf("computing the digest of the evaluator %s: %w", spec.Name, err))
	}
	return e
}

func (b *builder) buildExtract(e *Evaluator) {
	spec := &e.spec
	if spec.Extract == nil {
		return
	}
	at := spec.Place.at("extract")
	if !slices.Contains(e.kind.Uses, "output") {
		b.add(at.put(problem.Newf("extract has no effect on %s, which does not read the output", spec.Type)))
		return
	}
	var err error
	if e.extract, err = extract.Parse(spec.Extract); err != nil {
		b.addAt(at, err)
	}
}

// addAt notes an error that belongs to a place, unless it has one.
func (b *builder) addAt(at Place, err error) {
	var p *problem.Problem
	if errors.As(err, &p) {
		err = at.put(p)
	}
	b.add(err)
}

// buildScore compiles the expectation and the type's own parameters.
func (b *builder) buildScore(e *Evaluator, p *params) {
	at := e.spec.Place.at("expected")
	expected, given := e.spec.Params["expected"]
	var err error
	if given {
		if e.expected, err = compileDynamic(expected, b.env, at); err != nil {
			b.addAt(at, err)
			return
		}
	}
	if e.prepare, err = e.kind.make(p); err != nil {
		b.add(err)
		return
	}
	if given && isTemplate(expected) {
		return
	}
	if e.fixed, err = e.prepare(expected); err != nil {
		b.addAt(at, err)
	}
}

func (b *builder) checkWeights(spec *Spec) {
	sum := 0.0
	for i := range spec.Members {
		m := &spec.Members[i]
		at := m.Place.at("weight")
		switch {
		case m.Weight == nil:
			sum++
		case spec.Type != "mean":
			b.add(at.put(problem.Newf("the weight of %s has no effect in a group of type %s", m.Name, spec.Type).
				Wanted("a weight on members of a mean only")))
		case *m.Weight < 0:
			b.add(at.put(problem.Newf("the weight of %s is %s", m.Name, figure(*m.Weight)).Wanted("a number from 0 up")))
		default:
			sum += *m.Weight
		}
	}
	if spec.Type == "mean" && len(spec.Members) > 0 && sum == 0 {
		b.add(spec.Place.put(problem.Newf("all members of %s have a weight of 0", spec.Name).Wanted("a weight above 0")))
	}
}

func (b *builder) checkThreshold(e *Evaluator) {
	t := e.spec.Threshold
	at := e.spec.Place.at("threshold")
	switch {
	case t == nil && e.spec.Type == "mean":
		b.add(e.spec.Place.put(problem.Newf("the mean %s has no threshold", e.spec.Name).Wanted("a number from 0 to 1, from which it passes")))
	case t == nil:
	case e.rng == nil || !e.rng.Bounded:
		b.add(at.put(problem.Newf("threshold has no effect on %s, whose scores have no range", e.spec.Type).
			Wanted("a threshold on types with a value between 0 and 1")))
	case *t < e.rng.Lo || *t > e.rng.Hi:
		b.add(at.put(problem.Newf("the threshold %s is outside the range of %s", figure(*t), e.spec.Type).
			Wanted("a number from %s to %s", figure(e.rng.Lo), figure(e.rng.Hi))))
	}
}

// computeDigest covers the spec as written, without its name and place, the
// content that it names, and the engine of its type.
func (e *Evaluator) computeDigest(p *params) (canonical.Digest, error) {
	form := map[string]any{"type": e.spec.Type, "engine": e.kind.engine, "params": e.spec.Params}
	if len(p.content) > 0 {
		form["content"] = p.content
	}
	if e.spec.When != nil {
		form["when"] = e.spec.When
	}
	if e.spec.Negate {
		form["negate"] = true
	}
	if e.spec.Threshold != nil {
		form["threshold"] = *e.spec.Threshold
	}
	if e.spec.Weight != nil {
		form["weight"] = *e.spec.Weight
	}
	if e.spec.Extract != nil {
		form["extract"] = e.spec.Extract
	}
	var members []canonical.Digest
	for _, m := range e.members {
		if m != nil {
			members = append(members, m.digest)
		}
	}
	if members != nil {
		form["of"] = members
	}
	return canonical.Of(form)
}
