// Package bai2 reads the Cash Management Balance Reporting format, version 2,
// in which American banks report balances and movements of the day before.
//
// It is pure and refuses what it cannot read with the line; sums and counts
// that the file states at each of its three levels are held against what it
// holds, and what differs is in the result.
package bai2

import (
	"io"
	"strconv"
	"strings"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
)

// record is a logical record: a line and its continuations.
type record struct {
	line   int
	code   string
	pieces []string // what follows the code, line by line
	lines  int
}

// Read reads a file. Amounts have the sign of their effect on the account.
func Read(r io.Reader, limits bankfile.Limits) (*bankfile.File, error) {
	in := &reader{lines: bankfile.NewLines(r, limits), file: &bankfile.File{Format: bankfile.BAI2}, limits: limits}
	var rec *record
	for {
		line, ok := in.lines.Next()
		if !ok {
			break
		}
		line = strings.TrimRight(line, " ")
		if line == "" {
			continue
		}
		code, rest, _ := strings.Cut(line, ",")
		code = strings.TrimRight(code, "/")
		if code == "88" && rec != nil {
			rec.pieces, rec.lines = append(rec.pieces, rest), rec.lines+1
			continue
		}
		if err := in.take(rec); err != nil {
			return nil, err
		}
		rec = &record{in.lines.No, code, []string{rest}, 1}
	}
	if in.lines.Err != nil {
		return nil, in.lines.Err
	}
	if err := in.take(rec); err != nil {
		return nil, err
	}
	return in.finish()
}

// level is what one of the three levels adds up to.
type level struct {
	sum     int64
	records int // physical
	parts   int // groups in the file, accounts in the group
}

// reader knows where in the file it stands.
type reader struct {
	lines    *bankfile.Lines
	limits   bankfile.Limits
	file     *bankfile.File
	problems []bankfile.Problem

	began, ended       bool
	total, group, own  level // file, group, account
	inGroup, inAccount bool
	bank, currency     string
	asOf               ledger.Date
	kind               bankfile.Kind
	unused             bool // a group that the bank deletes or only tests
	statement          *bankfile.Statement
	summary            map[string]stated // totals that the account states
	figures            int
}

// stated is a total of an account and its count.
type stated struct {
	amount ledger.Amount
	count  string
}

func (in *reader) refuse(line int, field, code string) {
	in.problems = append(in.problems, bankfile.Problem{Line: line, Field: field, Code: code})
}

// before says where a record may stand.
var before = map[string]func(*reader) bool{
	"01": func(in *reader) bool { return !in.began },
	"02": func(in *reader) bool { return in.began && !in.ended && !in.inGroup },
	"03": func(in *reader) bool { return in.inGroup && !in.inAccount },
	"16": func(in *reader) bool { return in.inAccount },
	"49": func(in *reader) bool { return in.inAccount },
	"98": func(in *reader) bool { return in.inGroup && !in.inAccount },
	"99": func(in *reader) bool { return in.began && !in.ended && !in.inGroup },
}

// take reads one logical record.
func (in *reader) take(rec *record) error {
	if rec == nil {
		return nil
	}
	may, known := before[rec.code]
	if !in.began && rec.code != "01" {
		return bankfile.Refuse(bankfile.Problem{Line: rec.line, Field: "BAI2", Code: bankfile.NotThis})
	}
	if !known || !may(in) {
		return bankfile.Refuse(append(in.problems, bankfile.Problem{Line: rec.line, Field: rec.code, Code: bankfile.Structure})...)
	}
	in.countRecords(rec)
	switch rec.code {
	case "01":
		in.header(rec)
	case "02":
		in.groupHeader(rec)
	case "03":
		in.account(rec)
	case "16":
		in.detail(rec)
	case "49":
		in.accountTrailer(rec)
	case "98":
		in.groupTrailer(rec)
	case "99":
		in.trailer(rec)
	}
	if in.figures > 4*in.limits.Lines {
		return bankfile.TooLarge(in.limits)
	}
	return nil
}

// countRecords counts physical lines at each level, from its header to its
// trailer.
func (in *reader) countRecords(rec *record) {
	switch rec.code {
	case "02":
		in.group = level{}
	case "03":
		in.own = level{}
	}
	in.total.records += rec.lines
	in.group.records += rec.lines
	in.own.records += rec.lines
}

