package rules

import (
	"math/bits"

	"seedbook/ledger"
)

// entitlements turns the settled spans into what callers see.
func (e *evaluator) entitlements() []Entitlement {
	out := make([]Entitlement, len(e.spans))
	for i := range e.spans {
		s := &e.spans[i]
		s.settleShares()
		// Field by field: a literal would be built aside and copied.
		t := &out[i]
		t.Benefit, t.Kind, t.Period = s.plan.id, s.plan.kind, e.label(s.plan, s.period)
		t.Amount, t.Due, t.PayOn = s.amount, s.due, s.payOn
		t.Vested, t.VestsOn = s.vested, s.vestsOn
		t.EarnedOn, t.EarnedSeq = s.earnedOn, s.earnedSeq
		t.Shares, t.Household, t.Funds = s.shares, e.household(s), s.funds
		if s.terms != nil {
			t.OnShortfall = s.terms.Funding.OnShortfall
		}
		e.why(s, &t.Why)
	}
	return out
}

// why fills in the reason of a span.
func (e *evaluator) why(s *span, w *Why) {
	w.Reason, w.Outcome, w.Wait = s.reason, s.outcome(e), s.wait
	w.Amount, w.Due, w.PayOn = s.amount, s.due, s.payOn
	w.Rule, w.Need, w.Times, w.Until = s.plan.id, s.need, s.times, s.until(e)
	w.Lines, w.Facts = s.lines, e.facts
	if s.version >= 0 {
		w.Version = e.book.Versions[s.version].ID
	}
	if s.reason == ReasonMissingFact {
		w.Missing = e.missing(s.missing)
	}
	if s.terms != nil && s.reason == ReasonNoEvent {
		w.Event = s.terms.awaits()
		w.Says = e.book.eventWords(w.Event)
	}
	for _, f := range s.funds {
		if f.Allowed {
			w.Fund = f.Code
			break
		}
	}
	if own := s.read &^ e.gates; own != 0 {
		w.Facts = append(e.facts[:len(e.facts):len(e.facts)], e.reads(own, s.readOn(e))...)
	}
}

// readOn is the day by whose facts a span was judged.
func (s *span) readOn(e *evaluator) ledger.Date {
	if s.last.IsZero() {
		return earlier(e.asOf, s.period.Last)
	}
	return s.last
}

func (t *terms) awaits() EventKind {
	if t.Basis.Measure.ofEvents() {
		return t.Basis.Event
	}
	return t.Trigger.Event
}

// reads lists the facts behind a set of slots, as of a day.
func (e *evaluator) reads(slots uint64, on ledger.Date) []FactRead {
	slots &^= e.book.facts.calendar
	if slots == 0 {
		return nil
	}
	out := make([]FactRead, 0, bits.OnesCount64(slots))
	e.view.day = on
	for ; slots != 0; slots &= slots - 1 {
		i := bits.TrailingZeros64(slots)
		out = append(out, e.view.factRead(i))
	}
	return out
}

func (v *view) factRead(i int) FactRead {
	s := &v.words.slots[i]
	r := FactRead{Name: s.name, Says: s.says}
	switch s.from {
	case fromFact:
		if f := v.fact(s.name); f != nil {
			r.Value, r.From, r.Known = f.Value, f.From, f.Known
		}
	case fromBirth:
		r.Value = v.child.BornOn
	case fromFirstEvent:
		r.From = v.firstEvent(s.event)
	}
	return r
}

// missing names a set of slots.
func (e *evaluator) missing(slots uint64) (out []FactRead) {
	for ; slots != 0; slots &= slots - 1 {
		s := &e.book.facts.slots[bits.TrailingZeros64(slots)]
		out = append(out, FactRead{Name: s.name, Says: s.says})
	}
	return out
}

func (b *Book) eventWords(k EventKind) Text {
	for _, e := range b.Events {
		if e.Name == k {
			return e.Says
		}
	}
	return Text{}
}
