// Package depositfile reads the deposits that families made from a CSV that a
// bank or a school sent: reference, account or student, date, amount, channel.
//
// A row is a deposit, a repetition of one, or quarantined with its line and
// reason; the totals say so, for whoever compares them with the bank's own. It
// is pure: it knows no child and no account, posts nothing and reads no clock.
// Money that names nobody is a deposit like any other, which the room around it
// (service/savings) keeps in suspense.
package depositfile

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/tabular"
)

// ErrDateFormat reports options with a date format that we do not read.
var ErrDateFormat = fault.New(fault.Invalid, "depositfile.date_format")

// File is a file of deposits as read.
type File struct {
	SHA256   [sha256.Size]byte // of the bytes as they came
	Deposits []Deposit         // the accepted ones, in the order of the file
	Totals
	Problems []tabular.Problem
	SetAside []Row // the quarantined rows, for whoever corrects them
}

// Totals account for every row. Amount is the sum of the accepted deposits, in
// the program's currency.
type Totals struct {
	Rows        int           `json:"rows"` // without header and blank lines
	Accepted    int           `json:"accepted"`
	Repeated    int           `json:"repeated"` // rows that say again what an accepted one says
	Quarantined int           `json:"quarantined"`
	Amount      ledger.Amount `json:"amount"`
}

// Balanced reports that every row has exactly one place.
func (t Totals) Balanced() bool { return t.Rows == t.Accepted+t.Repeated+t.Quarantined }

// Deposit is money that came in for a child. Account and Student are as
// written, leading zeros kept; one may be empty, both when the row names nobody.
type Deposit struct {
	Line      int           // where it stands, counted from 1
	Reference string        // the sender's own, at most maxReference characters
	Account   string        // account or child number
	Student   string        // the district's student number
	On        ledger.Date   // the day the money counts
	Amount    ledger.Amount // positive
	Channel   string        // lower case, as rule books name it: cash, ach, billpay, …
}

// LogValue keeps account and student numbers out of logs.
func (d Deposit) LogValue() slog.Value { return slog.StringValue("[deposit]") }

// Row is a row as written, with all that is personal in it.
type Row struct {
	Line int    `json:"line"`
	Raw  string `json:"raw"` // clipped to 4 KB
}

// LogValue keeps people out of logs.
func (Row) LogValue() slog.Value { return slog.StringValue("[row]") }

// Options say how to read a file.
type Options struct {
	// DateFormat is how the file writes days besides year-month-day.
	DateFormat tabular.DateFormat
	// Channel is that of rows that name none; "other" if empty.
	Channel string
	// AsOf is the day of the import, in the program's zone: a later deposit is a
	// mistake. Without it any day will do.
	AsOf ledger.Date
	// Limits default to tabular.Default.
	Limits tabular.Limits
}

const (
	maxReference = 100 // characters; references are kept for ever and looked up
	// maxAmount bounds one deposit, so that no sum of a file can overflow. What
	// a program allows is its own, much lower limit.
	maxAmount = "10000000.00"
)

// Read reads a file of deposits. The name is the file's as uploaded; it is only
// shown. An error that is a fault refuses the file; the others come from r.
func Read(name string, r io.Reader, o Options) (*File, error) {
	if o.Limits == (tabular.Limits{}) {
		o.Limits = tabular.Default
	}
	if !o.DateFormat.Valid() {
		return nil, ErrDateFormat
	}
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	h := sha256.New()
	text, err := tabular.Slurp(io.TeeReader(r, h), name, o.Limits.Bytes)
	if err != nil {
		return nil, err
	}
	plain, err := tabular.Plain(name, text, o.Limits)
	if err != nil {
		return nil, err
	}
	o.Limits.Bytes = max(o.Limits.Bytes, len(plain.Text)) // a zip's one table has been measured
	t, err := tabular.Open(plain.Name, plain.Text, o.Limits)
	if err != nil {
		return nil, err
	}
	in := &reader{options: o, table: t, file: &File{SHA256: [sha256.Size]byte(h.Sum(nil))}}
	if err := in.read(); err != nil {
		return nil, err
	}
	return in.finish()
}

// names are the columns, in English and Spanish. The first of each is the one
// that is asked for when it is missing.
var names = struct{ reference, account, student, either, date, amount, channel []string }{
	reference: []string{"reference", "ref", "reference number", "reference id", "transaction id", "transaction number", "transaction", "trace", "trace number", "confirmation", "confirmation number", "receipt", "receipt number", "referencia", "número de referencia", "recibo"},
	account:   []string{"account", "account id", "account number", "account no", "child", "child id", "cuenta", "número de cuenta"},
	student:   []string{"student", "student id", "student number", "student no", "estudiante", "id de estudiante", "número de estudiante", "matrícula"},
	either:    []string{"account or student id", "account or student", "account/student id", "cuenta o estudiante", "id"},
	date:      []string{"date", "deposit date", "value date", "effective date", "posted", "posting date", "transaction date", "fecha", "fecha de depósito", "fecha valor"},
	amount:    []string{"amount", "deposit amount", "deposit", "monto", "importe", "cantidad"},
	channel:   []string{"channel", "method", "payment method", "type", "source", "canal", "medio", "método"},
}

// reader gathers what one file says.
type reader struct {
	options Options
	table   *tabular.Table
	file    *File
	report  tabular.Report

	reference, account, student, either, date, amount, channel int // columns

	rows  []row // good so far, in the order of the file
	alike map[string]*alike
}

