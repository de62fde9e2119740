package rules

import (
	"slices"
	"time"
	_ "time/tzdata" // a book is checked alike on every machine

	"seedbook/ledger"
)

// How much one book may hold.
const (
	maxVersions = 50
	maxBenefits = 100
	maxFacts    = 50
	maxEvents   = 50
	maxExamples = 500
	maxItems    = 200
)

// book reads the whole of a rule book. It is called once a tree; problems
// gather in the decoder.
func (d *decoder) book(root *node) *Book {
	o := d.object(root, "book")
	b := &Book{
		Program:  d.program(o.must("program")),
		Calendar: d.calendar(o.may("calendar")),
		Versions: d.versions(o.must("versions")),
		Facts:    d.facts(o.may("facts")),
		Events:   d.events(o.may("events")),
	}
	b.Tables = d.tables(b, o.may("tables"))
	words, err := newVocabulary(b)
	if err != nil {
		// Names were checked before; what CEL refuses beyond that is named here.
		d.report(root, "cel_syntax", map[string]any{"what": clip(err.Error())})
		words, _ = newVocabulary(&Book{Program: b.Program, Calendar: b.Calendar})
	}
	if n := len(words.slots); n > maxSlots {
		d.report(root, "too_many_names", map[string]any{"n": n, "limit": maxSlots, "own": maxSlots - len(builtin) - len(engineEvents)})
	}
	b.facts = words
	c := &compiler{decoder: d, words: words, done: map[string]*predicate{}}
	b.Enrollment = c.enrollment(b, o.may("enrollment"))
	c.eligibility(b, o.may("eligibility"))
	c.benefits(b, o.must("benefits"))
	b.SharedCaps = c.sharedCaps(b, o.may("shared_caps"))
	b.Account = c.account(b, o.may("account"))
	b.Withdrawal = d.withdrawal(o.may("withdrawal"))
	b.Expiry = c.expiries(b, o.may("expiry"))
	b.Exit = d.exits(b, o.may("exit"))
	b.Examples = d.examples(b, o.may("examples"))
	o.done()
	return b
}

// currencies are those with two decimals that programs we know of use.
var currencies = []string{"USD", "CAD", "GBP", "EUR", "SGD", "AUD", "NZD"}

func (d *decoder) program(n *node) Program {
	o := d.object(n, "program")
	p := Program{
		ID:       d.code(o.must("id")),
		Name:     d.text(o.must("name"), maxName),
		Currency: choice(d, o.must("currency"), currencies...),
		TimeZone: d.zone(o.must("time_zone")),
		Rounding: choice(d, o.must("rounding"), ledger.HalfUp, ledger.HalfEven, ledger.Down),
		LeapDay:  choice(d, o.may("leap_day"), February28, March1),
	}
	o.done()
	if p.LeapDay == "" {
		p.LeapDay = February28
	}
	return p
}

func (d *decoder) zone(n *node) string {
	s, ok := d.plain(n)
	if !ok {
		return ""
	}
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
		d.report(n, "not_zone", map[string]any{"value": clip(s)})
	}
	return s
}

func (d *decoder) calendar(n *node) Calendar {
	o := d.object(n, "calendar")
	c := Calendar{
		SchoolYear:  d.monthDay(o.may("school_year")),
		FiscalYear:  d.monthDay(o.may("fiscal_year")),
		BenefitYear: d.monthDay(o.may("benefit_year")),
		CensusDay:   d.censusDay(o.may("census_day")),
	}
	if c.CensusDay.Month > 0 && c.SchoolYear.Month == 0 {
		d.report(n.get("census_day"), "no_year_start", map[string]any{"period": string(SchoolYear)})
	}
	o.done()
	return c
}

