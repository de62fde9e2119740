// Package bankcsv reads the lists of movements that banks without a format of
// their own give out as CSV or workbook, by a profile that somebody saved once
// for that bank: which column is what, how days and amounts are written.
//
// Nothing is guessed. A row that cannot be read is set aside with its line; a
// running balance, where the bank gives one, is held against every row. It is
// pure.
package bankcsv

import (
	"io"
	"strings"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
	"seedbook/service/fault"
	"seedbook/service/tabular"
)

// ErrProfile reports a profile that cannot be used; Field says where.
var ErrProfile = fault.New(fault.Invalid, "bankfile.profile")

// Profile says how a bank writes its CSV. Columns are named as in the file's
// header; an empty one is not there.
type Profile struct {
	Date         string             `json:"date"`
	Value        string             `json:"value,omitempty"`
	Amount       string             `json:"amount,omitempty"` // with its sign; or the next two
	Credit       string             `json:"credit,omitempty"`
	Debit        string             `json:"debit,omitempty"`
	Reference    string             `json:"reference,omitempty"`
	Trace        string             `json:"trace,omitempty"`
	Type         string             `json:"type,omitempty"`
	Description  string             `json:"description,omitempty"`
	Counterparty string             `json:"counterparty,omitempty"`
	Balance      string             `json:"balance,omitempty"` // after the row
	Return       string             `json:"return,omitempty"`  // reason of a return
	DateFormat   tabular.DateFormat `json:"date_format,omitempty"`
	Grouped      bool               `json:"grouped,omitempty"` // amounts are written 1,234.50
	Comma        bool               `json:"comma,omitempty"`   // amounts are written 1234,50, and 1.234,50 if grouped
	Account      string             `json:"account"`           // whose movements these are
	Currency     string             `json:"currency"`
}

// Check says what a profile lacks.
func (p Profile) Check() error {
	switch {
	case strings.TrimSpace(p.Date) == "":
		return ErrProfile.At("date")
	case (p.Amount == "") == (p.Credit == "" || p.Debit == ""):
		return ErrProfile.At("amount")
	case strings.TrimSpace(p.Account) == "":
		return ErrProfile.At("account")
	case len(p.Currency) != 3:
		return ErrProfile.At("currency")
	case !p.DateFormat.Valid():
		return ErrProfile.At("date_format")
	}
	return nil
}

// Read reads a file by a profile.
func Read(name string, r io.Reader, p Profile, limits bankfile.Limits) (*bankfile.File, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	within := tabular.Default
	within.Bytes, within.Rows = limits.Bytes, limits.Lines
	text, err := tabular.Slurp(r, name, within.Bytes)
	if err != nil {
		return nil, err
	}
	plain, err := tabular.Plain(name, text, within)
	if err != nil {
		return nil, err
	}
	within.Bytes = max(within.Bytes, len(plain.Text))
	table, err := tabular.Open(plain.Name, plain.Text, within)
	if err != nil {
		return nil, err
	}
	in := &reader{profile: p, table: table, file: &bankfile.File{Format: bankfile.CSV}}
	if err := in.columns(); err != nil {
		return nil, err
	}
	if err := in.rows(); err != nil {
		return nil, err
	}
	return in.finish()
}

type reader struct {
	profile  Profile
	table    *tabular.Table
	file     *bankfile.File
	column   map[string]int // by the column's name in the file
	lines    []bankfile.Line
	balances []ledger.Amount // after each line, where the bank gives them
	spoiled  bool            // a row was set aside: balances cannot tie
}

func (in *reader) columns() error {
	p := in.profile
	in.column = map[string]int{"": -1}
	for _, name := range []string{p.Date, p.Value, p.Amount, p.Credit, p.Debit, p.Reference, p.Trace, p.Type, p.Description, p.Counterparty, p.Balance, p.Return} {
		if name == "" {
			continue
		}
		if err := in.table.Require(name); err != nil {
			return err
		}
		in.column[name] = in.table.Column(name)
	}
	return nil
}

func (in *reader) rows() error {
	for {
		row, err := in.table.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case row.Flaw != nil:
			in.setAside(row.Line, row.Flaw.Column, row.Flaw.Code)
		default:
			in.row(row)
		}
	}
}

func (in *reader) setAside(line int, field, code string) {
	in.spoiled = true
	in.file.Quarantine(line, field, code)
}

func (in *reader) row(row tabular.Row) {
	p := in.profile
	at := func(name string) string { return strings.TrimSpace(row.At(in.column[name])) }
	l := bankfile.Line{Line: row.Line, Type: bankfile.Ref(at(p.Type)), Reference: bankfile.Ref(at(p.Reference)), Trace: bankfile.Ref(at(p.Trace)),
		Description: bankfile.Text(at(p.Description)), Counterparty: bankfile.Text(at(p.Counterparty)), Return: bankfile.Ref(at(p.Return))}
	var err error
	if l.Booked, err = p.DateFormat.Parse(at(p.Date)); err != nil {
		in.setAside(row.Line, p.Date, bankfile.BadDate)
		return
	}
	l.Value = l.Booked
	if text := at(p.Value); text != "" {
		if l.Value, err = p.DateFormat.Parse(text); err != nil {
			in.setAside(row.Line, p.Value, bankfile.BadDate)
			return
		}
	}
	field, ok := p.Amount, false
	if l.Amount, field, ok = p.money(at); !ok {
		in.setAside(row.Line, field, bankfile.BadAmount)
		return
	}
	if p.Balance != "" {
		balance, ok := p.amount(at(p.Balance))
		if !ok {
			in.setAside(row.Line, p.Balance, bankfile.BadAmount)
			return
		}
		in.balances = append(in.balances, balance)
	}
	in.lines = append(in.lines, l)
}

