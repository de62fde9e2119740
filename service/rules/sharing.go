package rules

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// Share is what one of a child's accounts receives of an entitlement.
type Share struct {
	Account string
	Amount  ledger.Amount
}

// Which of a child's accounts has an amount that two of them earn (conflict).
const (
	conflictEarliest  = "earliest"          // the first by day, then by instant
	conflictFirstCome = "first_come"        // the first of which the program heard
	conflictSameDay   = "same_day_pro_rata" // the first by day; those of one day share
	conflictChoice    = "admin_choice"      // the first by day; of two on one day a person chooses
)

// How often an amount is given (once_per).
const (
	perChild     = "child"
	perAccount   = "account"
	perHousehold = "household"
)

// householdFact is the fact whose value children of one household share.
const householdFact = "household"

// checkSharing refuses rules about accounts and households where there is
// nothing to share.
func (c *compiler) checkSharing(n *node, t *terms) {
	once := t.Trigger.Kind == OnEvent && t.Amount.Fixed != nil
	money := t.Basis.Measure == GrossDeposits || t.Basis.Measure == NetDeposits
	switch {
	case t.Conflict == "" || t.OncePer != perAccount && (once || money && t.Conflict != conflictChoice):
	default:
		c.report(n.get("conflict"), "conflict_unfit", map[string]any{"conflict": t.Conflict})
	}
	if t.OncePer == perAccount && !once {
		c.report(n.get("once_per"), "once_per_unfit", nil)
	}
	if _, declared := c.words.index[householdFact]; t.OncePer == perHousehold && !declared {
		c.report(n.get("once_per"), "needs_household", nil)
	}
}

// entry is one event that counts, or would have if another had not been first,
// with what it adds.
type entry struct {
	terms   *terms
	version int
	event   Event
	amount  ledger.Amount
	rival   bool // came on the day that another account decided
}

// record notes an event for the split among accounts.
func (e *evaluator) record(s *span, x entry) {
	e.entries = append(e.entries, x)
	s.lastEntry = len(e.entries)
}

// countTrigger counts an event that gives an amount once: to the child, or to
// each of its accounts.
func (e *evaluator) countTrigger(s *span, t *terms, v int, ev *Event) {
	first := s.counted == 0
	if t.OncePer == perAccount {
		first = !e.hasEntry(s, ev.Account)
	}
	rival := !first && e.accounts && t.OncePer != perAccount && ev.On == s.last && !e.hasEntry(s, ev.Account)
	switch {
	case !first && !rival || !e.counts(s, t, ev):
	case first:
		e.add(s, t, v, ev, ledger.Minor(100))
	default:
		e.record(s, entry{t, v, *ev, ledger.Minor(100), true})
	}
}

// hasEntry reports whether an account has an event in the span already.
func (e *evaluator) hasEntry(s *span, account string) bool {
	for i := s.firstEntry; i < s.lastEntry; i++ {
		if e.entries[i].event.Account == account {
			return true
		}
	}
	return !e.accounts && s.counted > 0
}

// heard is the places of a span's events up to a day in the order in which the
// program heard of them.
func (e *evaluator) heard(s *span, until ledger.Date) []int {
	order := make([]int, 0, s.to-s.from)
	for i := s.from; i < s.to && !e.events[i].On.After(until); i++ {
		if s.plan.watches(e.events[i].Kind) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(e.events[i].Seq, e.events[j].Seq) })
	return order
}

// chosen is the account that has the amount where accounts were first on one
// day and a person has to choose: "" and false where nobody did yet.
func (e *evaluator) chosen(s *span) (string, bool) {
	entries := e.entries[s.firstEntry:s.lastEntry]
	if s.terms.Conflict != conflictChoice || len(entries) < 2 {
		return "", true
	}
	account, found := "", false
	for i := range e.events {
		if ev := &e.events[i]; ev.Kind == Chosen && e.hasEntry(s, ev.Account) {
			account, found = ev.Account, true
		}
	}
	return account, found
}

