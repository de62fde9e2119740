package roster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// effect is what a person's answer about one row adds to the preview of its
// roster. It is kept, so that another answer can take it away exactly.
type effect struct {
	As         Finding        `json:"as,omitempty"` // New, Changed or nothing
	School     string         `json:"school,omitempty"`
	Eligible   int            `json:"eligible,omitempty"`
	Ineligible int            `json:"ineligible,omitempty"`
	Reasons    map[string]int `json:"reasons,omitempty"`
	Cost       []CostLine     `json:"cost,omitempty"`
	Late       int            `json:"late,omitempty"`
	Died       int            `json:"died,omitempty"`
}

// effectOf works out what an answer would do, as the preview does for rows that
// nobody doubts.
func effectOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.Program, b batchRow, r doubtful, answer Settling, at time.Time) (e effect, err error) {
	row := staged{child: r.Said, verdict: verdict{id: answer.Child}}
	switch answer.Answer {
	case Same:
		row.finding = Changed
	case Fresh:
		row.finding = New
	case Out:
		return effect{School: r.School, As: Unchanged}, nil
	default:
		return effect{}, nil
	}
	var preview Preview
	if err := json.Unmarshal([]byte(b.Preview), &preview); err != nil {
		return e, fmt.Errorf("preview of roster %d: %w", b.ID, err)
	}
	row.school = preview.school(r.School)
	book, err := program.RulesOn(ctx, q, p.ID, p.Day(at))
	if errors.Is(err, program.ErrNoRules) {
		book, err = &rules.Book{}, nil
	}
	if err != nil {
		return e, err
	}
	s := staging{who: who, keys: keys, program: p, on: b.EnrollOn, births: b.Kind == OfBirths, today: p.Day(at), rows: []staged{row}}
	known, err := s.outsiders(ctx, q)
	if err != nil {
		return e, err
	}
	f := newForecast(nil)
	if c, outside := known[answer.Child]; outside || row.finding == New {
		f.child(book, s.joining(c, row), s.joins(row))
	}
	sum := f.preview()
	e = effect{As: row.finding, School: r.School, Eligible: sum.Eligible, Ineligible: sum.Ineligible, Reasons: sum.Reasons, Cost: sum.Cost}
	if s.births {
		clocks := s.clocks()
		e.Late, e.Died = clocks.Late, clocks.Died
	}
	return e, nil
}

// school finds a school that the file names.
func (p Preview) school(code string) rosterfile.School {
	for _, l := range p.Schools {
		if l.Code == code {
			return rosterfile.School{Code: l.Code, Name: l.Name, District: l.District}
		}
	}
	return rosterfile.School{Code: code}
}

// add adds what an answer does, or takes it away again (times -1).
func (p *Preview) add(e effect, times int) {
	if e.As == "" {
		return
	}
	p.Eligible += times * e.Eligible
	p.Ineligible += times * e.Ineligible
	for reason, n := range e.Reasons {
		if p.Reasons == nil {
			p.Reasons = map[string]int{}
		}
		if p.Reasons[reason] += times * n; p.Reasons[reason] == 0 {
			delete(p.Reasons, reason)
		}
	}
	for _, c := range e.Cost {
		p.addCost(c, times)
	}
	for i := range p.Schools {
		if l := &p.Schools[i]; l.Code == e.School {
			l.Open -= times
			switch e.As {
			case New:
				l.New += times
			case Changed:
				l.Changed += times
			default:
				l.Unchanged += times
			}
		}
	}
	if p.Clocks != nil && e.As == New {
		p.Clocks.Children += times
		p.Clocks.Late += times * e.Late
	}
}

func (p *Preview) addCost(c CostLine, times int) {
	i := slices.IndexFunc(p.Cost, func(x CostLine) bool { return x.Benefit == c.Benefit && x.Fund == c.Fund })
	if i < 0 {
		p.Cost = append(p.Cost, CostLine{Benefit: c.Benefit, Fund: c.Fund})
		i = len(p.Cost) - 1
	}
	p.Cost[i].Children += times * c.Children
	if times < 0 {
		c.Amount = c.Amount.Neg()
	}
	p.Cost[i].Amount = p.Cost[i].Amount.Add(c.Amount)
	p.Cost = slices.DeleteFunc(p.Cost, func(x CostLine) bool { return x.Children == 0 })
	slices.SortFunc(p.Cost, func(a, b CostLine) int { return cmp.Or(cmp.Compare(a.Benefit, b.Benefit), cmp.Compare(a.Fund, b.Fund)) })
}

// meet counts a birth among the new ones.
func (c *Clocks) meet(born ledger.Date) {
	if c.Oldest.IsZero() || born.Before(c.Oldest) {
		c.Oldest = born
	}
}
