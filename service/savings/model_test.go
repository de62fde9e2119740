package savings

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// modelMatch gives one for one up to 20.00, four days and one after the
// deposit, from SMITH first.
const modelMatch = `
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 1.00}
    caps: {per_period: 20.00}
    period: school_year
    pay: {when: daily, lag_days: 4}
    funding: {sources: [{fund: SMITH}, {fund: CITY}]}
    undo: {on_return: reverse_full}`

// modelDeposit is a deposit as the model knows it.
type modelDeposit struct {
	reference string
	child     int // −1: nobody knows
	minor     int64
	on        ledger.Date
	returned  ledger.Date
}

// model says what must be, in whole numbers and from the rules' own words.
type model struct {
	deposits []modelDeposit
	received map[string]int64 // by fund
}

// match is what a child is entitled to as of a day.
func (m *model) match(child int, asOf ledger.Date) (total int64) {
	for _, d := range m.deposits {
		if d.child == child && !d.on.After(asOf) && (d.returned.IsZero() || d.returned.After(asOf)) {
			total += d.minor
		}
	}
	return min(total, 20_00)
}

// families is what families have paid in and the bank has not taken back.
func (m *model) families() (total int64) {
	for _, d := range m.deposits {
		if d.returned.IsZero() {
			total += d.minor
		}
	}
	return total
}

// programs are worlds of one tenant in which the same happens, in batches of
// different sizes.
type programs struct {
	t      *testing.T
	worlds []*world
	ids    []family.ChildID
	book   *rules.Book
	model  model
	next   int
}

var modelStart = ledger.NewDate(2026, 9, 1)

func (p *programs) each(fn func(ctx context.Context, tx *sqlx.Tx, w *world) error) {
	for _, w := range p.worlds {
		w.do(p.t, func(ctx context.Context, tx *sqlx.Tx) error { return fn(ctx, tx, w) })
	}
}

// newPrograms opens two programs for a check, with a poor and a rich fund.
func newPrograms(t *testing.T, rt *rapid.T, base *world, ids []family.ChildID, book *rules.Book, check int) *programs {
	p := &programs{t: t, ids: ids, book: book, model: model{received: map[string]int64{}}}
	for i := range 2 {
		w := *base
		w.funds = map[string]fund.Fund{}
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			w.program, err = program.Add(ctx, tx, w.who, program.Program{Code: fmt.Sprintf("p%d-%d", check, i), Name: "P", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
			if err != nil {
				return err
			}
			return fund.Open(ctx, tx, w.who, w.program, w.at)
		})
		p.worlds = append(p.worlds, &w)
	}
	for _, code := range []string{"SMITH", "CITY"} {
		minor := rapid.Int64Range(1, 60_00).Draw(rt, code)
		p.model.received[code] = minor
		for _, w := range p.worlds {
			w.fund(t, code, ledger.Minor(minor).String())
		}
	}
	return p
}

func drawDay(rt *rapid.T, what string, from ledger.Date) ledger.Date {
	return from.AddDays(rapid.IntRange(0, 14).Draw(rt, what))
}

// deposit pays in for a child, or for nobody.
func (p *programs) deposit(rt *rapid.T) {
	p.next++
	d := modelDeposit{reference: fmt.Sprint("D", p.next), child: rapid.IntRange(-1, len(p.ids)-1).Draw(rt, "child"),
		minor: rapid.Int64Range(1, 15_00).Draw(rt, "minor"), on: drawDay(rt, "deposited", modelStart)}
	p.model.deposits = append(p.model.deposits, d)
	var child family.ChildID
	if d.child >= 0 {
		child = p.ids[d.child]
	}
	p.each(func(ctx context.Context, tx *sqlx.Tx, w *world) error {
		_, err := PostDeposits(ctx, tx, w.who, w.program, []Deposit{{Reference: d.reference, Child: child, Amount: ledger.Minor(d.minor), On: d.on, Channel: "ach"}}, 0, w.at)
		return err
	})
}

