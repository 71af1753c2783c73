package index

// DuckDB's Go bindings are linked with -rdynamic, which lists its 58,000
// symbols for libraries that are loaded later: DuckDB's extensions, of which
// none is ever loaded here. The dynamic linker goes through that list when
// Assay starts, so that with it every command takes 5 MB more memory.

// #cgo LDFLAGS: -Wl,--no-export-dynamic
import "C"
