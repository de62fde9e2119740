package reconcile

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/savings"
)

// owning is which child's number a line (0) or a part of it (1, 2 …) says. Where
// several children's numbers stand in one text it is nobody's.
type owning map[[2]int64]family.ChildID

const nobody family.ChildID = -1

func (o owning) add(place [2]int64, child family.ChildID) {
	if before, ok := o[place]; ok && before != child {
		child = nobody
	}
	o[place] = child
}

// of is the child of a line or part, 0 where it is nobody's.
func (o owning) of(l custody.Line, part int) family.ChildID {
	return max(o[[2]int64{int64(l.ID), int64(part)}], 0)
}

// split reports a line whose parts are payments in and make it whole.
func split(l custody.Line) bool {
	var sum ledger.Amount
	for _, p := range l.Parts {
		if p.Amount.Sign() <= 0 {
			return false
		}
		sum = sum.Add(p.Amount)
	}
	return len(l.Parts) > 1 && sum == l.Amount
}

// reported matches lines with deposits of the same child and amount that were
// reported before under another reference. It returns the others.
func (d desk) reported(ctx context.Context, tx *sqlx.Tx, lines []custody.Line, owners owning) (rest []custody.Line, matched int, err error) {
	var children pq.Int64Array
	for _, l := range lines {
		if child := owners.of(l, 0); child != 0 && l.Nature() == custody.NatureIn {
			children = append(children, int64(child))
		}
	}
	if len(children) == 0 {
		return lines, 0, nil
	}
	const query = `
		SELECT o.tx_no, o.amount, o.effective_on, d.child_id
		FROM deposits d
		JOIN bank_open_entries o ON o.tenant_id = d.tenant_id AND o.custodian_id = $1 AND o.reference = d.reference AND o.tx_no = d.tx_no
		WHERE d.program_id = $2 AND d.child_id = ANY ($3) AND d.state IN ('posted', 'returned')
		ORDER BY o.effective_on, o.tx_no`
	var open []struct {
		Tx        ledger.TxNo    `db:"tx_no"`
		Amount    ledger.Amount  `db:"amount"`
		Effective ledger.Date    `db:"effective_on"`
		Child     family.ChildID `db:"child_id"`
	}
	if err := tx.SelectContext(ctx, &open, query, d.ID, d.Program.ID, children); err != nil {
		return nil, 0, fmt.Errorf("deposits reported before: %w", err)
	}
	var pairs []pair
	for _, l := range lines {
		taken := false
		for i, o := range open {
			if o.Tx != 0 && o.Child == owners.of(l, 0) && o.Amount == l.Amount && within(l, o.Effective) {
				pairs = append(pairs, pair{rule: ByChild, lines: []custody.LineID{l.ID}, entries: []ledger.TxNo{o.Tx}})
				open[i].Tx, taken = 0, true
				break
			}
		}
		if !taken {
			rest = append(rest, l)
		}
	}
	return rest, len(pairs), d.join(ctx, tx, pairs)
}

// within reports a movement that lies near enough to a line.
func within(l custody.Line, effective ledger.Date) bool {
	apart := effective.DaysSince(l.Booked)
	return apart >= -daysApart && apart <= daysApart
}

// reference names the deposit of a line, or of a part of it: the bank's reference,
// which alone is not one line's for ever, and the line's number, which is.
func (d desk) reference(l custody.Line, part int) string {
	ref := d.Code + "/" + strconv.FormatInt(int64(l.ID), 10)
	if part > 0 {
		ref += "." + strconv.Itoa(part)
	}
	if l.Reference != "" {
		ref = l.Reference + " " + ref
	}
	return ref
}

// deposits books the lines that say whose they are; of a line that is several
// payments, those that nobody is named for go to suspense with it.
func (d desk) deposits(ctx context.Context, tx *sqlx.Tx, lines []custody.Line, owners owning) (int, error) {
	var set []savings.Deposit
	var of []custody.LineID
	for _, l := range lines {
		if l.Nature() != custody.NatureIn {
			continue
		}
		each := d.depositsOf(l, owners)
		set = append(set, each...)
		for range each {
			of = append(of, l.ID)
		}
	}
	return len(set), d.post(ctx, tx, set, of)
}

