package jobs

import (
	"slices"
	"testing"
	"time"

	"seedbook/ledger"
)

// The zones: with summer time, without, with the change at midnight, and with
// one of half an hour.
var zones = []string{"America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/Chicago", "America/Santiago", "Australia/Lord_Howe"}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func date(t testing.TB, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestARunIsDueWhenTheClockFirstShowsItsHour(t *testing.T) {
	for _, test := range []struct {
		name, zone, day string
		hour, minute    int
		want            string
	}{
		{"an ordinary night", "America/New_York", "2026-01-15", 2, 30, "2026-01-15T02:30:00-05:00"},
		{"the hour that New York skips", "America/New_York", "2026-03-08", 2, 30, "2026-03-08T03:00:00-04:00"},
		{"the hour that New York has twice", "America/New_York", "2026-11-01", 1, 30, "2026-11-01T01:30:00-04:00"},
		{"after the hour that it has twice", "America/New_York", "2026-11-01", 2, 0, "2026-11-01T02:00:00-05:00"},
		{"the midnight that Santiago skips", "America/Santiago", "2026-09-06", 0, 0, "2026-09-06T01:00:00-03:00"},
		{"the hour before midnight that Santiago has twice", "America/Santiago", "2026-04-04", 23, 30, "2026-04-04T23:30:00-03:00"},
		{"the half hour that Lord Howe skips", "Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-04T02:30:00+11:00"},
		{"the half hour that Lord Howe has twice", "Australia/Lord_Howe", "2026-04-05", 1, 45, "2026-04-05T01:45:00+11:00"},
		{"the day that Samoa skipped", "Pacific/Apia", "2011-12-30", 2, 30, "2011-12-31T00:00:00+14:00"},
		{"a zone that never changes", "America/Phoenix", "2026-03-08", 2, 30, "2026-03-08T02:30:00-07:00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := instant(date(t, test.day), test.hour, test.minute, zone(t, test.zone))
			if want := at(t, test.want); !got.Equal(want) {
				t.Errorf("instant = %s, want %s", got.Format(time.RFC3339), test.want)
			}
		})
	}
}

// TestEveryDayHasItsFirstMoment checks the definition on every day of 17 years:
// the clock shows the hour or a later one, and never did before on that day.
func TestEveryDayHasItsFirstMoment(t *testing.T) {
	for _, name := range zones {
		z := zone(t, name)
		for _, hm := range [][2]int{{0, 0}, {0, 30}, {1, 30}, {1, 45}, {2, 0}, {2, 15}, {2, 30}, {3, 0}, {23, 30}} {
			for d := date(t, "2024-01-01"); d.Year() <= 2040; d = d.AddDays(1) {
				got := instant(d, hm[0], hm[1], z)
				wanted := time.Date(d.Year(), d.Month(), d.Day(), hm[0], hm[1], 0, 0, time.UTC)
				if ledger.DateIn(got, z) != d || clock(got).Before(wanted) {
					t.Fatalf("%s %s %02d:%02d: %s", name, d, hm[0], hm[1], got)
				}
				for _, before := range []time.Duration{time.Second, 30 * time.Minute, time.Hour, 2 * time.Hour} {
					if earlier := got.Add(-before); ledger.DateIn(earlier, z) == d && !clock(earlier).Before(wanted) {
						t.Fatalf("%s %s %02d:%02d: %s, but the clock showed it at %s", name, d, hm[0], hm[1], got, earlier)
					}
				}
			}
		}
	}
}

// TestTicksAroundClockChangesRunEachDayOnce ticks each minute for three hours
// to either side of every clock change, as the clock does.
func TestTicksAroundClockChangesRunEachDayOnce(t *testing.T) {
	for _, name := range zones {
		z := zone(t, name)
		for _, change := range changes(z, at(t, "2024-01-01T00:00:00Z"), at(t, "2041-01-01T00:00:00Z")) {
			for _, s := range []Schedule{Daily(0, 0), Daily(1, 30), Daily(2, 15), Daily(2, 30), Daily(23, 30)} {
				begin := change.Add(-3 * time.Hour)
				last := s.newest(begin, z)
				want := s.next(last)
				for now := begin; now.Before(change.Add(27 * time.Hour)); now = now.Add(time.Minute) {
					due, err := s.since(last.Key, time.Time{}, now, z)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range due {
						if p != want {
							t.Fatalf("%s, change of %s, %s: ran %s, want %s", name, change, s, p.Key, want.Key)
						}
						last, want = p, s.next(p)
					}
				}
				if through := s.newest(change.Add(27*time.Hour), z); last.Key < through.First.AddDays(-1).String() {
					t.Fatalf("%s, change of %s, %s: stopped at %s", name, change, s, last.Key)
				}
			}
		}
	}
}

