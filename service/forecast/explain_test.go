package forecast

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
)

var update = flag.Bool("update", false, "write the golden files anew")

func (w *world) explain(child family.ChildID) (x Explanation) {
	w.t.Helper()
	s := w.source
	err := s.db.Read(w.t.Context(), s.who, func(q sqlx.QueryerContext) (err error) {
		x, err = Explain(w.t.Context(), q, s.who, s.keys, s.program, child, w.asOf)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

func told(x Explanation, w *i18n.Words) string {
	var b strings.Builder
	for _, s := range x.Sections(w) {
		if b.WriteString(s.Title); s.Award {
			b.WriteString(": " + w.Money(s.Amount))
		}
		b.WriteByte('\n')
		for _, line := range s.Lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	return b.String()
}

func TestEveryAmountIsExplainedInBothLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, lang := range []string{"en", "es"} {
		words := i18n.For(lang)
		got := "A\n" + told(w.explain(w.a), words) + "\nB\n" + told(w.explain(w.b), words) + "\nC\n" + told(w.explain(w.c), words) + "\nD\n" + told(w.explain(w.d), words)
		path := filepath.Join("testdata", "explain."+lang+".golden")
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		wanted, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(wanted) {
			t.Errorf("%s differs; run the test with -update and read the difference:\n%s", path, got)
		}
	}
}

func TestAnExplanationAddsUpWithWhatWasGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x := w.explain(w.a)
	var entitled, given ledger.Amount
	for _, a := range x.Awards {
		entitled, given = entitled.Add(a.Entitled), given.Add(a.OnAccount)
		if a.OnAccount.Sign() > 0 && (len(a.Funds) != 1 || a.Funds[0].Gave.Cmp(a.OnAccount) != 0) {
			t.Errorf("%s gave %v of %v", a.Benefit, a.Funds, a.OnAccount)
		}
		if a.EvaluatedBy != x.Book {
			t.Errorf("%s was evaluated by %q, want %q", a.Benefit, a.EvaluatedBy, x.Book)
		}
	}
	want(t, "entitled and given", fmt.Sprint(entitled, " ", given), "90.00 90.00")
	read := x.Admission.Facts
	if len(read) != 1 || read[0].Name != "city" || read[0].Value != "Riverbend" {
		t.Errorf("facts read: %+v", read)
	}
}

func TestWhatTheBookForgotIsStillTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(strings.Replace(draftRules, "id: match", "id: double", 1))
	var gone []string
	for _, a := range w.explain(w.a).Awards {
		if a.Gone {
			gone = append(gone, fmt.Sprint(a.Benefit, " ", a.Period, " ", a.OnAccount, " ", a.Funds[0].Code))
		}
	}
	want(t, "gone", gone, []string{"match 2026-27 40.00 MATCH"})
}

func TestAChildOfNoProgramIsNotExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var stranger family.ChildID
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		ids, err := family.Add(ctx, tx, w.source.who, w.source.keys, []family.New{{Children: []family.NewChild{{Person: family.Person{Given: "New", Family: "Child"}}}}}, w.at)
		stranger = ids[0][0]
		return err
	})
	err := w.source.db.Read(t.Context(), w.source.who, func(q sqlx.QueryerContext) error {
		_, err := Explain(t.Context(), q, w.source.who, w.source.keys, w.source.program, stranger, w.asOf)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), enroll.ErrNone.Error()) {
		t.Errorf("a child that the program does not know: %v", err)
	}
}

// A fund's condition is told in words, in both languages and never as it is
// written in the book.
func TestAFundsConditionIsToldInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(strings.ReplaceAll(draftRules, "{fund: MATCH}", `{fund: MATCH, when: 'school == "A" && grade >= 3'}`))
	x := w.explain(w.a)
	for _, test := range []struct{ lang, want string }{{"en", "grade"}, {"es", "grado"}} {
		said := ""
		for _, s := range x.Sections(i18n.For(test.lang)) {
			said += strings.Join(s.Lines, "\n") + "\n"
		}
		if strings.Contains(said, "==") || strings.Contains(said, "&&") || !strings.Contains(said, "MATCH") || !strings.Contains(said, test.want) {
			t.Errorf("in %s:\n%s", test.lang, said)
		}
	}
}
