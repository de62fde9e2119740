package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/fund"
	"seedbook/service/program"
)

// Term is a figure of the books that a custodian's cash is made of.
type Term struct {
	Name   string         `json:"name"` // family, program, uncommitted, suspense, payable, …
	Fund   string         `json:"fund,omitempty"`
	FundID ledger.FundID  `json:"-"`
	Charts []ledger.Chart `json:"charts"`
	Amount ledger.Amount  `json:"amount"`
}

// Kind is why the bank and the books differ.
type Kind string

// The kinds of breaks.
const (
	InBank  Kind = "in_bank"  // the bank booked it, and nothing in the books answers it
	InBooks Kind = "in_books" // the books have it, and the bank has not booked it
	Timing  Kind = "timing"   // both have it, one of them on a later day
	Gap     Kind = "gap"      // the bank's own statements do not follow from each other
	Brought Kind = "brought"  // what the bank had before its first statement is not what the books had
)

// Break is one reason why the bank and the books differ.
type Break struct {
	Kind   Kind           `json:"kind"`
	Amount ledger.Amount  `json:"amount"` // how much more the bank has for it than the books
	Since  ledger.Date    `json:"since"`
	Until  ledger.Date    `json:"until,omitzero"` // of Timing: when it is over
	Line   custody.LineID `json:"line,omitempty"`
	Tx     ledger.TxNo    `json:"tx,omitempty"`
	Match  MatchID        `json:"match,omitempty"`
	What   string         `json:"what,omitempty"` // nature of the line, kind of the movement
	Owner  string         `json:"owner,omitempty"`
	Note   string         `json:"note,omitempty"`
}

// Bucket is how old a break is, as lists of breaks are cut.
func (b Break) Bucket(on ledger.Date) string {
	switch days := on.DaysSince(b.Since); {
	case days <= 1:
		return "new"
	case days <= 7:
		return "week"
	case days <= 30:
		return "month"
	case days <= 60:
		return "two_months"
	}
	return "older"
}

// Buckets are all of them, the youngest first.
var Buckets = []string{"new", "week", "month", "two_months", "older"}

// Day is one custodian at the end of one day: what the bank had, what the books
// had, and every reason for the difference. Bank = Cash + Σ Breaks, always.
type Day struct {
	Custodian string        `json:"custodian"` // its code
	On        ledger.Date   `json:"on"`
	Stated    ledger.Date   `json:"stated"` // the day of the newest statement that it rests on
	Bank      ledger.Amount `json:"bank"`
	Terms     []Term        `json:"terms"`
	Cash      ledger.Amount `json:"cash"`
	Breaks    []Break       `json:"breaks"`
	New       int           `json:"new,omitempty"` // lines that nobody looked at yet
}

// Apart is by how much the bank and the books differ.
func (d Day) Apart() ledger.Amount { return d.Bank.Sub(d.Cash) }

// Explained reports that every break is only a matter of days.
func (d Day) Explained() bool {
	return d.New == 0 && !slices.ContainsFunc(d.Breaks, func(b Break) bool { return b.Kind != Timing })
}

// Unexplained is the sum of the breaks that are more than a matter of days.
func (d Day) Unexplained() (sum ledger.Amount) {
	for _, b := range d.Breaks {
		if b.Kind != Timing {
			sum = sum.Add(b.Amount)
		}
	}
	return sum
}

// Reconcile holds a custodian's balance at the end of a day against the books, as
// both are known now.
func Reconcile(ctx context.Context, q sqlx.QueryerContext, p program.Program, c Custodian, on ledger.Date) (d Day, err error) {
	d = Day{Custodian: c.Code, On: on}
	if err = d.terms(ctx, q, p, c); err != nil {
		return d, err
	}
	begun, err := d.bank(ctx, q, p, c)
	if err != nil {
		return d, err
	}
	if err = d.open(ctx, q, p, c, begun); err != nil {
		return d, err
	}
	if err = d.timing(ctx, q, c); err != nil {
		return d, err
	}
	slices.SortStableFunc(d.Breaks, func(a, b Break) int { return a.Since.Cmp(b.Since) })
	sum := d.Cash
	for _, b := range d.Breaks {
		sum = sum.Add(b.Amount)
	}
	if sum != d.Bank {
		return d, fmt.Errorf("reconcile %s on %s: the bank has %s, the books and all differences make %s", c.Code, on, d.Bank, sum)
	}
	return d, nil
}

// beginning is where a custodian's statements begin.
type beginning struct {
	first  ledger.Date // no day: no statement
	amount ledger.Amount
}

