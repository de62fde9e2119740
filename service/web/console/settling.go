package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/likeness"
	"seedbook/service/roster"
	"seedbook/service/savings"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func doubtsPath(v visit, id roster.ID) string { return rosterPath(v, id) + "/doubts" }

func doubtPath(v visit, id roster.ID, n int) string {
	return doubtsPath(v, id) + "/" + strconv.Itoa(n)
}

func doubtRow(g *gin.Context) (roster.ID, int, error) {
	id, err := rosterID(g)
	if err != nil {
		return 0, 0, err
	}
	n, err := strconv.Atoi(g.Param("row"))
	if err != nil || n < 1 {
		return 0, 0, web.ErrNoPage
	}
	return id, n, nil
}

// doubts lists the rows of a roster that wait for a person.
func (c *Console) doubts(g *gin.Context, v visit) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	f := web.ReadQuery(g)
	settled, after := f.Optional("show") == "settled", 0
	if f.Has("after") {
		after = f.Int("after", 0, 1<<30)
	}
	if err := f.Err(); err != nil {
		return err
	}
	var b roster.Batch
	var rows []roster.Row
	first := 0
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if b, err = roster.Load(ctx, q, v.program.ID, id); err != nil {
			return err
		}
		if first, err = roster.NextDoubt(ctx, q, id, 0); err != nil {
			return err
		}
		rows, err = roster.Doubts(ctx, q, v.Who(), c.Keys, id, settled, after, perPage+1)
		return err
	})
	if err == nil {
		err = c.rowViewed(g, v, id, nil)
	}
	if err != nil {
		return err
	}
	view := pages.Doubts{Self: doubtsPath(v, id), Open: b.Counts.Open(), ShowSettled: settled, Masked: !v.May(auth.SeeNames)}
	for _, n := range b.Counts.Settled {
		view.Settled += n
	}
	if first != 0 && v.May(auth.CommitRosters) {
		view.Begin = doubtPath(v, id, first)
	}
	if len(rows) > perPage {
		rows = rows[:perPage]
		view.Next = view.Self + "?after=" + strconv.Itoa(rows[perPage-1].N)
		if settled {
			view.Next += "&show=settled"
		}
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, doubtLine(v, b, r))
	}
	p := c.page(g, v, v.words.T("settling.title"), rosterTrail(v, b)...)
	p.Lead = v.words.T("settling.lead")
	return c.show(g, pages.DoubtsPage(p, view))
}

// rosterTrail is the way from home to a roster.
func rosterTrail(v visit, b roster.Batch) []parts.Link {
	return []parts.Link{{Text: v.words.T("console.nav.rosters"), To: v.base() + "/rosters"}, {Text: b.FileName, To: rosterPath(v, b.ID)}}
}

func doubtLine(v visit, b roster.Batch, r roster.Row) pages.DoubtLine {
	line := pages.DoubtLine{Name: rowName(v, r), To: doubtPath(v, b.ID, r.N), Line: r.Line, School: r.School, Why: v.words.T(r.Reason)}
	for _, s := range b.Preview.Schools {
		if s.Code == r.School {
			line.School = s.Name
		}
	}
	if r.Settled.Answer != roster.Unsaid {
		line.Answer = parts.Status{Text: v.words.T("settling.answers." + string(r.Settled.Answer)), Tone: parts.Good}
		if r.Settled.Answer == roster.Out {
			line.Answer.Tone = parts.Quiet
		}
		line.By = actor(v, r.Settled.By) + ", " + v.words.Time(r.Settled.At.In(v.at.Location()))
	}
	return line
}

// rowName is the child of a row, masked for who may not see names.
func rowName(v visit, r roster.Row) string {
	if !v.May(auth.SeeNames) {
		return masked(family.Person{Given: r.Said.Given, Family: r.Said.Family})
	}
	return r.Name
}

// rowViewed leaves in the trail that rows of a roster were looked at, and the
// children beside them.
func (c *Console) rowViewed(g *gin.Context, v visit, id roster.ID, children []family.ChildID) error {
	err := c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "roster.row_viewed", Kind: "roster", Subject: int64(id), Program: int32(v.program.ID)}}, v.at)
	})
	if err != nil || len(children) == 0 {
		return err
	}
	return c.viewed(g, v, "roster.row_viewed", children)
}

