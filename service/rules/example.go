package rules

import (
	"fmt"
	"slices"
	"strings"

	"seedbook/ledger"
)

// Example is a case that a book carries to prove itself: children with their
// facts and dated events, the money of funds, and what is expected on certain
// days.
type Example struct {
	Name     string
	Line     int
	Children []ExampleChild // at least one
	// Funds is the money of the funds that have an end; the others never run
	// out.
	Funds    map[string]ledger.Amount
	Receipts []Receipt
	Expect   []Expectation
}

// Expectation is what an example expects on a day. What it does not name it
// does not check.
type Expectation struct {
	Line     int
	On       ledger.Date
	Child    string         // "" for all children together
	Benefit  string         // "" for all benefits together, or for eligibility
	Period   string         // "" for all periods together
	Account  string         // "" for all accounts together
	Amount   *ledger.Amount // the entitlement
	Due      *ledger.Amount // the part payable
	Given    *ledger.Amount // what funds gave of it
	Queued   *ledger.Amount // what waits for money
	ByFund   []Part         // what each of these funds gave
	PayOn    ledger.Date
	Reason   Reason
	Outcome  Outcome
	Fund     string // the fund asked first
	Eligible *bool
	// OnAccount is what is expected of the child's account.
	OnAccount []ExpectedAmount
	State     State
	ExpiresOn ledger.Date
}

// reasons are the words that an example may expect.
var reasons = []Reason{
	ReasonAwarded, ReasonBaseCap, ReasonEventCap, ReasonPeriodCap, ReasonWithinCap, ReasonLifetimeCap, ReasonSharedCap, ReasonRoom,
	ReasonNotEnrolled, ReasonIneligible, ReasonMissingFact, ReasonOptedOut, ReasonLeft, ReasonDeceased, ReasonNotYet, ReasonEnded,
	ReasonNotOffered, ReasonCondition, ReasonNoEvent, ReasonTooYoung, ReasonCensus, ReasonNoRow, ReasonNoDeposits, ReasonSmall, ReasonSmallAmounts, ReasonChannel,
	ReasonBelowMinimum, ReasonBelowThreshold, ReasonBelowCount, ReasonNoStreak, ReasonWindowOpen, ReasonPhasedOut, ReasonReturned, ReasonWithdrawn, ReasonRepaid, ReasonNoFund, ReasonEligible,
	ReasonChoose, ReasonHousehold,
	ReasonUnclaimed, ReasonNotVested,
	ReasonNotNamed,
}

func (d *decoder) examples(b *Book, n *node) (out []Example) {
	d.each(n, func(item *node) {
		if len(out) <= maxExamples {
			out = append(out, d.example(b, item))
		}
	})
	if len(out) > maxExamples {
		d.report(n, "item_count", map[string]any{"least": 0, "most": maxExamples})
	}
	return out
}

func (d *decoder) example(b *Book, n *node) Example {
	o := d.object(n, "example")
	x := Example{Name: d.text(o.must("name"), maxName), Line: n.line}
	x.Children = []ExampleChild{d.childOf(b, o)}
	if children := o.may("children"); children != nil {
		d.onlyChildren(n)
		x.Children = d.children(b, children)
	}
	x.Funds = d.moneyByFund(o.may("funds"))
	x.Receipts = d.receipts(o.may("receipts"))
	d.each(o.must("expect"), func(item *node) {
		x.Expect = append(x.Expect, d.expectation(b, item, &x))
	})
	o.done()
	d.checkExampleSize(n, &x)
	return x
}

// checkExampleSize refuses an example that takes too long to run.
func (d *decoder) checkExampleSize(n *node, x *Example) {
	events := 0
	for _, c := range x.Children {
		events += len(c.Events) + len(c.Facts)
	}
	for _, count := range []struct {
		key string
		n   int
	}{{"events", events}, {"expect", len(x.Expect)}, {"receipts", len(x.Receipts)}} {
		if count.n > maxExampleParts {
			d.report(n, "item_count", map[string]any{"least": 0, "most": maxExampleParts})
			return
		}
	}
}

// maxExampleParts bounds the events and facts of an example's children, its
// expectations and its receipts.
const maxExampleParts = 2_000

// startingFacts reads facts that were always true and always known.
func (d *decoder) startingFacts(b *Book, n *node) (out []Fact) {
	if n == nil {
		return nil
	}
	if n.kind != mapping {
		d.report(n, "not_mapping", nil)
	}
	for _, k := range n.keys {
		if s := d.factSlot(b, k.key, k.key.text); s != nil {
			out = append(out, Fact{Name: s.name, Value: d.factValue(b, s, k.value)})
		}
	}
	return out
}

// change reads a fact that became true, or known, on a day.
func (d *decoder) change(b *Book, n *node) Fact {
	o := d.object(n, "change")
	name, is := o.must("fact"), o.must("is")
	f := Fact{From: d.date(o.may("from")), Known: d.date(o.may("known"))}
	o.done()
	word, ok := d.plain(name)
	if s := d.factSlot(b, name, word); ok && s != nil {
		f.Name, f.Value = s.name, d.factValue(b, s, is)
	}
	return f
}

