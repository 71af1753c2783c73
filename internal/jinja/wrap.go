package jinja

import (
	"strings"
	"unicode"
)

// wordwrap breaks lines as Python's textwrap does.
func wordwrap(r *render, v any, b *bound) (any, error) {
	s, ok := asText(v)
	if !ok {
		return nil, faultf("the filter wordwrap is given %s", describe(v)).wanted("a string").remedy("add |string before it")
	}
	width, err := b.integer(0, 79)
	if err != nil {
		return nil, err
	}
	if width <= 0 {
		return nil, faultf("the filter wordwrap is given the width %d", width).wanted("at least 1")
	}
	breakLong, err := b.truth(&r.meter, 1, true)
	if err != nil {
		return nil, err
	}
	joint := "\n"
	if _, ok := b.present(2); ok {
		if joint, err = b.text(2, joint); err != nil {
			return nil, err
		}
	}
	hyphens, err := b.truth(&r.meter, 3, true)
	if err != nil {
		return nil, err
	}
	// Characters as runes, and a slice header for each chunk.
	if err := r.growTimes(int64(len(s)), 8); err != nil {
		return nil, err
	}
	w := &writer{m: &r.meter}
	k := wrapper{width: int(min(width, int64(len(s)+1))), breakLong: breakLong, hyphens: hyphens}
	first := true
	for _, line := range splitLines(s, false) {
		wrapped := k.wrap([]rune(line))
		if len(wrapped) == 0 {
			wrapped = []string{""}
		}
		for _, part := range wrapped {
			if !first {
				if err := w.write(joint); err != nil {
					return nil, err
				}
			}
			first = false
			if err := w.write(part); err != nil {
				return nil, err
			}
		}
	}
	return w.b.String(), nil
}

// wrapper holds the settings of textwrap.TextWrapper that wordwrap uses.
type wrapper struct {
	width              int
	breakLong, hyphens bool
}

func isWrapSpace(r rune) bool { return strings.ContainsRune("\t\n\v\f\r ", r) }

// wrap is TextWrapper.wrap of one line.
func (k wrapper) wrap(line []rune) []string {
	chunks := k.chunks(line)
	var lines []string
	for i := 0; i < len(chunks); {
		if len(lines) > 0 && blank(string(chunks[i])) {
			if i++; i == len(chunks) {
				break
			}
		}
		var now []rune
		pieces, last := 0, 0 // chunks in now, and where the last one starts
		add := func(chunk []rune) {
			pieces, last = pieces+1, len(now)
			now = append(now, chunk...)
		}
		for i < len(chunks) && len(now)+len(chunks[i]) <= k.width {
			add(chunks[i])
			i++
		}
		if i < len(chunks) && len(chunks[i]) > k.width {
			switch {
			case k.breakLong:
				end := k.breakAt(chunks[i], k.width-len(now))
				add(chunks[i][:end])
				chunks[i] = chunks[i][end:]
			case len(now) == 0:
				add(chunks[i])
				i++
			}
		}
		if pieces > 0 && blank(string(now[last:])) {
			now, pieces = now[:last], pieces-1
		}
		if pieces > 0 {
			lines = append(lines, string(now))
		}
	}
	return lines
}

// breakAt is where a chunk that is longer than a line is cut.
func (k wrapper) breakAt(chunk []rune, room int) int {
	if k.hyphens && len(chunk) > room {
		for i := room - 1; i > 0; i-- {
			if chunk[i] != '-' {
				continue
			}
			for _, c := range chunk[:i] {
				if c != '-' {
					return i + 1
				}
			}
			break
		}
	}
	return room
}

// chunks cuts a line into blanks, words, and parts of hyphenated words, as
// textwrap's wordsep_re does.
func (k wrapper) chunks(line []rune) [][]rune {
	var chunks [][]rune
	for i := 0; i < len(line); {
		end := k.chunkEnd(line, i)
		chunks = append(chunks, line[i:end])
		i = end
	}
	return chunks
}

func (k wrapper) chunkEnd(line []rune, i int) int {
	end := i
	if isWrapSpace(line[i]) {
		for end < len(line) && isWrapSpace(line[end]) {
			end++
		}
		return end
	}
	if !k.hyphens {
		for end < len(line) && !isWrapSpace(line[end]) {
			end++
		}
		return end
	}
	if i > 0 && isWrapWord(line[i-1]) {
		if n := dashes(line, i); n > 0 {
			return i + n
		}
	}
	for end = i + 1; end < len(line) && !isWrapSpace(line[end]); end++ {
		if hyphenated(line, end) {
			return end + 1
		}
		if isWrapWord(line[end-1]) && dashes(line, end) > 0 {
			return end
		}
	}
	return end
}

func isWrapWord(r rune) bool { return isWordRune(r) || strings.ContainsRune("!\"'&.,?", r) }

func isWrapLetter(r rune) bool { return isWordRune(r) && !unicode.IsDigit(r) }

// dashes is the length of an em-dash of two or more hyphens before a word.
func dashes(line []rune, i int) int {
	n := 0
	for i+n < len(line) && line[i+n] == '-' {
		n++
	}
	if n >= 2 && i+n < len(line) && isWordRune(line[i+n]) {
		return n
	}
	return 0
}

// hyphenated reports whether a word may be broken after the hyphen at i.
func hyphenated(line []rune, i int) bool {
	if line[i] != '-' {
		return false
	}
	letter := func(at int) bool { return at >= 0 && at < len(line) && isWrapLetter(line[at]) }
	before := letter(i-1) && letter(i-2) ||
		i >= 3 && letter(i-3) && line[i-2] == '-' && isWrapWord(line[i-1])
	if !before {
		return false
	}
	return letter(i+1) && (letter(i+2) || i+2 < len(line) && line[i+2] == '-' && letter(i+3))
}
