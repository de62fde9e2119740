package program

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/store"
)

// council is an organization's database, seen by one of its staff.
type council struct {
	t  *testing.T
	db *store.DB
	as store.Who
	at time.Time
}

func newCouncil(t *testing.T) council {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c := council{t, db, store.Who{Actor: "staff/1"}, time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &c.as.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, c.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// by is the same council, seen by somebody else.
func (c council) by(actor string) council {
	c.as.Actor = actor
	return c
}

func (c council) do(fn func(tx *sqlx.Tx) error) error {
	return c.db.InTx(c.t.Context(), c.as, fn)
}

func (c council) add(p Program) (added Program, err error) {
	err = c.do(func(tx *sqlx.Tx) error {
		added, err = Add(c.t.Context(), tx, c.as, p, c.at)
		return err
	})
	return added, err
}

var riverbend = Program{Code: "riverbend", Name: "Riverbend", TimeZone: "America/New_York", Currency: "USD", Rounding: ledger.HalfUp}

func TestAProgramThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	c := newCouncil(t)
	for _, test := range []struct {
		name  string
		spoil func(*Program)
		want  error
	}{
		{"no zone", func(p *Program) { p.TimeZone = "" }, ErrZone},
		{"no such zone", func(p *Program) { p.TimeZone = "America/Riverbend" }, ErrZone},
		{"no name", func(p *Program) { p.Name = "" }, ErrField},
		{"no rounding", func(p *Program) { p.Rounding = "up" }, ErrField},
	} {
		p := riverbend
		test.spoil(&p)
		if _, err := c.add(p); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if _, err := c.add(riverbend); err != nil {
		t.Fatal(err)
	}
	if _, err := c.add(riverbend); !errors.Is(err, ErrCodeTaken) {
		t.Errorf("the same code again: %v, want ErrCodeTaken", err)
	}
}

func TestADayIsTheProgramsOwn(t *testing.T) {
	p := Program{TimeZone: "America/Los_Angeles"}
	late := time.Date(2026, 3, 1, 7, 59, 0, 0, time.UTC)
	if got := p.Day(late).String(); got != "2026-02-28" {
		t.Errorf("Day = %s, want 2026-02-28", got)
	}
}

func (c council) addFunds(p ID, codes ...string) {
	c.t.Helper()
	err := c.do(func(tx *sqlx.Tx) error {
		for _, code := range codes {
			const query = `
				WITH u AS (INSERT INTO funders (tenant_id, name, created_at) VALUES ($1, $3, $4) RETURNING id)
				INSERT INTO funds (tenant_id, program_id, code, name, kind, funder_id, created_at)
				SELECT $1, $2, $3, $3, 'restricted', id, $4 FROM u`
			if _, err := tx.ExecContext(c.t.Context(), query, c.as.Tenant, p, code, c.at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func TestWhoIsLimitedToProgramsFindsNoOther(t *testing.T) {
	t.Parallel()
	c := newCouncil(t)
	own, err := c.add(Program{Code: "own", Name: "Own", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp})
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.add(Program{Code: "other", Name: "Other", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp})
	if err != nil {
		t.Fatal(err)
	}
	everybody := c.as
	for _, test := range []struct {
		reach string
		want  int
	}{
		{"", 2}, {strconv.Itoa(int(own.ID)), 1}, {"987654321", 0}, {fmt.Sprint(own.ID, ",", other.ID), 2}, {"", 2}, // nothing of one transaction stays for the next
	} {
		c.as = everybody
		c.as.Reach = strings.ReplaceAll(test.reach, " ", "")
		err := c.do(func(tx *sqlx.Tx) error {
			all, err := All(t.Context(), tx)
			if err != nil || len(all) != test.want {
				t.Errorf("%q finds %d programs (%v), want %d", test.reach, len(all), err, test.want)
			}
			_, byID := Load(t.Context(), tx, other.ID)
			_, byCode := ByCode(t.Context(), tx, "other")
			if found := byID == nil && byCode == nil; found != (test.want == 2) || !found && (!errors.Is(byID, ErrNone) || !errors.Is(byCode, ErrNone)) {
				t.Errorf("%q asks for another program: %v, %v", test.reach, byID, byCode)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
