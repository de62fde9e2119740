// Package sheet writes tables for other people's programs, as CSV or as a
// workbook (XLSX), row by row: what a list shows, a journal, a report.
//
// It is the counterpart of service/tabular, which reads. Text that a spreadsheet
// would take for a formula gets a quote before it, in both forms; amounts, counts
// and days are written as such, so that they can be summed and sorted. It knows
// nothing of children or money's meaning and holds no more than a row, or what
// the library for workbooks holds before it spills to a temporary file.
package sheet

import (
	"fmt"
	"io"
	"time"

	"seedbook/ledger"
)

// Kind is what a column holds.
type Kind int8

// The kinds, with the Go types that Row takes for them. Any kind takes nil for
// an empty cell.
const (
	Text   Kind = iota // string
	Money              // ledger.Amount
	Number             // int or int64
	Day                // ledger.Date; no day is an empty cell
	Moment             // time.Time, written in the zone it has, to the second
)

// Column is a column's heading and kind.
type Column struct {
	Name string
	Kind Kind
}

// Format is a file's form and the ending of its name.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Type is the media type of a format.
func (f Format) Type() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// Known reports one of the formats.
func (f Format) Known() bool { return f == CSV || f == XLSX }

// Writer takes a table's rows. After an error the table is of no use.
type Writer interface {
	// Row adds a row: a cell for each column, of its kind.
	Row(cells ...any) error
	// Close completes the table. It does not close what it is written to.
	Close() error
}

// New begins a table with its headings. The title names the sheet of a workbook.
func New(w io.Writer, f Format, title string, columns []Column) (Writer, error) {
	switch f {
	case CSV:
		return newCSV(w, columns)
	case XLSX:
		return newWorkbook(w, title, columns)
	}
	return nil, fmt.Errorf("a table in format %q", f)
}

// check reports a row that does not fit its columns: a mistake of the caller.
func check(columns []Column, cells []any) error {
	if len(cells) != len(columns) {
		return fmt.Errorf("%d cells for %d columns", len(cells), len(columns))
	}
	for i, cell := range cells {
		if !columns[i].takes(cell) {
			return fmt.Errorf("column %s does not take a %T", columns[i].Name, cell)
		}
	}
	return nil
}

func (c Column) takes(cell any) bool {
	switch cell.(type) {
	case nil:
		return true
	case string:
		return c.Kind == Text
	case ledger.Amount:
		return c.Kind == Money
	case int, int64:
		return c.Kind == Number
	case ledger.Date:
		return c.Kind == Day
	case time.Time:
		return c.Kind == Moment
	}
	return false
}