// alike are the rows of one reference.
type alike struct {
	first int // the first of them, an index in rows
	other int // the first that says something else, or 0
}

// row is a deposit with the row it came from.
type row struct {
	Deposit
	raw string
}

// columns finds the columns. All but the channel must be there; of account and
// student, one.
func (in *reader) columns() error {
	t := in.table
	in.reference, in.account, in.student = t.Column(names.reference...), t.Column(names.account...), t.Column(names.student...)
	in.either, in.date, in.amount = t.Column(names.either...), t.Column(names.date...), t.Column(names.amount...)
	in.channel = t.Column(names.channel...)
	for _, need := range []struct {
		column int
		names  []string
	}{
		{in.reference, names.reference}, {max(in.account, in.student, in.either), names.account},
		{in.date, names.date}, {in.amount, names.amount},
	} {
		if need.column < 0 {
			return t.Require(need.names[0])
		}
	}
	return nil
}

func (in *reader) read() error {
	if err := in.columns(); err != nil {
		return err
	}
	in.report.Converted(in.table)
	in.alike = make(map[string]*alike, in.table.AtMost())
	for {
		r, err := in.table.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if r.Flaw != nil {
			in.report.Flaw(in.table, r)
			in.setAside(r.Line, r.Raw)
			continue
		}
		in.row(r)
	}
}

// row reads one row, with all that is wrong with it.
func (in *reader) row(r tabular.Row) {
	good := true
	refuse := func(column int, code string) {
		if code != "" {
			good = false
			in.add(r.Line, in.table.ColumnName(column), code, "", tabular.Quarantine)
		}
	}
	d := Deposit{Line: r.Line, Reference: in.text(r, in.reference), Account: in.text(r, in.account), Student: in.text(r, in.student)}
	if either := in.text(r, in.either); either != "" {
		d.Account, d.Student = cmp.Or(d.Account, either), cmp.Or(d.Student, either)
	}
	switch {
	case d.Reference == "":
		refuse(in.reference, referenceMissing)
	case utf8.RuneCountInString(d.Reference) > maxReference:
		refuse(in.reference, referenceLong)
	}
	var code string
	d.On, code = in.day(in.text(r, in.date))
	refuse(in.date, code)
	d.Amount, code = parseAmount(r.At(in.amount))
	refuse(in.amount, code)
	if !good {
		in.setAside(r.Line, r.Raw)
		return
	}
	if d.Account == "" && d.Student == "" {
		in.add(r.Line, "", noOwner, "", tabular.Note)
	}
	d.Channel = in.channelOf(r)
	in.keep(row{d, r.Raw})
}

// keep adds a good row to the others of its reference.
func (in *reader) keep(r row) {
	at := len(in.rows)
	in.rows = append(in.rows, r)
	switch a := in.alike[r.Reference]; {
	case a == nil:
		in.alike[r.Reference] = &alike{first: at}
	case a.other == 0 && !r.says(in.rows[a.first].Deposit):
		a.other = at
	}
}

func (in *reader) text(r tabular.Row, column int) string {
	s, whole := in.report.Tidy(in.table, r, column)
	if !whole {
		in.add(r.Line, in.table.ColumnName(column), tabular.ReviewLost, "", tabular.Note)
	}
	return s
}

func (in *reader) add(line int, column, code, what string, s tabular.Severity) {
	in.report.Add(tabular.Problem{File: in.table.Name, Line: line, Column: column, Code: code, Severity: s, What: what})
}

func (in *reader) setAside(line int, raw string) {
	const most = 4 << 10
	if len(raw) > most {
		raw = strings.ToValidUTF8(raw[:most], "")
	}
	in.file.SetAside = append(in.file.SetAside, Row{line, raw})
}

func (in *reader) day(text string) (ledger.Date, string) {
	if text == "" {
		return ledger.Date{}, dateMissing
	}
	day, err := in.options.DateFormat.Parse(text)
	switch asOf := in.options.AsOf; {
	case err != nil:
		return ledger.Date{}, dateUnreadable
	case !asOf.IsZero() && day.After(asOf):
		return ledger.Date{}, dateFuture
	}
	return day, ""
}

// finish settles the references that several rows have, and draws the totals.
// Where rows of one reference say different things, nobody can say which is
// right, and none is used.
func (in *reader) finish() (*File, error) {
	f := in.file
	for i, r := range in.rows {
		switch a := in.alike[r.Reference]; {
		case a.other > 0:
			differs := a.first
			if r.says(in.rows[a.first].Deposit) {
				differs = a.other
			}
			in.add(r.Line, in.table.ColumnName(in.reference), referenceClash, strconv.Itoa(in.rows[differs].Line), tabular.Quarantine)
			in.setAside(r.Line, r.raw)
		case i != a.first:
			in.add(r.Line, in.table.ColumnName(in.reference), referenceRepeated, "", tabular.Note)
			f.Repeated++
		default:
			f.Deposits = append(f.Deposits, r.Deposit)
			f.Amount = f.Amount.Add(r.Amount)
		}
	}
	slices.SortFunc(f.SetAside, func(a, b Row) int { return a.Line - b.Line })
	f.Rows, f.Accepted, f.Quarantined = in.table.Rows, len(f.Deposits), len(f.SetAside)
	f.Problems = in.report.Problems()
	if !f.Balanced() {
		return nil, fmt.Errorf("read deposits: rows do not add up: %+v", f.Totals)
	}
	return f, nil
}

// says reports the same deposit, wherever it stands.
func (d Deposit) says(e Deposit) bool {
	e.Line = d.Line
	return d == e
}
