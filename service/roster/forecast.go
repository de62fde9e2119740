package roster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// forecast evaluates the children who do not take part yet as if they did from
// the day of enrollment: by school, and by what each benefit would give at once.
func (s *staging) forecast(ctx context.Context, q sqlx.QueryerContext, book *rules.Book, at time.Time) error {
	funds, err := fundBalances(ctx, q, s.program, at)
	if err != nil {
		return err
	}
	known, err := s.outsiders(ctx, q)
	if err != nil {
		return err
	}
	f := newForecast(funds)
	for _, r := range s.rows {
		f.school(r)
		switch c, outside := known[r.id]; {
		case r.finding == New:
			f.child(book, s.joining(rules.Child{}, r), s.joins(r))
		case r.finding == Changed && outside:
			f.child(book, s.joining(c, r), s.joins(r))
		}
	}
	s.preview = f.preview()
	if s.births {
		s.preview.Clocks = s.clocks()
	}
	return nil
}

// outsiders are the changed children who do not take part, with what is known
// of them.
func (s *staging) outsiders(ctx context.Context, q sqlx.QueryerContext) (map[family.ChildID]rules.Child, error) {
	var ids []family.ChildID
	for _, r := range s.rows {
		if r.finding == Changed {
			ids = append(ids, r.id)
		}
	}
	if ids == nil {
		return nil, nil
	}
	facts, err := enroll.Facts(ctx, q, s.who, s.keys, s.program.ID, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[family.ChildID]rules.Child)
	for _, c := range facts {
		if len(c.Events) == 0 {
			out[family.ChildID(c.ID)] = c
		}
	}
	return out, nil
}

// joining is a child as rule books would see it once its row is applied.
func (s *staging) joining(c rules.Child, r staged) rules.Child {
	if !r.child.BornOn.IsZero() {
		c.BornOn = r.child.BornOn
	}
	language := r.child.Language
	if c.ID == 0 {
		language = cmp.Or(language, family.DefaultLanguage)
	}
	c.Events = []rules.Event{{Key: "enrollment", Kind: rules.Enrolled, On: s.joins(r)}}
	for _, f := range []struct{ name, value string }{
		{"school", r.school.Code}, {"district", r.school.District}, {"grade", r.child.Grade}, {"zip", r.child.ZIP},
		{"city", r.child.City}, {"state", r.child.State}, {"language", language}, {"county", r.child.County},
	} {
		if f.value != "" {
			c.Facts = append(c.Facts, rules.Fact{Name: f.name, Value: f.value, From: s.joins(r)})
		}
	}
	return c
}

// joins is the day from which a row's child would take part: that of the file,
// or the birth, however late its record comes.
func (s *staging) joins(r staged) ledger.Date {
	if s.births && !r.child.BornOn.IsZero() {
		return r.child.BornOn
	}
	return s.on
}

// clocks says how the two clocks of birth records stand.
func (s *staging) clocks() *Clocks {
	c := &Clocks{TellBy: s.today.AddDays(clockDays)}
	for _, r := range s.rows {
		if !r.child.DiedOn.IsZero() {
			c.Died++
		}
		if r.finding != New {
			continue
		}
		c.Children++
		if s.today.After(r.child.BornOn.AddDays(clockDays)) {
			c.Late++
		}
		if c.Oldest.IsZero() || r.child.BornOn.Before(c.Oldest) {
			c.Oldest = r.child.BornOn
		}
	}
	return c
}

// forecast adds up what applying a batch would do.
type forecast struct {
	schools map[string]*SchoolLine
	cost    map[[2]string]*CostLine // benefit and fund
	p       Preview
}

func newForecast(funds map[string]string) *forecast {
	return &forecast{
		schools: map[string]*SchoolLine{}, cost: map[[2]string]*CostLine{},
		p: Preview{Reasons: map[string]int{}, Funds: funds},
	}
}

// fundBalances is what each fund has available, by code, as decimal text.
func fundBalances(ctx context.Context, q sqlx.QueryerContext, p program.Program, at time.Time) (map[string]string, error) {
	funds, err := fund.All(ctx, q, p.ID)
	if err != nil {
		return nil, err
	}
	available, err := fund.Available(ctx, q, p, at)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	for _, f := range funds {
		if f.Kind == fund.Restricted {
			out[f.Code] = available[f.ID].String()
		}
	}
	return out, nil
}

func (f *forecast) school(r staged) {
	if r.finding == Gone {
		return
	}
	line := f.schools[r.school.Code]
	if line == nil {
		line = &SchoolLine{Code: r.school.Code, Name: r.school.Name, District: r.school.District}
		f.schools[r.school.Code] = line
	}
	line.Children++
	switch r.finding {
	case New:
		line.New++
	case Changed:
		line.Changed++
	case Unchanged:
		line.Unchanged++
	default:
		line.Open++
	}
}

// child evaluates a child who would join. What it would be given at once is counted
// against the first fund that may pay it.
func (f *forecast) child(book *rules.Book, c rules.Child, on ledger.Date) {
	ok, why := rules.Eligible(book, c, on)
	if !ok {
		f.p.Ineligible++
		f.p.Reasons[string(why.Reason)]++
		return
	}
	f.p.Eligible++
	for _, e := range rules.Evaluate(book, c, on) {
		if e.Amount.Sign() <= 0 {
			continue
		}
		code := ""
		for _, choice := range e.Funds {
			if choice.Allowed {
				code = choice.Code
				break
			}
		}
		key := [2]string{e.Benefit, code}
		if f.cost[key] == nil {
			f.cost[key] = &CostLine{Benefit: e.Benefit, Fund: code}
		}
		f.cost[key].Children++
		f.cost[key].Amount = f.cost[key].Amount.Add(e.Amount)
	}
}

func (f *forecast) preview() Preview {
	for _, l := range slices.SortedFunc(maps.Values(f.schools), func(a, b *SchoolLine) int { return cmp.Compare(a.Name, b.Name) }) {
		f.p.Schools = append(f.p.Schools, *l)
	}
	for _, l := range slices.SortedFunc(maps.Values(f.cost), func(a, b *CostLine) int {
		return cmp.Or(cmp.Compare(a.Benefit, b.Benefit), cmp.Compare(a.Fund, b.Fund))
	}) {
		f.p.Cost = append(f.p.Cost, *l)
	}
	return f.p
}
