package bai2

import (
	"cmp"
	"strings"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
)

// account reads an account's identification and what it states in sum.
func (in *reader) account(rec *record) {
	f := rec.fields()
	in.inAccount, in.summary = true, map[string]stated{}
	s := &bankfile.Statement{Line: rec.line, Bank: in.bank, Account: bankfile.Ref(at(f, 0)), Kind: in.kind, From: in.asOf, To: in.asOf}
	s.Currency = strings.ToUpper(cmp.Or(at(f, 1), in.currency))
	if s.Account == "" {
		in.refuse(rec.line, "03 account", bankfile.Missing)
	}
	in.statement = s
	rest := f[min(2, len(f)):]
	for len(rest) > 0 {
		if rest[0] == "" { // a comma at the end of a line, or a type left out
			rest = rest[1:]
			continue
		}
		rest = in.status(rec.line, rest)
	}
}

// status reads one group of type, amount, count and funds, and returns what
// follows it.
func (in *reader) status(line int, f []string) []string {
	code, text, count := at(f, 0), at(f, 1), at(f, 2)
	_, rest := in.funds(line, f[min(3, len(f)):])
	if len(code) != 3 || strings.Trim(code, "0123456789") != "" {
		in.refuse(line, "03 type", bankfile.BadCode)
		return nil
	}
	if text == "" {
		return rest // a type without a figure says that there is none
	}
	amount, ok := in.amount(line, "03 "+code, text)
	if !ok {
		return rest
	}
	in.summary[code] = stated{amount, count}
	s := in.statement
	b := bankfile.Balance{Known: true, Code: code, Amount: amount, On: in.asOf}
	switch code {
	case "010":
		s.Opening = b
	case "015":
		s.Closing = b
	}
	if code < "100" {
		s.Balances = append(s.Balances, b)
	}
	return rest
}

// amount reads a figure and takes it into the control total, which is of the
// digits as they are written.
func (in *reader) amount(line int, field, text string) (ledger.Amount, bool) {
	a, ok := bankfile.Minor(text, in.statement.Currency)
	n, _ := bankfile.Whole(text)
	if !ok {
		in.refuse(line, field, bankfile.BadAmount)
		return a, false
	}
	in.count(n)
	return a, true
}

// funds reads a funds type and what belongs to it, and returns what follows:
// when how much of an amount is available.
func (in *reader) funds(line int, f []string) (funds, []string) {
	var out funds
	kind := strings.ToUpper(at(f, 0))
	rest := f[min(1, len(f)):]
	take := func() string {
		s := at(rest, 0)
		rest = rest[min(1, len(rest)):]
		return s
	}
	switch kind {
	case "", "Z", "0":
	case "1":
		out.days = 1
	case "2":
		out.days = 2
	case "V":
		day, _ := take(), take() // the time of day says nothing to a ledger of days
		var ok bool
		if out.value, ok = bankfile.ShortDay(day); !ok {
			in.refuse(line, "value date", bankfile.BadDate)
		}
	case "S":
		for days := range 3 {
			in.available(line, &out, days, take())
		}
	case "D":
		n, ok := bankfile.Whole(take())
		if !ok || n < 0 || n > 100 {
			in.refuse(line, "funds type D", bankfile.BadCode)
			return out, nil
		}
		for range n {
			days, ok := bankfile.Whole(take())
			if !ok || days < 0 || days > 366 {
				in.refuse(line, "funds type D", bankfile.BadCode)
				return out, nil
			}
			in.available(line, &out, int(days), take())
		}
	default:
		in.refuse(line, "funds type", bankfile.BadCode)
		return out, nil
	}
	return out, rest
}

// funds is when money is available: from a day on, so many days after the
// statement's, or in parts.
type funds struct {
	value ledger.Date
	days  int
	later []bankfile.Part
	said  ledger.Amount
	split bool
}

func (in *reader) available(line int, out *funds, days int, text string) {
	out.split = true
	if text == "" {
		return
	}
	a, ok := bankfile.Minor(text, in.statement.Currency)
	if !ok {
		in.refuse(line, "availability", bankfile.BadAmount)
		return
	}
	out.said = out.said.Add(a)
	if days > 0 && !a.IsZero() {
		out.later = append(out.later, bankfile.Part{Amount: a, On: in.asOf.AddDays(days)})
	}
}

