package reconcile

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/savings"
)

// Unidentified is the nature of an item whose money is on the books and is
// nobody's yet.
const Unidentified custody.Nature = "suspense"

// Item is a line that waits for a person: nothing answers it, or it is money of
// which nobody knows whose it is.
type Item struct {
	OpenLine
	Deposit savings.DepositID `db:"deposit_id"` // 0: nothing is booked
}

// Place is where an item stands in the queue: by day, line and deposit.
type Place struct {
	Day     ledger.Date
	Line    custody.LineID
	Deposit savings.DepositID
}

// Place is the item's.
func (i Item) Place() Place { return Place{i.Booked, i.Line, i.Deposit} }

// String is the place as an address carries it.
func (p Place) String() string { return fmt.Sprintf("%s.%d.%d", p.Day, p.Line, p.Deposit) }

// ParsePlace reads what String wrote; nonsense is the beginning.
func ParsePlace(s string) (p Place) {
	text, numbers, _ := strings.Cut(s, ".")
	d, err := ledger.ParseDate(text)
	if err != nil {
		return Place{}
	}
	if n, _ := fmt.Sscanf(numbers, "%d.%d", &p.Line, &p.Deposit); n != 2 {
		return Place{}
	}
	p.Day = d
	return p
}

// items are the lines that wait and the deposits in suspense that lines brought.
const items = `
	SELECT o.line_id, o.custodian_id, o.booked_on, o.amount, o.nature, o.put_off, o.owner, o.note, CAST(0 AS bigint) AS deposit_id
	FROM bank_open_lines o WHERE o.program_id = $1 AND o.nature <> 'new'
	UNION ALL
	SELECT l.line_id, e.custodian_id, l.booked_on, d.amount, 'suspense', 0, '', '', d.id
	FROM deposits d
	JOIN custodians c ON c.tenant_id = d.tenant_id AND c.program_id = $1
	JOIN bank_match_entries e ON e.tenant_id = d.tenant_id AND e.custodian_id = c.id AND e.tx_no = d.tx_no AND e.live
	JOIN bank_match_lines l ON l.tenant_id = e.tenant_id AND l.match_id = e.match_id AND l.live
	WHERE d.program_id = $1 AND d.state = 'suspense'`

// Queue returns what waits for a person behind a place, the oldest first.
func Queue(ctx context.Context, q sqlx.QueryerContext, p program.ID, after Place, limit int) (all []Item, err error) {
	const query = `
		SELECT * FROM (` + items + `) i
		WHERE CAST($2 AS date) IS NULL OR (booked_on, line_id, deposit_id) > (CAST($2 AS date), CAST($3 AS bigint), CAST($4 AS bigint))
		ORDER BY booked_on, line_id, deposit_id LIMIT $5`
	if err := sqlx.SelectContext(ctx, q, &all, query, p, after.Day, after.Line, after.Deposit, limit); err != nil {
		return nil, fmt.Errorf("lines that wait: %w", err)
	}
	return all, nil
}

// CountWaiting is how many items the queue holds.
func CountWaiting(ctx context.Context, q sqlx.QueryerContext, p program.ID) (n int, err error) {
	if err := sqlx.GetContext(ctx, q, &n, `SELECT count(*) FROM (`+items+`) i`, p); err != nil {
		return 0, fmt.Errorf("lines that wait: %w", err)
	}
	return n, nil
}

// itemAt returns an item that waits, or ErrNotOpen.
func itemAt(ctx context.Context, q sqlx.QueryerContext, p program.ID, line custody.LineID, deposit savings.DepositID) (i Item, err error) {
	var all []Item
	if err := sqlx.SelectContext(ctx, q, &all, `SELECT * FROM (`+items+`) i WHERE line_id = $2 AND deposit_id = $3`, p, line, deposit); err != nil {
		return i, fmt.Errorf("line %d: %w", line, err)
	}
	if len(all) == 0 {
		return i, ErrNotOpen
	}
	return all[0], nil
}

// Act is what a person decides about an item.
type Act string

// The acts.
const (
	ActChild   Act = "child"   // it is this child's
	ActMatch   Act = "match"   // these movements of the books answer it
	ActReturn  Act = "return"  // it takes this deposit back
	ActFee     Act = "fee"     // the bank's fee, or its refund
	ActRepaid  Act = "repaid"  // operations pays what it owes for fees
	ActReopen  Act = "reopen"  // it is no deposit: what was booked from it is taken back
	ActNote    Act = "note"    // who sees to it, and a note
	ActUncover Act = "deposit" // book it as a deposit of nobody's yet
)

