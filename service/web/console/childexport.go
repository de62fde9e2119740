package console

import (
	"context"
	"io"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/savedview"
	"seedbook/service/sheet"
	"seedbook/service/web"
)

// exportChunk is how many children one transaction of a download reads.
const exportChunk = 1000

// export is a download of the list: its form, and whether names and birth dates
// are in it, which is a capability of its own.
func export(f sheet.Format, named bool) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.exportChildren(g, v, f, named) }
}

// exportChildren sends what the list shows, all pages of it, in the columns
// chosen.
func (c *Console) exportChildren(g *gin.Context, v visit, f sheet.Format, named bool) error {
	s, err := readSearch(web.ReadQuery(g))
	if err != nil {
		return err
	}
	columns, headings := s.exported(v, named)
	s.Filter.After = 0
	if err := c.noteExport(g, v, s, f, named, columns); err != nil {
		return err
	}
	name := "children-" + v.program.Code + "-" + v.today().String() + "." + string(f)
	return web.Stream(g, f.Type(), name, func(w io.Writer) error {
		out, err := sheet.New(w, f, v.words.T("console.children.title"), headings)
		if err != nil {
			return err
		}
		for {
			rows, money, err := c.exportPage(g, v, s)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if err := out.Row(exportRow(v, columns, named, r, money[r.Child])...); err != nil {
					return err
				}
			}
			if len(rows) < exportChunk {
				return out.Close()
			}
			s.After = rows[len(rows)-1].Child
		}
	})
}

// exported are the columns of a download and their headings.
func (s search) exported(v visit, named bool) (columns []childColumn, headings []sheet.Column) {
	if named {
		headings = []sheet.Column{{Name: v.words.T("childlist.column.given")}, {Name: v.words.T("childlist.column.family")}}
	}
	for _, col := range s.chosen(v) {
		if col.names && !named {
			continue
		}
		columns = append(columns, col)
		headings = append(headings, sheet.Column{Name: v.words.T("childlist.column." + col.name), Kind: col.kind})
	}
	return columns, headings
}

func exportRow(v visit, columns []childColumn, named bool, r enroll.Row, m enroll.Money) (cells []any) {
	if named {
		cells = append(cells, r.Person.Given, r.Person.Family)
	}
	for _, col := range columns {
		cells = append(cells, col.exported(v, r, m))
	}
	return cells
}

func (c *Console) exportPage(g *gin.Context, v visit, s search) (rows []enroll.Row, money map[family.ChildID]enroll.Money, err error) {
	s.Limit = exportChunk
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if rows, err = enroll.List(ctx, q, v.Who(), c.Keys, v.program.ID, s.Filter); err != nil {
			return err
		}
		money, err = enroll.MoneyOf(ctx, q, v.program, childrenOf(rows))
		return err
	})
	if err == nil {
		err = c.viewed(g, v, "child.exported", childrenOf(rows))
	}
	return rows, money, err
}

// noteExport writes into the trail who takes out what. The words that somebody
// searched for are personal and stay out of it.
func (c *Console) noteExport(g *gin.Context, v visit, s search, f sheet.Format, named bool, columns []childColumn) error {
	names := make([]string, len(columns))
	for i, col := range columns {
		names[i] = col.name
	}
	q := s.filters()
	searched := q.Get("q") != ""
	q.Del("q")
	q.Del("col")
	return c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "child.list_exported", Kind: "program", Subject: int64(v.program.ID), Program: int32(v.program.ID),
			After: map[string]any{"format": string(f), "columns": names, "filter": q.Encode(), "searched": searched, "named": named}}}, v.at)
	})
}

// saveView keeps the list's filters under a name.
func (c *Console) saveView(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	query := viewQuery(f.Block("query", 2000))
	kept := savedview.View{Name: f.Text("name"), Query: query, Shared: f.Checked("shared")}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := savedview.Save(ctx, tx, v.Who(), childList(v), kept, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		s, bad := readSearch(web.FormOf(query))
		if bad != nil {
			return err
		}
		return c.showChildren(g, v, s, web.Status(err), f.Peek("name"), problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, childrenAddress(v.base(), query), "view_saved", 0)
}

// viewQuery is an address's query as a view keeps it: our own filters, and never
// what somebody searched for.
func viewQuery(text string) string {
	sent, err := url.ParseQuery(text)
	if err != nil {
		return ""
	}
	kept := url.Values{}
	for _, name := range []string{"school", "grade", "state", "language", "about", "col"} {
		if sent.Has(name) {
			kept[name] = sent[name]
		}
	}
	return kept.Encode()
}

// removeView forgets a view.
func (c *Console) removeView(g *gin.Context, v visit) error {
	id, err := strconv.ParseInt(g.Param("view"), 10, 64)
	if err != nil {
		return savedview.ErrNone
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return savedview.Remove(ctx, tx, v.Who(), childList(v), savedview.ID(id))
	})
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/children", "view_removed", 0)
}

// dateOr is a day in words, or nothing.
func dateOr(v visit, d ledger.Date) string {
	if d.IsZero() {
		return ""
	}
	return v.words.Date(d)
}

// amountOf is a money column's value.
func amountOf(value any) ledger.Amount {
	a, _ := value.(ledger.Amount) // by the column's kind
	return a
}
