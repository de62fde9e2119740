package enroll

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll/factfile"
	"seedbook/service/family"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/tabular"
)

// askingRules pay for a reported income and for a reported claim.
const askingRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2020-07-01}
facts:
  - {name: income, type: money}
events: [{name: viewed_online}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, when: income < money("40000.00"), funding: {sources: [{fund: CITY}]}}
  - {id: claim, kind: incentive, trigger: event(claimed), amount: {fixed: 25.00}, period: once, funding: {sources: [{fund: CITY}]}}
  - {id: view, kind: incentive, trigger: event(viewed_online), amount: {fixed: 5.00}, period: once, funding: {sources: [{fund: CITY}]}}
`

// report records a file of facts and events as csa facts import does.
func (w *world) report(t *testing.T, on ledger.Date, text string) (done Reported, problems []tabular.Problem, err error) {
	t.Helper()
	file, err := factfile.Read("facts.csv", strings.NewReader(text), factfile.Options{Book: w.rules, AsOf: on})
	if err != nil {
		t.Fatal(err)
	}
	walk := w.walk(on)
	err = w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) (err error) {
		done, problems, err = Report(t.Context(), tx, walk, file, "facts.csv")
		return err
	})
	return done, problems, err
}

func (w *world) walk(on ledger.Date) Walk {
	return Walk{Who: w.who, Keys: w.keys, Program: w.program, Rules: w.rules, AsOf: on, At: w.at}
}

// night runs the awards of a day to their end.
func (w *world) night(t *testing.T, on ledger.Date) (total savings.Tally) {
	t.Helper()
	for after := family.ChildID(0); ; {
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			last, tally, err := AwardChunk(ctx, tx, w.walk(on), after)
			after, total = last, total.Plus(tally)
			return err
		})
		if after == 0 {
			return total
		}
	}
}

func (w *world) wantAwards(t *testing.T, when string, child family.ChildID, want ...string) {
	t.Helper()
	var got []string
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		states, err := savings.AwardsOf(ctx, tx, w.program.ID, []family.ChildID{child})
		for _, s := range states {
			got = append(got, s.Benefit+" "+s.Posted.String()+" "+s.Reason)
		}
		return err
	})
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("%s: %q, want %q", when, got, want)
	}
}

func TestReportedFactsAndEventsEarnAwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	if w.rules, err = rules.Parse([]byte(askingRules)); err != nil {
		t.Fatal(err)
	}
	ana := w.child("Ana", "Cruz", func(p *family.Person, _ *string) { p.StudentNumber = "007" })
	ben := w.child("Ben", "Diaz", nil)
	w.admit(ana, ben)
	w.night(t, w.on)
	w.wantAwards(t, "nothing is known", ana, "claim 0.00 no_event", "seed 0.00 missing_fact", "view 0.00 no_event")

	next := w.on.AddDays(1)
	file := "student or account,fact,event,value,from,on,reference\n" +
		"007,income,,30000.00,2026-01-01,,f1\n" +
		w.of(ben).ID.Account().String() + ",,claimed,,,2026-09-01,e1\n"
	done, problems, err := w.report(t, next, file)
	if err != nil || done.Facts.New != 1 || done.Events.New != 1 {
		t.Fatalf("report: %+v, %+v, %v", done, problems, err)
	}
	w.night(t, w.on)
	w.wantAwards(t, "the day before it was known", ana, "claim 0.00 no_event", "seed 0.00 missing_fact", "view 0.00 no_event")
	w.night(t, next)
	w.wantAwards(t, "with the income", ana, "claim 0.00 no_event", "seed 50.00 awarded", "view 0.00 no_event")
	w.wantAwards(t, "who claimed", ben, "claim 25.00 awarded", "seed 0.00 missing_fact", "view 0.00 no_event")
	if done, _, err = w.report(t, next, file); err != nil || done.Facts.Repeated != 1 || done.Events.Repeated != 1 {
		t.Errorf("the same file again: %+v, %v", done, err)
	}

	// A corrected income: what was given is proposed to be taken back, not taken.
	_, _, err = w.report(t, next.AddDays(1), "student,fact,value,from,reference\n007,income,90000.00,2026-01-01,f2\n")
	if err != nil {
		t.Fatal(err)
	}
	if tally := w.night(t, next.AddDays(1)); tally.Excess != ledger.Minor(50_00) {
		t.Errorf("the corrected fact: %+v", tally)
	}
	w.wantAwards(t, "what is on the account stays", ana, "claim 0.00 no_event", "seed 50.00 condition", "view 0.00 no_event")
}

func TestAFileWithOneBadRowIsNotRecordedAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	if w.rules, err = rules.Parse([]byte(askingRules)); err != nil {
		t.Fatal(err)
	}
	ana := w.child("Ana", "Cruz", func(p *family.Person, _ *string) { p.StudentNumber = "007" })
	w.child("Ben", "Diaz", func(p *family.Person, _ *string) { p.StudentNumber = "008" }) // takes no part
	w.admit(ana)
	const header = "student,fact,event,value,on,reference\n"
	if _, _, err := w.report(t, w.on, header+"007,income,,1.00,,f1\n007,,claimed,,2026-08-30,e1\n"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		file string
		line int
		code string
	}{
		"nobody's number":         {"007,income,,2.00,,f2\n999,income,,2.00,,f3\n", 3, factfile.NoChild},
		"not in the program":      {"007,income,,2.00,,f2\n008,income,,2.00,,f3\n", 3, factfile.NoChild},
		"a used reference":        {"007,income,,2.00,,f2\n007,income,,3.00,,f1\n", 3, factfile.ReferenceUsed},
		"an event's reference":    {"007,income,,2.00,,f2\n007,,viewed_online,,2026-08-30,e1\n", 3, factfile.ReferenceUsed},
		"a value of another type": {"007,income,,2.00,,f2\n007,income,,much,,f3\n", 3, "factfile.problem.value_money"},
	} {
		_, problems, err := w.report(t, w.on, header+test.file)
		if !errors.Is(err, ErrFile) || len(problems) != 1 || problems[0].Line != test.line || problems[0].Code != test.code {
			t.Errorf("%s: %+v, %v, want %s at line %d", name, problems, err, test.code, test.line)
		}
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		facts, err := family.FactsOf(ctx, tx, w.who, w.keys, []family.ChildID{ana})
		if len(facts) != 1 {
			t.Errorf("%d facts are known, want the first alone", len(facts))
		}
		return err
	})
}
