package savings

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Draw pays, of what Assess found missing by a day, the next awards from funds:
// over the whole program in the order of the day that earned them, the event's
// place in that day, the child's number and the benefit's place in the book
// (rules.Fund). It takes at most limit awards, or a few more where those of a
// day share what is left, and reports whether it should be called again.
//
// An award that was paid no longer waits, so a run that was interrupted goes on
// with whoever is next. What no fund has waits, or falls away for good where the
// benefit says so.
func Draw(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, asOf ledger.Date, at time.Time, limit int) (t Tally, more bool, err error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return Tally{}, false, fmt.Errorf("draw %s: %w", p.Code, err)
	}
	d := &drawing{batch: batch{who: who, program: p, asOf: asOf, at: at, tally: newTally()}}
	if err := d.openPurse(ctx, tx); err != nil {
		return Tally{}, false, fmt.Errorf("draw %s: %w", p.Code, err)
	}
	if err := d.next(ctx, tx, limit); err != nil {
		return Tally{}, false, fmt.Errorf("draw %s: %w", p.Code, err)
	}
	more = len(d.asking) >= limit
	if err := d.pay(ctx, tx); err != nil {
		return Tally{}, false, fmt.Errorf("draw %s: %w", p.Code, err)
	}
	if !more {
		d.tally.Queued, err = queued(ctx, tx, p.ID)
	}
	return d.tally, more, err
}

// drawing is a batch of awards that ask funds for money.
type drawing struct {
	batch
	purse  map[string]ledger.Amount // by fund code
	funds  map[string]ledger.FundID
	asking []awardRow
}

// openPurse reads what every fund can still give.
func (d *drawing) openPurse(ctx context.Context, tx *sqlx.Tx) error {
	funds, err := fund.All(ctx, tx, d.program.ID)
	if err != nil {
		return err
	}
	available, err := fund.Available(ctx, tx, d.program, d.at)
	if err != nil {
		return err
	}
	d.purse, d.funds, d.codes = make(map[string]ledger.Amount), make(map[string]ledger.FundID), make(map[ledger.FundID]string)
	for _, f := range funds {
		d.purse[f.Code], d.funds[f.Code], d.codes[f.ID] = available[f.ID], f.ID, f.Code
	}
	return nil
}

// askers are the awards that wait, the first first. Who waits for funds that are
// empty is passed over, once it was told so.
const askers = `
	SELECT child_id, benefit, period, kind, entitled, accrued, posted, queued, pay_on, moves, reason, why, rule_hash, evaluated_on,
	       denied, want_due, earned_on, earned_seq, place, shortfall, funds, asked_on, household
	FROM awards
	WHERE program_id = $1 AND queued > 0 AND asked_on <= $2
	  AND (string_to_array(funds, ',') && $3 OR reason <> '` + ReasonQueued + `' OR shortfall <> 'queue')`

// next reads who comes next. Those who share among all who ask on a day are
// taken together, however many they are.
func (d *drawing) next(ctx context.Context, tx *sqlx.Tx, limit int) error {
	var full []string
	for code, left := range d.purse {
		if left.Sign() > 0 {
			full = append(full, code)
		}
	}
	const inOrder = askers + `
		ORDER BY earned_on, (shortfall = 'pro_rata'), earned_seq, child_id, place, period, benefit LIMIT $4`
	if err := tx.SelectContext(ctx, &d.asking, inOrder, d.program.ID, d.asOf, pq.Array(full), limit); err != nil {
		return err
	}
	if len(d.asking) < limit || d.asking[limit-1].Shortfall != proRata {
		return nil
	}
	day := d.asking[limit-1].EarnedOn
	d.asking = slices.DeleteFunc(d.asking, func(r awardRow) bool { return r.Shortfall == proRata && r.EarnedOn == day })
	const together = askers + ` AND shortfall = 'pro_rata' AND earned_on = $4`
	var sharing []awardRow
	if err := tx.SelectContext(ctx, &sharing, together, d.program.ID, d.asOf, pq.Array(full), day); err != nil {
		return err
	}
	d.asking = append(d.asking, sharing...)
	return nil
}

