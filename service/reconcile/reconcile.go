// Package reconcile holds what a bank says against what the books say, line by
// line and day by day.
//
// A bank's line becomes a posting by the use case that posts such things
// (deposits and returns in service/enroll and service/savings, fees in
// service/fund); this room decides which, remembers which posting answers which
// line, and says what is answered on neither side, how old that is and who sees
// to it. Matches are exact to the cent. Nothing is matched on a guess: what no
// rule finds alone is suggested with its evidence, and a person decides.
package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/fault"
	"seedbook/service/program"
)

// Faults of this room.
var (
	// ErrNoLine reports a line of a bank that the program does not have.
	ErrNoLine = fault.New(fault.NotFound, "reconcile.no_line")
	// ErrNotOpen reports a line or movement that something answers already.
	ErrNotOpen = fault.New(fault.Conflict, "reconcile.not_open")
	// ErrSum reports lines and movements that do not sum to the same.
	ErrSum = fault.New(fault.Invalid, "reconcile.sum")
	// ErrNothing reports a match of nothing.
	ErrNothing = fault.New(fault.Invalid, "reconcile.nothing")
	// ErrReason reports a decision without a reason.
	ErrReason = fault.New(fault.Invalid, "reconcile.reason")
	// ErrNoMatch reports a match that the program does not have, or no more.
	ErrNoMatch = fault.New(fault.NotFound, "reconcile.no_match")
	// ErrNature reports a decision that does not fit the line.
	ErrNature = fault.New(fault.Conflict, "reconcile.nature")
)

// cash are the lines of the chart in which the books keep what a custodian holds.
var cash = []ledger.Chart{ledger.CustodialCash, ledger.CustodialUnits, ledger.UnrealisedGains}

// Custodian is one whose cash stands in the program's books.
type Custodian struct {
	custody.Custodian
	Home bool // accounts of the books that name no custodian are its
}

// dimension is how the ledger names the custodian in new postings.
func (c Custodian) dimension() int32 {
	if c.Home {
		return 0
	}
	return int32(c.ID)
}

// dimensions are all ways in which accounts of the books name it.
func (c Custodian) dimensions() pq.Int64Array {
	if c.Home {
		return pq.Int64Array{0, int64(c.ID)}
	}
	return pq.Int64Array{int64(c.ID)}
}

func (c Custodian) holds(a ledger.Account) bool {
	return slices.Contains(c.dimensions(), int64(a.Custodian))
}

// Custodians returns those of a program that hold money of the books, by name.
func Custodians(ctx context.Context, q sqlx.QueryerContext, p program.ID) ([]Custodian, error) {
	all, err := custody.All(ctx, q, p)
	if err != nil {
		return nil, err
	}
	home, has := custody.Home(all)
	var out []Custodian
	for _, c := range all {
		if c.Kind == custody.Omnibus || c.Kind == custody.Master {
			out = append(out, Custodian{c, has && c.ID == home.ID})
		}
	}
	return out, nil
}

// CustodianByCode returns one of them, or custody.ErrNone.
func CustodianByCode(ctx context.Context, q sqlx.QueryerContext, p program.ID, code string) (Custodian, error) {
	all, err := Custodians(ctx, q, p)
	if err != nil {
		return Custodian{}, err
	}
	for _, c := range all {
		if c.Code == code {
			return c, nil
		}
	}
	return Custodian{}, custody.ErrNone
}

// OpenLine is a line that nothing in the books answers.
type OpenLine struct {
	Line      custody.LineID `db:"line_id"`
	Custodian custody.ID     `db:"custodian_id"`
	Booked    ledger.Date    `db:"booked_on"`
	Amount    ledger.Amount  `db:"amount"`
	Nature    custody.Nature `db:"nature"`
	PutOff    int            `db:"put_off"`
	Owner     string         `db:"owner"`
	Note      string         `db:"note"`
}

// OpenEntry is a movement of a custodian's cash in the books that no line answers.
type OpenEntry struct {
	Tx        ledger.TxNo   `db:"tx_no"`
	Amount    ledger.Amount `db:"amount"` // as the bank counts: above zero came in
	Effective ledger.Date   `db:"effective_on"`
	Kind      string        `db:"kind"`
	Reference string        `db:"reference"`
	Reverses  ledger.TxNo   `db:"reverses"`
	Owner     string        `db:"owner"`
	Note      string        `db:"note"`
}

const entryColumns = `tx_no, amount, effective_on, kind, reference, coalesce(reverses, 0) AS reverses, owner, note`

// CountOpen is how many lines of a program wait for a person.
func CountOpen(ctx context.Context, q sqlx.QueryerContext, p program.ID) (n int, err error) {
	const query = `SELECT count(*) FROM bank_open_lines WHERE program_id = $1`
	if err := sqlx.GetContext(ctx, q, &n, query, p); err != nil {
		return 0, fmt.Errorf("open lines: %w", err)
	}
	return n, nil
}

// CountNew is how many lines of a program nobody has looked at yet.
func CountNew(ctx context.Context, q sqlx.QueryerContext, p program.ID) (n int, err error) {
	const query = `SELECT count(*) FROM bank_open_lines WHERE program_id = $1 AND nature = 'new'`
	if err := sqlx.GetContext(ctx, q, &n, query, p); err != nil {
		return 0, fmt.Errorf("new lines: %w", err)
	}
	return n, nil
}
