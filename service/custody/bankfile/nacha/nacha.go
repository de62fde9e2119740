// Package nacha reads the files in which the ACH network sends payments back:
// returns (addenda 99, R01 and so on) and notifications of change (addenda 98,
// C01 and so on).
//
// Every record has 94 places. The counts, hashes and sums of each batch and of
// the file are held against the entries; what differs is in the result. Entries
// that carry neither addenda are counted and are otherwise no business of
// ours. It is pure.
package nacha

import (
	"io"
	"strconv"
	"strings"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
)

const (
	width = 94
	block = 10 // lines to a block
)

// Read reads a file.
func Read(r io.Reader, limits bankfile.Limits) (*bankfile.File, error) {
	in := &reader{lines: bankfile.NewLines(r, limits), file: &bankfile.File{Format: bankfile.NACHA}}
	for {
		line, ok := in.lines.Next()
		if !ok {
			break
		}
		// Mail and editors drop the spaces at the end of a record.
		trimmed := strings.TrimRight(line, " ")
		if trimmed == "" {
			continue
		}
		if len(trimmed) > width || !ascii(trimmed) {
			return nil, in.because("94", bankfile.Structure)
		}
		if err := in.record(trimmed + strings.Repeat(" ", width-len(trimmed))); err != nil {
			return nil, err
		}
	}
	if in.lines.Err != nil {
		return nil, in.lines.Err
	}
	return in.finish()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// sums are what a batch or the file adds up to.
type sums struct {
	entries       int // and addenda
	hash          int64
	debit, credit int64
	parts         int // batches of the file
}

type reader struct {
	lines    *bankfile.Lines
	file     *bankfile.File
	problems []bankfile.Problem
	records  int // padding included

	began, ended, inBatch bool
	total, batch          sums
	number                string
	settled               ledger.Date
	entry                 *entry
}

// entry is an entry detail that waits for its addenda.
type entry struct {
	line       int
	code       string
	amount     ledger.Amount
	individual string
	name       string
	trace      string
}

func (in *reader) because(field, code string) error {
	return bankfile.Refuse(append(in.problems, bankfile.Problem{Line: in.lines.No, Field: field, Code: code})...)
}

func (in *reader) refuse(field, code string) {
	in.problems = append(in.problems, bankfile.Problem{Line: in.lines.No, Field: field, Code: code})
}

// record reads one record, where it may stand.
func (in *reader) record(r string) error {
	in.records++
	kind := r[:1]
	if !in.began && kind != "1" {
		return in.because("NACHA", bankfile.NotThis)
	}
	if in.ended {
		if strings.Trim(r, "9") != "" {
			return in.because(kind, bankfile.Structure)
		}
		return nil
	}
	switch {
	case kind == "1" && !in.began:
		return in.header(r)
	case kind == "5" && !in.inBatch:
		in.batchHeader(r)
	case kind == "6" && in.inBatch:
		in.detail(r)
	case kind == "7" && in.entry != nil:
		in.addenda(r)
	case kind == "8" && in.inBatch:
		in.batchControl(r)
	case kind == "9" && !in.inBatch:
		in.control(r)
	default:
		return in.because(kind, bankfile.Structure)
	}
	return nil
}

func (in *reader) header(r string) error {
	if r[34:37] != "094" {
		return in.because("NACHA", bankfile.NotThis)
	}
	in.began = true
	in.file.ID = bankfile.Ref(strings.TrimSpace(r[13:23]) + " " + r[23:29] + r[33:34])
	var ok bool
	if in.file.Made, ok = bankfile.ShortDay(r[23:29]); !ok {
		in.refuse("1 date", bankfile.BadDate)
	}
	return nil
}

// batchHeader begins a batch. What a return settles on is a day of the year at
// its end; without one it is the file's day.
func (in *reader) batchHeader(r string) {
	in.inBatch, in.batch, in.number = true, sums{}, r[87:94]
	in.settled = in.file.Made
	if n, ok := bankfile.Whole(strings.TrimSpace(r[75:78])); ok && n >= 1 && n <= 366 && !in.file.Made.IsZero() {
		in.settled = settlement(in.file.Made, int(n))
	}
}

// settlement finds the day of the year that is nearest to a file's day.
func settlement(made ledger.Date, n int) ledger.Date {
	best := made
	for i, year := range []int{made.Year() - 1, made.Year(), made.Year() + 1} {
		d := ledger.NewDate(year, 1, 1).AddDays(n - 1)
		if i == 0 || abs(d.DaysSince(made)) < abs(best.DaysSince(made)) {
			best = d
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// digits reads a numeric field, whose spaces count as zeros.
func (in *reader) digits(field, s string) int64 {
	n, ok := bankfile.Whole(strings.ReplaceAll(s, " ", "0"))
	if !ok {
		in.refuse(field, bankfile.BadAmount)
	}
	return n
}

func (in *reader) detail(r string) {
	in.batch.entries++
	in.batch.hash += in.digits("6 RDFI", r[3:11])
	n := in.digits("6 amount", r[29:39])
	e := &entry{line: in.lines.No, code: r[1:3], individual: strings.TrimSpace(r[39:54]), name: bankfile.Text(r[54:76]), trace: strings.TrimSpace(r[79:94])}
	if a := ledger.Minor(max(n, 0)); bankfile.Bounded(a) {
		e.amount = a
	} else {
		in.refuse("6 amount", bankfile.BadAmount)
	}
	switch {
	case strings.Trim(e.code, "0123456789") != "":
		in.refuse("6 transaction code", bankfile.BadCode)
	case isDebit(e.code):
		in.batch.debit += n
	default:
		in.batch.credit += n
	}
	in.entry = e
}

// isDebit reports a transaction code that takes money from the receiver: its
// second digit is 6 for what comes back of one, 7, 8 or 9 for one.
func isDebit(code string) bool { return code[1] >= '5' }

func (in *reader) addenda(r string) {
	in.batch.entries++
	e := in.entry
	code := r[3:6]
	switch r[1:3] {
	case "99":
		kind, ok := returnKind(code)
		if !ok {
			in.refuse("7 return reason", bankfile.BadCode)
			return
		}
		debit := isDebit(e.code)
		in.file.Returns = append(in.file.Returns, bankfile.Return{
			Line: e.line, Code: code, Kind: kind, Trace: strings.TrimSpace(r[6:21]), OurTrace: strings.TrimSpace(r[79:94]), RDFI: strings.TrimSpace(r[27:35]),
			Amount: e.amount, Debit: debit, On: in.settled, Individual: e.individual, Name: e.name, Info: bankfile.Text(r[35:79]),
		})
	case "98":
		if !numbered(code, 'C', 1, 99) {
			in.refuse("7 change code", bankfile.BadCode)
			return
		}
		in.file.Changes = append(in.file.Changes, bankfile.Change{
			Line: e.line, Code: code, Trace: strings.TrimSpace(r[6:21]), OurTrace: strings.TrimSpace(r[79:94]), RDFI: strings.TrimSpace(r[27:35]),
			Corrected: bankfile.Text(r[35:64]), Individual: e.individual, Name: e.name,
		})
	}
}

func numbered(code string, letter byte, from, to int) bool {
	n, err := strconv.Atoi(code[1:])
	return code[0] == letter && err == nil && n >= from && n <= to
}

func returnKind(code string) (bankfile.ReturnKind, bool) {
	switch {
	case numbered(code, 'R', 61, 70):
		return bankfile.Dishonored, true
	case numbered(code, 'R', 71, 77):
		return bankfile.Contested, true
	case numbered(code, 'R', 1, 85):
		return bankfile.Returned, true
	}
	return "", false
}

const hashDigits = 10_000_000_000

func (in *reader) batchControl(r string) {
	in.hold("8", "entry/addenda count", in.digits("8", r[4:10]), int64(in.batch.entries), bankfile.CountDiffers)
	in.hold("8", "entry hash", in.digits("8", r[10:20]), in.batch.hash%hashDigits, bankfile.TotalDiffers)
	in.hold("8", "debit", in.digits("8", r[20:32]), in.batch.debit, bankfile.TotalDiffers)
	in.hold("8", "credit", in.digits("8", r[32:44]), in.batch.credit, bankfile.TotalDiffers)
	if r[87:94] != in.number {
		in.file.Differ(in.lines.No, "8 batch number", bankfile.TotalDiffers, strings.TrimSpace(r[87:94]), strings.TrimSpace(in.number))
	}
	in.total.entries += in.batch.entries
	in.total.hash += in.batch.hash
	in.total.debit += in.batch.debit
	in.total.credit += in.batch.credit
	in.total.parts++
	in.inBatch, in.entry = false, nil
}

func (in *reader) control(r string) {
	in.ended = true
	in.hold("9", "batch count", in.digits("9", r[1:7]), int64(in.total.parts), bankfile.CountDiffers)
	in.hold("9", "block count", in.digits("9", r[7:13]), int64((in.records+block-1)/block), bankfile.CountDiffers)
	in.hold("9", "entry/addenda count", in.digits("9", r[13:21]), int64(in.total.entries), bankfile.CountDiffers)
	in.hold("9", "entry hash", in.digits("9", r[21:31]), in.total.hash%hashDigits, bankfile.TotalDiffers)
	in.hold("9", "debit", in.digits("9", r[31:43]), in.total.debit, bankfile.TotalDiffers)
	in.hold("9", "credit", in.digits("9", r[43:55]), in.total.credit, bankfile.TotalDiffers)
}

func (in *reader) hold(record, field string, said, found int64, code string) {
	if said != found {
		in.file.Differ(in.lines.No, record+" "+field, code, strconv.FormatInt(said, 10), strconv.FormatInt(found, 10))
	}
}

func (in *reader) finish() (*bankfile.File, error) {
	if !in.ended {
		field := "9"
		if !in.began {
			field = "1"
		}
		in.refuse(field, bankfile.Unended)
	}
	if len(in.problems) > 0 {
		return nil, bankfile.Refuse(in.problems...)
	}
	return in.file, nil
}