// versions reads the spans and refuses gaps, overlaps and disorder: on every
// day from the first on, exactly one version answers.
func (d *decoder) versions(n *node) (out []Version) {
	var places []*node
	d.each(n, func(item *node) {
		o := d.object(item, "version")
		v := Version{
			ID:            d.name(o.must("id")),
			EffectiveFrom: d.date(o.must("effective_from")),
			EffectiveTo:   d.date(o.may("effective_to")),
			SelectedBy:    choice(d, o.may("selected_by"), EventDate, CohortDate, PeriodStart, PaymentDate),
			Note:          d.text(o.may("note"), maxText),
		}
		o.done()
		if v.SelectedBy == "" {
			v.SelectedBy = EventDate
		}
		out, places = append(out, v), append(places, item)
	})
	if n != nil && len(out) == 0 || len(out) > maxVersions {
		d.report(n, "item_count", map[string]any{"least": 1, "most": maxVersions})
		return nil
	}
	for i := range out {
		d.checkVersion(out, i, places[i])
	}
	return out
}

func (d *decoder) checkVersion(all []Version, i int, at *node) {
	v := all[i]
	if !v.EffectiveTo.IsZero() && v.EffectiveTo.Before(v.EffectiveFrom) {
		d.report(at, "ends_before_start", nil)
	}
	if i == 0 {
		return
	}
	before := all[i-1]
	switch next := before.EffectiveTo.AddDays(1); {
	case slices.ContainsFunc(all[:i], func(u Version) bool { return u.ID == v.ID }):
		d.report(at, "twice", map[string]any{"value": v.ID})
	case before.EffectiveTo.IsZero() || v.EffectiveFrom.Before(next):
		d.report(at, "version_overlap", map[string]any{"version": v.ID, "before": before.ID})
	case v.EffectiveFrom.After(next):
		d.report(at, "version_gap", map[string]any{"version": v.ID, "before": before.ID, "from": next, "to": v.EffectiveFrom.AddDays(-1)})
	}
	if v.SelectedBy != before.SelectedBy {
		d.report(at, "version_selector", map[string]any{"version": v.ID, "before": before.ID})
	}
}

func (d *decoder) facts(n *node) (out []FactDecl) {
	d.each(n, func(item *node) {
		o := d.object(item, "fact")
		f := FactDecl{
			Name:  d.name(o.must("name")),
			Type:  choice(d, o.must("type"), factTypes...),
			OneOf: d.codes(o.may("one_of")),
			Says:  d.says(o.may("says")),
		}
		o.done()
		if !slices.Contains(factTypes, f.Type) {
			return
		}
		taken := reserved[f.Name] || slices.ContainsFunc(builtin, func(s slot) bool { return s.name == f.Name }) ||
			slices.ContainsFunc(out, func(g FactDecl) bool { return g.Name == f.Name })
		if taken || !isIdent(f.Name) {
			d.report(item, "name_taken", map[string]any{"value": clip(f.Name)})
			return
		}
		out = append(out, f)
	})
	if len(out) > maxFacts {
		d.report(n, "item_count", map[string]any{"least": 0, "most": maxFacts})
		out = out[:maxFacts]
	}
	return out
}

func (d *decoder) events(n *node) (out []EventDecl) {
	d.each(n, func(item *node) {
		o := d.object(item, "event")
		e := EventDecl{Name: EventKind(d.name(o.must("name"))), Says: d.says(o.may("says"))}
		o.done()
		taken := e.Name == Named || slices.Contains(engineEvents, e.Name) || slices.ContainsFunc(out, func(g EventDecl) bool { return g.Name == e.Name }) ||
			slices.ContainsFunc(builtin, func(s slot) bool { return s.name == string(e.Name)+"_on" })
		if taken || !isIdent(string(e.Name)) {
			d.report(item, "name_taken", map[string]any{"value": clip(string(e.Name))})
			return
		}
		out = append(out, e)
	})
	if len(out) > maxEvents {
		d.report(n, "item_count", map[string]any{"least": 0, "most": maxEvents})
		out = out[:maxEvents]
	}
	return out
}

