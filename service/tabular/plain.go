package tabular

import (
	"strings"

	"seedbook/service/fault"
)

var (
	// ErrCompressed reports an archive that is no zip.
	ErrCompressed = fault.New(fault.Invalid, "tabular.compressed")
	// ErrSeveralTables reports a zip of more than one table where one is wanted.
	ErrSeveralTables = fault.New(fault.Invalid, "tabular.several_tables")
)

// Format is how a table was packed.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
	Zip  Format = "zip"
)

// Unpacked is one table as text, whatever it came in.
type Unpacked struct {
	Name   string // of the table itself
	Text   string // CSV, in whatever encoding it has
	Format Format
}

// Plain takes one table out of what it came in: a CSV as it is, the first sheet
// of a workbook, or the only table of a zip. It goes by the first bytes and not
// by the name, and refuses what is none of these.
func Plain(name, text string, limits Limits) (Unpacked, error) {
	switch {
	case IsArchive(text):
	case strings.HasPrefix(text, "\xd0\xcf\x11\xe0"):
		return Unpacked{}, ErrWorkbookOld
	case isCompressed(text):
		return Unpacked{}, ErrCompressed
	default:
		return Unpacked{Shown(name), text, CSV}, nil
	}
	a, err := OpenArchive(text)
	if err != nil {
		return Unpacked{}, err
	}
	if a.IsWorkbook() {
		sheet, err := a.csv(limits)
		return Unpacked{Shown(name), sheet, XLSX}, err
	}
	tables := a.Tables()
	switch {
	case len(tables) == 0:
		return Unpacked{}, ErrEmpty.With(map[string]any{"file": Shown(name)})
	case len(tables) > 1:
		return Unpacked{}, ErrSeveralTables
	}
	inner, err := a.Unpack(tables[0])
	if err != nil {
		return Unpacked{}, err
	}
	out := Unpacked{a.Called(tables[0]), inner, Zip}
	if IsArchive(inner) { // Unpack lets only workbooks be zips themselves
		book, err := OpenArchive(inner)
		if err != nil {
			return Unpacked{}, err
		}
		if !book.IsWorkbook() {
			return Unpacked{}, ErrZipNested.With(map[string]any{"file": out.Name})
		}
		out.Text, err = book.csv(limits)
		return out, err
	}
	return out, nil
}

func isCompressed(text string) bool {
	for _, magic := range []string{"\x1f\x8b", "7z\xbc\xaf", "Rar!", "BZh", "\xfd7zXZ", "\x28\xb5\x2f\xfd"} {
		if strings.HasPrefix(text, magic) {
			return true
		}
	}
	return false
}

// Rename returns a table as UTF-8 with columns called what names say, by the
// names that they have. Lines stay where they are. A column that is called one
// of the new names and is not meant by it loses its name.
func Rename(name, text string, limits Limits, names map[string]string) (string, error) {
	t, err := Open(name, text, limits)
	if err != nil {
		return "", err
	}
	taken := make(map[string]bool, len(names))
	for column, to := range names {
		if err := t.Require(column); err != nil {
			return "", err
		}
		taken[foldName(to)] = true
	}
	var b strings.Builder
	b.Grow(len(t.text) + 256)
	b.WriteString(strings.Repeat("\n", max(t.line-2, 0)))
	for i, column := range t.Header {
		if i > 0 {
			b.WriteByte(t.Comma)
		}
		to, mapped := names[column]
		switch {
		case mapped:
			column = to
		case taken[foldName(column)]:
			column = ""
		}
		b.WriteString(`"` + strings.ReplaceAll(column, `"`, `""`) + `"`)
	}
	b.WriteByte('\n')
	b.WriteString(t.text[t.pos:])
	return b.String(), nil
}
