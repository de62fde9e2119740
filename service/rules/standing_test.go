package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/i18n"
)

// mover is a book in which money goes every way.
func mover(t testing.TB) *Book {
	return small(t, `
events: [{name: viewed}]
enrollment: {mode: auto_opt_out, opt_out_days: 20, claim: {required_for: [retention, distribution], by: "days_after(enrolled, 700)", on_miss: to_pool}}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, funding: {sources: [{fund: A}]}, vesting: {match_by: "days_after(enrolled, 500)", saved: 30.00}}
  - {id: half, kind: match, basis: gross_deposits, amount: {ratio: 0.5}, caps: {per_period: 70.00}, period: quarter, pay: {when: next_month}, funding: {sources: [{fund: B, when: school == "R07"}, {fund: C}]}, undo: {on_withdrawal: repay_share, withdrawals: nonqualified}}
  - {id: net, kind: match, basis: net_deposits, amount: {ratio: 0.333}, period: school_year, funding: {sources: [{fund: A}]}, vesting: immediate}
  - {id: look, kind: incentive, trigger: event(viewed), amount: {fixed: 7.00}, period: month, pay: {lag_days: 9}, funding: {sources: [{fund: B}]}, vesting: {at: "ymd(2026, 12, 1)"}}
withdrawal: {order: family_first, min_age: 6, nonqualified: family_only}
exit:
  - {on: leaves_school, program_money: freeze, choices: [{choice: transfer, program_money: transfer, family_money: transfer}, {choice: return, program_money: forfeit, family_money: return}, {choice: keep}],
     dormancy: [{less_than: 40.00, years: 1, program_money: forfeit, family_money: forfeit}, {years: 2, program_money: forfeit, family_money: donate}]}
  - {on: leaves_area, program_money: forfeit, participation: continues}
  - {on: opt_out, program_money: forfeit, family_money: return}
  - {on: nonqualified_withdrawal, program_money: forfeit, only: {benefits: [look]}}
  - {on: death, program_money: sibling, family_money: estate}
  - {on: account_closed, program_money: keep, family_money: owner}
expiry: [{at: "days_after(enrolled, 900)", action: to_funder, when: "!known(claimed_on)"}, {at: "days_after(enrolled, 1000)", action: to_state, what: everything}]
`)
}

// traveller is a history in which money goes every way.
func traveller(t *rapid.T) Child {
	c := history(t)
	for i := range c.Events {
		if c.Events[i].Kind == Withdrawal {
			c.Events[i].Purpose = rapid.SampledFrom([]Purpose{"", Qualified, Nonqualified, Emergency}).Draw(t, "purpose")
			c.Events[i].From = rapid.SampledFrom([]Owner{"", "", OwnFamily, OwnProgram}).Draw(t, "from")
		}
	}
	kinds := []EventKind{Interest, Interest, "viewed", Claimed, Chosen, LeavesSchool, LeavesArea, AccountClosed, BeneficiaryChanged, Left, OptedOut, Death, Enrolled}
	for i := range rapid.IntRange(0, 6).Draw(t, "more") {
		c.Events = append(c.Events, Event{
			Key: fmt.Sprint("m", i), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Seq: int64(50 + i),
			On:     ledger.NewDate(2025, 8, 1).AddDays(rapid.IntRange(0, 1000).Draw(t, "on")),
			Choice: rapid.SampledFrom([]string{"transfer", "return", "keep", "other"}).Draw(t, "choice"),
			Amount: ledger.Minor(rapid.Int64Range(1, 999).Draw(t, "amount")),
		})
	}
	return c
}

func movers(t testing.TB) (out []*Book) {
	plain := mover(t)
	for _, order := range []string{programFirst, familyFirst, proRata} {
		out = append(out, mustParse(t, strings.Replace(string(plain.Normal()), `"order":"family_first"`, `"order":"`+order+`"`, 1)))
	}
	return out
}

