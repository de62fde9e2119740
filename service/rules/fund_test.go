package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

// asks writes wants in short: child, benefit, day, instant, amount, funds, shortfall.
func asks(t *testing.T, lines ...string) (out []Want) {
	t.Helper()
	for _, l := range lines {
		var w Want
		var sum, funds string
		var d int
		if _, err := fmt.Sscanf(l, "%d %s %d %d %s %s %s", &w.Child, &w.Benefit, &d, &w.Seq, &sum, &funds, &w.OnShortfall); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		w.On, w.Amount, w.Funds = ledger.NewDate(2026, 9, d), amount(t, sum), strings.Split(funds, "+")
		w.Order = map[string]int{"seed": 0, "match": 1}[w.Benefit]
		out = append(out, w)
	}
	return out
}

func TestWhoComesFirstWhereMoneyIsShort(t *testing.T) {
	for _, test := range []struct {
		name  string
		purse map[string]ledger.Amount
		wants []Want
		want  string
	}{
		{"the earlier day", money("A", 10_00), asks(t, "1 match 6 0 10.00 A queue", "2 match 5 9 10.00 A queue"), "1: waits 10.00 | 2: A 10.00"},
		{"the earlier instant of a day", money("A", 10_00), asks(t, "1 match 5 7 10.00 A queue", "2 match 5 6 10.00 A queue"), "1: waits 10.00 | 2: A 10.00"},
		{"the lower number of an instant", money("A", 10_00), asks(t, "2 match 5 6 10.00 A queue", "1 match 5 6 10.00 A queue"), "2: waits 10.00 | 1: A 10.00"},
		{"the first benefit of the book", money("A", 10_00), asks(t, "1 match 5 6 10.00 A queue", "1 seed 5 6 10.00 A queue"), "1: waits 10.00 | 1: A 10.00"},
		{"a part, and the rest waits", money("A", 4_00, "B", 3_00), asks(t, "1 match 5 6 10.00 A+B queue"), "1: A 4.00 B 3.00 waits 3.00"},
		{"a part, and the rest falls away", money("A", 4_00), asks(t, "1 match 5 6 10.00 A deny", "2 match 6 6 1.00 A queue"), "1: A 4.00 refused 6.00 | 2: waits 1.00"},
		{"a fund nobody knows is empty", money("A", 4_00), asks(t, "1 match 5 6 1.00 X queue"), "1: waits 1.00"},
		{"a share of what is left, ties to who comes first", money("A", 10_00), asks(t, "3 match 5 0 7.00 A pro_rata", "2 match 5 0 7.00 A pro_rata", "1 match 5 0 7.00 A pro_rata"), "3: A 3.33 refused 3.67 | 2: A 3.33 refused 3.67 | 1: A 3.34 refused 3.66"},
		{"shares in proportion", money("A", 10_00), asks(t, "1 match 5 0 15.00 A pro_rata", "2 match 5 0 5.00 A pro_rata"), "1: A 7.50 refused 7.50 | 2: A 2.50 refused 2.50"},
		{"who shares comes after who does not", money("A", 10_00), asks(t, "1 match 5 0 10.00 A pro_rata", "2 match 5 9 8.00 A queue"), "1: A 2.00 refused 8.00 | 2: A 8.00"},
		{"a day shares before the next", money("A", 10_00), asks(t, "1 match 6 0 10.00 A pro_rata", "2 match 5 9 8.00 A pro_rata"), "1: A 2.00 refused 8.00 | 2: A 8.00"},
		{"what the first fund cannot share, the next does", money("A", 6_00, "B", 3_00), asks(t, "1 match 5 0 6.00 A+B pro_rata", "2 match 5 0 6.00 A pro_rata"), "1: A 3.00 B 3.00 | 2: A 3.00 refused 3.00"},
	} {
		if got := shown(test.wants, Fund(test.wants, test.purse)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func money(pairs ...any) map[string]ledger.Amount {
	out := map[string]ledger.Amount{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = ledger.Minor(int64(pairs[i+1].(int)))
	}
	return out
}

func shown(wants []Want, grants []Grant) string {
	var out []string
	for i, g := range grants {
		s := fmt.Sprintf("%d:", wants[i].Child)
		for _, p := range g.Parts {
			s += fmt.Sprintf(" %s %s", p.Fund, p.Amount)
		}
		if g.Waits.Sign() != 0 {
			s += " waits " + g.Waits.String()
		}
		if g.Refused.Sign() != 0 {
			s += " refused " + g.Refused.String()
		}
		out = append(out, s)
	}
	return strings.Join(out, " | ")
}

func TestOneChildOfAHouseholdHasTheAward(t *testing.T) {
	w := asks(t, "1 match 6 0 10.00 A queue", "2 match 5 0 10.00 A queue", "3 match 4 0 10.00 A queue", "4 seed 9 0 10.00 A queue")
	for i := range w {
		w[i].Household = "north"
	}
	w[2].Household = "south"
	purse := money("A", 100_00)
	if got, want := shown(w, Fund(w, purse)), "1: refused 10.00 | 2: A 10.00 | 3: A 10.00 | 4: A 10.00"; got != want {
		t.Errorf("the first of the household: %s, want %s", got, want)
	}
	w[0].Held, w[0].Amount = true, ledger.Amount{}
	grants := Fund(w, purse)
	if got, want := shown(w, grants), "1: | 2: refused 10.00 | 3: A 10.00 | 4: A 10.00"; got != want {
		t.Errorf("whoever has it keeps it: %s, want %s", got, want)
	}
	if !grants[1].Household || grants[0].Household || grants[2].Household {
		t.Errorf("the household is the reason of %+v", grants)
	}
}

// drawWants are wants of a few children, days and funds, so that they meet.
func drawWants(t *rapid.T) ([]Want, map[string]ledger.Amount) {
	purse := map[string]ledger.Amount{}
	for _, fund := range []string{"A", "B", "C"} {
		purse[fund] = ledger.Minor(rapid.Int64Range(0, 5_000).Draw(t, "purse"))
	}
	n := rapid.IntRange(0, 25).Draw(t, "wants")
	wants := make([]Want, n)
	for i := range wants {
		funds := rapid.Permutation([]string{"A", "B", "C", "empty"}).Draw(t, "funds")
		wants[i] = Want{
			Child: int64(i/2 + 1), Benefit: []string{"seed", "match"}[i%2], Order: i % 2,
			Amount: ledger.Minor(rapid.Int64Range(0, 2_000).Draw(t, "amount")), Funds: funds[:rapid.IntRange(0, 4).Draw(t, "of")],
			On: ledger.NewDate(2026, 9, rapid.IntRange(1, 3).Draw(t, "on")), Seq: rapid.Int64Range(0, 2).Draw(t, "seq"),
			OnShortfall: rapid.SampledFrom([]string{"", shortQueue, shortDeny, shortProRata}).Draw(t, "short"),
			Household:   rapid.SampledFrom([]string{"", "", "", "north", "south"}).Draw(t, "household"),
			Held:        rapid.IntRange(0, 5).Draw(t, "held") == 0,
		}
	}
	return wants, purse
}

func TestFundsAreNeverOverdrawnAndEveryCentIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wants, purse := drawWants(t)
		left := map[string]ledger.Amount{}
		for fund, amount := range purse {
			left[fund] = amount
		}
		for i, g := range Fund(wants, purse) {
			for _, p := range g.Parts {
				left[p.Fund] = left[p.Fund].Sub(p.Amount)
				if p.Amount.Sign() <= 0 || !slices.Contains(wants[i].Funds, p.Fund) {
					t.Fatalf("%+v is given %+v", wants[i], g)
				}
			}
			if g.Sum().Add(g.Waits).Add(g.Refused) != wants[i].Amount || g.Waits.Sign() < 0 || g.Refused.Sign() < 0 {
				t.Fatalf("%+v is answered by %+v", wants[i], g)
			}
		}
		for fund, amount := range left {
			if amount.Sign() < 0 {
				t.Fatalf("%s is overdrawn by %s", fund, amount.Neg())
			}
		}
	})
}

func TestTheOrderOfWantsDecidesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wants, purse := drawWants(t)
		places := make([]int, len(wants))
		for i := range places {
			places[i] = i
		}
		places = rapid.Permutation(places).Draw(t, "places")
		shuffled := make([]Want, len(wants))
		for i, from := range places {
			shuffled[i] = wants[from]
		}
		grants, again := Fund(wants, purse), Fund(shuffled, purse)
		for i, from := range places {
			if !reflect.DeepEqual(again[i], grants[from]) {
				t.Fatalf("%+v is answered by %+v, and in another order by %+v", wants[from], grants[from], again[i])
			}
		}
	})
}

// TestNobodyIsPassedOver: who waits or was refused left nothing in a fund of
// its own to anybody who came after it, but for the odd cent of a share.
func TestNobodyIsPassedOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wants, purse := drawWants(t)
		p := payout{wants: wants}
		order, grants := p.order(), Fund(wants, purse)
		for n, i := range order {
			if grants[i].Household || grants[i].Sum() == wants[i].Amount {
				continue
			}
			for _, j := range order[n+1:] {
				shared := p.shares(i) && p.shares(j) && wants[i].On == wants[j].On
				for _, part := range grants[j].Parts {
					if !shared && slices.Contains(wants[i].Funds, part.Fund) {
						t.Fatalf("%+v lacks what %+v has: %+v, %+v", wants[i], wants[j], grants[i], grants[j])
					}
				}
			}
		}
	})
}

func TestThoseWhoLackTheSameShareTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "children")
		each := ledger.Minor(rapid.Int64Range(1, 900).Draw(t, "each"))
		wants := make([]Want, n)
		for i := range wants {
			wants[i] = Want{Child: int64(i + 1), Amount: each, Funds: []string{"A"}, OnShortfall: shortProRata}
		}
		least, most := each, ledger.Amount{}
		for _, g := range Fund(wants, map[string]ledger.Amount{"A": ledger.Minor(rapid.Int64Range(0, 10_000).Draw(t, "purse"))}) {
			least, most = least.Min(g.Sum()), most.Max(g.Sum())
		}
		if most.Sub(least).Minor() > 1 {
			t.Fatalf("from %s to %s", least, most)
		}
	})
}
