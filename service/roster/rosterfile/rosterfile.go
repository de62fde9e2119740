// Package rosterfile reads a school roster from the bytes a district sent:
// OneRoster 1.1 and 1.2 zips (bulk and delta), the zipped folders of School
// Data Sync (v2.1, v2 and format 2.5), and plain CSV with a mapping of its
// columns.
//
// It says who is a child, in which school, and with which guardians, and what
// is wrong at which line; a row is never dropped without a word, and nothing is
// guessed: what the file does not say goes to a person. A file that cannot be
// trusted as a whole is refused with one fault.
//
// It is pure: it compares with nothing we know, stores nothing, and reads no
// clock. The room around it (service/roster) does that.
package rosterfile

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/tabular"
)

// Reasons to refuse a whole file, besides those of package tabular.
var (
	// ErrMissingFile reports a package without a file it needs; argument file.
	ErrMissingFile = fault.New(fault.Invalid, "roster.missing_file")
	// ErrManifest reports a manifest.csv with a value we do not know; argument
	// property.
	ErrManifest = fault.New(fault.Invalid, "roster.manifest")
	// ErrVersion reports a OneRoster version other than 1.1 and 1.2.
	ErrVersion = fault.New(fault.Invalid, "roster.version")
	// ErrNeedsMapping reports a CSV for which nobody has said which column is what.
	ErrNeedsMapping = fault.New(fault.Invalid, "roster.needs_mapping")
)

// Kind is the format of a roster.
type Kind string

// The formats.
const (
	OneRoster Kind = "oneroster" // 1EdTech OneRoster CSV
	SDS       Kind = "sds"       // Microsoft School Data Sync
	CSV       Kind = "csv"       // one table, by a Mapping
	Births    Kind = "births"    // birth records, likewise
)

// Mode says what a row's absence means.
type Mode string

// The modes.
const (
	Bulk  Mode = "bulk"  // the whole list: who is missing may have left
	Delta Mode = "delta" // changes only: who is missing is as before
)

// File is a roster as read.
type File struct {
	SHA256     [sha256.Size]byte // of the bytes as they came
	Kind       Kind
	Version    string // "1.1", "1.2"; "2.5", "2", "2.1" for SDS; "" for CSV
	SchoolYear string // the year in which it ends, as the source has it; "" if it does not say
	Mode       Mode
	Schools    []School
	Children   []Child // in the order of the file
	Totals             // of the rows about people
	Tables     []Table // every table read, in the order read
	Problems   []Problem
	SetAside   []Row    // the quarantined rows of all tables, for whoever corrects them
	Doubted    []Row    // rows of a plain table about children in doubt, likewise
	Columns    []string // names of a plain table's columns
}

// Totals account for every row of the tables that list people.
type Totals struct {
	Rows        int `json:"rows"`        // rows without blank lines
	Children    int `json:"children"`    // children without doubt
	Review      int `json:"review"`      // children about whom a person must decide
	Adults      int `json:"adults"`      // not children
	Quarantined int `json:"quarantined"` // rows not used
	// Partial children are named by other tables of a delta only: a new school
	// or birth date of somebody we should know. They are no row of Rows.
	Partial int `json:"partial"`
}

// Balanced reports that every row has exactly one place.
func (t Totals) Balanced() bool {
	return t.Rows == t.Children+t.Review+t.Adults+t.Quarantined
}

// Table says what was read of one table.
type Table struct {
	Name        string
	Mode        Mode
	Encoding    tabular.Encoding
	Rows        int // without blank lines
	Quarantined int
}

// Problem is something wrong at a line and column.
type Problem = tabular.Problem

// Row is a row as written, with all that is personal in it.
type Row struct {
	File string `json:"file"`
	Line int    `json:"line"`
	// SourceID is the child's or adult's, where the row could be read so far:
	// whoever is named by a quarantined row has not left.
	SourceID string `json:"source,omitempty"`
	// StudentNumber is the child's in a plain CSV, which may know no other id.
	StudentNumber string `json:"student,omitempty"`
	Raw           string `json:"raw"` // clipped to 4 KB
	// Cells are those of a row of a plain table.
	Cells []string `json:"cells,omitempty"`
}

// LogValue keeps people out of logs.
func (Row) LogValue() slog.Value { return slog.StringValue("[row]") }

// School is a school that a file names.
type School struct {
	SourceID string `json:"source"`   // by which children refer to it
	Code     string `json:"code"`     // the district's identifier, leading zeros kept
	Name     string `json:"name"`     // Code where the file gives no name
	District string `json:"district"` // name of the district, if the file says
}

