package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/savings"
	"seedbook/service/statement"
)

// lost is a deposit whose child somebody finds out about later.
type lost struct {
	reference string
	child     family.ChildID
	found     ledger.Date
}

// bounced is a deposit that the bank will take back.
type bounced struct {
	reference string
	on        ledger.Date
}

// Shares of what happens, in percent.
const (
	saverShare   = 24 // of families pay in at all
	monthShare   = 40 // of the months a saver pays in
	returnShare  = 2  // of electronic deposits come back
	unknownShare = 2  // of deposits name no account
)

// live goes through the year, month by month.
func (y *year) live(ctx context.Context) error {
	y.progress("seed deposits")
	if err := y.runAwards(ctx, firstDay.AddDays(14)); err != nil {
		return err
	}
	for _, c := range y.children {
		if y.random.IntN(100) < saverShare {
			y.savers = append(y.savers, c)
		}
	}
	for month := firstDay; month.Before(lastDay); month = month.AddMonths(1) {
		if err := y.month(ctx, statement.MonthOf(month)); err != nil {
			return err
		}
		if end := statement.MonthOf(month).Last; end == statement.QuarterOf(month).Last {
			if err := y.statements(ctx, statement.QuarterOf(month)); err != nil {
				return err
			}
		}
	}
	return nil
}

// month posts a month's deposits week by week, then what the bank returned and
// what was identified, then the awards of the month's end.
func (y *year) month(ctx context.Context, month statement.Span) error {
	y.progress("deposits and matches of " + month.Name)
	deposits, returns := y.monthOfDeposits(month)
	for len(deposits) > 0 {
		end := deposits[0].On.AddDays(6)
		n := 1
		for n < len(deposits) && !deposits[n].On.After(end) {
			n++
		}
		if err := y.post(ctx, deposits[n-1].On, deposits[:n]); err != nil {
			return err
		}
		deposits = deposits[n:]
	}
	if err := y.runAwards(ctx, month.Last.AddDays(-3)); err != nil {
		return err
	}
	if err := y.identify(ctx, month.Last); err != nil {
		return err
	}
	for _, r := range returns {
		if err := y.bounce(ctx, r); err != nil {
			return err
		}
	}
	return y.runAwards(ctx, month.Last)
}

// monthOfDeposits draws the deposits of a month, in the order of their days,
// and those that will come back.
func (y *year) monthOfDeposits(month statement.Span) ([]savings.Deposit, []bounced) {
	var deposits []savings.Deposit
	var returns []bounced
	days := month.Last.DaysSince(month.First) - 6
	for _, c := range y.savers {
		if y.random.IntN(100) >= monthShare {
			continue
		}
		y.sequence++
		amount, err := ledger.ParseAmount(pick(y.random, usual))
		if err != nil {
			panic(err) // our own list
		}
		d := savings.Deposit{
			Reference: fmt.Sprintf("%s-%06d", month.Name, y.sequence), Child: c, Amount: amount,
			On: month.First.AddDays(y.random.IntN(days)), Channel: pick(y.random, channels),
		}
		chance := y.random.IntN(100)
		switch {
		case chance < unknownShare:
			if y.random.IntN(3) > 0 {
				y.pending = append(y.pending, lost{d.Reference, c, month.Last})
			}
			d.Child = 0
		case d.Channel == "ach" && chance < unknownShare+2*returnShare:
			returns = append(returns, bounced{d.Reference, month.Last.AddDays(-1)})
		}
		deposits = append(deposits, d)
	}
	slices.SortStableFunc(deposits, func(a, b savings.Deposit) int {
		return cmp.Or(a.On.Cmp(b.On), cmp.Compare(a.Reference, b.Reference))
	})
	return deposits, returns
}

func (y *year) identify(ctx context.Context, day ledger.Date) error {
	for _, l := range y.pending {
		err := y.inTx(ctx, y.who, func(tx *sqlx.Tx) error {
			id, err := savings.DepositByReference(ctx, tx, y.program.ID, l.reference)
			if err != nil {
				return err
			}
			return savings.Identify(ctx, tx, y.who, y.program, savings.Identification{Deposit: id, Child: l.child, On: l.found}, on(day))
		})
		if err != nil {
			return err
		}
	}
	y.pending = nil
	return nil
}

func (y *year) bounce(ctx context.Context, b bounced) error {
	return y.inTx(ctx, y.who, func(tx *sqlx.Tx) error {
		id, err := savings.DepositByReference(ctx, tx, y.program.ID, b.reference)
		if err != nil {
			return err
		}
		return enroll.ReturnDeposit(ctx, tx, y.walk(b.on), savings.BankReturn{Deposit: id, On: b.on, Code: "R01"})
	})
}
