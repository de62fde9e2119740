package custody

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/custody/bankfile"
	"seedbook/service/custody/bankfile/bankcsv"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Kind is how a custodian holds money.
type Kind string

// The kinds.
const (
	Omnibus    Kind = "omnibus"    // one bank account for all
	Master     Kind = "master"     // a 529 plan's or a trust's account in units with a price
	Individual Kind = "individual" // accounts that families own
	Linked     Kind = "linked"     // a family's account elsewhere
)

// Kinds are all kinds, in the order people are offered them.
var Kinds = []Kind{Omnibus, Master, Individual, Linked}

// holds is what an account of a kind holds.
func (k Kind) holds() string {
	switch k {
	case Omnibus:
		return "cash"
	case Master:
		return "units"
	}
	return "none"
}

// Custodian is who holds money.
type Custodian struct {
	ID        ID          `db:"id"`
	Code      string      `db:"code"` // short name for commands and addresses
	Name      string      `db:"name"`
	Kind      Kind        `db:"kind"`
	CutOff    string      `db:"cut_off"`    // 17:00, in the program's zone
	ValueDays int         `db:"value_days"` // business days until money is usually available
	Federal   bool        `db:"federal"`    // keeps the Federal Reserve's holidays
	ClosedOn  ledger.Date `db:"closed_on"`

	Accounts []Account
	Files    []FileKind
	Holidays []ledger.Date
}

// Calendar is when the custodian works.
func (c Custodian) Calendar() Calendar {
	closed := make(map[ledger.Date]bool, len(c.Holidays))
	for _, d := range c.Holidays {
		closed[d] = true
	}
	return Calendar{Federal: c.Federal, Closed: closed}
}

// Account is one at a custodian. Number is only given when it is added.
type Account struct {
	ID       AccountID `db:"id"`
	Number   string    `db:"-"`
	Ends     string    `db:"ends"`
	Currency string    `db:"currency"`
	Holds    string    `db:"holds"` // cash, units or none
	key      []byte
}

// FileKind is a kind of file that passes between a custodian and us.
type FileKind struct {
	Gives    bool // to us; otherwise it takes it from us
	Format   string
	Expected string // business_day, month or on_event
	Profile  *bankcsv.Profile
}

// Given are the formats in which a custodian may send files.
func Given() []string {
	var out []string
	for _, f := range bankfile.Formats {
		out = append(out, string(f))
	}
	return out
}

// Taken are the formats in which a custodian may want files.
var Taken = []string{"nacha", "positive_pay"}

// Rhythms are how often a file may be expected.
var Rhythms = []string{"business_day", "month", "on_event"}

var (
	codeText = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	hourText = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

// field says in words which setting is wrong, and how it is written.
func field(name string) error {
	return ErrField.At(name).With(map[string]any{"field": i18n.Key("custody.setting." + name)})
}

// Check says what is wrong with a custodian's settings.
func (c Custodian) Check() error {
	switch {
	case !codeText.MatchString(c.Code):
		return field("code")
	case strings.TrimSpace(c.Name) == "" || len(c.Name) > 200:
		return field("name")
	case !slices.Contains(Kinds, c.Kind):
		return field("kind")
	case !hourText.MatchString(c.CutOff):
		return field("cut_off")
	case c.ValueDays < 0 || c.ValueDays > 10:
		return field("value_days")
	}
	for _, a := range c.Accounts {
		if err := a.check(); err != nil {
			return err
		}
	}
	for _, f := range c.Files {
		if err := f.check(c.Accounts); err != nil {
			return err
		}
	}
	return nil
}

func (a Account) check() error {
	switch {
	case strings.TrimSpace(a.Number) == "" || len(a.Number) > 60:
		return field("account")
	case len(a.Currency) != 3 || strings.Trim(a.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return field("currency")
	}
	return nil
}

func (f FileKind) check(accounts []Account) error {
	formats := Taken
	if f.Gives {
		formats = Given()
	}
	switch {
	case !slices.Contains(formats, f.Format):
		return field("format")
	case !slices.Contains(Rhythms, f.Expected):
		return field("expected")
	case (f.Profile != nil) != (f.Gives && f.Format == string(bankfile.CSV)):
		return field("profile")
	case f.Profile == nil:
		return nil
	}
	if !slices.ContainsFunc(accounts, func(a Account) bool { return a.Number == f.Profile.Account }) {
		return field("profile")
	}
	return f.Profile.Check()
}

// ends are the last places of an account number, at most half of it.
func ends(number string) string {
	digits := []rune(strings.TrimSpace(number))
	return string(digits[len(digits)-min(4, len(digits)/2):])
}

// Add sets up a custodian with its accounts, files and closed days.
func Add(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, c Custodian, at time.Time) (ID, error) {
	if err := c.Check(); err != nil {
		return 0, err
	}
	const query = `
		INSERT INTO custodians (tenant_id, program_id, code, name, kind, cut_off, value_days, federal, added_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`
	err := tx.GetContext(ctx, &c.ID, query, who.Tenant, p.ID, c.Code, strings.TrimSpace(c.Name), string(c.Kind), c.CutOff, c.ValueDays, c.Federal, at)
	if store.Violates(err, "custodians_code_key") {
		return 0, ErrCodeTaken.At("code")
	}
	if err != nil {
		return 0, fmt.Errorf("add custodian %s: %w", c.Code, err)
	}
	if err := addAccounts(ctx, tx, who, keys, c, at); err != nil {
		return 0, err
	}
	if err := addFiles(ctx, tx, who, c); err != nil {
		return 0, err
	}
	if err := addHolidays(ctx, tx, who, c); err != nil {
		return 0, err
	}
	return c.ID, audit.Record(ctx, tx, who, []audit.Event{{Verb: "custody.added", Kind: "custodian", Subject: int64(c.ID), Program: int32(p.ID),
		After: map[string]any{"code": c.Code, "kind": c.Kind, "accounts": len(c.Accounts), "files": len(c.Files)}}}, at)
}

// accountField is the blind index of account numbers at custodians.
const accountField = "custodian_account"

// canonicalNumber is the form in which two spellings of an account number meet.
func canonicalNumber(number string) string {
	return strings.TrimLeft(strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, number)), "0")
}

