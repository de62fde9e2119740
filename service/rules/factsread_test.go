package rules

import (
	"strings"
	"testing"
)

func TestFactsReadAreThoseThatConditionsAndAmountsName(t *testing.T) {
	b, err := Parse([]byte(`
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions: [{id: v1, effective_from: 2020-07-01}]
facts:
  - {name: income, type: money, says: {en: yearly income, es: ingreso anual}}
  - {name: foster, type: yes_no}
  - {name: shoe_size, type: number}
eligibility: [{id: here, when: city == "Riverbend" && born_on >= date("2019-09-01")}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, when: foster, period: once, funding: {sources: [{fund: CITY}]}}
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1}, phase_out: {fact: income, from: 1000.00, to: 2000.00}, period: school_year, funding: {sources: [{fund: CITY}]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range b.FactsRead() {
		got = append(got, f.Name+":"+string(f.Type))
	}
	if said := strings.Join(got, " "); said != "income:money foster:yes_no born_on:date city:text" {
		t.Errorf("read: %s", said)
	}
}
