package forecast

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rulebook"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Explanation is every amount of one child, paid or not, laid open. It holds the
// values of the facts that were read: whoever is shown it may read the child's
// record, and the reading is for the door to put on the trail.
type Explanation struct {
	Pupil
	State     enroll.State
	AsOf      ledger.Date
	Book      string // hash of the rule book in effect on AsOf
	MayJoin   bool   // by what is known on AsOf
	Admission rules.Why
	Awards    []Award // in the book's order, then what the book does not have

	rules *rules.Book
	names rulebook.Names // what people call funds and schools
}

// Award is one benefit's amount for one period.
type Award struct {
	Benefit  string
	Says     rules.Text // the program's words for the benefit
	Period   string
	Span     ledger.Period // its days; none for what is given once
	Entitled ledger.Amount
	Due      ledger.Amount // the part that is payable by AsOf
	Why      rules.Why     // evaluated for this answer
	Funds    []FundAnswer  // in the order in which they are asked

	OnAccount   ledger.Amount // given
	OnTheWay    ledger.Amount // promised
	Queued      ledger.Amount // waits for a fund's money
	PayOn       ledger.Date   // when what is promised is payable
	EvaluatedOn ledger.Date   // the last run's day; none: no run looked at it yet
	Found       ledger.Amount // what the child was entitled to by that run
	EvaluatedBy string        // hash of the book of that run
	Gone        bool          // given once, and the book no longer mentions it
}

// FundAnswer is whether a fund may pay and what it has given.
type FundAnswer struct {
	Code    string
	Name    string
	When    string // the fund's condition, as the rule book writes it; "": for everybody
	Allowed bool
	Gave    ledger.Amount // on the account
	Holds   ledger.Amount // promised
}

// Explain evaluates one child for a day under the rule book in effect on it and
// puts beside every amount what was given of it so far.
func Explain(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.Program, child family.ChildID, asOf ledger.Date) (Explanation, error) {
	x := Explanation{AsOf: asOf}
	s := &source{who: who, keys: keys, program: p}
	book, err := program.RulesOn(ctx, q, p.ID, asOf)
	if err != nil {
		return x, fmt.Errorf("explain child %d: %w", child, err)
	}
	all, err := s.gather(ctx, q, []family.ChildID{child})
	if err != nil {
		return x, fmt.Errorf("explain child %d: %w", child, err)
	}
	of := all[0]
	if of.state == "" {
		return x, fmt.Errorf("explain child %d: %w", child, enroll.ErrNone)
	}
	stored, err := savings.AwardsOf(ctx, q, p.ID, []family.ChildID{child})
	if err != nil {
		return x, fmt.Errorf("explain child %d: %w", child, err)
	}
	funds, err := s.fundsOf(ctx, q, child)
	if err != nil {
		return x, fmt.Errorf("explain child %d: %w", child, err)
	}
	if x.names, err = namesOf(ctx, q, p); err != nil {
		return x, fmt.Errorf("explain child %d: %w", child, err)
	}
	x.Pupil, x.State, x.Book, x.rules = of.Pupil, of.state, book.Hash(), book
	x.MayJoin, x.Admission = rules.Eligible(book, of.Child, asOf)
	x.Awards = awardsOf(book, of.Child, asOf, stored, funds)
	return x, nil
}

// namesOf is what people call a program's funds and the schools.
func namesOf(ctx context.Context, q sqlx.QueryerContext, p program.Program) (rulebook.Names, error) {
	names := rulebook.Names{Funds: map[string]string{}, Schools: map[string]string{}}
	funds, err := fund.All(ctx, q, p.ID)
	if err != nil {
		return names, err
	}
	schools, err := program.Schools(ctx, q)
	for _, f := range funds {
		names.Funds[f.Code] = f.Name
	}
	for _, s := range schools {
		names.Schools[s.Code] = s.Name
	}
	return names, err
}