// doubt shows a row beside the children whom it may be about.
func (c *Console) doubt(g *gin.Context, v visit) error {
	return c.showDoubt(g, v, http.StatusOK, typedAnswer{}, nil)
}

// typedAnswer is what was typed into a form that came back.
type typedAnswer struct{ account, why, note string }

// doubtFile is everything about a row.
type doubtFile struct {
	batch     roster.Batch
	row       roster.Row
	found     []roster.Candidate
	people    map[family.ChildID]family.Child
	guardians map[family.ChildID][]family.Guardian
	rows      map[family.ChildID]enroll.Row
	money     map[family.ChildID]enroll.Money
	next      int
}

func (c *Console) openDoubt(ctx context.Context, q sqlx.QueryerContext, v visit, id roster.ID, n int) (f doubtFile, err error) {
	if f.batch, err = roster.Load(ctx, q, v.program.ID, id); err != nil {
		return f, err
	}
	if f.row, f.found, err = roster.Doubt(ctx, q, v.Who(), c.Keys, id, n); err != nil {
		return f, err
	}
	if f.next, err = roster.NextDoubt(ctx, q, id, n); err != nil {
		return f, err
	}
	ids := f.children()
	var pairs []duplicate.Case
	for _, id := range ids {
		pairs = append(pairs, duplicate.Case{Pair: duplicate.Pair{Low: id, High: id}})
	}
	if f.people, err = c.recordsOf(ctx, q, v, pairs...); err != nil {
		return f, err
	}
	f.guardians = map[family.ChildID][]family.Guardian{}
	for _, id := range ids { // a handful
		if f.guardians[id], err = family.Guardians(ctx, q, v.Who(), c.Keys, id); err != nil {
			return f, err
		}
	}
	if f.rows, err = c.rowsOf(ctx, q, v, ids); err != nil {
		return f, err
	}
	f.money, err = enroll.MoneyOfRecords(ctx, q, v.program, ids)
	return f, err
}

// children are those beside the row, and the one whom it was said to be.
func (f doubtFile) children() (ids []family.ChildID) {
	for _, c := range f.found {
		ids = append(ids, c.Child)
	}
	if s := f.row.Settled.Child; s != 0 && !slices.Contains(ids, s) {
		ids = append(ids, s)
	}
	return ids
}

func (c *Console) showDoubt(g *gin.Context, v visit, status int, typed typedAnswer, problems []parts.Problem) error {
	id, n, err := doubtRow(g)
	if err != nil {
		return err
	}
	var f doubtFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		f, err = c.openDoubt(ctx, q, v, id, n)
		return err
	})
	if err == nil {
		err = c.rowViewed(g, v, id, f.children())
	}
	if err != nil {
		return err
	}
	view := f.view(v)
	view.Account, view.Out, view.Note = typed.account, typed.why, typed.note
	trail := append(rosterTrail(v, f.batch), parts.Link{Text: v.words.T("settling.title"), To: view.List})
	p := c.page(g, v, v.words.T("settling.one_title", i18n.Args{"line": f.row.Line, "file": f.row.File}), trail...)
	p.Problems = problems
	return c.hall.Show(g, status, pages.DoubtPage(p, view))
}

