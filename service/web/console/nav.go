package console

import (
	"seedbook/service/auth"
	"seedbook/service/web/parts"
)

// place is somewhere in the navigation: its name, where it is, the letter that
// leads there after "g" ("" for none), and who may go.
type place struct {
	name, path, key string
	may             auth.Capability
	office          bool // of the whole organization, not of a program
}

// section is one of the main places, with the pages that belong to it.
type section struct {
	name   string
	places []place
}

// navigation is the main places: few enough to be taken in at a glance. Home comes
// before them.
var navigation = []section{
	{"approvals", []place{
		{"approvals", "/approvals", "a", auth.SeeApprovals, true},
		{"limits", "/approvals/limits", "", auth.SeeApprovals, true},
	}},
	{"children", []place{
		{"children", "/children", "c", auth.SeeChildren, false},
		{"new_child", "/children/new", "n", auth.ChangeChildren, false},
		{"requests", "/requests", "q", auth.SeeRequests, false},
		{"duplicates", "/duplicates", "p", auth.SeeChildren, false},
		{"letters", "/letters", "l", auth.SeeLetters, false},
		{"notices", "/notices", "g", auth.SeeNotices, true},
	}},
	{"imports", []place{
		{"imports", "/imports", "i", auth.SeeImports, false},
		{"rosters", "/rosters", "r", auth.SeeRosters, false},
		{"facts", "/facts", "f", auth.SeeRosters, false},
	}},
	{"money", []place{
		{"funds", "/funds", "m", auth.SeeFunds, false},
		{"deposits", "/deposits", "d", auth.SeeDeposits, false},
		{"custody", "/custody", "y", auth.SeeCustody, false},
		{"withdrawals", "/withdrawals", "w", auth.SeeWithdrawals, false},
		{"excesses", "/excesses", "x", auth.SeeDeposits, false},
	}},
	{"books", []place{
		{"books", "/books", "b", auth.SeeBooks, false},
		{"journal", "/journal", "e", auth.SeeBooks, false},
		{"periods", "/periods", "", auth.SeeBooks, false},
		{"findings", "/findings", "", auth.VerifyBooks, false},
	}},
	{"rules", []place{
		{"rules", "/rules", "u", auth.SeeRules, false},
		{"classes", "/classes", "", auth.SeeRules, false},
	}},
	{"jobs", []place{
		{"jobs", "/jobs", "j", auth.SeeJobs, false},
	}},
	{"reports", []place{
		{"pictures", "/pictures", "v", auth.SeeTotals, false},
		{"equity", "/pictures/equity", "", auth.SeeTotals, false},
		{"forecast", "/forecast", "o", auth.SeeFunds, false},
	}},
	{"settings", []place{
		{"setup", "/settings", "", auth.SeeSettings, false},
		{"staff", "/staff", "s", auth.SeeStaff, true},
		{"keys", "/keys", "k", auth.SeeKeys, false},
		{"trail", "/trail", "t", auth.SeeTrail, true},
	}},
}

// sectionsFor is what of the navigation the visitor may use, from where it is.
func sectionsFor(p *parts.Page, v visit, path string) []parts.Section {
	home := "/"
	if v.program.Code != "" {
		home = v.base()
	}
	nav := []parts.Section{{Link: parts.Link{Text: p.T("console.nav.home"), To: home, Current: path == home, Key: "h"}}}
	if v.Due(v.at) != auth.DueNothing {
		return nav
	}
	for _, s := range navigation {
		if open := s.open(p, v); len(open.Places) > 0 {
			nav = append(nav, open)
		}
	}
	if of := v.base() + "/approvals"; under(path, of) {
		path = "/approvals"
	}
	mark(nav[1:], path)
	return nav
}

// open is a section with those of its pages that the visitor may see. It leads
// to the first of them.
func (s section) open(p *parts.Page, v visit) parts.Section {
	out := parts.Section{Link: parts.Link{Text: p.T("console.nav." + s.name)}}
	if s.name == "approvals" && v.inbox > 0 {
		out.Text = p.T("console.nav.approvals_waiting", map[string]any{"n": v.inbox})
	}
	for _, at := range s.places {
		if !v.May(at.may) || !at.office && v.program.Code == "" {
			continue
		}
		to := at.path
		if !at.office {
			to = v.base() + at.path
		}
		out.Places = append(out.Places, parts.Link{Text: p.T("console.nav." + at.name), To: to, Key: at.key})
	}
	if len(out.Places) > 0 {
		out.To = out.Places[0].To
	}
	return out
}

// mark says which page and section a path belongs to: the one with the longest
// address above it.
func mark(nav []parts.Section, path string) {
	var section, page *parts.Link
	for i := range nav {
		for j := range nav[i].Places {
			if to := &nav[i].Places[j]; under(path, to.To) && (page == nil || len(to.To) > len(page.To)) {
				section, page = &nav[i].Link, to
			}
		}
	}
	if page != nil {
		section.Current, page.Current = true, true
	}
}

func under(path, place string) bool {
	return path == place || len(path) > len(place) && path[:len(place)+1] == place+"/"
}