// pick draws one of the deposits that are so.
func (p *programs) pick(rt *rapid.T, so func(d modelDeposit) bool) *modelDeposit {
	var places []int
	for i, d := range p.model.deposits {
		if so(d) {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return nil
	}
	return &p.model.deposits[rapid.SampledFrom(places).Draw(rt, "deposit")]
}

// identify finds out whose a deposit is.
func (p *programs) identify(rt *rapid.T) {
	d := p.pick(rt, func(d modelDeposit) bool { return d.child < 0 })
	if d == nil {
		return
	}
	d.child = rapid.IntRange(0, len(p.ids)-1).Draw(rt, "whose")
	on := drawDay(rt, "identified", d.on)
	p.each(func(ctx context.Context, tx *sqlx.Tx, w *world) error {
		id, err := DepositByReference(ctx, tx, w.program.ID, d.reference)
		if err != nil {
			return err
		}
		return Identify(ctx, tx, w.who, w.program, Identification{id, p.ids[d.child], on}, w.at)
	})
}

// bounce has the bank take a deposit back, once or told twice.
func (p *programs) bounce(rt *rapid.T) {
	d := p.pick(rt, func(d modelDeposit) bool { return d.child >= 0 && d.returned.IsZero() })
	if d == nil {
		return
	}
	d.returned = drawDay(rt, "returned", d.on)
	asOf := drawDay(rt, "recorded as of", d.returned)
	for range rapid.IntRange(1, 2).Draw(rt, "told") {
		for _, w := range p.worlds {
			w.bounces(p.t, p.book, d.reference, d.returned.String(), asOf.String())
		}
	}
}

// award runs for any day, in batches of a size in the first program and of one
// in the second.
func (p *programs) award(rt *rapid.T) {
	p.run(drawDay(rt, "as of", modelStart), rapid.IntRange(2, len(p.ids)).Draw(rt, "batch"))
}

func (p *programs) run(asOf ledger.Date, size int) (tallies []Tally) {
	for i, w := range p.worlds {
		n := size
		if i == 1 {
			n = 1
		}
		tally := w.night(p.t, p.book, known(p.t, p.ids), asOf.String(), n)
		tallies = append(tallies, tally)
	}
	return tallies
}

// balances of a program, by line of the chart, fund and child.
func (p *programs) balances(w *world) map[string]ledger.Amount {
	codes := map[ledger.FundID]string{}
	for code, f := range w.funds {
		codes[f.ID] = code
	}
	out := map[string]ledger.Amount{}
	w.do(p.t, func(ctx context.Context, tx *sqlx.Tx) error {
		all, err := ledger.Balances(ctx, tx, w.program.Book, ledger.Query{})
		for _, b := range all {
			if !b.Amount.IsZero() {
				out[fmt.Sprintf("%d %s %d %s", b.Chart, codes[b.Fund], b.Child, b.Benefit)] = b.Amount
			}
		}
		return err
	})
	return out
}

// check holds both programs against each other and against the model.
func (p *programs) check(rt *rapid.T) {
	last := modelStart.AddDays(200)
	p.run(last, len(p.ids)) // promises that are cancelled leave money for who came before
	p.run(last, len(p.ids))
	for i, tally := range p.run(last, 2) {
		if !tally.Given.IsZero() || !tally.Paid.IsZero() {
			rt.Fatalf("program %d: a third run gave %s and paid %s", i, tally.Given, tally.Paid)
		}
	}
	if a, b := p.balances(p.worlds[0]), p.balances(p.worlds[1]); !maps.Equal(a, b) {
		rt.Fatalf("the size of batches matters:\n%v\n%v", a, b)
	}
	w := p.worlds[0]
	p.checkFunds(rt, w)
	p.checkChildren(rt, w, last)
	w.verifies(p.t)
}

func (p *programs) checkFunds(rt *rapid.T, w *world) {
	for code, received := range p.model.received {
		charts := append(ledger.Designated(), ledger.Uncommitted, ledger.Accrued)
		if got := w.sum(p.t, ledger.Query{Fund: w.funds[code].ID, Charts: charts}); got != ledger.Minor(received) {
			rt.Fatalf("%s received %s and accounts for %s", code, ledger.Minor(received), got)
		}
	}
	own := w.sum(p.t, ledger.Query{Charts: []ledger.Chart{ledger.FamilyPrincipal, ledger.ReturnedReceivable, ledger.Suspense}})
	if own != ledger.Minor(p.model.families()) {
		rt.Fatalf("families have %s, want %s", own, ledger.Minor(p.model.families()))
	}
}

func (p *programs) checkChildren(rt *rapid.T, w *world, last ledger.Date) {
	if xs := w.proposals(p.t); len(xs) > 0 {
		rt.Fatalf("proposed to be taken back: %+v: the rules undo returns by themselves", xs)
	}
	var awards []AwardState
	w.do(p.t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		awards, err = AwardsOf(ctx, tx, w.program.ID, p.ids)
		return err
	})
	for _, a := range awards {
		if a.Benefit != "match" {
			continue
		}
		child := slices.Index(p.ids, a.Child)
		want := ledger.Minor(p.model.match(child, last))
		if a.Posted.Add(a.Queued) != want || !a.Accrued.IsZero() || a.Entitled != want {
			rt.Fatalf("child %d: entitled %s, on the account %s, promised %s, queued %s; want %s", child, a.Entitled, a.Posted, a.Accrued, a.Queued, want)
		}
		if got := w.balance(p.t, a.Child, ledger.DesignatedMatch); got != a.Posted || got.Minor() > 20_00 {
			rt.Fatalf("child %d: %s on the ledger, %s in its award", child, got, a.Posted)
		}
	}
}

// TestWhateverHappensEveryAwardIsPaidOnce plays deposits, returns,
// identifications and runs for any day, in any order, in two programs at once.
func TestWhateverHappensEveryAwardIsPaidOnce(t *testing.T) {
	t.Parallel()
	base := newWorld(t)
	ids := base.children(t, 4)
	book := matchBook(t, modelMatch, seedOf50)
	const enough = 20 // checks; a database is not as quick as the memory that rapid expects
	passed, failed, started := 0, false, 0
	rapid.Check(t, func(rt *rapid.T) {
		if passed >= enough && !failed {
			return
		}
		started++
		failed = true // until it has passed: shrinking comes back
		p := newPrograms(t, rt, base, ids, book, started)
		steps := []func(rt *rapid.T){p.deposit, p.deposit, p.identify, p.bounce, p.bounce, p.award, p.award}
		for range rapid.IntRange(5, 20).Draw(rt, "steps") {
			rapid.SampledFrom(steps).Draw(rt, "step")(rt)
		}
		p.check(rt)
		passed, failed = passed+1, false
	})
}
