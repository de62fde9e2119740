package savings

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// gatherRecords says of every award of children what was given of it under their
// other records. Nothing that was given there moves: it counts.
func gatherRecords(all map[awardKey]given, ids []family.ChildID, records map[family.ChildID][]family.ChildID) {
	holder := map[family.ChildID]family.ChildID{}
	for _, id := range ids {
		for _, r := range records[id] {
			if r != id {
				holder[r] = id
			}
		}
	}
	for _, id := range ids {
		delete(holder, id) // asked for as a child of its own
	}
	for k, g := range all {
		h, other := holder[k.child]
		if !other {
			continue
		}
		at := awardKey{h, k.benefit, k.period}
		own := all[at]
		if own.accrued == nil {
			own.accrued, own.posted = map[ledger.FundID]ledger.Amount{}, map[ledger.FundID]ledger.Amount{}
		}
		own.elsewhere = append(own.elsewhere, k)
		slices.SortFunc(own.elsewhere, func(a, b awardKey) int { return int(b.child - a.child) })
		own.there = own.there.Add(g.sum(g.posted))
		own.keptThere, own.deniedThere = own.keptThere.Add(g.row.Kept), own.deniedThere.Add(g.row.Denied)
		all[at] = own
	}
}

// standing is as what an award was given, the day of its newest evaluation and
// whether there is anything of it.
func (b *batch) standing(g given) (kind string, on ledger.Date, nothing bool) {
	total := g.there.Add(g.sum(g.accrued))
	for _, k := range g.elsewhere {
		row := b.given[k].row
		kind = row.Kind
		total = total.Add(row.Accrued).Add(row.Queued)
	}
	if g.row != nil {
		kind, on = g.row.Kind, g.row.On
		total = total.Add(g.sum(g.posted)).Add(g.row.Queued).Add(g.row.Entitled)
	}
	return kind, on, total.IsZero()
}

// carry takes what other records of the child were promised over to the one that
// goes on, fund by fund, so that nobody who waits comes in between; what they
// wait for is asked for by the one that goes on.
func (b *batch) carry(k awardKey) (carried bool) {
	g := b.given[k]
	for _, from := range g.elsewhere {
		other := b.given[from]
		row := *other.row
		for _, f := range fundsOf(other.accrued) {
			amount := other.accrued[f]
			if amount.Sign() <= 0 {
				continue
			}
			b.hand(&other, &g, from, k, f, amount)
			carried = true
			row.Accrued = row.Accrued.Sub(amount)
		}
		row.Moves = other.moves
		row.Entitled, row.Queued, row.Reason, row.On = ledger.Amount{}, ledger.Amount{}, ReasonJoined, b.asOf
		row.WantDue, row.Funds, row.EarnedOn, row.EarnedSeq, row.Place, row.Shortfall, row.AskedOn = ledger.Amount{}, "", ledger.Date{}, 0, 0, "", ledger.Date{}
		b.given[from] = other
		if !other.row.says(row) {
			b.rows = append(b.rows, row)
		}
	}
	b.given[k] = g
	return carried
}

// hand moves a promise from one record of a child to another.
func (b *batch) hand(from, to *given, fromKey, toKey awardKey, f ledger.FundID, amount ledger.Amount) {
	from.moves++
	to.moves++
	kind := from.row.Kind
	for _, m := range []move{
		{key: fromKey, kind: cancel, n: from.moves, other: toKey.child},
		{key: toKey, kind: accrue, n: to.moves, other: fromKey.child},
	} {
		m.fund, m.amount, m.why, m.rule, m.chart = f, amount, from.row.Why, from.row.Rule, chartOf(rules.Kind(kind))
		b.moves = append(b.moves, m)
	}
	from.accrued[f] = from.accrued[f].Sub(amount)
	to.accrued[f] = to.accrued[f].Add(amount)
}

// proposeElsewhere proposes to take an excess from the child's other records
// first, and returns what is left to be taken from its own.
func (b *batch) proposeElsewhere(g given, beyond ledger.Amount, why string) (own ledger.Amount) {
	for _, k := range g.elsewhere {
		other := b.given[k]
		part := beyond.Min(other.sum(other.posted).Sub(other.row.Kept).Max(ledger.Amount{}))
		beyond = beyond.Sub(part)
		if part.Sign() > 0 || other.row.Excess.Sign() > 0 {
			b.excesses = append(b.excesses, excess{key: k, amount: part, why: why})
		}
	}
	return beyond
}

