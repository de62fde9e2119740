package tabular

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"seedbook/service/fault"
)

// Reasons to refuse a workbook.
var (
	// ErrWorkbook reports a workbook that is damaged or has no sheet.
	ErrWorkbook = fault.New(fault.Invalid, "tabular.workbook")
	// ErrWorkbookOld reports a workbook with a password, or of before 2007: both
	// begin alike.
	ErrWorkbookOld = fault.New(fault.Invalid, "tabular.workbook_old")
	// ErrWorkbookMacros reports a workbook that holds programs.
	ErrWorkbookMacros = fault.New(fault.Invalid, "tabular.workbook_macros")
	// ErrWorkbookLinks reports a workbook that takes cells from other files.
	ErrWorkbookLinks = fault.New(fault.Invalid, "tabular.workbook_links")
	// ErrWorkbookLarge reports a workbook that unpacks to too much; argument
	// limit in megabytes.
	ErrWorkbookLarge = fault.New(fault.TooLarge, "tabular.workbook_large")
)

// What a workbook may unpack to, in all and in one of its parts (T-33).
const (
	maxWorkbook = 64 << 20
	maxPart     = 16 << 20
)

// IsWorkbook reports a zip that is a workbook.
func (a *Archive) IsWorkbook() bool { return a.parts["[content_types].xml"] != nil }

// workbook reads the first sheet of an XLSX. It is a reader of its own because
// what files need is narrower and stricter than what the library for writing
// workbooks reads: one sheet, cell by cell, days as days and numbers as
// numbers however the sheet shows them, and nothing else unpacked.
type workbook struct {
	*Archive
	shared []string
	days   []bool // by cell style
	epoch  time.Time
	limits Limits
	out    strings.Builder
	row    []string
	line   int // rows written so far
	width  int // of the header: a row says nothing of empty cells at its end
}

// csv returns the first sheet as CSV. Row n of the sheet is line n, so that what
// is wrong can be found in the workbook.
func (a *Archive) csv(limits Limits) (string, error) {
	if err := a.tame(); err != nil {
		return "", err
	}
	w := &workbook{Archive: a, limits: limits, epoch: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	sheet, err := w.firstSheet()
	if err != nil {
		return "", err
	}
	if err := errors.Join(w.readShared(), w.readStyles()); err != nil {
		return "", plainly(err)
	}
	if err := w.readSheet(sheet); err != nil {
		return "", plainly(err)
	}
	return w.out.String(), nil
}

// plainly is a fault as it is; anything else is a damaged workbook.
func plainly(err error) error {
	if f, ok := fault.Of(err); ok {
		return f
	}
	return fault.Because(ErrWorkbook, err)
}

// tame refuses what is not only cells, by the directory alone.
func (a *Archive) tame() error {
	if a.total > maxWorkbook {
		return ErrWorkbookLarge.With(map[string]any{"limit": maxWorkbook >> 20})
	}
	for name := range a.parts {
		switch {
		case strings.HasSuffix(name, "vbaproject.bin"), strings.HasPrefix(name, "xl/macrosheets/"):
			return ErrWorkbookMacros
		case strings.HasPrefix(name, "xl/externallinks/"):
			return ErrWorkbookLinks
		}
	}
	return nil
}

// part walks the elements of one part. A part that is not there has none. visit
// sees opening elements and returns where to go on; text is what stands directly
// in the element that was opened last.
func (w *workbook) part(name string, visit func(d *xml.Decoder, e xml.StartElement) error) error {
	f := w.parts[strings.ToLower(name)]
	if f == nil {
		return nil
	}
	r, err := openPart(f)
	if err != nil {
		return err
	}
	defer r.Close()
	d := xml.NewDecoder(r)
	for {
		t, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.Directive:
			return ErrWorkbook // a document type: no spreadsheet writes one
		case xml.StartElement:
			if err := visit(d, t); err != nil {
				return err
			}
		}
	}
}

