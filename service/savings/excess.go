package savings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// excess is what is on a child's account beyond its entitlement; an amount of
// zero withdraws a proposal whose reason is gone.
type excess struct {
	key    awardKey
	amount ledger.Amount
	why    string
}

// propose brings the open proposals of the batch's awards to what it found.
func (b *batch) propose(ctx context.Context, tx *sqlx.Tx) error {
	if len(b.excesses) == 0 {
		return nil
	}
	var c columns
	for _, x := range b.excesses {
		c.add(number(x.key.child), x.key.benefit, x.key.period, x.amount.String(), x.why)
	}
	const given = `
		WITH found AS (
			SELECT CAST(child_id AS bigint) AS child_id, benefit, period, CAST(amount AS numeric) AS amount, why
			FROM unnest(CAST($5 AS text[]), CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS text[]))
			     AS f (child_id, benefit, period, amount, why)
		)`
	const withdraw = given + `
		UPDATE award_excesses x
		SET state = CASE WHEN f.amount = 0 THEN 'withdrawn' ELSE x.state END,
		    amount = CASE WHEN f.amount = 0 THEN x.amount ELSE f.amount END,
		    why = f.why, decided_at = CASE WHEN f.amount = 0 THEN CAST($4 AS timestamptz) END
		FROM found f
		WHERE x.tenant_id = $1 AND x.program_id = $2 AND x.state = 'proposed' AND CAST($3 AS text) <> ''
		  AND (x.child_id, x.benefit, x.period) = (f.child_id, f.benefit, f.period)`
	const add = given + `
		INSERT INTO award_excesses (tenant_id, program_id, child_id, benefit, period, amount, why, state, found_by, found_at)
		SELECT $1, $2, child_id, benefit, period, amount, why, 'proposed', $3, $4
		FROM found WHERE amount > 0
		ON CONFLICT (tenant_id, program_id, child_id, benefit, period) WHERE state = 'proposed' DO NOTHING`
	args := append([]any{b.who.Tenant, b.program.ID, b.who.Actor, b.at}, c.args()...)
	for _, query := range []string{withdraw, add} {
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("propose %d reversals: %w", len(b.excesses), err)
		}
	}
	return nil
}

// Excess is a proposal to take back what was given beyond an entitlement.
type Excess struct {
	ID      int64          `db:"id"`
	Child   family.ChildID `db:"child_id"`
	Benefit string         `db:"benefit"`
	Period  string         `db:"period"`
	Amount  ledger.Amount  `db:"amount"`
	Why     string         `db:"why"`
	FoundBy string         `db:"found_by"`
	FoundAt time.Time      `db:"found_at"`
}

// Excesses returns the open proposals of a program, oldest first.
func Excesses(ctx context.Context, q sqlx.QueryerContext, p program.ID) ([]Excess, error) {
	const query = `
		SELECT id, child_id, benefit, period, amount, why, found_by, found_at
		FROM award_excesses
		WHERE program_id = $1 AND state = 'proposed'
		ORDER BY id`
	var xs []Excess
	if err := sqlx.SelectContext(ctx, q, &xs, query, p); err != nil {
		return nil, fmt.Errorf("proposed reversals: %w", err)
	}
	return xs, nil
}

// Decide takes an excess back (P21) or lets the child keep it. Whoever decides
// is not who found it. Deciding twice is ErrNoExcess.
func Decide(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, id int64, takeBack bool, on ledger.Date, at time.Time) error {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return fmt.Errorf("decide %d: %w", id, err)
	}
	state := "kept"
	if takeBack {
		state = "approved"
	}
	const query = `
		UPDATE award_excesses SET state = $3, decided_by = $4, decided_at = $5
		WHERE program_id = $1 AND id = $2 AND state = 'proposed'
		RETURNING id, child_id, benefit, period, amount, why, found_by, found_at`
	var x Excess
	err := tx.GetContext(ctx, &x, query, p.ID, id, state, who.Actor, at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNoExcess
	case store.Violates(err, "award_excesses_second_person_check"):
		return ErrSamePerson
	case err != nil:
		return fmt.Errorf("decide %d: %w", id, err)
	}
	if !takeBack {
		return nil
	}
	b := &batch{who: who, program: p, asOf: on, at: at, approval: "award_excesses/" + strconv.FormatInt(x.ID, 10) + " " + who.Actor}
	return b.takeBack(ctx, tx, []reversal{{awardKey{x.Child, x.Benefit, x.Period}, x.Amount, x.Why}})
}

