// Package architecture holds the house rules that no linter knows, as tests:
// how long a file may be, that every package says what it is, that no package
// is a drawer for odds and ends, and that docs/dependencies.md names every
// direct dependency. Which room may import which is held by depguard
// (.golangci.yml); docs/architecture.md explains both.
//
// The package has no code of its own. Its tests read the source tree as files,
// so they also see what a build tag hides from the compiler.
package architecture