func addAccounts(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, c Custodian, at time.Time) error {
	var indexes, sealed pq.ByteaArray
	var last, currencies []string
	for _, a := range c.Accounts {
		key := keys.Index(who.Tenant, accountField, canonicalNumber(a.Number))
		indexes = append(indexes, key)
		sealed = append(sealed, keys.Seal(numberPlace(who.Tenant, c.ID, key), []byte(a.Number)))
		last, currencies = append(last, ends(a.Number)), append(currencies, a.Currency)
	}
	const query = `
		INSERT INTO custodian_accounts (tenant_id, custodian_id, number_key, number_sealed, ends, currency, holds, added_at)
		SELECT $1, $2, a.key, a.sealed, a.ends, a.currency, $7, $8
		FROM unnest(CAST($3 AS bytea[]), CAST($4 AS bytea[]), CAST($5 AS text[]), CAST($6 AS text[])) AS a (key, sealed, ends, currency)`
	_, err := tx.ExecContext(ctx, query, who.Tenant, c.ID, indexes, sealed, pq.Array(last), pq.Array(currencies), c.Kind.holds(), at)
	if store.Violates(err, "custodian_accounts_number_key") {
		return ErrAccountTaken.At("account")
	}
	if err != nil {
		return fmt.Errorf("accounts of custodian %s: %w", c.Code, err)
	}
	return nil
}

func numberPlace(tenant int32, c ID, key []byte) string {
	return fmt.Sprintf("%d|custodian_accounts|%d|%x", tenant, c, key)
}

func addFiles(ctx context.Context, tx *sqlx.Tx, who store.Who, c Custodian) error {
	var directions, formats, expected, profiles []string
	for _, f := range c.Files {
		direction, profile := "takes", ""
		if f.Gives {
			direction = "gives"
		}
		if f.Profile != nil {
			p := *f.Profile
			p.Account = ends(p.Account) // the number itself stays sealed
			raw, err := json.Marshal(p)
			if err != nil {
				return fmt.Errorf("profile of custodian %s: %w", c.Code, err)
			}
			profile = string(raw)
		}
		directions, formats = append(directions, direction), append(formats, f.Format)
		expected, profiles = append(expected, f.Expected), append(profiles, profile)
	}
	const query = `
		INSERT INTO custodian_files (tenant_id, custodian_id, direction, format, expected, profile)
		SELECT $1, $2, f.direction, f.format, f.expected, f.profile
		FROM unnest(CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS text[]), CAST($6 AS text[])) AS f (direction, format, expected, profile)`
	_, err := tx.ExecContext(ctx, query, who.Tenant, c.ID, pq.Array(directions), pq.Array(formats), pq.Array(expected), pq.Array(profiles))
	if store.Violates(err, "custodian_files_pkey") {
		return field("format")
	}
	if err != nil {
		return fmt.Errorf("files of custodian %s: %w", c.Code, err)
	}
	return nil
}

func addHolidays(ctx context.Context, tx *sqlx.Tx, who store.Who, c Custodian) error {
	days := make([]string, len(c.Holidays))
	for i, d := range c.Holidays {
		days[i] = d.String()
	}
	const query = `
		INSERT INTO custodian_holidays (tenant_id, custodian_id, day)
		SELECT DISTINCT CAST($1 AS integer), CAST($2 AS integer), d FROM unnest(CAST($3 AS date[])) AS d`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, c.ID, pq.Array(days)); err != nil {
		return fmt.Errorf("closed days of custodian %s: %w", c.Code, err)
	}
	return nil
}

