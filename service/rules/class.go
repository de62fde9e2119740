package rules

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// Named is what happens to a child that is named in a class: Of is the benefit
// and Amount its part. Books cannot write it; NameClass does.
const Named EventKind = "named"

// Split shares a sum among the children of a class.
type Split struct {
	Total ledger.Amount
	// By is the fact by whose value each child's part is weighed; "" for equal
	// parts.
	By   string
	slot int // of that fact, or −1
}

// ClassDay is a class that a benefit names on a day.
type ClassDay struct {
	Benefit string
	On      ledger.Date
}

// Classes are the classes that the book names, by day and then in the order of
// the book.
func (b *Book) Classes() (out []ClassDay) {
	for i := range b.plans {
		for _, t := range b.plans[i].in {
			if t != nil && t.Trigger.Kind == OnClass && !slices.Contains(out, ClassDay{t.ID, t.Trigger.On}) {
				out = append(out, ClassDay{t.ID, t.Trigger.On})
			}
		}
	}
	slices.SortStableFunc(out, func(x, y ClassDay) int { return x.On.Cmp(y.On) })
	return out
}

// Member is a child in a class.
type Member struct {
	Child  int64
	Amount ledger.Amount
	On     ledger.Date // the day on which it was named
}

// Event is what a child's history holds of its being named.
func (m Member) Event(c ClassDay) Event {
	return Event{Key: "named/" + c.Benefit + "/" + c.On.String(), Kind: Named, Of: c.Benefit, On: m.On, Amount: m.Amount}
}

// Class is the list of the children of a class, by their numbers.
type Class struct {
	Members []Member
	// Hash identifies the list: 64 hexadecimal digits, the SHA-256 of the
	// benefit, the day and each member's number, amount and day.
	Hash string
}

// NameClass lists who is in a class: who takes part on its day and meets the
// benefit's condition then. The first time, named is nil: what is known on the
// class's day decides, and the sum is shared among those it finds. Later, named
// is the list so far (empty where it found nobody), which stands whatever
// became known since: a child that by what is known on asOf belonged to the
// class as well is added with the part that the first were given, rounded down,
// and takes nothing away from them. The order of the children does not matter.
func NameClass(b *Book, class ClassDay, children []Child, named []Member, asOf ledger.Date) (Class, error) {
	t := b.classTerms(class)
	switch {
	case t == nil:
		return Class{}, fmt.Errorf("rules: %s names no class on %s", class.Benefit, class.On)
	case asOf.Before(class.On):
		return Class{}, fmt.Errorf("rules: the class of %s is named on %s, not on %s", class.Benefit, class.On, asOf)
	}
	n := naming{book: b, terms: t, class: class, children: slices.Clone(children), asOf: asOf}
	slices.SortFunc(n.children, func(x, y Child) int { return cmp.Compare(x.ID, y.ID) })
	members := slices.Clone(named)
	if named == nil {
		members = n.first()
	} else if err := n.add(&members); err != nil {
		return Class{}, err
	}
	slices.SortFunc(members, func(x, y Member) int { return cmp.Compare(x.Child, y.Child) })
	return Class{members, class.Hash(members)}, nil
}

// Hash identifies a list of members, who stand in the order of their numbers.
func (c ClassDay) Hash(members []Member) string {
	sum := sha256.Sum256(c.Text(members))
	return hex.EncodeToString(sum[:])
}

// Text is what the hash of a list is made of, for whoever works it out again.
func (c ClassDay) Text(members []Member) []byte {
	b := fmt.Appendf(nil, "%s %s\n", c.Benefit, c.On)
	for _, m := range members {
		b = fmt.Appendf(b, "%d %s %s\n", m.Child, m.Amount, m.On)
	}
	return b
}

// PeriodOn names the period of a benefit in which a day lies, as its awards are
// keyed; "" where the periods are each child's own, and for what the book does
// not have.
func (b *Book) PeriodOn(benefit string, on ledger.Date) string {
	p := b.plan(benefit)
	if p == nil || p.months > 0 || p.period == BirthdayYear {
		return ""
	}
	return label(p.period, b.Calendar.periodOf(p.period, on))
}

// classTerms are the terms by which a class is named, or nil.
func (b *Book) classTerms(class ClassDay) *terms {
	p := b.plan(class.Benefit)
	if p == nil {
		return nil
	}
	for _, t := range p.in {
		if t != nil && t.Trigger.Kind == OnClass && t.Trigger.On == class.On {
			return t
		}
	}
	return nil
}

// naming is the state of one NameClass.
type naming struct {
	book     *Book
	terms    *terms
	class    ClassDay
	children []Child
	asOf     ledger.Date
}

// first names the class and shares the sum.
func (n *naming) first() []Member {
	members := []Member{}
	var weights []decimal.Decimal
	for i := range n.children {
		if w := n.weight(&n.children[i], n.class.On); w > 0 {
			members = append(members, Member{Child: n.children[i].ID, On: n.class.On})
			weights = append(weights, decimal.NewFromInt(w))
		}
	}
	var parts []ledger.Amount
	if s := n.terms.Amount.Split; s != nil && len(members) > 0 {
		parts = ledger.Allocate(s.Total, weights)
	}
	for i := range members {
		if parts != nil {
			members[i].Amount = parts[i]
		} else {
			members[i].Amount = *n.terms.Amount.Fixed
		}
	}
	return slices.DeleteFunc(members, func(m Member) bool { return m.Amount.IsZero() })
}

