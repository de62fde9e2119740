package parts

import (
	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// YearMap is how much happened on each day of a year, a row for each month: the
// higher a day's bar, the more happened. A table says the same.
type YearMap struct {
	ID      string
	Title   string
	Summary string
	Months  []ledger.Date // first days, in order
	Days    map[ledger.Date]int
	Table   Table
}

// The drawing's measures in pixels; widths are percentages.
const (
	mapRow = 26
	mapBar = 20
)

func (m YearMap) tall() string { return itoa(mapRow*len(m.Months) + 22) }

// most is the busiest day's number.
func (m YearMap) most() int {
	most := 1
	for _, n := range m.Days {
		most = max(most, n)
	}
	return most
}

// slot is where a day of the month stands, in percent.
func slot(day, hundredths int) string {
	return decimal.New(int64((day-1)*100+hundredths), 0).DivRound(decimal.New(31, 0), 2).String() + "%"
}

// bars are the days on which something happened.
func (m YearMap) bars() (out []slab) {
	most := decimal.New(int64(m.most()), 0)
	for row, first := range m.Months {
		for d := first; d.Month() == first.Month(); d = d.AddDays(1) {
			n := m.Days[d]
			if n == 0 {
				continue
			}
			h := decimal.Max(decimal.New(int64(n*mapBar), 0).DivRound(most, 1), decimal.New(thin, 0))
			y := decimal.New(int64((row+1)*mapRow), 0).Sub(h)
			out = append(out, slab{slot(d.Day(), 15), y.String(), decimal.New(70, 0).DivRound(decimal.New(31, 0), 2).String() + "%", h.String(), 0})
		}
	}
	return out
}

// lines are the months' base lines, as long as the month.
func (m YearMap) lines() (out []mark) {
	for row, first := range m.Months {
		last := first.AddMonths(1).AddDays(-1).Day()
		out = append(out, mark{"0%", slot(last, 100), itoa((row + 1) * mapRow)})
	}
	return out
}

// names are the months beside their rows, days the numbers below them.
func (m YearMap) names(p *Page) (out []tick) {
	for row, first := range m.Months {
		name := p.MonthShort(first)
		if row == 0 || first.Month() == 1 {
			name += " " + itoa(first.Year())[2:]
		}
		out = append(out, tick{textAt: itoa((row+1)*mapRow - 3), text: name})
	}
	return out
}

func (m YearMap) days() (out []tick) {
	for d := 1; d <= 31; d += 5 {
		out = append(out, tick{at: slot(d, 50), textAt: itoa(mapRow*len(m.Months) + 18), text: itoa(d)})
	}
	return out
}
