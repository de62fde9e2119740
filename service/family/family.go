// Package family keeps children, the families they belong to, their guardians,
// and their schools over time.
//
// Everything that identifies a person is sealed under the family's own key
// before it reaches the database, and found again through blind indexes. The
// package knows no money and decides nothing about eligibility.
package family

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of this room.
var (
	// ErrNone reports a child that does not exist in this organization.
	ErrNone = fault.New(fault.NotFound, "family.none")
	// ErrStudentTaken reports a student number that belongs to another child.
	ErrStudentTaken = fault.New(fault.Conflict, "family.student_taken")
	// ErrMeanwhile reports a record that somebody else saved since it was shown.
	ErrMeanwhile = fault.New(fault.Conflict, "family.meanwhile")
	// ErrNameless reports a record without a name.
	ErrNameless = fault.New(fault.Invalid, "family.nameless")
)

// DefaultLanguage is a family's where nobody said another.
const DefaultLanguage = "en"

// ChildID identifies a child within its organization.
type ChildID int64

// ID identifies a family within its organization.
type ID int64

// Person is what is sealed of a child.
type Person struct {
	Given         string      `json:"given"`
	Middle        string      `json:"middle,omitempty"`
	Family        string      `json:"family"`
	Preferred     string      `json:"preferred,omitempty"` // given name the child goes by
	BornOn        ledger.Date `json:"born"`                // zero: not known
	StudentNumber string      `json:"student,omitempty"`   // the district's, leading zeros kept
	Street        string      `json:"street,omitempty"`
	City          string      `json:"city,omitempty"`
	State         string      `json:"state,omitempty"`
	ZIP           string      `json:"zip,omitempty"` // five digits, leading zeros kept
	// Before are the homes before this one, oldest first: what a child was given
	// for living in a city is not to be judged by where the family moved since.
	Before []Home `json:"before,omitempty"`
	// Formerly are the names before this one, oldest first. They are shown to who
	// needs to know, and nobody is found by them.
	Formerly []Named `json:"formerly,omitempty"`
}

// Named is how a child was called up to a day.
type Named struct {
	Until    ledger.Date `json:"until"` // last day
	Given    string      `json:"given"`
	Middle   string      `json:"middle,omitempty"`
	Family   string      `json:"family"`
	Adoption bool        `json:"adoption,omitempty"` // the name before an adoption
}

// Renamed is p under another name from a day on. The same name again changes
// nothing.
func (p Person) Renamed(given, middle, surname string, on ledger.Date, adoption bool) Person {
	if p.Given == given && p.Middle == middle && p.Family == surname {
		return p
	}
	p.Formerly = append(slices.Clone(p.Formerly), Named{on.AddDays(-1), p.Given, p.Middle, p.Family, adoption})
	p.Given, p.Middle, p.Family, p.Preferred = given, middle, surname, ""
	return p
}

// WasCalled reports a former name. A school that has not heard of a new name says
// the old one, which is no news.
func (p Person) WasCalled(given, surname string) bool {
	return slices.ContainsFunc(p.Formerly, func(n Named) bool {
		return vault.Fold(n.Given) == vault.Fold(given) && vault.Fold(n.Family) == vault.Fold(surname)
	})
}

// Home is where a child lived up to a day.
type Home struct {
	Until ledger.Date `json:"until"` // last day
	City  string      `json:"city,omitempty"`
	State string      `json:"state,omitempty"`
	ZIP   string      `json:"zip,omitempty"`
}

// Moved is p as the record of a child who was old up to the day before: the old
// home joins those before where it is another than the new one. A second move
// on one day corrects the first, and to learn an address for the first time is
// no move.
func (p Person) Moved(old Person, on ledger.Date) Person {
	p.Before = old.Before
	same := p.City == old.City && p.State == old.State && p.ZIP == old.ZIP
	unknown := old.City == "" && old.State == "" && old.ZIP == ""
	if same || unknown || (len(old.Before) > 0 && !old.Before[len(old.Before)-1].Until.Before(on.AddDays(-1))) {
		return p
	}
	p.Before = append(slices.Clone(old.Before), Home{on.AddDays(-1), old.City, old.State, old.ZIP})
	return p
}

