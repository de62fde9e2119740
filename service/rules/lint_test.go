package rules

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/i18n"
)

// clean is a book about which Lint has nothing to say; the tests below trouble
// it.
const clean = `program:
  id: clean
  name: A clean program
  currency: USD
  time_zone: America/New_York
  rounding: half_up # the ordinance of 2025, section 4
  leap_day: feb_28
calendar:
  school_year: 07-01
versions:
  - {id: v1, effective_from: 2025-07-01, effective_to: 2026-06-30}
  - {id: v2, effective_from: 2026-07-01}
eligibility:
  - {id: here, when: city == "Riverbend"}
  - id: young
    when: age_on(day) < 18 && born_on >= date("2010-01-01")
benefits:
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    caps: {lifetime: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}
  - id: match
    kind: match
    basis: gross_deposits
    base: {min_single: 5.00}
    amount: {ratio: 0.5}
    caps: {per_period: 100.00, lifetime: 500.00}
    period: school_year
    when: grade <= 8
    tiers:
      - {id: little, when: grade <= KG, amount: {ratio: 2}}
      - {id: low, when: grade >= 1 && grade <= 5, amount: {ratio: 1}}
    funding: {sources: [{fund: BANK, when: school == "R07"}, {fund: CITY}]}
    undo: {on_return: reverse_full, on_withdrawal: none}
    by_version:
      v2: {caps: {per_period: 120.00, lifetime: 500.00}}
examples:
  - name: A kindergartner
    born_on: 2020-03-14
    facts: {city: Riverbend, grade: KG, school: R01}
    events:
      - {on: 2025-09-01, event: enrolled}
      - {on: 2025-09-02, event: deposit, amount: 10.00}
      - {on: 2026-09-02, event: deposit, amount: 10.00}
    expect:
      - {on: 2025-09-01, benefit: seed, amount: 50.00}
      - {on: 2025-09-02, benefit: match, amount: 20.00}
      - {on: 2026-09-02, benefit: match, period: 2026-27, amount: 20.00}
  - name: A second grader
    born_on: 2018-03-14
    facts: {city: Riverbend, grade: "02", school: R01}
    events:
      - {on: 2025-09-01, event: enrolled}
      - {on: 2025-09-02, event: deposit, amount: 10.00}
    expect:
      - {on: 2025-09-02, benefit: match, amount: 10.00}
exit:
  - {on: leaves_school, program_money: keep}
  - {on: leaves_area, program_money: keep}
  - {on: opt_out, program_money: forfeit}
  - {on: left, program_money: forfeit}
  - {on: account_closed, program_money: forfeit}
  - {on: death, program_money: forfeit, family_money: estate}
`

// The places in the clean book at which the tests below put a claim, a class and
// rules of money that ends.
const (
	youngAndBenefits = "    when: age_on(day) < 18 && born_on >= date(\"2010-01-01\")\nbenefits:\n"
	seedTerms        = "    trigger: event(enrolled)\n    amount: {fixed: 50.00}\n    caps: {lifetime: 50.00}\n    period: once\n    funding: {sources: [{fund: CITY}]}\n"
	lastTerms        = "    by_version:\n      v2: {caps: {per_period: 120.00, lifetime: 500.00}}\n"
	lateBenefit      = "  - {id: late, kind: seed, trigger: age(18), amount: {fixed: 1.00}, period: once, funding: {sources: [{fund: CITY}]}}\n"
)

func claimed(claim string) string {
	return "    when: age_on(day) >= 5 && born_on >= date(\"2010-01-01\")\nenrollment: {mode: opt_in, claim: {" + claim + "}}\nbenefits:\n"
}

func class(rest string) string {
	return "    trigger: class(2026-10-01)\n    amount: {split: 100.00}\n    period: once\n    funding: {sources: [{fund: CITY}]" + rest + "}\n"
}

// findings are what Lint says of a book, in short.
func findings(t testing.TB, src string, supplied ...string) []string {
	t.Helper()
	fs, err := Lint([]byte(src), Supply{Facts: supplied})
	if err != nil {
		t.Fatalf("%v\nin\n%.3000s", err, src)
	}
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = fmt.Sprintf("line %d: %s: %s %s", f.Line, f.Path, f.Severity, f.Code)
		for _, name := range sortedKeys(f.Args) {
			out[i] += fmt.Sprintf(" %s=%v", name, f.Args[name])
		}
		for _, lang := range []string{"en", "es"} {
			f.Phrase(i18n.For(lang)) // panics in a test where a word is missing
		}
	}
	return out
}

func TestLintHasNothingToSayOfACleanBook(t *testing.T) {
	if got := findings(t, clean); len(got) > 0 {
		t.Error(strings.Join(got, "\n"))
	}
}

