package console

import (
	"context"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/imports"
	"seedbook/service/sheet"
	"seedbook/service/tabular"
	"seedbook/service/web"
)

// importRows sends every row of a file with what became of it. It has account
// numbers and no names.
func importRows(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.sendImportRows(g, v, f) }
}

const rowsChunk = 5000

func (c *Console) sendImportRows(g *gin.Context, v visit, f sheet.Format) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	w := v.words
	columns := []sheet.Column{{Name: w.T("console.preview.line"), Kind: sheet.Number}, {Name: w.T("console.preview.consequence")}, {Name: w.T("console.facts.of")},
		{Name: w.T("console.facts.name")}, {Name: w.T("console.facts.reference")}, {Name: w.T("console.preview.amount"), Kind: sheet.Money}, {Name: w.T("console.preview.problem")}}
	name := v.program.Code + "-import-" + strconv.FormatInt(int64(id), 10) + "-rows." + string(f)
	if err := c.noteFile(g, v, "import.rows_exported", int64(id)); err != nil {
		return err
	}
	return web.Stream(g, f.Type(), name, func(to io.Writer) error {
		out, err := sheet.New(to, f, w.T("console.imports.title"), columns)
		if err != nil {
			return err
		}
		for after := 0; ; {
			rows, accounts, err := c.importRowsPage(g, v, id, after)
			if err != nil {
				return err
			}
			for i, r := range rows {
				after = r.Line
				var amount any
				if r.Amount.Sign() != 0 {
					amount = r.Amount
				}
				if err := out.Row(r.Line, w.T("console.imports.outcomes."+string(r.Outcome)), accounts[i], r.What, r.Reference, amount, problemsText(v, r.Problems)); err != nil {
					return err
				}
			}
			if len(rows) < rowsChunk {
				return out.Close()
			}
		}
	})
}

func (c *Console) importRowsPage(g *gin.Context, v visit, id imports.ID, after int) (rows []imports.Row, accounts []string, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if _, err := imports.Load(ctx, q, c.importing(v), id); err != nil {
			return err
		}
		if rows, err = imports.Rows(ctx, q, id, "", after, rowsChunk); err != nil {
			return err
		}
		ids := make([]family.ChildID, len(rows))
		for i, r := range rows {
			ids[i] = r.Child
		}
		enrollments, err := enroll.Accounts(ctx, q, v.program.ID, ids)
		accounts = make([]string, len(rows))
		for i, r := range rows {
			if e, ok := enrollments[r.Child]; ok {
				accounts[i] = e.String()
			}
		}
		return err
	})
	return rows, accounts, err
}

func problemsText(v visit, problems []tabular.Problem) (text string) {
	for _, p := range problems {
		if text != "" {
			text += " "
		}
		if p.Column != "" {
			text += p.Column + ": "
		}
		text += problemText(v.words, p)
	}
	return text
}

// noteFile leaves in the trail that a file went out.
func (c *Console) noteFile(g *gin.Context, v visit, verb string, id int64) error {
	return c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: verb, Kind: "import", Subject: id, Program: int32(v.program.ID)}}, v.at)
	})
}

// importRejected sends the rejected rows as they came, with what is wrong with
// each: mended, the file can be sent again.
func importRejected(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.sendRejected(g, v, f) }
}

func (c *Console) sendRejected(g *gin.Context, v visit, f sheet.Format) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	var header []string
	var rows map[int][]string
	said := map[int]string{}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if _, err := imports.Load(ctx, q, c.importing(v), id); err != nil {
			return err
		}
		rejected, err := imports.Rows(ctx, q, id, imports.Rejected, 0, tabular.Default.Rows)
		if err != nil {
			return err
		}
		lines := map[int]bool{}
		for _, r := range rejected {
			lines[r.Line], said[r.Line] = true, problemsText(v, r.Problems)
		}
		header, rows, err = imports.Table(ctx, q, c.importing(v), id, lines, 0)
		return err
	})
	if err == nil {
		err = c.noteFile(g, v, "import.rejected_exported", int64(id))
	}
	if err != nil {
		return err
	}
	name := v.program.Code + "-import-" + strconv.FormatInt(int64(id), 10) + "-rejected." + string(f)
	return web.Stream(g, f.Type(), name, func(to io.Writer) error { return writeRejected(to, f, v, header, rows, said) })
}

// writeRejected writes rows as they came, and beside each its line and what is
// wrong with it: columns that nobody reads when the file comes back.
func writeRejected(to io.Writer, f sheet.Format, v visit, header []string, rows map[int][]string, said map[int]string) error {
	columns := make([]sheet.Column, 0, len(header)+2)
	for _, name := range header {
		columns = append(columns, sheet.Column{Name: name})
	}
	columns = append(columns, sheet.Column{Name: v.words.T("console.imports.rejected_line"), Kind: sheet.Number}, sheet.Column{Name: v.words.T("console.imports.rejected_why")})
	out, err := sheet.New(to, f, v.words.T("console.imports.outcomes.rejected"), columns)
	if err != nil {
		return err
	}
	for _, line := range slices.Sorted(maps.Keys(rows)) {
		cells := make([]any, len(columns))
		for i := range header {
			if i < len(rows[line]) {
				cells[i], _ = tabular.Tidy(rows[line][i])
			}
		}
		cells[len(header)], cells[len(header)+1] = line, said[line]
		if err := out.Row(cells...); err != nil {
			return err
		}
	}
	return out.Close()
}