// LogValue keeps people out of logs.
func (Person) LogValue() slog.Value { return slog.StringValue("[person]") }

// DisplayName is the name as a family would write it.
func (p Person) DisplayName() string {
	given := p.Given
	if p.Preferred != "" {
		given = p.Preferred
	}
	return strings.TrimSpace(given + " " + p.Family)
}

// ListName is the name as a list sorts it: "García López, María".
func (p Person) ListName() string {
	if p.Family == "" || p.Given == "" {
		return p.DisplayName()
	}
	return p.Family + ", " + p.Given
}

// Guardian is an adult of a child's family.
type Guardian struct {
	Given        string `json:"given"`
	Family       string `json:"family"`
	Phone        string `json:"phone,omitempty"`
	Email        string `json:"email,omitempty"`
	Relationship string `json:"relationship,omitempty"` // as the school has it
	Language     string `json:"language,omitempty"`     // ISO 639; "": the child's
	Address      string `json:"address,omitempty"`      // where it is another than the child's
	Agency       bool   `json:"agency,omitempty"`       // an authority that acts for the child
}

// LogValue keeps people out of logs.
func (Guardian) LogValue() slog.Value { return slog.StringValue("[guardian]") }

// DisplayName is the guardian's name as written.
func (g Guardian) DisplayName() string { return strings.TrimSpace(g.Given + " " + g.Family) }

// Child is a child with what was sealed opened again. Erased says that the
// family's key is gone: the person is then empty.
type Child struct {
	ID       ChildID
	Family   ID
	Person   Person
	Language string // ISO 639 code of the family's language
	Version  int
	Erased   bool
	// ChangedAt is when the record was last written.
	ChangedAt time.Time
}

// place binds sealed bytes to their row.
func place(tenant int32, table string, id int64) string {
	return strconv.Itoa(int(tenant)) + "|" + table + "|" + strconv.FormatInt(id, 10)
}

func sealJSON(key vault.Key, where string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", where, err)
	}
	return key.Seal(where, plain), nil
}

func openJSON(key vault.Key, where string, sealed []byte, v any) error {
	plain, err := key.Open(where, sealed)
	if err != nil {
		return fmt.Errorf("open %s: %w", where, err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return fmt.Errorf("open %s: damaged", where)
	}
	return nil
}

// nameLetters is how many leading letters of a word are indexed. Three letters
// of one word in a caseload of 100,000 leave a few thousand hits to open, which
// takes milliseconds, and tell a thief of the index next to nothing.
const nameLetters = 3

// nameAndBirth is the blind index under which records of the same name and birth
// date meet, whatever the order and spelling of the name's words. A child
// without a birth date is like nobody.
func nameAndBirth(keys *vault.Keyring, tenant int32, p Person) (int64, bool) {
	if p.BornOn.IsZero() {
		return 0, false
	}
	words := vault.Words(vault.Fold(p.Given + " " + p.Family))
	slices.Sort(words)
	return keys.Bucket(tenant, "name_birth", strings.Join(words, " ")+"|"+p.BornOn.String()), true
}

func prefix(word string) string {
	letters := []rune(word)
	if len(letters) > nameLetters {
		letters = letters[:nameLetters]
	}
	return string(letters)
}

// StudentScheme is the identifier scheme of the district's student number.
const StudentScheme = "student"

func identifierKey(keys *vault.Keyring, tenant int32, scheme, value string) []byte {
	return keys.Index(tenant, "id:"+scheme, strings.TrimSpace(value))
}

// SealFor seals what another room keeps of a child under the family's key, so
// that erasing the family erases it there, too. where names the row.
func SealFor(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID, where string, v any) ([]byte, error) {
	key, err := keyOf(ctx, q, who, keys, child)
	if err != nil {
		return nil, err
	}
	return sealJSON(key, place(who.Tenant, where, int64(child)), v)
}

// OpenFor opens what SealFor sealed, or returns ErrNone where the family is
// erased.
func OpenFor(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID, where string, sealed []byte, v any) error {
	key, err := keyOf(ctx, q, who, keys, child)
	if err != nil {
		return err
	}
	return openJSON(key, place(who.Tenant, where, int64(child)), sealed, v)
}