// proRata is funding.on_shortfall of awards that share what is left.
const proRata = "pro_rata"

// pay hands out what the funds have and notes who still waits.
func (d *drawing) pay(ctx context.Context, tx *sqlx.Tx) error {
	relatives, err := d.relatives(ctx, tx)
	if err != nil {
		return err
	}
	if err := d.sameChild(ctx, tx, relatives); err != nil {
		return err
	}
	wants := make([]rules.Want, 0, len(d.asking)+len(relatives))
	for _, r := range append(slices.Clone(d.asking), relatives...) {
		wants = append(wants, rules.Want{
			Child: int64(r.Child), Benefit: r.Benefit, Order: r.Place, Period: r.Period, Amount: r.Queued,
			Funds: strings.Split(r.Funds, ","), On: r.EarnedOn, Seq: r.EarnedSeq, OnShortfall: r.Shortfall,
			Household: r.Household, Held: r.Accrued.Add(r.Posted).Sign() > 0,
		})
	}
	for i, g := range rules.Fund(wants, d.purse)[:len(d.asking)] {
		row := d.asking[i]
		if err := d.grant(&row, g); err != nil {
			return err
		}
		if row != d.asking[i] {
			d.rows = append(d.rows, row)
		}
	}
	if err := d.updateRows(ctx, tx); err != nil || len(d.moves) == 0 {
		return err
	}
	posted, err := d.post(ctx, tx)
	if err != nil {
		return err
	}
	return d.insertMoves(ctx, tx, posted)
}

// relatives are the awards of the same households that are not among those who
// ask now: whoever has it or waits for it longer keeps its place. None of them
// takes money here: who was passed over has empty funds, and the others come
// later.
func (d *drawing) relatives(ctx context.Context, tx *sqlx.Tx) (out []awardRow, err error) {
	var households []string
	asking := map[awardKey]bool{}
	for _, r := range d.asking {
		if asking[awardKey{r.Child, r.Benefit, r.Period}] = true; r.Household != "" {
			households = append(households, r.Household)
		}
	}
	if len(households) == 0 {
		return nil, nil
	}
	const query = `
		SELECT child_id, benefit, period, kind, entitled, accrued, posted, queued, pay_on, moves, reason, why, rule_hash, evaluated_on,
		       denied, want_due, earned_on, earned_seq, place, shortfall, funds, asked_on, household
		FROM awards
		WHERE program_id = $1 AND household <> '' AND household = ANY ($2) AND accrued + posted + queued > 0`
	if err := tx.SelectContext(ctx, &out, query, d.program.ID, pq.Array(households)); err != nil {
		return nil, fmt.Errorf("awards of %d households: %w", len(households), err)
	}
	return slices.DeleteFunc(out, func(r awardRow) bool { return asking[awardKey{r.Child, r.Benefit, r.Period}] }), nil
}

// sameChild has an award that was given under another record of a child who asks
// count as the child's own: it is no brother or sister who has it.
func (d *drawing) sameChild(ctx context.Context, tx *sqlx.Tx, relatives []awardRow) error {
	ids := make([]family.ChildID, len(relatives))
	for i, r := range relatives {
		ids[i] = r.Child
	}
	records, err := family.Records(ctx, tx, ids)
	if err != nil || len(records) == 0 {
		return err
	}
	asks := map[family.ChildID]bool{}
	for _, r := range d.asking {
		asks[r.Child] = true
	}
	for i := range relatives {
		for _, r := range records[relatives[i].Child] {
			if asks[r] {
				relatives[i].Child = r
			}
		}
	}
	return nil
}