// eventKinds are the engine's events and the book's own.
func (b *Book) eventKinds() []EventKind {
	kinds := slices.Clone(engineEvents)
	for _, e := range b.Events {
		kinds = append(kinds, e.Name)
	}
	return kinds
}

func (c *compiler) enrollment(b *Book, n *node) Enrollment {
	d := c.decoder
	o := d.object(n, "enrollment")
	e := Enrollment{
		Mode:       choice(d, o.must("mode"), autoOptOut, optIn, checkbox, application),
		OptOutDays: d.whole(o.may("opt_out_days"), 0, 730),
		OnOptOut:   choice(d, o.may("on_opt_out"), undoPropose, undoNone),
		Claim:      c.claim(b, o.may("claim")),
	}
	o.done()
	if e.OptOutDays > 0 && e.Mode != autoOptOut {
		d.report(n, "opt_out_mode", nil)
	}
	return e
}

func (c *compiler) eligibility(b *Book, n *node) {
	c.each(n, func(item *node) {
		o := c.object(item, "requirement")
		r := Requirement{ID: c.name(o.must("id")), Says: c.says(o.may("says"))}
		when := o.must("when")
		compiled := c.predicate(when)
		o.done()
		if when != nil {
			r.When = when.text
		}
		if slices.ContainsFunc(b.Eligibility, func(q Requirement) bool { return q.ID == r.ID }) {
			c.report(item, "twice", map[string]any{"value": r.ID})
		}
		c.noPeriods(when, compiled)
		b.Eligibility = append(b.Eligibility, r)
		b.gates = append(b.gates, gate{r, compiled})
	})
	if len(b.Eligibility) > maxItems {
		c.report(n, "item_count", map[string]any{"least": 0, "most": maxItems})
	}
}

// gate is a requirement, compiled.
type gate struct {
	Requirement
	when *predicate
}

// noPeriods refuses a condition that asks for a period where there is none.
func (c *compiler) noPeriods(n *node, p *predicate) {
	if p == nil {
		return
	}
	for i, s := range c.words.slots {
		if p.reads&(1<<i) != 0 && (s.from == fromPeriodStart || s.from == fromPeriodEnd) {
			c.report(n, "no_period_here", map[string]any{"fact": s.name})
		}
	}
}

func (c *compiler) sharedCaps(b *Book, n *node) (out []SharedCap) {
	c.each(n, func(item *node) {
		o := c.object(item, "shared_cap")
		s := SharedCap{
			ID:     c.name(o.must("id")),
			Period: choice(c.decoder, o.must("period"), periodKinds...),
			Max:    c.value(c.amount(o.must("max"))),
		}
		names, when := o.must("benefits"), o.may("when")
		s.Benefits = c.codes(names)
		bound := c.predicate(when)
		if when != nil {
			s.When = when.text
		}
		o.done()
		c.checkBenefitNames(b, names, s.Benefits)
		c.checkYear(b, item, s.Period)
		if slices.ContainsFunc(out, func(g SharedCap) bool { return g.ID == s.ID }) {
			c.report(item, "twice", map[string]any{"value": s.ID})
		}
		out, b.bounds = append(out, s), append(b.bounds, bound)
	})
	if len(out) > maxItems {
		c.report(n, "item_count", map[string]any{"least": 0, "most": maxItems})
	}
	return out
}

func (d *decoder) checkBenefitNames(b *Book, n *node, names []string) {
	for i, name := range names {
		if b.plan(name) == nil {
			d.unknown(n.items[i], name, b.benefitIDs())
		}
	}
}

// checkYear reports a kind of year whose beginning the calendar does not say.
func (d *decoder) checkYear(b *Book, n *node, kind PeriodKind) {
	if _, starts := b.Calendar.yearStart(kind); !starts {
		d.report(n, "no_year_start", map[string]any{"period": string(kind)})
	}
}