const lastTier = "      - {id: low, when: grade >= 1 && grade <= 5, amount: {ratio: 1}}\n"

// troubled are books with one finding: what to replace by what, what is found
// where, and what to write instead so that it is not.
var troubled = []struct{ code, old, by, at, near string }{
	{"leap_day", "  leap_day: feb_28\n", "", "line 2: program: risk leap_day line=15", "  leap_day: mar_1\n"},
	{"month_end", "born_on >= date(\"2010-01-01\")", "add_months(born_on, 6) < day", "line 16: eligibility[1].when: advice month_end what=add_months(born_on, 6)", "add_months(date(\"2026-01-28\"), 6) < day"},
	{"month_end", "born_on >= date(\"2010-01-01\")", "add_months(date(\"2026-01-31\"), 6) < day", "month_end", "add_days(born_on, 31) < day"},
	{"month_end", "school_year: 07-01", "school_year: 07-31", "line 9: calendar.school_year: risk month_end what=school_year: 07-31", "school_year: 07-28"},
	{"month_end", "    period: school_year", "    period: months(24)", "line 31: benefits[1].period: advice month_end what=months(24)", "    period: calendar_year"},
	{"edge", "date(\"2010-01-01\")", "date(\"2010-01-01\") && born_on < date(\"2030-06-30\")", "line 16: eligibility[1].when: risk edge day=2030-06-30 part=born_on < date(\"2030-06-30\")", "date(\"2010-01-01\") && born_on < date(\"2030-07-01\")"},
	{"edge", "born_on >= date(\"2010-01-01\")", "date(\"2010-01-01\") < born_on", "edge day=2010-01-01", "date(\"2009-12-31\") < born_on"},
	{"deadline_day", "    undo:", "    carry_forward: {accrual: 50.00, accrues_from: birth, stops_at: age(17)}\n    undo:", "line 37: benefits[1].carry_forward.stops_at: advice deadline_day moment=age(17)", "    carry_forward: {accrual: 50.00, accrues_from: birth, stops_at: age(17), last_day: included}\n    undo:"},
	{"rounding_half", " # the ordinance of 2025, section 4", "", "line 6: program.rounding: advice rounding_half deposit=$", ""},
	{"rounding_half", "half_up # the ordinance of 2025, section 4", "half_even", "even=0.00 ratio=0.5 rounding=half_even up=0.01", "down"},
	{"fact_unused", "eligibility:", "facts: [{name: lunch, type: text}]\neligibility:", "line 13: facts[0]: advice fact_unused fact=lunch", ""},
	{"fact_not_supplied", "eligibility:\n  - {id: here, when: city == \"Riverbend\"}", "eligibility:\n  - {id: here, when: county == \"Riverbend\"}", "line 14: eligibility[0].when: risk fact_not_supplied fact=county", ""},
	{"unbounded", "    caps: {per_period: 100.00, lifetime: 500.00}\n", "", "line 29: benefits[1].amount: risk unbounded benefit=match", "    caps: {within: [{period: once, max: 500.00}]}\n"},
	{"unbounded", "    amount: {ratio: 0.5}\n    caps: {per_period: 100.00, lifetime: 500.00}\n", "    amount: {step: {per: 10.00, pay: 5.00}}\n", "unbounded", "    amount: {step: {per: 10.00, pay: 5.00}}\n    caps: {lifetime: 5.00}\n"},
	{"gross", ", on_withdrawal: none", "", "line 27: benefits[1].basis: risk gross benefit=match", ", on_withdrawal: none"},
	{"gross", "    basis: gross_deposits\n    base: {min_single: 5.00}", "    basis: gross_deposits\n    base: {min_single: 6.00}", "", ""},
	{"return_unstated", "on_return: reverse_full, ", "", "line 27: benefits[1].basis: advice return_unstated benefit=match", "on_return: none, "},
	{"cap_zero", "{per_period: 100.00, lifetime: 500.00}", "{per_period: 0.00}", "line 30: benefits[1].caps: risk cap_zero cap=per_period", "{per_period: 0.01}"},
	{"cap_never_reached", "{per_period: 100.00, lifetime: 500.00}", "{per_period: 100.00, lifetime: 99.99}", "risk cap_never_reached cap=per_period less=99.99 max=100.00 other=lifetime", "{per_period: 100.00, lifetime: 100.00}"},
	{"cap_never_reached", "{per_period: 100.00, lifetime: 500.00}", "{per_period: 100.00, within: [{period: once, max: 90.00}]}", "other=within once", "{per_period: 100.00, within: [{period: once, max: 190.00}]}"},
	{"cap_never_reached", "examples:", "shared_caps: [{id: both, benefits: [seed, match], period: once, max: 80.00}]\nexamples:", "advice cap_never_reached cap=per_period less=80.00 max=100.00 other=both", "shared_caps: [{id: both, benefits: [seed, match], period: once, max: 200.00}]\nexamples:"},
	{"pays_above_cap", "caps: {lifetime: 50.00}", "caps: {lifetime: 49.99}", "line 21: benefits[0].amount: risk pays_above_cap cap=lifetime max=49.99 pays=50.00 what=fixed", "caps: {lifetime: 50.01}"},
	{"pays_above_cap", "{ratio: 0.5}", "{step: {per: 10.00, pay: 101.00}}", "pays_above_cap cap=per_period max=100.00 pays=101.00 what=step", "{step: {per: 10.00, pay: 100.00}}"},
	{"pays_above_cap", "{fixed: 50.00}", "{series: [20.00, 60.00]}", "pays=60.00 what=series", "{series: [20.00, 30.00]}"},
	{"pays_above_cap", "examples:", "shared_caps: [{id: both, benefits: [seed, match], period: once, max: 40.00}]\nexamples:", "pays_above_cap cap=both max=40.00 pays=50.00 what=fixed", "shared_caps: [{id: both, benefits: [seed, match], period: once, max: 200.00}]\nexamples:"},
	{"threshold_out_of_reach", "{min_single: 5.00}\n    amount: {ratio: 0.5}", "{cap_period: 5.00}\n    amount: {threshold: {at: 5.01, pay: 5.00}}", "line 29: benefits[1].amount: risk threshold_out_of_reach at=5.01 cap=cap_period max=5.00", "{cap_period: 5.00}\n    amount: {threshold: {at: 5.00, pay: 5.00}}"},
	{"minimum_above_cap", "{min_single: 5.00}", "{min_period: 60.00}", "risk minimum_above_cap cap=per_period earns=120.00 max=100.00 minimum=60.00", "{min_period: 50.00}"},
	{"minimum_above_cap", "{min_single: 5.00}", "{min_period: 50.00, cap_period: 49.00}", "minimum_above_cap cap=cap_period", "{min_period: 50.00, cap_period: 50.00}"},
	{"fund_never", "school == \"R07\"", "grade == 9", "line 36: benefits[1].funding.sources[0]: risk fund_never benefit=match fund=BANK", "grade == 8"},
	{"fund_never", "school == \"R07\"", "born_on < date(\"2010-01-01\")", "fund_never", "born_on <= date(\"2010-01-01\")"},
	{"fund_never", "school == \"R07\"", "city == \"Lakeside\"", "fund_never", "city != \"Lakeside\""},
	{"no_fund", "school == \"R07\"}, {fund: CITY}", "grade == 9}, {fund: CITY, when: grade > 10}", "line 36: benefits[1].funding: risk no_fund benefit=match", "grade == 9}, {fund: CITY, when: grade >= KG}"},
	{"some_without_fund", "{fund: CITY}]}\n    undo", "{fund: CITY, when: school == \"R09\"}]}\n    undo", "line 36: benefits[1].funding: advice some_without_fund benefit=match", "{fund: CITY, when: \"!known(school) || school != 'R07'\"}]}\n    undo"},
	{"some_without_fund", "{fund: BANK, when: school == \"R07\"}, {fund: CITY}", "{fund: BANK, when: grade <= 3}, {fund: CITY, when: grade > 4}", "some_without_fund", "{fund: BANK, when: grade <= 3}, {fund: CITY, when: grade >= 4}"},
	{"never_holds", "when: grade <= 8", "when: grade <= 8 && grade > 8", "line 32: benefits[1].when: risk never_holds condition=grade <= 8 && grade > 8", "when: grade <= 8 && grade > 7"},
	{"never_holds", "when: grade <= 8", "when: \"!known(grade) && grade <= 8\"", "never_holds", "when: \"!known(grade) || grade <= 8\""},
	{"never_holds", "when: grade <= 8", "when: enrolled_on < born_on && enrolled_on >= born_on", "never_holds", "when: enrolled_on < born_on || enrolled_on >= born_on"},
	{"never_holds", "when: grade <= 8", "when: grade > 13", "never_holds", "when: grade <= 13 && grade < 13"},
	{"never_holds", "eligibility:\n", "facts: [{name: lunch, type: text, one_of: [free, paid]}]\neligibility:\n  - {id: lunch, when: lunch == \"half\"}\n", "line 15: eligibility[0].when: risk never_holds", "facts: [{name: lunch, type: text, one_of: [free, paid]}]\neligibility:\n  - {id: lunch, when: lunch == \"free\"}\n"},
	{"part_never_holds", "when: grade <= 8", "when: grade <= 8 || grade == 14", "line 32: benefits[1].when: risk part_never_holds part=grade == 14", "when: grade <= 8 || grade == 12"},
	{"part_never_holds", "when: city == \"Riverbend\"", "when: \"city == 'Riverbend' && month(day) in [0, 13] || city == 'Riverbend'\"", "part_never_holds part=month(day) in [0, 13]", "when: \"city == 'Riverbend' && month(day) in [1, 12] || city == 'Riverbend'\""},
	{"part_always_holds", "when: grade <= 8", "when: grade >= PK", "line 32: benefits[1].when: advice part_always_holds part=grade >= PK", "when: grade >= KG"},
	{"always_holds", "when: grade <= 8", "when: known(grade) || !known(grade)", "line 32: benefits[1].when: advice always_holds", "when: known(grade)"},
	{"tier_never", "grade >= 1 && grade <= 5", "grade >= 9 && grade <= 11", "line 35: benefits[1].tiers[1]: risk tier_never tier=low", "grade >= 1 && grade <= 11"},
	{"tier_unreachable", "{id: little, when: grade <= KG,", "{id: little, when: grade <= 5,", "line 35: benefits[1].tiers[1]: risk tier_unreachable tier=low", "{id: little, when: grade <= 3 && school == \"R07\","},
	{"tier_unreachable", lastTier, lastTier + "      - {id: none, when: grade < 6, amount: {ratio: 1}}\n", "tier_unreachable tier=none", lastTier + "      - {id: rest, when: grade <= 6, amount: {ratio: 1}}\n"},
	{"tier_overlap", "grade >= 1 && grade <= 5", "grade >= KG && grade <= 5", "line 35: benefits[1].tiers[1]: risk tier_overlap from=KG other=little thing=grade tier=low to=KG", "grade <= 5"},
	{"tier_gap", "grade >= 1 && grade <= 5", "grade >= 2 && grade <= 5", "line 35: benefits[1].tiers[1]: risk tier_gap from=1 thing=grade to=1", "grade > KG && grade <= 5"},
	{"tier_gap", "grade >= 1 && grade <= 5", "grade >= 4 && grade <= 5", "advice tier_gap from=1 thing=grade to=3", "grade <= 5"},
	{"version_empty", "    caps: {lifetime: 50.00}\n    period: once\n", "    caps: {lifetime: 50.00}\n    period: once\n    versions: [v1]\n", "", ""},
	{"version_unused", "    by_version:", "    versions: [v1]\n    by_version:", "line 40: benefits[1].by_version.v2: risk version_unused benefit=match version=v2", "    versions: [v2]\n    by_version:"},
	{"version_same", "v2: {caps: {per_period: 120.00, lifetime: 500.00}}", "v2: {caps: {lifetime: 500, per_period: '100'}}", "line 39: benefits[1].by_version.v2: advice version_same benefit=match version=v2", "v2: {caps: {per_period: 100.01, lifetime: 500.00}}"},
	{"version_reverts", "v2: {caps:", "v1: {amount: {ratio: 1}}\n      v2: {caps:", "line 39: benefits[1].by_version.v1.amount: risk version_reverts key=amount next=v2 version=v1", "v1: {caps: {per_period: 130.00}}\n      v2: {caps:"},
	{"version_mid_period", "    period: school_year", "    period: calendar_year", "line 12: versions[1]: advice version_mid_period benefit=match on=2026-07-01", "    period: month"},
	{"no_example", "      - {on: 2025-09-01, benefit: seed, amount: 50.00}\n", "", "line 18: benefits[0]: advice no_example benefit=seed", "      - {on: 2025-09-01, amount: 50.00}\n"},
	{"no_tier_example", "grade: \"02\"", "grade: \"07\"", "", "grade: \"03\""},
	{"row_falls", "{ratio: 0.5}", "{table: {by: base, rows: [{from: 10.00, pay: 5.00}, {from: 20.00, pay: 4.99}]}}", "line 29: benefits[1].amount.table.rows[1]: risk row_falls before=5.00 from=20.00 pay=4.99", "{table: {by: base, rows: [{from: 10.00, pay: 5.00}, {from: 20.00, pay: 5.00}]}}"},
	{"row_unreachable", "    amount: {fixed: 50.00}", "    when: grade <= 5\n    amount: {table: {by: grade, rows: [{from: PK, pay: 50.00}, {from: 6, pay: 10.00}]}}", "benefits[0].amount.table.rows[1]: risk row_unreachable from=6 thing=grade", "    when: grade <= 6\n    amount: {table: {by: grade, rows: [{from: PK, pay: 50.00}, {from: 6, pay: 10.00}]}}"},
	{"row_below", "    amount: {fixed: 50.00}", "    amount: {table: {by: grade, rows: [{from: KG, pay: 50.00}]}}", "line 21: benefits[0].amount.table.rows[0]: advice row_below benefit=seed from=KG thing=grade", "    amount: {table: {by: grade, rows: [{from: PK, pay: 50.00}]}}"},
	{"pays_above_cap", "{ratio: 0.5}", "{table: {by: base, rows: [{from: 10.00, pay: 100.01}]}}", "pays=100.01 what=table", "{table: {by: base, rows: [{from: 10.00, pay: 100.00}]}}"},
	{"threshold_out_of_reach", "{min_single: 5.00}\n    amount: {ratio: 0.5}", "{cap_period: 5.00}\n    amount: {table: {by: base, rows: [{from: 5.01, pay: 5.00}]}}", "rows[0]: risk threshold_out_of_reach at=5.01 cap=cap_period max=5.00", "{cap_period: 5.00}\n    amount: {table: {by: base, rows: [{from: 5.00, pay: 5.00}]}}"},
	{"claim_without_end", youngAndBenefits, claimed("required_for: retention"), "line 17: enrollment.claim: risk claim_without_end", claimed("required_for: retention, by: age(18), last_day: included")},
	{"claim_too_early", youngAndBenefits, claimed("required_for: incentive, by: 2025-06-30, last_day: included"), "line 17: enrollment.claim.by: risk claim_too_early moment=2025-06-30", claimed("required_for: incentive, by: 2025-07-01, last_day: included")},
	{"claim_too_early", youngAndBenefits, claimed("required_for: incentive, by: age(5), last_day: excluded"), "claim_too_early moment=age(5)", claimed("required_for: incentive, by: age(5), last_day: included")},
	{"expiry_before_benefit", "examples:", lateBenefit + "expiry: {at: age(18), last_day: excluded, action: to_pool}\nexamples:", "line 41: expiry: risk expiry_before_benefit benefit=late moment=age(18)", lateBenefit + "expiry: {at: age(18), last_day: included, action: to_pool}\nexamples:"},
	{"expiry_before_use", "examples:", "withdrawal: {min_age: 19}\nexpiry: {at: age(18), last_day: included, action: to_pool}\nexamples:", "line 41: expiry: risk expiry_before_use age=19 moment=age(18)", "withdrawal: {min_age: 18}\nexpiry: {at: age(18), last_day: included, action: to_pool}\nexamples:"},
	{"vesting_after_expiry", lastTerms, "    vesting: {at: \"years_after(enrolled, 2)\"}\nexpiry: {at: \"days_after(enrolled, 700)\", last_day: included, action: to_pool}\n", "line 38: benefits[1].vesting: risk vesting_after_expiry benefit=match expiry=days_after(enrolled, 700) moment=years_after(enrolled, 2)", "    vesting: {at: \"years_after(enrolled, 2)\"}\nexpiry: {at: \"days_after(enrolled, 800)\", last_day: included, action: to_pool}\n"},
	{"saved_out_of_reach", lastTerms, "    vesting: {match_by: \"years_after(enrolled, 1)\", saved: 100.01, last_day: included}\naccount: {deposits: {max_year: 50.00}}\n", "line 38: benefits[1].vesting: risk saved_out_of_reach benefit=match cap=max_year max=100.00 saved=100.01", "    vesting: {match_by: \"years_after(enrolled, 1)\", saved: 100.00, last_day: included}\naccount: {deposits: {max_year: 50.00}}\n"},
	{"exit_unsaid", "  - {on: death, program_money: forfeit, family_money: estate}\n", "", "advice exit_unsaid events=death", "  - {on: death, program_money: keep}\n"},
	{"exit_twice", "  - {on: death,", "  - {on: account_closed, only: {benefits: [seed]}, program_money: sibling}\n  - {on: death,", "exit[5]: risk exit_twice event=account_closed", "  - {on: leaves_area, only: {benefits: [seed]}, program_money: forfeit}\n  - {on: death,"},
	{"exit_frozen_for_ever", "{on: leaves_school, program_money: keep}", "{on: leaves_school, program_money: freeze}", "exit[0]: advice exit_frozen_for_ever event=leaves_school", "{on: leaves_school, program_money: freeze, dormancy: [{years: 3, program_money: forfeit}]}"},
	{"class_late_child", seedTerms, class(", on_shortfall: deny"), "advice class_late_child benefit=seed word=deny", class(", on_shortfall: queue")},
	{"no_version_example", "      - {on: 2026-09-02, benefit: match, period: 2026-27, amount: 20.00}\n", "", "line 12: versions[1]: advice no_version_example version=v2", "      - {on: 2026-09-02, benefit: match, period: 2026-27, amount: 20.00}\n"},
}