// shares splits what a span gives among the accounts that earned it. Each
// event has what the amount grew by when it came; those of one day share what
// the day brought where the terms say so.
func (e *evaluator) shares(s *span) []Share {
	entries := e.entries[s.firstEntry:s.lastEntry]
	if !slices.ContainsFunc(entries, func(x entry) bool { return x.event.Account != "" }) {
		return nil
	}
	if account, chosen := e.chosen(s); chosen && account != "" {
		return []Share{{account, s.amount}}
	}
	if s.terms.Conflict == conflictFirstCome {
		entries = slices.Clone(entries)
		slices.SortStableFunc(entries, func(x, y entry) int { return cmp.Compare(x.event.Seq, y.event.Seq) })
	}
	split := split{of: s.amount}
	probe := span{plan: s.plan, period: s.period}
	probe.firstPart, e.accounts = len(e.parts), false // the trial is not recorded
	for i, n := 0, 0; i < len(entries); i += n {
		n = 1
		for s.terms.Conflict == conflictSameDay && i+n < len(entries) && entries[i+n].event.On == entries[i].event.On {
			n++
		}
		split.day(entries[i:i+n], e.grows(&probe, entries[i:i+n]))
	}
	e.parts, e.accounts = e.parts[:probe.firstPart], true
	return split.close()
}

// grows adds events to a span on trial and tells what it gives then.
func (e *evaluator) grows(probe *span, entries []entry) ledger.Amount {
	for _, x := range entries {
		switch {
		case x.rival:
		case x.event.Kind == Withdrawal:
			probe.net = probe.net.Sub(x.event.Amount)
		default:
			e.add(probe, x.terms, x.version, &x.event, x.amount)
		}
	}
	probe.lastPart = len(e.parts)
	if probe.terms == nil || e.base(probe).Sign() <= 0 || e.underMinimum(probe) {
		return ledger.Amount{}
	}
	return e.amount(probe, false).amount
}

// split gathers shares; what they sum to never passes what there is.
type split struct {
	of     ledger.Amount
	total  ledger.Amount // of the shares so far
	shares []Share
}

// day gives the accounts of some events what the amount grew by to a total.
func (p *split) day(entries []entry, total ledger.Amount) {
	grown := total.Sub(p.total)
	if grown.Sign() <= 0 {
		p.take(grown.Neg())
		return
	}
	var weights []decimal.Decimal
	var accounts []string
	for _, x := range entries {
		if x.event.Kind != Withdrawal && x.amount.Sign() > 0 {
			weights, accounts = append(weights, x.amount.Decimal()), append(accounts, x.event.Account)
		}
	}
	if len(weights) == 0 {
		return
	}
	for i, part := range ledger.Allocate(grown, weights) {
		p.give(accounts[i], part)
	}
}

func (p *split) give(account string, amount ledger.Amount) {
	p.total = p.total.Add(amount)
	for i := range p.shares {
		if p.shares[i].Account == account {
			p.shares[i].Amount = p.shares[i].Amount.Add(amount)
			return
		}
	}
	p.shares = append(p.shares, Share{account, amount})
}

// take lowers the shares, the latest account first.
func (p *split) take(amount ledger.Amount) {
	for i := len(p.shares) - 1; i >= 0 && amount.Sign() > 0; i-- {
		part := amount.Min(p.shares[i].Amount)
		p.shares[i].Amount = p.shares[i].Amount.Sub(part)
		p.total, amount = p.total.Sub(part), amount.Sub(part)
	}
}

// close is the shares, which sum to the amount.
func (p *split) close() []Share {
	p.take(p.total.Sub(p.of))
	return slices.DeleteFunc(p.shares, func(s Share) bool { return s.Amount.IsZero() })
}

// settleShares lets the shares follow the amount where something was lost or
// went back since, from the latest account first, and notes them.
func (s *span) settleShares() {
	if len(s.shares) == 0 {
		return
	}
	p := split{of: s.amount, shares: s.shares}
	for _, share := range s.shares {
		p.total = p.total.Add(share.Amount)
	}
	s.shares = p.close()
	for _, share := range s.shares {
		s.lines = append(s.lines[:len(s.lines):len(s.lines)], Line{Op: OpShare, Ref: share.Account, Amount: share.Amount})
	}
}

// unchosen reports a span that waits for somebody to choose an account.
func (e *evaluator) unchosen(s *span) bool {
	_, chosen := e.chosen(s)
	return !chosen
}

// household is the household whose award a span is, on the day that earned it.
func (e *evaluator) household(s *span) string {
	if s.terms == nil || s.terms.OncePer != perHousehold || s.amount.IsZero() {
		return ""
	}
	e.view.day = s.last
	if f := e.view.fact(householdFact); f != nil {
		return textOf(f.Value)
	}
	return ""
}

// OfHousehold is the reason of a child that asks for what another child of its
// household has.
func (w Why) OfHousehold() Why {
	w.Reason, w.Outcome, w.Wait, w.Lines, w.Fund = ReasonHousehold, Nothing, "", nil, ""
	w.Amount, w.Due, w.PayOn = ledger.Amount{}, ledger.Amount{}, ledger.Date{}
	return w
}