func (d *decoder) factSlot(b *Book, at *node, name string) *slot {
	var known []string
	for i := range b.facts.slots {
		s := &b.facts.slots[i]
		if s.from != fromFact {
			continue
		}
		if s.name == name {
			return s
		}
		known = append(known, s.name)
	}
	if at != nil {
		d.report(at, "unknown_fact", map[string]any{"fact": clip(name), "nearest": nearest(name, known)})
	}
	return nil
}

// factValue reads a fact's value as its type demands.
func (d *decoder) factValue(b *Book, s *slot, n *node) any {
	word, ok := d.plain(n)
	if !ok {
		if n != nil && n.kind == nothing {
			d.report(n, "no_value", map[string]any{"key": s.name})
		}
		return nil
	}
	switch s.typ {
	case YesNoFact:
		return d.flag(n)
	case NumberFact:
		return d.whole(n, 0, 999_999_999)
	case MoneyFact:
		return d.value(d.amount(n))
	case DateFact:
		return d.date(n)
	case gradeFact:
		if _, ok := gradeNumber(word); !ok {
			d.unknown(n, word, []string{"PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"})
		}
		return word
	}
	d.checkOneOf(b, s.name, n)
	return d.text(n, maxFactText)
}

func (d *decoder) checkOneOf(b *Book, name string, n *node) {
	for _, f := range b.Facts {
		if f.Name == name && len(f.OneOf) > 0 && !slices.Contains(f.OneOf, n.text) {
			d.unknown(n, n.text, f.OneOf)
		}
	}
}

// unnamed begins the key of an event that the example gives no name.
const unnamed = "event "

// event reads one dated event. A return takes back all of its deposit where it
// names no amount.
func (d *decoder) event(b *Book, n *node, c *ExampleChild) {
	before := c.Events
	o := d.object(n, "example_event")
	e := Event{On: d.date(o.must("on")), Key: fmt.Sprintf(unnamed+"%04d", len(before)+1)}
	kind, id, amount, of, channel := o.must("event"), o.may("id"), o.may("amount"), o.may("of"), o.may("channel")
	account := o.may("account")
	c.place(&e, d.clock(o.may("at")), d.date(o.may("received")))
	d.goes(o, &e)
	o.done()
	if word, ok := d.plain(kind); ok {
		e.Kind = d.eventKind(b, kind, word)
	}
	if id != nil {
		e.Key = d.code(id)
	}
	if slices.ContainsFunc(before, func(f Event) bool { return f.Key == e.Key }) {
		d.report(id, "twice", map[string]any{"value": clip(e.Key)})
	}
	if channel != nil {
		e.Channel = d.code(channel)
	}
	if account != nil {
		e.Account = d.code(account)
	}
	e.Amount = d.value(d.positive(amount))
	switch e.Kind {
	case Return:
		d.returned(n, of, before, &e)
	case Deposit, Withdrawal, Interest:
		if amount == nil && n.kind == mapping {
			d.report(n, "missing_key", map[string]any{"key": "amount"})
		}
	}
	c.Events = append(c.Events, e)
}

func (d *decoder) returned(n, of *node, before []Event, e *Event) {
	word, ok := d.plain(of)
	if !ok {
		d.report(n, "missing_key", map[string]any{"key": "of"})
		return
	}
	e.Of = word
	var deposits []string
	for _, f := range before {
		if f.Kind != Deposit {
			continue
		}
		if !strings.HasPrefix(f.Key, unnamed) {
			deposits = append(deposits, f.Key)
		}
		if f.Key == word {
			if e.Amount.IsZero() {
				e.Amount = f.Amount
			}
			return
		}
	}
	d.unknown(of, word, deposits)
}

func (d *decoder) expectation(b *Book, n *node, x *Example) Expectation {
	o := d.object(n, "expectation")
	want := Expectation{
		Line:    n.line,
		On:      d.date(o.must("on")),
		Period:  d.period(o.may("period")),
		Amount:  d.amount(o.may("amount")),
		Due:     d.amount(o.may("due")),
		PayOn:   d.date(o.may("pay_on")),
		Reason:  choice(d, o.may("reason"), reasons...),
		Outcome: choice(d, o.may("outcome"), Given, OnTheWay, Open, Nothing),
	}
	if f := o.may("fund"); f != nil {
		want.Fund = d.code(f)
	}
	if e := o.may("eligible"); e != nil {
		yes := d.flag(e)
		want.Eligible = &yes
	}
	if name := o.may("benefit"); name != nil {
		want.Benefit = d.name(name)
		d.checkBenefitName(b, name)
	}
	d.expectChild(o, &want, x)
	d.expectMoney(o, &want)
	d.expectAccount(o, &want, len(x.Children) > 1)
	o.done()
	ofBenefit := want.Period != "" || want.Reason != "" || want.Outcome != "" || want.Fund != "" || !want.PayOn.IsZero()
	if want.Benefit == "" && want.Eligible == nil && ofBenefit {
		d.report(n, "expect_needs_benefit", nil)
	}
	return want
}

func (d *decoder) checkBenefitName(b *Book, n *node) {
	if b.plan(n.text) == nil {
		d.unknown(n, n.text, b.benefitIDs())
	}
}

func (d *decoder) period(n *node) string {
	s, ok := d.plain(n)
	if ok && s != "once" && (len(s) < 4 || len(s) > 16 || strings.Trim(s, "0123456789-Q+mage") != "") {
		d.report(n, "not_period", map[string]any{"value": clip(s)})
	}
	return s
}
