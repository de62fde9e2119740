package report

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// goldenRules are those of the golden month (domain/money.md): a seed of 50 from
// CITY, a match 1:1 up to 20 a school year from SMITH at school A only, paid
// five days after the deposit.
const goldenRules = `
program: {id: golden, name: Golden month, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2026-07-01}
eligibility:
  - {id: school, when: known(school)}
enrollment: {mode: auto_opt_out}
benefits:
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 1.00}
    caps: {per_period: 20.00}
    period: school_year
    pay: {when: daily, lag_days: 4}
    funding: {sources: [{fund: SMITH, when: 'school == "A"'}]}
    undo: {on_return: reverse_full}
`

// month is September 2026 as domain/money.md tells it, lived through the use
// cases.
type month struct {
	t       *testing.T
	db      *store.DB
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	rules   *rules.Book
	funds   map[string]fund.Fund
	child   [3]family.ChildID
	at      time.Time
}

func newMonth(t *testing.T) *month {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	m := &month{t: t, db: db, keys: vault.Random(), funds: map[string]fund.Fund{}, at: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	m.who.Actor = "test"
	if m.rules, err = rules.Parse([]byte(goldenRules)); err != nil {
		t.Fatal(err)
	}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &m.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Golden', $1) RETURNING id`, m.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	m.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		m.program, err = program.Add(ctx, tx, m.who, program.Program{Code: "golden", Name: "Golden", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, m.at)
		if err != nil {
			return err
		}
		if err := fund.Open(ctx, tx, m.who, m.program, m.at); err != nil {
			return err
		}
		for _, code := range []string{"CITY", "SMITH"} {
			if _, err := fund.Add(ctx, tx, m.who, m.program, fund.Fund{Code: code, Name: code, Funder: code}, m.at); err != nil {
				return err
			}
		}
		all, err := fund.All(ctx, tx, m.program.ID)
		for _, f := range all {
			m.funds[f.Code] = f
		}
		return err
	})
	return m
}

func (m *month) do(fn func(ctx context.Context, tx *sqlx.Tx) error) {
	m.t.Helper()
	if err := m.db.InTx(m.t.Context(), m.who, func(tx *sqlx.Tx) error { return fn(m.t.Context(), tx) }); err != nil {
		m.t.Fatal(err)
	}
}

func (m *month) read(fn func(ctx context.Context, q sqlx.QueryerContext) error) {
	m.t.Helper()
	if err := m.db.Read(m.t.Context(), m.who, func(q sqlx.QueryerContext) error { return fn(m.t.Context(), q) }); err != nil {
		m.t.Fatal(err)
	}
}

func (m *month) receive(code string, kind fund.Promise, amount, on string) {
	m.t.Helper()
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return fund.Receive(ctx, tx, m.who, m.program, fund.Receipt{Fund: m.funds[code], Kind: kind, Amount: money(m.t, amount), On: day(m.t, on), Reference: string(kind) + " " + on}, m.at)
	})
}

func (m *month) enroll(on string) {
	m.t.Helper()
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		schools, err := program.PutSchools(ctx, tx, m.who, []program.School{{Code: "A", Name: "A"}, {Code: "B", Name: "B"}}, m.at)
		if err != nil {
			return err
		}
		var applications []enroll.Application
		for i, school := range []program.SchoolID{schools[0].ID, schools[0].ID, schools[1].ID} {
			ids, err := family.Add(ctx, tx, m.who, m.keys, []family.New{{Children: []family.NewChild{{Person: family.Person{Given: fmt.Sprint("C", i+1), Family: "Test", BornOn: day(m.t, "2020-05-01")}}}}}, m.at)
			if err != nil {
				return err
			}
			m.child[i] = ids[0][0]
			if err := family.SetSchoolings(ctx, tx, m.who, []family.Schooling{{Child: m.child[i], School: school, Grade: "KG", From: day(m.t, on)}}, m.at); err != nil {
				return err
			}
			applications = append(applications, enroll.Application{Child: m.child[i], On: day(m.t, on)})
		}
		_, err = enroll.Admit(ctx, tx, m.who, m.keys, m.program, m.rules, applications, m.at)
		return err
	})
}

func (m *month) walk(on string) enroll.Walk {
	return enroll.Walk{Who: m.who, Keys: m.keys, Program: m.program, Rules: m.rules, AsOf: day(m.t, on), At: m.at}
}

