package rules

import "seedbook/ledger"

// shortfall is the reason why a span gives nothing, found before any
// arithmetic; "" where it may give something.
func (s *span) shortfall(e *evaluator) Reason {
	switch {
	case s.counted == 0:
		return s.nothingCounted(e)
	case e.base(s).Sign() <= 0:
		if s.withdrawn.Sign() > 0 {
			return ReasonWithdrawn
		}
		return ReasonReturned
	case e.unchosen(s):
		return ReasonChoose
	case e.underMinimum(s):
		s.need = s.terms.Base.MinPeriod.Sub(e.base(s))
		return ReasonBelowMinimum
	}
	return ""
}

func (e *evaluator) underMinimum(s *span) bool {
	least := s.terms.Base.MinPeriod
	return least != nil && e.base(s).Less(*least)
}

// nothingCounted says why: what came nearest to counting speaks first.
func (s *span) nothingCounted(e *evaluator) Reason {
	switch {
	case s.undecided > 0:
		return ReasonMissingFact
	case s.refused > 0:
		return ReasonCondition
	case s.small > 0 && s.terms != nil && s.terms.Basis.Measure == EventAmounts:
		return ReasonSmallAmounts
	case s.small > 0:
		return ReasonSmall
	case s.channel > 0:
		return ReasonChannel
	case s.returned > 0:
		return ReasonReturned
	case s.terms == nil:
		return s.noTerms(e)
	case e.died && s.period.Contains(e.asOf):
		return ReasonDeceased
	case !e.leftOn.IsZero() && s.period.Contains(e.asOf):
		return ReasonLeft
	case e.view.child.BornOn.IsZero() && (s.terms.Trigger.Kind == AtAge || s.terms.Trigger.From == fromBirthday || s.plan.period == BirthdayYear):
		s.missing = 1 << e.book.facts.index["born_on"]
		return ReasonMissingFact
	case s.terms.Trigger.Kind == EachPeriod && e.beginning(beginning{s.terms.Trigger.From, s.terms.Trigger.from}).IsZero():
		s.missing = 1 << e.slotOf(beginning{s.terms.Trigger.From, s.terms.Trigger.from})
		return ReasonMissingFact
	case s.terms.Trigger.Kind == AtAge:
		return ReasonTooYoung
	case s.terms.Trigger.Kind == OnClass:
		return ReasonNotNamed
	case s.terms.Trigger.Kind == OnCensus:
		return ReasonCensus
	case s.outside > 0:
		return s.noTerms(e)
	case s.terms.Basis.Measure == ContributionBalance && e.asOf.Before(s.period.Last):
		return ReasonWindowOpen
	case s.streak.sum.Sign() > 0 || s.streak.length > 0:
		s.need, s.times = s.terms.Streak.Least, s.terms.Streak.Length
		return ReasonNoStreak
	case s.terms.countsDeposits():
		return ReasonNoDeposits
	}
	return ReasonNoEvent
}

// noTerms says why no version answers.
func (s *span) noTerms(e *evaluator) Reason {
	first, last := e.book.Versions[0], e.book.Versions[len(e.book.Versions)-1]
	day := earlier(e.asOf, s.period.Last)
	switch {
	case first.SelectedBy == CohortDate && e.view.child.BornOn.IsZero():
		s.missing = 1 << e.book.facts.index["born_on"]
		return ReasonMissingFact
	case first.SelectedBy == CohortDate:
		day = e.view.child.BornOn
	}
	switch {
	case day.Before(first.EffectiveFrom):
		return ReasonNotYet
	case !last.EffectiveTo.IsZero() && day.After(last.EffectiveTo):
		return ReasonEnded
	}
	return ReasonNotOffered
}

// explainZero says what an amount of zero lacked.
func (e *evaluator) explainZero(s *span) {
	if s.reason != ReasonAwarded && s.reason != ReasonBaseCap {
		return
	}
	switch f := s.terms.Amount; {
	case f.Threshold != nil:
		s.reason, s.need = ReasonBelowThreshold, f.Threshold.At.Sub(e.base(s))
	case f.Step != nil:
		s.reason, s.need = ReasonBelowThreshold, f.Step.Per.Sub(e.base(s))
	case f.Table != nil && (f.Table.slot >= 0 || f.Table.value != nil):
		s.reason = ReasonNoRow
	case f.Table != nil:
		s.reason, s.need = ReasonBelowThreshold, f.Table.worth().Sub(e.base(s))
	}
	if s.terms.PhaseOut != nil && s.reason == ReasonAwarded {
		s.reason = ReasonPhasedOut
	}
	if s.reason == ReasonBelowThreshold && s.terms.Basis.Measure.counts() {
		s.reason, s.times, s.need = ReasonBelowCount, int((s.need.Minor()+99)/100), ledger.Amount{}
	}
}

// outcome sorts a span by what the family may expect.
func (s *span) outcome(e *evaluator) Outcome {
	switch {
	case s.amount.Sign() > 0 && s.due == s.amount:
		return Given
	case s.amount.Sign() > 0:
		return OnTheWay
	case s.reason == ReasonUnclaimed && e.leftOn.IsZero() && (e.claim.last.IsZero() || !e.asOf.After(e.claim.last)):
		return Open
	case !s.period.Contains(e.asOf) || !e.leftOn.IsZero():
		return Nothing
	}
	switch s.reason {
	case ReasonChoose:
		return Open
	case ReasonCondition:
		if e.asOf.Before(s.judged) {
			return Open
		}
		return Nothing
	case ReasonNotNamed:
		if e.asOf.Before(s.terms.Trigger.On) {
			return Open
		}
		return Nothing
	case ReasonCensus:
		if s.period.Contains(e.nextCensus()) {
			return Open
		}
		return Nothing
	case ReasonNoDeposits, ReasonNoEvent, ReasonSmall, ReasonSmallAmounts, ReasonChannel, ReasonBelowMinimum, ReasonBelowThreshold,
		ReasonBelowCount, ReasonNoStreak, ReasonWindowOpen, ReasonTooYoung, ReasonNotYet, ReasonMissingFact, ReasonReturned, ReasonWithdrawn:
		return Open
	}
	return Nothing
}

// until is the day that a reason speaks of.
func (s *span) until(e *evaluator) ledger.Date {
	switch {
	case s.reason == ReasonUnclaimed:
		return e.claim.last
	case s.reason == ReasonNotVested:
		return s.lost
	case s.reason == ReasonTooYoung:
		return birthday(e.view.child.BornOn, s.terms.Trigger.Years, e.book.Program.LeapDay)
	case s.reason == ReasonCensus:
		if s.period.Contains(e.nextCensus()) {
			return e.nextCensus()
		}
		return ledger.Date{}
	case s.reason == ReasonNotNamed:
		if e.asOf.Before(s.terms.Trigger.On) {
			return s.terms.Trigger.On
		}
		return ledger.Date{}
	case s.reason == ReasonCondition && e.asOf.Before(s.judged):
		return s.judged
	case s.reason == ReasonNotYet && e.book.Versions[0].SelectedBy != CohortDate:
		return e.book.Versions[0].EffectiveFrom
	case s.amount.IsZero() && s.period != forever:
		return s.period.Last
	}
	return ledger.Date{}
}

// nextCensus is the next census day after the day asked for.
func (e *evaluator) nextCensus() ledger.Date { return e.book.Calendar.censusFrom(e.asOf.AddDays(1)) }
