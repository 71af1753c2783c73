package seglog

import "github.com/cespare/xxhash/v2"

// filter is a Bloom filter: a set that is asked whether it may hold a key, and
// says no only when it does not. Of the keys that it does not hold, it takes one
// in 120 for its own.
type filter []byte

const (
	bitsPerKey = 10
	probes     = 7
)

// keys is a set of hashed keys, of which a filter is made.
type keys map[uint64]struct{}

func hashed(key []byte) uint64 { return xxhash.Sum64(key) }

func (k keys) add(key []byte) { k[hashed(key)] = struct{}{} }

// filter gives the filter of the set; that of an empty one holds nothing.
func (k keys) filter() filter {
	f := make(filter, (len(k)*bitsPerKey+7)/8)
	for hash := range k {
		at, step := uint32(hash), uint32(hash>>32)|1
		for range probes {
			bit := f.bit(at)
			f[bit/8] |= 1 << (bit % 8)
			at += step
		}
	}
	return f
}

// bit spreads a number over the bits of the filter.
func (f filter) bit(at uint32) uint64 { return uint64(at) * uint64(len(f)) * 8 >> 32 }

// may says whether the set may hold the key of a hash.
func (f filter) may(hash uint64) bool {
	if len(f) == 0 {
		return false
	}
	at, step := uint32(hash), uint32(hash>>32)|1
	for range probes {
		bit := f.bit(at)
		if f[bit/8]&(1<<(bit%8)) == 0 {
			return false
		}
		at += step
	}
	return true
}