func (m *month) award(on string) {
	m.t.Helper()
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		if _, _, err := enroll.AwardChunk(ctx, tx, m.walk(on), 0); err != nil {
			return err
		}
		_, err := fund.Settle(ctx, tx, m.who, m.program, day(m.t, on), m.at)
		return err
	})
}

func (m *month) deposit(reference string, child int, amount, on string) {
	m.t.Helper()
	d := savings.Deposit{Reference: reference, Amount: money(m.t, amount), On: day(m.t, on), Channel: "ach"}
	if child >= 0 {
		d.Child = m.child[child]
	}
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, m.who, m.program, []savings.Deposit{d}, 0, m.at)
		return err
	})
}

func (m *month) depositID(ctx context.Context, tx *sqlx.Tx, reference string) savings.DepositID {
	id, err := savings.DepositByReference(ctx, tx, m.program.ID, reference)
	if err != nil {
		m.t.Fatal(err)
	}
	return id
}

// post moves money that no use case moves yet: debit and credit by account.
func (m *month) post(kind, on, amount string, debit, credit ledger.Account) {
	m.t.Helper()
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		ids, err := ledger.EnsureAccounts(ctx, tx, m.program.Book, []ledger.Account{debit, credit})
		if err != nil {
			return err
		}
		a := money(m.t, amount)
		_, err = ledger.Post(ctx, tx, m.program.Book, m.at, []ledger.Posting{{
			Key: fmt.Sprintf("%s/%s/%v", kind, on, credit), Kind: kind, Effective: day(m.t, on), Maker: "test",
			Entries: []ledger.Entry{{Account: ids[0], Amount: a.Neg()}, {Account: ids[1], Amount: a}},
		}})
		return err
	})
}

// live goes through the golden month.
func (m *month) live() {
	m.receive("OPS", fund.Grant, "100", "2026-09-01")
	m.receive("CITY", fund.Grant, "500", "2026-09-01")
	m.receive("SMITH", fund.Pledge, "1000", "2026-09-01")
	m.receive("SMITH", fund.PledgePayment, "600", "2026-09-02")
	m.enroll("2026-09-03")
	m.award("2026-09-03")
	m.deposit("D1", 0, "15", "2026-09-05")
	m.deposit("D2", 1, "30", "2026-09-05")
	m.deposit("D3", 2, "10", "2026-09-05")
	m.award("2026-09-06")
	m.award("2026-09-10")
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return enroll.ReturnDeposit(ctx, tx, m.walk("2026-09-12"), savings.BankReturn{Deposit: m.depositID(ctx, tx, "D2"), On: day(m.t, "2026-09-12"), Code: "R01"})
	})
	m.deposit("D4", 1, "10", "2026-09-15")
	m.deposit("D5", -1, "25", "2026-09-20")
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return savings.Identify(ctx, tx, m.who, m.program, savings.Identification{Deposit: m.depositID(ctx, tx, "D5"), Child: m.child[0], On: day(m.t, "2026-09-22")}, m.at)
	})
	m.award("2026-09-27")
	m.interest()
	m.post("bank_fee", "2026-09-30", "1.00", m.account("OPS", ledger.Fees, -1), m.account("OPS", ledger.OperatingCash, -1))
}

// interest is the month's 0.10, split as domain/money.md works it out.
func (m *month) interest() {
	for _, part := range []struct {
		fund  string
		chart ledger.Chart
		child int
		cents string
	}{
		{fund.FamilyCode, ledger.FamilyEarnings, 0, "0.02"}, {"CITY", ledger.DesignatedEarnings, 0, "0.02"}, {"SMITH", ledger.DesignatedEarnings, 0, "0.01"},
		{fund.FamilyCode, ledger.FamilyEarnings, 1, "0.01"}, {"CITY", ledger.DesignatedEarnings, 1, "0.02"}, {"CITY", ledger.DesignatedEarnings, 2, "0.02"},
	} {
		m.post("interest", "2026-09-30", part.cents, m.account(part.fund, ledger.CustodialCash, -1), m.account(part.fund, part.chart, part.child))
	}
}

