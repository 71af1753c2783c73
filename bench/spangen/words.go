package spangen

import (
	_ "embed" // words.txt
	"math"
	"math/rand/v2"
	"strings"
)

//go:embed words.txt
var vocabulary string // one word a line, the most common first

const (
	// exponent is how fast the share of a word falls with its rank: about 1 in English.
	exponent = 1.0
	// companions is how often a word is followed by one of its own companions.
	companions = 0.4
)

// A Writer writes sentences that do not repeat and compress as prose does. A word
// is drawn by the alias method, number r with a share of 1/(r+2.7), which is Zipf's
// law with Mandelbrot's correction; four times in ten it is one of five words that
// keep company with the word before, as words of a language do.
//
// In one block of 318 KB, the size of the questions of GSM8K, zstd's levels from
// fastest to best leave one byte of 2.57, 2.76, 2.79 and 2.94 of such text, and of
// those questions of 2.59, 2.79, 2.86 and 3.04. Words drawn on their own alone are
// harder than English: 2.38, 2.50, 2.49 and 2.62.
type Writer struct {
	rand  *rand.Rand
	words []string
	keep  []float64 // the share of its own column that a word keeps
	other []int     // the word that has the rest of the column
}

// NewWriter gives a writer whose sentences follow from the seed.
func NewWriter(seed uint64) *Writer {
	w := &Writer{rand: rand.New(rand.NewPCG(seed, 0x5eed)), words: strings.Fields(vocabulary)}
	n := len(w.words)
	share, sum := make([]float64, n), 0.0
	for r := range share {
		share[r] = math.Pow(float64(r)+2.7, -exponent)
		sum += share[r]
	}
	w.keep, w.other = make([]float64, n), make([]int, n)
	var small, large []int
	for r := range share {
		share[r] *= float64(n) / sum
		if share[r] < 1 {
			small = append(small, r)
		} else {
			large = append(large, r)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		w.keep[s], w.other[s] = share[s], l
		share[l] -= 1 - share[s]
		if share[l] < 1 {
			small, large = append(small, l), large[:len(large)-1]
		}
	}
	for _, r := range append(small, large...) {
		w.keep[r] = 1
	}
	return w
}

// draw draws a word by its share alone.
func (w *Writer) draw() int {
	r := w.rand.IntN(len(w.words))
	if w.rand.Float64() >= w.keep[r] {
		r = w.other[r]
	}
	return r
}

// next draws the word after another.
func (w *Writer) next(last int) int {
	if w.rand.Float64() >= companions {
		return w.draw()
	}
	return int(mix(uint64(last)<<8+uint64(w.rand.IntN(5))) % uint64(len(w.words)/4))
}

// Text writes sentences of about so many bytes. It has no character that JSON
// would escape.
func (w *Writer) Text(size int) string {
	var b strings.Builder
	b.Grow(size + 16)
	last := w.draw()
	for left := 0; b.Len() < size; left-- {
		last = w.next(last)
		word := w.words[last]
		if left <= 0 { // a sentence begins
			left = 6 + w.rand.IntN(15)
			if b.Len() > 0 {
				b.WriteString(". ")
			}
			word = strings.ToUpper(word[:1]) + word[1:]
		} else if w.rand.IntN(12) == 0 {
			b.WriteString(", ")
		} else {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	b.WriteByte('.')
	return b.String()
}

// about draws a size between half and one and a half of the mean.
func (w *Writer) about(mean int) int { return mean/2 + w.rand.IntN(mean+1) }
