package ledger

import (
	"context"
	"fmt"
	"testing"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"
)

// plainTurnovers is what Turnovers says, by the definition.
const plainTurnovers = `
	SELECT a.chart, a.fund_id, t.kind, sum(least(e.amount, 0)) AS debit, sum(greatest(e.amount, 0)) AS credit, count(*) AS entries
	FROM ledger_entries e
	JOIN ledger_transactions t ON t.book_id = e.book_id AND t.no = e.tx_no
	JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id
	WHERE e.book_id = $1 AND ($2 = 0 OR e.tx_no <= $2)
	  AND (CAST($3 AS date) IS NULL OR e.effective_on >= $3) AND (CAST($4 AS date) IS NULL OR e.effective_on <= $4)
	  AND ($5 = 0 OR a.chart = $5) AND ($6 = 0 OR a.fund_id = $6) AND ($7 = '' OR t.kind = $7)
	GROUP BY a.chart, a.fund_id, t.kind ORDER BY a.chart, a.fund_id, t.kind`

func TestTurnoversOfAnyDaysAndAnyKnowledgeEqualThePlainSum(t *testing.T) {
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
				b.must(t, func(tx *sqlx.Tx) error { _, err := WriteSums(ctx, tx, b.book); return err })
				continue
			}
			p := move(fmt.Sprint(i), cash, kids[rapid.IntRange(0, 2).Draw(t, "child")], rapid.Int64Range(1, 10_000).Draw(t, "minor"))
			p.Effective, p.Kind = day("effective"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "kind")
			b.mustPost(t, p)
		}
		for range 8 {
			want := SumQuery{KnownNo: TxNo(rapid.IntRange(0, n+1).Draw(t, "known"))}
			if rapid.Bool().Draw(t, "by day") {
				want.In.Last = day("last")
			}
			if rapid.Bool().Draw(t, "from day") {
				want.In.First = day("first")
			}
			want.Chart = rapid.SampledFrom([]Chart{0, CustodialCash, FamilyPrincipal}).Draw(t, "chart")
			want.Kind = rapid.SampledFrom([]string{"", "a"}).Draw(t, "kind")
			b.sameTurnovers(t, want)
		}
		b.sound(t)
	})
}

func (b *books) sameTurnovers(t failer, want SumQuery) {
	t.Helper()
	var plain, got []Turnover
	if err := b.db.Select(&plain, plainTurnovers, b.book, want.KnownNo, want.In.First, want.In.Last, want.Chart, want.Fund, want.Kind); err != nil {
		t.Fatalf("%v", err)
	}
	b.must(t, func(tx *sqlx.Tx) (err error) {
		got, err = Turnovers(context.Background(), tx, b.book, want)
		return err
	})
	if fmt.Sprint(got) != fmt.Sprint(plain) {
		t.Fatalf("%+v: %v, want %v", want, got, plain)
	}
}

func TestSumsAreWrittenOnce(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	var first, second int64
	b.must(t, func(tx *sqlx.Tx) (err error) {
		if first, err = WriteSums(t.Context(), tx, b.book); err != nil {
			return err
		}
		second, err = WriteSums(t.Context(), tx, b.book)
		return err
	})
	if first == 0 || second != 0 {
		t.Errorf("summed %d transactions and then %d, want all and then none", first, second)
	}
	b.sameTurnovers(t, SumQuery{})
	b.sound(t)
}