func (f doubtFile) view(v visit) pages.Doubt {
	w, s := v.words, f.row.Settled
	all := f.batch.Counts.By[roster.Doubtful] + f.batch.Counts.By[roster.Review]
	view := pages.Doubt{
		Self: doubtPath(v, f.batch.ID, f.row.N), List: doubtsPath(v, f.batch.ID), Seen: strconv.Itoa(s.No), Masked: !v.May(auth.SeeNames),
		Summary: w.T("settling.count", i18n.Args{"n": all - f.batch.Counts.Open(), "of": all}), Why: w.T(f.row.Reason),
		May: v.May(auth.CommitRosters) && f.batch.State != roster.Applying && !s.Applied,
	}
	view.May = view.May && f.batch.State != roster.Discarded && f.batch.State != roster.Undone
	if f.next != 0 && f.next != f.row.N {
		view.Skip = doubtPath(v, f.batch.ID, f.next)
	}
	if s.Answer != roster.Unsaid {
		view.Settled, view.Back = f.said(v), true
	}
	said := f.row.Said
	view.MayNew = said.Given != "" && said.Family != "" && !said.BornOn.IsZero() && !said.Partial && said.DiedOn.IsZero()
	if !view.MayNew {
		view.NotNew = w.T("roster.not_new")
	}
	for _, o := range roster.Outs {
		view.Outs = append(view.Outs, parts.Choice{Value: o, Text: w.T("settling.outs." + o)})
	}
	for _, c := range f.found {
		head := f.head(v, c.Child)
		pair := duplicate.Pair{Score: c.Score, Caution: c.Caution}
		view.Candidates = append(view.Candidates, pages.DoubtCandidate{Name: head, To: childPath(v, c.Child), Value: strconv.FormatInt(int64(c.Child), 10), Likely: likely(v, pair)})
		if c.Caution != likeness.None {
			view.Caution = append(view.Caution, head+": "+caution(v, c.Caution))
		}
		if c.Number {
			view.Caution = append(view.Caution, w.T("settling.number_taken", i18n.Args{"child": head}))
		}
	}
	view.Fields = f.fields(v)
	return view
}

// head names a record so that nobody confuses two: by name and account.
func (f doubtFile) head(v visit, id family.ChildID) string {
	name := recordName(v, f.people[id])
	if r, ok := f.rows[id]; ok {
		name += " " + r.ID.Account().String()
	}
	return name
}

// said is what a person said of the row, who and when.
func (f doubtFile) said(v visit) string {
	w, s := v.words, f.row.Settled
	answer := w.T("settling.answers." + string(s.Answer))
	switch s.Answer {
	case roster.Same:
		answer = w.T("settling.same_as", i18n.Args{"child": f.head(v, s.Child)})
	case roster.Out:
		why := w.T("settling.outs." + s.Why)
		if s.Note != "" {
			why += " (" + s.Note + ")"
		}
		answer = w.T("settling.out_because", i18n.Args{"why": why})
	}
	told := w.T("settling.told", i18n.Args{"answer": answer, "by": actor(v, s.By), "at": s.At.In(v.at.Location())})
	if s.Applied {
		told += ". " + w.T("settling.applied")
	}
	return told
}

// fields are the details of the row and of each child, with how they compare.
func (f doubtFile) fields(v visit) (out []pages.DoubtField) {
	row := pairFile{people: map[family.ChildID]family.Child{0: {Person: rowPerson(f.row)}}, guardians: map[family.ChildID][]family.Guardian{0: rowGuardians(f.row)}}
	records := pairFile{people: f.people, guardians: f.guardians}
	for _, field := range []likeness.Field{likeness.Given, likeness.Middle, likeness.Family, likeness.Born, likeness.Street, likeness.Place, likeness.City, likeness.Guardian, likeness.Contact} {
		line := pages.DoubtField{Name: v.words.T("duplicate.field." + string(field)), Row: row.shown(v, 0, field)}
		for _, c := range f.found {
			line.Cells = append(line.Cells, pages.DoubtCell{Text: records.shown(v, c.Child, field), Says: f.says(v, c, field)})
		}
		out = append(out, line)
	}
	return append(out, f.plain(v)...)
}

// says is what a field of a candidate speaks for, in words.
func (f doubtFile) says(v visit, c roster.Candidate, field likeness.Field) string {
	for _, e := range c.Evidence {
		if e.Field == field && e.Level != likeness.Missing {
			return v.words.T("settling.says", i18n.Args{"level": v.words.T("duplicate.level." + string(e.Level)), "weight": weight(v, e.Weight)})
		}
	}
	return ""
}

