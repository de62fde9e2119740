package rules

import (
	"fmt"

	"seedbook/ledger"
)

// schemes writes the published schemes as rule books, by the first part of a
// case's id.
var schemes = map[string]func(matchCase) draft{
	"OHALLOC": func(c matchCase) draft {
		d := draft{facts: []string{"contributed: money"}, benefits: fmt.Sprintf(`  - id: part
    kind: prize
    trigger: class(2020-03-01)
    amount: {split: %v, by: contributed}
    period: once
    funding: {sources: [{fund: A}]}
`, c.Input["amount"])}
		for i, w := range items(c.Input["weights"]) {
			d.children = append(d.children, fmt.Sprintf("id: C%d, facts: {contributed: %v}, events: [{on: 2008-01-01, event: enrolled}]", i, w))
			d.expect = append(d.expect, fmt.Sprintf("child: C%d, %s", i, expects("2020-03-01", "part", items(c.Expected["allocation"])[i])))
		}
		return d
	},
	"SEEDOK": func(c matchCase) draft {
		return draft{
			facts: []string{"agi: money"}, known: []string{fmt.Sprintf("agi: %v", c.Input["agi"])},
			benefits: ratioMatch("match", "1", "calendar_year", `base: {min_single: 25, cap_period: 250}
when: agi < money("43500")
tiers: [{id: half, when: agi >= money("29000"), amount: {ratio: 0.5}}]`),
			events: []string{deposit("2009-03-01", c.Input["deposits_year"])},
			expect: []string{expects("2009-12-31", "match", c.Expected["match"])},
		}
	},
	"ARGIFT": func(c matchCase) draft {
		return draft{
			facts: []string{"income: money"}, known: []string{fmt.Sprintf("income: %v", c.Input["household_income"])},
			benefits: ratioMatch("match", "2", "calendar_year", `caps: {per_period: 500}
when: income <= money("60000")
tiers: [{id: one, when: income > money("30000"), amount: {ratio: 1}}]`),
			events: []string{deposit("2009-03-01", c.Input["contributions_year"])},
			expect: []string{expects("2009-12-31", "match", c.Expected["match"])},
		}
	},
	"CA529": func(c matchCase) draft {
		return draft{
			facts: []string{"agi: money", "monthly: money"},
			known: []string{fmt.Sprintf("agi: %v", c.Input["agi"]), fmt.Sprintf("monthly: %v", c.Input["monthly_autocontribution"])},
			benefits: ratioMatch("match", "1", "once", "caps: {lifetime: 200}\nwhen: agi <= money(\"75000\")") +
				fixed("bonus", "25", `monthly >= money("25")`),
			events: []string{deposit("2021-03-01", c.Input["contributions"])},
			expect: []string{expects("2021-12-31", "match", c.Expected["match"]), expects("2021-12-31", "bonus", c.Expected["bonus"])},
		}
	},
	"CO529": func(c matchCase) draft {
		d := draft{ // five years at the most: five times the most of a year
			born:     "2010-01-01",
			enrolled: "2022-06-01",
			benefits: ratioMatch("match", "1", "calendar_year", "caps: {per_period: 1000, lifetime: 5000}\nwhen: age_on(enrolled_on) < 13"),
		}
		for i, amount := range items(c.Input["contributions_by_year"]) {
			d.events = append(d.events, deposit(fmt.Sprintf("%d-07-01", 2022+i), amount))
		}
		for i, amount := range items(c.Expected["match_by_year"]) {
			d.expect = append(d.expect, fmt.Sprintf("on: 2030-12-31, benefit: match, period: %d, amount: %v", 2022+i, amount))
		}
		return d
	},
	"HTS":   helpToSave,
	"CESG":  canadaGrant,
	"CLB":   canadaBond,
	"SGCDA": singapore,
	"TRUMP": trumpPilot,
	"IN529": credit("0.20", "caps: {per_period: 1500}", `tiers: [{id: other, when: other, caps: {per_period: 750}}]`, "married_separately"),
	"VT529": credit("0.10", "base: {cap_period: 2500}", `tiers: [{id: other, when: other, base: {cap_period: 5000}}]`, "joint"),
	"UT529": credit("0.0455", "base: {cap_period: 2410}", `tiers: [{id: other, when: other, base: {cap_period: 4820}}]`, "joint"),
	"OR529": credit("1", "caps: {per_period: 180}", `tiers: [{id: other, when: other, caps: {per_period: 360}}]`, "joint"),
	"VA529": func(c matchCase) draft {
		return oneYear("1", "base: {cap_period: 4000}", c.Input["contribution"], c.Expected["counted"])
	},
	"LISA": func(c matchCase) draft {
		return oneYear("0.25", "base: {cap_period: 4000}", c.Input["deposits_year"], c.Expected["bonus"])
	},
	"SAVERS": saversCredit,
	"SMATCH": saversMatch,
	"CTF":    childTrustFund,
}