func openPart(f *zip.File) (io.ReadCloser, error) {
	if f.UncompressedSize64 > maxPart {
		return nil, ErrWorkbookLarge.With(map[string]any{"limit": maxPart >> 20})
	}
	return f.Open()
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// firstSheet finds the part with the first sheet that is not hidden.
func (w *workbook) firstSheet() (string, error) {
	targets := map[string]string{}
	err := w.part("xl/_rels/workbook.xml.rels", func(_ *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local == "Relationship" {
			targets[attribute(e, "Id")] = attribute(e, "Target")
		}
		return nil
	})
	sheet := ""
	if err == nil {
		err = w.part("xl/workbook.xml", func(_ *xml.Decoder, e xml.StartElement) error {
			switch e.Name.Local {
			case "workbookPr":
				if v := attribute(e, "date1904"); v == "1" || v == "true" {
					w.epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
				}
			case "sheet":
				if state := attribute(e, "state"); sheet == "" && (state == "" || state == "visible") {
					sheet = targets[attribute(e, "id")]
				}
			}
			return nil
		})
	}
	switch {
	case err != nil:
		return "", plainly(err)
	case strings.HasPrefix(sheet, "/"):
		sheet = sheet[1:]
	case sheet != "":
		sheet = path.Join("xl", sheet)
	}
	if sheet == "" || w.parts[strings.ToLower(sheet)] == nil {
		return "", ErrWorkbook
	}
	return sheet, nil
}

// readShared reads the texts that cells refer to.
func (w *workbook) readShared() error {
	return w.part("xl/sharedStrings.xml", func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, err := textOf(d)
		w.shared = append(w.shared, text)
		return err
	})
}

// textOf reads the text of a rich or plain string to its end, without the
// readings that are written beside it.
func textOf(d *xml.Decoder) (string, error) {
	var b strings.Builder
	depth, aside, in := 1, 0, false
	for depth > 0 {
		t, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			if t.Name.Local == "rPh" && aside == 0 {
				aside = depth
			}
			in = t.Name.Local == "t"
		case xml.EndElement:
			if depth == aside {
				aside = 0
			}
			depth--
			in = false
		case xml.CharData:
			if in && aside == 0 {
				b.Write(t)
			}
		}
	}
	return unescape(b.String()), nil
}

// unescape reads _x000D_, which is how workbooks write what XML cannot hold.
func unescape(s string) string {
	i := strings.Index(s, "_x")
	if i < 0 {
		return s
	}
	var b strings.Builder
	for ; i >= 0; i = strings.Index(s, "_x") {
		b.WriteString(s[:i])
		s = s[i:]
		if len(s) >= 7 && s[6] == '_' {
			if n, err := strconv.ParseUint(s[2:6], 16, 16); err == nil {
				b.WriteRune(rune(n))
				s = s[7:]
				continue
			}
		}
		b.WriteString(s[:2])
		s = s[2:]
	}
	b.WriteString(s)
	return b.String()
}

// readStyles finds which styles show a number as a day.
func (w *workbook) readStyles() error {
	custom, cells := map[int]bool{}, false
	return w.part("xl/styles.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			id, _ := strconv.Atoi(attribute(e, "numFmtId")) // 0 is General, which is no day
			custom[id] = showsDay(attribute(e, "formatCode"))
		case "cellXfs":
			cells = true
		case "cellStyles", "dxfs":
			cells = false
		case "xf":
			if cells {
				id, _ := strconv.Atoi(attribute(e, "numFmtId"))
				w.days = append(w.days, id >= 14 && id <= 17 || id == 22 || id >= 27 && id <= 31 || id == 36 || id >= 50 && id <= 58 || custom[id])
			}
		}
		return nil
	})
}

// showsDay reports a number format with a year or a day in it.
func showsDay(code string) bool {
	quoted, bracket := false, false
	for _, r := range strings.ToLower(code) {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '[':
			bracket = true
		case r == ']':
			bracket = false
		case !quoted && !bracket && (r == 'y' || r == 'd'):
			return true
		}
	}
	return false
}

func (w *workbook) readSheet(name string) error {
	return w.part(name, func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "row" {
			return nil
		}
		n := w.line + 1
		if r := attribute(e, "r"); r != "" {
			var err error
			if n, err = strconv.Atoi(r); err != nil || n <= w.line || n > 1<<20 {
				return ErrWorkbook
			}
		}
		if n > w.limits.Rows+w.limits.Rows/2+1000 {
			return ErrTooManyRows.With(map[string]any{"file": "", "limit": w.limits.Rows})
		}
		w.row = w.row[:0]
		if err := w.readRow(d); err != nil {
			return err
		}
		return w.write(n)
	})
}

