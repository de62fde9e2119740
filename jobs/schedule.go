package jobs

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"seedbook/ledger"
)

// Table is the schedule: when each job is due, on the program's own clock. The
// order is that of the work: who can be found, who is eligible, what the bank
// says, then what they have
// earned, then what their statement says.
var Table = []struct {
	Name string
	Due  Schedule
}{
	{"purge", Daily(0, 30)},
	{"index", Daily(1, 0)},
	{"eligibility", Daily(1, 30)},
	{"reconcile", Daily(2, 10)},
	{"awards", Daily(2, 30)},
	{"duplicates", Daily(3, 30)},
	{"pictures", Daily(4, 0)},
	{"checkpoint", Daily(4, 30)},
	{"statements", Monthly(1, 5, 0)}, // of the month before
	{"reperform", Monthly(2, 4, 0)},  // everything, once a month
	{"verify", Monthly(2, 6, 0)},     // the books, too
}

// Schedule says when a job is due and for which period.
type Schedule struct {
	monthly      bool
	day          int // of the following month, if monthly
	hour, minute int // on the program's clock
}

// Daily is due every day, for that day.
func Daily(hour, minute int) Schedule { return Schedule{hour: hour, minute: minute} }

// Monthly is due on a day (1 to 28) of every month, for the month before.
func Monthly(day, hour, minute int) Schedule { return Schedule{true, day, hour, minute} }

// String is "daily at 02:30" or "monthly on day 1 at 05:00".
func (s Schedule) String() string {
	if s.monthly {
		return fmt.Sprintf("monthly on day %d at %02d:%02d", s.day, s.hour, s.minute)
	}
	return fmt.Sprintf("daily at %02d:%02d", s.hour, s.minute)
}

// Period is the day or month that a run is for.
type Period struct {
	Key string // "2026-09-01" or "2026-09"; sorts in order of time
	ledger.Period
}

func day(d ledger.Date) Period {
	return Period{d.String(), ledger.Period{First: d, Last: d}}
}

func month(d ledger.Date) Period {
	first := ledger.NewDate(d.Year(), d.Month(), 1)
	return Period{d.String()[:len("2006-01")], ledger.Period{First: first, Last: first.AddMonths(1).AddDays(-1)}}
}

// of is the period that a day lies in.
func (s Schedule) of(d ledger.Date) Period {
	if s.monthly {
		return month(d)
	}
	return day(d)
}

// Through is the newest period that has ended by the end of a day: what a run
// by hand as of that day is for.
func (s Schedule) Through(d ledger.Date) Period {
	p := s.of(d)
	if d.Before(p.Last) {
		return s.of(p.First.AddDays(-1))
	}
	return p
}

// parse reads a period's key.
func (s Schedule) parse(key string) (Period, error) {
	first := key
	if s.monthly {
		first += "-01"
	}
	d, err := ledger.ParseDate(first)
	if err != nil || s.of(d).Key != key {
		return Period{}, fmt.Errorf("period %q: not of a job that is %s", key, s)
	}
	return s.of(d), nil
}

func (s Schedule) next(p Period) Period { return s.of(p.Last.AddDays(1)) }

// at is the instant from which a period's run is due.
func (s Schedule) at(p Period, zone *time.Location) time.Time {
	on := p.First
	if s.monthly {
		on = p.Last.AddDays(s.day)
	}
	return instant(on, s.hour, s.minute, zone)
}

// newest is the newest period whose run is due at an instant.
func (s Schedule) newest(now time.Time, zone *time.Location) Period {
	p := s.of(ledger.DateIn(now, zone))
	for s.at(p, zone).After(now) {
		p = s.of(p.First.AddDays(-1))
	}
	return p
}

// since are the periods due at an instant that come after a period with the
// given key, oldest first. Without a key they are those that came due after
// start or, with no start either, the newest alone.
func (s Schedule) since(key string, start, now time.Time, zone *time.Location) ([]Period, error) {
	p := s.newest(now, zone)
	switch {
	case key != "":
		last, err := s.parse(key)
		if err != nil {
			return nil, err
		}
		p = s.next(last)
	case !start.IsZero():
		if p = s.newest(start, zone); s.at(p, zone).Before(start) {
			p = s.next(p)
		}
	}
	var due []Period
	for ; !s.at(p, zone).After(now); p = s.next(p) {
		due = append(due, p)
	}
	return due, nil
}

// instant is when a day's clock first shows an hour or a later one. Where
// clocks go forward over the hour, it is the moment they do; where they go back
// and show it twice, the first time. (Cron skips the one and doubles the other,
// and time.Date leaves the choice open.)
func instant(d ledger.Date, hour, minute int, zone *time.Location) time.Time {
	wall := time.Date(d.Year(), d.Month(), d.Day(), hour, minute, 0, 0, time.UTC)
	_, before := wall.Add(-farAway).In(zone).Zone()
	_, after := wall.Add(farAway).In(zone).Zone()
	for _, offset := range []int{max(before, after), min(before, after)} {
		if t := wall.Add(-time.Duration(offset) * time.Second).In(zone); clock(t).Equal(wall) {
			return t
		}
	}
	// No clock shows it, so clocks there only go forward: look for the moment.
	start := wall.Add(-farAway)
	seconds := sort.Search(int(2*farAway/time.Second), func(n int) bool {
		return !clock(start.Add(time.Duration(n) * time.Second).In(zone)).Before(wall)
	})
	return start.Add(time.Duration(seconds) * time.Second).In(zone)
}

// farAway is more than any place's clock differs from Greenwich and by as much
// as it may ever be put forward, and less than the time between two changes.
const farAway = 48 * time.Hour

// clock is what a clock on the wall shows, as if it stood in Greenwich.
func clock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// inOrder sorts runs as they come due, and those of one instant as the jobs
// stand in the table.
func inOrder(runs []Run) {
	rank := map[string]int{}
	for i, row := range Table {
		rank[row.Name] = i
	}
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(rank[a.Job], rank[b.Job]), strings.Compare(a.Period, b.Period))
	})
}