// changes are the instants at which a zone's clocks change.
func changes(z *time.Location, from, to time.Time) (all []time.Time) {
	_, was := from.In(z).Zone()
	for t := from; t.Before(to); t = t.Add(30 * time.Minute) {
		if _, is := t.In(z).Zone(); is != was {
			all, was = append(all, t.In(z)), is
		}
	}
	return all
}

func TestEveryDayAndMonthHasExactlyOneRun(t *testing.T) {
	for _, name := range zones {
		z := zone(t, name)
		for _, row := range Table {
			from, to := at(t, "2024-01-01T12:00:00Z"), at(t, "2040-12-31T12:00:00Z")
			due, err := row.Due.since("", from, to, z)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range due {
				when := row.Due.at(p, z)
				if i > 0 && (due[i-1].Last.AddDays(1) != p.First || !row.Due.at(due[i-1], z).Before(when)) {
					t.Fatalf("%s %s: %s comes after %s", name, row.Name, p.Key, due[i-1].Key)
				}
				if row.Due.newest(when, z) != p || row.Due.newest(when.Add(-time.Second), z) == p {
					t.Fatalf("%s %s: %s is not the newest from %s on", name, row.Name, p.Key, when)
				}
			}
			if want := map[bool]int{false: 6209, true: 204}[row.Due.monthly]; len(due) < want-1 || len(due) > want {
				t.Errorf("%s %s: %d runs in 17 years, want %d", name, row.Name, len(due), want)
			}
		}
	}
}

func TestARunByHandIsForTheNewestPeriodThatHasEnded(t *testing.T) {
	for _, test := range []struct {
		s         Schedule
		day, want string
	}{
		{Daily(2, 30), "2026-09-15", "2026-09-15"},
		{Monthly(1, 5, 0), "2026-09-29", "2026-08"},
		{Monthly(1, 5, 0), "2026-09-30", "2026-09"},
		{Monthly(1, 5, 0), "2026-10-01", "2026-09"},
		{Monthly(1, 5, 0), "2026-01-15", "2025-12"},
		{Monthly(1, 5, 0), "2028-02-28", "2028-01"},
		{Monthly(1, 5, 0), "2028-02-29", "2028-02"},
	} {
		if got := test.s.Through(date(t, test.day)); got.Key != test.want {
			t.Errorf("%s, as of %s: for %s, want %s", test.s, test.day, got.Key, test.want)
		}
	}
}

func TestAPeriodOfAnotherKindIsRefused(t *testing.T) {
	for key, s := range map[string]Schedule{
		"2026-09": Daily(0, 0), "2026-09-01": Monthly(1, 0, 0), "": Daily(0, 0), "2026-9-1": Daily(0, 0), "2026-02-30": Daily(0, 0), "2026-13": Monthly(1, 0, 0),
	} {
		if p, err := s.parse(key); err == nil {
			t.Errorf("%q was read as %v by a job that is %s", key, p, s)
		}
	}
}

func TestTheScheduleIsWhatTheHouseSays(t *testing.T) {
	var got []string
	for _, row := range Table {
		got = append(got, row.Name+" "+row.Due.String())
	}
	want := []string{"purge daily at 00:30", "index daily at 01:00", "eligibility daily at 01:30", "reconcile daily at 02:10", "awards daily at 02:30", "duplicates daily at 03:30", "pictures daily at 04:00", "checkpoint daily at 04:30", "statements monthly on day 1 at 05:00", "reperform monthly on day 2 at 04:00", "verify monthly on day 2 at 06:00"}
	if !slices.Equal(got, want) {
		t.Errorf("the schedule is %q, want %q", got, want)
	}
}
