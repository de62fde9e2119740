package rulebook

import (
	"strings"

	"seedbook/service/i18n"
)

// moment says a day that follows from what is known of a child.
func (t *teller) moment(text string) string {
	if text == "" {
		return ""
	}
	if d := date(text); !d.IsZero() {
		return t.w.Date(d)
	}
	if n, ok := argument(text, "age"); ok {
		return t.count("rulebook.moment.age", n)
	}
	if n, ok := argument(text, "grade"); ok {
		return t.w.T("rulebook.moment.grade", i18n.Args{"grade": t.grade(n)})
	}
	for _, unit := range []string{"years", "months", "days"} {
		inside, ok := argument(text, unit+"_after")
		from, n, two := strings.Cut(inside, ",")
		if ok && two {
			return t.counted("rulebook.cel."+unit+"_after", strings.TrimSpace(n), i18n.Args{"day": t.start(strings.TrimSpace(from))})
		}
	}
	if said := t.noun(text); said != "" {
		return said
	}
	return text
}

// start says from where a moment or a period counts: birth, an event, or a fact
// of a day.
func (t *teller) start(name string) string {
	switch {
	case name == "birth":
		return t.w.T("rules.name.born_on")
	case t.types[name] == "" && t.isEvent(name):
		return t.w.T("rulebook.cel.day_of", i18n.Args{"event": t.event(name)})
	}
	return t.named(name)
}

// deadline says a moment until which something holds, and whether its own day
// is in time.
func (t *teller) deadline(at, lastDay string) string {
	said := t.moment(at)
	if lastDay != "" {
		said += ". " + t.word("rulebook.last_day.", lastDay)
	}
	return said
}
