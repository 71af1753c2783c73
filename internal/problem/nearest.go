package problem

import "strings"

// Nearest returns the candidate that name was most likely meant to be, or ""
// when none is close: about a third of its letters, and no more than three,
// changed, added, dropped or swapped.
func Nearest(name string, candidates []string) string {
	best, bestDistance := "", 4
	for _, c := range candidates {
		limit := min(3, (max(len(name), len(c))+1)/3)
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d <= limit && d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean is a remedy that names the nearest candidate, or lists the
// candidates when none is near and they are few.
func DidYouMean(name string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	if n := len(candidates); n > 0 && n <= 12 {
		return "use one of: " + strings.Join(candidates, ", ")
	}
	return ""
}

// distance is the optimal string alignment distance: edits and swaps of
// neighbouring letters.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
