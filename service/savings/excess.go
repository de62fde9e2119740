package savings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
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

// propose brings the open proposals of the batch's awards to what it found. A
// proposal never changes: where the amount does, it is withdrawn and another
// one made, so that whoever decides decides about what was shown.
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
		SET state = 'withdrawn', decided_at = $4
		FROM found f
		WHERE x.tenant_id = $1 AND x.program_id = $2 AND x.state = 'proposed' AND CAST($3 AS text) <> ''
		  AND (x.child_id, x.benefit, x.period) = (f.child_id, f.benefit, f.period) AND x.amount <> f.amount`
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

// Decide takes an excess back (P21) or lets the child keep it: what is kept is
// not proposed again. Whoever decides is not who found it. Deciding twice, or
// about an amount that is not the present one any more, is ErrNoExcess.
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
	if takeBack {
		b := &batch{who: who, program: p, asOf: on, at: at, approval: "award_excesses/" + strconv.FormatInt(x.ID, 10) + " " + who.Actor}
		if err := b.approved(ctx, tx, x); err != nil {
			return fmt.Errorf("decide %d: %w", id, err)
		}
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "savings.excess_decided", Kind: "award_excess", Subject: x.ID, Program: int32(p.ID),
		Before: map[string]any{"state": "proposed"},
		After:  map[string]any{"state": state, "child": x.Child, "benefit": x.Benefit, "period": x.Period, "amount": x.Amount},
	}}, at)
}

// approved takes back what somebody decided about.
func (b *batch) approved(ctx context.Context, tx *sqlx.Tx, x Excess) error {
	k := awardKey{x.Child, x.Benefit, x.Period}
	all, err := loadGiven(ctx, tx, b.program.ID, []family.ChildID{x.Child})
	if err != nil {
		return err
	}
	g := all[k]
	row := *g.row // the proposal refers to it
	for _, m := range b.takeBack(k, g, x.Amount, x.Why, row.Rule) {
		row.Moves++
		row.Posted = row.Posted.Sub(m.amount)
	}
	b.rows = append(b.rows, row)
	return b.write(ctx, tx)
}

// takeBack reverses a part of an award, the last fund that gave first.
func (b *batch) takeBack(k awardKey, g given, amount ledger.Amount, why, rule string) []move {
	moves := takeFrom(g.posted, amount, reverse)
	for i := range moves {
		m := &moves[i]
		m.key, m.n, m.why, m.chart, m.rule = k, g.moves+i+1, why, chartOf(rules.Kind(g.row.Kind)), rule
	}
	b.moves = append(b.moves, moves...)
	return moves
}

// TakeBack applies the rule book's own undo to children of whom the bank took
// deposits back: what those deposits earned is reversed at once where the
// benefit says so (undo.on_return: reverse_full), because an approved rule says
// it. Any other excess is left for Award to propose.
func TakeBack(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, book *rules.Book, children []rules.Child, returned []DepositID, on ledger.Date, at time.Time) (ledger.Amount, error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return ledger.Amount{}, fmt.Errorf("take back: %w", err)
	}
	b, err := newBatch(ctx, tx, who, p, book, children, on, at)
	if err != nil {
		return ledger.Amount{}, fmt.Errorf("take back: %w", err)
	}
	b.approval = "rule " + book.Hash()
	var total ledger.Amount
	for _, c := range b.children {
		back, err := b.undo(c, returned)
		if err != nil {
			return ledger.Amount{}, err
		}
		total = total.Add(back)
	}
	if total.IsZero() {
		return total, nil
	}
	if err := b.write(ctx, tx); err != nil {
		return ledger.Amount{}, fmt.Errorf("take back: %w", err)
	}
	return total, audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "savings.awards_taken_back", Kind: "program", Subject: int64(p.ID), Program: int32(p.ID),
		After: map[string]any{"amount": total, "children": len(children), "moves": len(b.moves), "rule": book.Hash()},
	}}, at)
}

// undo plans what one child's returned deposits take with them. It looks at the
// newest day that is known: an award that a later deposit earned as well stays.
func (b *batch) undo(c rules.Child, returned []DepositID) (total ledger.Amount, err error) {
	on := b.newest(c)
	earned := entitled(b.book, withoutReturns(c, returned), on)
	for _, e := range rules.Evaluate(b.book, c, on) {
		k := awardKey{family.ChildID(c.ID), e.Benefit, e.Period}
		if !b.given[k].known() || !b.book.ReversesOnReturn(e.Benefit) {
			continue
		}
		b.carry(k)
		g := b.given[k]
		beyond := g.onAccounts().Sub(e.Amount)
		back := earned[k].Amount.Sub(e.Amount).Min(beyond.Sub(g.kept()))
		if back.Sign() <= 0 {
			continue
		}
		why, err := e.Why.JSON()
		if err != nil {
			return total, fmt.Errorf("explain %s of child %d: %w", e.Benefit, c.ID, err)
		}
		kind, _, _ := b.standing(g)
		e.Kind = rules.Kind(kind)
		o := outcome{moves: b.takeBack(k, g, back.Min(g.sum(g.posted)), why, b.book.Hash())}
		g.moves += len(o.moves)
		g = b.takeElsewhere(g, back.Sub(back.Min(g.sum(g.posted))), why)
		row := b.row(k, e, g, o, why)
		row.On = on
		b.want(&row, e, g, false)
		b.rows = append(b.rows, row)
		own := b.proposeElsewhere(g, beyond.Sub(back).Sub(g.kept()).Max(ledger.Amount{}), why)
		b.excesses = append(b.excesses, excess{key: k, amount: own, why: why})
		total = total.Add(back)
	}
	return total, nil
}

// withoutReturns is a child as if the bank had not taken some deposits back.
func withoutReturns(c rules.Child, returned []DepositID) rules.Child {
	var undone []string
	for _, d := range returned {
		undone = append(undone, returnKey(d))
	}
	c.Events = slices.DeleteFunc(slices.Clone(c.Events), func(e rules.Event) bool { return slices.Contains(undone, e.Key) })
	return c
}
