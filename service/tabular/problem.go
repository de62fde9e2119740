package tabular

import "sort"

// Severity says what a problem does to its row.
type Severity string

// The severities.
const (
	Note       Severity = "note"       // the row is used; somebody should know
	Review     Severity = "review"     // the row is used once a person has decided
	Quarantine Severity = "quarantine" // the row is not used
)

// Problem is something wrong in a file, at a line and column that its author
// can find. It holds no text of any cell.
type Problem struct {
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Column   string   `json:"column,omitempty"`
	Code     string   `json:"code"` // catalogue key
	Severity Severity `json:"severity"`
	What     string   `json:"what,omitempty"`
	N        int      `json:"n,omitempty"`
}

// Args are the arguments of the problem's phrase.
func (p Problem) Args() map[string]any {
	return map[string]any{"file": p.File, "line": p.Line, "column": p.Column, "what": p.What, "n": p.N}
}

// Notes for what Tidy and Open changed, and a review for what cannot be put
// right.
const (
	NoteConverted = "tabular.note.converted" // the file was written in what
	NoteTrimmed   = "tabular.note.trimmed"   // n cells of column
	NoteJoined    = "tabular.note.joined"
	NoteStripped  = "tabular.note.stripped"
	NoteUnquoted  = "tabular.note.unquoted"
	ReviewLost    = "tabular.review.lost" // U+FFFD in column
)

// Report gathers the problems of one import. Notes that say the same of a
// column are one note with a count, at the line of the first.
type Report struct {
	problems []Problem
	notes    map[noteKey]int // index in problems
}

type noteKey struct{ file, column, code, what string }

// Add records a problem.
func (r *Report) Add(p Problem) {
	if p.Severity == Note {
		r.note(p)
		return
	}
	r.problems = append(r.problems, p)
}

// note counts a note: N is how often it was found.
func (r *Report) note(p Problem) {
	key := noteKey{p.File, p.Column, p.Code, p.What}
	if i, ok := r.notes[key]; ok {
		r.problems[i].N++
		return
	}
	if r.notes == nil {
		r.notes = make(map[noteKey]int)
	}
	r.notes[key] = len(r.problems)
	p.N = 1
	r.problems = append(r.problems, p)
}

// Flaw records the flaw of a row as a quarantine.
func (r *Report) Flaw(t *Table, row Row) {
	f := row.Flaw
	r.Add(Problem{File: t.Name, Line: row.Line, Column: f.Column, Code: f.Code, Severity: Quarantine, What: f.What, N: f.N})
}

// Converted notes that a file was not written in UTF-8.
func (r *Report) Converted(t *Table) {
	if t.Encoding != UTF8 {
		r.Add(Problem{File: t.Name, Line: 1, Code: NoteConverted, Severity: Note, What: string(t.Encoding)})
	}
}

// Tidy tidies the cell of a column and records what it changed. It reports
// false for text in which a letter was lost before it came to us: the caller
// decides whether the row can wait for a person (ReviewLost).
func (r *Report) Tidy(t *Table, row Row, column int) (string, bool) {
	s, done := Tidy(row.At(column))
	if done == 0 {
		return s, true
	}
	for _, n := range [...]struct {
		change Change
		code   string
	}{{Trimmed, NoteTrimmed}, {Joined, NoteJoined}, {Stripped, NoteStripped}, {Unquoted, NoteUnquoted}} {
		if done&n.change != 0 {
			r.Add(Problem{File: t.Name, Line: row.Line, Column: t.columnName(column), Code: n.code, Severity: Note})
		}
	}
	return s, done&Lost == 0
}

// ColumnName names a column that Column found.
func (t *Table) ColumnName(column int) string {
	if column < 0 {
		return ""
	}
	return t.columnName(column)
}

// Problems returns what was recorded, by file, line and then the order found.
func (r *Report) Problems() []Problem {
	sort.SliceStable(r.problems, func(i, j int) bool {
		a, b := r.problems[i], r.problems[j]
		if a.File != b.File {
			return a.File < b.File
		}
		return a.Line < b.Line
	})
	r.notes = nil
	return r.problems
}
