package rules

import (
	"slices"
	"strings"

	"seedbook/ledger"
)

// Supply is what a program has: the facts that its feeds bring beside those of
// every child, and what each of its funds can still give. Without Funds, no
// fund is asked.
type Supply struct {
	Facts []string
	Funds map[string]ledger.Amount
}

// money looks at what becomes of money: claims, expiries and exits.
func (l *linter) money() {
	l.claim()
	for i := range l.book.Expiry {
		l.expiry(&l.book.Expiry[i], l.expiryNode(i))
	}
	l.exits()
}

func (l *linter) expiryNode(i int) *node {
	at := l.root.get("expiry")
	if at.kind == list {
		return at.items[i]
	}
	return at
}

// reach is from where a moment counts, in days at least and at most.
type reach struct {
	from, kind  int
	least, most int
}

// counted is how far a moment lies from the day from which it counts, or false
// where that is no number.
func (l *linter) counted(m *moment) (reach, bool) {
	birth := l.book.facts.index["born_on"]
	switch m.kind {
	case momentAge:
		return reach{birth, int(momentYears), 365 * m.n, 366 * m.n}, true
	case momentYears:
		return reach{m.slot, int(momentYears), 365 * m.n, 366 * m.n}, true
	case momentMonths:
		return reach{m.slot, int(momentMonths), 28 * m.n, 31 * m.n}, true
	case momentDays:
		return reach{m.slot, int(momentDays), m.n, m.n}, true
	case momentGrade:
		return reach{-1, int(momentGrade), m.n, m.n}, true
	case momentDay:
		day := int(dayNumber(m.day))
		return reach{-2, int(momentDay), day, day}, true
	}
	return reach{}, false
}

// after reports a moment that comes after another for every child.
func (l *linter) after(a, b *moment) bool {
	x, ok := l.counted(a)
	y, both := l.counted(b)
	if !ok || !both || x.from != y.from {
		return false
	}
	if x.kind == y.kind {
		return x.least > y.least || x.least == y.least && b.LastDay == lastDayExcluded && a.LastDay != lastDayExcluded
	}
	return x.least > y.most
}

// claim finds deadlines that nobody can keep, and a claim that never comes to
// anything.
func (l *linter) claim() {
	c := l.book.Enrollment.Claim
	at := l.root.get("enrollment").value("claim")
	if c == nil || at == nil {
		return
	}
	if c.by == nil {
		if c.needs(claimRetention) {
			l.find(at, "claim_without_end", Risk, nil)
		}
		return
	}
	if l.tooEarly(c.by) {
		l.find(at.get("by"), "claim_too_early", Risk, map[string]any{"moment": clip(c.by.Text)})
	}
}

// tooEarly reports a deadline that is over before any child can join.
func (l *linter) tooEarly(by *moment) bool {
	condition := ""
	switch by.kind {
	case momentDay:
		return by.last(by.day).Before(l.book.Versions[0].EffectiveFrom)
	case momentAge:
		condition = "age_on(day) <= " + textOf(int64(by.n))
		if by.LastDay == lastDayExcluded {
			condition = "age_on(day) < " + textOf(int64(by.n))
		}
	case momentGrade:
		condition = "grade <= " + textOf(int64(by.n))
	default:
		return false
	}
	joins, ok := l.together(always, condition, true)
	for _, r := range l.book.Eligibility {
		if !ok {
			return false
		}
		joins, ok = l.together(joins, r.When, true)
	}
	return ok && len(joins) == 0
}

// expiry finds money that ends before it begins, or before it may be used.
func (l *linter) expiry(e *Expiry, at *node) {
	if e.at == nil || e.When != "" {
		return
	}
	for i := range l.book.plans {
		for _, t := range l.book.plans[i].in {
			if t == nil {
				continue
			}
			begins := &moment{kind: momentAge, n: t.Trigger.Years}
			if t.Trigger.Kind == OnClass {
				begins = &moment{kind: momentDay, day: t.Trigger.On}
			}
			if (t.Trigger.Kind == AtAge || t.Trigger.Kind == OnClass) && l.after(begins, e.at) {
				l.find(at, "expiry_before_benefit", Risk, map[string]any{"benefit": t.ID, "moment": clip(e.at.Text)})
			}
		}
	}
	if w := l.book.Withdrawal; w != nil && w.MinAge > 0 && l.after(&moment{kind: momentAge, n: w.MinAge}, e.at) {
		l.find(at, "expiry_before_use", Risk, map[string]any{"age": w.MinAge, "moment": clip(e.at.Text)})
	}
}