func TestWhatCameInIsWhatIsThereAndWhatLeft(t *testing.T) {
	books := movers(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := traveller(t), drawDay(t)
		for _, b := range books {
			checkStanding(t, StandingOf(b, c, on))
		}
	})
}

func checkStanding(t *rapid.T, s Standing) {
	t.Helper()
	in := s.CameIn.Family.Add(s.CameIn.Program).Add(s.CameIn.Earnings)
	there := s.Family.Add(s.Program).Add(s.Earnings)
	left, held, vested := ledger.Amount{}, ledger.Amount{}, ledger.Amount{}
	for i, d := range s.Departures {
		left = left.Add(d.Amount)
		parts := ledger.Amount{}
		for _, p := range d.Parts {
			parts = parts.Add(p.Amount)
			if p.Amount.Sign() <= 0 || p.Earnings.Sign() < 0 || p.Amount.Less(p.Earnings) || (p.Benefit == "") != (p.Fund == "") {
				t.Fatalf("a part of %+v: %+v", d, p)
			}
		}
		if d.Amount.Sign() <= 0 || parts != d.Amount || d.On.After(s.On) || i > 0 && d.On.Before(s.Departures[i-1].On) {
			t.Fatalf("departure %d is %+v after %+v", i, d, s.Departures[:i])
		}
	}
	for _, h := range s.Holdings {
		held, vested = held.Add(h.Amount).Add(h.Earnings), vested.Add(h.Vested)
		if h.Amount.Sign() < 0 || h.Earnings.Sign() < 0 || h.Amount.Less(h.Vested) || (h.Benefit == "") != (h.Fund == "") {
			t.Fatalf("%+v", h)
		}
	}
	if in != there.Add(left) || held != there || vested != s.Vested || s.Program.Less(s.Vested) || s.Family.Sign() < 0 {
		t.Fatalf("%s came in, %s is there (%s held, %s vested), %s left: %+v", in, there, held, vested, left, s)
	}
}

func TestAWithdrawalIsPaidInFullOrAsFarAsThereIsMoney(t *testing.T) {
	books := movers(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := traveller(t), drawDay(t)
		w := Event{Key: "w", Kind: Withdrawal, On: on, Seq: 1 << 40, Amount: ledger.Minor(rapid.Int64Range(1, 60_000).Draw(t, "asked"))}
		for _, b := range books {
			paid, unpaid := PayOut(b, c, w)
			sum := ledger.Amount{}
			for _, d := range paid {
				sum = sum.Add(d.Amount)
			}
			for _, u := range unpaid {
				sum = sum.Add(u.Amount)
			}
			if sum != w.Amount {
				t.Fatalf("%s: %s asked, %v paid, %v not", b.Withdrawal.Order, w.Amount, paid, unpaid)
			}
		}
	})
}

func TestTheDaysOfAnAccountDoNotChangeAfterwards(t *testing.T) {
	books := movers(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := traveller(t), drawDay(t)
		c.Events = slices.DeleteFunc(c.Events, func(e Event) bool { return e.Kind == Return }) // they reach back
		later := on.AddDays(rapid.IntRange(1, 300).Draw(t, "later"))
		for _, b := range books {
			before, after := StandingOf(b, c, on), StandingOf(b, c, later)
			if n := len(before.Departures); n > len(after.Departures) || fmt.Sprint(before.Departures) != fmt.Sprint(after.Departures[:n]) {
				t.Fatalf("by %s\n%+v\nby %s\n%+v", on, before.Departures, later, after.Departures)
			}
		}
	})
}

func TestTheOrderOfEventsAsGivenDoesNotMatterForAStanding(t *testing.T) {
	b := movers(t)[2]
	rapid.Check(t, func(t *rapid.T) {
		c, on := traveller(t), drawDay(t)
		shuffled := c
		shuffled.Events = rapid.Permutation(c.Events).Draw(t, "events")
		if one, two := fmt.Sprintf("%+v", StandingOf(b, c, on)), fmt.Sprintf("%+v", StandingOf(b, shuffled, on)); one != two {
			t.Fatalf("%s\nand in another order\n%s", one, two)
		}
	})
}

