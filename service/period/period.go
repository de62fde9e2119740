// Package period closes the months of a program's books and, rarely, opens them
// again.
//
// What has to be settled before a month is closed is a checklist of live counts.
// A point that is not settled can be explained, and the explanation holds for the
// figure that it was written for. Closing is asked for by one person and done by
// another, and opening takes two others; whoever approves agrees to the very
// figures that stood there (service/approval). The lock itself is the ledger's. What
// comes to light later about a closed day is posted on the first open one and names
// its true day (service/fund).
package period

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Faults of this room.
var (
	// ErrMonth reports a month that cannot be closed or opened: it is not over, is
	// closed already, or is not closed.
	ErrMonth = fault.New(fault.Conflict, "period.month")
	// ErrOpenPoints reports points of the checklist that are neither settled nor
	// explained.
	ErrOpenPoints = fault.New(fault.Conflict, "period.open_points")
	// ErrNote reports a missing or overlong explanation.
	ErrNote = fault.New(fault.Invalid, "period.note")
	// ErrPoint reports a point that the checklist does not have, or that needs no
	// explanation.
	ErrPoint = fault.New(fault.NotFound, "period.point")
)

// Month is a month of a program's calendar.
type Month struct{ ledger.Period }

// MonthOf is the month that a day lies in.
func MonthOf(d ledger.Date) Month {
	first := ledger.NewDate(d.Year(), d.Month(), 1)
	return Month{ledger.Period{First: first, Last: first.AddMonths(1).AddDays(-1)}}
}

// ParseMonth reads 2026-09.
func ParseMonth(s string) (Month, error) {
	d, err := ledger.ParseDate(s + "-01")
	if err != nil {
		return Month{}, ErrMonth
	}
	return MonthOf(d), nil
}

// String is 2026-09.
func (m Month) String() string { return m.First.String()[:len("2006-01")] }

// Closing is a close as it waits for another person: the figures it agrees to.
type Closing struct {
	Through ledger.Date   `json:"through"`
	Debit   ledger.Amount `json:"debit"` // of the trial balance at its end
	Credit  ledger.Amount `json:"credit"`
	Points  []Point       `json:"points"`
}

// Opening is a re-opening as it waits for two other persons.
type Opening struct {
	Closed  ledger.Date `json:"closed"`
	Through ledger.Date `json:"through"` // what stays closed; no day: nothing
}

func subject(p program.Program, m Month) string {
	return "period/" + strconv.FormatInt(int64(p.ID), 10) + "/" + m.String()
}

// closable refuses a month that is not over, or closed already.
func closable(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Month, at time.Time) error {
	closed, err := ledger.ClosedThrough(ctx, q, p.Book)
	if err != nil {
		return err
	}
	if !m.Last.Before(p.Day(at)) || !closed.IsZero() && !m.Last.After(closed) {
		return ErrMonth
	}
	return nil
}

// ClosingContent is what closing a month would agree to now. It returns ErrMonth,
// or ErrOpenPoints.
func ClosingContent(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Month, at time.Time) (out approval.Content, err error) {
	if err := closable(ctx, q, p, m, at); err != nil {
		return out, err
	}
	c := Closing{Through: m.Last}
	if c.Points, err = Checklist(ctx, q, p, m, at); err != nil {
		return out, err
	}
	open := 0
	for i := range c.Points {
		if c.Points[i].State == Open {
			open++
		}
		c.Points[i].Note = nil // the figure and that it is explained are what is agreed to
	}
	if open > 0 {
		return out, ErrOpenPoints.With(map[string]any{"N": open})
	}
	if c.Debit, c.Credit, err = balance(ctx, q, p, m); err != nil {
		return out, err
	}
	out.Details, err = json.Marshal(c)
	return out, err
}

// balance is the two sides of the trial balance at a month's end.
func balance(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Month) (debit, credit ledger.Amount, err error) {
	sums, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{In: ledger.Period{Last: m.Last}})
	type line struct {
		chart ledger.Chart
		fund  ledger.FundID
	}
	lines := map[line]ledger.Amount{}
	for _, s := range sums {
		at := line{s.Chart, s.Fund}
		lines[at] = lines[at].Add(s.Net())
	}
	for _, net := range lines {
		if net.Sign() < 0 {
			debit = debit.Sub(net)
		} else {
			credit = credit.Add(net)
		}
	}
	return debit, credit, err
}

