package statement

import (
	"strconv"

	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/rules"
	"seedbook/service/savings"
)

// Span is the period of an issued statement.
func (i Issued) Span() Span {
	s, err := ParseSpan(i.Period)
	if err != nil {
		return Span{Name: i.Period}
	}
	return s
}

// PeriodName is a period as people call it: "September 2026", "July 1 –
// September 30, 2026", "2026".
func PeriodName(w *i18n.Words, s Span) string {
	if s.First.AddMonths(1).AddDays(-1) == s.Last {
		return w.Month(s.First)
	}
	if s.First.AddMonths(12).AddDays(-1) == s.Last {
		return strconv.Itoa(s.First.Year())
	}
	return w.Period(s.Period)
}

// AccountRows are, for a statement of several accounts, each account's number and
// what was on it before and at the end.
func AccountRows(w *i18n.Words, d Drawn) (rows [][2]string) {
	for i, account := range d.Accounts {
		part := d.Parts[i]
		rows = append(rows, [2]string{w.T("statement.account", i18n.Args{"account": account.String()}), w.T("statement.joint_part", i18n.Args{
			"opening": part.OpeningOwn.Add(part.OpeningProgram), "closing": part.ClosingOwn.Add(part.ClosingProgram), "first": d.First, "last": d.Last})})
	}
	return rows
}

// LineName is what a line of a statement is called: an award by the name that
// the rule book gives it.
func LineName(w *i18n.Words, l Line) string {
	name := benefitName(w, l.Says, l.Kind)
	switch {
	case l.Kind == "reverse" && l.Says.In(w.Lang()) != "":
		return w.T("statement.taken_back", i18n.Args{"what": name})
	case l.Kind == "used":
		return w.T("statement.used", i18n.Args{"what": name})
	case l.Kind == "forfeited":
		return w.T("statement.forfeited", i18n.Args{"what": name})
	}
	return name
}

// benefitName is a benefit in the rule book's words, else in ours.
func benefitName(w *i18n.Words, says rules.Text, kind string) string {
	if name := says.In(w.Lang()); name != "" {
		return name
	}
	if kind == "used" || kind == "forfeited" {
		kind = "other"
	}
	return w.T("statement.line." + kind)
}

// LineNotes are further things to know about a line: how a deposit came, who
// gave an award and why, that it is of an earlier period.
func LineNotes(w *i18n.Words, l Line) []string {
	var notes []string
	if l.Channel != "" && w.Has("statement.channel."+l.Channel) {
		notes = append(notes, w.T("statement.channel."+l.Channel))
	}
	if l.Funder != "" && l.Amount.Sign() > 0 {
		notes = append(notes, w.T("statement.from", i18n.Args{"funder": l.Funder}))
	}
	if l.Why != nil {
		notes = append(notes, reason(w, l)...)
	}
	if l.Account != 0 {
		notes = append(notes, w.T("statement.account", i18n.Args{"account": l.Account.String()})+".")
	}
	if l.Late {
		notes = append(notes, w.T("statement.late"))
	}
	return notes
}

// reason says in a sentence or two why an award is what it is. The evaluation is
// of everything saved so far; the line is what that adds.
func reason(w *i18n.Words, l Line) (said []string) {
	if l.Amount.Sign() < 0 {
		if back := amountOf(l.Why, rules.OpReturned); back.Sign() > 0 {
			return []string{w.T("statement.why.returned", i18n.Args{"amount": back})}
		}
		return []string{w.T("statement.why.too_much")}
	}
	base := amountOf(l.Why, rules.OpDeposits)
	if base.Sign() <= 0 {
		return nil
	}
	args := i18n.Args{"base": base, "amount": l.Why.Amount}
	switch {
	case l.Why.Amount == l.Amount:
		said = append(said, w.T("statement.why.saved", args))
	default:
		said = append(said, w.T("statement.why.saved_so_far", args))
	}
	if capped[l.Why.Reason] {
		said = append(said, w.T("statement.why.most"))
	}
	return said
}

// capped are the reasons of an amount that saving more does not raise.
var capped = map[rules.Reason]bool{
	rules.ReasonPeriodCap: true, rules.ReasonWithinCap: true, rules.ReasonLifetimeCap: true, rules.ReasonSharedCap: true, rules.ReasonBaseCap: true,
}

// amountOf is what a step of the arithmetic started from; 0 where it was not
// taken.
func amountOf(why *rules.Why, op rules.Op) ledger.Amount {
	for _, l := range why.Lines {
		if l.Op == op {
			return l.Base
		}
	}
	return ledger.Amount{}
}

// ComingText says what is on its way, and why it is not there yet.
func ComingText(w *i18n.Words, c Coming) string {
	what := benefitName(w, c.Says, "award_"+layerOf(c.Kind))
	return w.T("statement.coming_what", i18n.Args{"what": what}) + " " + comingWhen(w, c)
}

func comingWhen(w *i18n.Words, c Coming) string {
	switch {
	case c.Reason == savings.ReasonQueued:
		return w.T("statement.queued")
	case c.PayOn.IsZero():
		return w.T("statement.promised")
	case c.Wait != "":
		return w.T("rules.wait."+string(c.Wait), i18n.Args{"on": c.PayOn})
	}
	return w.T("statement.pay_on", i18n.Args{"day": c.PayOn})
}

// layerOf is the kind of program money that a kind of benefit becomes.
func layerOf(kind string) string {
	switch k := rules.Kind(kind); k {
	case rules.Seed, rules.Match, rules.Community:
		return kind
	}
	return string(rules.Incentive)
}
