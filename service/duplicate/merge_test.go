package duplicate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// mergeRules give a seed once, a match that is promised and paid at the end of a
// quarter and taken back with its deposit, and something for a reported event.
const mergeRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2020-07-01}
events: [{name: viewed_online}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, funding: {sources: [{fund: CITY}]}}
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1.00}, period: school_year, caps: {per_period: 30.00}, pay: {when: quarter_end}, undo: {on_return: reverse_full}, funding: {sources: [{fund: CITY}]}}
  - {id: view, kind: incentive, trigger: event(viewed_online), amount: {fixed: 5.00}, period: school_year, caps: {per_period: 10.00}, funding: {sources: [{fund: CITY}, {fund: MORE}]}}
`

// town is an office with a program whose awards are run.
type town struct {
	*office
	program program.Program
	rules   *rules.Book
	on      ledger.Date
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{office: newOffice(t), on: ledger.NewDate(2026, 9, 1)}
	var err error
	if w.rules, err = rules.Parse([]byte(mergeRules)); err != nil {
		t.Fatal(err)
	}
	setup := store.Who{Tenant: w.who.Tenant, Actor: "setup"}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		w.program, err = program.Add(ctx, tx, w.who, program.Program{Code: "city", Name: "City", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
		if err != nil {
			return err
		}
		if err := fund.Open(ctx, tx, w.who, w.program, w.at); err != nil {
			return err
		}
		for code, amount := range map[string]ledger.Amount{"CITY": ledger.Minor(10_000_00), "MORE": ledger.Minor(1_000_00)} {
			f, err := fund.Add(ctx, tx, setup, w.program, fund.Fund{Code: code, Name: code, Funder: code}, w.at)
			if err != nil {
				return err
			}
			if err := fund.Receive(ctx, tx, setup, w.program, fund.Receipt{Fund: f, Kind: fund.Grant, Amount: amount, On: w.on, Reference: code}, w.at); err != nil {
				return err
			}
		}
		hash, err := program.Draft(ctx, tx, w.who, w.program.ID, []byte(mergeRules), w.at)
		if err != nil {
			return err
		}
		return program.Approve(ctx, tx, store.Who{Tenant: w.who.Tenant, Actor: "checker"}, w.program.ID, hash, w.at)
	})
	return w
}

// enroll adds children who take part from a day on.
func (w *town) enroll(t *testing.T, on ledger.Date, people ...family.Person) []family.ChildID {
	t.Helper()
	ids := w.add(t, people...)
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		applications := make([]enroll.Application, len(ids))
		for i, id := range ids {
			applications[i] = enroll.Application{Child: id, On: on}
		}
		_, err := enroll.Admit(ctx, tx, w.who, w.keys, w.program, w.rules, applications, w.at)
		return err
	})
	return ids
}

func (w *town) walk() enroll.Walk {
	return enroll.Walk{Who: store.Who{Tenant: w.who.Tenant, Actor: "job"}, Keys: w.keys, Program: w.program, Rules: w.rules, AsOf: w.on, At: w.at}
}

func (w *town) night(t *testing.T) (total savings.Tally) {
	t.Helper()
	for after := family.ChildID(0); ; {
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			last, tally, err := enroll.AwardChunk(ctx, tx, w.walk(), after)
			after, total = last, total.Plus(tally)
			return err
		})
		if after == 0 {
			return total
		}
	}
}

// tomorrow begins the next day.
func (w *town) tomorrow(days int) { w.on, w.at = w.on.AddDays(days), w.at.AddDate(0, 0, days) }

func (w *town) desk(actor string) Desk {
	return Desk{store.Who{Tenant: w.who.Tenant, Actor: actor}, w.keys, w.at}
}

func (w *town) try(t *testing.T, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	t.Helper()
	return w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) })
}

// merge joins two records by two people and returns the join.
func (w *town) merge(t *testing.T, survivor, absorbed family.ChildID) (j family.Join) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		e, err := PreviewJoin(ctx, tx, w.desk("staff/1"), survivor, absorbed)
		if err != nil {
			return err
		}
		waits, err := ProposeJoin(ctx, tx, w.desk("staff/1"), survivor, absorbed, "same child", e.Hash())
		if err != nil {
			return err
		}
		all, err := family.JoinsOf(ctx, tx, []family.ChildID{absorbed})
		if err != nil {
			return err
		}
		j = all[0]
		if !waits {
			return nil
		}
		return ApproveJoin(ctx, tx, w.desk("staff/2"), j.ID)
	})
	return j
}

func (w *town) part(t *testing.T, id family.JoinID) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		e, err := PreviewPart(ctx, tx, w.desk("staff/1"), id)
		if err != nil {
			return err
		}
		return PartJoin(ctx, tx, w.desk("staff/1"), id, "two children", e.Hash(), false)
	})
}

func (w *town) deposit(t *testing.T, reference string, child family.ChildID, minor int64) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: reference, Child: child, Amount: ledger.Minor(minor), On: w.on, Channel: "ach"}}, 0, w.at)
		return err
	})
}

// given are the awards of children as a person reads them, with what is proposed
// to be taken back.
func (w *town) given(t *testing.T, ids ...family.ChildID) (lines []string) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, id := range ids {
			states, err := savings.AwardsOf(ctx, tx, w.program.ID, []family.ChildID{id})
			if err != nil {
				return err
			}
			for _, s := range states {
				if s.Entitled.Add(s.Posted).Add(s.Accrued).Add(s.Queued).IsZero() {
					continue
				}
				lines = append(lines, fmt.Sprintf("%d %s %s: %s of %s, %s coming, %s queued", slices.Index(ids, id), s.Benefit, s.Period, s.Posted, s.Entitled, s.Accrued, s.Queued))
			}
		}
		xs, err := savings.Excesses(ctx, tx, w.program.ID)
		for _, x := range xs {
			if i := slices.Index(ids, x.Child); i >= 0 {
				lines = append(lines, fmt.Sprintf("%d %s %s: %s back?", i, x.Benefit, x.Period, x.Amount))
			}
		}
		return err
	})
	return lines
}

// on accounts is what each account of the records holds, by line of the chart.
func (w *town) onAccounts(t *testing.T, ids ...family.ChildID) (total ledger.Amount, by map[ledger.Account]ledger.Amount) {
	t.Helper()
	by = map[ledger.Account]ledger.Amount{}
	children := make([]int64, len(ids))
	for i, id := range ids {
		children[i] = int64(id)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		balances, err := ledger.Balances(ctx, tx, w.program.Book, ledger.Query{Children: children})
		for _, b := range balances {
			if b.Chart.Layer() != "" {
				by[b.Account] = b.Amount
				total = total.Add(b.Amount)
			}
		}
		return err
	})
	return total, by
}

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAMergeIsRefusedBeforeItIsDone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ids := w.enroll(t, w.on, ana(), ana())
	w.night(t)
	one, two := w.desk("staff/1"), w.desk("staff/2")
	var e Effect
	propose := func(d Desk, a, b family.ChildID, why, seen string) error {
		return w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := ProposeJoin(ctx, tx, d, a, b, why, seen)
			return err
		})
	}
	if err := propose(one, ids[0], ids[1], " ", ""); !errors.Is(err, ErrWhy) {
		t.Errorf("without a reason: %v", err)
	}
	if err := propose(one, ids[0], ids[1], "same", "something else"); !errors.Is(err, ErrChanged) {
		t.Errorf("unseen: %v", err)
	}
	if err := propose(one, ids[0], ids[0]+1000, "same", ""); !errors.Is(err, family.ErrNone) {
		t.Errorf("with nobody: %v", err)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		e, err = PreviewJoin(ctx, tx, one, ids[0], ids[1])
		return err
	})
	if !e.Money() || len(e.Programs) != 1 || len(e.Programs[0].Reversals) != 1 || e.Programs[0].Reversals[0].Amount != ledger.Minor(50_00) || e.Programs[0].Reversals[0].Child != ids[1] {
		t.Fatalf("effect %+v: the second seed is proposed to be taken back", e)
	}
	want(t, "a preview changes nothing", w.given(t, ids...),
		"0 seed once: 50.00 of 50.00, 0.00 coming, 0.00 queued", "1 seed once: 50.00 of 50.00, 0.00 coming, 0.00 queued")
	if err := propose(one, ids[0], ids[1], "same", e.Hash()); err != nil {
		t.Fatal(err)
	}
	if err := propose(two, ids[0], ids[1], "same", e.Hash()); !errors.Is(err, family.ErrJoined) {
		t.Errorf("twice: %v", err)
	}
	var j family.Join
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		all, err := family.JoinsOf(ctx, tx, ids)
		j = all[0]
		return err
	})
	approve := func(d Desk) error {
		return w.try(t, func(ctx context.Context, tx *sqlx.Tx) error { return ApproveJoin(ctx, tx, d, j.ID) })
	}
	if err := approve(one); !errors.Is(err, family.ErrJoinSamePerson) {
		t.Errorf("by the same person: %v", err)
	}
	w.deposit(t, "D1", ids[1], 7_00)
	if err := approve(two); !errors.Is(err, ErrChanged) {
		t.Errorf("after the effect changed: %v", err)
	}
	if err := w.try(t, func(ctx context.Context, tx *sqlx.Tx) error { return RefuseJoin(ctx, tx, one, j.ID) }); err != nil {
		t.Fatal(err)
	}
	j = w.merge(t, ids[0], ids[1])
	if err := approve(two); !errors.Is(err, family.ErrNoJoin) {
		t.Errorf("approved twice: %v", err)
	}
	if err := propose(one, ids[1], ids[0], "same", ""); !errors.Is(err, family.ErrJoined) {
		t.Errorf("joined the other way: %v", err)
	}
}

func TestJoinedRecordsAreOneChild(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ids := w.enroll(t, w.on, ana(), ana())
	w.deposit(t, "D1", ids[0], 20_00)
	w.deposit(t, "D2", ids[1], 25_00)
	w.night(t)
	w.tomorrow(1)
	j := w.merge(t, ids[0], ids[1])
	want(t, "joined", w.given(t, ids[0]), "0 match 2026-27: 0.00 of 30.00, 30.00 coming, 0.00 queued", "0 seed once: 100.00 of 50.00, 0.00 coming, 0.00 queued")
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		money, err := enroll.MoneyOf(ctx, tx, w.program, ids[:1])
		if m := money[ids[0]]; m.Own != ledger.Minor(45_00) || m.Program != ledger.Minor(100_00) || m.Coming != ledger.Minor(30_00) {
			t.Errorf("money %+v", m)
		}
		return err
	})
	if tally := w.night(t); tally.Children != 1 || !tally.Given.IsZero() {
		t.Errorf("the night after: %+v, want the one child, given nothing", tally)
	}
	w.deposit(t, "D3", ids[1], 5_00) // still comes under the old number
	if tally := w.night(t); tally.Children != 1 {
		t.Errorf("a deposit under the old number: %+v", tally)
	}
	w.tomorrow(40)
	if tally := w.night(t); tally.Paid != ledger.Minor(30_00) {
		t.Errorf("the quarter's end: %+v", tally)
	}
	_, by := w.onAccounts(t, ids...)
	for a, amount := range by {
		if a.Chart == ledger.DesignatedMatch && (a.Child != int64(ids[0])) != amount.IsZero() {
			t.Errorf("%+v holds %s: what is due is paid on the account that goes on", a, amount)
		}
	}
	w.tomorrow(1)
	w.part(t, j.ID)
	want(t, "parted", w.given(t, ids...), "0 match 2026-27: 30.00 of 20.00, 0.00 coming, 0.00 queued", "0 seed once: 50.00 of 50.00, 0.00 coming, 0.00 queued",
		"1 match 2026-27: 0.00 of 30.00, 0.00 coming, 30.00 queued", "1 seed once: 50.00 of 50.00, 0.00 coming, 0.00 queued", "0 match 2026-27: 10.00 back?")
	if tally := w.night(t); tally.Children != 2 || tally.Given != ledger.Minor(30_00) {
		t.Errorf("the night after the parting: %+v", tally)
	}
}

// TestMergeAndUnMergeOverRandomHistories holds I-08 and I-22 over random
// histories on PostgreSQL: nothing on any account moves by a merge, parting at
// once leaves everything as it was, one child is given what one child is
// entitled to, and a full re-performance finds nothing.
func TestMergeAndUnMergeOverRandomHistories(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	const enough = 12
	passed, serial := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if passed >= enough {
			return
		}
		passed++
		begin := w.on.AddDays(-rapid.IntRange(0, 9).Draw(rt, "enrolled earlier"))
		ids := append(w.enroll(t, begin, ana()), w.enroll(t, w.on, ana())...)
		live := func(n int) {
			for range n {
				serial++
				w.news(t, rt, ids, fmt.Sprint("R", serial))
				if rapid.IntRange(0, 2).Draw(rt, "a night") > 0 {
					w.night(t)
				}
				w.tomorrow(rapid.IntRange(0, 20).Draw(rt, "days"))
			}
			w.night(t)
		}
		live(rapid.IntRange(0, 6).Draw(rt, "before"))
		before, money := w.given(t, ids...), func() map[ledger.Account]ledger.Amount { _, by := w.onAccounts(t, ids...); return by }
		had := money()
		a, b := ids[0], ids[1]
		if rapid.Bool().Draw(rt, "the other way") {
			a, b = b, a
		}
		j := w.merge(t, a, b)
		if now := money(); !reflect.DeepEqual(had, now) {
			rt.Fatalf("a merge moved money: %v, was %v", now, had)
		}
		w.part(t, j.ID)
		if now := money(); !reflect.DeepEqual(had, now) {
			rt.Fatalf("a parting moved money: %v, was %v", now, had)
		}
		w.night(t)
		if now := w.given(t, ids...); !slices.Equal(now, before) {
			rt.Fatalf("merged and parted:\n%s\nbefore\n%s", strings.Join(now, "\n"), strings.Join(before, "\n"))
		}
		j = w.merge(t, a, b)
		live(rapid.IntRange(0, 6).Draw(rt, "after"))
		w.oneChild(t, rt, a)
		w.reperform(t, rt, int64(2*passed))
		w.part(t, j.ID)
		live(rapid.IntRange(0, 3).Draw(rt, "apart"))
		w.reperform(t, rt, int64(2*passed+1))
	})
}

// news has something happen to one of the records.
func (w *town) news(t *testing.T, rt *rapid.T, ids []family.ChildID, reference string) {
	child := rapid.SampledFrom(ids).Draw(rt, "record")
	what := rapid.IntRange(0, 4).Draw(rt, "what")
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		switch what {
		case 0, 1:
			_, err = savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: reference, Child: child, Amount: ledger.Minor(7_00), On: w.on, Channel: "ach"}}, 0, w.at)
		case 2:
			_, err = family.RecordEvents(ctx, tx, w.who, w.program.ID, []family.Event{{Child: child, Kind: "viewed_online", On: w.on, Reference: reference}}, w.at)
		case 3:
			var deposits []savings.DepositState
			if deposits, err = savings.DepositsOf(ctx, tx, w.program.ID, child, 1); err == nil && len(deposits) > 0 && deposits[0].State == "posted" {
				err = enroll.ReturnDeposit(ctx, tx, w.walk(), savings.BankReturn{Deposit: deposits[0].ID, On: w.on, Code: "R01"})
			}
		case 4:
			var xs []savings.Excess
			if xs, err = savings.Excesses(ctx, tx, w.program.ID); err == nil && len(xs) > 0 {
				who := store.Who{Tenant: w.who.Tenant, Actor: "staff/9"}
				err = savings.Decide(ctx, tx, who, w.program, xs[0].ID, rapid.Bool().Draw(rt, "take back"), w.on, w.at)
			}
		}
		return err
	})
}

// oneChild checks that what all records of a child were given is what one child
// is entitled to, or somebody is asked about the rest or left it (I-08).
func (w *town) oneChild(t *testing.T, rt *rapid.T, id family.ChildID) {
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		children, err := enroll.Facts(ctx, tx, w.who, w.keys, w.program.ID, []family.ChildID{id})
		if err != nil {
			return err
		}
		if children, err = savings.WithDeposits(ctx, tx, w.program.ID, children); err != nil {
			return err
		}
		entitled := map[string]ledger.Amount{}
		for _, e := range rules.Evaluate(w.rules, children[0], w.on) {
			entitled[e.Benefit+" "+e.Period] = e.Amount
		}
		records, err := family.Records(ctx, tx, []family.ChildID{id})
		if err != nil {
			return err
		}
		var open []struct {
			Award  string        `db:"award"`
			Amount ledger.Amount `db:"amount"`
		}
		const asked = `SELECT benefit || ' ' || period AS award, sum(amount) AS amount FROM award_excesses
			WHERE child_id IN ($1, $2) AND state IN ('proposed', 'kept') GROUP BY 1`
		if err := tx.SelectContext(ctx, &open, asked, records[id][0], records[id][1]); err != nil {
			return err
		}
		beyond := map[string]ledger.Amount{}
		for _, o := range open {
			beyond[o.Award] = o.Amount
		}
		states, err := savings.AwardsOf(ctx, tx, w.program.ID, []family.ChildID{id})
		for _, s := range states {
			award := s.Benefit + " " + s.Period
			has := s.Posted.Add(s.Accrued).Add(s.Queued)
			if has.Less(entitled[award]) || entitled[award].Add(beyond[award]).Less(has) {
				rt.Fatalf("%s: has %s, entitled to %s, %s asked about or left", award, has, entitled[award], beyond[award])
			}
		}
		return err
	})
}

// reperform derives everything anew: nothing may differ.
func (w *town) reperform(t *testing.T, rt *rapid.T, run int64) {
	for after := family.ChildID(0); ; {
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			next, out, err := enroll.ReperformChunk(ctx, tx, w.walk(), run, after)
			if after = next; err == nil && len(out.Findings) > 0 {
				found, _ := savings.Findings(ctx, tx, w.program.ID, run, 0, 10)
				rt.Fatalf("derived anew: %+v", found)
			}
			return err
		})
		if after == 0 {
			return
		}
	}
}
