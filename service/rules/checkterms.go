package rules

import "slices"

// checkTerms refuses terms that contradict themselves.
func (c *compiler) checkTerms(b *Book, n *node, t *terms) {
	c.checkYear(b, n, t.Period)
	c.checkBasis(n, t)
	c.checkFormula(n, t)
	c.checkPeriod(n, t)
	c.checkSharing(n, t)
	c.checkClass(n, t)
	for _, w := range t.Caps.Within {
		if length(w.Period) <= length(t.Period) {
			c.report(n.get("caps"), "within_shorter", map[string]any{"period": string(w.Period)})
		}
	}
}

// checkBasis sees to it that a benefit waits for one thing: a trigger or a
// basis.
func (c *compiler) checkBasis(n *node, t *terms) {
	counting := t.Basis.Measure != NoBasis
	switch {
	case counting && t.Trigger.Kind != "":
		c.report(n.get("trigger"), "trigger_and_basis", nil)
	case !counting && t.Trigger.Kind == "":
		c.report(n, "missing_key", map[string]any{"key": "trigger"})
	case !counting && n.get("base") != nil:
		c.report(n.get("base"), "needs_basis", map[string]any{"key": "base"})
	case t.Basis.Measure == EventAmounts && (t.Basis.Event == Deposit || t.Basis.Event == Return):
		c.report(n.get("basis"), "unfit_event", map[string]any{"event": string(t.Basis.Event)})
	case t.Trigger.Kind == OnEvent && slices.Contains(unfit, t.Trigger.Event):
		c.report(n.get("trigger"), "unfit_event", map[string]any{"event": string(t.Trigger.Event)})
	}
	if t.Basis.Measure == CountEvents && t.Basis.Event != Deposit && n.get("base") != nil {
		c.report(n.get("base"), "needs_deposits", map[string]any{"key": "base"})
	}
	c.checkUndo(n.get("undo"), t)
	if t.Basis.Measure == EventAmounts && (t.Base.Channels != nil || t.Base.Exclude != nil) {
		c.report(n.get("base"), "needs_deposits", map[string]any{"key": "channels"})
	}
	if t.EligibleAt == eligibleAtCensus {
		c.checkCall(n.get("eligible_at"), t.EligibleAt)
	}
	if (t.Streak != nil) != (t.Basis.Measure == Streaks) {
		c.report(n, "streak_and_basis", nil)
	}
	if t.Basis.Measure.balance() && (t.Base.MinSingle != nil || t.Base.Channels != nil || t.Base.Exclude != nil) {
		c.report(n.get("base"), "base_of_balance", nil)
	}
	if t.PhaseOut != nil && t.Amount.Ratio == nil {
		c.report(n.get("phase_out"), "phase_out_needs_ratio", nil)
	}
}

// checkUndo refuses to undo by what the benefit does not look at.
func (c *compiler) checkUndo(at *node, t *terms) {
	on := t.Undo.OnWithdrawal
	if t.Undo.OnReturn != "" && !t.countsDeposits() {
		c.report(at, "needs_deposits", map[string]any{"key": "on_return"})
	}
	if on == undoRatio && t.Basis.Measure != NetDeposits {
		c.report(at, "undo_needs_net", nil)
	}
	if on == undoShare && t.Basis.Measure != GrossDeposits && t.Basis.Measure != NetDeposits {
		c.report(at, "needs_deposits", map[string]any{"key": undoShare})
	}
	if t.Undo.Withdrawals != "" && (on == "" || on == undoNone) {
		c.report(at, "missing_key", map[string]any{"key": "on_withdrawal"})
	}
}

// countsDeposits reports terms that a returned deposit touches.
func (t *terms) countsDeposits() bool {
	m := t.Basis.Measure
	return m == GrossDeposits || m == NetDeposits || m == Streaks || m.balance() || t.Basis.Measure == CountEvents && t.Basis.Event == Deposit || t.Trigger.Event == Deposit
}

func (c *compiler) checkFormula(n *node, t *terms) {
	counting, at := t.Basis.Measure != NoBasis, n.get("amount")
	switch f := t.Amount; {
	case (f.Fixed != nil || f.Series != nil) && counting:
		c.report(at, "fixed_needs_trigger", nil)
	case f.Ratio != nil && (!counting || t.Basis.Measure.counts()):
		c.report(at, "ratio_needs_deposits", nil)
	case (f.Threshold != nil || f.Step != nil) && !counting:
		c.report(at, "needs_basis", map[string]any{"key": "amount"})
	}
	if t.Caps.PerEvent != nil && (t.Amount.Ratio == nil || !t.Basis.Measure.sums()) {
		c.report(n.get("caps"), "per_event_needs_ratio", nil)
	}
}

// checkPeriod refuses what needs the bounds of a period where there are none.
func (c *compiler) checkPeriod(n *node, t *terms) {
	if t.Trigger.Kind == AtAge && t.Period != Once {
		c.report(n.get("period"), "age_is_once", nil)
	}
	if t.Period != Once {
		return
	}
	if t.Trigger.Kind == EachPeriod || t.Basis.Measure == ContributionBalance {
		c.report(n.get("period"), "no_period_here", map[string]any{"fact": string(t.Trigger.Kind) + string(t.Basis.Measure)})
	}
	if t.Carry != nil {
		c.report(n.get("carry_forward"), "no_period_here", map[string]any{"fact": "carry_forward"})
	}
	if t.EligibleAt == eligibleAtPeriodStart || t.EligibleAt == eligibleAtPeriodEnd {
		c.report(n.get("eligible_at"), "no_period_here", map[string]any{"fact": t.EligibleAt})
	}
	if t.Pay.When == payWindowClose {
		c.report(n.get("pay"), "no_period_here", map[string]any{"fact": payWindowClose})
	}
	c.noPeriods(n.get("when"), t.when)
	for _, s := range t.sources {
		c.noPeriods(n.get("funding"), s.when)
	}
}

// length orders kinds of period; the kinds of year are alike.
func length(k PeriodKind) int {
	switch k {
	case Monthly:
		return 1
	case Quarterly:
		return 3
	case Once:
		return 1 << 20
	}
	if n := k.months(); n > 0 {
		return n
	}
	return 12
}
