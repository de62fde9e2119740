package forecast

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// saver is a child whose facts, deposits and milestones are drawn.
func saver(r *rand.Rand, book *rules.Book, id int64) rules.Child {
	start := ledger.NewDate(2025, 1, 1)
	on := func() ledger.Date { return start.AddDays(r.IntN(900)) }
	c := rules.Child{ID: id, BornOn: ledger.NewDate(2012+r.IntN(12), 2, 20).AddDays(r.IntN(20))}
	for _, f := range []struct{ name, value string }{{"city", "Riverbend"}, {"school", "R07"}, {"grade", "01"}, {"state", "OH"}, {"zip", "43085"}} {
		c.Facts = append(c.Facts, rules.Fact{Name: f.name, Value: f.value})
	}
	for _, f := range book.Facts {
		fact := rules.Fact{Name: f.Name, From: on()}
		switch f.Type {
		case rules.TextFact:
			if fact.Value = "north"; len(f.OneOf) > 0 {
				fact.Value = f.OneOf[r.IntN(len(f.OneOf))]
			}
		case rules.NumberFact:
			fact.Value = r.IntN(5)
		case rules.YesNoFact:
			fact.Value = r.IntN(2) == 0
		case rules.MoneyFact:
			fact.Value = ledger.Minor(int64(r.IntN(80_000_00)))
		case rules.DateFact:
			fact.Value = on()
		}
		c.Facts = append(c.Facts, fact)
	}
	add := func(e rules.Event) {
		e.Seq = int64(len(c.Events))
		e.Key = fmt.Sprint("event/", e.Seq)
		c.Events = append(c.Events, e)
	}
	add(rules.Event{Kind: rules.Enrolled, On: start.AddDays(r.IntN(300))})
	for range r.IntN(12) {
		add(rules.Event{Kind: rules.Deposit, On: on(), Amount: ledger.Minor(int64(1 + r.IntN(80_00))), Channel: []string{"cash", "ach", "payroll"}[r.IntN(3)]})
	}
	for _, e := range book.Events {
		for range r.IntN(3) {
			add(rules.Event{Kind: e.Name, On: on(), Amount: ledger.Minor(int64(1 + r.IntN(50_00)))})
		}
	}
	if r.IntN(3) == 0 {
		add(rules.Event{Kind: rules.Withdrawal, On: on(), Amount: ledger.Minor(int64(1 + r.IntN(20_00)))})
	}
	sortEvents(c.Events)
	return c
}

// everyBook are the packs and the books that service/rules is tested with.
func everyBook(t *testing.T) map[string]*rules.Book {
	t.Helper()
	files, err := filepath.Glob("../rules/*/*.yaml")
	if more, _ := filepath.Glob("../rules/testdata/books/*.yaml"); err == nil {
		files = append(files, more...)
	}
	if len(files) == 0 {
		t.Fatal("no rule books to follow children by")
	}
	books := map[string]*rules.Book{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if book, err := rules.Parse(source); err == nil { // some are kept to be refused
			books[filepath.Base(file)] = book
		}
	}
	return books
}

// TestACourseMissesNoDay compares the days that a course looks at with looking
// at every day there is.
func TestACourseMissesNoDay(t *testing.T) {
	t.Parallel()
	from, to := ledger.NewDate(2026, 1, 15), ledger.NewDate(2027, 1, 15)
	for name, book := range everyBook(t) {
		for seed := range uint64(12) {
			c := saver(rand.New(rand.NewPCG(seed, 3)), book, int64(seed))
			var got, want []string
			note := func(to *[]string) func(*rules.Entitlement, ledger.Date, ledger.Amount) {
				return func(e *rules.Entitlement, on ledger.Date, by ledger.Amount) {
					*to = append(*to, fmt.Sprint(on, " ", e.Benefit, " ", e.Period, " ", by, " ", first(e.Funds)))
				}
			}
			all, next := rules.Look(book, c, from)
			var ls, daily levels
			for _, e := range all {
				ls.raise(award{e.Benefit, e.Period}, e.Amount)
			}
			daily = slices.Clone(ls)
			course(book, c, &ls, next, to, note(&got))
			for day := from.AddDays(1); !day.After(to); day = day.AddDays(1) {
				for _, e := range rules.Evaluate(book, c, day) {
					if by := daily.raise(award{e.Benefit, e.Period}, e.Amount); by.Sign() > 0 {
						note(&want)(&e, day, by)
					}
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, seed %d:\n got %q\nwant %q", name, seed, got, want)
			}
		}
	}
}

// TestSumsAreThoseOfEveryMonth compares the months that a trial asks about with
// asking every month anew.
func TestSumsAreThoseOfEveryMonth(t *testing.T) {
	t.Parallel()
	for name, book := range everyBook(t) {
		for seed := range uint64(8) {
			c := saver(rand.New(rand.NewPCG(seed, 9)), book, int64(seed))
			s := sums{side: &side{book: book, child: c}}
			for day := ledger.NewDate(2025, 1, 31); day.Before(ledger.NewDate(2027, 6, 1)); day = ledger.NewDate(day.Year(), day.Month()+2, 0) {
				var want ledger.Amount
				for _, e := range rules.Evaluate(book, c, day) {
					want = want.Add(e.Amount)
				}
				if got := s.on(day); got.Cmp(want) != 0 {
					t.Errorf("%s, seed %d, %s: %s, want %s", name, seed, day, got, want)
				}
			}
		}
	}
}

func TestLastYearsDepositsComeAgain(t *testing.T) {
	t.Parallel()
	on := func(s string) ledger.Date { return day(t, s) }
	c := rules.Child{Events: []rules.Event{
		{Key: "e", Kind: rules.Enrolled, On: on("2025-01-01")},
		{Key: "old", Kind: rules.Deposit, On: on("2025-09-30"), Amount: ledger.Minor(1)},
		{Key: "first", Kind: rules.Deposit, On: on("2025-10-01"), Amount: ledger.Minor(2)},
		{Key: "back", Kind: rules.Deposit, On: on("2026-02-01"), Amount: ledger.Minor(3)},
		{Key: "r", Kind: rules.Return, On: on("2026-02-05"), Of: "back"},
		{Key: "last", Kind: rules.Deposit, On: on("2026-09-30"), Amount: ledger.Minor(4)},
		{Key: "later", Kind: rules.Deposit, On: on("2026-10-01"), Amount: ledger.Minor(5)},
	}}
	var got []string
	for _, e := range repeated(c, on("2026-09-30")).Events {
		if e.Seq >= again {
			got = append(got, fmt.Sprint(e.Key, " ", e.On, " ", e.Amount))
		}
	}
	want(t, "again", got, []string{"again/first 2026-10-01 0.02", "again/last 2027-09-30 0.04"})
}