// TestStandingsArePhrased writes down, in both languages, the standings that
// the examples of the books come to, each sentence in its first place.
func TestStandingsArePhrased(t *testing.T) {
	files, _ := filepath.Glob("testdata/books/*.yaml")
	for _, lang := range []string{"en", "es"} {
		w := i18n.For(lang)
		var out strings.Builder
		shown := map[string]bool{}
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b := mustParse(t, string(src))
			for _, x := range b.Examples {
				for _, want := range x.Expect {
					if want.State == "" && !want.asks(standingKeys) {
						continue
					}
					s := StandingOf(b, x.cast(b, want.On)[0], want.On)
					if kind := kindOfStanding(s); !shown[kind] {
						shown[kind] = true
						fmt.Fprintf(&out, "%s, %s, on %s\n    %s\n", filepath.Base(f), x.Name, want.On, strings.Join(ExplainStanding(w, s), "\n    "))
					}
				}
			}
		}
		golden(t, "standing."+lang+".golden", out.String())
	}
}

func kindOfStanding(s Standing) string {
	kind := fmt.Sprint(s.State, s.ExpiresOn.IsZero(), s.Earnings.IsZero())
	for _, d := range s.Departures {
		kind += fmt.Sprint(d.Owner, d.To, d.Why)
	}
	for _, u := range s.Unpaid {
		kind += string(u.Why)
	}
	return kind
}

func TestEveryWordOfAStandingHasWords(t *testing.T) {
	for _, lang := range []string{"en", "es"} {
		w := i18n.For(lang)
		need := []string{}
		for _, s := range states {
			need = append(need, "rules.state."+string(s))
		}
		for to := range leftAs {
			need = append(need, "rules.goes."+string(to))
		}
		for _, on := range exitOn {
			need = append(need, "rules.leaves."+on)
		}
		for _, why := range []DepartureReason{LeftByWithdrawal, LeftUndone, LeftExpired, LeftUnclaimed, LeftChosen, LeftDormant} {
			need = append(need, "rules.leaves."+string(why))
		}
		for _, why := range []UnpaidReason{UnpaidMoney, UnpaidNotAllowed, UnpaidOwn, UnpaidYoung, UnpaidUnclaimed, UnpaidFrozen} {
			need = append(need, "rules.unpaid."+string(why))
		}
		for _, key := range need {
			if !w.Has(key) {
				t.Errorf("no words in %s for %s", lang, key)
			}
		}
	}
}

func TestOnePaymentCarriesWhatLeavesTogether(t *testing.T) {
	src, err := os.ReadFile("testdata/books/k2c_leaving.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b := mustParse(t, string(src))
	c := Child{Events: []Event{
		{Key: "e", Kind: Enrolled, On: day(t, "2023-09-01")},
		{Key: "v", Kind: "viewed_online", On: day(t, "2023-09-02")},
		{Key: "d", Kind: Deposit, On: day(t, "2023-09-05"), Amount: amount(t, "12")},
		{Key: "l", Kind: LeavesSchool, On: day(t, "2024-03-01")},
		{Key: "c", Kind: Chosen, On: day(t, "2024-03-20"), Choice: "transfer"},
	}}
	s := StandingOf(b, c, day(t, "2024-03-20"))
	if len(s.Departures) != 2 || s.Departures[0].Payment != s.Departures[1].Payment {
		t.Errorf("%+v", s.Departures)
	}
	c.Events[4].Choice = "return"
	s = StandingOf(b, c, day(t, "2024-03-20"))
	if len(s.Departures) != 2 || s.Departures[0].Payment == s.Departures[1].Payment {
		t.Fatalf("%+v", s.Departures)
	}
	if got, want := fmt.Sprint(s.Departures[0].Parts), "[{seed CITY 50.00 0.00} {view PHIL 20.00 0.00}]"; got != want {
		t.Errorf("by fund %s, want %s", got, want)
	}
}
