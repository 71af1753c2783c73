// Package jinja renders prompt templates: a small, sandboxed subset of Jinja2
// that gives the same text as Jinja2 3.1 for every construct it supports and a
// clear error for every construct it does not.
//
// # Words
//
//   - An Engine holds the limits and the Loader. It has no state that a render
//     changes, so one Engine serves any number of goroutines.
//   - A Template is parsed text together with every template it includes,
//     imports or extends: names of templates are literal strings, so Parse loads
//     all of them and Render loads nothing. What Sources lists is therefore all
//     the text that a render can depend on.
//   - An Expr is one expression, evaluated to a Go value instead of text.
//   - A step is one statement or expression carried out, one turn of a loop, or
//     one element or few kilobytes that an operator or filter goes through.
//
// # Invariants
//
//   - A render reads its variables, the parsed templates and nothing else: no
//     file, network, environment, clock or random number. Equal input gives
//     equal output.
//   - An undefined name or field that is used is an error; only the tests
//     defined and undefined (and those that ask for a type), the filter default
//     and Truthy accept one.
//   - Whatever can grow is charged to the step and byte limits before it is
//     allocated, and whatever nests is charged to the depth limit, so that a
//     hostile template ends in an error with little memory used.
//   - A render runs on the caller's goroutine and starts none.
//   - Every error that a template's author can mend is a *problem.Problem with
//     file, line and column. It names types, never the values of variables,
//     because those are prompts.
//
// docs/reference/templates.md lists what is supported.
package jinja
