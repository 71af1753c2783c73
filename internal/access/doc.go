// Package access keeps the API keys of a server.
//
// A key belongs to one project and carries scopes. It is shown once, when it
// is made; the file keeps its SHA-256, which is enough since a key is random
// and long. The file is written whole, synced and renamed, carries a checksum,
// and can be read by its owner only.
//
// A server that is running notices a changed file within a second, so that a
// revoked key stops working then. A file that is damaged or has gone is never
// taken for "no keys": what was known last goes on to hold.
package access