// grant turns what the funds give to one award into moves: what is payable goes
// to the child's account, the rest is promised.
func (d *drawing) grant(row *awardRow, g rules.Grant) error {
	due := row.WantDue.Sub(row.Posted).Max(ledger.Amount{})
	for _, part := range g.Parts {
		now := part.Amount.Min(due)
		due = due.Sub(now)
		d.move(row, award, d.funds[part.Fund], now)
		d.move(row, accrue, d.funds[part.Fund], part.Amount.Sub(now))
	}
	row.Queued, row.Denied = g.Waits, row.Denied.Add(g.Refused)
	before := row.Reason
	why, err := rules.ParseWhy(row.Why)
	if err != nil {
		return err
	}
	switch {
	case g.Household:
		if row.Why, err = why.OfHousehold().JSON(); err != nil {
			return err
		}
		row.Reason = string(rules.ReasonHousehold)
	case g.Waits.Add(g.Refused).Sign() > 0:
		row.Reason = ReasonQueued
	default:
		row.Reason = string(why.Reason)
	}
	if before != row.Reason && before != ReasonQueued {
		d.tally.Reasons[row.Benefit+"/"+before]--
		d.tally.Reasons[row.Benefit+"/"+row.Reason]++
	}
	if row.Queued.IsZero() {
		row.WantDue, row.EarnedOn, row.EarnedSeq, row.Place, row.Shortfall, row.Funds, row.AskedOn = ledger.Amount{}, ledger.Date{}, 0, 0, "", "", ledger.Date{}
	}
	return nil
}

func (d *drawing) move(row *awardRow, kind moveKind, from ledger.FundID, amount ledger.Amount) {
	if amount.Sign() <= 0 {
		return
	}
	row.Moves++
	if kind == award {
		row.Posted = row.Posted.Add(amount)
	} else {
		row.Accrued = row.Accrued.Add(amount)
	}
	m := move{
		key: awardKey{row.Child, row.Benefit, row.Period}, kind: kind, fund: from, amount: amount,
		n: row.Moves, why: row.Why, rule: row.Rule, chart: chartOf(rules.Kind(row.Kind)),
	}
	d.moves = append(d.moves, m)
	d.count(m)
}

// updateRows stores what became of the awards of a drawing.
func (d *drawing) updateRows(ctx context.Context, tx *sqlx.Tx) error {
	if len(d.rows) == 0 {
		return nil
	}
	var c columns
	for _, r := range d.rows {
		c.add(number(r.Child), r.Benefit, r.Period, r.Accrued.String(), r.Posted.String(), r.Queued.String(), r.Denied.String(), strconv.Itoa(r.Moves), r.Reason, r.Why)
	}
	const query = `
		UPDATE awards a
		SET accrued = CAST(n.accrued AS numeric), posted = CAST(n.posted AS numeric), queued = CAST(n.queued AS numeric),
		    denied = CAST(n.denied AS numeric), moves = CAST(n.moves AS integer), reason = n.reason, why = n.why,
		    want_due = CASE WHEN n.queued = '0.00' THEN 0 ELSE a.want_due END,
		    earned_on = CASE WHEN n.queued <> '0.00' THEN a.earned_on END,
		    earned_seq = CASE WHEN n.queued = '0.00' THEN 0 ELSE a.earned_seq END,
		    place = CASE WHEN n.queued = '0.00' THEN 0 ELSE a.place END,
		    shortfall = CASE WHEN n.queued = '0.00' THEN '' ELSE a.shortfall END,
		    funds = CASE WHEN n.queued = '0.00' THEN '' ELSE a.funds END,
		    asked_on = CASE WHEN n.queued <> '0.00' THEN a.asked_on END
		FROM unnest(CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS text[]), CAST($6 AS text[]),
		            CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS text[]), CAST($10 AS text[]), CAST($11 AS text[]))
		     AS n (child_id, benefit, period, accrued, posted, queued, denied, moves, reason, why)
		WHERE a.program_id = $1 AND a.child_id = CAST(n.child_id AS bigint) AND a.benefit = n.benefit AND a.period = n.period`
	args := append([]any{d.program.ID}, c.args()...)
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("store %d awards: %w", len(d.rows), err)
	}
	return nil
}

// queued is what all children of a program wait for.
func queued(ctx context.Context, q sqlx.QueryerContext, p program.ID) (total ledger.Amount, err error) {
	const query = `SELECT coalesce(sum(queued), 0) FROM awards WHERE program_id = $1 AND queued > 0`
	if err := sqlx.GetContext(ctx, q, &total, query, p); err != nil {
		return ledger.Amount{}, fmt.Errorf("what waits for money: %w", err)
	}
	return total, nil
}