// add names the children that are found later.
func (n *naming) add(members *[]Member) error {
	on := n.asOf
	if on == n.class.On {
		on = on.AddDays(1) // those of the day itself shared the sum
	}
	before := slices.Clone(*members)
	for i := range n.children {
		c := &n.children[i]
		if slices.ContainsFunc(before, func(m Member) bool { return m.Child == c.ID }) {
			continue
		}
		w := n.weight(c, n.asOf)
		if w <= 0 {
			continue
		}
		amount, err := n.part(w, before)
		if err != nil {
			return err
		}
		if amount.Sign() > 0 {
			*members = append(*members, Member{c.ID, amount, on})
		}
	}
	return nil
}

// shared is the weights together of those who shared the sum.
func (n *naming) shared(members []Member) (total decimal.Decimal) {
	for i := range n.children {
		c := &n.children[i]
		if slices.ContainsFunc(members, func(m Member) bool { return m.Child == c.ID && m.On == n.class.On }) {
			total = total.Add(decimal.NewFromInt(n.weight(c, n.class.On)))
		}
	}
	return total
}

// part is what a child of a weight is given beside those who shared the sum.
func (n *naming) part(weight int64, before []Member) (ledger.Amount, error) {
	s := n.terms.Amount.Split
	switch {
	case s == nil:
		return *n.terms.Amount.Fixed, nil
	case len(before) == 0:
		return ledger.Amount{}, nil // nobody was given a part to be like
	}
	first := n.shared(before)
	if first.Sign() <= 0 {
		return ledger.Amount{}, fmt.Errorf("rules: who shared %s of %s is not among the children", s.Total, n.class.Benefit)
	}
	const exact = 16
	share := s.Total.Decimal().Mul(decimal.NewFromInt(weight)).DivRound(first, exact)
	return ledger.Round(share, ledger.Down).Min(s.Total), nil
}

// weight is a child's weight in the class by what is known on a day, 0 where it
// is not in it. Where a fact is missing that would decide, it is not.
func (n *naming) weight(c *Child, known ledger.Date) int64 {
	e := n.book.borrow(c, known)
	defer n.book.giveBack(e)
	day := n.class.On
	if _, out := e.outsider(); out || e.enrolled.After(day) || !e.leftOn.IsZero() && e.leftOn.Before(day) {
		return 0
	}
	e.view.day, e.view.period = day, e.periodOf(n.book.plan(n.class.Benefit), day)
	if e.view.judge(n.terms.when) != yes {
		return 0
	}
	s := n.terms.Amount.Split
	if s == nil || s.slot < 0 {
		return 1
	}
	e.view.day = day
	w, _ := e.view.number(s.slot)
	return max(w, 0)
}

// countNamed counts that a child was named in the class whose day was the last
// before. Who is in it was decided then; its condition is not asked again.
func (e *evaluator) countNamed(s *span, ev *Event) {
	t, v := s.plan.classOn(ev.On)
	if t == nil || ev.Of != s.plan.id || s.counted > 0 || ev.Amount.Sign() <= 0 {
		return
	}
	e.add(s, t, v, ev, ev.Amount)
}

// classOn is the terms of the latest class up to a day, with their version.
func (p *plan) classOn(day ledger.Date) (last *terms, version int) {
	for v, t := range p.in {
		if t != nil && t.Trigger.Kind == OnClass && !t.Trigger.On.After(day) && (last == nil || t.Trigger.On.After(last.Trigger.On)) {
			last, version = t, v
		}
	}
	return last, version
}

// checkClass refuses what a class cannot have. Who is in it is decided once, so
// nothing that looks at a child's later history goes with it.
func (c *compiler) checkClass(n *node, t *terms) {
	if t.Trigger.Kind != OnClass {
		if t.Amount.Split != nil {
			c.report(n.get("amount"), "split_needs_class", nil)
		}
		return
	}
	if t.Amount.Fixed == nil && t.Amount.Split == nil {
		c.report(n.get("amount"), "class_amount", nil)
	}
	for _, key := range []string{"tiers", "eligible_at", "once_per"} {
		if n.get(key) != nil {
			c.report(n.get(key), "class_unfit", map[string]any{"key": key})
		}
	}
}

// split reads a sum to share out, and by what.
func (c *compiler) split(b *Book, total, by *node) *Split {
	if total == nil {
		return nil
	}
	s := &Split{Total: c.value(c.positive(total)), slot: -1}
	if word, ok := c.plain(by); ok {
		s.By = word
		if fact := c.factSlot(b, by, word); fact != nil {
			s.slot = c.words.index[fact.name]
			if fact.typ != NumberFact && fact.typ != MoneyFact {
				c.report(by, "needs_number", map[string]any{"fact": word})
			}
		}
	}
	return s
}
