package tabular

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// record reads the record at pos and moves past its line end. Where the record
// opens no quote, which is nearly always, it is one line, cut at its separators.
func (t *Table) record() (Row, error) {
	line := t.text[t.pos:t.lineEnd()]
	if strings.IndexByte(line, '"') >= 0 {
		return t.quotedRecord()
	}
	row := Row{Line: t.line, Raw: line}
	t.cut(line)
	t.endLine()
	return t.checked(row), nil
}

// lineEnd is where the physical line at pos ends: at an LF, a CR, both, or the
// end of the text. It looks at each byte once, however long the lines are.
func (t *Table) lineEnd() int {
	if t.pos <= t.stop {
		return t.stop
	}
	if t.pos > t.lf {
		t.lf = len(t.text)
		if i := strings.IndexByte(t.text[t.pos:], '\n'); i >= 0 {
			t.lf = t.pos + i
		}
	}
	t.stop = t.lf
	if i := strings.IndexByte(t.text[t.pos:t.lf], '\r'); i >= 0 {
		t.stop = t.pos + i
	}
	return t.stop
}

// endLine moves to the next physical line.
func (t *Table) endLine() {
	t.pos = t.lineEnd()
	if t.pos == len(t.text) {
		return
	}
	if t.text[t.pos] == '\r' && t.pos+1 < len(t.text) && t.text[t.pos+1] == '\n' {
		t.pos++
	}
	t.pos++
	t.line++
}

// cut fills cells from a line without quotes. Past the widest header allowed,
// the rest of the line is one cell.
func (t *Table) cut(line string) {
	t.cells = t.cells[:0]
	for len(t.cells) < t.limits.Columns {
		i := strings.IndexByte(line, t.Comma)
		if i < 0 {
			break
		}
		t.cells = append(t.cells, line[:i])
		line = line[i+1:]
	}
	t.cells = append(t.cells, line)
}

// quotedRecord reads a record that opens a quote somewhere: cell by cell, over
// as many lines as its quotes span.
func (t *Table) quotedRecord() (Row, error) {
	start, first := t.pos, t.line
	t.cells = t.cells[:0]
	for {
		opened := t.line
		cell, flaw, err := t.cell(start)
		if err != nil {
			return Row{}, err
		}
		if flaw == "" && len(t.cells) > t.limits.Columns {
			return t.abandon(start, first, t.miscounted(len(t.cells))), nil
		}
		if flaw != "" {
			if t.line > opened {
				return Row{}, t.refuse(ErrOpenQuote, "line", opened)
			}
			return t.abandon(start, first, &Flaw{Code: flaw, Column: t.columnName(len(t.cells))}), nil
		}
		t.cells = append(t.cells, cell)
		if t.pos >= len(t.text) || t.text[t.pos] != t.Comma {
			break
		}
		t.pos++
	}
	row := t.checked(Row{Line: first, Raw: t.text[start:t.pos]})
	if row.Flaw != nil && row.Flaw.Code == FlawCells && t.line > first {
		// A quote has most likely swallowed rows: which ones, nobody can say.
		return Row{}, t.refuse(ErrOpenQuote, "line", first)
	}
	t.endLine()
	return row, nil
}

// abandon gives up on a record and goes on with the next physical line.
func (t *Table) abandon(start, first int, flaw *Flaw) Row {
	row := Row{Line: first, Cells: t.cells, Raw: t.text[start:t.lineEnd()], Flaw: flaw}
	t.endLine()
	return row
}

