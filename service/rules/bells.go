package rules

import "seedbook/ledger"

// bell is a day that comes without an event. What it moves leaves at the
// beginning of the day after the last that is in time.
type bell struct {
	kind bellKind
	i    int // of an expiry
}

type bellKind int8

const (
	bellExpiry bellKind = iota
	bellClaim
	bellDormancy
)

// nextBell is the earliest bell that has not rung, or no day.
func (r *replay) nextBell() (next bell, on ledger.Date) {
	look := func(b bell, last ledger.Date) {
		if day := last.AddDays(1); !last.IsZero() && !r.rang[b] && (on.IsZero() || day.Before(on)) {
			next, on = b, day
		}
	}
	for i, last := range r.expires {
		look(bell{bellExpiry, i}, last)
	}
	look(bell{kind: bellClaim}, r.claimBy)
	if x := r.exit; x != nil && !x.done {
		if d := x.dormancy(); d != nil { // no bell of the same kind: each exit has its own
			if day := birthday(x.sign, d.Years, r.b.Program.LeapDay).AddDays(1); on.IsZero() || day.Before(on) {
				next, on = bell{kind: bellDormancy}, day
			}
		}
	}
	return next, on
}

// lastDay is the last day in time of a deadline, or no day where that is not
// known.
func (r *replay) lastDay(m *moment) ledger.Date {
	day, known := r.e.view.moment(m)
	if !known {
		return ledger.Date{}
	}
	return m.last(day)
}

// dormancy is the line that fits the family's own money on the day of exit.
func (x *exiting) dormancy() *Dormancy {
	for i := range x.Dormancy {
		if d := &x.Dormancy[i]; d.LessThan == nil || x.own.Less(*d.LessThan) {
			return d
		}
	}
	return nil
}

func (r *replay) ring(b bell, on ledger.Date) {
	r.rang[b] = true
	switch b.kind {
	case bellExpiry:
		r.expire(&r.b.Expiry[b.i], on)
	case bellClaim:
		if r.claimedBy(on.AddDays(-1)) {
			return
		}
		o := r.occasion(on, LeftUnclaimed, "")
		r.treat(o, moneyForfeit, moneyKeep, nil)
	case bellDormancy:
		d := r.exit.dormancy()
		r.exit.done = true
		r.treat(r.occasion(on, LeftDormant, ""), d.ProgramMoney, d.FamilyMoney, nil)
		r.settleState()
	}
}

func (r *replay) claimedBy(last ledger.Date) bool {
	on := r.e.view.firstEvent(Claimed)
	return !on.IsZero() && !on.After(last)
}

// expire moves what an expiry takes, if its condition held on the last day, by
// what was known then.
func (r *replay) expire(x *Expiry, on ledger.Date) {
	if !r.held(x.when, on.AddDays(-1)) {
		return
	}
	o, to := r.occasion(on, LeftExpired, ""), expiryGoes[x.Action]
	r.depart(o, OwnProgram, to, r.empty(nil, func(p *pot) bool { return !p.vested }))
	if x.What == expiresAll {
		r.depart(o, OwnFamily, to, append(r.emptyFamily(), r.empty(nil, func(*pot) bool { return true })...))
	}
	r.follows = &follows{o, to, nil}
	if r.state == StateActive || r.state == StateWaiting {
		r.state = StateExpired
	}
}

// held judges a condition by what was known on a day.
func (r *replay) held(p *predicate, on ledger.Date) bool {
	if p == nil {
		return true
	}
	e := r.b.borrow(r.c, on)
	defer r.b.giveBack(e)
	n := 0
	for n < len(r.events) && !r.events[n].On.After(on) {
		n++
	}
	e.view.events, e.view.day = r.events[:n], on
	return e.view.judge(p) == yes
}
