package console

import (
	"seedbook/service/auth"
	"seedbook/service/i18n"
	"seedbook/service/roster"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// births are the files of birth records among some.
func births(all ...roster.Batch) (out []roster.ID) {
	for _, b := range all {
		if b.Kind == roster.OfBirths {
			out = append(out, b.ID)
		}
	}
	return out
}

// told says how the time to tell parents stands.
func told(v visit, n roster.Notice) parts.Status {
	switch {
	case n.Untold == 0:
		return parts.Status{Text: v.words.T("births.all_told"), Tone: parts.Good}
	case n.Overdue(v.today()):
		return parts.Status{Text: v.words.N("births.overdue", n.Untold, i18n.Args{"on": n.TellBy}), Tone: parts.Bad}
	}
	return parts.Status{Text: v.words.N("births.to_tell", n.Untold, i18n.Args{"on": n.TellBy}), Tone: parts.Caution}
}

// addClocks shows the two times of 90 days that birth records run against: to be
// sent after the birth, and to have the parents told after that.
func addClocks(v visit, view *pages.Preview, b roster.Batch, notices map[roster.ID]roster.Notice) {
	k := b.Preview.Clocks
	if k == nil {
		return
	}
	w := v.words
	view.Clocks = []parts.Row{{Term: w.T("births.late"), Value: w.T("births.late_of", i18n.Args{"n": k.Late, "of": k.Children})}}
	if !k.Oldest.IsZero() {
		view.Clocks = append(view.Clocks, parts.Row{Term: w.T("births.oldest"), Value: w.Date(k.Oldest)})
	}
	if k.Died > 0 {
		view.Clocks = append(view.Clocks, parts.Row{Term: w.T("births.died"), Value: w.Int(k.Died)})
	}
	n, ok := notices[b.ID]
	if !ok {
		view.Clocks = append(view.Clocks, parts.Row{Term: w.T("births.tell_by"), Value: w.Date(k.TellBy)})
		return
	}
	view.Told = told(v, n)
	view.Clocks = append(view.Clocks, parts.Row{Term: w.T("births.tell_by"), Value: w.Date(n.TellBy)},
		parts.Row{Term: w.T("births.told"), Value: w.T("births.late_of", i18n.Args{"n": n.Children - n.Untold, "of": n.Children})})
	if n.Untold > 0 && v.May(auth.SeeLetters) {
		view.Letters = v.base() + "/letters"
	}
}
