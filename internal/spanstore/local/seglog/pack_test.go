package seglog

import (
	"bytes"
	"testing"
)

// FuzzPack: whatever the body of a pack is, it is refused or holds just what the
// header says; what it holds makes the same pack again.
func FuzzPack(f *testing.F) {
	good := encodePack([]member{{Spans, 5, 2, 7, 9, []byte("block")}, {Scores, 7, 1, 8, 0, []byte("[null]")}})
	f.Add(uint32(3), good)
	f.Add(uint32(2), good)
	f.Add(uint32(4), good)
	f.Add(uint32(3), good[:len(good)-1])
	f.Add(uint32(0), []byte{})
	f.Fuzz(func(t *testing.T, count uint32, body []byte) {
		h := head{typ: pack, first: 5, count: count}
		list, err := membersOf(&h, body)
		if err != nil {
			return
		}
		next := uint64(h.first)
		for i := range list {
			if uint64(list[i].first) != next {
				t.Fatalf("a member begins at %d, not %d", list[i].first, next)
			}
			next = list[i].end()
		}
		if next != h.end() {
			t.Errorf("the last member ends at %d, not %d", next, h.end())
		}
		for i := range list { // what is between the fields is not looked at
			copy(body[4+i*memberSize+1:], []byte{0, 0, 0})
		}
		if again := encodePack(list); !bytes.Equal(again, body) {
			t.Errorf("%x became %x", body, again)
		}
	})
}