func TestLintFindsWhatIsAmbiguousAndNotWhatIsNot(t *testing.T) {
	for _, test := range troubled {
		bad := strings.Replace(clean, test.old, test.by, 1)
		if bad == clean {
			t.Fatalf("%q is not in the clean book", test.old)
		}
		at := strings.ReplaceAll(test.at, "$", "0.01")
		if got := findings(t, bad); test.at != "" && !slices.ContainsFunc(got, func(f string) bool { return strings.Contains(f, test.code) && strings.Contains(f, at) }) {
			t.Errorf("%s by %q: got\n%s\nwant %s", test.code, test.by, strings.Join(got, "\n"), test.at)
		}
		if test.near == "" {
			continue
		}
		near := strings.Replace(clean, test.old, test.near, 1)
		if got := findings(t, near); slices.ContainsFunc(got, func(f string) bool { return strings.Contains(f, " "+test.code) }) {
			t.Errorf("%s by %q, which is fine: got\n%s", test.code, test.near, strings.Join(got, "\n"))
		}
	}
}

// threeVersions is the clean book with a version more.
var threeVersions = strings.NewReplacer(
	"effective_from: 2026-07-01}", "effective_from: 2026-07-01, effective_to: 2027-06-30}\n  - {id: v3, effective_from: 2027-07-01}",
	"{on: 2026-09-02, event: deposit, amount: 10.00}", "{on: 2026-09-02, event: deposit, amount: 10.00}\n      - {on: 2027-09-02, event: deposit, amount: 10.00}",
	"{on: 2026-09-02, benefit: match, period: 2026-27, amount: 20.00}", "{on: 2026-09-02, benefit: match, period: 2026-27, amount: 20.00}\n      - {on: 2027-09-02, benefit: match, period: 2027-28, amount: 20.00}",
	"    by_version:\n      v2: {caps: {per_period: 120.00, lifetime: 500.00}}\n", "",
).Replace(clean)