// depositsOf are the deposits that a line makes, none where it says nobody's number.
func (d desk) depositsOf(l custody.Line, owners owning) []savings.Deposit {
	one := func(part int, child family.ChildID, amount ledger.Amount) savings.Deposit {
		return savings.Deposit{Reference: d.reference(l, part), Child: child, Amount: amount, On: l.Value, Channel: l.Channel(), Custodian: d.dimension()}
	}
	if split(l) {
		var each []savings.Deposit
		known := false
		for i, p := range l.Parts {
			child := owners.of(l, i+1)
			known = known || child != 0
			each = append(each, one(i+1, child, p.Amount))
		}
		if known {
			return each
		}
		return nil
	}
	if child := owners.of(l, 0); child != 0 {
		return []savings.Deposit{one(0, child, l.Amount)}
	}
	return nil
}

// post books deposits of lines and matches each line with what it became.
func (d desk) post(ctx context.Context, tx *sqlx.Tx, set []savings.Deposit, of []custody.LineID) error {
	if len(set) == 0 {
		return nil
	}
	if _, err := savings.PostDeposits(ctx, tx, d.Who, d.Program, set, 0, d.At); err != nil {
		return err
	}
	if err := sweep(ctx, tx, d.Who, d.Program, d.Custodian); err != nil {
		return err
	}
	refs := make([]string, len(set))
	for i, s := range set {
		refs[i] = s.Reference
	}
	entries, err := d.byReference(ctx, tx, refs)
	if err != nil {
		return err
	}
	var pairs []pair
	for i, s := range set {
		tx, ok := entries.take(s.Reference, s.Amount.Minor())
		if !ok {
			return fmt.Errorf("deposit %s: posted, and not in the books", s.Reference)
		}
		if i > 0 && of[i] == of[i-1] {
			pairs[len(pairs)-1].entries = append(pairs[len(pairs)-1].entries, tx...)
			continue
		}
		pairs = append(pairs, pair{rule: AsDeposit, lines: []custody.LineID{of[i]}, entries: tx})
	}
	return d.join(ctx, tx, pairs)
}

// unidentified books what came in and nobody is named for in suspense (P11).
func (d desk) unidentified(ctx context.Context, tx *sqlx.Tx) (c Counts, err error) {
	lines, err := d.lines(ctx, tx, string(custody.NatureIn), chunkSize)
	if err != nil || len(lines) == 0 {
		return c, err
	}
	var set []savings.Deposit
	var of []custody.LineID
	for _, l := range lines {
		set, of = append(set, savings.Deposit{Reference: d.reference(l, 0), Amount: l.Amount, On: l.Value, Channel: l.Channel(), Custodian: d.dimension()}), append(of, l.ID)
	}
	c.Lines, c.Suspense = len(lines), len(lines)
	return c, d.post(ctx, tx, set, of)
}

// fees books what the bank took for itself: operations bears it.
func (d desk) fees(ctx context.Context, tx *sqlx.Tx, lines []custody.Line) (n int, err error) {
	var pairs []pair
	for _, l := range lines {
		if l.Nature() != custody.NatureFee || l.Amount.Sign() >= 0 {
			continue
		}
		no, err := fund.ChargeFee(ctx, tx, d.Who, d.Program, fund.Fee{Custodian: d.dimension(), Reference: d.reference(l, 0), Amount: l.Amount.Neg(), On: l.Booked}, d.At)
		if err != nil {
			return 0, err
		}
		pairs = append(pairs, pair{rule: AsFee, lines: []custody.LineID{l.ID}, entries: []ledger.TxNo{no}})
	}
	if len(pairs) == 0 {
		return 0, nil
	}
	if err := sweep(ctx, tx, d.Who, d.Program, d.Custodian); err != nil {
		return 0, err
	}
	return len(pairs), d.join(ctx, tx, pairs)
}