// Decision is what somebody decided about an item, with what it takes.
type Decision struct {
	Line    custody.LineID
	Deposit savings.DepositID // of the item; for ActReturn see Of
	Act     Act
	Account savings.Account // of ActChild: the child's
	Of      savings.DepositID
	Entries []ledger.TxNo
	Reason  string
	Owner   string
}

// Decide does what a person decided about an item of the queue. An item that
// somebody else has decided meanwhile is ErrNotOpen.
func Decide(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, d Decision) error {
	i, err := itemAt(ctx, tx, w.Program.ID, d.Line, d.Deposit)
	if err != nil {
		return err
	}
	all, err := Custodians(ctx, tx, w.Program.ID)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.ID == i.Custodian {
			if err := lock(ctx, tx, c); err != nil {
				return err
			}
			if err := sweep(ctx, tx, w.Who, w.Program, c); err != nil {
				return err
			}
			if i, err = itemAt(ctx, tx, w.Program.ID, d.Line, d.Deposit); err != nil {
				return err
			}
			return desk{w, c}.decide(ctx, tx, i, d)
		}
	}
	return custody.ErrNone
}

func (d desk) decide(ctx context.Context, tx *sqlx.Tx, i Item, said Decision) error {
	booked := i.Deposit != 0
	switch said.Act {
	case ActChild:
		return d.identify(ctx, tx, i, said)
	case ActNote:
		return d.note(ctx, tx, i, said)
	case ActReopen:
		if !booked {
			return ErrNature
		}
		return d.unbook(ctx, tx, i, said.Reason)
	}
	if booked {
		return ErrNature
	}
	lines, err := custody.Lines(ctx, tx, d.Who, d.Keys, []custody.LineID{i.Line})
	if err != nil {
		return err
	}
	switch said.Act {
	case ActMatch:
		return Match(ctx, tx, d.Walk, d.Custodian, []custody.LineID{i.Line}, said.Entries, said.Reason)
	case ActReturn:
		return d.returned(ctx, tx, lines[0], said)
	case ActFee, ActRepaid:
		return d.fee(ctx, tx, lines[0], said.Act)
	case ActUncover:
		if i.Amount.Sign() <= 0 {
			return ErrNature
		}
		_, err = d.suspend(ctx, tx, lines[0])
		return err
	}
	return ErrNature
}

// suspend books a line in suspense (P11), and anew where that was taken back before:
// a reference is one deposit's for ever.
func (d desk) suspend(ctx context.Context, tx *sqlx.Tx, l custody.Line) (savings.Deposit, error) {
	one := savings.Deposit{Reference: d.reference(l, 0), Amount: l.Amount, On: l.Value, Channel: l.Channel(), Custodian: d.dimension()}
	var before int
	if err := tx.GetContext(ctx, &before, `SELECT count(*) FROM bank_match_lines WHERE line_id = $1 AND NOT live`, l.ID); err != nil {
		return one, fmt.Errorf("earlier matches of line %d: %w", l.ID, err)
	}
	if before > 0 {
		one.Reference += fmt.Sprintf("/%d", before+1)
	}
	return one, d.post(ctx, tx, []savings.Deposit{one}, []custody.LineID{l.ID})
}

// identify gives an item to a child: what is in suspense leaves it (P12), what is
// not booked is booked first. The deposit keeps its value date.
func (d desk) identify(ctx context.Context, tx *sqlx.Tx, i Item, said Decision) error {
	id := i.Deposit
	if id == 0 {
		lines, err := custody.Lines(ctx, tx, d.Who, d.Keys, []custody.LineID{i.Line})
		if err != nil {
			return err
		}
		if i.Amount.Sign() <= 0 {
			return ErrNature
		}
		one, err := d.suspend(ctx, tx, lines[0])
		if err != nil {
			return err
		}
		if id, err = savings.DepositByReference(ctx, tx, d.Program.ID, one.Reference); err != nil {
			return err
		}
	}
	deposit, err := savings.DepositByID(ctx, tx, d.Program.ID, id)
	if err != nil {
		return err
	}
	children, err := savings.Owners(ctx, tx, d.Who, d.Keys, d.Program.ID, []savings.Account{said.Account}, []string{""})
	if err != nil {
		return err
	}
	if children[0] == 0 {
		return savings.ErrNoChild.At("account")
	}
	on := d.AsOf
	if on.Before(deposit.On) {
		on = deposit.On
	}
	return savings.Identify(ctx, tx, d.Who, d.Program, savings.Identification{Deposit: id, Child: children[0], On: on}, d.At)
}

