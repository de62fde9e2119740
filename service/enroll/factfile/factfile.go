// Package factfile reads what agencies, districts and families report of
// children from a CSV: facts that a rule book asks for (income, foster care, …)
// and things that happened (claimed, viewed online, …).
//
// Which facts and events there are, and what their values may be, the rule book
// says. A row is a report, or a problem with its line and column; a file with a
// problem is not meant to be used in part. The package is pure: it knows no
// child, records nothing and reads no clock.
package factfile

import (
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"seedbook/ledger"
	"seedbook/service/rules"
	"seedbook/service/tabular"
)

// File is a file as read.
type File struct {
	Reports  []Report
	Rows     int // without header and blank lines
	Problems []tabular.Problem
}

// Good reports that every row is a report.
func (f *File) Good() bool { return f.Rows == len(f.Reports) }

// Report is a fact or an event. Account and Student are as written, leading
// zeros kept.
type Report struct {
	Line      int
	Account   string
	Student   string
	Fact      string // one of Fact and Event is set
	Event     string
	Value     any         // of the fact, as its type demands; nil: not known any more
	On        ledger.Date // from which the fact is true, or on which the event happened
	Reference string
	Amount    ledger.Amount // of the event
	For       string        // account that the event is about
	Choice    string
	Purpose   string
	Retracts  string // reference of the event that this one takes back

	// Of evidence.
	Period   string
	Quantity int
	Verified string // "yes", "no" or ""
	Document string
}

// LogValue keeps people out of logs.
func (Report) LogValue() slog.Value { return slog.StringValue("[report]") }

// What keeps a row out.
const (
	ownerMissing     = "factfile.problem.owner_missing"
	nameMissing      = "factfile.problem.name_missing"
	factUnknown      = "factfile.problem.fact_unknown"  // what: those that the book has
	eventUnknown     = "factfile.problem.event_unknown" // what: those that the book has
	dayMissing       = "factfile.problem.day_missing"
	dayUnreadable    = "factfile.problem.day_unreadable"
	dayFuture        = "factfile.problem.day_future"
	referenceMissing = "factfile.problem.reference_missing"
	referenceLong    = "factfile.problem.reference_long"
	valueYesNo       = "factfile.problem.value_yes_no"
	valueNumber      = "factfile.problem.value_number"
	valueMoney       = "factfile.problem.value_money"
	valueDate        = "factfile.problem.value_date"
	valueOneOf       = "factfile.problem.value_one_of" // what: those that the book allows
	valueMissing     = "factfile.problem.value_missing"
	textLong         = "factfile.problem.text_long"
	periodMissing    = "factfile.problem.period_missing"
	quantityBad      = "factfile.problem.quantity"
	verifiedBad      = "factfile.problem.verified"
)

// Problems that only whoever knows the children can find.
const (
	NoChild       = "factfile.problem.no_child"       // nobody of that number takes part
	ReferenceUsed = "factfile.problem.reference_used" // the reference stands for something else
)

// Unknown is how a file says that something is not known any more.
const Unknown = "unknown"

const (
	maxReference = 100
	maxText      = 200
)

// engineEvents are the events that every rule book knows and a file may report.
// Money that moves, and who takes part, are no reports: other doors record them.
var engineEvents = []rules.EventKind{
	rules.Claimed, rules.Chosen, rules.Death, rules.LeavesSchool, rules.LeavesArea, rules.AccountClosed, rules.BeneficiaryChanged,
}

// builtinFacts are facts that every rule book knows and no roster supplies.
var builtinFacts = []rules.FactDecl{{Name: "residence", Type: rules.TextFact}, {Name: "county", Type: rules.TextFact}}

// Options say how to read a file.
type Options struct {
	Book *rules.Book
	// AsOf is the day of the import, in the program's zone: an event of a later
	// day is a mistake. A fact may begin to be true later.
	AsOf       ledger.Date
	DateFormat tabular.DateFormat
	// Evidence says that each row is proof of an event for a period: it counts
	// once for each child, event and period, whatever the row calls itself.
	Evidence bool
	Limits   tabular.Limits // default to tabular.Default
}

// Read reads a file. An error that is a fault refuses the file; the others come
// from r.
func Read(name string, r io.Reader, o Options) (*File, error) {
	if o.Limits == (tabular.Limits{}) {
		o.Limits = tabular.Default
	}
	text, err := tabular.Slurp(r, name, o.Limits.Bytes)
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
	in := &reader{options: o, table: t, file: &File{}}
	if err := in.columns(); err != nil {
		return nil, err
	}
	return in.read()
}

// reader gathers what one file says.
type reader struct {
	options Options
	table   *tabular.Table
	file    *File
	report  tabular.Report
	at      columns
}

// columns are the places of the columns; −1: not there.
type columns struct {
	account, student, either, fact, event, value, from, on, reference, amount, about, choice, purpose, retracts int
	period, quantity, verified, document                                                                        int
}

