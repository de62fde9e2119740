package ledger

import (
	"bufio"
	"fmt"
	"strings"
)

// plainText writes lines. An error of the writer stays in it and comes out at
// flush.
type plainText struct{ w *bufio.Writer }

func (p *plainText) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }
func (p *plainText) flush() error                      { return p.w.Flush() }

// about is the comment on top of every journal.
func (p *plainText) about(h exportHeader, check string) {
	p.printf("; Seedbook journal of book %d. Debit positive. Ids only, no names.\n", h.Book)
	p.printf("; transactions: %d\n; entries: %d\n; debits: %s %s\n", h.Transactions, h.Entries, h.Debits, h.Currency)
	p.printf("; head: %s\n; check: %s\n\n", h.Head, check)
}

const closingKind = "balance-assertions"

// hledger writes for hledger 1.25 and later, in strict mode.
type hledger struct {
	plainText
	currency string
}

func (j *hledger) header(h exportHeader) {
	j.currency = h.Currency
	j.about(h, "hledger -f FILE check --strict accounts commodities assertions ordereddates payees")
	j.printf("decimal-mark .\ncommodity 1000.00 %s\n\n", h.Currency)
	for _, top := range [][2]string{{"assets", "A"}, {"liabilities", "L"}, {"equity", "E"}, {"income", "R"}, {"expenses", "X"}} {
		j.printf("account %s  ; type: %s\n", top[0], top[1])
	}
}

func (j *hledger) account(name string) { j.printf("account %s\n", name) }

func (j *hledger) payees(kinds []string) {
	j.printf("\n")
	for _, k := range append(kinds, closingKind) {
		j.printf("payee %s\n", k)
	}
	j.printf("tag txid\ntag seal\ntag reverses\n")
}

func (j *hledger) open(t *exportTx) {
	j.printf("\n%s * (T%d) %s  ; txid:T%d, seal:%s", t.Day, t.No, t.Kind, t.No, t.Seal)
	if t.Reverses != 0 {
		j.printf(", reverses:T%d", t.Reverses)
	}
	j.printf("\n")
}

func (j *hledger) posting(name string, amount, balance Amount) {
	j.printf("    %s  %s %s = %s %s\n", name, amount, j.currency, balance, j.currency)
}

func (j *hledger) closing(day Date) { j.printf("\n%s * (A1) %s\n", day, closingKind) }

func (j *hledger) assert(name string, balance Amount) { j.posting(name, Amount{}, balance) }

// ledgerCLI writes for ledger 3.
type ledgerCLI struct {
	plainText
	currency string
}

func (j *ledgerCLI) header(h exportHeader) {
	j.currency = h.Currency
	j.about(h, "ledger -f FILE --strict --pedantic --check-payees bal")
	j.printf("commodity %s\n    format 1000.00 %s\n\n", h.Currency, h.Currency)
}

func (j *ledgerCLI) account(name string) { j.printf("account %s\n", name) }

func (j *ledgerCLI) payees(kinds []string) {
	j.printf("\n")
	for _, k := range append(kinds, closingKind) {
		j.printf("payee %s\n", k)
	}
	j.printf("\ntag txid\ntag seal\ntag reverses\n")
}

func (j *ledgerCLI) open(t *exportTx) {
	j.printf("\n%s * (T%d) %s\n    ; txid: T%d\n    ; seal: %s\n", t.Day, t.No, t.Kind, t.No, t.Seal)
	if t.Reverses != 0 {
		j.printf("    ; reverses: T%d\n", t.Reverses)
	}
}

func (j *ledgerCLI) posting(name string, amount, balance Amount) {
	j.printf("    %s  %s %s = %s %s\n", name, amount, j.currency, balance, j.currency)
}

func (j *ledgerCLI) closing(day Date) { j.printf("\n%s * (A1) %s\n", day, closingKind) }

func (j *ledgerCLI) assert(name string, balance Amount) { j.posting(name, Amount{}, balance) }

// beancount writes for beancount 2.3 and later.
type beancount struct {
	plainText
	currency string
	first    Date
	end      Date
}

func (j *beancount) header(h exportHeader) {
	j.currency, j.first = h.Currency, h.First
	j.about(h, "bean-check FILE")
	j.printf("option \"title\" \"Seedbook book %d\"\noption \"operating_currency\" \"%s\"\n", h.Book, h.Currency)
	// By default half a cent may be missing, and one cent in a balance.
	j.printf("option \"inferred_tolerance_default\" \"%s:0.00\"\noption \"inferred_tolerance_multiplier\" \"0\"\n\n", h.Currency)
	j.printf("%s commodity %s\n", h.First, h.Currency)
}

// beanName writes an account as beancount wants it: every part begins with a
// capital letter or a digit.
func beanName(name string) string {
	parts := strings.Split(name, ":")
	for i, part := range parts {
		parts[i] = strings.ToUpper(part[:1]) + part[1:]
	}
	return strings.Join(parts, ":")
}

func (j *beancount) account(name string) {
	j.printf("%s open %s %s\n", j.first, beanName(name), j.currency)
}

func (j *beancount) payees([]string) {}

func (j *beancount) open(t *exportTx) {
	j.printf("\n%s * \"%s\"\n  txid: \"T%d\"\n  seal: \"%s\"\n", t.Day, t.Kind, t.No, t.Seal)
	if t.Reverses != 0 {
		j.printf("  reverses: \"T%d\"\n", t.Reverses)
	}
}

func (j *beancount) posting(name string, amount, _ Amount) {
	j.printf("  %s  %s %s\n", beanName(name), amount, j.currency)
}

// closing begins the balances. They hold at the start of a day, hence the next.
func (j *beancount) closing(day Date) {
	j.end = day.AddDays(1)
	j.printf("\n")
}

func (j *beancount) assert(name string, balance Amount) {
	j.printf("%s balance %s  %s ~ 0.00 %s\n", j.end, beanName(name), balance, j.currency)
}
