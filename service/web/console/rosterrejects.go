package console

import (
	"context"
	"io"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/roster"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/sheet"
	"seedbook/service/tabular"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// rosterRejected sends the rows of a roster that were not used as they came, with
// what is wrong with each: mended, the file can be sent again.
func rosterRejected(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.sendRosterRejected(g, v, f) }
}

func (c *Console) sendRosterRejected(g *gin.Context, v visit, f sheet.Format) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	var columns []string
	var rows []roster.Reject
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		columns, rows, err = roster.Rejected(ctx, q, v.Who(), c.Keys, v.program.ID, id)
		return err
	})
	if err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "roster.rejected_exported", Kind: "roster", Subject: int64(id), Program: int32(v.program.ID),
			After: map[string]any{"rows": len(rows)}}}, v.at)
	})
	if err != nil {
		return err
	}
	name := v.program.Code + "-roster-" + strconv.FormatInt(int64(id), 10) + "-rejected." + string(f)
	return web.Stream(g, f.Type(), name, func(to io.Writer) error { return writeRosterRejected(to, f, v, columns, rows) })
}

// writeRosterRejected writes rows of a plain table under its own columns, and
// beside each its line and what is wrong with it. Columns of those names tell our
// reader that the file is some rows of a list. Rows of a package, which is mended
// where it was made, stand as they were written.
func writeRosterRejected(to io.Writer, f sheet.Format, v visit, names []string, rows []roster.Reject) error {
	var columns []sheet.Column
	for _, name := range names {
		columns = append(columns, sheet.Column{Name: name})
	}
	if names == nil {
		columns = []sheet.Column{{Name: v.words.T("console.preview.file")}, {Name: v.words.T("console.preview.as_written")}}
	}
	columns = append(columns, sheet.Column{Name: rosterfile.LineColumn, Kind: sheet.Number}, sheet.Column{Name: rosterfile.ProblemColumn})
	out, err := sheet.New(to, f, v.words.T("console.imports.outcomes.rejected"), columns)
	if err != nil {
		return err
	}
	for _, r := range rows {
		cells := make([]any, len(columns))
		if names == nil {
			cells[0], cells[1] = r.File, r.Raw
		}
		for i := range names {
			if i < len(r.Cells) {
				cells[i], _ = tabular.Tidy(r.Cells[i])
			}
		}
		cells[len(cells)-2], cells[len(cells)-1] = r.Line, problemsText(v, r.Problems)
		if err := out.Row(cells...); err != nil {
			return err
		}
	}
	return out.Close()
}

// addRejected offers the rows that were not used, to be mended and sent again.
func addRejected(v visit, view *pages.Preview, b roster.Batch) {
	if b.Counts.Quarantined+b.Counts.By[roster.Review] == 0 || b.Purged || !v.May(auth.UploadRosters) || b.State == roster.Discarded {
		return
	}
	for _, l := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		view.Rejected = append(view.Rejected, parts.Link{Text: v.words.T("console.imports.rejected_as." + string(l)), To: rosterPath(v, b.ID) + "/rejected." + string(l)})
	}
	view.Again = v.base() + "/imports/new/" + b.Kind
}