// columns finds the columns. One of account and student, one of fact and event,
// a day and a reference must be there.
func (in *reader) columns() error {
	t := in.table
	in.at = columns{
		account: t.Column("account", "account number", "account id", "cuenta", "número de cuenta"),
		student: t.Column("student", "student id", "student number", "estudiante", "número de estudiante", "matrícula"),
		either:  t.Column("student or account", "account or student", "account or student id", "estudiante o cuenta", "id"),
		fact:    t.Column("fact", "dato"),
		event:   t.Column("event", "suceso", "evento"),
		value:   t.Column("value", "is", "valor"),
		from:    t.Column("from", "true from", "desde"),
		on:      t.Column("on", "date", "day", "from or on", "from/on", "fecha", "día"),

		reference: t.Column("reference", "ref", "reference number", "referencia"),
		amount:    t.Column("amount", "monto", "importe"),
		about:     t.Column("about account", "for account", "sobre la cuenta"),
		choice:    t.Column("choice", "elección"),
		purpose:   t.Column("purpose", "propósito"),
		retracts:  t.Column("retracts", "anula"),
		period:    t.Column("period", "for period", "periodo", "período"),
		quantity:  t.Column("quantity", "how many", "count", "cantidad"),
		verified:  t.Column("verified", "verificado"),
		document:  t.Column("document", "doc ref", "document reference", "documento"),
	}
	if in.options.Evidence {
		return in.evidenceColumns()
	}
	for _, need := range []struct {
		column int
		name   string
	}{
		{max(in.at.account, in.at.student, in.at.either), "student"}, {max(in.at.fact, in.at.event), "fact"},
		{max(in.at.from, in.at.on), "from"}, {in.at.reference, "reference"},
	} {
		if need.column < 0 {
			return t.Require(need.name)
		}
	}
	return nil
}

// evidenceColumns are what every row of evidence needs.
func (in *reader) evidenceColumns() error {
	for _, need := range []struct {
		column int
		name   string
	}{
		{max(in.at.account, in.at.student, in.at.either), "student"}, {in.at.event, "event"}, {in.at.period, "period"},
	} {
		if need.column < 0 {
			return in.table.Require(need.name)
		}
	}
	in.at.fact = -1
	return nil
}

func (in *reader) read() (*File, error) {
	in.report.Converted(in.table)
	for {
		r, err := in.table.Next()
		switch {
		case err == io.EOF:
			in.file.Rows, in.file.Problems = in.table.Rows, in.report.Problems()
			return in.file, nil
		case err != nil:
			return nil, err
		case r.Flaw != nil:
			in.report.Flaw(in.table, r)
		default:
			in.row(r)
		}
	}
}

// line is a row while it is read, with whether it is good so far.
type line struct {
	*reader
	tabular.Row
	bad bool
}

func (l *line) text(column int) string {
	if column < 0 {
		return ""
	}
	s, whole := l.report.Tidy(l.table, l.Row, column)
	if !whole {
		l.refuse(column, tabular.ReviewLost, "")
	}
	if utf8.RuneCountInString(s) > maxText {
		l.refuse(column, textLong, "")
	}
	return s
}

func (l *line) refuse(column int, code, what string) {
	l.bad = true
	l.report.Add(tabular.Problem{File: l.table.Name, Line: l.Line, Column: l.table.ColumnName(column), Code: code, Severity: tabular.Quarantine, What: what})
}

// row reads one row, with all that is wrong with it.
func (in *reader) row(row tabular.Row) {
	l := &line{reader: in, Row: row}
	r := Report{
		Line: row.Line, Account: l.text(in.at.account), Student: l.text(in.at.student),
		Fact: l.text(in.at.fact), Event: l.text(in.at.event), Reference: l.text(in.at.reference),
	}
	if either := l.text(in.at.either); either != "" {
		r.Account, r.Student = either, either
	}
	if r.Account == "" && r.Student == "" {
		l.refuse(max(in.at.student, in.at.account, in.at.either), ownerMissing, "")
	}
	if in.options.Evidence {
		l.readEvidence(&r)
	}
	switch {
	case r.Reference == "" && !in.options.Evidence:
		l.refuse(in.at.reference, referenceMissing, "")
	case utf8.RuneCountInString(r.Reference) > maxReference:
		l.refuse(in.at.reference, referenceLong, "")
	}
	switch {
	case (r.Fact == "") == (r.Event == ""):
		l.refuse(max(in.at.fact, in.at.event), nameMissing, "")
	case r.Fact != "":
		l.readFact(&r)
	default:
		l.readEvent(&r)
	}
	if !l.bad {
		in.file.Reports = append(in.file.Reports, r)
	}
}

