package statement

import (
	"testing"

	"seedbook/ledger"
	"seedbook/service/i18n"
)

func TestParseSpan(t *testing.T) {
	for _, bad := range []string{
		"", "2026-", "2026-13", "2026-00", "2026-Q0", "2026-Q5", "2026-q3", "2026-9", "26-09", "20260-9", "2026-09-01", " 2026", "2026 ",
		"1989", "2201", "0000", "2026-Q33", "２０２６", "2026-Q３", "-2026", "2026/09", "2026-W03", "2026\n",
	} {
		if s, err := ParseSpan(bad); err == nil {
			t.Errorf("ParseSpan(%q) = %v, want ErrPeriod", bad, s)
		} else {
			wantError(t, bad, err, ErrPeriod)
		}
	}
	for _, test := range []struct{ name, period, en, es string }{
		{"2026", "2026-01-01..2026-12-31", "2026", "2026"},
		{"2026-02", "2026-02-01..2026-02-28", "February 2026", "febrero de 2026"},
		{"2028-02", "2028-02-01..2028-02-29", "February 2028", "febrero de 2028"},
		{"2026-12", "2026-12-01..2026-12-31", "December 2026", "diciembre de 2026"},
		{"2026-Q1", "2026-01-01..2026-03-31", "January 1 – March 31, 2026", "1 de enero – 31 de marzo de 2026"},
		{"2026-Q4", "2026-10-01..2026-12-31", "October 1 – December 31, 2026", "1 de octubre – 31 de diciembre de 2026"},
		{"1990", "1990-01-01..1990-12-31", "1990", "1990"},
		{"2200-12", "2200-12-01..2200-12-31", "December 2200", "diciembre de 2200"},
	} {
		s, err := ParseSpan(test.name)
		if err != nil || s.Period.String() != test.period || s.Name != test.name {
			t.Errorf("ParseSpan(%q) = %v, %v, want %s", test.name, s, err, test.period)
		}
		if en, es := PeriodName(i18n.For("en"), s), PeriodName(i18n.For("es"), s); en != test.en || es != test.es {
			t.Errorf("%s is called %q and %q, want %q and %q", test.name, en, es, test.en, test.es)
		}
	}
}

func TestPeriodsFollowEachOther(t *testing.T) {
	for _, name := range []string{"2026", "2026-01", "2026-12", "2026-Q1", "2026-Q4", "1990-01", "2200-Q4", "2200"} {
		s, err := ParseSpan(name)
		if err != nil {
			t.Fatal(err)
		}
		next, previous := s.next(), s.previous()
		if next.First != s.Last.AddDays(1) || previous.Last != s.First.AddDays(-1) || next.previous() != s || previous.next() != s {
			t.Errorf("%v stands between %v and %v", s, previous, next)
		}
	}
	for d := ledger.NewDate(2027, 12, 1); d.Before(ledger.NewDate(2028, 4, 2)); d = d.AddDays(1) {
		if m, q := MonthOf(d), QuarterOf(d); !m.Contains(d) || !q.Contains(d) || q.First.After(m.First) || q.Last.Before(m.Last) {
			t.Errorf("%s is in %v and %v", d, m, q)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"2026", "2026-09", "2026-Q3", "", "2026-Q", "9999-12", "2026-09-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		s, err := ParseSpan(name)
		if err != nil {
			return
		}
		if s.Name != name || s.First.Day() != 1 || s.Last.AddDays(1).Day() != 1 || s.Last.Before(s.First) || s.Last.DaysSince(s.First) > 365 {
			t.Errorf("ParseSpan(%q) = %v", name, s)
		}
		if again, err := ParseSpan(s.next().previous().Name); err != nil || again != s {
			t.Errorf("%v is not itself behind the one before it: %v, %v", s, again, err)
		}
	})
}
