package rulebook

import "seedbook/service/i18n"

// Say is a condition in words where it is of the common kind, and as it is
// written otherwise.
func Say(w *i18n.Words, cel string, names Names) string {
	t := &teller{w: w, names: names}
	if said := t.plain(cel); said != "" {
		return said
	}
	return cel
}