// Child is a child that a file names. An empty field says that the source has
// nothing there, except among changes (Delta), where what stands in a table of
// its own may not have changed: an empty BornOn, Grade or SchoolSourceID says
// nothing then, nor does any empty field of a Partial child.
type Child struct {
	File           string      `json:"file"` // table and line where the child stands
	Line           int         `json:"line"`
	SourceID       string      `json:"source,omitempty"`  // the source's own, stable id
	StudentNumber  string      `json:"student,omitempty"` // the district's, leading zeros kept
	Given          string      `json:"given,omitempty"`
	Middle         string      `json:"middle,omitempty"`
	Family         string      `json:"family,omitempty"`
	Preferred      string      `json:"preferred,omitempty"` // given name the child goes by
	BornOn         ledger.Date `json:"born,omitzero"`
	Grade          string      `json:"grade,omitempty"` // CEDS: PK, KG, 01 … 12
	SchoolSourceID string      `json:"school,omitempty"`
	Language       string      `json:"language,omitempty"` // ISO 639 code
	Street         string      `json:"street,omitempty"`
	City           string      `json:"city,omitempty"`
	State          string      `json:"state,omitempty"`
	ZIP            string      `json:"zip,omitempty"`
	Guardians      []Guardian  `json:"guardians,omitempty"`
	County         string      `json:"county,omitempty"`    // of birth records
	Plurality      string      `json:"plurality,omitempty"` // how many were born together
	BirthOrder     string      `json:"order,omitempty"`     // which of them this one is
	DiedOn         ledger.Date `json:"died,omitzero"`
	Gone           bool        `json:"gone,omitempty"` // the source says that the child has left
	Partial        bool        `json:"partial,omitempty"`
	// Doubts are the codes of the problems that a person must settle before the
	// child is used; the problems have the details. Empty: no doubt.
	Doubts []string `json:"doubts,omitempty"`
}

// LogValue keeps people out of logs.
func (Child) LogValue() slog.Value { return slog.StringValue("[child]") }

// Guardian is an adult who is named for a child.
type Guardian struct {
	SourceID     string `json:"source,omitempty"`
	Given        string `json:"given,omitempty"`
	Family       string `json:"family,omitempty"`
	Phone        string `json:"phone,omitempty"`
	Email        string `json:"email,omitempty"`
	Relationship string `json:"relationship,omitempty"` // as the source has it
}

// LogValue keeps people out of logs.
func (Guardian) LogValue() slog.Value { return slog.StringValue("[guardian]") }

// Options say how to read a file.
type Options struct {
	// Mapping says which column is what in a plain CSV. Of other formats it
	// only lends its date format.
	Mapping *Mapping
	// AsOf is the day for which the roster is read: it decides which enrollments
	// are current. Without it all are.
	AsOf ledger.Date
	// Limits default to tabular.Default.
	Limits tabular.Limits
}

// Read reads a roster. The name is the file's as uploaded; it is only shown.
// An error that is a fault refuses the file; the others come from r.
func Read(name string, r io.Reader, o Options) (*File, error) {
	if o.Limits == (tabular.Limits{}) {
		o.Limits = tabular.Default
	}
	name = base(name)
	text, err := tabular.Slurp(r, name, o.Limits.Bytes)
	if err != nil {
		return nil, err
	}
	in := &reader{options: o, file: &File{SHA256: sum(text)}}
	if err := in.read(name, text); err != nil {
		return nil, err
	}
	return in.finish()
}

// sum hashes text without copying it whole.
func sum(text string) [sha256.Size]byte {
	h := sha256.New()
	io.Copy(h, struct{ io.Reader }{strings.NewReader(text)}) // a hash never fails
	return [sha256.Size]byte(h.Sum(nil))
}

// read tells the formats apart by their first bytes, not by the name.
func (in *reader) read(name, text string) error {
	if tabular.IsArchive(text) {
		return in.readArchive(name, text)
	}
	return in.readPlain(name, text)
}

// base is the last part of a path, whichever way its slashes lean.
func base(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// reader gathers what one file says.
type reader struct {
	options Options
	file    *File
	report  tabular.Report
	written func() []Row // the rows of children in doubt; nil where no plain table is read
	grades  map[string]string
}

// finish draws the totals. A file whose rows do not add up is a bug of ours and
// must not be used.
func (in *reader) finish() (*File, error) {
	f := in.file
	in.findTwice()
	for i := range f.Children {
		switch c := &f.Children[i]; {
		case c.Partial:
			f.Totals.Partial++
		case len(c.Doubts) > 0:
			f.Totals.Review++
		default:
			f.Totals.Children++
		}
	}
	if in.written != nil {
		f.Doubted = in.written()
	}
	f.Problems = in.report.Problems()
	if !f.Totals.Balanced() {
		return nil, fmt.Errorf("read roster: rows do not add up: %+v", f.Totals)
	}
	return f, nil
}
