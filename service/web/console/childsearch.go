package console

import (
	"net/url"
	"strconv"
	"strings"

	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/savedview"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// search is the list's address, read.
type search struct {
	enroll.Filter
	school  string   // as in the address
	columns []string // nil: the usual ones
}

func readSearch(f *web.Form) (search, error) {
	s := search{Filter: enroll.Filter{Text: f.Optional("q"), Grade: f.Optional("grade"), State: enroll.State(f.Optional("state")), Language: f.Optional("language")}}
	if s.school = f.Optional("school"); s.school != "" {
		s.School = program.SchoolID(f.Int("school", 1, 1<<62))
	}
	if f.Optional("about") != "" {
		s.About = enroll.About(f.Choice("about", texts(enroll.Abouts)...))
	}
	if f.Optional("after") != "" {
		s.After = family.ChildID(f.Int("after", 1, 1<<62))
	}
	s.columns = f.Choices("col", childColumnNames()...)
	return s, f.Err()
}

// texts are codes as a form offers them.
func texts[T ~string](codes []T) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = string(c)
	}
	return out
}

// filters are the search as in an address, from the first page.
func (s search) filters() url.Values {
	q := url.Values{}
	for key, v := range map[string]string{"q": s.Text, "school": s.school, "grade": s.Grade, "state": string(s.State), "language": s.Language, "about": string(s.About)} {
		if v != "" {
			q.Set(key, v)
		}
	}
	for _, c := range s.columns {
		q.Add("col", c)
	}
	return q
}

// address is the list's address with one value changed, from the first page.
func (s search) address(base, name, value string) string {
	q := s.filters()
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	return childrenAddress(base, q.Encode())
}

func childrenAddress(base, query string) string {
	if query == "" {
		return base + "/children"
	}
	return base + "/children?" + query
}

func childList(v visit) savedview.List {
	return savedview.List{Program: int64(v.program.ID), Page: "children"}
}

func (c *Console) childrenView(v visit, s search, found childrenFound) pages.Children {
	w := v.words
	view := pages.Children{Base: v.base(), Query: s.Text, School: s.school, Grade: s.Grade, State: string(s.State), Language: s.Language, About: string(s.About),
		Schools:   []parts.Choice{{Text: w.T("console.children.any_school")}},
		Grades:    []parts.Choice{{Text: w.T("console.children.any_grade")}},
		States:    []parts.Choice{{Text: w.T("console.children.any_state")}},
		Languages: []parts.Choice{{Text: w.T("childlist.any_language")}},
		Abouts:    []parts.Choice{{Text: w.T("childlist.any_about")}},
	}
	if v.May(auth.ChangeChildren) {
		view.Add = v.base() + "/children/new"
	}
	if v.May(auth.SeeLetters) {
		view.Letters = v.base() + "/letters"
	}
	view.Filtered = len(s.address("", "col", "")) > len("/children")
	s.offer(v, &view, found.schools)
	view.Chips = s.chips(v, found.schools)
	rows := found.rows
	if s.After != 0 {
		view.First = s.address(v.base(), "", "")
	}
	if len(rows) > perPage {
		rows = rows[:perPage]
		view.Next = s.address(v.base(), "after", strconv.FormatInt(int64(rows[perPage-1].Child), 10))
	}
	switch {
	case found.count > enroll.MostCounted:
		view.Count = w.T("childlist.more_than", i18n.Args{"n": w.Int(enroll.MostCounted)})
	case found.count > 0:
		view.Count = w.N("console.children.count", found.count)
	}
	s.fill(v, &view, rows, found)
	s.keep(v, &view, found.views)
	view.Bulk = c.bulkChoice(v, s, childrenOf(rows))
	return view
}

