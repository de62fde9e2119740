package factfile

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"seedbook/ledger"
	"seedbook/service/rules"
	"seedbook/service/tabular"
)

const book = `
program: {id: p, name: P, currency: USD, time_zone: America/Chicago, rounding: half_up}
versions: [{id: v1, effective_from: 2026-01-01}]
facts:
  - {name: income, type: money}
  - {name: siblings, type: number}
  - {name: foster, type: yes_no}
  - {name: adopted_on, type: date}
  - {name: program, type: text, one_of: [snap, wic]}
events: [{name: viewed_online}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 1.00}, period: once, funding: {sources: [{fund: CITY}]}}
`

func read(t *testing.T, text string) (*File, error) {
	t.Helper()
	b, err := rules.Parse([]byte(book))
	if err != nil {
		t.Fatal(err)
	}
	return Read("facts.csv", strings.NewReader(text), Options{Book: b, AsOf: ledger.NewDate(2026, 9, 1)})
}

func TestAFileOfFactsAndEventsIsRead(t *testing.T) {
	f, err := read(t, `student,fact,event,value,from,on,reference,choice,retracts
007,income,,57375.00,2026-01-01,,r1,,
007,foster,,yes,,,r2,,
007,siblings,,3,2027-01-01,,r3,,
007,adopted_on,,2020-02-29,,,r4,,
007,program,,wic,2026-01-01,,r5,,
007,income,,unknown,2026-06-01,,r6,,
008,,claimed,,,2026-08-31,r1,,
008,,chosen,,,2026-08-31,r2,transfer,
008,,viewed_online,5.00,,2026-09-01,r3,,r1
`)
	if err != nil || !f.Good() || len(f.Problems) > 0 {
		t.Fatalf("problems %+v, %v", f.Problems, err)
	}
	want := []Report{
		{Line: 2, Student: "007", Fact: "income", Value: ledger.Minor(57375_00), On: ledger.NewDate(2026, 1, 1), Reference: "r1"},
		{Line: 3, Student: "007", Fact: "foster", Value: true, Reference: "r2"},
		{Line: 4, Student: "007", Fact: "siblings", Value: 3, On: ledger.NewDate(2027, 1, 1), Reference: "r3"},
		{Line: 5, Student: "007", Fact: "adopted_on", Value: ledger.NewDate(2020, 2, 29), Reference: "r4"},
		{Line: 6, Student: "007", Fact: "program", Value: "wic", On: ledger.NewDate(2026, 1, 1), Reference: "r5"},
		{Line: 7, Student: "007", Fact: "income", On: ledger.NewDate(2026, 6, 1), Reference: "r6"},
		{Line: 8, Student: "008", Event: "claimed", On: ledger.NewDate(2026, 8, 31), Reference: "r1"},
		{Line: 9, Student: "008", Event: "chosen", On: ledger.NewDate(2026, 8, 31), Reference: "r2", Choice: "transfer"},
		{Line: 10, Student: "008", Event: "viewed_online", On: ledger.NewDate(2026, 9, 1), Reference: "r3", Amount: ledger.Minor(5_00), Retracts: "r1"},
	}
	if !reflect.DeepEqual(f.Reports, want) {
		t.Errorf("read %+v,\nwant %+v", f.Reports, want)
	}
}

func TestEveryProblemIsAtItsLineAndColumn(t *testing.T) {
	for _, test := range []struct{ row, column, code string }{
		{",income,,1.00,2026-01-01,r1", "student", ownerMissing},
		{"7,,,1.00,2026-01-01,r1", "event", nameMissing},
		{"7,income,claimed,1.00,2026-01-01,r1", "event", nameMissing},
		{"7,incom,,1.00,2026-01-01,r1", "fact", factUnknown},
		{"7,,deposit,1.00,2026-01-01,r1", "event", eventUnknown},
		{"7,,claimed,,,r1", "on", dayMissing},
		{"7,,claimed,,1/2/2026,r1", "on", dayUnreadable},
		{"7,,claimed,,2026-09-02,r1", "on", dayFuture},
		{"7,,claimed,−5,2026-01-01,r1", "value", valueMoney},
		{"7,income,,1.00,2026-01-01,", "reference", referenceMissing},
		{"7,income,,1.00,2026-01-01," + strings.Repeat("r", 101), "reference", referenceLong},
		{"7,income,,1e3,2026-01-01,r1", "value", valueMoney},
		{"7,income,,,2026-01-01,r1", "value", valueMissing},
		{"7,foster,,maybe,2026-01-01,r1", "value", valueYesNo},
		{"7,siblings,,2.5,2026-01-01,r1", "value", valueNumber},
		{"7,adopted_on,,2026-02-30,2026-01-01,r1", "value", valueDate},
		{"7,program,,tanf,2026-01-01,r1", "value", valueOneOf},
		{"7,income,,1.00,2026-13-01,r1", "on", dayUnreadable},
		{"7,residence,," + strings.Repeat("x", 201) + ",2026-01-01,r1", "value", textLong},
		{"7,income,,1.00", "", tabular.FlawCells},
	} {
		f, err := read(t, "student,fact,event,value,on,reference\n"+test.row+"\n")
		if err != nil {
			t.Errorf("%s: %v", test.row, err)
			continue
		}
		if len(f.Problems) != 1 || f.Problems[0].Code != test.code || f.Problems[0].Column != test.column || f.Problems[0].Line != 2 || f.Good() {
			t.Errorf("%s: problems %+v, want %s at line 2, column %s", test.row, f.Problems, test.code, test.column)
		}
	}
}

func TestAFileWithoutAColumnIsRefused(t *testing.T) {
	for _, header := range []string{"fact,value,from,reference", "student,value,from,reference", "student,fact,value,reference", "student,fact,value,from"} {
		if _, err := read(t, header+"\n"); !errors.Is(err, tabular.ErrMissingColumn) {
			t.Errorf("%s: %v, want ErrMissingColumn", header, err)
		}
	}
}