// readRow reads the cells of a row to its end.
func (w *workbook) readRow(d *xml.Decoder) error {
	for {
		t, err := d.RawToken()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return nil
			}
		case xml.StartElement:
			if t.Name.Local == "c" {
				if err := w.readCell(d, t); err != nil {
					return err
				}
			}
		}
	}
}

// readCell reads a cell and puts it where its reference says.
func (w *workbook) readCell(d *xml.Decoder, e xml.StartElement) error {
	at := columnOf(attribute(e, "r"))
	if at < 0 {
		at = len(w.row)
	}
	if at > w.limits.Columns {
		return ErrTooManyColumns.With(map[string]any{"file": "", "limit": w.limits.Columns})
	}
	text, err := w.valueOf(d, e)
	if err != nil {
		return err
	}
	for len(w.row) <= at {
		w.row = append(w.row, "")
	}
	w.row[at] = text
	return nil
}

// columnOf is the place of a cell by its reference: 2 of C7; -1 for none.
func columnOf(ref string) int {
	at := 0
	for i := 0; i < len(ref) && i < 4 && ref[i] >= 'A' && ref[i] <= 'Z'; i++ {
		at = at*26 + int(ref[i]-'A') + 1
	}
	return at - 1
}

// valueOf reads what a cell holds. Of a formula it is what the sheet last showed.
func (w *workbook) valueOf(d *xml.Decoder, e xml.StartElement) (string, error) {
	kind, value := attribute(e, "t"), ""
	for {
		t, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == "c" {
				return w.shown(kind, value, attribute(e, "s"))
			}
		case xml.StartElement:
			switch t.Name.Local {
			case "is":
				if value, err = textOf(d); err != nil {
					return "", err
				}
				kind = "text"
			case "v":
				if value, err = within(d); err != nil {
					return "", err
				}
			}
		}
	}
}

// within is the text of an element that holds nothing else.
func within(d *xml.Decoder) (string, error) {
	var b strings.Builder
	for {
		t, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		}
	}
}

func (w *workbook) shown(kind, value, style string) (string, error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(value)
		if err != nil || i < 0 || i >= len(w.shared) {
			return "", ErrWorkbook
		}
		return w.shared[i], nil
	case "text", "e":
		return value, nil
	case "str":
		return unescape(value), nil
	case "b":
		return map[string]string{"1": "true", "0": "false"}[value], nil
	case "d":
		return strings.TrimSuffix(value, "T00:00:00"), nil
	}
	s, _ := strconv.Atoi(style) // without a style it is the first
	return number(value, s < len(w.days) && w.days[s], w.epoch), nil
}

// number is a number as its writer saw it: a workbook keeps 25.1 as the nearest
// binary fraction, and shows 15 digits.
func number(value string, day bool, epoch time.Time) string {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= 1e15 || f != 0 && math.Abs(f) < 1e-9 {
		return value
	}
	if day && f >= 1 && f < 3e6 {
		whole, part := math.Modf(f)
		t := epoch.AddDate(0, 0, int(whole))
		if seconds := math.Round(part * 86400); seconds > 0 {
			return t.Add(time.Duration(seconds) * time.Second).Format(time.DateTime)
		}
		return t.Format(time.DateOnly)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	if err != nil {
		return value
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// write puts the row where its number says, as one line of CSV.
func (w *workbook) write(n int) error {
	for ; w.line < n-1; w.line++ {
		w.out.WriteByte('\n')
	}
	w.line = n
	if w.width == 0 && !isBlank(w.row) {
		w.width = len(w.row)
	}
	for len(w.row) < w.width && !isBlank(w.row) {
		w.row = append(w.row, "")
	}
	for i, cell := range w.row {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if strings.ContainsAny(cell, "\r\n") {
			cell = oneLine.Replace(cell)
		}
		if strings.ContainsAny(cell, ",;|\t\"") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		w.out.WriteString(cell)
	}
	w.out.WriteByte('\n')
	if w.out.Len() > w.limits.Bytes {
		return ErrTooLarge.With(map[string]any{"file": "", "limit": w.limits.Bytes >> 20})
	}
	return nil
}

var oneLine = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ")