// fill adds the rows in the columns chosen.
func (s search) fill(v visit, view *pages.Children, rows []enroll.Row, found childrenFound) {
	columns := s.chosen(v)
	for _, col := range childColumns {
		if col.may(v) {
			view.AllColumns = append(view.AllColumns, pages.Box{Value: col.name, Text: v.words.T("childlist.column." + col.name), Checked: s.shows(v, col.name)})
		}
	}
	view.Columns = []parts.Column{{Name: v.words.T("console.children.name")}}
	for _, col := range columns {
		view.Columns = append(view.Columns, parts.Column{Name: v.words.T("childlist.column." + col.name), Number: col.number})
	}
	line := func(r enroll.Row) parts.TableRow {
		cells := []parts.Cell{parts.Linked(listName(v, r), childPath(v, r.Child))}
		for _, col := range columns {
			cells = append(cells, col.cell(v, r, found.money[r.Child]))
		}
		return parts.TableRow{Cells: cells, Value: strconv.FormatInt(int64(r.Child), 10), Choose: v.words.T("bulk.choose", i18n.Args{"child": listName(v, r)})}
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, line(r))
	}
	for _, r := range found.similar {
		view.Similar = append(view.Similar, line(r))
	}
}

// keep adds the ways to keep the list: its views and its downloads.
func (s search) keep(v visit, view *pages.Children, views []savedview.View) {
	q := s.filters()
	files := []string{"children.csv", "children.xlsx"}
	if v.May(auth.ExportNames) {
		files = append(files, "children-named.csv", "children-named.xlsx")
	}
	for _, name := range files {
		key := strings.NewReplacer(".", "_", "-", "_").Replace(name)
		view.Files = append(view.Files, parts.Link{Text: v.words.T("childlist.file." + key), To: v.base() + "/" + name + "?" + q.Encode()})
	}
	q = s.filters()
	q.Del("q") // a view is no search for somebody
	view.ViewQuery = q.Encode()
	for _, kept := range views {
		line := pages.ViewLink{Link: parts.Link{Text: kept.Name, To: childrenAddress(v.base(), kept.Query), Current: s.Text == "" && kept.Query == view.ViewQuery}, Shared: kept.Shared}
		if kept.Mine {
			line.Remove = v.base() + "/children/views/" + strconv.FormatInt(int64(kept.ID), 10) + "/remove"
		}
		view.Views = append(view.Views, line)
	}
}

// offer fills the filters' choices.
func (s search) offer(v visit, view *pages.Children, schools []program.School) {
	for _, school := range schools {
		view.Schools = append(view.Schools, parts.Choice{Value: strconv.FormatInt(int64(school.ID), 10), Text: school.Name})
	}
	for _, code := range grades {
		view.Grades = append(view.Grades, parts.Choice{Value: code, Text: grade(v, code)})
	}
	for _, state := range enroll.States {
		view.States = append(view.States, parts.Choice{Value: string(state), Text: v.words.T("console.participation." + string(state))})
	}
	for _, l := range i18n.Languages {
		view.Languages = append(view.Languages, parts.Choice{Value: l.Code, Text: l.Name})
	}
	for _, about := range enroll.Abouts {
		view.Abouts = append(view.Abouts, parts.Choice{Value: string(about), Text: v.words.T("childlist.about." + string(about))})
	}
}

// chips are the filters in force, each leading to the list without it.
func (s search) chips(v visit, schools []program.School) (out []parts.Link) {
	add := func(name, text string) {
		out = append(out, parts.Link{Text: text, To: s.address(v.base(), name, "")})
	}
	if s.Text != "" {
		add("q", s.Text)
	}
	for _, school := range schools {
		if s.School == school.ID {
			add("school", school.Name)
		}
	}
	if s.Grade != "" {
		add("grade", grade(v, s.Grade))
	}
	if key := "console.participation." + string(s.State); s.State != "" && v.words.Has(key) {
		add("state", v.words.T(key))
	}
	for _, l := range i18n.Languages {
		if s.Language == l.Code {
			add("language", l.Name)
		}
	}
	if s.About != "" {
		add("about", v.words.T("childlist.about."+string(s.About)))
	}
	return out
}
