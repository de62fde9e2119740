package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"time"

	"seedbook/ledger"
	"seedbook/service/tabular"
)

// byteOrderMark tells spreadsheets that the text is UTF-8: without it they show
// "Peña" as "PeÃ±a".
const byteOrderMark = "\ufeff"

type csvTable struct {
	out     *csv.Writer
	columns []Column
	line    []string
}

func newCSV(w io.Writer, columns []Column) (*csvTable, error) {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return nil, err
	}
	t := &csvTable{out: csv.NewWriter(w), columns: columns, line: make([]string, len(columns))}
	t.out.UseCRLF = true
	for i, c := range columns {
		t.line[i] = tabular.EscapeFormula(c.Name)
	}
	return t, t.out.Write(t.line)
}

func (t *csvTable) Row(cells ...any) error {
	if err := check(t.columns, cells); err != nil {
		return err
	}
	for i, cell := range cells {
		t.line[i] = plain(cell)
	}
	return t.out.Write(t.line)
}

func (t *csvTable) Close() error {
	t.out.Flush()
	return t.out.Error()
}

// plain is a cell as text that programs read: 1234.50, 2026-09-01,
// 2026-09-01 14:05:00.
func plain(cell any) string {
	switch v := cell.(type) {
	case nil:
		return ""
	case string:
		return tabular.EscapeFormula(v)
	case ledger.Amount:
		return v.String()
	case ledger.Date:
		return v.String()
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.Format(time.DateTime)
	}
	return fmt.Sprint(cell)
}
