package rules

import (
	"sort"

	"seedbook/ledger"
)

// mark is how far a span had come when an event counted.
type mark struct {
	on    ledger.Date
	seq   int64
	at    int // which of the evaluator's parts
	state part
}

// reached finds the event with which a span came to its amount, which decides
// who is first where money is short. It is the last that counts, but where a
// cap was full before, or a threshold reached: who deposits more than is
// matched does not lose a place.
func (e *evaluator) reached(s *span) {
	s.earnedOn, s.earnedSeq = s.last, s.lastSeq
	marks := e.marks[s.firstMark:s.lastMark]
	if len(marks) < 2 || s.surelyGrew(marks[len(marks)-2:]) {
		return
	}
	probe, top := *s, len(e.parts)
	k := sort.Search(len(marks)-1, func(i int) bool {
		m := &marks[i]
		e.parts = append(e.parts[:top], e.parts[s.firstPart:m.at]...)
		e.parts = append(e.parts, m.state)
		probe.firstPart, probe.lastPart, probe.last = top, len(e.parts), m.on
		return !e.underMinimum(&probe) && !e.amount(&probe, false).amount.Less(s.amount)
	})
	e.parts = e.parts[:top]
	s.earnedOn, s.earnedSeq = marks[k].on, marks[k].seq
}

// surelyGrew reports whether the latter of two marks made an amount larger: by a
// ratio that nothing cut, of so much that it is a cent at least.
func (s *span) surelyGrew(last []mark) bool {
	if s.reason != ReasonAwarded || s.terms.Amount.Ratio == nil || s.terms.PhaseOut != nil {
		return false
	}
	more := last[1].state.base
	if last[0].at == last[1].at {
		more = more.Sub(last[0].state.base)
	}
	return !more.Less(s.terms.cent)
}
