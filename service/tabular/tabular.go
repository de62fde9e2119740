// Package tabular reads the tables that other people's programs write: rosters,
// deposits, anything in rows and columns of text.
//
// It finds out the encoding, the separator and the line ends by itself, bounds
// what it reads, and accounts for every row: a row comes back whole, or with a
// flaw and its line, and never not at all. A file that cannot be trusted to be
// in rows (a quote that never closes, two columns of one name) is refused whole
// with a fault.
//
// It knows nothing of children or money, keeps nothing, reads no clock and
// touches neither disk nor database.
package tabular

import (
	"io"
	"strings"
	"unicode/utf8"

	"seedbook/service/fault"
)

// Reasons to refuse a whole file. Each carries the argument file, the name
// under which it was opened.
var (
	// ErrTooLarge reports more bytes than Limits.Bytes; argument limit in megabytes.
	ErrTooLarge = fault.New(fault.TooLarge, "tabular.too_large")
	// ErrTooManyRows reports more rows than Limits.Rows; argument limit.
	ErrTooManyRows = fault.New(fault.TooLarge, "tabular.too_many_rows")
	// ErrTooManyColumns reports a header wider than Limits.Columns; argument limit.
	ErrTooManyColumns = fault.New(fault.TooLarge, "tabular.too_many_columns")
	// ErrEmpty reports a file without a header.
	ErrEmpty = fault.New(fault.Invalid, "tabular.empty")
	// ErrNotText reports a file that is no text in an encoding we read.
	ErrNotText = fault.New(fault.Invalid, "tabular.not_text")
	// ErrHeader reports a header that cannot be read.
	ErrHeader = fault.New(fault.Invalid, "tabular.header")
	// ErrDuplicateColumn reports two columns of one name; argument column.
	ErrDuplicateColumn = fault.New(fault.Invalid, "tabular.duplicate_column")
	// ErrOpenQuote reports a quote that swallows what follows it; argument line,
	// where it opened.
	ErrOpenQuote = fault.New(fault.Invalid, "tabular.open_quote")
	// ErrMissingColumn reports a required column that is not there; arguments
	// column, and nearest, the column that looks most like it.
	ErrMissingColumn = fault.New(fault.Invalid, "tabular.missing_column")
)

// Limits bound what one file may hold. Rows beyond a limit refuse the file; a
// cell or a record beyond a limit is a flaw of its row.
type Limits struct {
	Bytes   int // of the file as it came
	Rows    int // without header and blank lines
	Columns int
	Cell    int // bytes of a cell, after conversion to UTF-8
	Record  int // bytes of a row, likewise
}

// Default are the limits for files that people upload (reliability.md, T-31 and
// T-32). The largest school district of a program we know has 60,000 pupils.
var Default = Limits{Bytes: 50 << 20, Rows: 200_000, Columns: 200, Cell: 8 << 10, Record: 64 << 10}

// Slurp reads all of r, or returns ErrTooLarge having read one byte more than
// the limit.
func Slurp(r io.Reader, name string, bytes int) (string, error) {
	var b strings.Builder
	if sized, ok := r.(interface{ Len() int }); ok {
		b.Grow(min(sized.Len(), bytes+1))
	}
	n, err := io.Copy(&b, io.LimitReader(r, int64(bytes)+1))
	if err != nil {
		return "", err
	}
	if n > int64(bytes) {
		return "", ErrTooLarge.With(map[string]any{"file": clip(name), "limit": bytes >> 20})
	}
	return b.String(), nil
}

// Table is a file of rows under a header. Not safe for concurrent use.
type Table struct {
	Name     string   // as given to Open, for problems and faults
	Header   []string // column names, tidied; an unnamed column is ""
	Encoding Encoding // what the file was written in
	Comma    byte     // what separates its cells
	Rows     int      // rows returned so far, flawed ones included
	Blank    int      // blank lines passed so far

	limits  Limits
	text    string
	pos     int
	line    int  // physical line at pos, counted from 1
	stop    int  // end of the physical line at pos, where pos <= stop
	lf      int  // next LF, or the end of text, where pos <= lf
	plain   bool // printable ASCII throughout: no cell needs a second look
	columns map[string]int
	cells   []string
}

// Row is one row of a table. Cells are good until the next call of Next; the
// strings in them remain. A row with a Flaw must not be used, except to show it.
type Row struct {
	Line  int // physical line where the row begins, counted from 1
	Cells []string
	Raw   string // the row as written, without its line end
	Flaw  *Flaw
}