// note says who sees to an item, and why it waits.
func (d desk) note(ctx context.Context, tx *sqlx.Tx, i Item, said Decision) error {
	if len(said.Reason) > 2000 || strings.TrimSpace(said.Reason) == "" {
		return ErrReason.At("reason")
	}
	const query = `UPDATE bank_open_lines SET owner = $2, note = $3, put_off = put_off + 1 WHERE line_id = $1`
	if _, err := tx.ExecContext(ctx, query, i.Line, said.Owner, strings.TrimSpace(said.Reason)); err != nil {
		return fmt.Errorf("note on line %d: %w", i.Line, err)
	}
	return d.record(ctx, tx, "custody.line_noted", map[string]any{"line": i.Line, "owner": said.Owner})
}

// unbook takes back what was booked from a line that is no deposit; the line waits
// again, and what the books have may answer it.
func (d desk) unbook(ctx context.Context, tx *sqlx.Tx, i Item, reason string) error {
	if strings.TrimSpace(reason) == "" || len(reason) > 2000 {
		return ErrReason.At("reason")
	}
	if err := savings.Unsuspend(ctx, tx, d.Who, d.Program, i.Deposit, reason, d.At); err != nil {
		return err
	}
	var match MatchID
	const query = `SELECT match_id FROM bank_match_lines WHERE line_id = $1 AND live`
	if err := tx.GetContext(ctx, &match, query, i.Line); err != nil {
		return fmt.Errorf("match of line %d: %w", i.Line, err)
	}
	if err := d.unmatch(ctx, tx, match, reason); err != nil {
		return err
	}
	if err := sweep(ctx, tx, d.Who, d.Program, d.Custodian); err != nil {
		return err
	}
	_, err := d.byRules(ctx, tx)
	return err
}

// returned books that a line takes a deposit back, on a person's word.
func (d desk) returned(ctx context.Context, tx *sqlx.Tx, l custody.Line, said Decision) error {
	deposit, err := savings.DepositByID(ctx, tx, d.Program.ID, said.Of)
	if err != nil {
		return err
	}
	if l.Amount != deposit.Amount.Neg() {
		return ErrSum
	}
	o := original{ID: deposit.ID, Reference: deposit.Reference, On: deposit.On, State: deposit.State, Amount: deposit.Amount}
	if err := d.back(ctx, tx, o, l.Booked, l.Return); err != nil {
		return err
	}
	return d.joinReturns(ctx, tx, []custody.Line{l}, map[custody.LineID]original{l.ID: o})
}

// fee books a bank's fee, its refund, or what operations pays for it.
func (d desk) fee(ctx context.Context, tx *sqlx.Tx, l custody.Line, act Act) error {
	f := fund.Fee{Custodian: d.dimension(), Reference: d.reference(l, 0), Amount: l.Amount.Abs(), On: l.Booked}
	do := fund.ChargeFee
	switch in := l.Amount.Sign() > 0; {
	case in && act == ActFee:
		do = fund.RefundFee
	case in:
		do = fund.RepayFees
	case act == ActRepaid:
		return ErrNature
	}
	no, err := do(ctx, tx, d.Who, d.Program, f, d.At)
	if err != nil {
		return err
	}
	if err := sweep(ctx, tx, d.Who, d.Program, d.Custodian); err != nil {
		return err
	}
	return d.join(ctx, tx, []pair{{rule: AsFee, lines: []custody.LineID{l.ID}, entries: []ledger.TxNo{no}}})
}

// Assign says who sees to a movement of the books that no line answers.
func Assign(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, c Custodian, no ledger.TxNo, owner, note string) error {
	if len(note) > 2000 || strings.TrimSpace(note) == "" {
		return ErrReason.At("reason")
	}
	if err := lock(ctx, tx, c); err != nil {
		return err
	}
	if err := sweep(ctx, tx, w.Who, w.Program, c); err != nil {
		return err
	}
	done, err := tx.ExecContext(ctx, `UPDATE bank_open_entries SET owner = $3, note = $4 WHERE custodian_id = $1 AND tx_no = $2`, c.ID, no, owner, strings.TrimSpace(note))
	if err != nil {
		return fmt.Errorf("note on transaction %d: %w", no, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return ErrNotOpen
	}
	return desk{w, c}.record(ctx, tx, "custody.line_noted", map[string]any{"transaction": no, "owner": owner})
}
