// Package camt reads ISO 20022 bank statements, camt.053, of versions 2 to 8
// and the later ones that kept the same elements.
//
// It streams: an entry at a time is in memory. It takes no document type and
// follows no entity, so nothing in a file reaches outside it. Balances, the
// transactions' summary and the parts of batches are held against the entries,
// and what differs is in the result. It is pure.
package camt

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
)

var namespace = regexp.MustCompile(`^urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-9]|1[0-9])$`)

// Read reads a file.
func Read(r io.Reader, limits bankfile.Limits) (*bankfile.File, error) {
	measured := &measured{r: r, left: int64(limits.Bytes)}
	d := xml.NewDecoder(measured)
	d.CharsetReader = charset
	in := &reader{xml: d, limits: limits, file: &bankfile.File{Format: bankfile.Camt}}
	err := in.document()
	var syntax *xml.SyntaxError
	switch {
	case measured.left < 0:
		return nil, bankfile.TooLarge(limits)
	case errors.As(err, &syntax):
		return nil, in.because(syntax.Line, "XML", bankfile.Structure)
	case errors.Is(err, errCharset):
		return nil, in.because(1, "encoding", bankfile.NotThis)
	case err != nil && measured.err == nil && !errors.Is(err, bankfile.ErrRefused) && !errors.Is(err, bankfile.ErrTooLarge):
		return nil, in.because(in.line(), "XML", bankfile.Structure) // of another version, or nested without end
	case err != nil:
		return nil, err
	}
	return in.finish()
}

// measured reads no more than it may.
type measured struct {
	r    io.Reader
	left int64
	err  error // of r
}

func (m *measured) Read(p []byte) (int, error) {
	if m.left < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := m.r.Read(p)
	m.left -= int64(n)
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

var errCharset = errors.New("an encoding that is not read")

func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "us-ascii", "ascii":
		return r, nil
	case "iso-8859-1", "latin1":
		return charmap.ISO8859_1.NewDecoder().Reader(r), nil
	case "iso-8859-15":
		return charmap.ISO8859_15.NewDecoder().Reader(r), nil
	case "windows-1252", "cp1252":
		return charmap.Windows1252.NewDecoder().Reader(r), nil
	}
	return nil, errCharset
}

type reader struct {
	xml      *xml.Decoder
	limits   bankfile.Limits
	file     *bankfile.File
	problems []bankfile.Problem
	entries  int // and their parts
	found    bool
}

func (in *reader) line() int {
	line, _ := in.xml.InputPos()
	return line
}

func (in *reader) refuse(line int, field, code string) {
	in.problems = append(in.problems, bankfile.Problem{Line: line, Field: field, Code: code})
}

func (in *reader) because(line int, field, code string) error {
	return bankfile.Refuse(append(in.problems, bankfile.Problem{Line: line, Field: field, Code: code})...)
}

// document walks down to the statements, through whatever envelope a bank puts
// around them.
func (in *reader) document() error {
	for {
		token, err := in.xml.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read camt.053: %w", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return in.because(in.line(), "DOCTYPE", bankfile.Entity)
		case xml.StartElement:
			if err := in.element(t); err != nil {
				return err
			}
		}
	}
}

func (in *reader) element(t xml.StartElement) error {
	switch t.Name.Local {
	case "Document":
		if t.Name.Space != "" && !namespace.MatchString(t.Name.Space) {
			return in.because(in.line(), "camt.053", bankfile.NotThis)
		}
	case "BkToCstmrStmt":
		in.found = true
	case "GrpHdr":
		return in.header(t)
	case "Stmt":
		if in.found {
			return in.statement(t)
		}
	}
	return nil
}

func (in *reader) header(t xml.StartElement) error {
	var h struct{ MsgId, CreDtTm string }
	if err := in.xml.DecodeElement(&h, &t); err != nil {
		return fmt.Errorf("read camt.053: %w", err)
	}
	in.file.ID = bankfile.Ref(h.MsgId)
	in.file.Made, _ = day(h.CreDtTm) // says nothing about money
	return nil
}

// statement reads one statement, child by child.
func (in *reader) statement(_ xml.StartElement) error {
	s := &statement{reader: in, Statement: bankfile.Statement{Line: in.line(), Kind: bankfile.Final}}
	for {
		token, err := in.xml.Token()
		if err == io.EOF {
			return in.because(in.line(), "Stmt", bankfile.Unended)
		}
		if err != nil {
			return fmt.Errorf("read camt.053: %w", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return in.because(in.line(), "DOCTYPE", bankfile.Entity)
		case xml.StartElement:
			if err := s.child(t); err != nil {
				return err
			}
		case xml.EndElement:
			s.end()
			return nil
		}
	}
}

func (in *reader) finish() (*bankfile.File, error) {
	if !in.found && len(in.problems) == 0 {
		in.refuse(1, "camt.053", bankfile.NotThis)
	} else if len(in.file.Statements) == 0 && len(in.problems) == 0 {
		in.refuse(1, "Stmt", bankfile.NoStatement)
	}
	if len(in.problems) > 0 {
		return nil, bankfile.Refuse(in.problems...)
	}
	return in.file, nil
}

var zone = regexp.MustCompile(`^(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$`)

// day is the calendar day that a date or instant shows in the zone in which it
// is written.
func day(s string) (ledger.Date, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 10 || !zone.MatchString(s[10:]) {
		return ledger.Date{}, false
	}
	return bankfile.Day("2006-01-02", s[:10])
}

// date is an element that holds a day or an instant.
type date struct {
	Dt   string
	DtTm string
}

func (d date) text() string {
	if d.Dt != "" {
		return d.Dt
	}
	return d.DtTm
}

// amount is an element that holds money.
type amount struct {
	Currency string `xml:"Ccy,attr"`
	Text     string `xml:",chardata"`
}

// money reads an amount without a sign and gives it the one that its indicator
// says.
func (in *reader) money(line int, field string, a amount, indicator string) (ledger.Amount, bool) {
	text := strings.TrimSpace(a.Text)
	m, ok := bankfile.Decimal(text, false)
	if !ok || strings.HasPrefix(text, "-") {
		in.refuse(line, field, bankfile.BadAmount)
		return ledger.Amount{}, false
	}
	switch strings.TrimSpace(indicator) {
	case "CRDT":
		return m, true
	case "DBIT":
		return m.Neg(), true
	}
	in.refuse(line, field+" CdtDbtInd", bankfile.BadCode)
	return ledger.Amount{}, false
}

// count reads a number of transactions, "" being none stated.
func (in *reader) count(line int, field, text string) (int, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		in.refuse(line, field, bankfile.BadAmount)
		return 0, false
	}
	return n, true
}
