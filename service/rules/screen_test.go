package rules

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/i18n"
)

const limitsOf = `account: {deposits: {channels: [cash, ach, pay], min: 2.00, max_day: 90.00, max_month: 140.00, max_year: 300.00, max_lifetime: 500.00, max_balance: 350.00,
  not_before: 2025-09-01, until: 2027-06-30, over: OVER, by_channel: [{channels: [pay], max_day: 20.00, max_year: 50.00}]}}
benefits:
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1}, period: once, funding: {sources: [{fund: A}]}}
`

// payer is a history whose deposits come by several ways.
func payer(t *rapid.T) Child {
	c := history(t)
	for i := range c.Events {
		c.Events[i].Channel = rapid.SampledFrom([]string{"cash", "ach", "pay", "wire"}).Draw(t, "channel")
	}
	return c
}

func TestAnAccountTakesWhatItsLimitsAllowAndNoMore(t *testing.T) {
	for _, over := range []string{overRefuse, overPark, overPart} {
		b := small(t, strings.Replace(limitsOf, "OVER", over, 1))
		rapid.Check(t, func(t *rapid.T) {
			c := payer(t)
			kept := OnlyTaken(b, c)
			day, year := map[string]int64{}, map[string]int64{}
			for i, s := range Screen(b, c) {
				whole := s.Taken.Add(s.Parked).Add(s.Refused)
				if whole != depositOf(c, s.Key).Amount || s.Taken.Sign() < 0 || s.Parked.Sign() < 0 || s.Refused.Sign() < 0 {
					t.Fatalf("deposit %d: %+v", i, s)
				}
				if over != overPark && s.Parked.Sign() > 0 || over == overPark && s.Refused.Sign() > 0 || over == overRefuse && s.Limit != "" && s.Taken.Sign() > 0 {
					t.Fatalf("%s: %+v", over, s)
				}
				if (s.Limit == "") != (s.Taken == whole) {
					t.Fatalf("%+v has a limit and is taken, or neither", s)
				}
				if !hasReturned(c) {
					ch := depositOf(c, s.Key).Channel
					day[s.On.String()] += s.Taken.Minor()
					year[ch+s.On.String()[:4]] += s.Taken.Minor()
					if day[s.On.String()] > 9000 || ch == "pay" && year[ch+s.On.String()[:4]] > 5000 || ch == "wire" && s.Taken.Sign() > 0 {
						t.Fatalf("%+v is over", s)
					}
				}
			}
			for _, s := range Screen(b, kept) {
				if s.Limit != "" {
					t.Fatalf("what was taken is not taken again: %+v", s)
				}
			}
		})
	}
}

func hasReturned(c Child) bool {
	for _, e := range c.Events {
		if e.Kind == Return {
			return true
		}
	}
	return false
}

func depositOf(c Child, key string) Event {
	for _, e := range c.Events {
		if e.Key == key {
			return e
		}
	}
	return Event{}
}

func TestWhatAnAccountTookIsPhrased(t *testing.T) {
	seen := map[Limit]bool{}
	for _, over := range []string{overRefuse, overPark, overPart} {
		b := small(t, strings.Replace(limitsOf, "OVER", over, 1))
		rapid.Check(t, func(t *rapid.T) {
			c := payer(t)
			if rapid.Bool().Draw(t, "closes") {
				c.Events = append(c.Events, Event{Key: "closed", Kind: AccountClosed, On: ledger.NewDate(2026, 2, 1)})
			}
			for _, s := range Screen(b, c) {
				seen[s.Limit] = true
				for _, lang := range []string{"en", "es"} {
					if len(ExplainScreened(i18n.For(lang), s)) == 0 {
						t.Fatal("no words")
					}
				}
			}
		})
	}
	for _, l := range []Limit{"", LimitChannel, LimitMin, LimitDay, LimitMonth, LimitYear, LimitLifetime, LimitBalance, LimitUntil, LimitNotBefore, LimitClosed} {
		for _, lang := range []string{"en", "es"} {
			if l != "" && !i18n.For(lang).Has("rules.limit."+string(l)) {
				t.Errorf("no words in %s for %s", lang, l)
			}
		}
		if !seen[l] {
			t.Logf("no history comes to %q", l) // which limits are drawn is a matter of luck
		}
	}
}

func TestADepositOverALimitIsExplained(t *testing.T) {
	b := small(t, strings.Replace(limitsOf, "OVER", overPart, 1))
	c := Child{Events: []Event{{Key: "d", Kind: Deposit, On: ledger.NewDate(2026, 1, 5), Amount: ledger.Minor(10_000), Channel: "cash"}}}
	got := strings.Join(ExplainScreened(i18n.For("en"), Screen(b, c)[0]), " ")
	if want := "At most $90.00 may be paid in on one day. $90.00 was left. Of $100.00 on January 5, 2026, $90.00 is taken. $10.00 is not taken."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
