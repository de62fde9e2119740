package notify

import (
	"strconv"
	"time"
)

// The hours in which a text message may arrive, on the family's own clock. They
// are those of the Telephone Consumer Protection Act, with an hour to spare.
const (
	firstHour = 9
	lastHour  = 20
)

// zips is where time zones begin in the order of ZIP codes' first three digits.
// The borders of zones are not those of ZIP codes; where a family lives on the
// other side of one, the hour to spare covers it.
var zips = []struct {
	from int
	zone string
}{
	{0, "America/Puerto_Rico"}, {10, "America/New_York"}, {324, "America/Chicago"}, {326, "America/New_York"}, {350, "America/Chicago"},
	{376, "America/New_York"}, {380, "America/Chicago"}, {398, "America/New_York"}, {420, "America/Chicago"}, {425, "America/New_York"},
	{463, "America/Chicago"}, {465, "America/New_York"}, {476, "America/Chicago"}, {478, "America/New_York"}, {500, "America/Chicago"},
	{577, "America/Denver"}, {580, "America/Chicago"}, {590, "America/Denver"}, {600, "America/Chicago"}, {693, "America/Denver"},
	{700, "America/Chicago"}, {798, "America/Denver"}, {850, "America/Phoenix"}, {870, "America/Denver"}, {889, "America/Los_Angeles"},
	{967, "Pacific/Honolulu"}, {969, "Pacific/Guam"}, {970, "America/Los_Angeles"}, {995, "America/Anchorage"},
}

// ZoneOf is the time zone of a ZIP code, or another one where it is none.
func ZoneOf(zip string, other *time.Location) *time.Location {
	if len(zip) < 5 {
		return other
	}
	n, err := strconv.Atoi(zip[:3])
	if err != nil {
		return other
	}
	name := zips[0].zone
	for _, z := range zips {
		if z.from > n {
			break
		}
		name = z.zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return other
	}
	return zone
}

// Allowed is the first instant from at on in which a text message may arrive.
func Allowed(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	switch hour := local.Hour(); {
	case hour < firstHour:
		return time.Date(local.Year(), local.Month(), local.Day(), firstHour, 0, 0, 0, zone)
	case hour >= lastHour:
		return time.Date(local.Year(), local.Month(), local.Day()+1, firstHour, 0, 0, 0, zone)
	}
	return at
}
