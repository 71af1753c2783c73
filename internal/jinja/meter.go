package jinja

import (
	"context"
	"fmt"
)

// Limits that apply where Options sets none.
const (
	defaultMaxSteps = 1_000_000
	defaultMaxBytes = 16 << 20
	defaultMaxDepth = 200
)

const (
	// stepsPerLook is how many steps go by between two looks at the context.
	stepsPerLook = 1024
	// bytesPerStep is how much text an operator searches or copies for one step.
	bytesPerStep = 1024
	// scannedPerStep is how much text it looks at character by character.
	scannedPerStep = 128
	// bytesPerItem is charged for each slot of a list.
	bytesPerItem = 16
	// bytesPerEntry is charged for each entry of a mapping.
	bytesPerEntry = 64
	// maxEval bounds the stack of a render: expressions and statements inside
	// one another, macros and includes counted through.
	maxEval = 20_000
)

// meter counts what a render uses. Charges come before the allocation that
// they are for.
type meter struct {
	ctx                          context.Context
	steps, maxSteps, nextLook    int
	bytes, maxBytes              int
	depth, maxDepth, evaluations int
	lenient                      bool // a missing value counts as false instead of failing
}

func (m *meter) step(n int) error {
	if n < 0 || n > m.maxSteps-m.steps {
		return faultf("the template takes more than %d steps", m.maxSteps).
			wanted("at most %d turns of loops, expressions and elements handled", m.maxSteps).
			remedy("shorten its loops or ranges")
	}
	m.steps += n
	if m.steps < m.nextLook {
		return nil
	}
	m.nextLook = m.steps + stepsPerLook
	if err := m.ctx.Err(); err != nil {
		return fmt.Errorf("rendering a template: %w", err)
	}
	return nil
}

// read charges for searching n bytes.
func (m *meter) read(n int) error { return m.step(n/bytesPerStep + 1) }

// scan charges for looking at n bytes character by character.
func (m *meter) scan(n int) error { return m.step(n/scannedPerStep + 1) }

// grow charges for n bytes that are about to be allocated.
func (m *meter) grow(n int) error {
	if n < 0 || n > m.maxBytes-m.bytes {
		return faultf("the template produces more than %d bytes", m.maxBytes).
			wanted("at most %d bytes of output and intermediate values", m.maxBytes).
			remedy("look for a repetition, a width or a loop that is larger than meant")
	}
	m.bytes += n
	return m.step(n / bytesPerStep)
}

// growTimes charges for count pieces of size bytes each.
func (m *meter) growTimes(count, size int64) error {
	if count <= 0 || size <= 0 {
		return nil
	}
	if count > int64(m.maxBytes)/size {
		return m.grow(m.maxBytes + 1)
	}
	return m.grow(int(count * size))
}

// growItems charges for a list of n slots that is about to be filled.
func (m *meter) growItems(n int) error {
	if err := m.step(n); err != nil {
		return err
	}
	return m.growTimes(int64(n), bytesPerItem)
}

func tooDeep(limit int) *fault {
	return faultf("a value nests more than %d levels deep", limit).remedy("flatten it")
}

// checkDepth bounds the walk through a value.
func (m *meter) checkDepth(depth int) error {
	if depth > m.maxDepth {
		return tooDeep(m.maxDepth)
	}
	return nil
}

// enter counts a macro, block or include inside another.
func (m *meter) enter(what string) error {
	m.depth++
	if m.depth > m.maxDepth {
		return faultf("%s nest more than %d levels deep", what, m.maxDepth).
			remedy("end the recursion with a condition")
	}
	return nil
}

func (m *meter) leave() { m.depth-- }

// evaluate counts one statement or expression inside another; done undoes it.
func (m *meter) evaluate() error {
	m.evaluations++
	if m.evaluations > maxEval {
		return faultf("expressions and macros nest too deeply").remedy("end the recursion with a condition")
	}
	return m.step(1)
}

func (m *meter) done() { m.evaluations-- }
