package rules

import (
	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// WithdrawalRules say how money is used: in which order, for what, by whom.
// What is not needed to split a withdrawal is data: service rooms act on it.
type WithdrawalRules struct {
	Order        string
	Qualified    []string
	Payee        string
	MinAge       int
	Evidence     []string
	Approvals    int
	Nonqualified string
}

// The orders in which a qualified withdrawal takes money.
const (
	programFirst = "program_first"
	familyFirst  = "family_first"
	proRata      = "pro_rata"
)

// What a withdrawal that is not qualified may take.
const (
	ownOnly       = "family_only" // the family's own money
	emergencyOnly = "emergency"   // the same, and only in an emergency
	never         = "never"
)

func (d *decoder) withdrawal(n *node) *WithdrawalRules {
	if n == nil {
		return nil
	}
	o := d.object(n, "withdrawal")
	w := WithdrawalRules{
		Order:        choice(d, o.may("order"), programFirst, familyFirst, proRata),
		Qualified:    d.codes(o.may("qualified")),
		Payee:        choice(d, o.may("payee"), "institution", "beneficiary", "either"),
		MinAge:       d.whole(o.may("min_age"), 0, 130),
		Evidence:     d.codes(o.may("evidence")),
		Approvals:    d.whole(o.may("approvals"), 0, 10),
		Nonqualified: choice(d, o.may("nonqualified"), ownOnly, emergencyOnly, never),
	}
	o.done()
	if w.Order == "" {
		w.Order = familyFirst
	}
	if w.Nonqualified == "" {
		w.Nonqualified = ownOnly
	}
	return &w
}

// layer is money that a withdrawal may take at one time: of one pot or more,
// their money or their earnings.
type layer struct {
	pots   []*pot
	earned bool
}

func (l *layer) of(p *pot) *ledger.Amount {
	if l.earned {
		return &p.earned
	}
	return &p.money
}

func (l *layer) total() (sum ledger.Amount) {
	for _, p := range l.pots {
		sum = sum.Add(*l.of(p))
	}
	return sum
}

// take takes an amount that is there, of each pot in proportion to what it has.
func (l *layer) take(amount ledger.Amount, drawn map[*pot]*draught) {
	for i, part := range ledger.Allocate(amount, l.weights()) {
		p := l.pots[i]
		at := l.of(p)
		*at = at.Sub(part)
		if drawn[p] == nil {
			drawn[p] = &draught{}
		}
		if l.earned {
			drawn[p].earned = drawn[p].earned.Add(part)
		} else {
			drawn[p].money = drawn[p].money.Add(part)
		}
	}
}

func (l *layer) weights() (out []decimal.Decimal) {
	for _, p := range l.pots {
		out = append(out, l.of(p).Decimal())
	}
	return out
}

// draught is what a withdrawal took of a pot.
type draught struct{ money, earned ledger.Amount }

// withdraw pays a withdrawal, as much of it as the book allows and there is.
func (r *replay) withdraw(ev *Event) {
	layers, why := r.layers(ev)
	there := ledger.Amount{}
	for i := range layers {
		there = there.Add(layers[i].total())
	}
	amount := ev.Amount.Min(there)
	if amount.Less(ev.Amount) {
		r.unpaid = append(r.unpaid, Unpaid{ev.Key, ev.On, ev.Amount.Sub(amount), why})
	}
	drawn := map[*pot]*draught{}
	if r.order(ev) == proRata {
		r.proRata(layers, amount, drawn)
	} else {
		for i := range layers {
			part := amount.Min(layers[i].total())
			layers[i].take(part, drawn)
			amount = amount.Sub(part)
		}
	}
	r.paid(ev, drawn)
}

// proRata splits over the layers by largest remainder, ties to the earlier.
func (r *replay) proRata(layers []layer, amount ledger.Amount, drawn map[*pot]*draught) {
	weights := make([]decimal.Decimal, len(layers))
	for i := range layers {
		weights[i] = layers[i].total().Decimal()
	}
	for i, part := range ledger.Allocate(amount, weights) {
		layers[i].take(part, drawn)
	}
}

// paid notes what a withdrawal took: the family's own, and the program's.
func (r *replay) paid(ev *Event, drawn map[*pot]*draught) {
	o, to := r.occasion(ev.On, LeftByWithdrawal, ev.Key), ToFamily
	if r.b.Withdrawal != nil && ev.qualified() {
		to = ToPayee
	}
	var own, program []Leaving
	for _, p := range r.all() {
		switch d := drawn[p]; {
		case d == nil:
		case p == &r.family || p.vested:
			own = append(own, p.leaving(d.money, d.earned))
		default:
			program = append(program, p.leaving(d.money, d.earned))
		}
	}
	r.depart(o, OwnProgram, to, program)
	r.depart(o, OwnFamily, to, own)
}

func (ev *Event) qualified() bool { return ev.Purpose == "" || ev.Purpose == Qualified }

// order is how a withdrawal takes money. Without rules of the book it takes the
// family's own.
func (r *replay) order(ev *Event) string {
	if r.b.Withdrawal == nil || !ev.qualified() || ev.From == OwnFamily {
		return familyFirst
	}
	return r.b.Withdrawal.Order
}

// layers lists what a withdrawal may take, in the order in which it does, and
// why it may not take more.
func (r *replay) layers(ev *Event) ([]layer, UnpaidReason) {
	if w := r.b.Withdrawal; w != nil && !ev.qualified() && (w.Nonqualified == never || w.Nonqualified == emergencyOnly && ev.Purpose != Emergency) {
		return nil, UnpaidNotAllowed
	}
	why := r.bars(ev)
	usable := func(p *pot) bool { return p.vested || why == UnpaidMoney }
	family := []layer{{pots: []*pot{&r.family}}, {pots: []*pot{&r.family}, earned: true}}
	if ev.From == OwnProgram {
		family = nil
	}
	if r.order(ev) == proRata {
		return r.shares(usable, len(family) > 0), why
	}
	program := r.programLayers(usable)
	if r.order(ev) == programFirst {
		return append(program, family...), why
	}
	return append(family, program...), why
}

// bars says why a withdrawal may not take what of the program's money is not
// vested; that there is not more money is why it may not take more than all.
func (r *replay) bars(ev *Event) UnpaidReason {
	w := r.b.Withdrawal
	switch {
	case ev.From == OwnFamily:
		return UnpaidOwn
	case w == nil || !ev.qualified():
		return UnpaidNotAllowed
	case r.exit != nil && r.exit.frozen:
		return UnpaidFrozen
	case w.MinAge > 0 && (r.c.BornOn.IsZero() || ageOn(r.c.BornOn, ev.On, r.b.Program.LeapDay) < w.MinAge):
		return UnpaidYoung
	case r.b.Enrollment.Claim.needs(claimDistribution) && !r.claimedBy(ev.On):
		return UnpaidUnclaimed
	}
	return UnpaidMoney
}

// programLayers is each benefit's money and then its earnings.
func (r *replay) programLayers(usable func(*pot) bool) (out []layer) {
	for _, money := range r.byBenefit(usable) {
		out = append(out, money, layer{pots: money.pots, earned: true})
	}
	return out
}

// byBenefit is each benefit's money, in the order of the book.
func (r *replay) byBenefit(usable func(*pot) bool) (out []layer) {
	for i := range r.pots {
		p := &r.pots[i]
		if !usable(p) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].pots[0].benefit == p.benefit {
			out[n-1].pots = append(out[n-1].pots, p)
		} else {
			out = append(out, layer{pots: []*pot{p}})
		}
	}
	return out
}

// shares is what pro_rata splits over: each benefit, the family's money, and
// all earnings.
func (r *replay) shares(usable func(*pot) bool, family bool) []layer {
	out, earned := r.byBenefit(usable), layer{earned: true}
	for _, l := range out {
		earned.pots = append(earned.pots, l.pots...)
	}
	if family {
		out = append(out, layer{pots: []*pot{&r.family}})
		earned.pots = append(earned.pots, &r.family)
	}
	return append(out, earned)
}
