package rules

import (
	"fmt"

	"seedbook/ledger"
)

// Report is what a book's examples found.
type Report struct {
	Passed   int // examples of which every expectation held
	Failed   int
	Failures []Failure
}

// String is "12 passed, 1 failed".
func (r Report) String() string { return fmt.Sprintf("%d passed, %d failed", r.Passed, r.Failed) }

// Failure is one expectation that did not hold.
type Failure struct {
	Example string
	Line    int    // of the expectation
	What    string // "amount", "due", "pay_on", "reason", "outcome", "fund" or "eligible"
	Benefit string
	On      ledger.Date
	Want    string
	Got     string
	Why     []Why // of every entitlement the expectation speaks of
}

// Test runs the examples that a book carries.
func Test(b *Book) Report {
	var r Report
	for i := range b.Examples {
		failures := b.Examples[i].run(b)
		if len(failures) == 0 {
			r.Passed++
		} else {
			r.Failed++
		}
		r.Failures = append(r.Failures, failures...)
	}
	return r
}

func (x *Example) run(b *Book) (out []Failure) {
	for _, want := range x.Expect {
		f := Failure{Example: x.Name, Line: want.Line, Benefit: want.Benefit, On: want.On}
		var got answer
		if want.Eligible != nil {
			got.askEligible(b, x.Child, want.On)
		}
		if want.Benefit != "" || want.Amount != nil || want.Due != nil {
			got.ask(b, x.Child, want)
		}
		f.Why = got.why
		for _, c := range got.compare(want) {
			if c.want != c.got {
				f.What, f.Want, f.Got = c.what, c.want, c.got
				out = append(out, f)
			}
		}
	}
	return out
}

// answer is what the engine says to an expectation.
type answer struct {
	eligible string
	reason   Reason
	outcome  Outcome
	amount   ledger.Amount
	due      ledger.Amount
	payOn    ledger.Date
	fund     string
	why      []Why
}

func (a *answer) askEligible(b *Book, c Child, on ledger.Date) {
	yes, why := Eligible(b, c, on)
	a.eligible, a.reason, a.outcome, a.why = fmt.Sprint(yes), why.Reason, why.Outcome, []Why{why}
}

// ask adds up the entitlements that an expectation speaks of; reason, fund and
// the like are those of the latest period.
func (a *answer) ask(b *Book, c Child, want Expectation) {
	for _, e := range Evaluate(b, c, want.On) {
		if want.Benefit != "" && e.Benefit != want.Benefit || want.Period != "" && e.Period != want.Period {
			continue
		}
		a.amount, a.due = a.amount.Add(e.Amount), a.due.Add(e.Due)
		a.reason, a.outcome, a.payOn, a.fund = e.Why.Reason, e.Why.Outcome, e.PayOn, e.Why.Fund
		a.why = append(a.why, e.Why)
	}
}

type comparison struct{ what, want, got string }

func (a *answer) compare(x Expectation) (out []comparison) {
	add := func(what, want, got string) { out = append(out, comparison{what, want, got}) }
	if x.Eligible != nil {
		add("eligible", fmt.Sprint(*x.Eligible), a.eligible)
	}
	if x.Amount != nil {
		add("amount", x.Amount.String(), a.amount.String())
	}
	if x.Due != nil {
		add("due", x.Due.String(), a.due.String())
	}
	if !x.PayOn.IsZero() {
		add("pay_on", x.PayOn.String(), a.payOn.String())
	}
	if x.Reason != "" {
		add("reason", string(x.Reason), string(a.reason))
	}
	if x.Outcome != "" {
		add("outcome", string(x.Outcome), string(a.outcome))
	}
	if x.Fund != "" {
		add("fund", x.Fund, a.fund)
	}
	return out
}

// String is the failure on one line, for a terminal.
func (f Failure) String() string {
	return fmt.Sprintf("line %d, %s: %s of %s on %s is %s, want %s", f.Line, f.Example, f.What, f.subject(), f.On, orNone(f.Got), f.Want)
}

func (f Failure) subject() string {
	if f.Benefit == "" {
		return "the child"
	}
	return f.Benefit
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// Explain is a failure in words, with the reasons behind what was found.
func (f Failure) Explain(w Words) []string {
	out := []string{w.T("rules.test.failure", map[string]any{
		"line": f.Line, "example": f.Example, "what": f.What, "benefit": f.subject(), "want": f.Want, "got": orNone(f.Got), "on": f.On,
	})}
	for _, why := range f.Why {
		out = append(out, Explain(w, why)...)
	}
	return out
}
