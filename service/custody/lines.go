package custody

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// LineID identifies a line that a bank booked.
type LineID int64

// Line is a movement on a custodian's account, as the bank says it.
type Line struct {
	ID        LineID          `db:"id"`
	Account   AccountID       `db:"account_id"`
	Custodian ID              `db:"custodian_id"`
	Format    bankfile.Format `db:"format"`
	Reference string          `db:"reference"`
	Booked    ledger.Date     `db:"booked_on"`
	Value     ledger.Date     `db:"value_on"`
	Amount    ledger.Amount   `db:"amount"` // above zero came in
	Type      string          `db:"type"`
	Return    string          `db:"return_code"`
	Reversal  bool            `db:"reversal"`
	TraceKey  []byte          `db:"trace_key"`
	PayerKey  []byte          `db:"payer_key"`
	Text      `db:"-"`

	Identity []byte `db:"identity"`
	Sealed   []byte `db:"sealed"`
}

// Nature is what kind of movement a line is by the bank's own code.
type Nature string

// The natures.
const (
	NatureIn       Nature = "in"
	NatureOut      Nature = "out"
	NatureReturn   Nature = "return"
	NatureInterest Nature = "interest"
	NatureFee      Nature = "fee"
)

// Nature reads the bank's code. What the code does not tell is told by the sign.
func (l Line) Nature() Nature {
	switch {
	case l.is(interestCodes):
		return NatureInterest
	case l.is(feeCodes):
		return NatureFee
	case l.Return != "" || l.Reversal || l.is(returnCodes):
		return NatureReturn
	case l.Amount.Sign() < 0:
		return NatureOut
	}
	return NatureIn
}

// Codes by format: BAI2 type codes (Cash Management Balance Reporting, appendix
// A), ISO 20022 bank transaction codes (domain, family, sub-family), OFX TRNTYPE
// (section 11.4.4.3). A profile's CSV says what it means in words.
var (
	interestCodes = map[bankfile.Format][]string{
		bankfile.BAI2: {"354", "359", "654", "659"}, bankfile.Camt: {"INTR"}, bankfile.OFX: {"INT", "DIV"}, bankfile.CSV: {"interest", "dividend"},
	}
	feeCodes = map[bankfile.Format][]string{
		bankfile.BAI2: {"398", "661", "698"}, bankfile.Camt: {"CHRG", "FEES", "COMM"}, bankfile.OFX: {"FEE", "SRVCHG"}, bankfile.CSV: {"fee", "charge"},
	}
	returnCodes = map[bankfile.Format][]string{
		bankfile.BAI2: {"255", "257", "258", "555", "557", "558"}, bankfile.Camt: {"RRTN", "UPDD", "PRDD", "RPCR"}, bankfile.CSV: {"return"},
	}
)

func (l Line) is(codes map[bankfile.Format][]string) bool {
	for _, code := range codes[l.Format] {
		switch {
		case strings.EqualFold(l.Type, code):
			return true
		case l.Format == bankfile.Camt && strings.Contains(l.Type, code), l.Format == bankfile.CSV && strings.Contains(strings.ToLower(l.Type), code):
			return true
		}
	}
	return false
}

// Channel is how the money came, as rule books name it.
func (l Line) Channel() string {
	switch code := strings.ToUpper(l.Type); {
	case l.Format == bankfile.OFX && (code == "CASH" || code == "ATM"):
		return "cash"
	case l.Format == bankfile.OFX && code == "CHECK", l.Format == bankfile.BAI2 && (code == "115" || code == "116" || code == "175"):
		return "check"
	case l.Format == bankfile.BAI2 && (code == "172" || code == "173"):
		return "cash"
	}
	return "ach"
}

// payerField is the blind index of counterparties.
const payerField = "bank_payer"

// payerKey is the key under which two lines of one payer meet; nil for none.
func payerKey(keys *vault.Keyring, tenant int32, counterparty string) []byte {
	name := strings.Join(strings.Fields(strings.ToUpper(counterparty)), " ")
	if name == "" {
		return nil
	}
	return keys.Index(tenant, payerField, name)
}

