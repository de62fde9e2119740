package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/paper"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errAttachFirst reports a file that was chosen and not attached.
var errAttachFirst = fault.New(fault.Invalid, "fund.attach_first")

// fundDocument is the document that a form about a fund names. A browser that sends
// the form without its file says the file's name: it was chosen and not attached.
func fundDocument(f *web.Form) (typed string, id fund.DocumentID) {
	if f.Peek("file") != "" {
		f.Fail("file", errAttachFirst)
	}
	typed = f.Peek("document")
	if typed != "" {
		id = fund.DocumentID(f.Int("document", 1, 1<<53))
	}
	return typed, id
}

// attachToReceipt and attachToFund keep a file and show the form again, as it was
// typed, naming the document. A route that takes a file asks for no fresh second
// factor; asking for what the form says does.
func (c *Console) attachToReceipt(g *gin.Context, v visit) error {
	return c.attach(g, v, func(f *web.Form, view pages.FundForm, status int, problems []parts.Problem) error {
		view.Fund, view.Kind, view.Amount, view.On, view.Reference = f.Peek("fund"), f.Peek("kind"), f.Peek("amount"), f.Peek("on"), f.Peek("reference")
		return c.showReceipt(g, v, status, view, problems)
	})
}

func (c *Console) attachToFund(g *gin.Context, v visit) error {
	return c.attach(g, v, func(f *web.Form, view pages.FundForm, status int, problems []parts.Problem) error {
		view.Code, view.Name, view.Funder, view.Purpose = f.Peek("code"), f.Peek("name"), f.Peek("funder"), f.Peek("purpose")
		return c.showNewFund(g, v, status, view, problems)
	})
}

func (c *Console) attach(g *gin.Context, v visit, show func(f *web.Form, view pages.FundForm, status int, problems []parts.Problem) error) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.FundForm{Reason: f.Peek("reason"), Document: f.Peek("document")}
	content, _, err := f.File("file")
	if err != nil {
		return err
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			id, err := fund.KeepDocument(ctx, tx, v.Who(), c.Keys, v.program, content, v.at)
			view.Document = strconv.FormatInt(int64(id), 10)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		view.Document = f.Peek("document")
		return show(f, view, web.Status(err), problems)
	}
	if err != nil {
		return err
	}
	return show(f, view, http.StatusOK, nil)
}

func fundDocumentPath(v visit, id fund.DocumentID) string {
	if id == 0 {
		return ""
	}
	return v.base() + "/funds/papers/" + strconv.FormatInt(int64(id), 10)
}

// fundPaper sends a document to be saved. The browser runs nothing of it.
func (c *Console) fundPaper(g *gin.Context, v visit) error {
	no, err := strconv.ParseInt(g.Param("document"), 10, 64)
	if err != nil {
		return web.ErrNoPage
	}
	var d fund.Document
	var content []byte
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if d, content, err = fund.OpenDocument(ctx, tx, v.Who(), c.Keys, v.program.ID, fund.DocumentID(no)); err != nil {
			return err
		}
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "fund.document_opened", Kind: "program", Subject: int64(v.program.ID), Program: int32(v.program.ID),
			After: map[string]any{"document": no}}}, v.at)
	})
	if errors.Is(err, fund.ErrNoDocument) {
		return web.ErrNoPage
	}
	if err != nil {
		return err
	}
	return web.Download(g, d.Media, "fund-document-"+strconv.FormatInt(no, 10)+paper.Extension(d.Media), content)
}
