package rules

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"seedbook/service/fault"
	"seedbook/service/i18n"
)

// good is a book without a problem; the tests below spoil it.
const good = `program:
  id: small
  name: A small program
  currency: USD
  time_zone: America/New_York
  rounding: half_up
calendar:
  school_year: 07-01
versions:
  - {id: v1, effective_from: 2026-01-01, effective_to: 2026-12-31}
  - {id: v2, effective_from: 2027-01-01}
facts:
  - {name: income, type: money}
  - {name: lunch, type: text, one_of: [free, paid]}
events:
  - {name: viewed}
eligibility:
  - id: grade
    when: grade >= KG
enrollment: {mode: auto_opt_out, opt_out_days: 30}
benefits:
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}
  - id: match
    kind: match
    basis: gross_deposits
    base: {min_single: 5.00}
    amount: {ratio: 0.5}
    caps: {per_period: 100.00}
    period: school_year
    funding: {sources: [{fund: CITY, priority: 2}, {fund: BANK, when: lunch == "free"}]}
    undo: {on_return: reverse_full}
    by_version:
      v2: {amount: {ratio: 1}}
expiry: {at: age(26), action: to_pool}
examples:
  - name: One
    born_on: 2019-01-01
    facts: {grade: KG, income: 10.00}
    events:
      - {on: 2026-02-01, event: enrolled}
      - {on: 2026-02-02, event: deposit, amount: 10.00, id: d}
      - {on: 2026-02-03, event: return, of: d}
    expect:
      - {on: 2026-02-02, benefit: match, amount: 5.00}
  - name: Two
    funds: {CITY: 60.00}
    children:
      - {id: ana, facts: {grade: KG}, events: [{on: 2026-02-01, at: 09:00, event: enrolled}]}
      - {id: ben}
    expect:
      - {on: 2026-03-03, child: ana, benefit: seed, given: 50.00}
`

func problemsOf(t testing.TB, src string) Problems {
	t.Helper()
	_, err := Parse([]byte(src))
	if err == nil {
		return nil
	}
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatalf("Parse gives %v, which are no Problems", err)
	}
	return ps
}

func TestAGoodBookIsRead(t *testing.T) {
	if ps := problemsOf(t, good); ps != nil {
		t.Fatal(ps)
	}
}

