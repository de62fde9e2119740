// Package ofx reads Open Financial Exchange statements: version 1, which is
// SGML whose leaves need not be closed, version 2, which is XML, and Quicken's
// QFX, which is either.
//
// The format states no control totals, so a transaction that cannot be read
// refuses the whole file, with every such line. It states one balance, at the
// end; whoever knows the balance before can hold the lines against it. It is
// pure.
package ofx

import (
	"cmp"
	"html"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
)

// Read reads a file.
func Read(r io.Reader, limits bankfile.Limits) (*bankfile.File, error) {
	raw, err := bankfile.Slurp(r, limits)
	if err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(string(raw), "\ufeff")
	start := strings.Index(text, "<OFX>")
	if start < 0 {
		return nil, bankfile.Refuse(bankfile.Problem{Line: 1, Field: "OFX", Code: bankfile.NotThis})
	}
	header := text[:start]
	if strings.Contains(header, "<!DOCTYPE") || strings.Contains(header, "<!ENTITY") {
		return nil, bankfile.Refuse(bankfile.Problem{Line: 1, Field: "DOCTYPE", Code: bankfile.Entity})
	}
	in := &reader{file: &bankfile.File{Format: bankfile.OFX}, limits: limits}
	in.line = 1 + strings.Count(header, "\n")
	if err := in.body(decode(header, text[start:])); err != nil {
		return nil, err
	}
	return in.finish()
}

var windows = regexp.MustCompile(`(?i)CHARSET:\s*(1252|ISO-8859-1|8859-1)`)

// decode turns what the header calls Windows-1252 into UTF-8, unless it is that
// already, as many banks' files are in spite of their headers.
func decode(header, text string) string {
	if strings.ToValidUTF8(text, "") == text || !windows.MatchString(header) {
		return text
	}
	decoded, err := charmap.Windows1252.NewDecoder().String(text)
	if err != nil {
		return text
	}
	return decoded
}

// aggregates are the elements that hold others. Every other one is a leaf,
// closed or not.
var aggregates = map[string]bool{
	"OFX": true, "SIGNONMSGSRSV1": true, "SONRS": true, "STATUS": true, "FI": true, "BANKMSGSRSV1": true, "CREDITCARDMSGSRSV1": true,
	"STMTTRNRS": true, "CCSTMTTRNRS": true, "STMTRS": true, "CCSTMTRS": true, "BANKACCTFROM": true, "CCACCTFROM": true,
	"BANKTRANLIST": true, "STMTTRN": true, "LEDGERBAL": true, "AVAILBAL": true, "BALLIST": true, "BAL": true, "PAYEE": true,
	"BANKACCTTO": true, "CCACCTTO": true, "CURRENCY": true, "ORIGCURRENCY": true,
	"INVSTMTMSGSRSV1": true, "INVSTMTTRNRS": true, "INVSTMTRS": true, "INVTRANLIST": true, "INVBANKTRAN": true,
	"BANKTRANLISTP": true, "STMTTRNP": true,
}

type reader struct {
	file     *bankfile.File
	limits   bankfile.Limits
	problems []bankfile.Problem
	line     int
	open     []string // aggregates we are in

	statement *bankfile.Statement
	trn       *transaction
	balance   *transaction // a balance's leaves
	ended     bool
}

// leaf is the text of an element and where it stands.
type leaf struct {
	text string
	line int
}

// transaction gathers the leaves of a STMTTRN or of a balance.
type transaction struct {
	line   int
	leaves map[string]leaf
}

func (in *reader) refuse(line int, field, code string) {
	in.problems = append(in.problems, bankfile.Problem{Line: line, Field: field, Code: code})
}

// body walks the elements.
func (in *reader) body(text string) error {
	lines := 0
	for len(text) > 0 {
		start := strings.IndexByte(text, '<')
		if start < 0 {
			break
		}
		in.line += strings.Count(text[:start], "\n")
		end := strings.IndexByte(text[start:], '>')
		if end < 0 || end > 200 {
			return bankfile.Refuse(append(in.problems, bankfile.Problem{Line: in.line, Field: "OFX", Code: bankfile.Structure})...)
		}
		name := strings.ToUpper(strings.TrimSpace(text[start+1 : start+end]))
		text = text[start+end+1:]
		content := text
		if next := strings.IndexByte(text, '<'); next >= 0 {
			content = text[:next]
		}
		if name == "STMTTRN" {
			if lines++; lines > in.limits.Lines {
				return bankfile.TooLarge(in.limits)
			}
		}
		if err := in.tag(name, content); err != nil {
			return err
		}
	}
	return nil
}

