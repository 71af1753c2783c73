package index

import (
	"context"
	"fmt"
	"strings"
)

func cloneScore(s Score) Score {
	for _, text := range []*string{&s.ID, &s.Name, &s.Label, &s.Text, &s.Source, &s.Comment, &s.Target.Session, &s.Target.Case} {
		*text = strings.Clone(*text)
	}
	if s.Value != nil {
		v := *s.Value
		s.Value = &v
	}
	return s
}

type scoreKey struct {
	project uint32
	id      string
}

// scoreTarget are the columns that say what a score is about and its name.
const scoreTarget = `project, hi, lo, span, session, "case", name`

// writeScores adds scores: of each id the one that is last in the log stays. What
// they are about is then in the table affected, for settleLatest. Of its writes
// only that to the cold table may find no room; it is the first that counts, so
// that all may be done again.
func (x *Index) writeScores(ctx context.Context, scores []scoreRow) error {
	last := make(map[scoreKey]int, len(scores)) // of each id, which one is last in the log
	for i := range scores {
		k := scoreKey{scores[i].project, scores[i].ID}
		if j, ok := last[k]; !ok || !scores[i].Ref.Before(scores[j].Ref) {
			last[k] = i
		}
	}
	if err := x.exec(ctx, "CREATE OR REPLACE TABLE memory.hot.incoming AS FROM memory.hot.scores LIMIT 0"); err != nil {
		return err
	}
	err := x.fill(ctx, "incoming", func(add func(...any) error) error {
		for i := range scores {
			s := &scores[i]
			if last[scoreKey{s.project, s.ID}] != i {
				continue
			}
			var value any
			if s.Value != nil {
				value = *s.Value
			}
			if err := add(s.project, s.ID, s.Target.Trace.Hi(), s.Target.Trace.Lo(), s.Target.Span.Num(), s.Target.Session, s.Target.Case,
				s.Name, value, s.Label, s.Text, s.Source, s.Comment, s.Time, false, s.Ref.Segment, s.Ref.Ordinal); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	statements := []string{
		// What is older than what a table has of the id is not taken.
		`DELETE FROM memory.hot.incoming i USING memory.main.scores o
			WHERE i.project = o.project AND i.id = o.id AND (i.seg, i.ord) < (o.seg, o.ord)`,
		`CREATE OR REPLACE TABLE memory.hot.affected AS SELECT DISTINCT ` + scoreTarget + ` FROM
			(SELECT ` + scoreTarget + ` FROM memory.hot.incoming UNION ALL
			SELECT ` + scoreTarget + ` FROM memory.main.scores SEMI JOIN memory.hot.incoming USING (project, id))`,
	}
	for _, hot := range []bool{false, true} {
		statements = append(statements, fmt.Sprintf(
			`DELETE FROM %s.scores s USING memory.hot.incoming i WHERE s.project = i.project AND s.id = i.id`, catalog(hot)))
	}
	return x.exec(ctx, append(statements, `INSERT INTO memory.hot.scores FROM memory.hot.incoming`, `DROP TABLE memory.hot.incoming`)...)
}

// settleLatest sets latest for the targets and names in the table affected, which
// it drops: on the newest score of each and on no other.
func (x *Index) settleLatest(ctx context.Context) error {
	statements := []string{`CREATE OR REPLACE TABLE memory.hot.winners AS
		SELECT ` + scoreTarget + `, max({'time': time, 'seg': seg, 'ord': ord, 'id': id}) AS best
		FROM memory.main.scores SEMI JOIN memory.hot.affected USING (` + scoreTarget + `) GROUP BY ALL`}
	for _, hot := range []bool{true, false} {
		statements = append(statements, fmt.Sprintf(
			`UPDATE %s.scores s SET latest = NOT s.latest FROM memory.hot.winners w
				WHERE s.project = w.project AND s.hi = w.hi AND s.lo = w.lo AND s.span = w.span AND s.session = w.session AND s."case" = w."case"
				AND s.name = w.name AND s.latest <> ({'time': s.time, 'seg': s.seg, 'ord': s.ord, 'id': s.id} = w.best)`, catalog(hot)))
	}
	return x.exec(ctx, append(statements, `DROP TABLE memory.hot.affected`, `DROP TABLE memory.hot.winners`)...)
}