// spoilt are books with one problem: the text to replace, by what, and what is
// found at which line. A line of 0 means the whole book.
var spoilt = []struct{ code, old, by, at string }{
	{"documents", good, "# nothing\n", "line 1"},
	{"documents", "expiry:", "---\nexpiry:", "line 1"},
	{"not_text", "A small program", "A \xff program", "line 0"},
	{"not_text", "A small program", "A \x00 program", "line 3"},
	{"not_text", "A small program", "A \ufeff program", "line 3"},
	{"syntax", "{id: v1,", "{id: v1, [", "line"},
	{"syntax_indent", "name: A small program", "name: \"A small program", "line"},
	{"syntax_indent", "  name: A small program", " name: A small program", "line 3"},
	{"syntax_tab", "  name: A small program", "\tname: A small program", "line 3"},
	{"syntax_quotes", "{id: v1,", "{id: v1, note: a in [3, 4],", "line"},
	{"yaml_feature", "name: A small program", "name: &n A small program", "line 3"},
	{"yaml_feature", "name: A small program", "name: *n", "line 3"},
	{"yaml_feature", "name: A small program", "<<: {name: A}", "line 3"},
	{"yaml_feature", "name: A small program", "name: !!str A", "line 3"},
	{"yaml_feature", "program:", "? program\n:", "line 1"},
	{"yaml_feature", "when: grade >= KG", "when: !known(grade)", "line 19"},
	{"duplicate_key", "currency: USD", "currency: USD\n  name: Another", "line 5: program.name: duplicate_key first=3 key=name"},
	{"unknown_key", "caps: {per", "cap: {per", "line 33: benefits[1].cap: unknown_key"},
	{"unknown_key", "per_period: 100", "per_perod: 100", "nearest=per_period"},
	{"unknown_key", "expiry:", "exipry:", "nearest=expiry"},
	{"unknown_key", "{ratio: 1}", "{ratio: 1}, period: once", "line 38: benefits[1].by_version.v2.period: unknown_key"},
	{"missing_key", "  currency: USD\n", "", "line 2: program: missing_key key=currency"},
	{"missing_key", "    funding: {sources: [{fund: CITY}]}\n", "", "line 22: benefits[0]: missing_key key=funding"},
	{"missing_key", "    trigger: event(enrolled)\n", "", "line 22: benefits[0]: missing_key key=trigger"},
	{"missing_key", "event: deposit, amount: 10.00,", "event: deposit,", "missing_key key=amount"},
	{"missing_key", "event: return, of: d", "event: return", "missing_key key=of"},
	{"expect_needs_benefit", "benefit: match, amount: 5.00", "reason: awarded", "expect_needs_benefit"},
	{"no_value", "currency: USD", "currency:", "line 4: program.currency: no_value key=currency"},
	{"no_value", "  - {name: viewed}", "  -", "no_value"},
	{"not_mapping", "enrollment: {mode: auto_opt_out, opt_out_days: 30}", "enrollment: auto", "line 20: enrollment: not_mapping"},
	{"not_mapping", "v2: {amount: {ratio: 1}}", "v2: half", "line 38: benefits[1].by_version.v2: not_mapping"},
	{"not_list", "versions:\n  - {id: v1, effective_from: 2026-01-01, effective_to: 2026-12-31}\n  - {id: v2, effective_from: 2027-01-01}", "versions: {id: v1}", "line 9: versions: not_list"},
	{"not_scalar", "currency: USD", "currency: [USD]", "line 4: program.currency: not_scalar"},
	{"text_length", "name: A small program", "name: ''", "line 3: program.name: text_length"},
	{"not_name", "id: seed", "id: Seed Money", "line 22: benefits[0].id: not_name value=Seed Money"},
	{"not_code", "{fund: CITY}", "{fund: CITY FUND}", "not_code value=CITY FUND"},
	{"not_code", "{fund: CITY}", "{fund: ''}", "not_code"},
	{"twice", "id: match", "id: seed", "line 28: benefits[1]: twice value=seed"},
	{"twice", "{id: v2,", "{id: v1,", "twice value=v1"},
	{"twice", "{fund: BANK, when", "{fund: CITY, when", "twice value=CITY"},
	{"unknown_value", "kind: seed", "kind: sead", "line 23: benefits[0].kind: unknown_value"},
	{"unknown_value", "rounding: half_up", "rounding: halfup", "nearest=half_up"},
	{"unknown_value", "event(enrolled)", "event(enroled)", "nearest=enrolled value=enroled"},
	{"unknown_value", "event(enrolled)", "enrolled", "unknown_value"},
	{"unknown_value", "basis: gross_deposits", "basis: deposits", "nearest=gross_deposits"},
	{"unknown_value", "      v2:", "      v3:", "line 38: benefits[1].by_version.v3: unknown_value"},
	{"unknown_value", "at: age(26)", "at: 26", "unknown_value"},
	{"unknown_value", "of: d}", "of: e}", "allowed=d nearest= value=e"},
	{"unknown_value", "benefit: match", "benefit: matsch", "nearest=match"},
	{"unknown_value", "facts: {grade: KG", "facts: {grade: K-1", "unknown_value"},
	{"unknown_value", "facts: {grade: KG", "facts: {lunch: half", "nearest= value=half"},
	{"not_amount", "fixed: 50.00", "fixed: $50", "line 25: benefits[0].amount.fixed: not_amount value=$50"},
	{"not_amount", "fixed: 50.00", "fixed: 50.005", "not_amount value=50.005"},
	{"not_amount", "fixed: 50.00", "fixed: 5e1", "not_amount value=5e1"},
	{"not_amount", "fixed: 50.00", "fixed: 1_000", "not_amount value=1_000"},
	{"not_amount", "fixed: 50.00", "fixed: 0x32", "not_amount value=0x32"},
	{"not_amount", "fixed: 50.00", "fixed: .nan", "not_amount value=.nan"},
	{"not_amount", "fixed: 50.00", "fixed: .inf", "not_amount value=.inf"},
	{"not_amount", "fixed: 50.00", "fixed: NaN", "not_amount value=NaN"},
	{"not_amount", "fixed: 50.00", "fixed: 1,000.00", "unknown_key"},
	{"not_amount", "fixed: 50.00", "fixed: '1,000.00'", "not_amount value=1,000.00"},
	{"not_amount", "fixed: 50.00", "fixed: true", "not_amount value=true"},
	{"amount_range", "per_period: 100.00", "per_period: -1", "line 33: benefits[1].caps.per_period: amount_range"},
	{"amount_range", "per_period: 100.00", "per_period: 999999999999", "amount_range"},
	{"not_positive", "{on: 2026-02-02, event: deposit, amount: 10.00, id: d}", "{on: 2026-02-02, event: deposit, amount: 0.00, id: d}", "not_positive"},
	{"not_ratio", "ratio: 0.5", "ratio: one", "line 32: benefits[1].amount.ratio: not_ratio"},
	{"not_ratio", "ratio: 0.5", "ratio: 1e9", "not_ratio value=1e9"},
	{"not_ratio", "ratio: 0.5", "ratio: -0.5", "not_ratio"},
	{"not_ratio", "ratio: 0.5", "ratio: 1000000000", "not_ratio"},
	{"ratio_range", "ratio: 0.5", "ratio: 101", "ratio_range"},
	{"ratio_range", "ratio: 0.5", "ratio: 0", "ratio_range"},
	{"not_date", "effective_from: 2026-01-01", "effective_from: 0000-01-01", "not_date"},
	{"not_date", "effective_from: 2026-01-01", "effective_from: 2026-02-29", "not_date value=2026-02-29"},
	{"not_date", "effective_from: 2026-01-01", "effective_from: 9999-01-01", "not_date"},
	{"not_date", "effective_from: 2026-01-01", "effective_from: 1/1/2026", "not_date"},
	{"not_month_day", "school_year: 07-01", "school_year: 02-29", "not_month_day value=02-29"},
	{"not_month_day", "school_year: 07-01", "school_year: 7-1", "not_month_day value=7-1"},
	{"not_whole", "opt_out_days: 30", "opt_out_days: -3", "not_whole"},
	{"not_whole", "opt_out_days: 30", "opt_out_days: 3.5", "not_whole"},
	{"not_whole", "opt_out_days: 30", "opt_out_days: 99999999999999999999", "not_whole"},
	{"not_zone", "time_zone: America/New_York", "time_zone: New York", "not_zone value=New York"},
	{"not_zone", "time_zone: America/New_York", "time_zone: ../../etc/passwd", "not_zone"},
	{"not_period", "benefit: match, amount", "period: autumn, benefit: match, amount", "not_period value=autumn"},
	{"item_count", "[{fund: CITY}]", "[]", "item_count"},
	{"name_taken", "{name: income, type: money}", "{name: grade, type: money}", "name_taken value=grade"},
	{"name_taken", "{name: income, type: money}", "{name: known, type: money}", "name_taken value=known"},
	{"name_taken", "{name: viewed}", "{name: deposit}", "name_taken value=deposit"},
	{"name_taken", "{name: viewed}", "{name: born}", "name_taken value=born"},
	{"ends_before_start", "effective_to: 2026-12-31", "effective_to: 2025-12-31", "ends_before_start"},
	{"version_overlap", "{id: v2, effective_from: 2027-01-01}", "{id: v2, effective_from: 2026-12-31}", "line 11: versions[1]: version_overlap"},
	{"version_overlap", ", effective_to: 2026-12-31", "", "version_overlap"},
	{"version_gap", "{id: v2, effective_from: 2027-01-01}", "{id: v2, effective_from: 2027-01-03}", "version_gap before=v1 from=2027-01-01 to=2027-01-02"},
	{"version_selector", "{id: v2, effective_from", "{id: v2, selected_by: cohort_date, effective_from", "version_selector"},
	{"opt_out_mode", "mode: auto_opt_out", "mode: opt_in", "opt_out_mode"},
	{"no_year_start", "    period: school_year", "    period: fiscal_year", "no_year_start period=fiscal_year"},
	{"no_period_here", "grade >= KG", "age_on(period_end) < 18", "no_period_here fact=period_end"},
	{"no_period_here", "    period: once\n", "    period: once\n    pay: {when: window_close}\n", "no_period_here fact=window_close"},
	{"no_period_here", "    period: once\n", "    period: once\n    eligible_at: period_end\n", "no_period_here fact=period_end"},
	{"one_formula", "{fixed: 50.00}", "{fixed: 50.00, ratio: 1}", "one_formula"},
	{"one_formula", "{fixed: 50.00}", "{}", "one_formula"},
	{"within_shorter", "{per_period: 100.00}", "{within: [{period: month, max: 5}]}", "within_shorter period=month"},
	{"trigger_and_basis", "basis: gross_deposits", "basis: gross_deposits\n    trigger: event(viewed)", "trigger_and_basis"},
	{"needs_basis", "    trigger: event(enrolled)", "    trigger: event(enrolled)\n    base: {min_single: 5}", "needs_basis key=base"},
	{"needs_basis", "{fixed: 50.00}", "{threshold: {at: 5, pay: 5}}", "needs_basis key=amount"},
	{"needs_deposits", "    trigger: event(enrolled)", "    trigger: event(enrolled)\n    undo: {on_return: none}", "needs_deposits key=on_return"},
	{"unfit_event", "event(enrolled)", "event(left)", "unfit_event event=left"},
	{"fixed_needs_trigger", "{ratio: 0.5}", "{fixed: 5}", "fixed_needs_trigger"},
	{"ratio_needs_deposits", "basis: gross_deposits", "basis: count(deposit)", "ratio_needs_deposits"},
	{"per_event_needs_ratio", "    period: once\n", "    period: once\n    caps: {per_event: 5}\n", "per_event_needs_ratio"},
	{"undo_needs_net", "{on_return: reverse_full}", "{on_withdrawal: reverse_ratio}", "undo_needs_net"},
	{"needs_deposits", "    trigger: event(enrolled)", "    trigger: event(enrolled)\n    undo: {on_withdrawal: repay_share}", "needs_deposits key=repay_share"},
	{"missing_key", "{on_return: reverse_full}", "{withdrawals: nonqualified}", "missing_key key=on_withdrawal"},
	{"unfit_event", "event(enrolled)", "event(death)", "unfit_event event=death"},
	{"claim_retention", "opt_out_days: 30}", "opt_out_days: 30, claim: {required_for: incentive, by: age(4), on_miss: to_pool}}", "line 20: enrollment.claim.on_miss: claim_retention"},
	{"claim_retention", "opt_out_days: 30}", "opt_out_days: 30, claim: {required_for: [retention], on_miss: to_pool}}", "claim_retention"},
	{"unknown_value", "opt_out_days: 30}", "opt_out_days: 30, claim: {required_for: [retension]}}", "nearest=retention"},
	{"one_vesting", "    caps: {per_period: 100.00}", "    vesting: {at: age(4), saved: 5}", "line 33: benefits[1].vesting: one_vesting"},
	{"one_vesting", "    caps: {per_period: 100.00}", "    vesting: {match_by: age(4)}", "one_vesting"},
	{"one_vesting", "    caps: {per_period: 100.00}", "    vesting: {match_by: age(4), saved: 1, at: age(5)}", "one_vesting"},
	{"unknown_value", "    caps: {per_period: 100.00}", "    vesting: at_once", "unknown_value"},
	{"missing_key", "{at: age(26), action: to_pool}", "[{action: to_pool}]", "missing_key key=at"},
	{"item_count", "{at: age(26), action: to_pool}", "[]", "item_count"},
	{"unknown_fact", "{at: age(26), action: to_pool}", "{at: age(26), action: to_pool, when: clamed_on == day}", "nearest=claimed_on"},
	{"limits_order", "expiry:", "account: {deposits: {max_day: 10, max_month: 5}}\nexpiry:", "line 39: account.deposits: limits_order"},
	{"missing_key", "expiry:", "account: {deposits: {by_channel: [{max_day: 10}]}}\nexpiry:", "missing_key key=channels"},
	{"missing_key", "expiry:", "account: {deposits: {last_day: excluded}}\nexpiry:", "missing_key key=until"},
	{"exit_ends", "expiry:", "exit: [{on: death, participation: continues}]\nexpiry:", "exit_ends event=death"},
	{"exit_only", "expiry:", "exit: [{on: leaves_area, family_money: return, only: {benefits: [match]}}]\nexpiry:", "exit_only"},
	{"unknown_value", "expiry:", "exit: [{on: leaves_area, only: {benefits: [mach]}}]\nexpiry:", "nearest=match"},
	{"dormancy_order", "expiry:", "exit: [{on: leaves_area, dormancy: [{years: 1}, {less_than: 5, years: 2}]}]\nexpiry:", "dormancy_order"},
	{"streak_and_basis", "basis: gross_deposits", "basis: streak", "streak_and_basis"},
	{"streak_and_basis", "basis: gross_deposits", "basis: gross_deposits\n    streak: {unit: month, least: 1, length: 2}", "streak_and_basis"},
	{"base_of_balance", "basis: gross_deposits", "basis: highest_balance", "base_of_balance"},
	{"phase_out_needs_ratio", "    period: once\n", "    period: once\n    phase_out: {fact: income, from: 1, to: 2}\n", "phase_out_needs_ratio"},
	{"needs_money", "    caps: {per_period: 100.00}", "    phase_out: {fact: lunch, from: 1, to: 2}", "needs_money fact=lunch"},
	{"unknown_fact", "    caps: {per_period: 100.00}", "    phase_out: {fact: incom, from: 1, to: 2}", "nearest=income"},
	{"slope", "    caps: {per_period: 100.00}", "    phase_out: {fact: income, from: 2, to: 2}", "slope"},
	{"no_period_here", "    trigger: event(enrolled)", "    trigger: each_period(birth)", "no_period_here"},
	{"no_period_here", "    period: once\n", "    period: once\n    carry_forward: {accrual: 1, accrues_from: birth}\n", "no_period_here fact=carry_forward"},
	{"unknown_key", "    caps: {per_period: 100.00}", "    tiers: [{id: a, when: grade > 1, period: once}]", "unknown_key"},
	{"twice", "    caps: {per_period: 100.00}", "    tiers: [{id: a, when: grade > 1}, {id: a, when: grade > 2}]", "twice value=a"},
	{"item_count", "{fixed: 50.00}", "{series: []}", "item_count"},
	{"unknown_value", "    period: school_year", "    period: months(0)", "unknown_value"},
	{"age_is_once", "trigger: event(enrolled)\n    amount: {fixed: 50.00}\n    period: once", "trigger: age(5)\n    amount: {fixed: 50.00}\n    period: month", "age_is_once"},
	{"unknown_fact", "grade >= KG", "grad >= KG", "line 19: eligibility[0].when: unknown_fact fact=grad nearest=grade"},
	{"unknown_fact", "grade >= KG", "known(grad)", "unknown_fact fact=grad nearest=grade"},
	{"unknown_fact", "facts: {grade: KG", "facts: {grad: KG", "unknown_fact fact=grad nearest=grade"},
	{"unknown_function", "grade >= KG", "double(grade) > 1.5", "line 19: eligibility[0].when: unknown_function"},
	{"unknown_function", "grade >= KG", "age(day) > 1", "nearest=age_on"},
	{"unknown_fact", "grade >= KG", "school == PA", "unknown_fact fact=PA nearest="},
	{"cel_operator", "grade >= KG", "grade / 2 > 1", "cel_operator operator=/"},
	{"cel_operator", "grade >= KG", "grade * 2 > 1", "cel_operator operator=*"},
	{"cel_equals", "grade >= KG", "grade = KG", "line 19: eligibility[0].when: cel_equals"},
	{"cel_words", "grade >= KG", "grade >= KG and grade <= 5", "line 19: eligibility[0].when: cel_words"},
	{"unknown_fact", "grade >= KG", "grade in [1, 2].filter(x, x == 1)", "unknown_fact"},
	{"cel_types", "grade >= KG", "grade >= \"KG\"", "line 19: eligibility[0].when: cel_types"},
	{"cel_types", "grade >= KG", "born_on >= \"2019-09-01\"", "cel_types"},
	{"cel_types", "grade >= KG", "school + \"x\" == \"x\"", "cel_types"},
	{"cel_types", "grade >= KG", "income > 100", "cel_types"},
	{"cel_breaks_off", "grade >= KG", "grade >=", "line 19: eligibility[0].when: cel_breaks_off"},
	{"cel_syntax", "grade >= KG", "born_on >= date(\"2019-9-1\")", "cel_syntax"},
	{"cel_syntax", "grade >= KG", "born_on >= date(city)", "cel_syntax"},
	{"cel_syntax", "grade >= KG", "known(grade + 1)", "cel_syntax"},
	{"cel_syntax", "grade >= KG", "income > money(\"1e3\")", "cel_syntax"},
	{"unknown_value", "at: age(26)", "at: age(260)", "line 39: expiry.at: unknown_value"},
	{"unknown_value", "at: age(26)", "at: 'years_after(enroled, 2)'", "nearest=enrolled"},
	{"unknown_value", "at: age(26)", "at: 'years_after(income, 2)'", "unknown_value"},
	{"unknown_value", "at: age(26)", "at: grade(14)", "unknown_value"},
	{"not_whole", "at: age(26)", "at: 'years_after(enrolled, 131)'", "not_whole"},
	{"not_date", "at: age(26)", "at: 0000-01-01", "not_date"},
	{"no_year_start", "  school_year: 07-01\n", "  fiscal_year: 07-01\n", "no_year_start"},
	{"no_day_here", "at: age(26)", "at: 'add_years(day, 2)'", "no_day_here fact=day"},
	{"cel_not_day", "at: age(26)", "at: year(born_on)", "cel_not_day"},
	{"cel_syntax", "at: age(26)", "at: 'ymd(0, 1, 1)'", "no answer"},
	{"unknown_value", "  school_year: 07-01", "  school_year: 07-01\n  census_day: first_wedn(10)", "line 9: calendar.census_day: unknown_value"},
	{"unknown_value", "  school_year: 07-01", "  school_year: 07-01\n  census_day: first_wed(13)", "unknown_value"},
	{"unknown_value", "  school_year: 07-01", "  school_year: 07-01\n  census_day: 13-01", "unknown_value"},
	{"no_year_start", "  school_year: 07-01", "  fiscal_year: 07-01\n  census_day: 10-01", "line 9: calendar.census_day: no_year_start period=school_year"},
	{"no_year_start", "calendar:\n  school_year: 07-01\n", "", "no_year_start"},
	{"no_census_day", "trigger: event(enrolled)", "trigger: census_day", "line 24: benefits[0].trigger: no_census_day"},
	{"no_census_day", "trigger: event(enrolled)", "trigger: event(enrolled)\n    eligible_at: census_day", "eligible_at: no_census_day"},
	{"no_census_day", "grade >= KG", "born_on < census_day", "line 19: eligibility[0].when: no_census_day"},
	{"unknown_value", "trigger: event(enrolled)", "trigger: each_period(adopted)", "nearest= value=adopted"},
	{"unfit_event", "basis: gross_deposits", "basis: amounts(deposit)", "unfit_event event=deposit"},
	{"unknown_value", "basis: gross_deposits", "basis: amounts(viewd)", "nearest=viewed"},
	{"needs_deposits", "basis: gross_deposits\n    base: {min_single: 5.00}", "basis: amounts(viewed)\n    base: {channels: [cash]}", "needs_deposits key=channels"},
	{"needs_number", "{fixed: 50.00}", "{table: {by: lunch, rows: [{from: 1, pay: 1}]}}", "line 25: benefits[0].amount.table.by: needs_number fact=lunch"},
	{"unknown_fact", "{fixed: 50.00}", "{table: {by: incme, rows: [{from: 1, pay: 1}]}}", "unknown_fact fact=incme nearest=income"},
	{"unknown_value", "{ratio: 0.5}", "{table: {by: income, rows: [{from: 1, pay: 1}]}}", "allowed=base"},
	{"value_alone", "{fixed: 50.00}", "{table: {value: 'money(\"5\")', by: grade}}", "value_alone"},
	{"value_alone", "{ratio: 0.5}", "{table: {value: 'money(\"5\")'}}", "value_alone"},
	{"cel_not_money", "{fixed: 50.00}", "{table: {value: grade}}", "cel_not_money"},
	{"missing_key", "{fixed: 50.00}", "{table: {by: grade}}", "missing_key key=rows"},
	{"missing_key", "{fixed: 50.00}", "{table: {rows: [{from: 1, pay: 1}]}}", "missing_key key=by"},
	{"rows_rise", "{fixed: 50.00}", "{table: {by: grade, rows: [{from: 3, pay: 1}, {from: 3, pay: 2}]}}", "rows_rise"},
	{"not_whole", "{fixed: 50.00}", "{table: {by: grade, rows: [{from: 3.5, pay: 1}]}}", "not_whole"},
	{"item_count", "{fixed: 50.00}", "{table: {by: grade, rows: []}}", "item_count"},
	{"amount_range", "{fixed: 50.00}", "{table: {by: grade, rows: [{from: 1, pay: -1}]}}", "amount_range"},
	{"unknown_key", "{fixed: 50.00}", "{table: {by: grade, row: [{from: 1, pay: 1}]}}", "nearest=rows"},
	{"unknown_key", "eligibility:", "tables: [{name: t, key: [{name: y}], type: money, rows: [{at: [1], is: 1}]}]\neligibility:", "line 17: tables[0].key: unknown_key"},
	{"name_taken", "eligibility:", "tables: [{name: income, keys: [{name: y}], type: money, rows: [{at: [1], is: 1}]}]\neligibility:", "name_taken value=income"},
	{"name_taken", "eligibility:", "tables: [{name: year, keys: [{name: y}], type: money, rows: [{at: [1], is: 1}]}]\neligibility:", "name_taken value=year"},
	{"name_taken", "eligibility:", "tables: [{name: viewed_on, keys: [{name: y}], type: money, rows: [{at: [1], is: 1}]}]\neligibility:", "name_taken value=viewed_on"},
	{"item_count", "eligibility:", "tables: [{name: t, keys: [], type: money, rows: [{at: [], is: 1}]}]\neligibility:", "tables[0].keys: item_count"},
	{"item_count", "eligibility:", "tables: [{name: t, keys: [{name: a}, {name: b}, {name: c}], type: money, rows: [{at: [1, 2, 3], is: 1}]}]\neligibility:", "tables[0].keys: item_count"},
	{"twice", "eligibility:", "tables: [{name: t, keys: [{name: a}, {name: a}], type: money, rows: [{at: [1, 2], is: 1}]}]\neligibility:", "twice value=a"},
	{"twice", "eligibility:", "tables:\n  - name: t\n    keys: [{name: a}]\n    type: money\n    rows:\n      - {at: [1], is: 1}\n      - {at: [2], is: 1}\n      - {at: [1], is: 2}\neligibility:", "line 24: tables[0].rows[2]: twice"},
	{"table_keys", "eligibility:", "tables: [{name: t, keys: [{name: a}], type: money, rows: [{at: [1, 2], is: 1}]}]\neligibility:", "tables[0].rows[0].at: table_keys n=1 table=t"},
	{"not_whole", "eligibility:", "tables: [{name: t, keys: [{name: a}], type: number, rows: [{at: [1], is: 1.50}]}]\neligibility:", "not_whole"},
	{"not_whole", "eligibility:", "tables: [{name: t, keys: [{name: a}], type: number, rows: [{at: [-1], is: 1}]}]\neligibility:", "not_whole"},
	{"unknown_value", "eligibility:", "tables: [{name: t, keys: [{name: a, match: below}], type: yes_no, rows: [{at: [1], is: true}]}]\neligibility:", "unknown_value"},
	{"cel_types", "grade >= KG\n", "t(grade) > 5\ntables: [{name: t, keys: [{name: a}], type: money, rows: [{at: [1], is: 1}]}]\n", "line 19: eligibility[0].when: cel_types"},
	{"too_many_names", "  - {name: viewed}", manyEvents(48), "too_many_names limit=64"},
	{"missing_key", "    caps: {per_period: 100.00}", "    carry_forward: {accrual: 1, accrues_from: birth, last_day: excluded}", "missing_key key=stops_at"},
	{"unknown_value", "    caps: {per_period: 100.00}", "    carry_forward: {accrual: 1, accrues_from: brith}", "nearest=birth"},
	{"cel_not_yes_no", "grade >= KG", "grade + 1", "cel_not_yes_no"},
	{"cel_not_yes_no", "grade >= KG", "age_on(day)", "cel_not_yes_no"},
}

