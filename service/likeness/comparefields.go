package likeness

import (
	"slices"
	"strings"

	"seedbook/ledger"
)

// compareText compares two words. Short words are one slip from many others, so
// they need more to be near.
func compareText(a, b string) Level {
	if a == b {
		return Same
	}
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	if len(short) == 1 || len(short) >= 3 && len(long)-len(short) >= 2 && strings.HasPrefix(long, short) {
		if strings.HasPrefix(long, short) {
			return Short
		}
		return Different
	}
	d, jw := slips(a, b), jaroWinkler(a, b)
	switch { // what is heard comes last: it costs the most
	case d == 1 && len(short) >= 4, d <= 2 && len(short) >= 7, jw >= 930 && d <= 2:
		return Near
	case d == 1, jw >= 880, d <= 2 && len(short) >= 6, len(short) >= 4 && sound(a) == sound(b):
		return Similar
	}
	return Different
}

// compareDates looks for one digit that is wrong, two that changed places, and
// a day and month exchanged.
func compareDates(a, b ledger.Date) Level {
	if a.IsZero() || b.IsZero() {
		return Missing
	}
	if a == b {
		return Same
	}
	ay, am, ad, by, bm, bd := a.Year(), int(a.Month()), a.Day(), b.Year(), int(b.Month()), b.Day()
	x, y := strings.ReplaceAll(a.String(), "-", ""), strings.ReplaceAll(b.String(), "-", "")
	switch {
	case oneSlip(x, y), ay == by && am == bd && ad == bm:
		return Near
	case am == bm && ad == bd, ay == by && ad == bd, ay == by && am == bm, wrongDigits(x, y) <= 2:
		return Similar
	}
	return Different
}

// oneSlip reports texts of one length with one wrong character, or two
// neighbours that changed places.
func oneSlip(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	switch wrongDigits(a, b) {
	case 1:
		return true
	case 2:
		return slips(a, b) == 1
	}
	return false
}

// wrongDigits counts the places in which two texts of one length differ.
func wrongDigits(a, b string) (n int) {
	for i := range len(a) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// compareStreets compares the names of streets first and then the numbers.
func compareStreets(a, b Profile) Level {
	if len(a.street)+len(a.numbers) == 0 || len(b.street)+len(b.numbers) == 0 {
		return Missing
	}
	if len(a.street) > 0 && len(b.street) > 0 && !sameStreet(a.street, b.street) {
		return Different
	}
	switch {
	case slices.Equal(a.numbers, b.numbers) && slices.Equal(a.street, b.street):
		return Same
	case !meet(a.numbers, b.numbers):
		if len(a.street) == 0 || len(b.street) == 0 {
			return Different
		}
		return Similar
	case len(a.street) == 0 || len(b.street) == 0:
		return Similar
	}
	return Near
}

// meet reports that two addresses share a number.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(n string) bool { return slices.Contains(b, n) })
}

// sameStreet reports that every name of the shorter address is in the longer,
// give or take slips and spaces.
func sameStreet(a, b []string) bool {
	x, y := strings.Join(a, ""), strings.Join(b, "")
	if jaroWinkler(x, y) >= 930 {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	met := 0
	for _, w := range a {
		if slices.ContainsFunc(b, func(v string) bool { return w == v || jaroWinkler(w, v) >= 900 }) {
			met++
		}
	}
	return met*3 >= len(a)*2
}

func compareZIP(a, b string) Level {
	switch {
	case a == "" || b == "":
		return Missing
	case a == b:
		return Same
	case oneSlip(a, b):
		return Near
	}
	return Different
}

func compareCity(a, b string) Level {
	if a == "" || b == "" {
		return Missing
	}
	if a != b && jaroWinkler(a, b) >= 900 {
		return Near
	}
	return same(a == b)
}

// compareGuardians looks for one guardian whom both records name.
func compareGuardians(a, b [][]string) Level {
	if len(a) == 0 || len(b) == 0 {
		return Missing
	}
	best := Different
	for _, x := range a {
		for _, y := range b {
			switch l := compareWords(x, y); {
			case l == Same:
				return Same
			case l == Near || l == Short && len(x) > 1 && len(y) > 1:
				best = Near
			}
		}
	}
	return best
}

// compareContacts looks for one telephone or e-mail that both records name.
func compareContacts(a, b []string) Level {
	if len(a) == 0 || len(b) == 0 {
		return Missing
	}
	best, comparable := Different, false
	for _, x := range a {
		for _, y := range b {
			mail := strings.Contains(x, "@")
			if mail != strings.Contains(y, "@") {
				continue
			}
			comparable = true
			switch {
			case x == y, !mail && len(x) != len(y) && (strings.HasSuffix(x, y) || strings.HasSuffix(y, x)):
				return Same
			case oneSlip(x, y), mail && slips(x, y) <= 1:
				best = Near
			}
		}
	}
	if !comparable {
		return Missing
	}
	return best
}