// plain are details that are not compared.
func (f doubtFile) plain(v visit) (out []pages.DoubtField) {
	add := func(key, row string, of func(family.ChildID) string) {
		line := pages.DoubtField{Name: v.words.T(key), Row: row}
		for _, c := range f.found {
			line.Cells = append(line.Cells, pages.DoubtCell{Text: of(c.Child)})
		}
		out = append(out, line)
	}
	if v.May(auth.SeeNames) {
		add("console.child.student", f.row.Said.StudentNumber, func(id family.ChildID) string { return f.people[id].Person.StudentNumber })
	}
	add("console.children.school", doubtLine(v, f.batch, f.row).School, func(id family.ChildID) string { return f.rows[id].School })
	if len(f.found) == 0 {
		return out
	}
	add("duplicate.page.state", "", func(id family.ChildID) string {
		if r, ok := f.rows[id]; ok {
			return participation(v, r.Enrollment).Text
		}
		return ""
	})
	add("console.child.own", "", func(id family.ChildID) string { return v.words.Money(f.money[id].Own) })
	add("console.child.awarded", "", func(id family.ChildID) string { return v.words.Money(f.money[id].Program) })
	return out
}

func rowPerson(r roster.Row) family.Person {
	c := r.Said
	return family.Person{Given: c.Given, Middle: c.Middle, Family: c.Family, Preferred: c.Preferred, BornOn: c.BornOn, StudentNumber: c.StudentNumber,
		Street: c.Street, City: c.City, State: c.State, ZIP: c.ZIP}
}

func rowGuardians(r roster.Row) (out []family.Guardian) {
	for _, g := range r.Said.Guardians {
		out = append(out, family.Guardian{Given: g.Given, Family: g.Family, Phone: g.Phone, Email: g.Email})
	}
	return out
}

// settleDoubt keeps an answer and leads to the next row that waits.
func (c *Console) settleDoubt(g *gin.Context, v visit) error {
	id, n, err := doubtRow(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	answer := roster.Settling{Row: n, Seen: f.Int("seen", 0, 1<<30), Answer: roster.Answer(f.Choice("answer", "same", "new", "out", "back"))}
	typed := typedAnswer{account: f.Optional("account"), why: f.Optional("why"), note: f.Optional("note")}
	child := f.Optional("child")
	if answer.Answer == "back" {
		answer.Answer = roster.Unsaid
	}
	if answer.Answer == roster.Out {
		answer.Why, answer.Note = typed.why, typed.note
	}
	next := 0
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			if answer.Answer == roster.Same {
				if answer.Child, err = c.meant(ctx, tx, v, child, typed.account); err != nil {
					return err
				}
			}
			if err := roster.Settle(ctx, tx, v.Who(), c.Keys, v.program, id, answer, v.at); err != nil {
				return err
			}
			next, err = roster.NextDoubt(ctx, tx, id, n)
			return err
		})
	}
	if x, ok := fault.Of(err); ok && x.Kind == fault.Conflict {
		return c.showDoubt(g, v, web.Status(err), typed, []parts.Problem{{Text: v.words.Fault(x)}})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showDoubt(g, v, web.Status(err), typed, problems)
	}
	switch {
	case err != nil:
		return err
	case answer.Answer == roster.Unsaid:
		return web.See(g, doubtPath(v, id, n), "", 0)
	case next == 0:
		return web.See(g, rosterPath(v, id), "rows_settled", 0)
	}
	return web.See(g, doubtPath(v, id, next), "row_settled", 0)
}

// meant is the child whom a person chose: one of those shown, or one by account.
func (c *Console) meant(ctx context.Context, q sqlx.QueryerContext, v visit, child, account string) (family.ChildID, error) {
	if child != "" {
		id, err := strconv.ParseInt(child, 10, 64)
		if err != nil {
			return 0, roster.ErrWho.At("account")
		}
		return family.ChildID(id), nil
	}
	no, err := savings.ParseAccount(strings.TrimSpace(account))
	if err != nil {
		return 0, roster.ErrWho.At("account")
	}
	found, err := savings.Holders(ctx, q, v.program.ID, []savings.Account{no})
	if err != nil {
		return 0, err
	}
	if found[0] == 0 {
		return 0, roster.ErrWho.At("account")
	}
	return found[0], nil
}
