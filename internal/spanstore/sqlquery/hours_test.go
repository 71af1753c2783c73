package sqlquery

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Hours and rest are all of the time, once, and in the roll-ups are only whole
// hours that they have.
func TestCover(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rolled []Range
		whole := map[int64]bool{}
		for h := int64(1); h < 60; h++ {
			if !rapid.Bool().Draw(t, "rolled") {
				continue
			}
			whole[h*Hour] = true
			if n := len(rolled); n > 0 && rolled[n-1].Until == h*Hour {
				rolled[n-1].Until += Hour
			} else {
				rolled = append(rolled, Range{h * Hour, (h + 1) * Hour})
			}
		}
		bound := func(open int64) *rapid.Generator[int64] {
			return rapid.OneOf(rapid.SampledFrom([]int64{open, math.MinInt64 + 5, math.MaxInt64 - 5}), rapid.Int64Range(-Hour, 70*Hour), rapid.Map(rapid.Int64Range(0, 70), func(h int64) int64 { return h * Hour }), rapid.Int64())
		}
		all := Range{bound(math.MinInt64).Draw(t, "from"), bound(math.MaxInt64).Draw(t, "until")}
		hours, rest := cover(rolled, all)
		if len(hours) >= mostParts || len(rest) > mostParts {
			t.Fatalf("%d and %d parts", len(hours), len(rest))
		}
		at, i, j := all.From, 0, 0
		for i < len(hours) || j < len(rest) {
			var r Range
			switch {
			case j < len(rest) && rest[j].From == at:
				r = rest[j]
				j++
			case i < len(hours) && hours[i].From == at:
				r = hours[i]
				i++
				for h := r.From; h < r.Until; h += Hour {
					if !whole[h] {
						t.Fatalf("%d is in no roll-up", h)
					}
				}
			default:
				t.Fatalf("nothing goes on at %d: %v, %v", at, hours, rest)
			}
			if r.From >= r.Until {
				t.Fatalf("an empty part %v", r)
			}
			at = r.Until
		}
		if all.From < all.Until && at != all.Until {
			t.Fatalf("ends at %d, not %d", at, all.Until)
		}
	})
}
