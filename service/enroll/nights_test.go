package enroll

import (
	"context"
	"fmt"
	"testing"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// nightRules have something that comes of itself: a payday, a birthday, the end
// of a quarter, a fact that begins later and a class.
const nightRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2020-07-01, effective_to: 2026-09-14}
  - {id: v2, effective_from: 2026-09-15}
facts: [{name: foster, type: yes_no}]
events: [{name: viewed_online}]
enrollment: {mode: auto_opt_out, opt_out_days: 3}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, funding: {sources: [{fund: CITY}]}}
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1.00}, caps: {per_period: 60.00}, period: school_year, pay: {when: daily, lag_days: 4}, funding: {sources: [{fund: CITY}]}, undo: {on_return: reverse_full}}
  - {id: birthday, kind: incentive, trigger: age(7), amount: {fixed: 5.00}, period: once, funding: {sources: [{fund: CITY}]}}
  - {id: view, kind: incentive, trigger: event(viewed_online), amount: {fixed: 2.00}, period: once, pay: {when: quarter_end}, funding: {sources: [{fund: CITY}]}}
  - {id: foster, kind: incentive, trigger: event(enrolled), when: foster, amount: {fixed: 30.00}, period: once, eligible_at: payment_date, funding: {sources: [{fund: CITY}]}}
  - {id: first, kind: community, trigger: class(2026-09-10), when: foster, amount: {fixed: 9.00}, period: once, funding: {sources: [{fund: CITY}]}}
`

// TestNightsThatLookAtTheTouchedAloneGiveWhatTheRulesGive has anything happen to
// children, runs a night after each day, and derives everything anew: nothing
// differs, although most nights look at few.
func TestNightsThatLookAtTheTouchedAloneGiveWhatTheRulesGive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	if w.rules, err = rules.Parse([]byte(nightRules)); err != nil {
		t.Fatal(err)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		hash, err := program.Draft(ctx, tx, w.who, w.program.ID, []byte(nightRules), w.at)
		if err != nil {
			return err
		}
		return program.Approve(ctx, tx, store.Who{Tenant: w.who.Tenant, Actor: "checker"}, w.program.ID, hash, w.at)
	})
	const enough = 6 // caseloads; each adds to the last
	passed, run, serial := 0, int64(0), 0
	looked, nights := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if passed >= enough {
			return
		}
		ids := make([]family.ChildID, 4)
		for i := range ids {
			born := ledger.NewDate(2019, 9, 1).AddDays(rapid.IntRange(-3, 30).Draw(rt, "born"))
			ids[i] = w.child("Child", "Cruz", func(p *family.Person, _ *string) { p.BornOn = born })
		}
		w.admit(ids...)
		for d := range 30 {
			on := w.on.AddDays(d)
			for range rapid.IntRange(0, 2).Draw(rt, "news") {
				serial++
				w.news(rt, ids, on, serial)
			}
			looked, nights = looked+w.night(t, on).Children, nights+1
		}
		run++
		if found, out := w.reperform(t, run, w.on.AddDays(29)); len(found) > 0 || out.Waiting > 0 {
			rt.Fatalf("derived anew: %q, %+v", found, out)
		}
		passed++
		w.on = w.on.AddDays(30) // the next children come after these, whose days go on
	})
	if children := 4 * passed; looked*5 > nights*children {
		t.Errorf("%d nights over up to %d children looked at %d: most should be left alone", nights, children, looked)
	}
}

// news has something happen to one of the children.
func (w *world) news(rt *rapid.T, ids []family.ChildID, on ledger.Date, serial int) {
	child := rapid.SampledFrom(ids).Draw(rt, "child")
	reference := fmt.Sprint("R", serial)
	back := on.AddDays(-rapid.IntRange(0, 5).Draw(rt, "days ago"))
	what := rapid.IntRange(0, 4).Draw(rt, "what")
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		switch what {
		case 0, 1:
			_, err = savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: reference, Child: child, Amount: ledger.Minor(7_00), On: back, Channel: "ach"}}, 0, w.at)
		case 2:
			_, err = family.RecordEvents(ctx, tx, w.who, w.program.ID, []family.Event{{Child: child, Kind: "viewed_online", On: back, Reference: reference}}, w.at)
		case 3:
			from := on.AddDays(rapid.IntRange(-3, 8).Draw(rt, "from"))
			_, err = family.RecordFacts(ctx, tx, w.who, w.keys, []family.Fact{{Child: child, Name: "foster", Value: true, From: from, Known: on, Reference: reference}}, w.at)
		case 4:
			var deposits []savings.DepositState
			if deposits, err = savings.DepositsOf(ctx, tx, w.program.ID, child, 1); err == nil && len(deposits) > 0 && deposits[0].State == "posted" && !on.Before(deposits[0].On) {
				err = ReturnDeposit(ctx, tx, w.walk(on), savings.BankReturn{Deposit: deposits[0].ID, On: on, Code: "R01"})
			}
		}
		return err
	})
}