func TestLintLooksAcrossVersions(t *testing.T) {
	both := strings.NewReplacer("    trigger:", "    versions: [v1, v2]\n    trigger:", "    basis:", "    versions: [v1, v2]\n    basis:").Replace(threeVersions)
	pause := strings.Replace(threeVersions, "    basis:", "    versions: [v1, v3]\n    basis:", 1)
	for _, test := range []struct{ name, src, want string }{
		{"clean", threeVersions, ""},
		{"a version without benefits", both, "line 13: versions[2]: risk version_empty version=v3"},
		{"one benefit stands", strings.Replace(both, "    versions: [v1, v2]\n    basis:", "    basis:", 1), ""},
		{"a benefit that pauses", pause, "line 28: benefits[1].versions: advice version_pause benefit=match version=v2"},
		{"a benefit that ends", strings.Replace(threeVersions, "    trigger:", "    versions: [v1, v2]\n    trigger:", 1), ""},
	} {
		got := slices.DeleteFunc(findings(t, test.src), func(f string) bool { return strings.Contains(f, "example") })
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%s: got\n%s\nwant %s", test.name, strings.Join(got, "\n"), test.want)
		}
	}
}

func TestLintKnowsWhatTheFeedsBring(t *testing.T) {
	src := strings.Replace(clean, "eligibility:", "facts: [{name: foster, type: yes_no}]\neligibility:\n  - {id: foster, when: \"!known(foster) || !foster\"}", 1)
	if got := findings(t, src); len(got) != 1 || got[0] != "line 13: facts[0]: risk fact_not_supplied fact=foster" {
		t.Errorf("without the feed: %v", got)
	}
	if got := findings(t, src, "foster"); len(got) != 0 {
		t.Errorf("with the feed: %v", got)
	}
}