// direction is the sign that a type code gives: credits 100–399, 720–739 and
// the banks' own 920–959, debits 400–699, 740–799 and 960–999.
func direction(code string) int {
	if len(code) != 3 || strings.Trim(code, "0123456789") != "" {
		return 0
	}
	switch {
	case code >= "100" && code <= "399", code >= "720" && code <= "739", code >= "920" && code <= "959":
		return 1
	case code >= "400" && code <= "699", code >= "740" && code <= "799", code >= "960":
		return -1
	}
	return 0
}

// nonMonetary is a detail that only informs.
const nonMonetary = "890"

// detail reads one movement. Its last field is text, which may hold commas and
// slashes and run on through the continuations.
func (in *reader) detail(rec *record) {
	f, text := rec.detailFields(in)
	code := at(f, 0)
	l := bankfile.Line{Line: rec.line, Booked: in.asOf, Type: code}
	if code == nonMonetary && at(f, 1) == "" {
		return
	}
	amount, ok := in.amount(rec.line, "16 amount", at(f, 1))
	if !ok {
		return
	}
	fd, rest := in.funds(rec.line, f[min(2, len(f)):])
	switch sign := direction(code); {
	case code == nonMonetary:
		return
	case sign == 0:
		in.file.Quarantine(rec.line, "16 type", bankfile.UnknownType)
		return
	case sign < 0:
		amount = amount.Neg()
	}
	l.Amount, l.Later = amount, fd.later
	l.Value = fd.value
	if l.Value.IsZero() {
		l.Value = in.asOf.AddDays(fd.days)
	}
	if fd.split && fd.said.Abs() != amount.Abs() {
		in.file.Differ(rec.line, "availability", bankfile.PartsDiffer, amount.String(), fd.said.String())
	}
	l.Reference, l.Trace = bankfile.Ref(at(rest, 0)), bankfile.Ref(at(rest, 1))
	l.Description = bankfile.Text(text)
	l.Return = returnCode(code, l.Description)
	in.statement.Lines = append(in.statement.Lines, l)
}

// detailFields cuts a detail into its fixed fields and its text.
func (rec *record) detailFields(in *reader) (fields []string, text string) {
	need := -1 // fields before the text, once the funds type is known
	var words []string
	for _, piece := range rec.pieces {
		piece, _ = strings.CutSuffix(piece, "/")
		for need < 0 || len(fields) < need {
			head, rest, more := strings.Cut(piece, ",")
			if !more && head == "" && len(fields) > 0 {
				break // the comma that ended the line before stands for this
			}
			fields = append(fields, strings.TrimSpace(head))
			if piece = rest; !more {
				break
			}
			need = fixed(fields)
		}
		need = fixed(fields)
		if need >= 0 && len(fields) >= need && strings.Trim(piece, "/ ") != "" {
			words = append(words, piece)
		}
	}
	return fields, strings.Join(words, " ")
}

// fixed is how many fields stand before a detail's text: type, amount, funds
// and two references; -1 where the funds have not been read yet.
func fixed(f []string) int {
	if len(f) < 3 {
		return -1
	}
	switch strings.ToUpper(f[2]) {
	case "V":
		return 7
	case "S":
		return 8
	case "D":
		if len(f) < 4 {
			return -1
		}
		n, ok := bankfile.Whole(f[3])
		if !ok || n < 0 || n > 100 {
			return 6
		}
		return 6 + 2*int(n)
	}
	return 5
}

// returns are the type codes of items that came back.
var returns = map[string]bool{"255": true, "256": true, "257": true, "258": true, "259": true, "260": true, "261": true, "555": true, "556": true, "557": true, "558": true, "559": true, "560": true}

// returnCode finds the reason of a return where the text names one.
func returnCode(code, text string) string {
	if !returns[code] {
		return ""
	}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '/' || r == ':' || r == '-' || r == ',' }) {
		if len(word) == 3 && word[0] == 'R' && strings.Trim(word[1:], "0123456789") == "" {
			return word
		}
	}
	return "returned"
}
