package statement

import (
	"strconv"

	"seedbook/service/i18n"
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

// LineName is what a line of a statement is called.
func LineName(w *i18n.Words, l Line) string { return w.T("statement.line." + l.Kind) }

// LineNotes are further things to know about a line: how a deposit came, who
// gave an award, that it is of an earlier period.
func LineNotes(w *i18n.Words, l Line) []string {
	var notes []string
	if l.Channel != "" && w.Has("statement.channel."+l.Channel) {
		notes = append(notes, w.T("statement.channel."+l.Channel))
	}
	if l.Funder != "" {
		notes = append(notes, w.T("statement.from", i18n.Args{"funder": l.Funder}))
	}
	if l.Late {
		notes = append(notes, w.T("statement.late"))
	}
	return notes
}

// ComingText says what is on its way, and why it is not there yet.
func ComingText(w *i18n.Words, c Coming) string {
	switch {
	case c.Reason == savings.ReasonQueued:
		return w.T("statement.queued")
	case c.PayOn.IsZero():
		return w.T("statement.promised")
	}
	return w.T("statement.pay_on", i18n.Args{"day": c.PayOn})
}