func TestLintKnowsWhatTheFundsHave(t *testing.T) {
	src := strings.Replace(clean, seedTerms, class(""), 1)
	for _, test := range []struct {
		city  int64
		bank  bool
		codes string
	}{{10_000, true, ""}, {9_999, true, "class_fund_short"}, {10_000, false, "fund_unknown"}} {
		has := Supply{Funds: map[string]ledger.Amount{"CITY": ledger.Minor(test.city)}}
		if test.bank {
			has.Funds["BANK"] = ledger.Amount{}
		}
		fs, err := Lint([]byte(src), has)
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, f := range fs {
			codes = append(codes, f.Code)
			f.Phrase(i18n.For("es"))
		}
		if strings.Join(codes, " ") != test.codes {
			t.Errorf("%+v: found %v", test, codes)
		}
	}
}

func TestLintMissesTheExampleOfATier(t *testing.T) {
	src := strings.Replace(clean, "grade: \"02\"", "grade: \"07\"", 1)
	if got := findings(t, src); len(got) != 1 || got[0] != "line 35: benefits[1].tiers[1]: advice no_tier_example benefit=match tier=low" {
		t.Errorf("got %v", got)
	}
}

func TestEveryFindingHasABookAndANearMiss(t *testing.T) {
	tested := map[string]bool{"class_fund_short": true, "fund_unknown": true, "version_empty": true, "version_pause": true, "no_tier_example": true, "work": true}
	for _, test := range troubled {
		if test.near != "" || test.code == "fact_unused" || test.code == "fact_not_supplied" {
			tested[test.code] = true
		}
	}
	for _, code := range lintCodes(t) {
		if !tested[code] {
			t.Errorf("no book has %s, and another nearly", code)
		}
	}
}

