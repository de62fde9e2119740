package savings

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// goldenRules is the rule book of the golden month (domain/money.md): a seed of
// 50 from CITY; a match 1:1 up to 20 a school year from SMITH at school A only.
// The match is paid four days after the day that follows the deposit, so that it is accrued on 09-06
// and posted on 09-10.
const goldenRules = `
program: {id: golden, name: Golden month, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2026-07-01}
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

// goldenMonth is a September as domain/money.md tells it, played through the
// use cases, with the children's closing weights and the bank's interest.
type goldenMonth struct {
	*world
	t     *testing.T
	book  *rules.Book
	child [3]family.ChildID
	own   fund.Fund
	ops   fund.Fund
}

func TestTheGoldenMonthClosesAt240Point10(t *testing.T) {
	t.Parallel()
	g := newGoldenMonth(t)
	g.receipts()
	g.award("2026-09-03") // seeds
	g.settle("2026-09-03")
	g.deposit(g.t, g.pays(0, "D1", "15", "2026-09-05"), g.pays(1, "D2", "30", "2026-09-05"), g.pays(2, "D3", "10", "2026-09-05"))
	g.award("2026-09-06")
	g.holds("accrued on 09-06", ledger.Query{Charts: []ledger.Chart{ledger.Accrued}}, "35.00")
	g.award("2026-09-10")
	g.holds("accrued on 09-10", ledger.Query{Charts: []ledger.Chart{ledger.Accrued}}, "0.00")
	g.settle("2026-09-10")
	g.bounces("D2", "2026-09-12")
	g.holds("C2's match after the return", ledger.Query{Children: g.number(1), Charts: []ledger.Chart{ledger.DesignatedMatch}}, "0.00")
	g.deposit(g.t, g.pays(1, "D4", "10", "2026-09-15"))
	g.deposit(g.t, Deposit{Reference: "D5", Amount: money(t, "25"), On: day(t, "2026-09-20"), Channel: "cash"})
	g.found("D5", 0, "2026-09-22")
	g.award("2026-09-27")
	g.settle("2026-09-27")
	g.interest("0.10", "2026-09-30")
	g.fee("1.00", "2026-09-30")

	custodial := ledger.Query{Charts: []ledger.Chart{ledger.CustodialCash}}
	g.holds("custodial cash (debit)", custodial, "-240.10")
	children := ledger.Query{Children: append(append(g.number(0), g.number(1)...), g.number(2)...)}
	g.holds("all that the children have", children, "240.10")
	for _, want := range []struct {
		what   string
		child  int
		charts []ledger.Chart
		amount string
	}{
		{"family C1", 0, []ledger.Chart{ledger.FamilyPrincipal, ledger.FamilyEarnings}, "40.02"},
		{"family C2", 1, []ledger.Chart{ledger.FamilyPrincipal, ledger.FamilyEarnings}, "10.01"},
		{"family C3", 2, []ledger.Chart{ledger.FamilyPrincipal, ledger.FamilyEarnings}, "10.00"},
	} {
		g.holds(want.what, ledger.Query{Children: g.number(want.child), Charts: want.charts}, want.amount)
	}
	g.fundHolds("SMITH", "uncommitted", []ledger.Chart{ledger.Uncommitted}, "970.00")
	g.fundHolds("SMITH", "designated with earnings", ledger.Designated(), "30.01")
	g.fundHolds("SMITH", "cash (debit)", []ledger.Chart{ledger.RestrictedCash}, "-570.00")
	g.fundHolds("SMITH", "custodial (debit)", []ledger.Chart{ledger.CustodialCash}, "-30.01")
	g.fundHolds("SMITH", "receivable (debit)", []ledger.Chart{ledger.PledgesReceivable}, "-400.00")
	g.fundHolds("CITY", "cash (debit)", []ledger.Chart{ledger.RestrictedCash}, "-350.00")
	g.fundHolds("CITY", "designated with earnings", ledger.Designated(), "150.06")
	g.holds("operating cash (debit)", ledger.Query{Charts: []ledger.Chart{ledger.OperatingCash}}, "-99.00")
	g.verifies()
}

func newGoldenMonth(t *testing.T) *goldenMonth {
	t.Helper()
	g := &goldenMonth{world: newWorld(t), t: t}
	book, err := rules.Parse([]byte(goldenRules))
	if err != nil {
		t.Fatal(err)
	}
	g.book = book
	copy(g.child[:], g.children(t, 3))
	g.fund(t, "CITY", "0")
	g.fund(t, "SMITH", "0")
	g.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if g.own, err = fund.ByCode(ctx, tx, g.program.ID, fund.FamilyCode); err != nil {
			return err
		}
		g.ops, err = fund.ByCode(ctx, tx, g.program.ID, fund.OperationsCode)
		return err
	})
	return g
}

func (g *goldenMonth) receipts() {
	for _, r := range []fund.Receipt{
		{Fund: g.ops, Kind: fund.Grant, Amount: money(g.t, "100"), On: day(g.t, "2026-09-01"), Reference: "opening"},
		{Fund: g.funds["CITY"], Kind: fund.Grant, Amount: money(g.t, "500"), On: day(g.t, "2026-09-01"), Reference: "grant"},
		{Fund: g.funds["SMITH"], Kind: fund.Pledge, Amount: money(g.t, "1000"), On: day(g.t, "2026-09-01"), Reference: "pledge"},
		{Fund: g.funds["SMITH"], Kind: fund.PledgePayment, Amount: money(g.t, "600"), On: day(g.t, "2026-09-02"), Reference: "check 1"},
	} {
		for range 2 { // a receipt is recorded once
			g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error { return fund.Receive(ctx, tx, g.who, g.program, r, g.at) })
		}
	}
}

// caseload is what enrollment knows of the three children.
func (g *goldenMonth) caseload() []rules.Child {
	out := make([]rules.Child, 3)
	for i, school := range []string{"A", "A", "B"} {
		out[i] = rules.Child{
			ID: int64(g.child[i]), BornOn: day(g.t, "2020-05-01"), Facts: []rules.Fact{{Name: "school", Value: school}},
			Events: []rules.Event{{Key: "enrolled", Kind: rules.Enrolled, On: day(g.t, "2026-09-03")}},
		}
	}
	return out
}

// award runs twice: the second run must find nothing to do.
func (g *goldenMonth) award(on string) {
	for i := range 2 {
		g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error {
			tally, err := Award(ctx, tx, g.who, g.program, g.book, g.caseload(), day(g.t, on), g.at)
			if i == 1 && (!tally.Given.IsZero() || !tally.Paid.IsZero()) {
				g.t.Errorf("a second run on %s gave %s and paid %s", on, tally.Given, tally.Paid)
			}
			return err
		})
	}
}

func (g *goldenMonth) settle(on string) {
	g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := fund.Settle(ctx, tx, g.who, g.program, day(g.t, on), g.at)
		return err
	})
}

func (g *goldenMonth) pays(child int, reference, amount, on string) Deposit {
	return Deposit{Reference: reference, Child: g.child[child], Amount: money(g.t, amount), On: day(g.t, on), Channel: "ach"}
}

func (g *goldenMonth) bounces(reference, on string) {
	g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := DepositByReference(ctx, tx, g.program.ID, reference)
		if err != nil {
			return err
		}
		if _, err := Return(ctx, tx, g.who, g.program, BankReturn{id, day(g.t, on), "R01"}, g.at); err != nil {
			return err
		}
		back, err := TakeBack(ctx, tx, g.who, g.program, g.book, g.caseload(), []DepositID{id}, day(g.t, on), g.at)
		if back != money(g.t, "20") {
			g.t.Errorf("the return took back %s of matches, want 20.00", back)
		}
		return err
	})
}

func (g *goldenMonth) found(reference string, child int, on string) {
	g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := DepositByReference(ctx, tx, g.program.ID, reference)
		if err != nil {
			return err
		}
		return Identify(ctx, tx, g.who, g.program, Identification{id, g.child[child], day(g.t, on)}, g.at)
	})
}

// interest splits the bank's interest by the month-end weights 110, 70 and 60,
// among children and then among each child's layers, by largest remainder, and
// posts it (P22).
func (g *goldenMonth) interest(total, on string) {
	weigh := func(weights ...int64) []decimal.Decimal {
		out := make([]decimal.Decimal, len(weights))
		for i, w := range weights {
			out[i] = decimal.NewFromInt(w)
		}
		return out
	}
	layers := []struct {
		fund  ledger.FundID
		chart ledger.Chart
	}{{g.own.ID, ledger.FamilyEarnings}, {g.funds["CITY"].ID, ledger.DesignatedEarnings}, {g.funds["SMITH"].ID, ledger.DesignatedEarnings}}
	weights := [][]int64{{40, 50, 20}, {10, 50, 10}, {10, 50, 0}} // family, seed, match
	shares := ledger.Allocate(money(g.t, total), weigh(110, 70, 60))
	g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error {
		var entries []ledger.Entry
		for i, share := range shares {
			for j, part := range ledger.Allocate(share, weigh(weights[i]...)) {
				if part.IsZero() {
					continue
				}
				ids, err := ledger.EnsureAccounts(ctx, tx, g.program.Book, []ledger.Account{
					{Chart: ledger.CustodialCash, Fund: layers[j].fund},
					{Chart: layers[j].chart, Fund: layers[j].fund, Child: int64(g.child[i])},
				})
				if err != nil {
					return err
				}
				entries = append(entries, ledger.Entry{Account: ids[0], Amount: part.Neg()}, ledger.Entry{Account: ids[1], Amount: part})
			}
		}
		return g.post(ctx, tx, "interest", on, entries)
	})
}

// fee is borne by operations, never by children (P24).
func (g *goldenMonth) fee(amount, on string) {
	g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error {
		ids, err := ledger.EnsureAccounts(ctx, tx, g.program.Book, []ledger.Account{
			{Chart: ledger.Fees, Fund: g.ops.ID}, {Chart: ledger.OperatingCash, Fund: g.ops.ID}})
		if err != nil {
			return err
		}
		a := money(g.t, amount)
		return g.post(ctx, tx, "bank_fee", on, []ledger.Entry{{Account: ids[0], Amount: a.Neg()}, {Account: ids[1], Amount: a}})
	})
}

func (g *goldenMonth) post(ctx context.Context, tx *sqlx.Tx, kind, on string, entries []ledger.Entry) error {
	_, err := ledger.Post(ctx, tx, g.program.Book, g.at, []ledger.Posting{{Key: kind + "/" + on, Kind: kind, Effective: day(g.t, on), Entries: entries, Maker: "test"}})
	return err
}

func (g *goldenMonth) number(i int) []int64 { return []int64{int64(g.child[i])} }

func (g *goldenMonth) holds(what string, q ledger.Query, want string) {
	g.t.Helper()
	if got := g.sum(g.t, q); got.String() != want {
		g.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func (g *goldenMonth) fundHolds(code, what string, charts []ledger.Chart, want string) {
	g.t.Helper()
	g.holds(code+" "+what, ledger.Query{Fund: g.funds[code].ID, Charts: charts}, want)
}

// verifies has the books checked by our own verification and by a program we
// did not write.
func (g *goldenMonth) verifies() {
	g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error {
		report, err := ledger.Verify(ctx, tx, g.program.Book, nil)
		if err == nil && !report.OK() {
			g.t.Errorf("the books are wrong: %v", report.Findings)
		}
		return err
	})
	hledger, err := exec.LookPath("hledger")
	if err != nil && os.Getenv("CI") == "true" {
		g.t.Fatal("hledger is not installed")
	}
	if err != nil {
		g.t.Skip("hledger is not installed: apt-get install hledger")
	}
	var journal bytes.Buffer
	g.do(g.t, func(ctx context.Context, tx *sqlx.Tx) error {
		return ledger.Export(ctx, tx, &journal, g.program.Book, ledger.Hledger)
	})
	path := filepath.Join(g.t.TempDir(), "golden.hledger")
	if err := os.WriteFile(path, journal.Bytes(), 0o600); err != nil {
		g.t.Fatal(err)
	}
	out, err := exec.CommandContext(g.t.Context(), hledger, "--strict", "-f", path, "check", "accounts", "commodities", "assertions", "ordereddates", "payees").CombinedOutput()
	if err != nil {
		g.t.Errorf("hledger: %v\n%s", err, out)
	}
}

// TestAnExcessIsProposedAndDecidedByAnother shows that what is found to be
// too much is not taken back by itself.
func TestAnExcessIsProposedAndDecidedByAnother(t *testing.T) {
	t.Parallel()
	g := newGoldenMonth(t)
	g.receipts()
	g.deposit(t, g.pays(0, "D1", "15", "2026-09-05"))
	g.award("2026-09-10")
	// The bank takes the deposit back, and nobody applies the rule book's undo.
	g.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := DepositByReference(ctx, tx, g.program.ID, "D1")
		if err != nil {
			return err
		}
		_, err = Return(ctx, tx, g.who, g.program, BankReturn{id, day(t, "2026-09-11"), "R10"}, g.at)
		return err
	})
	g.award("2026-09-12")
	var excesses []Excess
	g.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		excesses, err = Excesses(ctx, tx, g.program.ID)
		return err
	})
	g.holds("C1's match before anybody decided", ledger.Query{Children: g.number(0), Charts: []ledger.Chart{ledger.DesignatedMatch}}, "15.00")
	if len(excesses) != 1 || excesses[0].Amount != money(t, "15") || excesses[0].Benefit != "match" {
		t.Fatalf("proposed: %+v, want 15.00 of match", excesses)
	}
	decide := func(who store.Who) error {
		return g.db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
			return Decide(t.Context(), tx, who, g.program, excesses[0].ID, true, day(t, "2026-09-11"), g.at)
		})
	}
	wantError(t, "decided by whoever found it", decide(g.who), ErrSamePerson)
	other := g.who
	other.Actor = "checker"
	if err := decide(other); err != nil {
		t.Fatal(err)
	}
	wantError(t, "decided twice", decide(other), ErrNoExcess)
	g.holds("C1's match after the decision", ledger.Query{Children: g.number(0), Charts: []ledger.Chart{ledger.DesignatedMatch}}, "0.00")
}
