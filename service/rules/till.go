package rules

import (
	"maps"
	"slices"

	"seedbook/ledger"
)

// till is the money of an example as it goes to its children: what the nightly
// run does, on every day on which something may change.
type till struct {
	book   *Book
	x      *Example
	purse  map[string]ledger.Amount // of the funds that have an end
	seats  []seat                   // by child
	coming []Receipt
}

// seat is what a child was given so far.
type seat struct {
	awards []award
	next   ledger.Date // the next day on which something may change; no day is never
}

// award is what one benefit gave a child for one period.
type award struct {
	Entitlement
	byFund  map[string]ledger.Amount
	waits   ledger.Amount
	refused ledger.Amount
	taken   bool          // by another child of the household
	paid    ledger.Amount // what of it is on the child's account
	order   []string      // the funds that gave, the first first
}

func (a *award) given() (total ledger.Amount) {
	for _, amount := range a.byFund {
		total = total.Add(amount)
	}
	return total
}

// fund answers what the expectations ask about money given: it goes through
// their days in the order of time.
func (x *Example) fund(b *Book) []answer {
	answers := make([]answer, len(x.Expect))
	order := make([]int, 0, len(x.Expect))
	for i := range x.Expect {
		if x.Expect[i].asksMoney() {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return answers
	}
	slices.SortStableFunc(order, func(i, j int) int { return x.Expect[i].On.Cmp(x.Expect[j].On) })
	t := x.openTill(b)
	for _, i := range order {
		t.until(x.Expect[i].On)
		t.answer(&answers[i], &x.Expect[i])
	}
	return answers
}

func (x *Expectation) asksMoney() bool {
	return x.Given != nil || x.Queued != nil || len(x.ByFund) > 0 || x.Reason == ReasonHousehold
}

func (x *Example) openTill(b *Book) *till {
	t := &till{book: b, x: x, purse: map[string]ledger.Amount{}, seats: make([]seat, len(x.Children)), coming: x.Receipts}
	maps.Copy(t.purse, x.Funds)
	for _, r := range x.Receipts {
		t.purse[r.Fund] = t.purse[r.Fund].Add(ledger.Amount{}) // a fund that receives money can run out
	}
	for i := range t.seats {
		t.seats[i].next = x.Children[i].firstDay()
	}
	return t
}

// until has the nights up to a day pass.
func (t *till) until(on ledger.Date) {
	for day := t.nextDay(); !day.IsZero() && !day.After(on); day = t.nextDay() {
		t.night(day)
	}
}

// nextDay is the next on which a child or a fund changes, or no day.
func (t *till) nextDay() (next ledger.Date) {
	for i := range t.seats {
		next = sooner(next, t.seats[i].next)
	}
	if len(t.coming) > 0 {
		next = sooner(next, t.coming[0].On)
	}
	return next
}

// sooner is the earlier of two days, of which no day is never.
func sooner(a, b ledger.Date) ledger.Date {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// night evaluates the children of whom something may have changed and asks the
// funds for what all of them lack.
func (t *till) night(on ledger.Date) {
	for len(t.coming) > 0 && !t.coming[0].On.After(on) {
		r := t.coming[0]
		t.purse[r.Fund], t.coming = t.purse[r.Fund].Add(r.Amount), t.coming[1:]
	}
	for i := range t.seats {
		if s := &t.seats[i]; !s.next.IsZero() && !s.next.After(on) {
			c := OnlyTaken(t.book, t.x.Children[i].knownBy(on))
			t.evaluate(s, c, on)
			s.next = t.dayAfter(i, c, on)
		}
	}
	t.pay(on)
}

// evaluate notes what a child is entitled to and takes back what it is no
// longer: what was not paid out yet, and what a returned deposit had earned
// where the book says so. The rest of an excess stays until somebody decides.
func (t *till) evaluate(s *seat, c Child, on ledger.Date) {
	for i := range s.awards {
		s.awards[i].Amount, s.awards[i].Due = ledger.Amount{}, ledger.Amount{}
	}
	for _, e := range Evaluate(t.book, c, on) {
		s.award(e.Benefit, e.Period).Entitlement = e
	}
	for i := range s.awards {
		a := &s.awards[i]
		excess := a.given().Sub(a.Amount)
		if !t.book.ReversesOnReturn(a.Benefit) || !hasReturn(c, on) {
			excess = excess.Min(a.given().Sub(a.paid))
		}
		t.takeBack(a, excess)
	}
}

func hasReturn(c Child, on ledger.Date) bool {
	return slices.ContainsFunc(c.Events, func(e Event) bool { return e.Kind == Return && !e.On.After(on) })
}

func (s *seat) award(benefit, period string) *award {
	for i := range s.awards {
		if s.awards[i].Benefit == benefit && s.awards[i].Period == period {
			return &s.awards[i]
		}
	}
	s.awards = append(s.awards, award{Entitlement: Entitlement{Benefit: benefit, Period: period}, byFund: map[string]ledger.Amount{}})
	return &s.awards[len(s.awards)-1]
}

// takeBack returns an amount to the funds that gave it, the last fund first.
func (t *till) takeBack(a *award, amount ledger.Amount) {
	for i := len(a.order) - 1; i >= 0 && amount.Sign() > 0; i-- {
		fund := a.order[i]
		part := amount.Min(a.byFund[fund])
		a.byFund[fund], amount = a.byFund[fund].Sub(part), amount.Sub(part)
		if left, ends := t.purse[fund]; ends {
			t.purse[fund] = left.Add(part)
		}
	}
	a.paid = a.paid.Min(a.given())
}

// pay asks the funds for what all children lack.
func (t *till) pay(on ledger.Date) {
	var wants []Want
	var of []*award
	for i := range t.seats {
		for k := range t.seats[i].awards {
			a := &t.seats[i].awards[k]
			a.waits = ledger.Amount{}
			if w, asks := t.book.Want(t.x.Children[i].ID, a.Entitlement, on, a.given(), a.refused); asks {
				wants, of = append(wants, w), append(of, a)
			}
		}
	}
	for i, g := range Fund(wants, t.withoutEnd(wants)) {
		a := of[i]
		a.waits, a.refused, a.taken = g.Waits, a.refused.Add(g.Refused), a.taken || g.Household
		for _, p := range g.Parts {
			t.give(a, p)
		}
	}
	for i := range t.seats {
		for k := range t.seats[i].awards {
			a := &t.seats[i].awards[k]
			a.paid = a.paid.Max(a.given().Min(a.Due))
		}
	}
}

func (t *till) give(a *award, p Part) {
	a.byFund[p.Fund] = a.byFund[p.Fund].Add(p.Amount)
	if !slices.Contains(a.order, p.Fund) {
		a.order = append(a.order, p.Fund)
	}
	if left, ends := t.purse[p.Fund]; ends {
		t.purse[p.Fund] = left.Sub(p.Amount)
	}
}

// withoutEnd is the purse with enough for every want in the funds that have no
// end.
func (t *till) withoutEnd(wants []Want) map[string]ledger.Amount {
	purse := maps.Clone(t.purse)
	for _, w := range wants {
		for _, fund := range w.Funds {
			if _, ends := t.purse[fund]; !ends {
				purse[fund] = purse[fund].Add(w.Amount)
			}
		}
	}
	return purse
}

// answer adds up what an expectation speaks of.
func (t *till) answer(to *answer, want *Expectation) {
	to.byFund = map[string]ledger.Amount{}
	for i := range t.seats {
		if want.Child != "" && want.Child != t.x.Children[i].Name {
			continue
		}
		for k := range t.seats[i].awards {
			a := &t.seats[i].awards[k]
			if !want.speaksOf(a.Benefit, a.Period) {
				continue
			}
			to.given, to.queued, to.refused = to.given.Add(a.given()), to.queued.Add(a.waits), to.refused.Add(a.refused)
			to.taken = to.taken || a.taken
			for _, fund := range a.order {
				to.byFund[fund] = to.byFund[fund].Add(a.byFund[fund])
			}
		}
	}
}

// firstDay is the first day on which something happens to a child, or no day.
func (c *ExampleChild) firstDay() (first ledger.Date) {
	for _, e := range c.Events {
		first = sooner(first, e.On)
	}
	return first
}

// dayAfter is the next day on which what a child is entitled to may change, by
// itself or because the program hears of something; no day where there is none.
func (t *till) dayAfter(child int, c Child, on ledger.Date) ledger.Date {
	next := Next(t.book, c, on)
	for _, heard := range t.x.Children[child].received {
		if heard.After(on) {
			next = sooner(next, heard)
		}
	}
	return next
}
