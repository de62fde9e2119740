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
	two := []ledger.FundID{1, 2}
	for _, test := range []struct {
		name            string
		entitled, due   string
		accrued, posted map[ledger.FundID]ledger.Amount
		purse           purses
		want            string
	}{
		{"nothing owed, nothing given", "0", "0", nil, nil, amounts(1, "10"), "queued 0.00 excess 0.00"},
		{"given at once", "20", "20", nil, nil, amounts(1, "50"), "award 1 20.00 queued 0.00 excess 0.00"},
		{"promised until it is due", "20", "0", nil, nil, amounts(1, "50"), "accrue 1 20.00 queued 0.00 excess 0.00"},
		{"a promise that is due is paid, and more is promised", "35", "20", amounts(1, "20"), nil, amounts(1, "50"), "pay 1 20.00 accrue 1 15.00 queued 0.00 excess 0.00"},
		{"nothing twice", "20", "20", nil, amounts(1, "20"), amounts(1, "50"), "queued 0.00 excess 0.00"},
		{"the second fund helps the first", "20", "20", nil, nil, amounts(1, "5", 2, "50"), "award 1 5.00 award 2 15.00 queued 0.00 excess 0.00"},
		{"what no fund has waits", "20", "20", nil, nil, amounts(1, "5", 2, "7"), "award 1 5.00 award 2 7.00 queued 8.00 excess 0.00"},
		{"an overdrawn fund gives nothing", "20", "20", nil, nil, amounts(1, "-5"), "queued 20.00 excess 0.00"},
		{"too much promised is cancelled, the last fund first", "5", "0", amounts(1, "5", 2, "7"), nil, amounts(), "cancel 2 7.00 queued 0.00 excess 0.00"},
		{"too much given is only reported", "5", "5", nil, amounts(1, "20"), amounts(1, "50"), "queued 0.00 excess 15.00"},
		{"promises go before what is on the account", "12", "12", amounts(1, "5"), amounts(1, "10"), amounts(), "cancel 1 3.00 pay 1 2.00 queued 0.00 excess 0.00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := rules.Entitlement{Amount: money(t, test.entitled), Due: money(t, test.due)}
			got := ""
			o := settle(e, given{accrued: test.accrued, posted: test.posted}, two, test.purse)
			for _, m := range o.moves {
				got += fmt.Sprintf("%s %d %s ", m.kind, m.fund, m.amount)
			}
			if got += fmt.Sprintf("queued %s excess %s", o.queued, o.excess); got != test.want {
				t.Errorf("settle = %s, want %s", got, test.want)
			}
		})
	}
}

// TestSettleAddsUp checks, for anything given and anything owed, that what is
// given after the moves is what was owed, less what waits and plus what is
// only reported, and that no fund and no promise falls below zero.
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
		purse := purses(asAmounts(parts.Draw(t, "purse")))
		entitled := cents.Draw(t, "entitled")
		e := rules.Entitlement{Amount: ledger.Minor(entitled), Due: ledger.Minor(rapid.Int64Range(0, entitled).Draw(t, "due"))}
		o := settle(e, g, []ledger.FundID{3, 1, 2}, purse)
		accrued, posted := g.sum(g.accrued), g.sum(g.posted)
		for _, m := range o.moves {
			if m.amount.Sign() <= 0 {
				t.Fatalf("move of %s", m.amount)
			}
			switch m.kind {
			case accrue:
				accrued = accrued.Add(m.amount)
			case cancel:
				accrued = accrued.Sub(m.amount)
			case award:
				posted = posted.Add(m.amount)
			case pay:
				accrued, posted = accrued.Sub(m.amount), posted.Add(m.amount)
			}
		}
		if got, want := accrued.Add(posted).Add(o.queued), e.Amount.Add(o.excess); got != want {
			t.Fatalf("given and waiting %s, owed and in excess %s", got, want)
		}
		if accrued.Sign() < 0 || o.queued.Sign() < 0 || o.excess.Sign() < 0 {
			t.Fatalf("accrued %s, queued %s, excess %s", accrued, o.queued, o.excess)
		}
		if beyond := posted.Sub(e.Due); beyond.Sign() > 0 && posted != g.sum(g.posted) {
			t.Fatalf("paid %s, due %s", posted, e.Due)
		}
		for f, left := range purse {
			if left.Sign() < 0 {
				t.Fatalf("fund %d is at %s", f, left)
			}
		}
	})
}
