package console

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/bulk"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/report"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// happeningsPerPage is how much of a timeline a page shows.
const happeningsPerPage = 50

// timeline tells what happened to a child, newest first, page by page.
func (c *Console) timeline(g *gin.Context, v visit) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	t := report.TimelineQuery{Program: v.program.ID, Child: id, Limit: happeningsPerPage + 1}
	if !v.May(auth.SeeProtected) {
		t.Hidden = enroll.Protected
	}
	if from := g.Query("before"); from != "" {
		at, rest, _ := strings.Cut(from, "~")
		t.Before.Kind, t.Before.ID, _ = strings.Cut(rest, "~")
		if t.Before.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return web.ErrNoPage
		}
	}
	var f childFile
	var all []report.Happening
	var book *rules.Book
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if err := c.openFrame(ctx, q, v, id, &f); err != nil {
			return err
		}
		if book, err = rulesOrNone(ctx, q, v); err != nil {
			return err
		}
		all, err = report.Timeline(ctx, q, t)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "child.timeline_viewed", []family.ChildID{id}); err != nil {
		return err
	}
	w := v.words
	view := pages.Timeline{ChildFrame: f.frame(v, "timeline"), Table: parts.Table{Caption: w.T("childfile.tab.timeline"), Columns: []parts.Column{
		{Name: w.T("childfile.when")}, {Name: w.T("console.child.what")}, {Name: w.T("console.child.day")}, {Name: w.T("console.child.amount"), Number: true}, {Name: w.T("childfile.by")}}}}
	path := childPath(v, id) + "/timeline"
	if len(all) > happeningsPerPage {
		all = all[:happeningsPerPage]
		last := all[happeningsPerPage-1]
		view.Table.Next = path + "?" + url.Values{"before": {last.At.UTC().Format(time.RFC3339Nano) + "~" + last.Kind + "~" + last.ID}}.Encode()
	}
	if g.Query("before") != "" {
		view.Table.First = path
	}
	for _, h := range all {
		view.Table.Rows = append(view.Table.Rows, happening(v, book, h))
	}
	p := c.page(g, v, w.T("childfile.timeline_of"), c.under(v, &f)...)
	p.Lead = f.title(v)
	return c.show(g, pages.TimelinePage(p, view))
}

func happening(v visit, book *rules.Book, h report.Happening) parts.TableRow {
	w := v.words
	what := parts.Cell{Text: w.T("childfile.happened." + h.Kind), Note: happeningNote(v, book, h)}
	row := []parts.Cell{parts.Text(w.Time(h.At.In(v.at.Location()))), what, {}, {}, {}}
	if !h.On.IsZero() {
		row[2] = parts.Text(w.DateShort(h.On))
	}
	if !h.Amount.IsZero() {
		row[3] = parts.Text(w.Money(h.Amount))
	}
	if h.By != "" {
		row[4] = parts.Text(actor(v, h.By))
	}
	return parts.TableRow{Cells: row}
}

// happeningNote says what of its kind it was, in words where there are some.
func happeningNote(v visit, book *rules.Book, h report.Happening) string {
	w := v.words
	code := h.Code
	switch {
	case strings.HasPrefix(h.Kind, "award_"):
		code = benefitName(v, book, h.Code)
		return code + " · " + periodName(v, h.Detail)
	case h.Kind == "deposit", h.Kind == "deposit_corrected":
		code = channel(v, h.Code)
	case strings.HasPrefix(h.Kind, "hold_"):
		code = holdName(v, family.HoldKind(h.Code))
	case h.Kind == "fact", strings.HasPrefix(h.Kind, "event"):
		code = factName(v, book, h.Code)
	case h.Kind == "rights":
		var rights []string
		for _, r := range strings.Fields(h.Code) {
			rights = append(rights, w.T("childfile.right."+r))
		}
		if code = w.List(rights); code == "" {
			code = w.T("childfile.no_rights")
		}
	case strings.HasPrefix(h.Kind, "consent_"):
		code = w.T("childfile.purposes." + h.Code)
	case h.Kind == "document":
		code = w.T("childfile.document_kinds." + h.Code)
	case h.Kind == "school":
		code = grade(v, h.Code)
	case h.Kind == "ended", h.Kind == "came_back":
		code = w.T("childfile.cause." + h.Code)
	case strings.HasPrefix(h.Kind, "bulk"):
		return w.T("bulk.no", i18n.Args{"no": h.Detail, "what": w.T("bulk.does." + h.Code)})
	case h.Kind == "settled":
		return w.T("childfile.to." + h.Code)
	}
	if strings.HasPrefix(h.Detail, bulk.SubjectPrefix) {
		h.Detail = "" // its own line tells of it
	}
	if code == "" || h.Detail == "" {
		return code + h.Detail
	}
	return h.Detail + " · " + code
}