// Flaw says why a row cannot be used.
type Flaw struct {
	Code   string // catalogue key: one of the Flaw constants
	Column string // name of the column, where one is to blame
	What   string // what was found, or expected; never text of a cell
	N      int    // how many, or how long at most
}

// The flaws of a row.
const (
	FlawCells    = "tabular.flaw.cells"     // n cells where the header has what
	FlawBytes    = "tabular.flaw.bytes"     // bytes that are no character
	FlawControl  = "tabular.flaw.control"   // a control character: what, like U+0000
	FlawQuote    = "tabular.flaw.quote"     // text after a closing quote
	FlawLongCell = "tabular.flaw.long_cell" // more than n bytes
	FlawLongRow  = "tabular.flaw.long_row"  // more than n bytes
)

// Open finds out how text is written and reads the header. The name appears in
// faults and problems.
func Open(name, text string, limits Limits) (*Table, error) {
	if len(text) > limits.Bytes {
		return nil, ErrTooLarge.With(map[string]any{"file": clip(name), "limit": limits.Bytes >> 20})
	}
	t := &Table{Name: clip(name), limits: limits, line: 1, stop: -1, lf: -1}
	var err error
	if t.text, t.Encoding, err = decode(text); err != nil {
		return nil, t.refuse(ErrNotText)
	}
	t.plain = isPlain(t.text)
	t.Comma = sniff(t.text)
	return t, t.readHeader()
}

func (t *Table) refuse(f *fault.Fault, args ...any) error {
	all := map[string]any{"file": t.Name}
	for i := 0; i+1 < len(args); i += 2 {
		all[args[i].(string)] = args[i+1]
	}
	return f.With(all)
}

// sniff finds the separator that cuts the first line with anything in it into
// most cells.
func sniff(text string) byte {
	text = strings.TrimLeft(text, "\r\n ")
	const separators = ",;\t|"
	var counts [len(separators)]int
	quoted := false
scan:
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n' || c == '\r':
			break scan
		default:
			if at := strings.IndexByte(separators, c); at >= 0 {
				counts[at]++
			}
		}
	}
	best := 0
	for i := range counts {
		if counts[i] > counts[best] {
			best = i
		}
	}
	return separators[best]
}

func (t *Table) readHeader() error {
	for t.pos < len(t.text) {
		row, err := t.record()
		switch {
		case err != nil:
			return err
		case isBlank(row.Cells):
			continue
		case len(row.Cells) > t.limits.Columns:
			return t.refuse(ErrTooManyColumns, "limit", t.limits.Columns)
		case row.Flaw != nil:
			return t.refuse(ErrHeader)
		}
		return t.setHeader(row.Cells)
	}
	return t.refuse(ErrEmpty)
}

func (t *Table) setHeader(cells []string) error {
	t.columns = make(map[string]int, len(cells))
	for i, cell := range cells {
		name, _ := Tidy(cell)
		t.Header = append(t.Header, name)
		key := foldName(name)
		if key == "" {
			continue
		}
		if _, twice := t.columns[key]; twice {
			return t.refuse(ErrDuplicateColumn, "column", clip(name))
		}
		t.columns[key] = i
	}
	if len(t.columns) == 0 {
		return t.refuse(ErrEmpty)
	}
	return nil
}

// Next returns the next row. It ends with io.EOF; any other error is a fault
// and refuses the whole file, including the rows returned before.
func (t *Table) Next() (Row, error) {
	for t.pos < len(t.text) {
		row, err := t.record()
		if err != nil {
			return Row{}, err
		}
		if row.Flaw == nil && isBlank(row.Cells) {
			t.Blank++
			continue
		}
		if t.Rows >= t.limits.Rows {
			return Row{}, t.refuse(ErrTooManyRows, "limit", t.limits.Rows)
		}
		t.Rows++
		return row, nil
	}
	return Row{}, io.EOF
}

// AtMost is a number of rows that the table does not exceed, for making room.
func (t *Table) AtMost() int {
	lines := strings.Count(t.text, "\n")
	if lines == 0 {
		lines = strings.Count(t.text, "\r")
	}
	return min(lines+1, t.limits.Rows)
}

func isBlank(cells []string) bool {
	for _, cell := range cells {
		if strings.Trim(cell, " ") != "" {
			return false
		}
	}
	return true
}

// clip bounds a name that came from outside where it is shown.
func clip(name string) string {
	const most = 80
	name = strings.ToValidUTF8(name, "�")
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	return string([]rune(name)[:most-1]) + "…"
}
