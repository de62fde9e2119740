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
	What    string // the key, such as "amount", "reason" or "by_fund SMITH"
	Child   string // "" where the example has one child, or all are meant
	Benefit string
	On      ledger.Date
	Want    string
	Got     string
	Funded  *Funded // what the funds gave, where the expectation asks for it
	Why     []Why   // of every entitlement the expectation speaks of
	// Screened is what the account took of each deposit, where the expectation
	// asks for that.
	Screened []Screened
	// Standings are the accounts that the expectation asks for.
	Standings []Standing
}

// Test runs the examples that a book carries.
func Test(b *Book) Report {
	var r Report
	for i := range b.Examples {
		failures := b.Examples[i].named(b).run(b)
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
	answers := x.fund(b)
	for i, want := range x.Expect {
		f := Failure{Example: x.Name, Line: want.Line, Child: want.Child, Benefit: want.Benefit, On: want.On}
		got := &answers[i]
		for _, c := range x.unscreened(want) {
			got.askScreen(b, c, &want)
		}
		for _, c := range x.meant(b, want) {
			got.askStanding(b, c, &want)
			if want.Eligible != nil {
				got.askEligible(b, c, want.On)
			}
			if want.Benefit != "" || want.Amount != nil || want.Due != nil {
				got.ask(b, c, want)
			}
		}
		got.hearFunds()
		f.Why, f.Screened, f.Standings = got.why, got.screened, got.standings
		f.Funded = got.funded(&want)
		for _, c := range got.compare(want) {
			if c.want != c.got {
				f.What, f.Want, f.Got = c.what, c.want, c.got
				out = append(out, f)
			}
		}
	}
	return out
}

// meant are the children of whom an expectation speaks, as they are known on
// its day.
func (x *Example) meant(b *Book, want Expectation) []Child {
	cast := x.cast(b, want.On)
	if want.Child != "" {
		i := x.child(want.Child)
		cast = cast[i : i+1]
	}
	return cast
}

// cast is all children as they are known on a day, with what their accounts
// may take.
func (x *Example) cast(b *Book, on ledger.Date) []Child {
	out := make([]Child, len(x.Children))
	for i := range x.Children {
		out[i] = OnlyTaken(b, x.Children[i].knownBy(on))
	}
	return out
}

// unscreened is meant with every deposit that came.
func (x *Example) unscreened(want Expectation) (out []Child) {
	for i := range x.Children {
		if c := &x.Children[i]; want.Child == "" || want.Child == c.Name {
			out = append(out, c.knownBy(want.On))
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
	given    ledger.Amount
	queued   ledger.Amount
	refused  ledger.Amount
	byFund   map[string]ledger.Amount
	taken    bool // by another child of the household
	why      []Why

	onAccount map[string]ledger.Amount
	screened  []Screened
	state     State
	expiresOn ledger.Date
	standings []Standing
}

func (a *answer) askEligible(b *Book, c Child, on ledger.Date) {
	yes, why := Eligible(b, c, on)
	a.eligible, a.reason, a.outcome, a.why = fmt.Sprint(yes), why.Reason, why.Outcome, append(a.why, why)
}

// ask adds up the entitlements that an expectation speaks of; reason, fund and
// the like are those of the latest period.
func (a *answer) ask(b *Book, c Child, want Expectation) {
	for _, e := range Evaluate(b, c, want.On) {
		if !want.speaksOf(e.Benefit, e.Period) {
			continue
		}
		a.amount, a.due = a.amount.Add(e.of(want.Account)), a.due.Add(e.Due)
		a.reason, a.outcome, a.payOn, a.fund = e.Why.Reason, e.Why.Outcome, e.PayOn, e.Why.Fund
		a.why = append(a.why, e.Why)
	}
}

// hearFunds lets what the funds said decide where the rules of one child could
// not.
func (a *answer) hearFunds() {
	if !a.taken {
		return
	}
	for i := range a.why {
		a.why[i] = a.why[i].OfHousehold()
	}
	a.reason, a.outcome = ReasonHousehold, Nothing
}

func (x *Expectation) speaksOf(benefit, period string) bool {
	return (x.Benefit == "" || x.Benefit == benefit) && (x.Period == "" || x.Period == period)
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
	if x.Given != nil {
		add("given", x.Given.String(), a.given.String())
	}
	if x.Queued != nil {
		add("queued", x.Queued.String(), a.queued.String())
	}
	for _, p := range x.ByFund {
		add("by_fund "+p.Fund, p.Amount.String(), a.byFund[p.Fund].String())
	}
	return append(out, a.compareAccount(&x)...)
}

// String is the failure on one line, for a terminal.
func (f Failure) String() string {
	return fmt.Sprintf("line %d, %s: %s of %s on %s is %s, want %s", f.Line, f.Example, f.What, f.subject(), f.On, orNone(f.Got), f.Want)
}

func (f Failure) subject() string {
	switch {
	case f.Child != "" && f.Benefit != "":
		return f.Benefit + " (" + f.Child + ")"
	case f.Child != "":
		return f.Child
	case f.Benefit != "":
		return f.Benefit
	}
	return "the child"
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
	if f.Funded != nil {
		out = append(out, f.Funded.explain(w)...)
	}
	for _, s := range f.Screened {
		out = append(out, ExplainScreened(w, s)...)
	}
	for _, s := range f.Standings {
		out = append(out, ExplainStanding(w, s)...)
	}
	return out
}
