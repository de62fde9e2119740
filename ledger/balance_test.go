package ledger

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"
)

// plainSum is a balance as of a day and a known number by the definition, for
// comparison with what is read by checkpoints.
const plainSum = `
	SELECT coalesce(sum(amount), 0) FROM ledger_entries
	WHERE book_id = $1 AND account_id = $2 AND (CAST($3 AS date) IS NULL OR effective_on <= $3) AND (CAST($4 AS bigint) = 0 OR tx_no <= $4)`

func TestBalancesAsOfAnyDayAndAnyKnowledgeEqualThePlainSum(t *testing.T) {
	t.Parallel()
	base := newBooks(t)
	rapid.Check(t, func(t *rapid.T) {
		b := base.openBook(t)
		cash, kids := b.family(t, 3)
		ctx := context.Background()
		day := func(name string) Date { return sept.AddDays(rapid.IntRange(-20, 20).Draw(t, name)) }
		n := rapid.IntRange(2, 12).Draw(t, "steps")
		for i := range n {
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				asOf := day("checkpoint")
				b.must(t, func(tx *sqlx.Tx) error { _, err := WriteCheckpoints(ctx, tx, b.book, asOf); return err })
				continue
			}
			p := move(fmt.Sprint(i), cash, kids[rapid.IntRange(0, 2).Draw(t, "child")], rapid.Int64Range(1, 10_000).Draw(t, "minor"))
			p.Effective = day("effective")
			b.mustPost(t, p)
		}
		for range 8 {
			q := Query{KnownNo: TxNo(rapid.IntRange(0, n+1).Draw(t, "known"))}
			if rapid.Bool().Draw(t, "by day") {
				q.EffectiveOn = day("as of")
			}
			if rapid.Bool().Draw(t, "by account") {
				q.Accounts = slices.Clone(kids[:1])
			}
			for _, got := range b.balances(t, q) {
				var want Amount
				if err := b.db.Get(&want, plainSum, b.book, got.ID, q.EffectiveOn, q.KnownNo); err != nil {
					t.Fatalf("%v", err)
				}
				if got.Amount != want {
					t.Fatalf("account %d as of %q known %d: %s, want %s", got.ID, q.EffectiveOn, q.KnownNo, got.Amount, want)
				}
			}
		}
		b.sound(t)
	})
}

func TestBalancesAreChosenByEveryFilter(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	count := func(q Query) int { return len(b.balances(t, q)) }
	kid := b.ids(t, Account{Chart: FamilyPrincipal, Fund: 1, Child: 1})[0]
	for name, test := range map[string]struct {
		q    Query
		want int
	}{
		"all":            {Query{}, 9},
		"one account":    {Query{Accounts: []AccountID{kid}}, 1},
		"a chart":        {Query{Charts: []Chart{FamilyPrincipal}}, 3},
		"two charts":     {Query{Charts: []Chart{FamilyPrincipal, CustodialCash}}, 4},
		"a fund":         {Query{Fund: 2}, 5},
		"a child":        {Query{Children: []int64{1}}, 2},
		"two children":   {Query{Children: []int64{1, 2}}, 3},
		"child and fund": {Query{Children: []int64{1}, Fund: 2}, 1},
		"nobody":         {Query{Children: []int64{99}}, 0},
	} {
		for _, q := range []Query{test.q, {test.q.Accounts, test.q.Charts, test.q.Fund, test.q.Children, sept, 0}, {test.q.Accounts, test.q.Charts, test.q.Fund, test.q.Children, Date{}, 5}} {
			if got := count(q); got != test.want {
				t.Errorf("%s: %d balances, want %d (%+v)", name, got, test.want, q)
			}
		}
	}
}

func TestTheTrialBalanceSumsToZeroInEveryFund(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	for _, q := range []Query{{}, {EffectiveOn: sept.AddDays(-4)}, {KnownNo: 9}, {EffectiveOn: sept.AddDays(-4), KnownNo: 9}} {
		b.must(t, func(tx *sqlx.Tx) error {
			totals, err := Totals(t.Context(), tx, b.book, q)
			funds := map[FundID]Amount{}
			var accounts int64
			for _, line := range totals {
				funds[line.Fund] = funds[line.Fund].Add(line.Amount)
				accounts += line.Accounts
			}
			if funds[1] != (Amount{}) || funds[2] != (Amount{}) || accounts != 9 {
				t.Errorf("%+v: %v", q, totals)
			}
			return err
		})
	}
}

func TestHistoryPagesMeetWithoutGapOrOverlap(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	var postings []Posting
	for i := range 25 {
		p := move(fmt.Sprint(i), cash, kids[0], int64(i+1))
		p.Facts = `{"i": 1}`
		postings = append(postings, p)
	}
	b.mustPost(t, postings...)
	b.must(t, func(tx *sqlx.Tx) error {
		var seen []int64
		before := int64(0)
		for {
			page, err := History(t.Context(), tx, b.book, kids[0], before, 10)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, m := range page {
				seen = append(seen, m.Seq)
				if m.Amount != Minor(m.Seq) || m.No != TxNo(m.Seq) || m.Child != 1 || m.Chart != FamilyPrincipal || m.Facts != `{"i": 1}` {
					t.Errorf("line %+v", m)
				}
			}
			before = page[len(page)-1].Seq
		}
		for i, seq := range seen {
			if seq != int64(25-i) {
				t.Fatalf("lines %v", seen)
			}
		}
		if len(seen) != 25 {
			t.Errorf("%d lines", len(seen))
		}
		return nil
	})
}

func TestMovementsOfAPeriodContinueWhereAPageEnded(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	period := Period{sept.AddDays(-6), sept}
	b.must(t, func(tx *sqlx.Tx) error {
		all, err := Movements(t.Context(), tx, b.book, MovementQuery{Charts: []Chart{FamilyPrincipal}, Period: period})
		if err != nil {
			return err
		}
		var paged []Movement
		q := MovementQuery{Charts: []Chart{FamilyPrincipal}, Period: period, Limit: 3}
		for {
			page, err := Movements(t.Context(), tx, b.book, q)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
			q.AfterAccount, q.AfterSeq = page[len(page)-1].ID, page[len(page)-1].Seq
		}
		if !slices.Equal(all, paged) || len(all) != 9 {
			t.Errorf("%d movements at once, %d by pages", len(all), len(paged))
		}
		for _, m := range all {
			if !period.Contains(m.Effective) || m.Child == 0 {
				t.Errorf("movement %+v", m)
			}
		}
		if all[0].ReversedBy == 0 && !slices.ContainsFunc(all, func(m Movement) bool { return m.ReversedBy == 15 }) {
			t.Error("the reversed deposit does not say so")
		}
		early, err := Movements(t.Context(), tx, b.book, MovementQuery{Charts: []Chart{FamilyPrincipal}, Period: period, KnownNo: 4})
		if len(early) != 2 {
			t.Errorf("%d movements known at transaction 4", len(early))
		}
		return err
	})
}
