package spangen

import (
	_ "embed" // words.txt
	"math"
	"math/rand/v2"
	"strings"
)

//go:embed words.txt
var vocabulary string // one word a line, the most common first

// exponent is how fast the share of a word falls with its rank. English has about
// 1 at the top and more further down; with 0.9 a text of these words compresses
// fastest, 2.6 by default and 2.8 at its best; of the questions of GSM8K 2.6, 2.8 and
// 3.0, of Go's doc comments 3.2, 3.5 and 3.9. So it is a little harder than prose.
const exponent = 1.0

// A Writer writes sentences that do not repeat. It draws each word on its own, by
// the alias method: word number r comes with a share of 1/(r+2.7), after
// Mandelbrot's correction of Zipf's law. What a compressor can still find is what
// it finds in prose: common words, common letters, spaces and full stops.
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

// Word draws a word.
func (w *Writer) Word() string {
	r := w.rand.IntN(len(w.words))
	if w.rand.Float64() >= w.keep[r] {
		r = w.other[r]
	}
	return w.words[r]
}

// Text writes sentences of about so many bytes. It has no character that JSON
// would escape.
func (w *Writer) Text(size int) string {
	var b strings.Builder
	b.Grow(size + 16)
	for left := 0; b.Len() < size; left-- {
		word := w.Word()
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
