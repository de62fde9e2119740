package enroll

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
)

// Reviewed counts what became of a chunk of a full re-performance.
type Reviewed struct {
	Children int            // gone through
	Waiting  int            // changed since the last run: only their books were compared
	Erased   int            // of whom nothing is known any more
	Findings map[string]int // by reason
}

// ReperformChunk derives anew what the next chunk of participants after a child
// was given, and notes the differences under a run (savings.Reperform). It
// returns where the next chunk begins, or 0 where nobody is left.
//
// A child that the last awards run left in order is derived as of the day of the
// walk, so that a day which the run should have looked at and did not is found
// as well; one that waits for its day or for a new rule book, as of the day and
// by the book of its last evaluation.
func ReperformChunk(ctx context.Context, tx *sqlx.Tx, w Walk, run int64, after family.ChildID) (next family.ChildID, out Reviewed, err error) {
	states, err := family.Watched(ctx, tx, w.Program.ID, after, ChunkSize)
	if err != nil || len(states) == 0 {
		return 0, Reviewed{}, err
	}
	ids := make([]family.ChildID, len(states))
	for i, s := range states {
		ids[i] = s.Child
	}
	known, erased, err := gather(ctx, tx, w.Who, w.Keys, w.Program.ID, ids)
	if err != nil {
		return 0, Reviewed{}, err
	}
	out.Children = len(states)
	var cases []savings.Case
	books := map[ledger.Date]*rules.Book{}
	for i, s := range states {
		if erased[s.Child] {
			out.Erased++
			continue
		}
		c, err := caseOf(ctx, tx, w, s, books)
		if err != nil {
			return 0, Reviewed{}, err
		}
		c.Child = known[i]
		if c.Waiting {
			out.Waiting++
		}
		cases = append(cases, c)
	}
	out.Findings, err = savings.Reperform(ctx, tx, w.Who, w.Program, run, cases, w.At)
	return ids[len(ids)-1], out, err
}

// caseOf says by which rules and as of which day a child is derived. books keeps
// the rule book of a day.
func caseOf(ctx context.Context, tx *sqlx.Tx, w Walk, s family.State, books map[ledger.Date]*rules.Book) (c savings.Case, err error) {
	c.On, c.Waiting = w.AsOf, s.Touched || s.On.IsZero()
	if s.On.After(c.On) {
		c.On = s.On
	}
	if c.Book = books[c.On]; c.Book == nil {
		if c.Book, err = program.RulesOn(ctx, tx, w.Program.ID, c.On); err != nil {
			return c, err
		}
		books[c.On] = c.Book
	}
	dayHasCome := !s.Next.IsZero() && !s.Next.After(c.On)
	if !c.Waiting && (dayHasCome || s.RuleHash != c.Book.Hash()) {
		c.On = s.On
		c.Book, err = program.RulesByHash(ctx, tx, w.Program.ID, s.RuleHash)
	}
	return c, err
}
