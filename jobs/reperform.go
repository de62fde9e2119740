package jobs

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/vault"
)

// Reperformance is the job that derives everything anew.
const Reperformance = "reperform"

// differs begins the names under which such a run counts what it found.
const differs = "differs/"

// Differs is how much a full re-performance found, by reason (savings.Find…).
func (r Run) Differs() map[string]int {
	out := map[string]int{}
	for name, n := range r.Counts {
		if reason, ok := strings.CutPrefix(name, differs); ok {
			out[reason] = int(n)
		}
	}
	return out
}

// reperform derives every month everything anew that children were ever given,
// and lists what differs (savings.Findings). It is the net below the awards run,
// which looks at the touched only: it posts nothing.
func reperform(keys *vault.Keyring) Job {
	return New(Reperformance, count(enroll.Enrolled, enroll.Left, enroll.OptedOut), func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		w, err := walk(ctx, tx, keys, t)
		if err != nil {
			return Step{}, err
		}
		next, found, err := enroll.ReperformChunk(ctx, tx, w, t.Run, child(from))
		if err != nil {
			return Step{}, err
		}
		counts := Counts{}
		for name, n := range map[string]int{"waiting": found.Waiting, "erased": found.Erased} {
			if n > 0 {
				counts[name] = n
			}
		}
		for reason, n := range found.Findings {
			counts[differs+reason] = n
		}
		return Step{Next: After(next), Done: found.Children, Counts: counts}, nil
	})
}