// fields are those of a record whose last field is not text, its continuations
// joined on.
func (rec *record) fields() []string {
	var out []string
	for _, piece := range rec.pieces {
		piece, _ = strings.CutSuffix(piece, "/")
		more := strings.Split(piece, ",")
		// A line may end with the comma that stands before the next line's first field.
		if len(out) > 0 && out[len(out)-1] == "" && rec.code != "03" {
			out = out[:len(out)-1]
		}
		out = append(out, more...)
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

func at(fields []string, i int) string {
	if i < len(fields) {
		return fields[i]
	}
	return ""
}

func (in *reader) header(rec *record) {
	f := rec.fields()
	in.began = true
	if version := at(f, 7); version != "2" && version != "" {
		in.refuse(rec.line, "01 version", bankfile.NotThis)
	}
	in.file.ID = bankfile.Ref(at(f, 4))
	var ok bool
	if in.file.Made, ok = bankfile.ShortDay(at(f, 2)); !ok {
		in.refuse(rec.line, "01 date", bankfile.BadDate)
	}
}

func (in *reader) groupHeader(rec *record) {
	f := rec.fields()
	in.inGroup = true
	in.bank = bankfile.Ref(at(f, 1))
	in.currency = strings.ToUpper(at(f, 5))
	in.unused = at(f, 2) == "2" || at(f, 2) == "4"
	switch at(f, 2) {
	case "1", "3":
	case "2", "4":
		in.file.Differ(rec.line, "02 status", bankfile.Deletion, "", "")
	default:
		in.refuse(rec.line, "02 status", bankfile.BadCode)
	}
	var ok bool
	if in.asOf, ok = bankfile.ShortDay(at(f, 3)); !ok {
		in.refuse(rec.line, "02 date", bankfile.BadDate)
	}
	switch at(f, 6) {
	case "", "2", "4":
		in.kind = bankfile.Final
	case "1", "3":
		in.kind = bankfile.Interim
	default:
		in.refuse(rec.line, "02 as-of", bankfile.BadCode)
	}
}

// count takes a figure into the account's control total.
func (in *reader) count(amount int64) { in.own.sum, in.figures = in.own.sum+amount, in.figures+1 }

func (in *reader) accountTrailer(rec *record) {
	f := rec.fields()
	in.hold(rec.line, "49", at(f, 0), in.own.sum, []string{at(f, 1)}, []int{in.own.records})
	if in.statement != nil && !in.unused {
		in.checkSummary(rec.line)
		in.file.Tie(in.statement)
		in.file.Statements = append(in.file.Statements, *in.statement)
	}
	in.group.sum += in.own.sum
	in.group.parts++
	in.inAccount, in.statement = false, nil
}

func (in *reader) groupTrailer(rec *record) {
	f := rec.fields()
	in.hold(rec.line, "98", at(f, 0), in.group.sum, []string{at(f, 2), at(f, 1)}, []int{in.group.records, in.group.parts})
	in.total.sum += in.group.sum
	in.total.parts++
	in.inGroup = false
}

func (in *reader) trailer(rec *record) {
	f := rec.fields()
	in.ended = true
	in.hold(rec.line, "99", at(f, 0), in.total.sum, []string{at(f, 2), at(f, 1)}, []int{in.total.records, in.total.parts})
}

// hold holds a trailer's total and counts against what was read.
func (in *reader) hold(line int, code, said string, sum int64, counts []string, found []int) {
	n, ok := bankfile.Whole(said)
	if !ok {
		in.refuse(line, code+" control total", bankfile.BadAmount)
		return
	}
	if n != sum {
		in.file.Differ(line, code, bankfile.TotalDiffers, strconv.FormatInt(n, 10), strconv.FormatInt(sum, 10))
	}
	for i, count := range counts {
		if count == "" {
			continue
		}
		c, ok := bankfile.Whole(count)
		if !ok {
			in.refuse(line, code+" count", bankfile.BadAmount)
			return
		}
		if c != int64(found[i]) {
			in.file.Differ(line, code, bankfile.CountDiffers, count, strconv.Itoa(found[i]))
		}
	}
}

// checkSummary holds the account's own totals of credits and debits against its
// lines. An account that gives no lines at all is a report of balances.
func (in *reader) checkSummary(line int) {
	if len(in.statement.Lines) == 0 {
		return
	}
	credit, debit, credits, debits := in.statement.Totals()
	for _, t := range []struct {
		code  string
		sum   ledger.Amount
		count int
	}{{"100", credit, credits}, {"400", debit, debits}} {
		said, ok := in.summary[t.code]
		if !ok {
			continue
		}
		if said.amount != t.sum {
			in.file.Differ(line, t.code, bankfile.TotalDiffers, said.amount.String(), t.sum.String())
		}
		if n, ok := bankfile.Whole(said.count); ok && n != int64(t.count) {
			in.file.Differ(line, t.code, bankfile.CountDiffers, said.count, strconv.Itoa(t.count))
		}
	}
}

func (in *reader) finish() (*bankfile.File, error) {
	if !in.ended {
		field := "99"
		if !in.began {
			field = "01"
		}
		in.refuse(in.lines.No, field, bankfile.Unended)
	}
	if len(in.problems) > 0 {
		return nil, bankfile.Refuse(in.problems...)
	}
	return in.file, nil
}
