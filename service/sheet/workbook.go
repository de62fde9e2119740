package sheet

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/tabular"
)

// ErrTooManyRows reports more rows than a sheet of a workbook can hold: such a
// table is for CSV. Argument limit.
var ErrTooManyRows = fault.New(fault.TooLarge, "sheet.too_many_rows")

const (
	maxRows = 1_048_576 // of a sheet, with the headings (ECMA-376)
	maxText = 32_767    // characters of a cell
	// maxExact is the largest number of minor units that a spreadsheet keeps to
	// the cent: it shows and stores fifteen digits.
	maxExact = 999_999_999_999_999
)

type workbook struct {
	to      io.Writer
	file    *excelize.File
	stream  *excelize.StreamWriter
	columns []Column
	styles  []int
	rows    int
	line    []any
}

func newWorkbook(w io.Writer, title string, columns []Column) (*workbook, error) {
	b := &workbook{to: w, file: excelize.NewFile(), columns: columns, styles: make([]int, len(columns)), line: make([]any, len(columns))}
	if err := b.begin(sheetName(title)); err != nil {
		b.file.Close()
		return nil, fmt.Errorf("begin a workbook: %w", err)
	}
	return b, nil
}

// begin names the sheet, sets its widths, and writes the headings, which stay in
// sight.
func (b *workbook) begin(name string) (err error) {
	if err := b.file.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	if b.stream, err = b.file.NewStreamWriter(name); err != nil {
		return err
	}
	for i, c := range b.columns {
		if err := b.stream.SetColWidth(i+1, i+1, c.width()); err != nil {
			return err
		}
		if b.styles[i], err = b.file.NewStyle(c.style()); err != nil {
			return err
		}
	}
	bold, err := b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	if err := b.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	for i, c := range b.columns {
		b.line[i] = excelize.Cell{StyleID: bold, Value: text(c.Name)}
	}
	return b.write()
}

// width is a column's width in characters.
func (c Column) width() float64 {
	if c.Kind == Text {
		return 24
	}
	return 16
}

// style is how a column's kind is shown; the spreadsheet's own language decides
// about separators.
func (c Column) style() *excelize.Style {
	formats := map[Kind]string{Text: "@", Money: "#,##0.00;[Red]-#,##0.00", Number: "#,##0", Day: "yyyy-mm-dd", Moment: "yyyy-mm-dd hh:mm:ss"}
	format := formats[c.Kind]
	return &excelize.Style{CustomNumFmt: &format}
}

func (b *workbook) Row(cells ...any) error {
	if err := check(b.columns, cells); err != nil {
		return err
	}
	if b.rows == maxRows {
		return ErrTooManyRows.With(map[string]any{"limit": maxRows - 1})
	}
	for i, cell := range cells {
		b.line[i] = excelize.Cell{StyleID: b.styles[i], Value: value(cell)}
	}
	return b.write()
}

func (b *workbook) write() error {
	b.rows++
	return b.stream.SetRow(fmt.Sprintf("A%d", b.rows), b.line)
}

func (b *workbook) Close() error {
	defer b.file.Close()
	if err := b.stream.Flush(); err != nil {
		return fmt.Errorf("complete a workbook: %w", err)
	}
	_, err := b.file.WriteTo(b.to)
	return err
}

// value is a cell as the library takes it.
func value(cell any) any {
	switch v := cell.(type) {
	case string:
		return text(v)
	case ledger.Amount:
		return amount(v)
	case ledger.Date:
		if v.IsZero() {
			return nil
		}
		return time.Date(v.Year(), v.Month(), v.Day(), 0, 0, 0, 0, time.UTC)
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return time.Date(v.Year(), v.Month(), v.Day(), v.Hour(), v.Minute(), v.Second(), 0, time.UTC)
	}
	return cell
}

// amount is money as a number. A spreadsheet has no other numbers than binary
// fractions, and the shortest decimal of the one nearest to an amount is that
// amount, digit for digit, as long as it fits; what does not is written as text.
func amount(a ledger.Amount) any {
	if m := a.Abs().Minor(); m > maxExact {
		return a.String()
	}
	return a.Decimal().InexactFloat64()
}

// text is what a sheet can hold of a text: no formula, no character that XML
// does not know, and no more than fits.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return r
		case r < ' ' || r == 0xfffe || r == 0xffff || r == utf8.RuneError:
			return '\ufffd'
		}
		return r
	}, tabular.EscapeFormula(s))
	if utf8.RuneCountInString(s) > maxText {
		s = string([]rune(s)[:maxText-1]) + "…"
	}
	return s
}

// sheetName is a title as a workbook allows it: 31 characters, none of []:*?/\.
func sheetName(title string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) || r < ' ' {
			return ' '
		}
		return r
	}, title)
	if runes := []rune(name); len(runes) > 31 {
		name = string(runes[:31])
	}
	if name = strings.TrimSpace(name); name == "" {
		return "Sheet1"
	}
	return name
}
