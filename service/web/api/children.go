package api

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/apikey"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
)

// child is a child as callers see it: by number, and with names only where the
// key may see them.
type child struct {
	ID         string       `json:"id"`
	State      enroll.State `json:"state"`
	Flagged    bool         `json:"flagged"`
	EnrolledOn string       `json:"enrolled_on,omitempty"`
	EndedOn    string       `json:"ended_on,omitempty"`
	School     string       `json:"school,omitempty"`
	Grade      string       `json:"grade,omitempty"`
	Account    string       `json:"account,omitempty"`
	Given      string       `json:"given_name,omitempty"`
	Family     string       `json:"family_name,omitempty"`
	BornOn     string       `json:"born_on,omitempty"`
	Student    string       `json:"student_number,omitempty"`
	Erased     bool         `json:"erased,omitempty"`
	JoinedTo   string       `json:"joined_to,omitempty"`
}

func childOf(c call, r enroll.Row) child {
	out := child{ID: number(r.Child), State: r.State, Flagged: r.Flagged, EnrolledOn: r.EnrolledOn.String(), EndedOn: r.EndedOn.String(),
		School: r.School, Grade: r.Grade, Erased: r.Erased}
	if c.May(apikey.ReadNames) {
		out.Account, out.Given, out.Family = r.ID.Account().String(), r.Person.Given, r.Person.Family
		out.BornOn, out.Student = r.Person.BornOn.String(), r.Person.StudentNumber
	}
	return out
}

// number is an id as callers see it.
func number[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }

// numberIn reads an id of the address; what is no number does not exist.
func numberIn(g *gin.Context, name string) (int64, error) {
	n, err := strconv.ParseInt(g.Param(name), 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != g.Param(name) {
		return 0, errNothing
	}
	return n, nil
}

// page is one page of a list.
type page[T any] struct {
	Data []T    `json:"data"`
	Next string `json:"next,omitempty"`
}

// paged cuts the row that was read beyond the page, and says where to go on.
func paged[T any](g *gin.Context, rows []T, limit int, last func(T) string) page[T] {
	p := page[T]{Data: rows}
	if len(rows) > limit {
		p.Data = rows[:limit]
		u := url.URL{Path: g.Request.URL.Path}
		q := g.Request.URL.Query()
		q.Set("after", last(rows[limit-1]))
		u.RawQuery = q.Encode()
		p.Next = u.String()
	}
	if p.Data == nil {
		p.Data = []T{}
	}
	return p
}

// Sizes of pages; openapi.yaml tells them to callers.
const (
	pageSize = 100
	maxPage  = 500
)

// children lists children by number.
func (a *API) children(g *gin.Context, c call) (reply, error) {
	q := readQuery(g)
	f := enroll.Filter{School: c.School, After: family.ChildID(q.number("after"))}
	limit := q.int("limit", 1, maxPage, pageSize)
	f.Grade = q.text("grade")
	if _, there := q.fields["state"]; there {
		f.State = enroll.State(q.choice("state", "enrolled", "ineligible", "left", "opted_out"))
	}
	if err := q.done(); err != nil {
		return reply{}, err
	}
	f.Limit = limit + 1
	var rows []enroll.Row
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		rows, err = enroll.List(ctx, q, c.Who(), a.Keys, c.Program.ID, f)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	out := make([]child, len(rows))
	var seen []int64
	for i, r := range rows {
		out[i] = childOf(c, r)
		if i < limit && c.May(apikey.ReadNames) {
			seen = append(seen, int64(r.Child))
		}
	}
	if err := a.viewed(g, c, "child.listed", seen); err != nil {
		return reply{}, err
	}
	return ok(paged(g, out, limit, func(k child) string { return k.ID }))
}

// viewed notes whose records a key is about to see.
func (a *API) viewed(g *gin.Context, c call, verb string, children []int64) error {
	return audit.Viewed(g.Request.Context(), a.DB, c.Who(), verb, children, c.at)
}

// child is one child.
func (a *API) child(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	var row enroll.Row
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		row, err = a.childIn(ctx, q, g, c)
		return err
	})
	if err == nil {
		err = a.viewed(g, c, "child.viewed", []int64{int64(row.Child)})
	}
	if err != nil {
		return reply{}, err
	}
	if id, err := numberIn(g, "child"); err == nil && id != int64(row.Child) {
		return ok(child{ID: number(id), State: enroll.Joined, JoinedTo: number(row.Child)})
	}
	return ok(childOf(c, row))
}