// lintPhrases is the catalogue's part with the words of the findings.
func lintPhrases(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../i18n/locales/rules.en.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(raw), "\n[rules.lint]\n")
	part, _, _ = strings.Cut(part, "\n[")
	return part
}

// lintCodes are the findings that the catalogue has words for.
func lintCodes(t *testing.T) (codes []string) {
	t.Helper()
	for _, m := range topKeyOfTable.FindAllStringSubmatch(lintPhrases(t), -1) {
		if m[1] != "none" && m[1] != "count" {
			codes = append(codes, m[1])
		}
	}
	if len(codes) < 50 {
		t.Fatalf("only %v", codes)
	}
	return codes
}

var topKeyOfTable = regexp.MustCompile(`(?m)^([a-z_]+) = `)

// TestLintIsBoundedOnAnyBook: what multiplies conditions with each other stops
// at a limit and says so.
func TestLintIsBoundedOnAnyBook(t *testing.T) {
	wide := make([]string, 12)
	for i := range wide {
		wide[i] = fmt.Sprintf("(grade == %d || zip == '%d' || city == '%d')", i, i, i)
	}
	tiers := &strings.Builder{}
	for i := range maxTiers - 1 {
		fmt.Fprintf(tiers, "      - {id: t%d, when: \"%s || grade == %d && zip == 'x%d'\"}\n", i, strings.Join(wide[:3], " && "), i%13, i)
	}
	many := &strings.Builder{}
	for i := range maxBenefits - 2 {
		fmt.Fprintf(many, "  - {id: b%d, kind: match, basis: gross_deposits, amount: {ratio: 1}, period: month, when: \"zip != '%d' || grade > %d\", funding: {sources: [{fund: A, when: \"%s\"}]}}\n", i, i, i%12, strings.Join(wide[:4], " && "))
	}
	for name, src := range map[string]string{
		"a product of choices": strings.Replace(clean, "grade <= 8", strings.Join(wide, " && "), 1),
		"tiers":                strings.Replace(clean, lastTier, tiers.String(), 1),
		"benefits":             strings.Replace(clean, "examples:", many.String()+"examples:", 1),
	} {
		got := findings(t, src)
		if len(got) > maxFindings {
			t.Errorf("%s: %d findings", name, len(got))
		}
	}
}

