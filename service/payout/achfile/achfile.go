// Package achfile writes the files with which payments enter the ACH network:
// credits to persons (PPD) and to institutions (CCD), with their control totals,
// hash and padding.
//
// It is pure: the same payments give the same bytes, so that a file that is sent
// again is known by its hash. It reads nothing back; what the network returns is
// read by service/custody/bankfile/nacha.
package achfile

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"seedbook/ledger"
)

// Class is whom a batch pays.
type Class string

// The classes.
const (
	Person      Class = "PPD"
	Institution Class = "CCD"
)

// Origin is who pays, and through which bank.
type Origin struct {
	BankRouting string // nine digits
	BankName    string // at most 23
	CompanyName string // at most 16
	CompanyID   string // ten digits or capital letters
}

// Entry is one payment.
type Entry struct {
	Class   Class
	Routing string // nine digits of the receiver's bank
	Account string // at most 17
	Savings bool   // else checking
	Amount  ledger.Amount
	ID      string // of the payment, for the receiver's bank; never a person's number
	Name    string
	Number  int64 // of the payment: its last seven digits end the trace
}

// File is what a bank is handed at once.
type File struct {
	Origin   Origin
	Made     time.Time // in the zone of who pays
	Modifier byte      // A, B, … : which file of the day it is
	PayOn    ledger.Date
	Entries  []Entry
}

// Written is a file and what it adds up to.
type Written struct {
	Text   string
	Traces []string // of the entries, in the order given
	Hash   string   // of the routing numbers, ten digits
	Total  ledger.Amount
}

// most is what one entry can carry.
var most = ledger.Minor(9_999_999_999)

// Errors of a file that no bank takes.
var (
	ErrEmpty  = errors.New("a file of no payments")
	ErrAmount = errors.New("an amount that an entry cannot carry")
	ErrEntry  = errors.New("a routing or account number that is malformed")
)

// Write writes a file: a batch for each class, the entries by trace.
func Write(f File) (Written, error) {
	if len(f.Entries) == 0 {
		return Written{}, ErrEmpty
	}
	w := writer{file: f, traces: make([]string, len(f.Entries))}
	w.line("101" + " " + f.Origin.BankRouting + right(f.Origin.CompanyID, 10) + f.Made.Format("0601021504") + string(f.Modifier) + "094101" +
		left(f.Origin.BankName, 23) + left(f.Origin.CompanyName, 23) + strings.Repeat(" ", 8))
	for _, class := range []Class{Person, Institution} {
		if err := w.batch(class); err != nil {
			return Written{}, err
		}
	}
	w.end()
	return Written{Text: strings.Join(w.lines, "\n") + "\n", Traces: w.traces, Hash: digits(w.total.hash%hashSize, 10), Total: ledger.Minor(w.total.credit)}, nil
}

const (
	width    = 94
	block    = 10
	hashSize = 10_000_000_000
)

type sums struct{ entries, hash, credit int64 }

type writer struct {
	file    File
	lines   []string
	traces  []string
	batches int
	total   sums
}

// line adds a record; a wrong width is a mistake of this package's.
func (w *writer) line(s string) {
	if len(s) != width {
		panic(fmt.Sprintf("an ACH record of %d places: %q", len(s), s))
	}
	w.lines = append(w.lines, s)
}

func (w *writer) batch(class Class) error {
	var places []int
	for i, e := range w.file.Entries {
		if e.Class == class {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return nil
	}
	slices.SortStableFunc(places, func(a, b int) int { return int(sequence(w.file.Entries[a]) - sequence(w.file.Entries[b])) })
	o, odfi := w.file.Origin, w.file.Origin.BankRouting[:8]
	w.batches++
	number := digits(int64(w.batches), 7)
	w.line("5220" + left(o.CompanyName, 16) + strings.Repeat(" ", 20) + o.CompanyID + string(class) + left("SAVINGS", 10) + w.file.Made.Format("060102") +
		short(w.file.PayOn) + "   1" + odfi + number)
	var sum sums
	for _, i := range places {
		e := w.file.Entries[i]
		if err := e.check(); err != nil {
			return err
		}
		w.traces[i] = odfi + digits(sequence(e), 7)
		w.line("6" + e.code() + e.Routing + left(e.Account, 17) + digits(e.Amount.Minor(), 10) + left(e.ID, 15) + left(Name(e.Name), 22) + "  0" + w.traces[i])
		routing, _ := strconv.ParseInt(e.Routing[:8], 10, 64) // checked
		sum.entries, sum.hash, sum.credit = sum.entries+1, sum.hash+routing, sum.credit+e.Amount.Minor()
	}
	w.line("8220" + digits(sum.entries, 6) + digits(sum.hash%hashSize, 10) + digits(0, 12) + digits(sum.credit, 12) + o.CompanyID + strings.Repeat(" ", 25) + odfi + number)
	w.total.entries, w.total.hash, w.total.credit = w.total.entries+sum.entries, w.total.hash+sum.hash, w.total.credit+sum.credit
	return nil
}

// end writes the control record and fills the last block with nines.
func (w *writer) end() {
	blocks := (len(w.lines) + 1 + block - 1) / block
	w.line("9" + digits(int64(w.batches), 6) + digits(int64(blocks), 6) + digits(w.total.entries, 8) + digits(w.total.hash%hashSize, 10) + digits(0, 12) + digits(w.total.credit, 12) + strings.Repeat(" ", 39))
	for len(w.lines)%block != 0 {
		w.line(strings.Repeat("9", width))
	}
}

// code is the kind of entry: a credit to checking or to savings.
func (e Entry) code() string {
	if e.Savings {
		return "32"
	}
	return "22"
}

func (e Entry) check() error {
	switch {
	case e.Amount.Sign() <= 0 || most.Less(e.Amount):
		return ErrAmount
	case len(e.Routing) != 9 || strings.Trim(e.Routing, "0123456789") != "", e.Account == "" || len(e.Account) > 17:
		return ErrEntry
	}
	return nil
}

func sequence(e Entry) int64 { return e.Number % 10_000_000 }

func short(d ledger.Date) string { return d.Time().Format("060102") }

func digits(n int64, places int) string { return fmt.Sprintf("%0*d", places, n) }

func left(s string, places int) string { return fmt.Sprintf("%-*.*s", places, places, s) }

func right(s string, places int) string { return fmt.Sprintf("%*.*s", places, places, s) }