func (l *line) readFact(r *Report) {
	decls := slices.Concat(l.options.Book.Facts, builtinFacts)
	i := slices.IndexFunc(decls, func(d rules.FactDecl) bool { return d.Name == r.Fact })
	if i < 0 {
		names := make([]string, len(decls))
		for i, d := range decls {
			names[i] = d.Name
		}
		l.refuse(l.at.fact, factUnknown, strings.Join(names, ", "))
		return
	}
	r.On = l.day(l.at.from, l.at.on, false)
	r.Value = l.value(decls[i], l.text(l.at.value))
}

// value reads a fact's value as its type demands.
func (l *line) value(d rules.FactDecl, text string) any {
	switch {
	case text == "":
		l.refuse(l.at.value, valueMissing, "")
		return nil
	case text == Unknown:
		return nil
	case d.Type == rules.YesNoFact:
		yes, ok := map[string]bool{"yes": true, "no": false, "true": true, "false": false, "sí": true, "si": true}[strings.ToLower(text)]
		if !ok {
			l.refuse(l.at.value, valueYesNo, "")
		}
		return yes
	case d.Type == rules.NumberFact:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 999_999_999 {
			l.refuse(l.at.value, valueNumber, "")
		}
		return n
	case d.Type == rules.MoneyFact:
		a, err := ledger.ParseAmount(text)
		if err != nil {
			l.refuse(l.at.value, valueMoney, "")
		}
		return a
	case d.Type == rules.DateFact:
		on, err := l.options.DateFormat.Parse(text)
		if err != nil {
			l.refuse(l.at.value, valueDate, "")
		}
		return on
	case len(d.OneOf) > 0 && !slices.Contains(d.OneOf, text):
		l.refuse(l.at.value, valueOneOf, strings.Join(d.OneOf, ", "))
	}
	return text
}

func (l *line) readEvent(r *Report) {
	kinds := slices.Clone(engineEvents)
	for _, e := range l.options.Book.Events {
		kinds = append(kinds, e.Name)
	}
	if !slices.Contains(kinds, rules.EventKind(r.Event)) {
		l.refuse(l.at.event, eventUnknown, listed(kinds))
		return
	}
	if end := endOf(r.Period); !end.IsZero() && l.text(l.at.on)+l.text(l.at.from) == "" {
		r.On = end
		if !l.options.AsOf.IsZero() && end.After(l.options.AsOf) {
			r.On = l.options.AsOf // a period that is not over
		}
	} else {
		r.On = l.day(l.at.on, l.at.from, true)
	}
	r.For, r.Choice, r.Purpose, r.Retracts = l.text(l.at.about), l.text(l.at.choice), l.text(l.at.purpose), l.text(l.at.retracts)
	column := l.at.amount
	if l.text(column) == "" {
		column = l.at.value
	}
	if text := l.text(column); text != "" {
		a, err := ledger.ParseAmount(text)
		if err != nil || a.Sign() <= 0 {
			l.refuse(column, valueMoney, "")
		}
		r.Amount = a
	}
}

// readEvidence reads what evidence says besides the event. Its reference is the
// event and the period, so that a second report about them is no second award.
func (l *line) readEvidence(r *Report) {
	r.Period, r.Document = l.text(l.at.period), l.text(l.at.document)
	if r.Period == "" || utf8.RuneCountInString(r.Period) > 40 {
		l.refuse(l.at.period, periodMissing, "")
	}
	r.Reference = r.Event + "/" + r.Period
	if text := l.text(l.at.quantity); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1_000_000 {
			l.refuse(l.at.quantity, quantityBad, "")
		}
		r.Quantity = n
	}
	switch strings.ToLower(l.text(l.at.verified)) {
	case "":
	case "yes", "true", "verified", "sí", "si", "1":
		r.Verified = "yes"
	case "no", "false", "self-report", "self-reported", "self", "0":
		r.Verified = "no"
	default:
		l.refuse(l.at.verified, verifiedBad, "")
	}
}

// endOf is the last day of a period written as a month or a day; no day
// where it is written otherwise.
func endOf(period string) ledger.Date {
	if first, err := ledger.ParseDate(period + "-01"); err == nil {
		return first.AddMonths(1).AddDays(-1)
	}
	day, err := ledger.ParseDate(period)
	if err != nil {
		return ledger.Date{}
	}
	return day
}

// day reads a row's day from the first of two columns that has one. What
// happened has a day and cannot lie ahead; a fact without a day was always true.
func (l *line) day(column, other int, happened bool) ledger.Date {
	text := l.text(column)
	if text == "" {
		if t := l.text(other); t != "" || column < 0 {
			column, text = other, t
		}
	}
	if text == "" {
		if happened {
			l.refuse(column, dayMissing, "")
		}
		return ledger.Date{}
	}
	on, err := l.options.DateFormat.Parse(text)
	switch {
	case err != nil:
		l.refuse(column, dayUnreadable, "")
	case happened && !l.options.AsOf.IsZero() && on.After(l.options.AsOf):
		l.refuse(column, dayFuture, "")
	}
	return on
}

func listed(kinds []rules.EventKind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
