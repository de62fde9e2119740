package rules

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"seedbook/service/i18n"
)

// The house's own words can phrase every reason.
var _ Words = i18n.For("en")

// everyWhy is every reason that the examples of the packs and of the books in
// testdata come to.
func everyWhy(t *testing.T) map[string]Why {
	t.Helper()
	all := map[string]Why{}
	books := map[string]*Book{}
	for _, name := range Packs() {
		books[name] = pack(t, name)
	}
	files, _ := filepath.Glob("testdata/books/*.yaml")
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		books[filepath.Base(f)] = mustParse(t, string(src))
	}
	for _, name := range sortedKeys(books) {
		b := books[name]
		for _, x := range b.Examples {
			x := x.named(b)
			for _, want := range x.Expect {
				for i, c := range x.cast(b, want.On) {
					at := name + ", " + x.Name
					if x.Children[i].Name != "" {
						at += ", " + x.Children[i].Name
					}
					_, why := Eligible(b, c, want.On)
					all[fmt.Sprintf("%s, eligibility on %s", at, want.On)] = why
					for _, e := range Evaluate(b, c, want.On) {
						all[fmt.Sprintf("%s, %s of %s on %s", at, e.Benefit, e.Period, want.On)] = e.Why
						if e.Household != "" {
							all[fmt.Sprintf("%s, %s of %s on %s, too late", at, e.Benefit, e.Period, want.On)] = e.Why.OfHousehold()
						}
					}
				}
			}
		}
	}
	return all
}

func TestEveryReasonIsPhrasedInEveryLanguage(t *testing.T) {
	all := everyWhy(t)
	seen := map[Reason]bool{}
	for _, lang := range []string{"en", "es"} {
		w := i18n.For(lang)
		shown := map[string]bool{}
		var b strings.Builder
		for _, at := range sortedKeys(all) {
			seen[all[at].Reason] = true
			text := strings.Join(Explain(w, all[at]), "\n    ")
			if kind := kindOf(all[at]); !shown[kind] {
				shown[kind] = true
				fmt.Fprintf(&b, "%s\n    %s\n", at, text)
			}
		}
		golden(t, "explain."+lang+".golden", b.String())
	}
	for _, r := range reasons {
		if !seen[r] {
			t.Errorf("no example comes to %s", r)
		}
	}
}

// kindOf tells apart the reasons that are phrased differently.
func kindOf(w Why) string {
	kind := fmt.Sprint(w.Reason, w.Outcome, w.Wait, w.Due.IsZero(), w.Until.IsZero(), w.Says, len(w.Facts) > 0, w.Event)
	for _, l := range w.Lines {
		kind += fmt.Sprint(l.Op, l.N == 1, l.Raw != "")
	}
	return kind
}

func TestReasonsAreStoredWithoutTheValuesOfFacts(t *testing.T) {
	for at, why := range everyWhy(t) {
		text, err := why.JSON()
		if err != nil || !json.Valid([]byte(text)) {
			t.Fatalf("%s: %v %s", at, err, text)
		}
		back, err := ParseWhy(text)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		for i := range why.Facts {
			why.Facts[i].Value = nil
		}
		if len(why.Facts) == 0 {
			why.Facts = nil
		}
		if len(why.Lines) == 0 {
			why.Lines = nil
		}
		if !reflect.DeepEqual(back, why) {
			t.Errorf("%s:\n%s is read as\n%+v, was\n%+v", at, text, back, why)
		}
		again, _ := back.JSON()
		if again != text {
			t.Errorf("%s: %s, then %s", at, text, again)
		}
		for _, personal := range []string{"Riverbend", "06101", "2020-03-14"} {
			if strings.Contains(strings.ReplaceAll(text, "lives in Riverbend", ""), personal) && !strings.Contains(text, "vive en") {
				t.Errorf("%s: %s holds %q", at, text, personal)
			}
		}
	}
}

func TestJSONQuotesWhatABookMaySay(t *testing.T) {
	why := Why{Reason: ReasonIneligible, Says: Text{En: "is \"quoted\" \\ <b>\n", Es: "está en el año ñ"}, Missing: []FactRead{{Name: "a"}, {Name: "b", Says: Text{En: "b's", Es: "de b"}}}}
	text, err := why.JSON()
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseWhy(text)
	if err != nil || back.Says != why.Says || len(back.Missing) != 2 {
		t.Errorf("%s is read as %+v, %v", text, back, err)
	}
	if _, err := ParseWhy("{"); err == nil {
		t.Error("half a reason is read")
	}
}

func TestAFailedExampleIsExplained(t *testing.T) {
	b := mustParse(t, strings.Replace(good, "benefit: match, amount: 5.00", "benefit: match, amount: 6.00, fund: BANK", 1))
	r := Test(b)
	if r.String() != "1 passed, 1 failed" || len(r.Failures) != 2 {
		t.Fatalf("%s: %v", r, r.Failures)
	}
	var all strings.Builder
	for _, f := range r.Failures {
		all.WriteString(f.String() + "\n" + strings.Join(f.Explain(i18n.For("en")), "\n    ") + "\n")
	}
	poor := mustParse(t, strings.Replace(good, "{CITY: 60.00}", "{CITY: 20.00}", 1))
	for _, f := range Test(poor).Failures {
		for _, lang := range []string{"en", "es"} {
			all.WriteString(f.String() + "\n" + strings.Join(f.Explain(i18n.For(lang)), "\n    ") + "\n")
		}
	}
	golden(t, "failure.golden", all.String())
}