func TestLintSaysThatItStoppedComparing(t *testing.T) {
	deposit := "      - {on: 2025-09-03, event: deposit, amount: 10.00}\n"
	for n, want := range map[int]bool{10: false, 1_000: true} {
		src := strings.Replace(clean, "    expect:\n", strings.Repeat(deposit, n)+"    expect:\n"+strings.Repeat("      - {on: 2026-09-02, benefit: seed, amount: 50.00}\n", 300), 1)
		got := findings(t, src)
		if stopped := slices.ContainsFunc(got, func(f string) bool { return strings.HasSuffix(f, "advice work") }); stopped != want {
			t.Errorf("%d deposits: stopped %v, %v", n, stopped, got)
		}
	}
}

// TestSetsAgreeWithTrying holds the arithmetic of sets against trying every
// value.
func TestSetsAgreeWithTrying(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := func(name string) set {
			s := set{}
			for range rapid.IntRange(0, 3).Draw(t, name) {
				first := rapid.Int64Range(0, 20).Draw(t, name)
				s = s.with(between(first, first+rapid.Int64Range(0, 5).Draw(t, name)))
			}
			return s
		}
		a, b := drawn("a"), drawn("b")
		in := func(s set, n int64) bool { return !s.common(between(n, n)).empty() }
		inside := true
		for n := int64(-1); n < 30; n++ {
			if got, want := in(a.common(b), n), in(a, n) && in(b, n); got != want {
				t.Errorf("%v and %v have %d in common: %v", a, b, n, got)
			}
			if got, want := in(a.with(b), n), in(a, n) || in(b, n); got != want {
				t.Errorf("%v with %v has %d: %v", a, b, n, got)
			}
			if got, want := in(a.without(b), n), in(a, n) && !in(b, n); got != want {
				t.Errorf("%v without %v has %d: %v", a, b, n, got)
			}
			inside = inside && (!in(a, n) || in(b, n))
		}
		if a.within(b) != inside {
			t.Errorf("%v is within %v: %v", a, b, !inside)
		}
	})
}