// ProposeClose has closing a month wait for another person.
func ProposeClose(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, m Month, reason string, at time.Time) (approval.ID, error) {
	content, err := ClosingContent(ctx, tx, p, m, at)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: int64(p.ID), Kind: approval.Period, Subject: subject(p, m), Reason: reason, Content: content}, at)
}

// Close closes a month that another person approved.
func Close(ctx context.Context, tx *sqlx.Tx, maker store.Who, p program.Program, c Closing, reason, ref string, at time.Time) error {
	lock := ledger.PeriodLock{Through: c.Through, Maker: maker.Actor, Approval: ref, Reason: reason}
	if err := ledger.ClosePeriod(ctx, tx, p.Book, at, lock); err != nil {
		return err
	}
	return record(ctx, tx, maker, p, "period.closed", map[string]any{"through": c.Through}, at)
}

func record(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, verb string, after map[string]any, at time.Time) error {
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: verb, Kind: "program", Subject: int64(p.ID), Program: int32(p.ID), After: after}}, at)
}

// OpeningContent is what opening a month again would do: it and all after it. It
// returns ErrMonth where the month is not closed.
func OpeningContent(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Month) (out approval.Content, err error) {
	closed, err := ledger.ClosedThrough(ctx, q, p.Book)
	if err != nil {
		return out, err
	}
	if closed.IsZero() || m.First.After(closed) {
		return out, ErrMonth
	}
	out.Details, err = json.Marshal(Opening{Closed: closed, Through: m.First.AddDays(-1)})
	return out, err
}

// ProposeReopen has opening a month again wait for two other persons.
func ProposeReopen(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, m Month, reason string, at time.Time) (approval.ID, error) {
	content, err := OpeningContent(ctx, tx, p, m)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: int64(p.ID), Kind: approval.Reopen, Subject: subject(p, m), Reason: reason, Content: content}, at)
}

// Reopen opens what two other persons approved.
func Reopen(ctx context.Context, tx *sqlx.Tx, maker store.Who, p program.Program, o Opening, reason, ref string, at time.Time) error {
	lock := ledger.PeriodLock{Through: o.Through, Maker: maker.Actor, Approval: ref, Reason: reason}
	if err := ledger.ReopenPeriod(ctx, tx, p.Book, at, lock); err != nil {
		return err
	}
	return record(ctx, tx, maker, p, "period.reopened", map[string]any{"from": o.Closed, "to": o.Through}, at)
}

// MonthIn is the month that a request is about.
func MonthIn(r approval.Request) (Month, error) {
	return ParseMonth(r.Subject[strings.LastIndex(r.Subject, "/")+1:])
}

// Lock is a close or re-opening of the past.
type Lock struct {
	No       int         `db:"no"`
	Act      string      `db:"act"`
	Through  ledger.Date `db:"closed_through"`
	At       time.Time   `db:"locked_at"`
	Maker    string      `db:"maker"`
	Approval string      `db:"approval"`
	Reason   string      `db:"reason"`
}

// Locks are all closes and re-openings of a program's book, the newest first.
func Locks(ctx context.Context, q sqlx.QueryerContext, p program.Program) (all []Lock, err error) {
	const query = `SELECT no, act, closed_through, locked_at, maker, approval, reason FROM ledger_period_locks WHERE book_id = $1 ORDER BY no DESC`
	if err := sqlx.SelectContext(ctx, q, &all, query, p.Book); err != nil {
		return nil, fmt.Errorf("periods of %s: %w", p.Code, err)
	}
	return all, nil
}

// Waits is the request about a month that waits, or approval.ErrNone.
func Waits(ctx context.Context, q sqlx.QueryerContext, p program.Program, m Month) (approval.Request, error) {
	r, err := approval.Open(ctx, q, approval.Period, subject(p, m))
	if err != nil {
		r, err = approval.Open(ctx, q, approval.Reopen, subject(p, m))
	}
	return r, err
}