// tag reads one tag and the text behind it.
func (in *reader) tag(name, content string) error {
	closing := strings.HasPrefix(name, "/")
	name = strings.TrimPrefix(name, "/")
	switch {
	case strings.HasPrefix(name, "!") || strings.HasPrefix(name, "?"):
		return bankfile.Refuse(append(in.problems, bankfile.Problem{Line: in.line, Field: "OFX", Code: bankfile.Entity})...)
	case aggregates[name] && closing:
		return in.close(name)
	case aggregates[name]:
		in.begin(name)
	case !closing:
		in.leaf(name, strings.TrimSpace(content))
	}
	return nil
}

func (in *reader) begin(name string) {
	in.open = append(in.open, name)
	switch name {
	case "STMTRS", "CCSTMTRS", "INVSTMTRS":
		in.statement = &bankfile.Statement{Line: in.line, Kind: bankfile.Final}
	case "STMTTRN":
		in.trn = &transaction{in.line, map[string]leaf{}}
	case "LEDGERBAL", "AVAILBAL":
		in.balance = &transaction{in.line, map[string]leaf{}}
	}
}

// close ends an aggregate. One that closes out of turn means that lines are
// missing.
func (in *reader) close(name string) error {
	if len(in.open) == 0 || in.open[len(in.open)-1] != name {
		return bankfile.Refuse(append(in.problems, bankfile.Problem{Line: in.line, Field: name, Code: bankfile.Structure})...)
	}
	in.open = in.open[:len(in.open)-1]
	switch name {
	case "OFX":
		in.ended = true
	case "STMTRS", "CCSTMTRS", "INVSTMTRS":
		in.endStatement()
	case "STMTTRN":
		if in.statement == nil {
			return bankfile.Refuse(append(in.problems, bankfile.Problem{Line: in.line, Field: name, Code: bankfile.Structure})...)
		}
		in.endTransaction()
	case "LEDGERBAL", "AVAILBAL":
		in.endBalance(name)
	}
	return nil
}

func (in *reader) leaf(name, content string) {
	text := bankfile.Text(html.UnescapeString(content))
	parent := ""
	if len(in.open) > 0 {
		parent = in.open[len(in.open)-1]
	}
	switch parent {
	case "STMTTRN", "PAYEE", "CURRENCY":
		if in.trn != nil {
			in.trn.set(parent, name, leaf{text, in.line})
		}
	case "LEDGERBAL", "AVAILBAL":
		in.balance.set(parent, name, leaf{text, in.line})
	case "SONRS":
		if name == "DTSERVER" {
			in.file.Made, _ = day(text)
		}
	default:
		in.ofStatement(parent, name, text)
	}
}

func (t *transaction) set(parent, name string, l leaf) {
	if parent == "PAYEE" || parent == "CURRENCY" {
		name = parent + " " + name
	}
	t.leaves[name] = l
}

// ofStatement keeps what describes the account.
func (in *reader) ofStatement(parent, name, text string) {
	s := in.statement
	if s == nil {
		return
	}
	switch {
	case name == "CURDEF":
		s.Currency = strings.ToUpper(text)
	case name == "ACCTID" && strings.HasSuffix(parent, "FROM"):
		s.Account = bankfile.Ref(text)
	case (name == "BANKID" || name == "BROKERID") && parent == "BANKACCTFROM":
		s.Bank = bankfile.Ref(text)
	case name == "DTSTART" && parent == "BANKTRANLIST":
		s.From, _ = day(text)
	case name == "DTEND" && parent == "BANKTRANLIST":
		s.To, _ = day(text)
	}
}