// childIn finds the child of the address, where the key may know of it: known to
// its program and, with a school's key, at the school. For a record that is
// joined to another one it is the record by which the child takes part.
func (a *API) childIn(ctx context.Context, q sqlx.QueryerContext, g *gin.Context, c call) (enroll.Row, error) {
	id, err := numberIn(g, "child")
	if err != nil {
		return enroll.Row{}, err
	}
	holder, err := enroll.Holders(ctx, q, c.Program.ID, []family.ChildID{family.ChildID(id)})
	if err != nil {
		return enroll.Row{}, err
	}
	id = int64(holder[family.ChildID(id)])
	// A page of one child that starts right before it.
	f := enroll.Filter{School: c.School, After: family.ChildID(id - 1), Limit: 1}
	rows, err := enroll.List(ctx, q, c.Who(), a.Keys, c.Program.ID, f)
	if err != nil {
		return enroll.Row{}, err
	}
	if len(rows) == 0 || int64(rows[0].Child) != id {
		return enroll.Row{}, enroll.ErrNone
	}
	return rows[0], nil
}

// balances are a child's money.
type balances struct {
	Child   string        `json:"child"`
	On      string        `json:"on,omitempty"`
	Family  ledger.Amount `json:"family"`
	Program ledger.Amount `json:"program"`
	Total   ledger.Amount `json:"total"`
	Coming  ledger.Amount `json:"coming"`
	Lines   []balance     `json:"lines"`
}

// balance is what a child has of one kind from one fund.
type balance struct {
	Owner  string        `json:"owner"`
	Fund   string        `json:"fund"`
	Kind   string        `json:"kind"`
	Amount ledger.Amount `json:"amount"`
}

// balances tells a child's money by owner and fund, now or as of a day.
func (a *API) balances(g *gin.Context, c call) (reply, error) {
	q := readQuery(g)
	on := q.day("on", c.today())
	if err := q.done(); err != nil {
		return reply{}, err
	}
	var row enroll.Row
	var held []ledger.Balance
	var funds []fund.Fund
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if row, err = a.childIn(ctx, q, g, c); err != nil {
			return err
		}
		if funds, err = fund.All(ctx, q, c.Program.ID); err != nil {
			return err
		}
		records, err := family.Records(ctx, q, []family.ChildID{row.Child})
		if err != nil {
			return err
		}
		var ids []int64
		for _, r := range family.WithRecords([]family.ChildID{row.Child}, records) {
			ids = append(ids, int64(r))
		}
		held, err = ledger.Balances(ctx, q, c.Program.Book, ledger.Query{Children: ids, EffectiveOn: on})
		return err
	})
	if err == nil {
		err = a.viewed(g, c, "child.viewed", []int64{int64(row.Child)})
	}
	if err != nil {
		return reply{}, err
	}
	out := balances{Child: number(row.Child), On: on.String(), Lines: []balance{}}
	for _, b := range held {
		out.add(b, codeOf(funds, b.Fund))
	}
	out.Total = out.Family.Add(out.Program)
	slices.SortFunc(out.Lines, func(a, b balance) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Fund, b.Fund), cmp.Compare(a.Kind, b.Kind))
	})
	return ok(out)
}

func codeOf(funds []fund.Fund, id ledger.FundID) string {
	for _, f := range funds {
		if f.ID == id {
			return f.Code
		}
	}
	return ""
}

// add sorts what an account holds; lines of one kind and fund are one.
func (b *balances) add(held ledger.Balance, code string) {
	line := balance{Owner: "program", Fund: code, Kind: string(held.Chart.Layer()), Amount: held.Amount}
	switch {
	case held.Chart == ledger.Accrued:
		b.Coming, line.Kind = b.Coming.Add(held.Amount), "coming"
	case held.Chart.Layer() == ledger.LayerFamily:
		b.Family, line.Owner, line.Kind = b.Family.Add(held.Amount), "family", "principal"
		if held.Chart == ledger.FamilyEarnings {
			line.Kind = "earnings"
		}
	case held.Chart.Layer() != "":
		b.Program = b.Program.Add(held.Amount)
	default:
		return // an expense or a receivable: not the child's money
	}
	for i, l := range b.Lines {
		if l.Owner == line.Owner && l.Fund == line.Fund && l.Kind == line.Kind {
			b.Lines[i].Amount = l.Amount.Add(line.Amount)
			return
		}
	}
	b.Lines = append(b.Lines, line)
}
