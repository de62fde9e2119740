package ledger

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func day(t testing.TB, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatalf("ParseDate(%q): %v", s, err)
	}
	return d
}

func TestOnlyISODaysThatExistAreRead(t *testing.T) {
	for _, s := range []string{"2026-09-01", "1850-01-01", "2300-12-31", "2024-02-29"} {
		if d := day(t, s); d.String() != s {
			t.Errorf("ParseDate(%q) = %s", s, d)
		}
	}
	for _, s := range []string{"", "2026-9-1", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-32", "01/02/2026", "20260901", "2026-09-01T00:00:00Z",
		" 2026-09-01", "2026-09-01 ", "1849-12-31", "2301-01-01", "0001-01-01", "９999-01-01", "2026-09-0a", "-026-09-01"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("ParseDate(%q) = %s, want an error", s, d)
		}
	}
}

func TestMonthsClampToTheirEnd(t *testing.T) {
	for _, test := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-01-31", 1, "2026-02-28"}, {"2024-01-31", 1, "2024-02-29"}, {"2026-01-31", 2, "2026-03-31"},
		{"2026-03-31", -1, "2026-02-28"}, {"2026-12-15", 1, "2027-01-15"}, {"2026-01-15", -1, "2025-12-15"},
		{"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", 48, "2028-02-29"}, {"2026-05-31", -13, "2025-04-30"}, {"2026-05-31", 0, "2026-05-31"},
	} {
		if got := day(t, test.from).AddMonths(test.months); got.String() != test.want {
			t.Errorf("%s + %d months = %s, want %s", test.from, test.months, got, test.want)
		}
	}
}

func TestAgeCountsBirthdays(t *testing.T) {
	for _, test := range []struct {
		born, on string
		want     int
	}{
		{"2020-06-15", "2026-06-14", 5}, {"2020-06-15", "2026-06-15", 6}, {"2020-06-15", "2020-06-15", 0},
		{"2024-02-29", "2025-02-27", 0}, {"2024-02-29", "2025-02-28", 1}, {"2024-02-29", "2028-02-28", 3}, {"2024-02-29", "2028-02-29", 4},
		{"2026-06-15", "2026-06-14", -1},
	} {
		if got := day(t, test.born).AgeOn(day(t, test.on)); got != test.want {
			t.Errorf("born %s, on %s: age %d, want %d", test.born, test.on, got, test.want)
		}
	}
}

func TestADayIsTheDayOfItsZone(t *testing.T) {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 7, 1, 3, 0, 0, 0, time.UTC)
	if got := DateIn(at, zone); got.String() != "2026-06-30" {
		t.Errorf("03:00 UTC on 1 July in Los Angeles is %s", got)
	}
	if got := DateIn(at, time.UTC); got.String() != "2026-07-01" {
		t.Errorf("03:00 UTC on 1 July is %s", got)
	}
	if !DateOf(time.Time{}).IsZero() || (Date{}).String() != "" {
		t.Error("no day is not empty")
	}
}

func TestDatesScanAndTravel(t *testing.T) {
	var d Date
	if err := d.Scan(time.Date(2026, 3, 8, 0, 0, 0, 0, time.FixedZone("", -8*3600))); err != nil || d.String() != "2026-03-08" {
		t.Errorf("Scan = %s, %v", d, err)
	}
	if err := d.Scan(nil); err != nil || !d.IsZero() {
		t.Errorf("Scan(nil) = %s, %v", d, err)
	}
	if err := d.Scan(7); err == nil {
		t.Error("Scan(7) is no day")
	}
	if v, err := (Date{}).Value(); v != nil || err != nil {
		t.Errorf("Value of no day = %v, %v", v, err)
	}
	p := Period{day(t, "2026-07-01"), day(t, "2026-09-30")}
	if !p.Contains(p.First) || !p.Contains(p.Last) || p.Contains(p.Last.AddDays(1)) || p.String() != "2026-07-01..2026-09-30" {
		t.Errorf("period %s has other ends", p)
	}
}

func TestDateArithmeticHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 160_000).Draw(t, "days")
		d := NewDate(1850, time.January, 1).AddDays(n)
		back, err := ParseDate(d.String())
		if err != nil || back != d {
			t.Fatalf("%s came back as %s, %v", d, back, err)
		}
		m := rapid.IntRange(-1200, 1200).Draw(t, "months")
		moved := d.AddMonths(m)
		if want := d.Year()*12 + int(d.Month()) + m; moved.Year()*12+int(moved.Month()) != want || moved.Day() > d.Day() {
			t.Fatalf("%s + %d months = %s", d, m, moved)
		}
		if d.AddDays(m).DaysSince(d) != m || d.AddDays(m).Cmp(d) != (Date{int32(m)}).Cmp(Date{}) {
			t.Fatalf("%s + %d days is out of step", d, m)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-09-01", "2024-02-29", "2026-02-30", "1/2/2026"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDate(s); err == nil && d.String() != s {
			t.Fatalf("%q was read as %s", s, d)
		}
	})
}
