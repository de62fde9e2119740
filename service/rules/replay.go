package rules

import (
	"slices"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// replay is a child's account as its days go by.
type replay struct {
	b      *Book
	c      *Child
	e      *evaluator // asks moments and conditions, and sees every event
	asOf   ledger.Date
	events []Event

	family pot
	pots   []pot // what benefits gave, in the order of the book
	cameIn CameIn
	out    []Departure
	unpaid []Unpaid
	pays   []payment

	state     State
	enrolled  ledger.Date
	received  ledger.Date // the last day whose payments are in
	known     bool        // what was paid is in the ledger, and not to be worked out
	ledger    []Paid      // what of it is still to come
	stepped   int
	exit      *exiting
	follows   *follows
	occasions int
	rang      map[bell]bool
	expires   []ledger.Date // the last day before each expiry, no day where it is not known
	claimBy   ledger.Date   // the last day of a claim that decides whether money is kept
}

// pot is money of one origin: the family's, or what a benefit gave for a period
// from a fund.
type pot struct {
	benefit string
	period  string
	fund    string
	vested  bool
	paid    ledger.Amount // by the program, less what it took back
	money   ledger.Amount
	earned  ledger.Amount
}

func (p *pot) total() ledger.Amount { return p.money.Add(p.earned) }

// exiting is an exit that waits for the family's answer.
type exiting struct {
	*Exit
	sign   ledger.Date   // the last sign of life
	own    ledger.Amount // the family's own money on the day of exit
	frozen bool
	done   bool // answered, or dormant
}

// follows is where program money goes that comes in late.
type follows struct {
	occasion
	to   Destination
	only []string
}

// occasion is one thing that moves money.
type occasion struct {
	on     ledger.Date
	why    DepartureReason
	event  string
	number int
}

func newReplay(b *Book, c *Child, asOf ledger.Date) *replay {
	r := &replay{b: b, c: c, asOf: asOf, state: StateWaiting, rang: map[bell]bool{}}
	r.events = slices.DeleteFunc(slices.Clone(c.Events), func(ev Event) bool { return ev.On.After(asOf) })
	slices.SortFunc(r.events, compareEvents)
	r.e = b.borrow(c, asOf)
	r.e.view.events = r.events
	for i := range b.Expiry {
		r.expires = append(r.expires, r.lastDay(b.Expiry[i].at))
	}
	if c := b.Enrollment.Claim; c != nil && c.OnMiss == claimToPool {
		r.claimBy = r.lastDay(c.by)
	}
	return r
}

// run goes through the days: what rings on a day comes before its events.
func (r *replay) run() {
	for i := 0; ; {
		rings, on := r.nextBell()
		switch {
		case !on.IsZero() && !on.After(r.asOf) && (i == len(r.events) || !r.events[i].On.Before(on)):
			r.receive(on.AddDays(-1))
			r.ring(rings, on)
		case i < len(r.events):
			r.event(&r.events[i])
			i++
		default:
			r.receive(r.asOf)
			return
		}
	}
}

// event takes one event into the account.
func (r *replay) event(ev *Event) {
	if !quiet[ev.Kind] && r.b.plansNothing(ev.Kind) {
		r.morning(ev.On)
		r.receive(ev.On)
	}
	r.sign(ev)
	switch ev.Kind {
	case Enrolled:
		r.joins(ev)
	case Deposit:
		r.family.money, r.cameIn.Family = r.family.money.Add(ev.Amount), r.cameIn.Family.Add(ev.Amount)
	case Return:
		back := ev.Amount.Min(r.family.money)
		r.family.money, r.cameIn.Family = r.family.money.Sub(back), r.cameIn.Family.Sub(back)
	case Interest:
		r.credit(ev.Amount)
	case Withdrawal:
		r.withdraw(ev)
	case Chosen:
		r.choose(ev)
	}
	r.leaves(ev)
}

// quiet are the events that move none of the program's money that is there.
var quiet = map[EventKind]bool{Enrolled: true, Deposit: true, Claimed: true}

// plansNothing reports an event of the engine's own: those of a book earn, and
// move nothing.
func (b *Book) plansNothing(k EventKind) bool { return slices.Contains(engineEvents, k) }

func (r *replay) joins(ev *Event) {
	if r.state == StateDeceased {
		return
	}
	if r.enrolled.IsZero() {
		r.enrolled = ev.On
	}
	r.state, r.exit, r.follows = StateActive, nil, nil
}

// morning brings in what is due on a day before anything happens on it.
func (r *replay) morning(on ledger.Date) {
	if r.known || !r.received.IsZero() && !on.After(r.received) {
		return
	}
	r.steps(on)
	r.received = on.AddDays(-1)
	before := *r.c
	before.Events = slices.DeleteFunc(slices.Clone(r.events), func(ev Event) bool { return !ev.On.Before(on) })
	r.settle(Evaluate(r.b, before, on), on)
}

// receive brings in what is due by the end of a day, and takes back what the
// child is not entitled to any more.
func (r *replay) receive(on ledger.Date) {
	if !r.received.IsZero() && !on.After(r.received) {
		return
	}
	if r.known {
		r.received = on
		r.book(on)
		return
	}
	r.steps(on)
	r.received = on
	r.settle(Evaluate(r.b, *r.c, on), on)
}

// exact reports an account of which the days between two events matter: what
// comes in late leaves at once, and what is lost or corrected is taken back on
// its own day. Of other accounts only the sums are seen.
func (r *replay) exact() bool {
	return r.follows != nil || r.b.mayLapse ||
		slices.ContainsFunc(r.c.Facts, func(f Fact) bool { return !f.Known.IsZero() || !f.From.IsZero() })
}

// steps brings in what changes on the days before a day, where they matter.
func (r *replay) steps(on ledger.Date) {
	if !r.exact() || r.received.IsZero() {
		return
	}
	for day := r.received; r.stepped < maxSteps; r.stepped++ {
		_, day = r.b.look(r.c, day)
		if day.IsZero() || !day.Before(on) {
			return
		}
		r.settle(Evaluate(r.b, *r.c, day), day)
	}
}

// maxSteps bounds the days that one account is looked at between its events: a
// month's end for a hundred years. Past it only the sums are seen.
const maxSteps = 1_200

// book brings in what was paid by the end of a day, and takes out what was
// taken back.
func (r *replay) book(on ledger.Date) {
	vested := Evaluate(r.b, *r.c, on)
	for ; len(r.ledger) > 0 && !r.ledger[0].On.After(on); r.ledger = r.ledger[1:] {
		x := r.ledger[0]
		p := r.pot(&Entitlement{Benefit: x.Benefit, Period: x.Period, Why: Why{Fund: x.Fund}})
		if x.Amount.Sign() >= 0 {
			p.money, r.cameIn.Program = p.money.Add(x.Amount), r.cameIn.Program.Add(x.Amount)
		} else {
			back := x.Amount.Neg().Min(p.money)
			p.money = p.money.Sub(back)
			r.depart(r.occasion(x.On, LeftUndone, ""), OwnProgram, ToPool, []Leaving{p.leaving(back, ledger.Amount{})})
		}
		r.late(x.On)
	}
	for i := range r.pots {
		p := &r.pots[i]
		p.vested = slices.ContainsFunc(vested, func(e Entitlement) bool {
			return e.Benefit == p.benefit && e.Period == p.period && e.Vested.Sign() > 0
		})
	}
}

// settle pays and takes back the differences to what the child is entitled to.
func (r *replay) settle(all []Entitlement, on ledger.Date) {
	for i := range all {
		r.reconcile(&all[i], on)
	}
	for i := range r.pots {
		p := &r.pots[i]
		if p.paid.Sign() > 0 && !slices.ContainsFunc(all, func(e Entitlement) bool { return e.Benefit == p.benefit && e.Period == p.period }) {
			r.reconcile(&Entitlement{Benefit: p.benefit, Period: p.period}, on)
		}
	}
	r.late(on)
}

// late sends what came in late where the rest went.
func (r *replay) late(on ledger.Date) {
	if f := r.follows; f != nil {
		o := r.occasion(on, f.why, f.event)
		r.depart(o, OwnProgram, f.to, r.empty(f.only, func(p *pot) bool { return !p.vested }))
	}
}

// reconcile pays the difference between what is due and what was paid.
func (r *replay) reconcile(e *Entitlement, on ledger.Date) {
	paid := ledger.Amount{}
	for i := range r.pots {
		if p := &r.pots[i]; p.benefit == e.Benefit && p.period == e.Period {
			paid, p.vested = paid.Add(p.paid), e.Vested.Sign() > 0
		}
	}
	switch more := e.Due.Sub(paid); more.Sign() {
	case 1:
		p := r.pot(e)
		p.paid, p.money, r.cameIn.Program = p.paid.Add(more), p.money.Add(more), r.cameIn.Program.Add(more)
	case -1:
		r.takeBack(e, more.Neg(), on)
	}
}

func (r *replay) pot(e *Entitlement) *pot {
	key := pot{benefit: e.Benefit, period: e.Period, fund: e.Why.Fund, vested: e.Vested.Sign() > 0}
	i := slices.IndexFunc(r.pots, func(p pot) bool {
		return p.benefit == key.benefit && p.period == key.period && p.fund == key.fund
	})
	if i < 0 {
		i = len(r.pots)
		r.pots = append(r.pots, key)
		r.inOrder()
		i = slices.IndexFunc(r.pots, func(p pot) bool { return p == key })
	}
	return &r.pots[i]
}

// inOrder keeps the pots in the order of the book's benefits, and each
// benefit's in the order in which they came.
func (r *replay) inOrder() {
	slices.SortStableFunc(r.pots, func(a, b pot) int { return r.b.place(a.benefit) - r.b.place(b.benefit) })
}

func (b *Book) place(benefit string) int {
	return slices.IndexFunc(b.plans, func(p plan) bool { return p.id == benefit })
}

// takeBack takes back as much of an excess as is there, the latest fund first.
func (r *replay) takeBack(e *Entitlement, excess ledger.Amount, on ledger.Date) {
	o := r.occasion(on, LeftUndone, "")
	var parts []Leaving
	for i := len(r.pots) - 1; i >= 0; i-- {
		p := &r.pots[i]
		if p.benefit != e.Benefit || p.period != e.Period {
			continue
		}
		back := excess.Min(p.money).Min(p.paid)
		p.money, p.paid, excess = p.money.Sub(back), p.paid.Sub(back), excess.Sub(back)
		parts = append(parts, p.leaving(back, ledger.Amount{}))
	}
	r.depart(o, OwnProgram, ToPool, parts)
}

func (p *pot) leaving(money, earned ledger.Amount) Leaving {
	return Leaving{Benefit: p.benefit, Fund: p.fund, Amount: money.Add(earned), Earnings: earned}
}

// credit shares earnings out by what is there, over those whose they are; where
// nothing is, they are the family's.
func (r *replay) credit(amount ledger.Amount) {
	r.cameIn.Earnings = r.cameIn.Earnings.Add(amount)
	all, sum := r.all(), ledger.Amount{}
	switch r.b.Account.Earnings {
	case string(OwnFamily):
		all = all[:1]
	case string(OwnProgram):
		all = all[1:]
	}
	weights := make([]decimal.Decimal, len(all))
	for i, p := range all {
		weights[i], sum = p.total().Decimal(), sum.Add(p.total())
	}
	if sum.IsZero() {
		r.family.earned = r.family.earned.Add(amount)
		return
	}
	for i, part := range ledger.Allocate(amount, weights) {
		all[i].earned = all[i].earned.Add(part)
	}
}

// all are the family's pot and those of the program.
func (r *replay) all() []*pot {
	out := []*pot{&r.family}
	for i := range r.pots {
		out = append(out, &r.pots[i])
	}
	return out
}
