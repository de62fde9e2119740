package rules

import (
	"slices"

	"seedbook/ledger"
)

// payment is what leaves on one occasion for one destination.
type payment struct {
	occasion int
	to       Destination
}

// occasion begins one: what leaves on it for one destination is one payment.
func (r *replay) occasion(on ledger.Date, why DepartureReason, event string) occasion {
	r.occasions++
	return occasion{on, why, event, r.occasions}
}

// depart notes what left. Of nothing there is no departure.
func (r *replay) depart(o occasion, owner Owner, to Destination, parts []Leaving) {
	d := Departure{On: o.on, Owner: owner, To: to, Why: o.why, Event: o.event}
	for _, p := range parts {
		if p.Amount.Sign() > 0 {
			d.add(p)
		}
	}
	if d.Amount.IsZero() {
		return
	}
	key := payment{o.number, to}
	if !slices.Contains(r.pays, key) {
		r.pays = append(r.pays, key)
	}
	d.Payment = slices.Index(r.pays, key) + 1
	r.out = append(r.out, d)
}

// add puts a part to those of its benefit and fund.
func (d *Departure) add(p Leaving) {
	d.Amount = d.Amount.Add(p.Amount)
	for i := range d.Parts {
		if g := &d.Parts[i]; g.Benefit == p.Benefit && g.Fund == p.Fund {
			g.Amount, g.Earnings = g.Amount.Add(p.Amount), g.Earnings.Add(p.Earnings)
			return
		}
	}
	d.Parts = append(d.Parts, p)
}

// empty takes everything out of the program's pots of some benefits that fit.
func (r *replay) empty(only []string, fits func(p *pot) bool) (out []Leaving) {
	for i := range r.pots {
		p := &r.pots[i]
		if len(only) > 0 && !slices.Contains(only, p.benefit) || !fits(p) {
			continue
		}
		out = append(out, p.leaving(p.money, p.earned))
		p.money, p.earned = ledger.Amount{}, ledger.Amount{}
	}
	return out
}

// Where money goes by the words of a book; words that are not here keep it.
var (
	programGoes = map[string]Destination{moneyForfeit: ToPool, moneyTransfer: ToOwn529, moneySibling: ToSibling}
	familyGoes  = map[string]Destination{
		moneyReturn: ToFamily, moneyTransfer: ToOwn529, moneyDonate: ToPool, moneyForfeit: ToPool, moneyEstate: ToEstate, moneyOwner: ToOwner,
	}
	expiryGoes = map[string]Destination{expiryToPool: ToPool, expiryToFunder: ToFunder, expiryToState: ToState, expiryConvert: ToChild}
)

// treat does with the money what an exit says. What is vested is not lost with
// the program's money; it goes where the family's goes, or along on a transfer.
func (r *replay) treat(o occasion, program, family string, only []string) {
	if to, goes := programGoes[program]; goes {
		r.depart(o, OwnProgram, to, r.empty(only, func(p *pot) bool { return !p.vested || program == moneyTransfer }))
		r.follows = &follows{o, to, only}
	}
	if to, goes := familyGoes[family]; goes {
		r.depart(o, OwnFamily, to, append(r.emptyFamily(), r.empty(only, func(p *pot) bool { return p.vested })...))
	}
}

func (r *replay) emptyFamily() []Leaving {
	out := []Leaving{r.family.leaving(r.family.money, r.family.earned)}
	r.family.money, r.family.earned = ledger.Amount{}, ledger.Amount{}
	return out
}

// leaves follows what an event means for taking part, and does what the book's
// exits say of it.
func (r *replay) leaves(ev *Event) {
	ended := r.b.ends(ev) && r.state != StateDeceased
	own := r.family.total()
	var by *Exit
	for i := range r.b.Exit {
		x := &r.b.Exit[i]
		if !x.matches(ev) {
			continue
		}
		r.treat(r.occasion(ev.On, DepartureReason(x.On), ev.Key), x.ProgramMoney, x.FamilyMoney, x.Only)
		if x.Participation == participationEnds {
			by = x
		}
	}
	if !ended {
		return
	}
	r.exit = nil
	if by != nil {
		r.exit = &exiting{Exit: by, sign: ev.On, own: own, frozen: by.ProgramMoney == moneyFreeze}
	}
	r.state = r.stateAfter(ev)
}

func (r *replay) stateAfter(ev *Event) State {
	switch ev.Kind {
	case OptedOut:
		return StateOptedOut
	case Death:
		return StateDeceased
	case AccountClosed:
		return StateClosed
	}
	if r.exit != nil && r.exit.frozen {
		return StateFrozen
	}
	return StateLeft
}

// sign notes a sign of life after an exit.
func (r *replay) sign(ev *Event) {
	switch ev.Kind {
	case Claimed, Deposit, Withdrawal, Chosen:
	default:
		if slices.Contains(engineEvents, ev.Kind) {
			return
		}
	}
	if r.exit != nil {
		r.exit.sign = ev.On
	}
}

// choose does what the family chose after an exit.
func (r *replay) choose(ev *Event) {
	x := r.exit
	if x == nil || x.done {
		return
	}
	for _, c := range x.Choices {
		if c.Choice == ev.Choice {
			r.treat(r.occasion(ev.On, LeftChosen, ev.Key), c.ProgramMoney, c.FamilyMoney, nil)
			x.done, x.frozen = true, c.ProgramMoney == moneyFreeze
			r.settleState()
			return
		}
	}
}

// settleState is what an answered exit comes to.
func (r *replay) settleState() {
	if r.state != StateLeft && r.state != StateFrozen {
		return
	}
	r.state = StateLeft
	for _, p := range r.all() {
		if p.total().Sign() > 0 {
			return
		}
	}
	r.state = StateClosed
}