// money is what a row moved, and the column it stands in.
func (p Profile) money(at func(string) string) (ledger.Amount, string, bool) {
	if p.Amount != "" {
		a, ok := p.amount(at(p.Amount))
		return a, p.Amount, ok
	}
	credit, debit := at(p.Credit), at(p.Debit)
	switch {
	case credit != "" && debit != "":
		c, ok1 := p.amount(credit)
		d, ok2 := p.amount(debit)
		return c.Sub(d.Abs()), p.Credit, ok1 && ok2 && (c.IsZero() || d.IsZero())
	case credit != "":
		a, ok := p.amount(credit)
		return a, p.Credit, ok
	}
	a, ok := p.amount(debit)
	return a.Abs().Neg(), p.Debit, ok
}

// amount reads money as the profile says that it is written. Parentheses mean a
// debit in every bank's files.
func (p Profile) amount(s string) (ledger.Amount, bool) {
	inner, open := strings.CutPrefix(s, "(")
	inner, shut := strings.CutSuffix(inner, ")")
	if open != shut || open && strings.ContainsAny(inner, "+-") {
		return ledger.Amount{}, false
	}
	if p.Comma {
		if strings.Contains(inner, ".") && !p.Grouped {
			return ledger.Amount{}, false
		}
		inner = strings.NewReplacer(".", ",", ",", ".").Replace(inner)
	}
	if p.Grouped {
		var ok bool
		if inner, ok = ungroup(inner); !ok {
			return ledger.Amount{}, false
		}
	}
	a, ok := bankfile.Decimal(inner, false)
	if open {
		a = a.Neg()
	}
	return a, ok
}

// ungroup takes commas out from between groups of three digits, and refuses
// them anywhere else.
func ungroup(s string) (string, bool) {
	whole, cents, point := strings.Cut(s, ".")
	groups := strings.Split(whole, ",")
	for i, g := range groups[1:] {
		if len(g) != 3 || i == 0 && strings.TrimLeft(groups[0], "+-") == "" {
			return "", false
		}
	}
	if len(groups) > 1 && len(strings.TrimLeft(groups[0], "+-")) > 3 || strings.Contains(cents, ",") {
		return "", false
	}
	if point {
		return strings.Join(groups, "") + "." + cents, true
	}
	return strings.Join(groups, ""), true
}

// finish makes the statement. Banks list the newest row first or last; the
// running balance tells which, and days do where there is none.
func (in *reader) finish() (*bankfile.File, error) {
	if len(in.lines) == 0 {
		return nil, bankfile.Refuse(append(in.file.Quarantined, bankfile.Problem{Line: 1, Field: "CSV", Code: bankfile.NoStatement})...)
	}
	n := len(in.lines)
	backwards := in.lines[0].Booked.After(in.lines[n-1].Booked)
	if in.lines[0].Booked == in.lines[n-1].Booked && len(in.balances) > 1 {
		backwards = in.breaks(false) > in.breaks(true)
	}
	if backwards {
		for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
			in.lines[i], in.lines[j] = in.lines[j], in.lines[i]
			if len(in.balances) > 0 {
				in.balances[i], in.balances[j] = in.balances[j], in.balances[i]
			}
		}
	}
	s := bankfile.Statement{Line: 1, Account: in.profile.Account, Currency: strings.ToUpper(in.profile.Currency), Kind: bankfile.Final,
		From: in.lines[0].Booked, To: in.lines[n-1].Booked, Lines: in.lines}
	if len(in.balances) > 0 {
		s.Opening = bankfile.Balance{Known: true, Code: in.profile.Balance, Amount: in.balances[0].Sub(in.lines[0].Amount), On: s.From}
		s.Closing = bankfile.Balance{Known: true, Code: in.profile.Balance, Amount: in.balances[n-1], On: s.To}
		in.running()
	}
	in.file.Statements = []bankfile.Statement{s}
	return in.file, nil
}

// breaks counts the rows whose balance does not follow from the one before.
func (in *reader) breaks(backwards bool) (n int) {
	for i := 1; i < len(in.lines); i++ {
		before, after, moved := in.balances[i-1], in.balances[i], in.lines[i].Amount
		if backwards {
			before, after, moved = in.balances[i], in.balances[i-1], in.lines[i-1].Amount
		}
		if before.Add(moved) != after {
			n++
		}
	}
	return n
}

// running notes each row whose balance does not follow from the one before.
func (in *reader) running() {
	for i := 1; i < len(in.lines); i++ {
		if found := in.balances[i-1].Add(in.lines[i].Amount); found != in.balances[i] {
			in.file.Differ(in.lines[i].Line, in.profile.Balance, bankfile.BalanceDiffers, in.balances[i].String(), found.String())
		}
	}
}
