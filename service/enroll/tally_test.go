package enroll

import (
	"context"
	"maps"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
)

func TestTheCountThatIsKeptIsTheCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same := func(what string) {
		t.Helper()
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			got, err := Count(ctx, tx, w.program.ID)
			if err != nil {
				return err
			}
			want := map[State]int{}
			rows, err := tx.QueryxContext(ctx, `SELECT state, count(*) FROM enrollments WHERE program_id = $1 GROUP BY state`, w.program.ID)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var s State
				var n int
				if err := rows.Scan(&s, &n); err != nil {
					return err
				}
				want[s] = n
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
			return rows.Err()
		})
	}
	same("nobody")
	var ids []family.ChildID
	for _, name := range []string{"Ana", "Ben", "Cleo", "Dai"} {
		ids = append(ids, w.child(name, "Test", nil))
	}
	w.admit(ids...)
	same("admitted")
	for _, change := range []string{
		`UPDATE enrollments SET state = 'left', ended_on = enrolled_on WHERE child_id = $1 AND enrolled_on IS NOT NULL`,
		`UPDATE enrollments SET flagged = NOT flagged WHERE child_id >= $1`,
		`UPDATE enrollments SET state = 'enrolled', ended_on = NULL, enrolled_on = coalesce(enrolled_on, '2026-09-01') WHERE child_id >= $1`,
	} {
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, change, ids[0])
			return err
		})
		same(change)
	}
}