// bank reads what the bank had, and what it had before its first statement: the
// first closing balance less all lines up to it.
func (d *Day) bank(ctx context.Context, q sqlx.QueryerContext, p program.Program, c Custodian) (begun beginning, err error) {
	positions, err := custody.Positions(ctx, q, p.ID, d.On)
	if err != nil {
		return begun, err
	}
	const query = `
		SELECT a.id, s.from_day, s.to_day, s.closing - coalesce((SELECT sum(l.amount) FROM bank_lines l WHERE l.tenant_id = a.tenant_id AND l.account_id = a.id AND l.booked_on <= s.to_day), 0) AS amount
		FROM custodian_accounts a
		CROSS JOIN LATERAL (
			SELECT b.to_day, b.closing, (SELECT min(from_day) FROM bank_statements f WHERE f.tenant_id = a.tenant_id AND f.account_id = a.id) AS from_day
			FROM bank_statements b
			WHERE b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.final AND b.closing IS NOT NULL
			ORDER BY b.to_day, b.id DESC LIMIT 1) s
		WHERE a.custodian_id = $1`
	var firsts []struct {
		Account custody.AccountID `db:"id"`
		From    ledger.Date       `db:"from_day"`
		To      ledger.Date       `db:"to_day"`
		Amount  ledger.Amount     `db:"amount"`
	}
	if err := sqlx.SelectContext(ctx, q, &firsts, query, c.ID); err != nil {
		return begun, fmt.Errorf("first statements of %s: %w", c.Code, err)
	}
	for _, at := range positions {
		if at.Custodian == c.ID {
			d.Bank = d.Bank.Add(at.Balance())
			if d.Stated.IsZero() || at.Stated.Before(d.Stated) {
				d.Stated = at.Stated
			}
		}
	}
	for _, f := range firsts {
		if d.On.Before(f.To) { // no closing balance yet: what there was before, and the lines
			d.Bank = d.Bank.Add(f.Amount)
		}
		begun.amount = begun.amount.Add(f.Amount)
		if begun.first.IsZero() || f.From.Before(begun.first) {
			begun.first = f.From
		}
	}
	return begun, nil
}

// open adds what only one side has.
func (d *Day) open(ctx context.Context, q sqlx.QueryerContext, p program.Program, c Custodian, begun beginning) error {
	const lines = `
		SELECT line_id, custodian_id, booked_on, amount, nature, put_off, owner, note FROM bank_open_lines
		WHERE custodian_id = $1 AND booked_on <= $2 ORDER BY booked_on, line_id`
	var open []OpenLine
	if err := sqlx.SelectContext(ctx, q, &open, lines, c.ID, d.On); err != nil {
		return fmt.Errorf("open lines of %s: %w", c.Code, err)
	}
	for _, l := range open {
		if l.Nature == "new" {
			d.New++
		}
		d.Breaks = append(d.Breaks, Break{Kind: InBank, Amount: l.Amount, Since: l.Booked, Line: l.Line, What: string(l.Nature), Owner: l.Owner, Note: l.Note})
	}
	entries, err := OpenEntries(ctx, q, p, c, d.On)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Effective.Before(begun.first) {
			begun.amount = begun.amount.Sub(e.Amount) // it is in what the bank brought
			continue
		}
		d.Breaks = append(d.Breaks, Break{Kind: InBooks, Amount: e.Amount.Neg(), Since: e.Effective, Tx: e.Tx, What: e.Kind, Owner: e.Owner, Note: e.Note})
	}
	if !begun.amount.IsZero() {
		d.Breaks = append(d.Breaks, Break{Kind: Brought, Amount: begun.amount, Since: begun.first})
	}
	gaps, err := custody.Gaps(ctx, q, p.ID)
	for _, g := range gaps {
		if g.Custodian == c.Code && !g.Day.After(d.On) {
			d.Breaks = append(d.Breaks, Break{Kind: Gap, Amount: g.Difference(), Since: g.Day})
		}
	}
	return err
}

// timing adds matches of which one side lies behind the day.
func (d *Day) timing(ctx context.Context, q sqlx.QueryerContext, c Custodian) error {
	const query = `
		WITH later AS (
			SELECT match_id FROM bank_match_entries WHERE custodian_id = $1 AND live AND effective_on > $2
			UNION
			SELECT l.match_id FROM bank_match_lines l JOIN bank_matches m ON m.tenant_id = l.tenant_id AND m.id = l.match_id AND m.custodian_id = $1 WHERE l.live AND l.booked_on > $2
		), sides AS (
			SELECT match_id, amount, booked_on AS on_day, line_id, CAST(0 AS bigint) AS tx_no, '' AS kind FROM bank_match_lines JOIN later USING (match_id) WHERE live
			UNION ALL
			SELECT match_id, -amount, effective_on, 0, tx_no, kind FROM bank_match_entries JOIN later USING (match_id) WHERE live
		)
		SELECT match_id, coalesce(sum(amount) FILTER (WHERE on_day <= $2), 0) AS amount, min(on_day) AS since, max(on_day) AS until,
		       max(line_id) AS line_id, max(tx_no) AS tx_no, max(kind) AS kind
		FROM sides GROUP BY match_id HAVING coalesce(sum(amount) FILTER (WHERE on_day <= $2), 0) <> 0
		ORDER BY match_id`
	var all []struct {
		Match  MatchID        `db:"match_id"`
		Amount ledger.Amount  `db:"amount"`
		Since  ledger.Date    `db:"since"`
		Until  ledger.Date    `db:"until"`
		Line   custody.LineID `db:"line_id"`
		Tx     ledger.TxNo    `db:"tx_no"`
		Kind   string         `db:"kind"`
	}
	if err := sqlx.SelectContext(ctx, q, &all, query, c.ID, d.On); err != nil {
		return fmt.Errorf("matches of %s around %s: %w", c.Code, d.On, err)
	}
	for _, m := range all {
		d.Breaks = append(d.Breaks, Break{Kind: Timing, Amount: m.Amount, Since: m.Since, Until: m.Until, Line: m.Line, Tx: m.Tx, Match: m.Match, What: m.Kind})
	}
	return nil
}