func (m *month) account(code string, chart ledger.Chart, child int) ledger.Account {
	a := ledger.Account{Chart: chart, Fund: m.funds[code].ID}
	if child >= 0 {
		a.Child = int64(m.child[child])
	}
	return a
}

func (m *month) rolls(first, last string) (out map[string]RollForward) {
	m.t.Helper()
	out = map[string]RollForward{}
	m.read(func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err := RollForwards(ctx, q, m.program, ledger.Period{First: day(m.t, first), Last: day(m.t, last)})
		for _, r := range all {
			out[r.Fund.Code] = r
		}
		return err
	})
	return out
}

func money(t *testing.T, s string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func day(t *testing.T, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// roll writes a roll-forward in a line, the movements first.
func roll(r RollForward) string {
	return fmt.Sprintf("%s + %s %s + %s + %s = %s; designated %s, promised %s, cash %s, custodian %s, receivable %s",
		r.Opening, r.Received, r.Awarded, r.GivenBack, r.Other, r.Closing, r.Designated, r.Promised, r.Cash, r.Custodied, r.Receivable)
}

func TestTheGoldenMonthRollsForward(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.live()
	for _, test := range []struct{ first, last, fund, want string }{
		{"2026-08-01", "2026-08-31", "SMITH", "0.00 + 0.00 0.00 + 0.00 + 0.00 = 0.00; designated 0.00, promised 0.00, cash 0.00, custodian 0.00, receivable 0.00"},
		{"2026-09-01", "2026-09-30", "SMITH", "0.00 + 1000.00 -50.00 + 20.00 + 0.00 = 970.00; designated 30.01, promised 0.00, cash 570.00, custodian 30.01, receivable 400.00"},
		{"2026-09-01", "2026-09-30", "CITY", "0.00 + 500.00 -150.00 + 0.00 + 0.00 = 350.00; designated 150.06, promised 0.00, cash 350.00, custodian 150.06, receivable 0.00"},
		{"2026-09-01", "2026-09-06", "SMITH", "0.00 + 1000.00 -35.00 + 0.00 + 0.00 = 965.00; designated 0.00, promised 35.00, cash 600.00, custodian 0.00, receivable 400.00"},
		{"2026-09-07", "2026-09-30", "SMITH", "965.00 + 0.00 -15.00 + 20.00 + 0.00 = 970.00; designated 30.01, promised 0.00, cash 570.00, custodian 30.01, receivable 400.00"},
		{"2026-10-01", "2026-10-31", "SMITH", "970.00 + 0.00 0.00 + 0.00 + 0.00 = 970.00; designated 30.01, promised 0.00, cash 570.00, custodian 30.01, receivable 400.00"},
	} {
		rolls := m.rolls(test.first, test.last)
		if got := roll(rolls[test.fund]); got != test.want {
			t.Errorf("%s to %s, %s:\n got %s\nwant %s", test.first, test.last, test.fund, got, test.want)
		}
		if len(rolls) != 2 {
			t.Errorf("%d funds roll forward; the families' money and operations do not", len(rolls))
		}
	}
}

// What a roll-forward adds up is what the ledger holds, day by day, and money
// is where it should be: what is on its way or set aside, and what is free, is
// cash, at the custodian or receivable.
func TestARollForwardEndsWhereTheLedgerIs(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.live()
	before := m.rolls("2026-08-31", "2026-08-31")
	for on := day(t, "2026-09-01"); on.Before(day(t, "2026-10-02")); on = on.AddDays(1) {
		rolls := m.rolls(on.String(), on.String())
		for code, r := range rolls {
			if r.Opening != before[code].Closing {
				t.Errorf("%s opens %s with %s and closed the day before with %s", code, on, r.Opening, before[code].Closing)
			}
			if owes, has := ledger.Sum(r.Closing, r.Designated, r.Promised), ledger.Sum(r.Cash, r.Custodied, r.Receivable); owes != has {
				t.Errorf("%s on %s: %s of net assets, %s of assets", code, on, owes, has)
			}
			m.read(func(ctx context.Context, q sqlx.QueryerContext) error {
				balances, err := ledger.Balances(ctx, q, m.program.Book, ledger.Query{Fund: r.Fund.ID, Charts: []ledger.Chart{ledger.Uncommitted}, EffectiveOn: on})
				var total ledger.Amount
				for _, b := range balances {
					total = total.Add(b.Amount)
				}
				if total != r.Closing {
					t.Errorf("%s closes %s with %s, the ledger has %s", code, on, r.Closing, total)
				}
				return err
			})
		}
		before = rolls
	}
}

func TestATrialBalanceIsTheLedgersAndItsColumnsAreEqual(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.live()
	for _, on := range []string{"", "2026-08-31", "2026-09-01", "2026-09-10", "2026-09-12", "2026-09-30", "2026-12-31"} {
		var asOf ledger.Date
		if on != "" {
			asOf = day(t, on)
		}
		m.read(func(ctx context.Context, q sqlx.QueryerContext) error {
			trial, err := TrialBalance(ctx, q, m.program, asOf)
			if err != nil {
				return err
			}
			if trial.Debit != trial.Credit || (trial.Debit.IsZero() != (on == "2026-08-31")) {
				t.Errorf("on %q: debit %s, credit %s", on, trial.Debit, trial.Credit)
			}
			want, err := ledger.Totals(ctx, q, m.program.Book, ledger.Query{EffectiveOn: asOf})
			if err != nil {
				return err
			}
			got := map[string]string{}
			var debit, credit ledger.Amount
			for _, l := range trial.Lines {
				debit, credit = debit.Add(l.Debit()), credit.Add(l.Credit())
				if m.funds[l.Code].ID != l.Fund || !l.Debit().IsZero() && !l.Credit().IsZero() {
					t.Errorf("line %+v", l)
				}
				if !l.Balance.IsZero() {
					got[fmt.Sprint(l.Chart, l.Fund)] = l.Balance.String()
				}
			}
			if debit != trial.Debit || credit != trial.Credit {
				t.Errorf("on %q: the lines add up to %s and %s", on, debit, credit)
			}
			for _, w := range want {
				key := fmt.Sprint(w.Chart, w.Fund)
				if !w.Amount.IsZero() && got[key] != w.Amount.String() {
					t.Errorf("on %q: %s is %s, the ledger has %s", on, key, got[key], w.Amount)
				}
				delete(got, key)
			}
			if len(got) > 0 {
				t.Errorf("on %q: lines that the ledger does not have: %v", on, got)
			}
			return nil
		})
	}
}

func TestTheOverviewAddsUp(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	empty := m.overview()
	if !empty.Own.IsZero() || !empty.Program.IsZero() || len(empty.Children) != 0 || len(empty.Funds) != 2 {
		t.Errorf("an empty program: %+v", empty)
	}
	m.live()
	m.deposit("D6", -1, "7.50", "2026-09-30")
	got := m.overview()
	if got.Children[enroll.Enrolled] != 3 || got.Savers != 3 || got.Flagged != 0 || got.Excesses != 0 || got.Waiting != 1 {
		t.Errorf("counts: %+v", got)
	}
	for _, figure := range []struct {
		what string
		got  ledger.Amount
		want string
	}{
		{"the families' own", got.Own, "60.03"}, {"program money", got.Program, "180.07"}, {"coming", got.Coming, "0.00"},
		{"in suspense", got.Suspense, "7.50"}, {"queued", got.Queued, "0.00"},
	} {
		if figure.got.String() != figure.want {
			t.Errorf("%s: %s, want %s", figure.what, figure.got, figure.want)
		}
	}
	for i, want := range []struct{ code, uncommitted, designated string }{{"CITY", "350.00", "150.06"}, {"SMITH", "970.00", "30.01"}} {
		if f := got.Funds[i]; f.Code != want.code || f.Uncommitted.String() != want.uncommitted || f.Designated.String() != want.designated {
			t.Errorf("fund %+v, want %+v", f, want)
		}
	}
}

// A child on record twice saves once, also where records were joined in a row.
func TestAJoinedChildIsOneSaver(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.live()
	for i, want := range []int{2, 1} {
		m.do(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := family.ProposeJoin(ctx, tx, m.who, family.Join{Survivor: m.child[i+1], Absorbed: m.child[i], Why: "one child", Effect: "-"}, m.at)
			return err
		})
		if got := m.overview().Savers; got != want {
			t.Errorf("%d savers, want %d", got, want)
		}
	}
}

func (m *month) overview() (t Totals) {
	m.t.Helper()
	m.read(func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		t, err = Overview(ctx, q, m.program)
		return err
	})
	return t
}
