package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
)

// every is all lines of a journal, the newest transaction first.
func (m *month) every(f LineFilter, limit int) (out []JournalLine) {
	m.t.Helper()
	m.read(func(ctx context.Context, q sqlx.QueryerContext) error {
		for after, pages := (Place{}), 0; ; pages++ {
			found, err := Lines(ctx, q, m.program, f, after, limit)
			if err != nil || pages > 200 {
				return fmt.Errorf("page %d: %w", pages, err)
			}
			if out = append(out, found.Lines...); found.Next == nil {
				return nil
			}
			if len(found.Lines) < limit && !found.Searched {
				m.t.Errorf("%+v: a page of %d of %d lines has a next one", f, len(found.Lines), limit)
			}
			after = *found.Next
		}
	})
	return out
}

// holds is the filter by its definition.
func (f LineFilter) holds(l JournalLine) bool {
	size := l.Amount.Max(l.Amount.Neg())
	in := func(p ledger.Period, d ledger.Date) bool {
		return (p.First.IsZero() || !d.Before(p.First)) && (p.Last.IsZero() || !d.After(p.Last))
	}
	return (f.Chart == 0 || l.Chart == f.Chart) && (f.Fund == 0 || l.Fund == f.Fund) && (f.Account == 0 || l.Account == f.Account) &&
		(f.Child == 0 || l.Child == f.Child) && (f.Kind == "" || l.Kind == f.Kind) && (f.Maker == "" || l.Maker == f.Maker) &&
		(f.Least.IsZero() || size.Cmp(f.Least) >= 0) && (f.Most.IsZero() || size.Cmp(f.Most) <= 0) && in(f.Effective, l.Effective) &&
		(f.Reversal != Reversals || l.Reverses != 0) && (f.Reversal != Reversed || l.ReversedBy != 0) &&
		(f.Reference == "" || l.Source == f.Reference || l.Key == f.Reference) && (f.Known == 0 || l.No <= f.Known)
}

func names(lines []JournalLine) (out []string) {
	for _, l := range lines {
		out = append(out, fmt.Sprintf("%d/%d/%d %s", l.No, l.Account, l.Seq, l.Amount))
	}
	return out
}

func TestEveryFilterOfTheJournalFindsWhatItSays(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.live()
	all := m.every(LineFilter{}, 1000)
	if len(all) < 40 {
		t.Fatalf("the golden month has %d lines", len(all))
	}
	sept := func(first, last int) ledger.Period {
		return ledger.Period{First: day(t, fmt.Sprintf("2026-09-%02d", first)), Last: day(t, fmt.Sprintf("2026-09-%02d", last))}
	}
	filters := []LineFilter{
		{}, {Chart: ledger.CustodialCash}, {Chart: ledger.DesignatedMatch, Fund: m.funds["SMITH"].ID}, {Fund: m.funds["CITY"].ID},
		{Child: int64(m.child[0])}, {Child: int64(m.child[1]), Chart: ledger.FamilyPrincipal}, {Account: all[3].Account}, {Kind: "award"}, {Kind: "no such kind"},
		{Maker: "test"}, {Maker: "staff/7"}, {Least: money(t, "20"), Most: money(t, "50")}, {Effective: sept(6, 12)}, {Effective: ledger.Period{Last: day(t, "2026-09-03")}},
		{Chart: ledger.Uncommitted, Kind: "reverse"}, {Reversal: Reversals}, {Reversal: Reversed}, {Reference: "pledge 2026-09-01"}, {Reference: all[0].Key},
		{Kind: "award", Least: money(t, "50")}, {Known: 5}, {Fund: m.funds["SMITH"].ID, Known: 9, Effective: sept(1, 5)},
		{Posted: sept(1, 1)}, {Posted: ledger.Period{Last: day(t, "2026-08-31")}},
	}
	for _, written := range []string{"without sums", "with sums of all", "with sums of a part"} {
		if strings.HasPrefix(written, "with ") {
			m.do(func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := ledger.WriteSums(ctx, tx, m.program.Book)
				return err
			})
		}
		if written == "with sums of a part" {
			m.post("bank_fee", "2026-09-29", "1.00", m.account("OPS", ledger.Fees, -1), m.account("OPS", ledger.OperatingCash, -1))
			all = m.every(LineFilter{}, 1000)
		}
		for _, f := range filters {
			var want []string
			if f.Posted.Last != day(t, "2026-08-31") {
				want = names(slices.DeleteFunc(slices.Clone(all), func(l JournalLine) bool { return !f.holds(l) }))
			}
			for _, limit := range []int{1, 3, 1000} {
				if got := names(m.every(f, limit)); !slices.Equal(got, want) {
					t.Errorf("%s, %+v by %d:\n got %q\nwant %q", written, f, limit, got, want)
				}
			}
		}
	}
}

// From the trial balance down to the cent: each line is the sum of its accounts,
// and of its lines of the journal.
func TestATrialBalanceIsTheSumOfItsAccountsAndOfItsLines(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.live()
	for _, moment := range []Moment{{}, {On: day(t, "2026-09-12")}, {Known: 9}, {On: day(t, "2026-09-05"), Known: 14}} {
		m.read(func(ctx context.Context, q sqlx.QueryerContext) error {
			trial, err := TrialAsOf(ctx, q, m.program, moment)
			if err != nil {
				return err
			}
			if len(trial.Lines) < 5 || trial.Debit.Cmp(trial.Credit) != 0 {
				t.Errorf("%+v: %d lines, %s and %s", moment, len(trial.Lines), trial.Debit, trial.Credit)
			}
			for _, l := range trial.Lines {
				m.wantSum(ctx, q, l, moment)
			}
			return nil
		})
	}
}

func (m *month) wantSum(ctx context.Context, q sqlx.QueryerContext, l Line, moment Moment) {
	m.t.Helper()
	var held, lines ledger.Amount
	want := AccountsPage{Chart: l.Chart, Fund: l.Fund, Moment: moment, Limit: 1}
	for {
		page, err := Accounts(ctx, q, m.program, want)
		if err != nil {
			m.t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		held = held.Add(page[0].Amount)
		want.After = &page[0].Account
	}
	f := LineFilter{Chart: l.Chart, Fund: l.Fund, Effective: ledger.Period{Last: moment.On}, Known: moment.Known}
	for _, line := range m.every(f, 7) {
		lines = lines.Add(line.Amount)
	}
	totals, err := TotalsOf(ctx, q, m.program, f)
	if err != nil || held.Cmp(l.Balance) != 0 || lines.Cmp(l.Balance) != 0 || totals.Net().Cmp(l.Balance) != 0 {
		m.t.Errorf("%+v, %d %s: the trial balance says %s, its accounts %s, its lines %s, their total %s (%v)", moment, l.Chart, l.Code, l.Balance, held, lines, totals.Net(), err)
	}
}
