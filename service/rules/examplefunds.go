package rules

import (
	"cmp"
	"slices"

	"seedbook/ledger"
)

// Receipt is money that a fund of an example receives.
type Receipt struct {
	On     ledger.Date
	Fund   string
	Amount ledger.Amount
}

// moneyByFund reads funds with amounts.
func (d *decoder) moneyByFund(n *node) map[string]ledger.Amount {
	if n == nil {
		return nil
	}
	if n.kind != mapping {
		d.report(n, "not_mapping", nil)
	}
	out := make(map[string]ledger.Amount, len(n.keys))
	for _, k := range n.keys {
		out[d.code(k.key)] = d.value(d.amount(k.value))
	}
	return out
}

func (d *decoder) receipts(n *node) (out []Receipt) {
	d.each(n, func(item *node) {
		o := d.object(item, "receipt")
		out = append(out, Receipt{
			On: d.date(o.must("on")), Fund: d.code(o.must("fund")), Amount: d.value(d.positive(o.must("amount"))),
		})
		o.done()
	})
	slices.SortStableFunc(out, func(a, b Receipt) int { return cmp.Or(a.On.Cmp(b.On), cmp.Compare(a.Fund, b.Fund)) })
	return out
}

// Funded is what funds did about what an expectation speaks of.
type Funded struct {
	Given   ledger.Amount
	Queued  ledger.Amount // waits for money
	Refused ledger.Amount // fell away for good
	ByFund  []Part
}

// funded is what the funds did, where an expectation asks for it.
func (a *answer) funded(want *Expectation) *Funded {
	if !want.asksMoney() {
		return nil
	}
	f := &Funded{Given: a.given, Queued: a.queued, Refused: a.refused}
	for _, fund := range sortedKeys(a.byFund) {
		f.ByFund = append(f.ByFund, Part{fund, a.byFund[fund]})
	}
	return f
}

// explain phrases what the funds did.
func (f *Funded) explain(w Words) []string {
	out := []string{w.T("rules.test.funded", map[string]any{"given": f.Given, "queued": f.Queued, "refused": f.Refused})}
	for _, p := range f.ByFund {
		out = append(out, w.T("rules.test.fund", map[string]any{"fund": p.Fund, "amount": p.Amount}))
	}
	return out
}

// expectChild reads of which child an expectation speaks. What is one child's
// cannot be asked of several together.
func (d *decoder) expectChild(o *object, want *Expectation, x *Example) {
	n := o.may("child")
	if name, ok := d.plain(n); ok {
		want.Child = name
		if x.child(name) < 0 {
			d.unknown(n, name, x.names())
		}
		return
	}
	own := want.Eligible != nil || want.Reason != "" || want.Outcome != "" || want.Fund != "" || !want.PayOn.IsZero()
	if own && len(x.Children) > 1 {
		d.report(o.n, "missing_key", map[string]any{"key": "child"})
	}
}

// expectMoney reads what an expectation says of what funds gave.
func (d *decoder) expectMoney(o *object, want *Expectation) {
	want.Given, want.Queued = d.amount(o.may("given")), d.amount(o.may("queued"))
	if n := o.may("account"); n != nil {
		want.Account = d.code(n)
		if want.Amount == nil {
			d.report(o.n, "missing_key", map[string]any{"key": "amount"})
		}
	}
	byFund := d.moneyByFund(o.may("by_fund"))
	for _, fund := range sortedKeys(byFund) {
		want.ByFund = append(want.ByFund, Part{fund, byFund[fund]})
	}
}
