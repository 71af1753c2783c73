// Package server is the process that `assay serve` runs: one folder, an address
// for OTLP over HTTP and the API, one for OTLP over gRPC.
//
// Run starts everything, waits, and stops politely: no new connection, what is
// in hand is finished and answered, then the store is closed. Nothing that was
// answered for is lost, neither then nor when the process is killed, since an
// answer follows the write.
//
// Without API keys it listens on the loopback only. Folder is the data folder:
// its lock, which one process has, and the number of its layout.
package server