// cell reads the cell at pos, up to its separator or line end, of the record
// that begins at start. It returns the code of a flaw when the cell's quoting
// makes no sense, and ErrOpenQuote when its quote does not close within the
// longest record.
func (t *Table) cell(start int) (cell, flaw string, err error) {
	if t.pos >= len(t.text) || t.text[t.pos] != '"' {
		cell = t.text[t.pos:t.lineEnd()]
		if i := strings.IndexByte(cell, t.Comma); i >= 0 {
			cell = cell[:i]
		}
		t.pos += len(cell)
		return cell, "", nil
	}
	opened := t.line
	t.pos++
	from, doubled := t.pos, false
	for {
		i := strings.IndexByte(t.text[t.pos:], '"')
		if i < 0 || t.pos+i-start > t.limits.Record {
			return "", "", t.refuse(ErrOpenQuote, "line", opened)
		}
		t.pos += i + 1
		if t.pos == len(t.text) || t.text[t.pos] != '"' {
			break
		}
		t.pos++
		doubled = true
	}
	cell = t.text[from : t.pos-1]
	t.line += lineEnds(cell)
	if doubled {
		cell = strings.ReplaceAll(cell, `""`, `"`)
	}
	if t.pos < t.lineEnd() && t.text[t.pos] != t.Comma {
		flaw = FlawQuote
	}
	return cell, flaw, nil
}

// lineEnds counts LF, CRLF and lone CR as one line end each.
func lineEnds(s string) int {
	n := strings.Count(s, "\n")
	for i := strings.IndexByte(s, '\r'); i >= 0 && i < len(s); i++ {
		if s[i] == '\r' && (i+1 == len(s) || s[i+1] != '\n') {
			n++
		}
	}
	return n
}

// checked attaches the cells and the first flaw found in them.
func (t *Table) checked(row Row) Row {
	row.Cells = t.cells
	if len(row.Raw) > t.limits.Record {
		row.Flaw = &Flaw{Code: FlawLongRow, N: t.limits.Record}
		return row
	}
	if t.Header != nil {
		row.Cells, row.Flaw = t.fit(row.Cells)
	}
	if row.Flaw == nil && len(row.Raw) > t.limits.Cell {
		row.Flaw = t.longCell(row.Cells)
	}
	if row.Flaw == nil && !t.plain {
		row.Flaw = t.badText(row)
	}
	return row
}

// fit checks the number of cells against the header. Separators too many at
// the end, which spreadsheets like to write, do no harm.
func (t *Table) fit(cells []string) ([]string, *Flaw) {
	want := len(t.Header)
	if len(cells) > want && isBlank(cells[want:]) {
		cells = cells[:want]
	}
	if len(cells) != want && !isBlank(cells) {
		return cells, t.miscounted(len(cells))
	}
	return cells, nil
}

func (t *Table) miscounted(cells int) *Flaw {
	return &Flaw{Code: FlawCells, N: cells, What: strconv.Itoa(len(t.Header))}
}

func (t *Table) longCell(cells []string) *Flaw {
	for i, cell := range cells {
		if len(cell) > t.limits.Cell {
			return &Flaw{Code: FlawLongCell, Column: t.columnName(i), N: t.limits.Cell}
		}
	}
	return nil
}

// badText finds bytes that are no character, and control characters, in any
// cell: a row that has them in one column cannot be trusted in another.
func (t *Table) badText(row Row) *Flaw {
	if isPlain(row.Raw) {
		return nil
	}
	for i, cell := range row.Cells {
		for at, r := range cell {
			switch {
			case r == utf8.RuneError && !strings.HasPrefix(cell[at:], string(utf8.RuneError)):
				return &Flaw{Code: FlawBytes, Column: t.columnName(i)}
			case isControl(r):
				return &Flaw{Code: FlawControl, Column: t.columnName(i), What: codePoint(r)}
			}
		}
	}
	return nil
}

// columnName names the i-th column, counted from 0, by its header or number.
func (t *Table) columnName(i int) string {
	if i < len(t.Header) && t.Header[i] != "" {
		return clip(t.Header[i])
	}
	return strconv.Itoa(i + 1)
}

// isPlain reports that s holds nothing but printable ASCII, tabs and line ends.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < ' ' && c != '\n' && c != '\r' && c != '\t') || c > '~' {
			return false
		}
	}
	return true
}
