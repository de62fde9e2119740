package rules

import (
	"slices"

	"seedbook/ledger"
)

// Screened is what an account may take of one deposit. Taken, Parked and
// Refused together are the deposit.
type Screened struct {
	Key     string
	On      ledger.Date
	Taken   ledger.Amount
	Parked  ledger.Amount // waits until somebody decides
	Refused ledger.Amount
	Limit   Limit         // what it was over, "" where all of it is taken
	Most    ledger.Amount // of that limit
	Room    ledger.Amount // what the limit had left
	Day     ledger.Date   // of a limit that is a day
	Year    PeriodKind    // of a limit of a year
}

// Limit names what a deposit was over, as the book's key is called.
type Limit string

// The limits. Those of one channel have the same names.
const (
	LimitChannel   Limit = "channels"
	LimitMin       Limit = "min"
	LimitDay       Limit = "max_day"
	LimitMonth     Limit = "max_month"
	LimitYear      Limit = "max_year"
	LimitLifetime  Limit = "max_lifetime"
	LimitBalance   Limit = "max_balance"
	LimitUntil     Limit = "until"
	LimitNotBefore Limit = "not_before"
	LimitClosed    Limit = "closed" // the account was closed, or the child has died
)

// limitOfNoChannel stands for the limits of the whole account where the others
// go by their place in ByChannel.
const limitOfNoChannel = -1

// Screen says of each deposit of a child, in the order in which they came, what
// the book lets the account take. A deposit that the bank took back gives its
// room back from then on.
func Screen(b *Book, c Child) []Screened {
	s := screening{book: b, limits: b.Account.Deposits, child: c, used: map[spent]ledger.Amount{}, taken: map[string]*deposited{}}
	events := slices.Clone(c.Events)
	slices.SortFunc(events, compareEvents)
	var out []Screened
	for i := range events {
		switch ev := &events[i]; ev.Kind {
		case Deposit:
			out = append(out, s.deposit(ev))
		case Return:
			s.goesBack(ev)
		case Withdrawal:
			if ev.From != OwnProgram {
				s.balance = s.balance.Sub(ev.Amount).Max(ledger.Amount{})
			}
		case Interest:
			s.balance = s.balance.Add(ev.Amount)
		case AccountClosed, Death:
			s.closed = true
		case Enrolled:
			s.closed = false
		}
	}
	return out
}

// screening is the account as the deposits come.
type screening struct {
	book    *Book
	limits  *DepositLimits
	child   Child
	balance ledger.Amount // the family's money, earnings included
	closed  bool
	used    map[spent]ledger.Amount
	taken   map[string]*deposited
}

// spent is where room was used: of a limit of a channel's or of all, in the
// run of days that it is for.
type spent struct {
	channel int // place in ByChannel, or limitOfNoChannel
	limit   Limit
	first   ledger.Date
}

// deposited is what was taken of a deposit and which room it used.
type deposited struct {
	amount ledger.Amount
	used   []spent
}

func (s *screening) deposit(ev *Event) Screened {
	out := Screened{Key: ev.Key, On: ev.On, Taken: ev.Amount}
	if s.limits == nil {
		return out
	}
	rest := ledger.Amount{}
	rooms := s.rooms(ev)
	if !s.admits(ev, &out) {
		out.Taken, rest = ledger.Amount{}, ev.Amount
	} else if !slices.Contains(s.limits.Exempt, ev.Channel) {
		rest = s.fit(ev, rooms, &out)
	}
	if s.limits.Over == overPark {
		out.Parked = rest
	} else {
		out.Refused = rest
	}
	s.take(ev, out.Taken, rooms)
	return out
}

// admits decides what no room can mend: the account, the day, the channel and
// the least.
func (s *screening) admits(ev *Event, out *Screened) bool {
	l := s.limits
	switch until, ends := s.until(ev); {
	case s.closed:
		out.Limit = LimitClosed
	case ev.On.Before(l.NotBefore):
		out.Limit, out.Day = LimitNotBefore, l.NotBefore
	case ends && ev.On.After(until):
		out.Limit, out.Day = LimitUntil, until
	case slices.Contains(l.Exempt, ev.Channel):
	case len(l.Channels) > 0 && !slices.Contains(l.Channels, ev.Channel):
		out.Limit = LimitChannel
	default:
		out.Limit, out.Most = s.least(ev)
	}
	return out.Limit == ""
}

// until is the last day on which the account takes anything, by what is known
// on the day of the deposit.
func (s *screening) until(ev *Event) (ledger.Date, bool) {
	if s.limits.until == nil {
		return ledger.Date{}, false
	}
	e := s.book.borrow(&s.child, ev.On)
	defer s.book.giveBack(e)
	day, known := e.view.moment(s.limits.until)
	return s.limits.until.last(day), known
}