// TestLintNeverCallsAPossibleConditionImpossible asks the engine itself: what
// holds for some child is not reported as never holding.
func TestLintNeverCallsAPossibleConditionImpossible(t *testing.T) {
	parts := []string{
		`grade <= 5`, `grade >= KG`, `grade == 3`, `grade in [1, 7]`, `city == "Riverbend"`, `city != "Lakeside"`, `city in ["A", "Riverbend"]`,
		`born_on >= date("2019-09-01")`, `born_on < date("2015-01-01")`, `known(zip)`, `age_on(day) < 7`, `zip.startsWith("06")`, `grade > 13`,
		`lunch == "free"`, `lunch == "half"`, `income <= money("100.00")`, `foster`, `foster == false`, `enrolled_on >= born_on`, `add_years(born_on, 5) < day`,
	}
	base := strings.Replace(good, "  - {name: lunch, type: text, one_of: [free, paid]}", "  - {name: lunch, type: text, one_of: [free, paid]}\n  - {name: foster, type: yes_no}", 1)
	holds := 0
	rapid.Check(t, func(t *rapid.T) {
		var condition string
		for i := range rapid.IntRange(1, 5).Draw(t, "parts") {
			part := rapid.SampledFrom(parts).Draw(t, "part")
			if rapid.Bool().Draw(t, "not") {
				part = "!(" + part + ")"
			}
			switch {
			case i == 0:
				condition = part
			case rapid.Bool().Draw(t, "and"):
				condition = "(" + condition + ") && " + part
			default:
				condition = "(" + condition + ") || " + part
			}
		}
		src := strings.Replace(base, "grade >= KG", string(appendJSON(nil, condition)), 1)
		b, err := Parse([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		c := Child{BornOn: ledger.NewDate(rapid.IntRange(2008, 2022).Draw(t, "born"), 9, 1), Events: []Event{{Kind: Enrolled, On: ledger.NewDate(2026, 1, 5)}}}
		for name, values := range map[string][]any{
			"grade": {"PK", "KG", "01", "03", "07", "12", nil}, "city": {"Riverbend", "Lakeside", "A", nil}, "zip": {"06101", "10001", nil},
			"lunch": {"free", "paid", nil}, "income": {ledger.Minor(1), ledger.Minor(1_000_000), nil}, "foster": {true, false, nil},
		} {
			if v := rapid.SampledFrom(values).Draw(t, name); v != nil {
				c.Facts = append(c.Facts, Fact{Name: name, Value: v})
			}
		}
		yes, _ := Eligible(b, c, ledger.NewDate(2026, 9, 1))
		no, _ := Eligible(mustParse2(t, strings.Replace(base, "grade >= KG", string(appendJSON(nil, "!("+condition+")")), 1)), c, ledger.NewDate(2026, 9, 1))
		fs, err := Lint([]byte(src), Supply{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fs {
			if f.Code == "never_holds" && yes {
				t.Errorf("%s never holds, but it does for %v", condition, c)
			}
			if f.Code == "always_holds" && no {
				t.Errorf("%s always holds, but it does not for %v", condition, c)
			}
		}
		if yes {
			holds++
		}
	})
	if holds == 0 {
		t.Error("no condition ever held: the test tests nothing")
	}
}

func mustParse2(t *rapid.T, src string) *Book {
	b, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzLint: any book that can be read is looked through, in words that every
// language has.
func FuzzLint(f *testing.F) {
	for _, src := range everyBook(f) {
		f.Add(src)
	}
	for _, test := range hostile() {
		if len(test.src) < 10_000 {
			f.Add(test.src)
		}
	}
	for _, test := range troubled {
		f.Add(strings.Replace(clean, test.old, test.by, 1))
	}
	f.Fuzz(func(t *testing.T, src string) {
		if _, err := Parse([]byte(src)); err == nil {
			findings(t, src)
		}
	})
}
