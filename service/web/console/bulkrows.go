package console

import (
	"context"
	"io"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/bulk"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/savings"
	"seedbook/service/sheet"
	"seedbook/service/web"
)

// bulkRows sends every child of an action with what became of it. It has account
// numbers and no names.
func bulkRows(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.sendBulkRows(g, v, f) }
}

func (c *Console) sendBulkRows(g *gin.Context, v visit, kind sheet.Format) error {
	id, err := bulkID(g)
	if err != nil {
		return err
	}
	f := bulkFile{}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		if f.Bulk, err = bulk.Load(ctx, tx, v.program.ID, id); err != nil {
			return err
		}
		if err := f.names(ctx, tx, v); err != nil {
			return err
		}
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "bulk.rows_exported", Kind: "bulk", Subject: int64(id), Program: int32(v.program.ID), After: map[string]any{"format": string(kind)}}}, v.at)
	})
	if err != nil {
		return err
	}
	w := v.words
	what := ""
	if f.Order.Action != "" {
		what = f.says(v, f.Order)
	}
	columns := []sheet.Column{{Name: w.T("childlist.column.account")}, {Name: w.T("bulk.what")}, {Name: w.T("bulk.outcome")}, {Name: w.T("bulk.reason")}}
	name := v.program.Code + "-bulk-" + strconv.FormatInt(int64(id), 10) + "." + string(kind)
	return web.Stream(g, kind.Type(), name, func(to io.Writer) error {
		out, err := sheet.New(to, kind, w.T("bulk.title"), columns)
		if err != nil {
			return err
		}
		for after := family.ChildID(0); ; {
			rows, accounts, err := c.bulkRowsPage(g, v, id, after)
			if err != nil {
				return err
			}
			for _, r := range rows {
				after = r.Child
				why := ""
				if r.Why != "" {
					why = w.T("bulk.why." + r.Why)
				}
				if err := out.Row(accounts[r.Child].String(), what, w.T("bulk.outcomes."+string(r.Outcome)), why); err != nil {
					return err
				}
			}
			if len(rows) < rowsChunk {
				return out.Close()
			}
		}
	})
}

func (c *Console) bulkRowsPage(g *gin.Context, v visit, id bulk.ID, after family.ChildID) (rows []bulk.Row, accounts map[family.ChildID]savings.Account, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if rows, err = bulk.Rows(ctx, q, id, "", after, rowsChunk); err != nil {
			return err
		}
		ids := make([]family.ChildID, len(rows))
		for i, r := range rows {
			ids[i] = r.Child
		}
		accounts, err = enroll.Accounts(ctx, q, v.program.ID, ids)
		return err
	})
	return rows, accounts, err
}