const custodianColumns = `id, code, name, kind, cut_off, value_days, federal, closed_on`

// ByCode returns a custodian of a program, or ErrNone.
func ByCode(ctx context.Context, q sqlx.QueryerContext, p program.ID, code string) (c Custodian, err error) {
	const query = `SELECT ` + custodianColumns + ` FROM custodians WHERE program_id = $1 AND code = $2`
	err = sqlx.GetContext(ctx, q, &c, query, p, code)
	if errors.Is(err, sql.ErrNoRows) {
		return c, ErrNone
	}
	if err != nil {
		return c, fmt.Errorf("custodian: %w", err)
	}
	all := []Custodian{c}
	err = fill(ctx, q, all)
	return all[0], err
}

// All returns the custodians of a program by name.
func All(ctx context.Context, q sqlx.QueryerContext, p program.ID) (all []Custodian, err error) {
	const query = `SELECT ` + custodianColumns + ` FROM custodians WHERE program_id = $1 ORDER BY name, id`
	if err := sqlx.SelectContext(ctx, q, &all, query, p); err != nil {
		return nil, fmt.Errorf("custodians: %w", err)
	}
	return all, fill(ctx, q, all)
}

// fill reads the accounts, files and closed days of custodians, each of them
// with one question.
func fill(ctx context.Context, q sqlx.QueryerContext, all []Custodian) error {
	at := make(map[ID]*Custodian, len(all))
	ids := make([]int64, len(all))
	for i := range all {
		at[all[i].ID], ids[i] = &all[i], int64(all[i].ID)
	}
	var accounts []struct {
		Custodian ID `db:"custodian_id"`
		Account
		Key []byte `db:"number_key"`
	}
	const ofAccounts = `SELECT custodian_id, id, ends, currency, holds, number_key FROM custodian_accounts WHERE custodian_id = ANY ($1) ORDER BY id`
	if err := sqlx.SelectContext(ctx, q, &accounts, ofAccounts, pq.Array(ids)); err != nil {
		return fmt.Errorf("accounts of custodians: %w", err)
	}
	for _, a := range accounts {
		a.Account.key = a.Key
		at[a.Custodian].Accounts = append(at[a.Custodian].Accounts, a.Account)
	}
	if err := fillFiles(ctx, q, at, ids); err != nil {
		return err
	}
	var days []struct {
		Custodian ID          `db:"custodian_id"`
		Day       ledger.Date `db:"day"`
	}
	const ofDays = `SELECT custodian_id, day FROM custodian_holidays WHERE custodian_id = ANY ($1) ORDER BY day`
	if err := sqlx.SelectContext(ctx, q, &days, ofDays, pq.Array(ids)); err != nil {
		return fmt.Errorf("closed days of custodians: %w", err)
	}
	for _, d := range days {
		at[d.Custodian].Holidays = append(at[d.Custodian].Holidays, d.Day)
	}
	return nil
}

func fillFiles(ctx context.Context, q sqlx.QueryerContext, at map[ID]*Custodian, ids []int64) error {
	var files []struct {
		Custodian ID     `db:"custodian_id"`
		Direction string `db:"direction"`
		Format    string `db:"format"`
		Expected  string `db:"expected"`
		Profile   string `db:"profile"`
	}
	const query = `SELECT custodian_id, direction, format, expected, profile FROM custodian_files WHERE custodian_id = ANY ($1) ORDER BY direction, format`
	if err := sqlx.SelectContext(ctx, q, &files, query, pq.Array(ids)); err != nil {
		return fmt.Errorf("files of custodians: %w", err)
	}
	for _, f := range files {
		kind := FileKind{Gives: f.Direction == "gives", Format: f.Format, Expected: f.Expected}
		if f.Profile != "" {
			kind.Profile = new(bankcsv.Profile)
			if err := json.Unmarshal([]byte(f.Profile), kind.Profile); err != nil {
				return fmt.Errorf("profile of custodian %d: %w", f.Custodian, err)
			}
		}
		at[f.Custodian].Files = append(at[f.Custodian].Files, kind)
	}
	return nil
}

// number is an account's number, opened.
func number(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, c ID, a Account) (string, error) {
	var sealed []byte
	if err := sqlx.GetContext(ctx, q, &sealed, `SELECT number_sealed FROM custodian_accounts WHERE id = $1`, a.ID); err != nil {
		return "", fmt.Errorf("number of account %s: %w", strconv.FormatInt(int64(a.ID), 10), err)
	}
	plain, err := keys.Open(numberPlace(who.Tenant, c, a.key), sealed)
	return string(plain), err
}