// reversal is an amount to be taken back of an award.
type reversal struct {
	key    awardKey
	amount ledger.Amount
	why    string
}

// takeBack reverses parts of awards, the last fund of each first.
func (b *batch) takeBack(ctx context.Context, tx *sqlx.Tx, reversals []reversal) error {
	if len(reversals) == 0 {
		return nil
	}
	ids := make([]family.ChildID, len(reversals))
	for i, r := range reversals {
		ids[i] = r.key.child
	}
	all, err := loadGiven(ctx, tx, b.program.ID, ids)
	if err != nil {
		return err
	}
	for _, r := range reversals {
		g := all[r.key]
		if g.row == nil {
			return fmt.Errorf("take back %s of child %d: never given", r.key.benefit, r.key.child)
		}
		row := *g.row
		for _, m := range takeFrom(g.posted, r.amount, reverse) {
			row.Moves++
			row.Posted = row.Posted.Sub(m.amount)
			m.key, m.n, m.why, m.chart, m.rule = r.key, row.Moves, r.why, chartOf(rules.Kind(row.Kind)), row.Rule
			b.moves = append(b.moves, m)
		}
		b.rows = append(b.rows, row)
	}
	return b.write(ctx, tx)
}

// TakeBack applies the rule book's own undo to children whose deposits came
// back: what those deposits earned is reversed at once where the benefit says
// so (undo.on_return: reverse_full), because an approved rule says it. Any
// other excess is left for Award to propose.
func TakeBack(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, book *rules.Book, children []rules.Child, on ledger.Date, at time.Time) (ledger.Amount, error) {
	b, err := newBatch(ctx, tx, who, p, book, children, on, at)
	if err != nil {
		return ledger.Amount{}, fmt.Errorf("take back: %w", err)
	}
	b.approval = "rule " + book.Hash()
	var reversals []reversal
	var total ledger.Amount
	for _, c := range b.children {
		earned := entitledWithoutReturns(book, c, on)
		for _, e := range rules.Evaluate(book, c, on) {
			k := awardKey{family.ChildID(c.ID), e.Benefit, e.Period}
			back := lost(earned[k], e, b.given[k])
			if back.Sign() <= 0 || !book.ReversesOnReturn(e.Benefit) {
				continue
			}
			why, err := e.Why.JSON()
			if err != nil {
				return ledger.Amount{}, fmt.Errorf("explain %s of child %d: %w", e.Benefit, c.ID, err)
			}
			reversals = append(reversals, reversal{k, back, why})
			total = total.Add(back)
		}
	}
	return total, b.takeBack(ctx, tx, reversals)
}

// lost is how much of an award the returned deposits had earned and the child
// still has: never more than its excess.
func lost(earned ledger.Amount, e rules.Entitlement, g given) ledger.Amount {
	beyond := g.sum(g.posted).Sub(e.Amount)
	return earned.Sub(e.Amount).Min(beyond)
}

// entitledWithoutReturns evaluates a child as if the bank had taken nothing
// back.
func entitledWithoutReturns(book *rules.Book, c rules.Child, on ledger.Date) map[awardKey]ledger.Amount {
	kept := c
	kept.Events = nil
	for _, e := range c.Events {
		if e.Kind != rules.Return {
			kept.Events = append(kept.Events, e)
		}
	}
	out := make(map[awardKey]ledger.Amount)
	for _, e := range rules.Evaluate(book, kept, on) {
		out[awardKey{family.ChildID(c.ID), e.Benefit, e.Period}] = e.Amount
	}
	return out
}
