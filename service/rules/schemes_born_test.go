package rules

import (
	"fmt"
	"strings"
)

func replaceBasis(benefit, basis string) string {
	return strings.Replace(benefit, "basis: gross_deposits", "basis: "+basis, 1)
}

// canadaGrant is the basic grant with its carried room and, for low incomes,
// the additional one. Room of years before 2007 is 400, after it 500.
func canadaGrant(c matchCase) draft {
	born := fmt.Sprint(c.Input["birth_year"])
	d := draft{born: born + "-01-05", enrolled: born + "-01-06", facts: []string{"afni: money"}}
	d.benefits = canadaBenefits
	if born == "<nil>" {
		d.born, d.enrolled = "2015-01-05", "2015-01-06"
	}
	years, _ := c.Input["contributions"].(map[string]any)
	for _, year := range sortedKeys(years) {
		if fmt.Sprint(years[year]) != "0" {
			d.events = append(d.events, deposit(year+"-03-01", years[year]))
		}
	}
	for _, e := range items(c.Input["events"]) {
		// Plan A paid in first and has all of it: plan B's deposit adds nothing.
		e, gives := e.(map[string]any), c.Expected["by_plan"].(map[string]any)["A"]
		d.events = append(d.events, deposit(fmt.Sprint(e["date"]), e["amount"]))
		d.expect = append(d.expect, expects(fmt.Sprint(e["date"]), "basic", gives))
	}
	if c.Input["monthly"] != nil {
		for month := range 12 {
			d.events = append(d.events, deposit(fmt.Sprintf("%v-%02d-15", c.Input["year"], month+1), c.Input["monthly"]))
		}
	}
	byYear, _ := c.Expected["basic_by_year"].(map[string]any)
	for _, year := range sortedKeys(byYear) {
		d.expect = append(d.expect, fmt.Sprintf("on: 2030-12-31, benefit: basic, period: %s, amount: %v", year, byYear[year]))
		if fmt.Sprint(byYear[year]) == "0.00" {
			d.expect = d.expect[:len(d.expect)-1] // a year in which nothing happened is not mentioned
		}
	}
	if c.Input["afni_2023"] != nil {
		d.known = []string{fmt.Sprintf("afni: %v", c.Input["afni_2023"])}
		// The chart leaves earlier years' room out: a child born in the year.
		d.born, d.enrolled = "2023-01-05", "2023-01-06"
		d.expect = []string{expects("2023-12-31", "basic", c.Expected["basic"]), expects("2023-12-31", "additional", c.Expected["additional"])}
	}
	return d
}

const canadaBenefits = `  - id: basic
    kind: match
    basis: gross_deposits
    amount: {ratio: 0.20}
    caps: {per_period: 1000, lifetime: 7200}
    carry_forward: {accrual: 500, accrues_from: birth}
    period: calendar_year
    when: age_on(add_days(period_start, -1)) < 17
    funding: {sources: [{fund: A}]}
    by_version:
      v0:
        caps: {per_period: 800, lifetime: 7200}
        carry_forward: {accrual: 400, accrues_from: birth}
  - id: additional
    kind: match
    basis: gross_deposits
    base: {cap_period: 500}
    amount: {ratio: 0.20}
    period: calendar_year
    when: known(afni) && afni <= money("106717")
    funding: {sources: [{fund: A}]}
    tiers: [{id: middle, when: afni > money("53359"), amount: {ratio: 0.10}}]
`

// canadaBond is 500 the first year of low income and 100 each later one.
func canadaBond(c matchCase) draft {
	d := draft{
		born: "2010-08-15", enrolled: "2010-09-01", facts: []string{"low: yes_no"},
		benefits: `  - id: clb
    kind: bond
    trigger: each_period(birth)
    when: low && age_on(period_start) < 15
    amount: {series: [500, 100]}
    caps: {lifetime: 2000}
    period: benefit_year
    funding: {sources: [{fund: A}]}
` + fixed("extra", "25", "known(born_on)"),
		expect: []string{expects("2040-01-01", "clb", c.Expected["clb_total"]), expects("2040-01-01", "extra", c.Expected["resp_opening_extra"])},
	}
	years := items(c.Input["eligible_by_age_0_to_15"])
	for i, low := range years {
		d.changes = append(d.changes, fmt.Sprintf("fact: low, is: %s, from: %d-07-01", truthOf(low), 2010+i))
	}
	d.changes = append(d.changes, fmt.Sprintf("fact: low, is: false, from: %d-07-01", 2010+len(years)))
	return d
}