var payables = []ledger.Chart{ledger.WithdrawalsPayable, ledger.DisbursementsTransit, ledger.TransfersTransit, ledger.UnclaimedProperty}

// terms reads what the books' cash at the custodian is made of, fund by fund. Money
// that hangs on a child is not kept by custodian: what other custodians hold of a
// fund counts there, and the rest is the first one's.
func (d *Day) terms(ctx context.Context, q sqlx.QueryerContext, p program.Program, c Custodian) error {
	funds, err := fund.All(ctx, q, p.ID)
	if err != nil {
		return err
	}
	turned, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{In: ledger.Period{Last: d.On}})
	if err != nil {
		return err
	}
	all := map[ledger.FundID]map[ledger.Chart]ledger.Amount{}
	for _, t := range turned {
		if all[t.Fund] == nil {
			all[t.Fund] = map[ledger.Chart]ledger.Amount{}
		}
		all[t.Fund][t.Chart] = all[t.Fund][t.Chart].Add(t.Net())
	}
	kept, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Charts: append(slices.Clone(cash), ledger.Suspense), EffectiveOn: d.On})
	if err != nil {
		return err
	}
	here, elsewhere := map[ledger.FundID]held{}, map[ledger.FundID]held{}
	for _, b := range kept {
		at := elsewhere
		if c.holds(b.Account) {
			at = here
		}
		h := at[b.Fund]
		if b.Chart == ledger.Suspense {
			h.suspense = h.suspense.Add(b.Amount)
		} else {
			h.cash = h.cash.Sub(b.Amount)
		}
		at[b.Fund] = h
	}
	for _, f := range funds {
		d.Cash = d.Cash.Add(here[f.ID].cash)
		d.fund(f, c, all[f.ID], here[f.ID], elsewhere[f.ID])
	}
	return nil
}

// held is what one custodian holds of a fund in cash, and in suspense of it.
type held struct{ cash, suspense ledger.Amount }

// fund adds the terms of one fund; together they are its cash.
func (d *Day) fund(f fund.Fund, c Custodian, all map[ledger.Chart]ledger.Amount, here, elsewhere held) {
	left := here.cash
	add := func(name string, amount ledger.Amount, charts ...ledger.Chart) {
		left = left.Sub(amount)
		if !amount.IsZero() {
			d.Terms = append(d.Terms, Term{name, f.Code, f.ID, charts, amount})
		}
	}
	sum := func(charts ...ledger.Chart) (total ledger.Amount) {
		for _, chart := range charts {
			total = total.Add(all[chart])
		}
		return total
	}
	add("suspense", here.suspense, ledger.Suspense)
	own := []ledger.Chart{ledger.FamilyPrincipal, ledger.FamilyEarnings}
	switch {
	case f.Kind == fund.Family && c.Home:
		add("family", sum(own...).Sub(elsewhere.cash.Sub(elsewhere.suspense)), own...)
		add("payable", sum(payables...), payables...)
		add("returned", sum(ledger.ReturnedReceivable), ledger.ReturnedReceivable)
		add("owed_by_operations", sum(ledger.DueFromFunds), ledger.DueFromFunds)
	case f.Kind == fund.Family:
		add("family", left, own...)
	case f.Kind == fund.Restricted && c.Home:
		add("program", sum(ledger.Designated()...).Sub(elsewhere.cash), ledger.Designated()...)
		add("payable", sum(payables...), payables...)
	case f.Kind == fund.Restricted:
		add("program", left, ledger.Designated()...)
	}
	switch {
	case f.Kind == fund.Family:
		add("other", left, cash...)
	case left.Sign() < 0:
		add("to_be_wired", left, ledger.RestrictedCash)
	default:
		add("uncommitted", left, ledger.Uncommitted)
	}
}
