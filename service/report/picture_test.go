package report

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/enroll"
)

// The golden month, counted: three children, their deposits, seeds and matches.
func TestAPictureIsTheBooksAndTheCaseload(t *testing.T) {
	m := newMonth(t)
	m.live()
	var n int
	m.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		for range 2 { // a second counting takes the place of the first
			if n, err = Draw(ctx, tx, m.who, m.program, m.rules.Calendar, ledger.NewDate(2026, 9, 30), m.at); err != nil {
				return err
			}
		}
		return nil
	})
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		pic, ok, err := LastPicture(ctx, tx, m.program)
		if err != nil || !ok || pic.Smallest != 10 {
			t.Fatalf("picture %+v, %v, %v", pic, ok, err)
		}
		all, err := Tallies(ctx, tx, pic, All, ByNothing)
		if err != nil {
			return err
		}
		by, err := enroll.Count(ctx, tx, m.program.ID)
		if err != nil {
			return err
		}
		if len(all) != 1 || all[0].Children != by[enroll.Enrolled] || n != all[0].Children || n == 0 {
			t.Errorf("counted %d, picture %+v, enrolled %d", n, all, by[enroll.Enrolled])
		}
		months, err := Months(ctx, tx, pic, All, ledger.Period{First: ledger.NewDate(2026, 7, 1), Last: ledger.NewDate(2026, 9, 30)})
		if err != nil {
			return err
		}
		overview, err := Overview(ctx, tx, m.program)
		if err != nil {
			return err
		}
		if want := overview.Own.Add(overview.Program); len(months) != 3 || months[2].Total().Cmp(want) != 0 || months[2].Net().Cmp(want) != 0 {
			t.Errorf("%d months; the last has %s and moved %s, the books have %s", len(months), months[2].Total(), months[2].Net(), want)
		}
		if all[0].Own.Cmp(overview.Own) != 0 || all[0].Program.Cmp(overview.Program) != 0 {
			t.Errorf("children have %s and %s, the books %s and %s", all[0].Own, all[0].Program, overview.Own, overview.Program)
		}
		days, err := Days(ctx, tx, pic, All, ledger.Period{First: ledger.NewDate(2026, 9, 1), Last: ledger.NewDate(2026, 9, 30)})
		if err != nil {
			return err
		}
		var deposits int
		for _, d := range days {
			deposits += d.Deposits
		}
		if deposits == 0 || deposits != all[0].Deposits || overview.Savers != all[0].Saving {
			t.Errorf("%d deposits by day, %d by child; %d saved, %d in the overview", deposits, all[0].Deposits, all[0].Saving, overview.Savers)
		}
		return checkGroupings(t, ctx, tx, pic, all[0])
	})
}

// checkGroupings: however children are told apart, they are the same children.
func checkGroupings(t *testing.T, ctx context.Context, tx *sqlx.Tx, pic Picture, all Tally) error {
	for by := range groupings {
		groups, err := Tallies(ctx, tx, pic, All, by)
		if err != nil {
			return err
		}
		var children int
		var own ledger.Amount
		for _, g := range groups {
			children += g.Children
			own = own.Add(g.Own)
		}
		if children != all.Children || own.Cmp(all.Own) != 0 {
			t.Errorf("by %q: %d children with %s, want %d with %s", by, children, own, all.Children, all.Own)
		}
	}
	return nil
}

func TestIntervalsAreThePublishedOnes(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) < 0.0005 }
	// Newcombe 1998, Stat Med 17: 81/263 (table I), and 56/70 against 48/80 (table II, a).
	if w := Wilson(81, 263); !near(w.Low, .2553) || !near(w.High, .3662) {
		t.Errorf("Wilson of 81/263: %+v", w)
	}
	if d := Difference(56, 70, 48, 80); !near(d.Value, .2) || !near(d.Low, .0524) || !near(d.High, .3339) {
		t.Errorf("Newcombe of 56/70 and 48/80: %+v", d)
	}
	if w := Wilson(0, 10); w.Low != 0 || w.High < .27 || w.High > .28 {
		t.Errorf("none of ten: %+v", w)
	}
}

// Whatever the groups, nothing shown is about fewer than the least, and nobody
// is lost.
func TestEquityTellsOfNoSmallGroup(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var tallies []Tally
		for i := range rapid.IntRange(0, 8).Draw(r, "groups") {
			c := rapid.OneOf(rapid.IntRange(0, 15), rapid.IntRange(10, 400)).Draw(r, "children")
			savers := rapid.IntRange(0, c).Draw(r, "savers")
			tallies = append(tallies, Tally{Key: fmt.Sprint(i), Children: c, Activated: rapid.IntRange(0, c).Draw(r, "activated"), Savers: savers, Matched: rapid.IntRange(0, savers).Draw(r, "matched")})
		}
		e, err := EquityOf(tallies, 10)
		if err != nil {
			r.Fatal(err)
		}
		want := 0
		for _, tally := range tallies {
			want += tally.Children
		}
		if e.None != (want < 10) {
			r.Fatalf("%d children, none %v", want, e.None)
		}
		if e.None {
			return
		}
		sum := 0
		for _, g := range append(e.Groups, e.Total) {
			sum += g.Children
			for _, s := range []Share{g.Activated, g.Savers, g.Matched} {
				if s.Hidden && s != (Share{Hidden: true}) {
					r.Fatalf("hidden, and yet known: %+v", s)
				}
				if g.Children < 10 || !s.Hidden && s.Count > 0 && s.Count < 10 || !s.Hidden && s.Of-s.Count > 0 && s.Of-s.Count < 10 {
					r.Fatalf("tells of few: %+v of %d", s, g.Children)
				}
			}
		}
		if sum != 2*want || e.Total.Children != want {
			r.Fatalf("%d children became %d", want, e.Total.Children)
		}
	})
}
