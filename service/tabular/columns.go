package tabular

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Column finds a column by any of its names, in the order given. Case, accents,
// spaces and punctuation do not matter: "Birth Date" is "birthDate". It returns
// -1 when there is none.
func (t *Table) Column(names ...string) int {
	for _, name := range names {
		if i, ok := t.columns[foldName(name)]; ok {
			return i
		}
	}
	return -1
}

// Require returns ErrMissingColumn for the first of the columns that is not
// there.
func (t *Table) Require(names ...string) error {
	for _, name := range names {
		if t.Column(name) < 0 {
			return t.refuse(ErrMissingColumn, "column", clip(name), "nearest", t.nearest(name))
		}
	}
	return nil
}

// At returns the cell of a column that Column found, "" for column -1.
func (r Row) At(column int) string {
	if column < 0 || column >= len(r.Cells) {
		return ""
	}
	return r.Cells[column]
}

// nearest is the column whose name takes the fewest keystrokes to become name.
func (t *Table) nearest(name string) string {
	best, fewest := "", 1<<30
	want := foldName(name)
	for _, have := range t.Header {
		if have == "" {
			continue
		}
		if n := distance(want, foldName(have)); n < fewest {
			best, fewest = have, n
		}
	}
	return clip(best)
}

// foldName brings a column's name to the form in which spellings of it meet.
func foldName(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// distance is the number of letters to add, drop or change (Levenshtein),
// looking at no more than the first 64 bytes.
func distance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
