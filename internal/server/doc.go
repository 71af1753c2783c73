// Package server is the process that `assay serve` runs: one folder, an address
// for OTLP over HTTP and the API, one for OTLP over gRPC.
//
// Run starts everything, waits, and stops politely: no new connection, what is
// in hand is finished and answered, then the store is closed. Nothing that was
// answered for is lost, neither then nor when the process is killed, since an
// answer follows the write.
//
// Without API keys it listens on the loopback only. That the folder has one
// process, and a layout that is known, is the store's to check.
package server
