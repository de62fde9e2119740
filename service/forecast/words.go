package forecast

import (
	"strconv"

	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/rulebook"
	"seedbook/service/rules"
)

// Section is a part of an explanation in words.
type Section struct {
	Title  string
	Award  bool // the section is about an award, not about taking part
	Amount ledger.Amount
	Lines  []string // the decision first
}

// Sections tell an explanation in plain sentences, for every door alike: first
// whether the child may take part, then award by award.
func (x Explanation) Sections(w *i18n.Words) []Section {
	joining := Section{Title: w.T("forecast.explain.taking_part"), Lines: []string{w.T("forecast.state." + string(x.State))}}
	joining.Lines = append(joining.Lines, reasons(w, x.Admission)...)
	out := []Section{joining}
	for _, a := range x.Awards {
		out = append(out, a.section(w, x))
	}
	return out
}

func (a *Award) section(w *i18n.Words, x Explanation) Section {
	s := Section{Title: a.Title(w), Award: true, Amount: a.Entitled}
	if a.Gone {
		s.Lines = append(s.Lines, w.T("forecast.award.gone"))
	} else {
		s.Lines = append(s.Lines, reasons(w, a.Why)...)
	}
	s.Lines = append(s.Lines, w.T("forecast.award.rule", i18n.Args{"rule": a.Benefit, "book": shortHash(x.Book)}))
	for i, f := range a.Funds {
		s.Lines = append(s.Lines, f.sentence(w, x, i, a.Funds))
	}
	s.Lines = append(s.Lines, a.given(w, x)...)
	return s
}

// Title names an award: "Savings match, July 1, 2026 – June 30, 2027".
func (a *Award) Title(w *i18n.Words) string {
	name := a.Says.In(w.Lang())
	if name == "" {
		name = a.Benefit
	}
	if a.Span == (ledger.Period{}) {
		return w.T("forecast.award.once", i18n.Args{"name": name})
	}
	return w.T("forecast.award.title", i18n.Args{"name": name, "in": a.Span})
}

// reasons are a decision and its arithmetic, then the facts with their values.
func reasons(w *i18n.Words, why rules.Why) []string {
	facts := why.Facts
	why.Facts, why.Fund = nil, "" // funds are told with their conditions
	out := rules.Explain(w, why)
	for _, f := range facts {
		out = append(out, factSentence(w, f))
	}
	return out
}

func factSentence(w *i18n.Words, f rules.FactRead) string {
	args := i18n.Args{"fact": f.In(w), "value": valueWords(w, f.Value), "from": f.From, "known": f.Known}
	switch {
	case f.Value == nil && f.From.IsZero():
		return w.T("forecast.fact.unknown", args)
	case f.Value == nil:
		return w.T("forecast.fact.happened", args)
	case f.From.IsZero() && f.Known.IsZero():
		return w.T("forecast.fact.always", args)
	case f.Known.IsZero():
		return w.T("forecast.fact.since", args)
	case f.From.IsZero():
		return w.T("forecast.fact.learned", args)
	}
	return w.T("forecast.fact.known", args)
}

// valueWords is a fact's value as a reader of the language writes it.
func valueWords(w *i18n.Words, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return w.T("forecast.value." + strconv.FormatBool(v))
	case int:
		return w.Int(v)
	case int64:
		return w.Int(int(v))
	case ledger.Amount:
		return w.Money(v)
	case ledger.Date:
		return w.Date(v)
	}
	return ""
}

// sentence says whether a fund may pay for the child, why, and what it gave.
func (f *FundAnswer) sentence(w *i18n.Words, x Explanation, i int, all []FundAnswer) string {
	when := ""
	if f.When != "" {
		when = rulebook.Say(w, x.rules, f.When, x.names)
	}
	args := i18n.Args{"fund": f.Code, "when": when, "gave": f.Gave.Add(f.Holds), "n": i + 1}
	var said string
	switch {
	case !f.Allowed && f.When == "":
		return w.T("forecast.fund.gave", args)
	case !f.Allowed:
		said = w.T("forecast.fund.refused", args)
	case f.When != "" && f.isFirst(all):
		said = w.T("forecast.fund.first_when", args)
	case f.When != "":
		said = w.T("forecast.fund.next_when", args)
	case f.isFirst(all):
		said = w.T("forecast.fund.first", args)
	default:
		said = w.T("forecast.fund.next", args)
	}
	if f.Gave.Add(f.Holds).Sign() > 0 {
		said += " " + w.T("forecast.fund.gave", args)
	}
	return said
}

// isFirst reports the fund that is asked before all others that may pay.
func (f *FundAnswer) isFirst(all []FundAnswer) bool {
	for i := range all {
		if all[i].Allowed {
			return all[i].Code == f.Code
		}
	}
	return false
}

// given says what was given so far, what is on its way, and what waits.
func (a *Award) given(w *i18n.Words, x Explanation) (out []string) {
	args := i18n.Args{"posted": a.OnAccount, "accrued": a.OnTheWay, "queued": a.Queued, "on": a.PayOn, "day": a.EvaluatedOn, "book": shortHash(a.EvaluatedBy)}
	if a.EvaluatedOn.IsZero() {
		return []string{w.T("forecast.given.not_yet")}
	}
	if a.OnAccount.Sign() > 0 {
		out = append(out, w.T("forecast.given.posted", args))
	}
	if a.OnTheWay.Sign() > 0 && a.PayOn.IsZero() {
		out = append(out, w.T("forecast.given.accrued", args))
	} else if a.OnTheWay.Sign() > 0 {
		out = append(out, w.T("forecast.given.accrued_on", args))
	}
	if a.Queued.Sign() > 0 {
		out = append(out, w.T("forecast.given.queued", args))
	}
	if len(out) == 0 {
		out = append(out, w.T("forecast.given.nothing"))
	}
	if a.EvaluatedBy != x.Book {
		return append(out, w.T("forecast.given.other_book", args))
	}
	return append(out, w.T("forecast.given.looked_at", args))
}

// shortHash is enough of a rule book's hash to tell books apart.
func shortHash(hash string) string { return hash[:min(12, len(hash))] }
