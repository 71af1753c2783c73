package local

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"
)

// needs is what the bytes of a message must hold so that one of its texts can
// hold given tokens. It spares most messages the reading: that the needs are not
// met is certain, that they are met says only that the texts must be read.
//
// A text is a run of the message's bytes, unchanged, except that one of JSON
// comes without its escapes (semconv.EachText): there, up to three times,
// backslashes go, n, r, t, b and f behind one become a space, u with four digits
// becomes a character, and whatever else is behind one stays. So a token, which
// has neither space, quote, slash, backslash nor control character, lies in the
// message as it is, unless an escape that is none of JSON's is in the message: \q
// is q, and q may be in the middle of a token. An n that lost no backslash but
// its own became a space, and one that did not still has a backslash in front,
// which no token has. An escape of a character beyond ASCII may be a part of a
// token that is not ASCII itself, but not of one that is. An escape that the end
// of its text cuts short may look whole in the message, and gives u and the
// digits: they are cut off.
type needs struct {
	pieces [][]byte // lower case, none empty
	ascii  [][]byte // parts of the pieces: those of ASCII only
}

func needsOf(tokens [][]byte) needs {
	var ascii [][]byte
	for _, t := range tokens {
		ascii = append(ascii, bytes.FieldsFunc(t, func(r rune) bool { return r >= utf8.RuneSelf })...)
	}
	return needs{pieces: withoutEnds(tokens), ascii: withoutEnds(ascii)}
}

// withoutEnds cuts off what may be the beginning of an escape.
func withoutEnds(pieces [][]byte) (list [][]byte) {
	for _, p := range pieces {
		if i := bytes.LastIndexByte(p, 'u'); i >= 0 && len(p)-i <= 4 {
			p = p[:i]
		}
		if len(p) > 0 {
			list = append(list, p)
		}
	}
	return list
}

// maybeIn says whether a text of the message may hold the tokens; scratch is for
// use again.
func (n *needs) maybeIn(message, scratch []byte) (again []byte, maybe bool) {
	scratch = lower(scratch[:0], message)
	if containsAll(scratch, n.pieces) {
		return scratch, true
	}
	switch escapesOf(withoutIDs(message)) {
	case plainEscapes:
		return scratch, false
	case runeEscapes:
		return scratch, containsAll(scratch, n.ascii)
	default:
		return scratch, true
	}
}

// withoutIDs is a message without the ids that most spans begin with: of their
// random bytes one is often a backslash, and the span would be read for nothing.
func withoutIDs(message []byte) []byte {
	for _, id := range [...]struct {
		head string // tag and length
		size int
	}{{"\x0a\x10", 16}, {"\x12\x08", 8}, {"\x22\x08", 8}} { // trace, span, parent
		if !bytes.HasPrefix(message, []byte(id.head)) || len(message) < len(id.head)+id.size {
			break
		}
		message = message[len(id.head)+id.size:]
	}
	return message
}

func containsAll(b []byte, pieces [][]byte) bool {
	return !slices.ContainsFunc(pieces, func(p []byte) bool { return !bytes.Contains(b, p) })
}

// escapes is the worst kind of escape in a message.
type escapes int

const (
	plainEscapes escapes = iota // none, or of what no piece has
	runeEscapes                 // also of characters beyond ASCII
	oddEscapes                  // also of what may be anything
)

func escapesOf(b []byte) escapes {
	worst := plainEscapes
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return worst
		}
		b = bytes.TrimLeft(b[i:], `\`)
		if len(b) == 0 {
			return worst // a backslash at the end stays
		}
		switch b[0] {
		case '"', '/', 'n', 'r', 't', 'b', 'f':
		case 'u':
			if len(b) < 5 {
				return oddEscapes
			}
			r, err := strconv.ParseUint(string(b[1:5]), 16, 16)
			if err != nil || r > ' ' && r < utf8.RuneSelf {
				return oddEscapes
			}
			if r >= utf8.RuneSelf {
				worst = runeEscapes
			}
		default:
			return oddEscapes
		}
	}
}

// lower appends b with its ASCII capitals made small.
func lower(to, b []byte) []byte {
	from := len(to)
	to = append(to, b...)
	made := to[from:]
	for i, c := range made {
		// Without a branch: text has capitals where a processor does not expect them.
		if c-'A' < 26 {
			c |= 0x20
		}
		made[i] = c
	}
	return to
}
