package rules

import "seedbook/ledger"

// Vesting says from when on what a benefit gave cannot be lost any more.
type Vesting struct {
	Kind  VestingKind
	At    Moment        // of VestsAt and VestsByMatch
	Saved ledger.Amount // of VestsByMatch: what the family must have saved by then

	at *moment
}

// VestingKind is how a benefit vests.
type VestingKind string

// The kinds of vesting.
const (
	VestsOnUse   VestingKind = "restricted_until_use" // the default: never before it is used
	VestsAtOnce  VestingKind = "immediate"
	VestsAt      VestingKind = "at"
	VestsByMatch VestingKind = "match_by"
)

// vesting reads a word or a mapping.
func (c *compiler) vesting(b *Book, n *node) Vesting {
	if n == nil || n.kind != mapping {
		kind := choice(c.decoder, n, VestsOnUse, VestsAtOnce)
		if kind == "" {
			kind = VestsOnUse
		}
		return Vesting{Kind: kind}
	}
	o := c.object(n, "vesting")
	v := Vesting{Kind: VestsAt, at: c.moment(b, o.may("at"))}
	by, saved := c.deadline(b, o, "match_by"), o.may("saved")
	o.done()
	v.Saved = c.value(c.positive(saved))
	if n.get("match_by") != nil {
		v.Kind, v.at = VestsByMatch, by
	}
	switch matched := v.Kind == VestsByMatch; {
	case matched == (n.get("at") != nil):
		c.report(n, "one_vesting", nil)
	case matched != (saved != nil):
		c.report(n, "one_vesting", nil)
	}
	if v.at != nil {
		v.At = v.at.Moment
	}
	b.mayLapse = b.mayLapse || v.Kind == VestsByMatch
	return v
}

// vests is what a span says of vesting.
type vests struct {
	vested  ledger.Amount
	vestsOn ledger.Date
	lost    ledger.Date // the last day on which enough could have been saved to keep it
}

// savedOn is the first day on which the family had saved an amount: deposits
// less withdrawals, or no day.
func (e *evaluator) savedOn(t *terms, least ledger.Amount) (on ledger.Date, now ledger.Amount) {
	for i := range e.events {
		switch ev := &e.events[i]; {
		case ev.Kind == Deposit:
			now = now.Add(e.kept(t, ev))
		case ev.Kind == Withdrawal && ev.From != OwnProgram:
			now = now.Sub(ev.Amount)
		}
		if on.IsZero() && !now.Less(least) {
			on = e.events[i].On
		}
	}
	return on, now
}

// unvested reports a span that gives nothing because too little was saved in
// time. Until then it notes what has to be saved.
func (e *evaluator) unvested(s *span) bool {
	v := &s.terms.Vesting
	if v.Kind != VestsByMatch {
		return false
	}
	day, known := e.view.moment(v.at)
	last := v.at.last(day)
	on, now := e.savedOn(s.terms, v.Saved)
	switch {
	case !on.IsZero() && (!known || !on.After(last)):
		s.vestsOn = on
		return false
	case known && e.asOf.After(last):
		s.need, s.lost = v.Saved.Sub(now).Max(ledger.Amount{}), last
		return true
	case known:
		e.lines = append(e.lines, Line{Op: OpVesting, Base: now.Max(ledger.Amount{}), Limit: v.Saved, Ref: last.String()})
	}
	return false
}

// vest decides how much of what is payable cannot be lost any more.
func (e *evaluator) vest(s *span) {
	if s.due.IsZero() || s.terms == nil {
		s.vestsOn = ledger.Date{}
		return
	}
	switch v := &s.terms.Vesting; v.Kind {
	case VestsAtOnce:
		s.vested, s.vestsOn = s.due, s.payOn
	case VestsAt:
		if day, known := e.view.moment(v.at); known {
			s.vestsOn = day
		}
	}
	if !s.vestsOn.IsZero() && !s.vestsOn.After(e.asOf) {
		s.vested = s.due
	}
}
