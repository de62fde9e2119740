package rulebook

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/rules"
)

func missing(t *testing.T, text string) (codes []string) {
	t.Helper()
	found, err := rules.Lint([]byte(text), rules.Supply{})
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	for _, f := range found {
		if f.Code == "no_example" {
			codes = append(codes, f.Path)
		}
	}
	return codes
}

// What is made by form proves itself, and the form's own examples follow what is
// changed by form.
func TestABenefitMadeByFormGetsAnExample(t *testing.T) {
	f, err := ReadForm(Empty(river, ledger.NewDate(2026, 7, 1), "CITY"))
	if err != nil {
		t.Fatal(err)
	}
	days := 30
	f.OptOutDays = &days
	f.Who = &Condition{Cities: []string{"Riverbend"}, GradeFrom: "1", GradeTo: "5", BornFrom: ledger.NewDate(2016, 1, 1)}
	f.Match = NewMatch()
	f.Match.Least, f.Match.Period, f.Match.Funds = ledger.Minor(2500), "school_year", []FundForm{{"SMITH", []string{"R07"}}}
	f.Match.Ratio = decimal.RequireFromString("0.5")
	f.Bonus = NewBonus()
	f.Bonus.At, f.Bonus.Pay, f.Bonus.Period, f.Bonus.Fund = ledger.Minor(5000), ledger.Minor(2500), "school_year", "BANK"
	if got := missing(t, f.Text()); len(got) != 3 {
		t.Errorf("before, %v lack an example", got)
	}
	text := WithExamples(f.Text())
	book := parse(t, text)
	if r := rules.Test(book); r.Passed != 3 || len(r.Failures) > 0 || len(missing(t, text)) > 0 {
		t.Errorf("%+v, missing %v:\n%s", r, missing(t, text), text)
	}
	if !strings.Contains(text, "benefit: match, amount: 12.50") {
		t.Errorf("half of 25.00 is not shown:\n%s", text)
	}
	again, err := ReadForm(text)
	if err != nil {
		t.Fatalf("the form cannot read its own examples: %v", err)
	}
	again.Seed.Amount = ledger.Minor(7500)
	changed := WithExamples(again.Text())
	if r := rules.Test(parse(t, changed)); r.Passed != 3 || len(r.Failures) > 0 || strings.Count(changed, formExample) != 3 {
		t.Errorf("after another amount: %+v\n%s", r, changed)
	}
	if WithExamples(changed) != changed {
		t.Error("written once more it is another")
	}
}

func TestExamplesThatPeopleWroteStay(t *testing.T) {
	source, err := rules.Pack("city")
	if err != nil {
		t.Fatal(err)
	}
	before, after := parse(t, string(source)), parse(t, WithExamples(string(source)))
	if after.Hash() != before.Hash() {
		t.Error("a book with examples of everything says something else")
	}
	if WithExamples("benefits: [") != "benefits: [" {
		t.Error("what is no book was changed")
	}
}