// oneYear is a match of one deposit in one calendar year.
func oneYear(ratio, rest string, amount, gives any) draft {
	return draft{
		benefits: ratioMatch("match", ratio, "calendar_year", rest),
		events:   []string{deposit("2025-03-01", amount)},
		expect:   []string{expects("2025-12-31", "match", gives)},
	}
}

// credit is a match with other terms for some families; which names the fact.
func credit(ratio, terms, tiers, which string) func(matchCase) draft {
	return func(c matchCase) draft {
		d := oneYear(ratio, terms+"\n"+tiers, c.Input["contribution"], c.Expected["credit"])
		d.facts, d.known = []string{"other: yes_no"}, []string{"other: " + truthOf(c.Input[which])}
		d.enrolled = "2025-01-01"
		return d
	}
}

// helpToSave deposits once a month from 15 January 2018; a withdrawal follows
// the last deposit of its month.
func helpToSave(c matchCase) draft {
	d := draft{
		enrolled: "2018-01-01",
		benefits: ratioMatch("bonus", "0.50", "months(24)", ""),
	}
	d.benefits = replaceBasis(d.benefits, "highest_balance") + "account: {deposits: {max_month: 50}}\n"
	drawn := map[string]any{}
	for _, w := range items(c.Input["withdrawals"]) {
		w := w.(map[string]any)
		drawn[fmt.Sprint(w["after_month"])] = w["amount"]
	}
	for i, amount := range items(c.Input["monthly_deposits"]) {
		month := fmt.Sprintf("%d-%02d", 2018+i/12, 1+i%12)
		d.events = append(d.events, deposit(month+"-15", amount))
		if w := drawn[fmt.Sprint(i+1)]; w != nil {
			d.events = append(d.events, fmt.Sprintf("on: %s-28, event: withdrawal, amount: %v", month, w))
		}
	}
	if c.Expected["error"] == "over monthly cap 50" {
		d.expect = []string{fmt.Sprintf("on: 2018-01-31, taken: 0, refused: %v", items(c.Input["monthly_deposits"])[0])}
		return d
	}
	first := c.Expected["bonus_1"]
	if candidates := items(c.Expected["bonus_1_candidates"]); candidates != nil {
		first = candidates[1] // half a penny: half_up, the policy of the book
	}
	d.expect = append(d.expect, fmt.Sprintf("on: 2022-12-31, benefit: bonus, period: 2018-01-01+24m, amount: %v", first))
	if second := c.Expected["bonus_2"]; second != nil {
		d.expect = append(d.expect, fmt.Sprintf("on: 2021-12-31, benefit: bonus, period: 2020-01-01+24m, amount: %v", second))
	}
	return d
}

// saversCredit is half, a fifth or a tenth of up to 2,000 net of what was taken
// out, by income; heads of household have three quarters and singles half of
// the joint bounds.
func saversCredit(c matchCase) draft {
	bounds := map[string][3]int{"2023": {43500, 47500, 73000}, "2024": {46000, 50000, 76500}, "2025": {47500, 51000, 79000}, "2026": {48500, 52500, 80500}}
	share := map[string]int{"joint": 4, "hoh": 3, "single": 2}[fmt.Sprint(c.Input["status"])]
	year := fmt.Sprint(c.Input["year"])
	at := func(i int) string { return fmt.Sprintf(`money("%s")`, ledger.Minor(int64(bounds[year][i]*share*25))) }
	d := draft{
		enrolled: year + "-01-01", facts: []string{"agi: money"}, known: []string{fmt.Sprintf("agi: %v", c.Input["agi"])},
		benefits: replaceBasis(ratioMatch("credit", "0.5", "calendar_year", fmt.Sprintf(`base: {cap_period: 2000}
undo: {on_withdrawal: reverse_ratio}
when: agi <= %s
tiers: [{id: tenth, when: agi > %s, amount: {ratio: 0.1}}, {id: fifth, when: agi > %s, amount: {ratio: 0.2}}]`, at(2), at(1), at(0))), "net_deposits"),
		events: []string{deposit(year+"-03-01", c.Input["contributions"])},
		expect: []string{expects(year+"-12-31", "credit", c.Expected["credit"])},
	}
	if out := fmt.Sprint(c.Input["distributions"]); out != "0" && out != "<nil>" {
		d.events = append(d.events, fmt.Sprintf("on: %s-06-01, event: withdrawal, amount: %s", year, out))
	}
	return d
}

// saversMatch falls from one half to nothing over a range of income.
func saversMatch(c matchCase) draft {
	slope := map[string]string{"joint": "from: 41000, to: 71000", "hoh": "from: 30750, to: 53250", "single": "from: 20500, to: 35500"}[fmt.Sprint(c.Input["status"])]
	return draft{
		facts: []string{"magi: money"}, known: []string{fmt.Sprintf("magi: %v", c.Input["magi"])},
		benefits: ratioMatch("match", "0.5", "calendar_year", "base: {cap_period: 2000}\nphase_out: {fact: magi, "+slope+"}"),
		events:   []string{deposit("2027-03-01", c.Input["contributions"])},
		expect:   []string{expects("2027-12-31", "match", c.Expected["match"])},
	}
}
