package rulebook

import (
	"errors"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/rules"
)

var river = rules.Program{ID: "river", Name: `The "River"`, Currency: "USD", TimeZone: "America/New_York", Rounding: ledger.HalfUp}

func TestABookThatTheFormMadeIsOpenedInItAgain(t *testing.T) {
	source := Empty(river, ledger.NewDate(2026, 7, 1), "CITY")
	f, err := ReadForm(source)
	if err != nil {
		t.Fatal(err)
	}
	days := 30
	f.Who, f.OptOutDays = &Condition{Cities: []string{"Riverbend", "St. John's"}, GradeFrom: "KG", GradeTo: "5", BornFrom: ledger.NewDate(2015, 1, 1)}, &days
	f.Seed.Amount = ledger.Minor(7500)
	f.Match = NewMatch()
	f.Match.Ratio, f.Match.PeriodCap, f.Match.LifeCap, f.Match.Least, f.Match.Period = decimal.RequireFromString("0.5"), ledger.Minor(10000), ledger.Minor(50000), ledger.Minor(500), "school_year"
	f.Match.Funds = []FundForm{{"SMITH", []string{"R07", "R09"}}, {"CITY-MATCH", nil}}
	f.Bonus = NewBonus()
	f.Bonus.At, f.Bonus.Pay, f.Bonus.Period, f.Bonus.Fund = ledger.Minor(5000), ledger.Minor(2500), "school_year", "BANK"
	text := f.Text()
	again, err := ReadForm(text)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if again.Text() != text {
		t.Errorf("written again it is\n%s\nnot\n%s", again.Text(), text)
	}
	if again.Who.String() != f.Who.String() || *again.OptOutDays != 30 || again.Seed.Amount.String() != "75.00" || again.Match.Ratio.String() != "0.5" ||
		len(again.Match.Funds) != 2 || again.Match.Funds[0].Schools[1] != "R09" || again.Bonus.Pay.String() != "25.00" || len(again.Others) > 0 {
		t.Errorf("read as %+v", again)
	}
	again.Seed, again.Who = nil, &Condition{}
	if book := parse(t, again.Text()); len(book.Eligibility) != 0 || len(book.Benefits) != 2 {
		t.Errorf("without the seed and for everybody: %s", again.Text())
	}
}

// What the form has no field for stays as it is written, remarks and all.
func TestTheFormCarriesWhatItDoesNotShow(t *testing.T) {
	source, err := rules.Pack("city")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ReadForm(string(source))
	if err != nil {
		t.Fatal(err)
	}
	if f.Who != nil || f.Seed == nil || f.Match == nil || f.Bonus == nil || len(f.Match.Funds) != 2 {
		t.Errorf("read as %+v", f)
	}
	f.Match.PeriodCap = ledger.Minor(15000)
	book, before := parse(t, f.Text()), parse(t, string(source))
	if len(book.Examples) != len(before.Examples) || len(book.Exit) != len(before.Exit) || len(book.Eligibility) != len(before.Eligibility) {
		t.Error("something was lost")
	}
	if !strings.Contains(f.Text(), "# A child takes part who is on a school's list") {
		t.Error("a remark was lost")
	}
	var changed []string
	for _, c := range rules.Diff(before, book) {
		changed = append(changed, c.Path)
	}
	if len(changed) != 1 || !strings.Contains(changed[0], "per_period") {
		t.Errorf("changed %v", changed)
	}
}

func TestABookBeyondTheFormSaysSoOrKeepsItsMeaning(t *testing.T) {
	for _, name := range rules.Packs() {
		source, err := rules.Pack(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ReadForm(string(source))
		if errors.Is(err, ErrBeyond) {
			t.Logf("%s is beyond the form", name)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if again := parse(t, f.Text()); again.Hash() != parse(t, string(source)).Hash() {
			t.Errorf("%s means something else after the form", name)
		}
	}
	if _, err := ReadForm("benefits: ["); err == nil || errors.Is(err, ErrBeyond) {
		t.Errorf("a text that is no book: %v", err)
	}
}

func TestAConditionOfTheCommonKindIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[A-Za-z][A-Za-z .'-]{0,10}`)
		c := Condition{Cities: rapid.SliceOfN(word, 0, 3).Draw(t, "cities"), Schools: rapid.SliceOfN(word, 0, 3).Draw(t, "schools")}
		if rapid.Bool().Draw(t, "grades") {
			c.GradeFrom, c.GradeTo = "KG", rapid.SampledFrom([]string{"KG", "1", "12"}).Draw(t, "to")
		}
		if rapid.Bool().Draw(t, "born") {
			c.BornFrom, c.BornTo = ledger.NewDate(2015, 1, 1), ledger.NewDate(2020, 12, 31)
		}
		got, ok := readCondition(c.String())
		if !ok || got.String() != c.String() {
			t.Fatalf("%q was read as %q, %v", c.String(), got.String(), ok)
		}
	})
}

func TestAnotherProgramsBookBecomesThisProgramsBeginning(t *testing.T) {
	source, err := rules.Pack("city")
	if err != nil {
		t.Fatal(err)
	}
	p := river
	p.TimeZone = "America/Chicago"
	if book := parse(t, ForProgram(string(source), p)); book.Program.Name != river.Name || book.Program.TimeZone != "America/Chicago" || len(book.Benefits) != 3 {
		t.Errorf("it is of %+v", book.Program)
	}
}