// takeElsewhere takes an amount back from a child's other records.
func (b *batch) takeElsewhere(g given, amount ledger.Amount, why string) given {
	for _, k := range g.elsewhere {
		other := b.given[k]
		part := amount.Min(other.sum(other.posted))
		if part.Sign() <= 0 {
			continue
		}
		amount = amount.Sub(part)
		row := b.pending(k)
		for _, m := range b.takeBack(k, other, part, why, b.book.Hash()) {
			other.moves, row.Moves, row.Posted = m.n, m.n, row.Posted.Sub(m.amount)
			other.posted[m.fund] = other.posted[m.fund].Sub(m.amount)
		}
		g.there = g.there.Sub(part)
		b.given[k] = other
	}
	return g
}

// pending is the row of an award that will be stored, to be changed once more.
func (b *batch) pending(k awardKey) *awardRow {
	for i := range b.rows {
		if r := &b.rows[i]; (awardKey{r.Child, r.Benefit, r.Period}) == k {
			return r
		}
	}
	b.rows = append(b.rows, *b.given[k].row)
	return &b.rows[len(b.rows)-1]
}

// Rejoin brings children whose records were just joined to what they are
// entitled to together, without paying anything: promises go over to the record
// that goes on, what was promised beyond the entitlement is cancelled, what is
// on the accounts beyond it is proposed to be taken back. Approval says who
// agreed.
func Rejoin(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, book *rules.Book, children []rules.Child, approval string, asOf ledger.Date, at time.Time) error {
	return settleStill(ctx, tx, who, p, book, children, nil, approval, asOf, at)
}

// Unjoin brings children that were parted to what each is entitled to: promises
// that came from one go back to it as far as they were not paid since. Records
// are the one that goes on and, behind it, those that left it.
func Unjoin(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, book *rules.Book, children []rules.Child, stayed, left []family.ChildID, approval string, asOf ledger.Date, at time.Time) error {
	back, err := promisesFrom(ctx, tx, p.ID, stayed, left)
	if err != nil {
		return err
	}
	return settleStill(ctx, tx, who, p, book, children, back, approval, asOf, at)
}

func settleStill(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, book *rules.Book, children []rules.Child, back []promise, approval string, asOf ledger.Date, at time.Time) error {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return fmt.Errorf("settle %s: %w", p.Code, err)
	}
	b, err := newBatch(ctx, tx, who, p, book, children, asOf, at)
	if err != nil {
		return fmt.Errorf("settle %s: %w", p.Code, err)
	}
	b.still, b.approval = true, approval
	b.handBack(back)
	for _, c := range b.children {
		if err := b.child(c); err != nil {
			return err
		}
	}
	if err := b.write(ctx, tx); err != nil {
		return fmt.Errorf("settle %s: %w", p.Code, err)
	}
	return nil
}

// promise is what one record of a child has of promises made to another.
type promise struct {
	Child   family.ChildID `db:"child_id"`
	Other   family.ChildID `db:"other_child"`
	Benefit string         `db:"benefit"`
	Period  string         `db:"period"`
	Fund    ledger.FundID  `db:"fund_id"`
	Amount  ledger.Amount  `db:"amount"`
}

// promisesFrom reads which promises came to records from others, less what went
// back.
func promisesFrom(ctx context.Context, q sqlx.QueryerContext, p program.ID, to, from []family.ChildID) ([]promise, error) {
	const query = `
		SELECT child_id, other_child, benefit, period, fund_id, sum(CASE kind WHEN 'accrue' THEN amount ELSE -amount END) AS amount
		FROM award_moves
		WHERE program_id = $1 AND child_id = ANY ($2) AND other_child = ANY ($3)
		GROUP BY child_id, other_child, benefit, period, fund_id
		HAVING sum(CASE kind WHEN 'accrue' THEN amount ELSE -amount END) > 0
		ORDER BY child_id, other_child, benefit, period, fund_id`
	var out []promise
	if err := sqlx.SelectContext(ctx, q, &out, query, p, pq.Array(to), pq.Array(from)); err != nil {
		return nil, fmt.Errorf("promises taken over: %w", err)
	}
	return out, nil
}

// handBack gives promises back to the records they came from, as far as they
// still are promises.
func (b *batch) handBack(back []promise) {
	for _, p := range back {
		from, to := awardKey{p.Child, p.Benefit, p.Period}, awardKey{p.Other, p.Benefit, p.Period}
		g, other := b.given[from], b.given[to]
		amount := p.Amount.Min(g.accrued[p.Fund])
		if amount.Sign() <= 0 || g.row == nil || other.row == nil {
			continue
		}
		b.hand(&g, &other, from, to, p.Fund, amount)
		b.given[from], b.given[to] = g, other
	}
}