// awardsOf joins what a child is entitled to with what was given.
func awardsOf(book *rules.Book, c rules.Child, asOf ledger.Date, stored []savings.AwardState, funds map[award][]FundAnswer) (out []Award) {
	for _, e := range rules.Evaluate(book, c, asOf) {
		a := Award{Benefit: e.Benefit, Period: e.Period, Entitled: e.Amount, Due: e.Due, Why: e.Why, Funds: fundAnswers(book, &e, asOf, funds)}
		a.name(book)
		for _, s := range stored {
			if s.Benefit == e.Benefit && s.Period == e.Period {
				a.had(s)
			}
		}
		out = append(out, a)
	}
	for _, s := range stored {
		mentioned := slices.ContainsFunc(out, func(a Award) bool { return a.Benefit == s.Benefit && a.Period == s.Period })
		if mentioned || s.Accrued.Add(s.Posted).Add(s.Queued).IsZero() {
			continue
		}
		a := Award{Benefit: s.Benefit, Period: s.Period, Gone: true, Funds: funds[award{s.Benefit, s.Period}]}
		a.Why, _ = rules.ParseWhy(s.Why) // how it came to be, without values; what cannot be read says nothing
		a.name(book)
		a.had(s)
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b Award) int {
		return cmp.Or(cmp.Compare(placeOf(book, a.Benefit), placeOf(book, b.Benefit)), cmp.Compare(a.Period, b.Period))
	})
	return out
}

func (a *Award) name(book *rules.Book) {
	b, _ := book.Benefit(a.Benefit)
	a.Says = b.Says
	if span, ok := book.Span(a.Benefit, a.Period); ok && a.Period != "once" {
		a.Span = span
	}
}

func (a *Award) had(s savings.AwardState) {
	a.OnAccount, a.OnTheWay, a.Queued, a.PayOn = s.Posted, s.Accrued, s.Queued, s.PayOn
	a.EvaluatedOn, a.EvaluatedBy, a.Found = s.EvaluatedOn, s.Rule, s.Entitled
}

// fundAnswers are the funds of an entitlement with their conditions.
func fundAnswers(book *rules.Book, e *rules.Entitlement, asOf ledger.Date, funds map[award][]FundAnswer) (out []FundAnswer) {
	had := funds[award{e.Benefit, e.Period}]
	for _, f := range e.Funds {
		a := FundAnswer{Code: f.Code, Allowed: f.Allowed, When: conditionOf(book, e.Benefit, f.Code, asOf)}
		for _, h := range had {
			if h.Code == f.Code {
				a.Name, a.Gave, a.Holds = h.Name, h.Gave, h.Holds
			}
		}
		out = append(out, a)
	}
	for _, h := range had {
		if !slices.ContainsFunc(out, func(a FundAnswer) bool { return a.Code == h.Code }) {
			out = append(out, h)
		}
	}
	return out
}

// conditionOf is whom a fund may serve, as the book writes it.
func conditionOf(book *rules.Book, benefit, code string, on ledger.Date) string {
	t, ok := book.Terms(benefit, on)
	if !ok {
		t, _ = book.Benefit(benefit)
	}
	for _, s := range t.Funding.Sources {
		if s.Fund == code {
			return s.When
		}
	}
	return ""
}

// fundsOf is what each fund has given a child of each award.
func (s *source) fundsOf(ctx context.Context, q sqlx.QueryerContext, child family.ChildID) (map[award][]FundAnswer, error) {
	const query = store.Kept + `
		SELECT m.benefit, m.period, f.code, f.name,
		       sum(CASE m.kind WHEN 'award' THEN m.amount WHEN 'pay' THEN m.amount WHEN 'reverse' THEN -m.amount ELSE 0 END) AS gave,
		       sum(CASE m.kind WHEN 'accrue' THEN m.amount WHEN 'pay' THEN -m.amount WHEN 'cancel' THEN -m.amount ELSE 0 END) AS holds
		FROM award_moves m
		JOIN funds f ON f.tenant_id = m.tenant_id AND f.id = m.fund_id
		WHERE m.program_id = $1 AND m.child_id = $2
		GROUP BY m.benefit, m.period, f.code, f.name
		ORDER BY m.benefit, m.period, f.code`
	rows, err := q.QueryxContext(ctx, query, s.program.ID, child)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[award][]FundAnswer{}
	for rows.Next() {
		var a award
		var f FundAnswer
		if err := rows.Scan(&a.benefit, &a.period, &f.Code, &f.Name, &f.Gave, &f.Holds); err != nil {
			return nil, err
		}
		out[a] = append(out[a], f)
	}
	return out, rows.Err()
}