// least is the minimum that a deposit does not reach, if any.
func (s *screening) least(ev *Event) (Limit, ledger.Amount) {
	for i := limitOfNoChannel; i < len(s.limits.ByChannel); i++ {
		if l := s.of(i, ev.Channel); l != nil && l.Min != nil && ev.Amount.Less(*l.Min) {
			return LimitMin, *l.Min
		}
	}
	return "", ledger.Amount{}
}

// of is the limits of a place in ByChannel, or of the account, where they are
// for a channel; nil otherwise.
func (s *screening) of(i int, channel string) *Limits {
	if i == limitOfNoChannel {
		return &s.limits.Limits
	}
	if l := &s.limits.ByChannel[i]; slices.Contains(l.Channels, channel) {
		return l
	}
	return nil
}

// room is what one limit leaves for a deposit.
type room struct {
	spent
	most ledger.Amount
	left ledger.Amount
}

// rooms lists what bounds a deposit, longer spans later.
func (s *screening) rooms(ev *Event) (out []room) {
	add := func(i int, limit Limit, most *ledger.Amount, first ledger.Date) {
		if most != nil {
			at := spent{i, limit, first}
			out = append(out, room{at, *most, most.Sub(s.used[at]).Max(ledger.Amount{})})
		}
	}
	y, m := ev.On.Year(), ev.On.Month()
	for i := limitOfNoChannel; i < len(s.limits.ByChannel); i++ {
		if l := s.of(i, ev.Channel); l != nil {
			add(i, LimitDay, l.MaxDay, ev.On)
			add(i, LimitMonth, l.MaxMonth, ledger.NewDate(y, m, 1))
			add(i, LimitYear, l.MaxYear, s.yearOf(ev.On))
			add(i, LimitLifetime, l.MaxLifetime, ledger.Date{})
		}
	}
	return out
}

// yearOf is the first day of the year of the limits in which a day lies. Where
// a birth date is not known, all of a child's years are one.
func (s *screening) yearOf(on ledger.Date) ledger.Date {
	if s.limits.Year != BirthdayYear {
		return s.book.Calendar.periodOf(s.limits.Year, on).First
	}
	return s.book.birthdayYear(s.child.BornOn, on).First
}

// fit leaves in out what fits every room and returns the rest. The tightest
// room is the limit that is named.
func (s *screening) fit(ev *Event, rooms []room, out *Screened) (rest ledger.Amount) {
	if most := s.limits.MaxBalance; most != nil {
		rooms = append(slices.Clip(rooms), room{spent{limit: LimitBalance}, *most, most.Sub(s.balance).Max(ledger.Amount{})})
	}
	for _, r := range rooms {
		if r.left.Less(out.Taken) {
			out.Taken, out.Limit, out.Most, out.Room = r.left, r.limit, r.most, r.left
			out.Year = s.limits.Year
		}
	}
	if out.Limit != "" && s.limits.Over == overRefuse {
		out.Taken = ledger.Amount{}
	}
	return ev.Amount.Sub(out.Taken)
}

// take notes what was taken and which room that used.
func (s *screening) take(ev *Event, amount ledger.Amount, rooms []room) {
	d := deposited{amount: amount}
	s.balance = s.balance.Add(amount)
	if !slices.Contains(s.limits.Exempt, ev.Channel) {
		for _, r := range rooms {
			s.used[r.spent] = s.used[r.spent].Add(amount)
			d.used = append(d.used, r.spent)
		}
	}
	s.taken[ev.Key] = &d
}

// goesBack gives the room of a returned deposit back, and no more than it used.
func (s *screening) goesBack(ev *Event) {
	d := s.taken[ev.Of]
	if d == nil {
		return
	}
	back := ev.Amount.Min(d.amount)
	d.amount = d.amount.Sub(back)
	s.balance = s.balance.Sub(back).Max(ledger.Amount{})
	for _, at := range d.used {
		s.used[at] = s.used[at].Sub(back)
	}
}

// OnlyTaken is a child with what the account may take of its deposits, and
// nothing of the rest. Evaluate and StandingOf count every deposit they are
// given; where deposits come unscreened, this stands before them.
func OnlyTaken(b *Book, c Child) Child {
	if b.Account.Deposits == nil {
		return c
	}
	taken := map[string]ledger.Amount{}
	for _, s := range Screen(b, c) {
		taken[s.Key] = s.Taken
	}
	events := c.Events
	c.Events = nil
	for _, ev := range events {
		switch left, screened := taken[ev.Of]; {
		case ev.Kind == Deposit:
			ev.Amount = taken[ev.Key]
		case ev.Kind == Return && screened:
			ev.Amount = ev.Amount.Min(left)
			taken[ev.Of] = left.Sub(ev.Amount)
		}
		if (ev.Kind != Deposit && ev.Kind != Return) || ev.Amount.Sign() > 0 {
			c.Events = append(c.Events, ev)
		}
	}
	return c
}