// vesting finds money that ends before it can become the child's own, and
// savings that the account does not take.
func (l *linter) vesting(p *plan, t *terms, ls layers) {
	v := &t.Vesting
	if v.at == nil {
		return
	}
	for i := range l.book.Expiry {
		if e := &l.book.Expiry[i]; e.at != nil && e.When == "" && l.after(v.at, e.at) {
			l.find(ls.at("vesting"), "vesting_after_expiry", Risk, map[string]any{"benefit": p.id, "moment": clip(v.at.Text), "expiry": clip(e.at.Text)})
		}
	}
	d := l.book.Account.Deposits
	if v.Kind != VestsByMatch || d == nil {
		return
	}
	limits := []limit{{"max_balance", d.MaxBalance}, {"max_lifetime", d.MaxLifetime}}
	if d.MaxYear != nil && v.at.kind == momentYears {
		most := ledger.Minor(d.MaxYear.Minor() * int64(v.at.n+1))
		limits = append(limits, limit{"max_year", &most})
	}
	for _, most := range limits {
		if most.max != nil && most.max.Less(v.Saved) {
			l.find(ls.at("vesting"), "saved_out_of_reach", Risk, map[string]any{"benefit": p.id, "saved": v.Saved, "cap": most.key, "max": *most.max})
			return
		}
	}
}

// leaving are the exits that most programs have to say something of.
var leaving = []string{string(LeavesSchool), string(LeavesArea), exitOptOut, string(Left), string(AccountClosed), string(Death)}

// exits finds events of which the book says nothing, or two things.
func (l *linter) exits() {
	at := l.root.get("exit")
	if at == nil {
		at = l.root.get("benefits")
	}
	var unsaid []string
	for _, on := range leaving {
		if !slices.ContainsFunc(l.book.Exit, func(x Exit) bool { return x.On == on }) {
			unsaid = append(unsaid, on)
		}
	}
	if len(unsaid) > 0 && l.restricted() {
		l.find(at, "exit_unsaid", Advice, map[string]any{"events": strings.Join(unsaid, ", ")})
	}
	for i := range l.book.Exit {
		x := &l.book.Exit[i]
		for j := range l.book.Exit[:i] {
			if y := &l.book.Exit[j]; x.On == y.On && contradicts(y, x) {
				l.find(at.items[i], "exit_twice", Risk, map[string]any{"event": x.On})
			}
		}
		if x.ProgramMoney == moneyFreeze && len(x.Dormancy) == 0 && len(l.book.Expiry) == 0 {
			l.find(at.items[i], "exit_frozen_for_ever", Advice, map[string]any{"event": x.On})
		}
	}
}

// contradicts reports two exits of one event that say something of the same
// money. Some benefits first and then the rest is no contradiction.
func contradicts(first, then *Exit) bool {
	if len(then.Only) == 0 {
		return len(first.Only) == 0
	}
	if len(first.Only) == 0 {
		return first.ProgramMoney != "" && first.ProgramMoney != moneyKeep
	}
	return slices.ContainsFunc(then.Only, func(b string) bool { return slices.Contains(first.Only, b) })
}

// restricted reports that some of the program's money can be lost.
func (l *linter) restricted() bool {
	for i := range l.book.plans {
		for _, t := range l.book.plans[i].in {
			if t != nil && t.Vesting.Kind != VestsAtOnce {
				return true
			}
		}
	}
	return false
}

// class finds a sum for a class that its funds do not have, and a child found
// later that would have nothing.
func (l *linter) class(p *plan, t *terms, ls layers) {
	if t.Amount.Split == nil {
		return
	}
	if t.Funding.OnShortfall == "deny" || t.Funding.OnShortfall == "pro_rata" {
		l.find(ls.at("funding"), "class_late_child", Advice, map[string]any{"benefit": p.id, "word": t.Funding.OnShortfall})
	}
	if l.funds == nil {
		return
	}
	var has ledger.Amount
	for _, s := range t.sources {
		has = has.Add(l.funds[s.Fund])
	}
	if has.Less(t.Amount.Split.Total) {
		l.find(ls.at("funding"), "class_fund_short", Risk, map[string]any{"benefit": p.id, "has": has, "sum": t.Amount.Split.Total})
	}
}

// theFunds finds funds that the program does not have.
func (l *linter) theFunds(p *plan, t *terms, ls layers) {
	for _, s := range t.sources {
		if _, there := l.funds[s.Fund]; l.funds != nil && !there {
			l.find(fundNode(ls.at("funding"), s.Fund), "fund_unknown", Risk, map[string]any{"fund": s.Fund, "benefit": p.id})
		}
	}
}