// TraceKey is the key under which a line with a trace number is found.
func TraceKey(keys *vault.Keyring, tenant int32, trace string) []byte {
	return keys.Index(tenant, traceField, trace)
}

// Lines reads lines of a program, by id; those that it does not have are left out.
func Lines(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, ids []LineID) ([]Line, error) {
	const query = `
		SELECT l.id, l.account_id, a.custodian_id, f.format, l.reference, l.booked_on, l.value_on, l.amount, l.type, l.return_code, l.reversal,
		       coalesce(l.trace_key, '') AS trace_key, coalesce(l.payer_key, '') AS payer_key, l.identity, l.sealed
		FROM bank_lines l
		JOIN bank_statements s ON s.tenant_id = l.tenant_id AND s.id = l.statement_id
		JOIN bank_files f ON f.tenant_id = s.tenant_id AND f.id = s.file_id
		JOIN custodian_accounts a ON a.tenant_id = l.tenant_id AND a.id = l.account_id
		WHERE l.id = ANY ($1)
		ORDER BY l.booked_on, l.id`
	numbers := make(pq.Int64Array, len(ids))
	for i, id := range ids {
		numbers[i] = int64(id)
	}
	var all []Line
	if err := sqlx.SelectContext(ctx, q, &all, query, numbers); err != nil {
		return nil, fmt.Errorf("lines of a bank: %w", err)
	}
	for i := range all {
		if err := all[i].open(who, keys); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (l *Line) open(who store.Who, keys *vault.Keyring) error {
	words, err := keys.Open(linePlace(who.Tenant, l.Account, l.Identity), l.Sealed)
	if err == nil {
		err = json.Unmarshal(words, &l.Text)
	}
	if err != nil {
		return fmt.Errorf("words of line %d: %w", l.ID, err)
	}
	l.Identity, l.Sealed = nil, nil
	return nil
}

// Words are everything that a line and its parts say.
func (l Line) Words() []string {
	words := []string{l.Reference, l.Description, l.Counterparty, l.Trace}
	for _, p := range l.Parts {
		words = append(words, partWords(p)...)
	}
	return words
}

func partWords(p bankfile.Part) []string {
	return []string{p.Reference, p.Description, p.Counterparty, p.Trace}
}

// PartWords are everything that one part of a line says.
func (l Line) PartWords(i int) []string { return partWords(l.Parts[i]) }

// Home is the program's first custodian that holds cash for all: accounts of the
// books that name no custodian are its. ok is false where there is none.
func Home(all []Custodian) (c Custodian, ok bool) {
	for _, one := range all {
		if one.Kind == Omnibus && (!ok || one.ID < c.ID) {
			c, ok = one, true
		}
	}
	return c, ok
}

// Return is a payment that came back through the ACH network, as a file says it.
type Return struct {
	ID        int64         `db:"id"`
	Custodian ID            `db:"custodian_id"`
	Code      string        `db:"code"`
	Trace     string        `db:"trace"`
	OwnTrace  string        `db:"own_trace"`
	Debit     bool          `db:"debit"`
	Amount    ledger.Amount `db:"amount"`
	On        ledger.Date   `db:"on_day"`
	Notice    `db:"-"`

	Identity []byte `db:"identity"`
	Sealed   []byte `db:"sealed"`
}

// OpenReturns opens returns that are read with ReturnColumns.
func OpenReturns(who store.Who, keys *vault.Keyring, all []Return) error {
	for i, r := range all {
		words, err := keys.Open(noticePlace(who.Tenant, r.Custodian, r.Identity), r.Sealed)
		if err == nil {
			err = json.Unmarshal(words, &all[i].Notice)
		}
		if err != nil {
			return fmt.Errorf("words of return %d: %w", r.ID, err)
		}
		all[i].Identity, all[i].Sealed = nil, nil
	}
	return nil
}

// ReturnColumns are what OpenReturns needs of bank_returns, called r.
const ReturnColumns = `r.id, r.custodian_id, r.code, r.trace, r.own_trace, r.debit, r.amount, r.on_day, r.identity, r.sealed`