// manyEvents are the declarations of events that no book has room for.
func manyEvents(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {name: e%d}\n", i)
	}
	return b.String() + "  - {name: viewed}"
}

func TestWhatIsWrongIsNamedWithItsLine(t *testing.T) {
	for _, test := range spoilt {
		src := strings.Replace(good, test.old, test.by, 1)
		if src == good {
			t.Fatalf("%q is not in the good book", test.old)
		}
		ps := problemsOf(t, src)
		found := false
		for _, p := range ps {
			found = found || p.Code == test.code && strings.Contains(p.String(), test.at)
		}
		if !found && !(test.at == "unknown_key" && len(ps) > 0) {
			t.Errorf("%s by %q: got\n%v\nwant %s … %s", test.code, clip(test.by), ps, test.at, test.code)
		}
	}
}

func TestBooksThatAreTooMuchAreRefusedAtOnce(t *testing.T) {
	list := "examples:\n" + strings.Repeat("  - name: x\n", 16_000)
	keys := &strings.Builder{}
	for i := range 16_000 {
		fmt.Fprintf(keys, "k%d: 1\n", i)
	}
	deep := &strings.Builder{}
	for i := range 90 {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for _, test := range []struct{ name, src, code string }{
		{"10 MB", strings.Repeat("#", 10<<20), "too_large"},
		{"a million letters", "a: " + strings.Repeat("x", 1<<20-10), "missing_key"},
		{"brackets", strings.Repeat("[", 1<<20), "too_many_parts"},
		{"some brackets", strings.Repeat("[", 40_000), "too_deep"},
		{"braces", strings.Repeat("{a: ", 10_000), "too_deep"},
		{"hyphens", strings.Repeat("- ", 20_000), "too_deep"},
		{"question marks", strings.Repeat("? ", 10_000), "yaml_feature"},
		{"levels", deep.String(), "too_deep"},
		{"indentation", strings.Repeat(" ", 200_000) + "a: 1", "too_deep"},
		{"keys", keys.String(), "unknown_key"},
		{"items", list, "too_many_parts"},
		{"aliases", "a: &a [x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]", "yaml_feature"},
		{"a table of 10,000 rows", strings.Replace(good, "eligibility:", "tables:\n  - name: t\n    keys: [{name: a}]\n    type: number\n    rows:\n"+strings.Repeat("      - {at: [1], is: 1}\n", 10_000)+"eligibility:", 1), "too_many_parts"},
		{"a table of 2,001 rows", strings.Replace(good, "eligibility:", "tables:\n  - name: t\n    keys: [{name: a}]\n    type: number\n    rows:\n"+strings.Repeat("      - {at: [1], is: 1}\n", 2_001)+"eligibility:", 1), "item_count"},
		{"comments", strings.Repeat("#\n", 500_000), "too_many_parts"},
		{"a long condition", strings.Replace(good, "grade >= KG", strings.Repeat("grade >= KG && ", 1000)+"true", 1), "cel_long"},
		{"a deep condition", strings.Replace(good, "grade >= KG", strings.Repeat("(", 500)+"true"+strings.Repeat(")", 500), 1), "cel_syntax"},
		{"a wide condition", strings.Replace(good, "grade >= KG", `zip in ["`+strings.Repeat(`1","`, 450)+`2"]`, 1), "cel_syntax"},
	} {
		start := time.Now()
		ps := problemsOf(t, test.src)
		if len(ps) == 0 || len(ps) > maxProblems {
			t.Errorf("%s: %d problems", test.name, len(ps))
			continue
		}
		found := false
		for _, p := range ps {
			found = found || p.Code == test.code
		}
		if !found {
			t.Errorf("%s: %v, want %s", test.name, ps[0], test.code)
		}
		t.Log(test.name, time.Since(start).Round(time.Millisecond))
	}
}

func TestAnExampleHasNoMoreThanAProgramNeeds(t *testing.T) {
	for _, test := range []struct{ old, by string }{
		{"      - {on: 2026-02-01, event: enrolled}\n", strings.Repeat("      - {on: 2026-02-01, event: enrolled}\n", 2_000)},
		{"      - {on: 2026-02-02, benefit: match, amount: 5.00}\n", strings.Repeat("      - {on: 2026-02-02, benefit: match}\n", 2_001)},
		{"    funds: {CITY: 60.00}\n", "    receipts:\n" + strings.Repeat("      - {on: 2026-02-01, fund: A, amount: 1.00}\n", 2_001)},
		{"      - {id: ben}\n", strings.Repeat("      - {id: ben}\n", 200)},
	} {
		src := strings.Replace(good, test.old, test.by, 1)
		if ps := problemsOf(t, src); !strings.Contains(fmt.Sprint(ps), "item_count") || src == good {
			t.Errorf("%d times %q: %v", strings.Count(src, test.old), clip(test.by), ps)
		}
	}
}

func TestAllProblemsAreReportedAtOnceInTheOrderOfTheLines(t *testing.T) {
	src := good
	unreadable := map[string]bool{"syntax_indent": true, "syntax_tab": true, "syntax_quotes": true, "documents": true, "not_text": true, "syntax": true, "yaml_feature": true, "not_list": true, "item_count": true}
	for _, test := range spoilt {
		if !unreadable[test.code] {
			src = strings.Replace(src, test.old, test.by, 1)
		}
	}
	ps := problemsOf(t, src)
	if len(ps) < 25 {
		t.Errorf("only %d problems", len(ps))
	}
	for i := 1; i < len(ps); i++ {
		if ps[i].Line < ps[i-1].Line {
			t.Errorf("line %d after line %d", ps[i].Line, ps[i-1].Line)
		}
	}
	golden(t, "problems.en.golden", phrased(t, "en", ps))
	golden(t, "problems.es.golden", phrased(t, "es", ps))
}

// phrased is what a director reads.
func phrased(t *testing.T, lang string, err error) string {
	t.Helper()
	f, ok := fault.Of(err)
	if !ok || !errors.Is(err, ErrBook) {
		t.Fatalf("%v is not the fault of a book", err)
	}
	w := i18n.For(lang)
	lines := []string{w.Fault(f)}
	for _, d := range f.Details {
		lines = append(lines, w.Fault(d))
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestEveryProblemHasWordsAndATest(t *testing.T) {
	tested := map[string]bool{"cel_cost": true, "cel_long": true, "too_large": true, "too_many_parts": true, "too_deep": true}
	for _, test := range spoilt {
		tested[test.code] = true
	}
	reported := regexp.MustCompile(`(?:report\((?:[a-zA-Z.]+\("[a-z_]+"\)|[^",()]+), |Code: |problemAt\([a-z]+, |key\.path, )"([a-z_]+)"`)
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range reported.FindAllStringSubmatch(string(src), -1) {
			if !tested[m[1]] {
				t.Errorf("%s reports %q, which no test spoils a book by", file, m[1])
			}
			for _, lang := range []string{"en", "es"} {
				if !i18n.For(lang).Has("rules.problem." + m[1]) {
					t.Errorf("no words in %s for %q", lang, m[1])
				}
			}
		}
	}
}

func TestLayoutAndCommentsDoNotChangeTheHash(t *testing.T) {
	b := mustParse(t, good)
	for name, src := range map[string]string{
		"comments":       "# A book\n" + strings.ReplaceAll(good, "\nbenefits:", "\n# money\nbenefits:  # here\n"),
		"quotes":         strings.ReplaceAll(good, "kind: seed", `kind: "seed"`),
		"amounts":        strings.ReplaceAll(good, "50.00", "'50'"),
		"ratios":         strings.ReplaceAll(good, "ratio: 0.5", "ratio: 50%"),
		"flow to block":  strings.ReplaceAll(good, "    caps: {per_period: 100.00}", "    caps:\n      per_period: 100.0"),
		"order of keys":  strings.ReplaceAll(good, "    kind: seed\n    trigger: event(enrolled)\n", "    trigger: event(enrolled)\n    kind: seed\n"),
		"conditions":     strings.ReplaceAll(good, "when: grade >= KG", "when: \"grade  >=\\n KG\""),
		"line ends":      strings.ReplaceAll(good, "\n", "\r\n"),
		"its own normal": string(b.Normal()),
	} {
		again, err := Parse([]byte(src))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if again.Hash() != b.Hash() {
			t.Errorf("%s: another hash\n%s\n%s", name, again.Normal(), b.Normal())
		}
	}
	for name, src := range map[string]string{
		"an amount":        strings.ReplaceAll(good, "50.00", "50.01"),
		"a text's spaces":  strings.ReplaceAll(good, `lunch == "free"`, `lunch == "fr ee"`),
		"order of sources": strings.ReplaceAll(good, "[{fund: CITY, priority: 2}, {fund: BANK, when: lunch == \"free\"}]", "[{fund: BANK, when: lunch == \"free\"}, {fund: CITY, priority: 2}]"),
	} {
		if mustParse(t, src).Hash() == b.Hash() {
			t.Errorf("%s changes nothing", name)
		}
	}
}

func TestABookSaysWhichFundsAndTermsItHas(t *testing.T) {
	b := mustParse(t, good)
	if got := fmt.Sprint(b.FundCodes()); got != "[BANK CITY]" {
		t.Errorf("funds %s", got)
	}
	m, ok := b.Benefit("match")
	if !ok || m.Amount.Ratio.String() != "1" {
		t.Errorf("the latest match is %+v", m)
	}
	early, ok := b.Terms("match", day(t, "2026-06-01"))
	if !ok || early.Amount.Ratio.String() != "0.5" || early.Funding.Sources[0].Fund != "BANK" {
		t.Errorf("the match of 2026 is %+v", early)
	}
	if _, ok := b.Terms("match", day(t, "2025-06-01")); ok {
		t.Error("there are terms before the first version")
	}
	if !b.ReversesOnReturn("match") || b.ReversesOnReturn("seed") || b.ReversesOnReturn("none") {
		t.Error("only the match is taken back on a return")
	}
}

func TestAGuessIsNearOrNone(t *testing.T) {
	for _, test := range []struct {
		word, want string
		of         []string
	}{
		{"halfup", "half_up", []string{"half_up", "down"}},
		{"usd", "USD", []string{"CAD", "USD"}},
		{"KRW", "", []string{"CAD", "USD"}},
		{"kindergarten", "KG", []string{"PK", "KG", "01"}},
		{"market", "nav_units", []string{"none", "bank_interest", "nav_units"}},
		{"interest", "bank_interest", []string{"none", "bank_interest", "nav_units"}},
		{"monthly", "next_month", []string{"daily", "next_month"}},
		{"PA", "", []string{"day", "school"}},
		{"birth_order", "", []string{"district", "school"}},
		{"ana", "", nil},
	} {
		if got := nearest(test.word, test.of); got != test.want {
			t.Errorf("%q among %v: %q, want %q", test.word, test.of, got, test.want)
		}
	}
	for _, lang := range []string{"en", "es"} {
		for _, code := range []string{"unknown_key", "unknown_value", "unknown_fact", "unknown_function"} {
			if !i18n.For(lang).Has("rules.problem." + code + "_far") {
				t.Errorf("no words in %s for %s without a guess", lang, code)
			}
		}
		for _, code := range []string{"unknown_key", "unknown_value"} {
			if !i18n.For(lang).Has("rules.problem." + code + "_none") {
				t.Errorf("no words in %s for %s with nothing to choose from", lang, code)
			}
		}
	}
}