// singapore is the first step and the co-match by birth order, and the top-up
// of 2023.
func singapore(c matchCase) draft {
	d := draft{
		born: "2017-05-01", enrolled: "2018-01-01", facts: []string{"birth_order: number"},
		known: []string{fmt.Sprintf("birth_order: %v", orOne(c.Input["birth_order"]))},
		benefits: fixed("first_step", "3000", `born_on >= date("2016-03-24") && born_on < date("2023-02-14")`) +
			fixed("first_step_2023", "5000", `born_on >= date("2023-02-14")`) +
			ratioMatch("co_match", "1", "once", `caps: {lifetime: 3000}
tiers: [{id: fifth, when: birth_order >= 5, caps: {lifetime: 15000}}, {id: third, when: birth_order >= 3, caps: {lifetime: 9000}}]`) +
			fixed("top_up", "400", `year(born_on) >= 2017 && year(born_on) <= 2023 && enrolled_on <= date("2024-06-30")`),
	}
	if b := c.Input["birth_date"]; b != nil {
		d.born, d.enrolled = fmt.Sprint(b), "2023-03-01"
	}
	if y := c.Input["birth_year"]; y != nil {
		d.born, d.enrolled = fmt.Sprint(y)+"-06-01", "2024-06-30"
	}
	if s := fmt.Sprint(c.Input["savings"]); s != "0" && s != "<nil>" {
		d.events = append(d.events, deposit("2024-07-01", s))
	}
	for _, name := range sortedKeys(c.Expected) {
		benefit := name
		if name == "first_step" && d.born >= "2023-02-14" {
			benefit = "first_step_2023"
		}
		d.expect = append(d.expect, expects("2025-01-01", benefit, c.Expected[name]))
	}
	return d
}

func orOne(v any) any {
	if v == nil {
		return 1
	}
	return v
}

// trumpPilot is the pilot contribution by birth date, and what the account may
// take of the family's and an employer's contributions of a year; and when growth
// ends.
func trumpPilot(c matchCase) draft {
	if end := c.Expected["growth_period_end"]; end != nil {
		return draft{
			born: fmt.Sprint(c.Input["birth_date"]), enrolled: "2026-07-04",
			benefits: fixed("pilot", "1000", "true") + "expiry: {at: 'ymd(year(born_on) + 17, 12, 31)', action: convert, what: everything}\n",
			expect:   []string{fmt.Sprintf("on: 2026-12-31, expires_on: %v", end)},
		}
	}
	if c.Input["family"] != nil {
		year := fmt.Sprint(c.Input["year"])
		return draft{
			born: "2020-03-01", enrolled: year + "-07-04",
			benefits: fixed("pilot", "1000", `born_on >= date("2025-01-01") && born_on <= date("2028-12-31")`) + trumpLimits,
			events: []string{
				deposit(year+"-09-01", c.Input["family"]) + ", channel: family",
				deposit(year+"-09-02", c.Input["employer"]) + ", channel: employer",
			},
			expect: []string{fmt.Sprintf("on: %s-12-31, taken: %v, refused: %v", year, c.Expected["accepted_total"], c.Expected["excess"])},
		}
	}
	return draft{
		born: fmt.Sprint(c.Input["birth_date"]), enrolled: "2030-01-01",
		benefits: fixed("pilot", "1000", `born_on >= date("2025-01-01") && born_on <= date("2028-12-31")`),
		expect:   []string{expects("2030-12-31", "pilot", c.Expected["pilot"])},
	}
}

const trumpLimits = `account:
  deposits:
    max_year: 5000
    not_before: 2026-07-04
    exempt_channels: [pilot, qualified_general, rollover]
    by_channel: [{channels: [employer], max_year: 2500}]
    over: take_part
`

// childTrustFund is the United Kingdom's payment at birth and at seven, by
// cohort and income (from memory of the scheme, as the fixture says).
func childTrustFund(c matchCase) draft {
	at := `    trigger: event(enrolled)
`
	on := "2003-06-01"
	if fmt.Sprint(c.Input["at"]) == "7" {
		at, on = "    trigger: age(7)\n", "2010-06-01"
	}
	benefit := func(id, amount, when string) string {
		return fmt.Sprintf("  - id: %s\n    kind: seed\n%s    amount: {fixed: %s}\n    period: once\n    when: %s\n    funding: {sources: [{fund: A}]}\n", id, at, amount, when)
	}
	born := fmt.Sprint(c.Input["birth_date"])
	d := draft{
		born: born, enrolled: "2011-06-01", facts: []string{"low: yes_no"},
		known: []string{"low: " + truthOf(c.Input["income"] == "low")},
		benefits: benefit("early", "250", `born_on < date("2010-08-03")`) +
			benefit("early_low", "250", `low && born_on < date("2010-08-03")`) +
			benefit("late", "50", `born_on >= date("2010-08-03") && born_on < date("2011-01-03")`),
	}
	if born < "2010" {
		d.enrolled = "2003-06-01"
	}
	d.expect = []string{fmt.Sprintf("on: %s, amount: %v", or(map[bool]string{true: "2011-12-31"}[born >= "2010"], on), c.Expected["payment"])}
	return d
}
