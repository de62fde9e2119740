package savings

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/rules"
)

func amounts(pairs ...any) map[ledger.FundID]ledger.Amount {
	out := map[ledger.FundID]ledger.Amount{}
	for i := 0; i < len(pairs); i += 2 {
		a, err := ledger.ParseAmount(pairs[i+1].(string))
		if err != nil {
			panic(err)
		}
		out[ledger.FundID(pairs[i].(int))] = a
	}
	return out
}

func TestSettleClosesTheDifference(t *testing.T) {
	for _, test := range []struct {
		name            string
		entitled, due   string
		accrued, posted map[ledger.FundID]ledger.Amount
		want            string
	}{
		{"nothing owed, nothing given", "0", "0", nil, nil, "excess 0.00"},
		{"what is missing is asked of the funds", "20", "20", nil, nil, "excess 0.00"},
		{"a promise that is due is paid", "35", "20", amounts(1, "20"), nil, "pay 1 20.00 excess 0.00"},
		{"no more of it than is due", "35", "12", amounts(1, "20"), nil, "pay 1 12.00 excess 0.00"},
		{"nothing twice", "20", "20", nil, amounts(1, "20"), "excess 0.00"},
		{"too much promised is cancelled, the last fund first", "5", "0", amounts(1, "5", 2, "7"), nil, "cancel 2 7.00 excess 0.00"},
		{"too much given is only reported", "5", "5", nil, amounts(1, "20"), "excess 15.00"},
		{"promises go before what is on the account", "12", "12", amounts(1, "5"), amounts(1, "10"), "cancel 1 3.00 pay 1 2.00 excess 0.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := rules.Entitlement{Amount: money(t, test.entitled), Due: money(t, test.due)}
			got := ""
			o := settle(e, given{accrued: test.accrued, posted: test.posted})
			for _, m := range o.moves {
				got += fmt.Sprintf("%s %d %s ", m.kind, m.fund, m.amount)
			}
			if got += fmt.Sprintf("excess %s", o.excess); got != test.want {
				t.Errorf("settle = %s, want %s", got, test.want)
			}
		})
	}
}

// TestSettleAddsUp checks, for anything given and anything owed, that the moves
// leave no more given than is owed but for what is only reported, take nothing
// that is owed away, and pay no more than is due.
func TestSettleAddsUp(t *testing.T) {
	cents := rapid.Int64Range(0, 3000)
	parts := rapid.MapOf(rapid.Int32Range(1, 3), rapid.Int64Range(0, 2000))
	rapid.Check(t, func(t *rapid.T) {
		asAmounts := func(m map[int32]int64) map[ledger.FundID]ledger.Amount {
			out := map[ledger.FundID]ledger.Amount{}
			for f, n := range m {
				out[ledger.FundID(f)] = ledger.Minor(n)
			}
			return out
		}
		g := given{accrued: asAmounts(parts.Draw(t, "accrued")), posted: asAmounts(parts.Draw(t, "posted"))}
		entitled := cents.Draw(t, "entitled")
		e := rules.Entitlement{Amount: ledger.Minor(entitled), Due: ledger.Minor(rapid.Int64Range(0, entitled).Draw(t, "due"))}
		o := settle(e, g)
		accrued, posted := g.sum(g.accrued), g.sum(g.posted)
		for _, m := range o.moves {
			if m.amount.Sign() <= 0 {
				t.Fatalf("move of %s", m.amount)
			}
			switch m.kind {
			case cancel:
				accrued = accrued.Sub(m.amount)
			case pay:
				accrued, posted = accrued.Sub(m.amount), posted.Add(m.amount)
			default:
				t.Fatalf("settle moves a fund's money: %s", m.kind)
			}
		}
		before := g.sum(g.accrued).Add(g.sum(g.posted))
		if got, want := accrued.Add(posted), before.Min(e.Amount.Add(o.excess)); got != want {
			t.Fatalf("given %s of %s, owed %s and in excess %s", got, before, e.Amount, o.excess)
		}
		if accrued.Sign() < 0 || o.excess.Sign() < 0 || (o.excess.Sign() > 0 && !accrued.IsZero()) {
			t.Fatalf("accrued %s, excess %s", accrued, o.excess)
		}
		if beyond := posted.Sub(e.Due); beyond.Sign() > 0 && posted != g.sum(g.posted) {
			t.Fatalf("paid %s, due %s", posted, e.Due)
		}
	})
}