func (in *reader) endStatement() {
	s := in.statement
	in.statement = nil
	if s.Account == "" {
		in.refuse(s.Line, "ACCTID", bankfile.Missing)
	}
	if s.Currency == "" {
		in.refuse(s.Line, "CURDEF", bankfile.Missing)
	}
	in.file.Single(s)
	in.file.Statements = append(in.file.Statements, *s)
}

// endTransaction makes a line of the leaves.
func (in *reader) endTransaction() {
	t := in.trn
	in.trn = nil
	l := bankfile.Line{Line: t.line, Type: t.text("TRNTYPE"), Reference: bankfile.Ref(t.text("FITID"))}
	if l.Reference == "" {
		in.refuse(t.line, "FITID", bankfile.Missing)
	}
	l.Booked = in.day(t, "DTPOSTED", true)
	l.Value = l.Booked
	if available := in.day(t, "DTAVAIL", false); !available.IsZero() {
		l.Value = available
	}
	l.Amount = in.amount(t, "TRNAMT")
	l.Trace = bankfile.Ref(t.text("CHECKNUM"))
	if l.Trace == "0" || l.Trace == "" {
		l.Trace = bankfile.Ref(t.text("REFNUM"))
	}
	l.Counterparty = cmp.Or(t.text("NAME"), t.text("PAYEE NAME"))
	l.Description = t.text("MEMO")
	l.Reversal = t.text("CORRECTACTION") != ""
	in.statement.Lines = append(in.statement.Lines, l)
}

func (t *transaction) text(name string) string { return t.leaves[name].text }

// day reads a day of a transaction; one that must be there is refused when it
// is missing.
func (in *reader) day(t *transaction, name string, must bool) ledger.Date {
	l := t.leaves[name]
	if l.text == "" {
		if must {
			in.refuse(max(t.line, l.line), name, bankfile.Missing)
		}
		return ledger.Date{}
	}
	d, ok := day(l.text)
	if !ok {
		in.refuse(l.line, name, bankfile.BadDate)
	}
	return d
}

func (in *reader) amount(t *transaction, name string) ledger.Amount {
	l := t.leaves[name]
	if l.text == "" {
		in.refuse(max(t.line, l.line), name, bankfile.Missing)
		return ledger.Amount{}
	}
	a, ok := bankfile.Decimal(l.text, true)
	if !ok {
		in.refuse(l.line, name, bankfile.BadAmount)
	}
	return a
}

// endBalance keeps the balance that the statement ends with.
func (in *reader) endBalance(name string) {
	t := in.balance
	in.balance = nil
	if in.statement == nil || name == "AVAILBAL" && t.text("BALAMT") == "" {
		return // what is available is not what is booked, and nothing rests on it
	}
	b := bankfile.Balance{Known: true, Code: name, Amount: in.amount(t, "BALAMT"), On: in.day(t, "DTASOF", true)}
	in.statement.Balances = append(in.statement.Balances, b)
	if name == "LEDGERBAL" {
		in.statement.Closing = b
	}
}

// instant is a day with perhaps an hour, fractions and a zone, such as
// 20090401122017.000[-5:EST].
var instant = regexp.MustCompile(`^([0-9]{8})([0-9]{4}|[0-9]{6})?(\.[0-9]{1,6})?(\[[+-]?[0-9]{1,2}(\.[0-9]{1,2})?(:[A-Za-z]{1,6})?\])?$`)

// day is the calendar day as the bank wrote it, in the zone that it names: what
// it booked on the first is of the first, wherever it is read.
func day(s string) (ledger.Date, bool) {
	m := instant.FindStringSubmatch(s)
	if m == nil || m[2] != "" && (m[2][:2] > "23" || m[2][2:4] > "59") {
		return ledger.Date{}, false
	}
	return bankfile.Day("20060102", m[1])
}

func (in *reader) finish() (*bankfile.File, error) {
	switch {
	case !in.ended:
		in.refuse(in.line, "/OFX", bankfile.Unended)
	case len(in.file.Statements) == 0:
		in.refuse(in.line, "STMTRS", bankfile.NoStatement)
	}
	if len(in.problems) > 0 {
		return nil, bankfile.Refuse(in.problems...)
	}
	return in.file, nil
}
