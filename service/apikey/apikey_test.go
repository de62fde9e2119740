package apikey_test

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/apikey"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

type world struct {
	t       *testing.T
	db      *store.DB
	keys    *vault.Keyring
	who     store.Who
	program program.Program
	at      time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, keys: vault.Random(), at: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.Get(&w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.who.Actor = "test"
	w.do(func(tx *sqlx.Tx) error {
		p := program.Program{Code: "riverbend", Name: "Riverbend", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}
		if w.program, err = program.Add(t.Context(), tx, w.who, p, w.at); err != nil {
			return err
		}
		_, err = fund.Add(t.Context(), tx, w.who, w.program, fund.Fund{Code: "SMITH", Name: "Smith", Funder: "Smith"}, w.at)
		return err
	})
	return w
}

func (w *world) do(fn func(tx *sqlx.Tx) error) {
	w.t.Helper()
	if err := w.db.InTx(w.t.Context(), w.who, fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) make(n apikey.New) (made apikey.Made, err error) {
	if n.Days == 0 {
		n.Days = 90
	}
	err = w.db.InTx(w.t.Context(), w.who, func(tx *sqlx.Tx) error {
		made, err = apikey.Make(w.t.Context(), tx, w.who, w.keys, w.program, n, w.at)
		return err
	})
	return made, err
}

func (w *world) must(n apikey.New) apikey.Made {
	w.t.Helper()
	made, err := w.make(n)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

var here = netip.MustParseAddr("192.0.2.7")

func (w *world) admit(token string) (apikey.Caller, error) {
	return apikey.Admit(w.t.Context(), w.db, w.keys, token, here, w.at)
}

var bank = apikey.New{Name: "First Bank", Scopes: []apikey.Scope{apikey.WriteDeposits, apikey.ReadDeposits}}

func TestAKeyLetsItsHolderInWithWhatItMayDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.must(bank)
	if !regexp.MustCompile(`^csa_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$`).MatchString(made.Token) {
		t.Errorf("a key looks like %d characters", len(made.Token))
	}
	c, err := w.admit(made.Token)
	if err != nil {
		t.Fatal(err)
	}
	if c.Program.Code != "riverbend" || c.Who() != (store.Who{Tenant: w.who.Tenant, Actor: fmt.Sprintf("key/%d", made.ID), Reach: fmt.Sprint(c.Program.ID)}) {
		t.Errorf("is %s in %s", c.Actor(), c.Program.Code)
	}
	if c.Check(apikey.WriteDeposits) != nil || !errors.Is(c.Check(apikey.ReadChildren), apikey.ErrScope) {
		t.Error("may other things than it was given")
	}
	w.do(func(tx *sqlx.Tx) error {
		k, err := apikey.Load(t.Context(), tx, w.program.ID, made.ID)
		if !k.UsedAt.Equal(w.at) {
			t.Errorf("last used at %s", k.UsedAt)
		}
		return err
	})
}

func TestTheSecretIsNowhereInTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.must(bank)
	secret := made.Token[len("csa_live_12345678_"):]
	w.do(func(tx *sqlx.Tx) error {
		for _, table := range []string{"api_keys", "api_key_hashes", "audit_events"} {
			var text string
			if err := tx.Get(&text, `SELECT coalesce(string_agg(CAST(x AS text), ' '), '') FROM `+table+` x`); err != nil {
				return err
			}
			if text == "" || strings.Contains(text, secret) || strings.Contains(text, secret[:20]) {
				t.Errorf("%s is empty or holds the secret", table)
			}
		}
		return nil
	})
}

func TestABadKeyIsRefusedWithoutAReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, other := w.must(bank), w.must(bank)
	swapped := made.Token[:18] + other.Token[18:]
	last := byte('A')
	if made.Token[len(made.Token)-1] == last {
		last = 'B'
	}
	for name, token := range map[string]string{
		"empty": "", "one letter wrong": made.Token[:len(made.Token)-1] + string(last), "short": made.Token[:40],
		"another's secret": swapped, "with a space": " " + made.Token, "unknown": "csa_live_AAAAAAAA_" + made.Token[18:],
	} {
		if _, err := w.admit(token); !errors.Is(err, apikey.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := apikey.Admit(t.Context(), w.db, vault.Random(), made.Token, here, w.at); !errors.Is(err, apikey.ErrKey) {
		t.Errorf("under another installation's keys: %v", err)
	}
	w.at = w.at.AddDate(0, 0, 90)
	if _, err := w.admit(made.Token); !errors.Is(err, apikey.ErrKey) {
		t.Errorf("on its last instant: %v", err)
	}
}

func TestAWithdrawnKeyIsWorthlessAtTheNextRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.must(bank)
	for range 2 {
		w.do(func(tx *sqlx.Tx) error { return apikey.Revoke(t.Context(), tx, w.who, w.program.ID, made.ID, w.at) })
		if _, err := w.admit(made.Token); !errors.Is(err, apikey.ErrKey) {
			t.Errorf("after withdrawal: %v", err)
		}
	}
	err := w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error { return apikey.Revoke(t.Context(), tx, w.who, w.program.ID+1, made.ID, w.at) })
	if !errors.Is(err, apikey.ErrNone) {
		t.Errorf("of another program: %v", err)
	}
}

func TestTwoKeysOfANameLiveAtOnceAndNotThree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.must(bank), w.must(bank)
	for _, k := range []apikey.Made{first, second} {
		if _, err := w.admit(k.Token); err != nil {
			t.Errorf("key %d: %v", k.ID, err)
		}
	}
	if _, err := w.make(bank); !errors.Is(err, apikey.ErrTwo) {
		t.Errorf("a third: %v", err)
	}
	w.do(func(tx *sqlx.Tx) error { return apikey.Revoke(t.Context(), tx, w.who, w.program.ID, first.ID, w.at) })
	w.must(bank)
	w.at = w.at.AddDate(1, 0, 0) // both are too old now and make room
	w.must(bank)
	w.must(bank)
}

func TestAKeyIsTakenFromItsNetworksOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := bank
	n.Networks = []string{"192.0.2.0/28", "2001:db8::1"}
	made := w.must(n)
	for addr, good := range map[string]bool{"192.0.2.15": true, "::ffff:192.0.2.1": true, "192.0.2.16": false, "2001:db8::1": true, "2001:db8::2": false} {
		_, err := apikey.Admit(t.Context(), w.db, w.keys, made.Token, netip.MustParseAddr(addr), w.at)
		if good != (err == nil) || !good && !errors.Is(err, apikey.ErrNetwork) {
			t.Errorf("from %s: %v", addr, err)
		}
	}
	if _, err := apikey.Admit(t.Context(), w.db, w.keys, made.Token, netip.Addr{}, w.at); !errors.Is(err, apikey.ErrNetwork) {
		t.Errorf("from nowhere: %v", err)
	}
}

func TestWhatNoKeyMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	funds := []apikey.Scope{apikey.ReadFunds}
	for _, test := range []struct {
		name string
		n    apikey.New
		want error
	}{
		{"nameless", apikey.New{Name: "  ", Scopes: funds}, apikey.ErrName},
		{"without scopes", apikey.New{Name: "x"}, apikey.ErrNoScope},
		{"of an unknown scope", apikey.New{Name: "x", Scopes: []apikey.Scope{"all"}}, apikey.ErrUnknownScope},
		{"a funder's that reads children", apikey.New{Name: "x", Funds: []string{"SMITH"}, Scopes: []apikey.Scope{apikey.ReadChildren}}, apikey.ErrNotForFunder},
		{"a school's that reads funds", apikey.New{Name: "x", School: 1, Scopes: funds}, apikey.ErrNotForSchool},
		{"of a school that is not there", apikey.New{Name: "x", School: 999, Scopes: []apikey.Scope{apikey.ReadChildren}}, apikey.ErrSchool},
		{"of a fund that is not there", apikey.New{Name: "x", Funds: []string{"JONES"}, Scopes: funds}, fund.ErrNone},
		{"of both", apikey.New{Name: "x", Funds: []string{"SMITH"}, School: 1, Scopes: funds}, apikey.ErrBothBound},
		{"of a year and a day", apikey.New{Name: "x", Scopes: funds, Days: 366}, apikey.ErrDays},
		{"of no network", apikey.New{Name: "x", Scopes: funds, Networks: []string{"everywhere"}}, apikey.ErrCIDR},
	} {
		if _, err := w.make(test.n); !errors.Is(err, test.want) {
			t.Errorf("a key %s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestARepeatedRequestGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, err := w.admit(w.must(bank).Token)
	if err != nil {
		t.Fatal(err)
	}
	r := apikey.Request{Key: "01J", Fingerprint: [32]byte{1}}
	begin := func(c apikey.Caller, r apikey.Request) (apikey.Answer, bool, error) {
		return apikey.Begin(t.Context(), w.db, c, r, w.at)
	}
	if _, ok, err := begin(c, r); ok || err != nil {
		t.Fatalf("the first: %v, %v", ok, err)
	}
	if _, _, err := begin(c, r); !errors.Is(err, apikey.ErrInFlight) {
		t.Errorf("while it is worked on: %v", err)
	}
	other := r
	other.Fingerprint[0] = 2
	if _, _, err := begin(c, other); !errors.Is(err, apikey.ErrOtherRequest) {
		t.Errorf("with another body: %v", err)
	}
	want := apikey.Answer{Status: 201, Location: "/v1/x", Body: `{"id":"1"}`}
	if err := apikey.Answered(t.Context(), w.db, c, r, want, w.at); err != nil {
		t.Fatal(err)
	}
	second, err := w.admit(w.must(bank).Token) // the other key of the name
	if err != nil {
		t.Fatal(err)
	}
	w.at = w.at.AddDate(0, 0, 50)
	for _, c := range []apikey.Caller{c, second} {
		if got, ok, err := begin(c, r); !ok || err != nil || got != want {
			t.Errorf("repeated: %v, %v, %v", got, ok, err)
		}
	}
	if err := apikey.GaveUp(t.Context(), w.db, c, r); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := begin(c, r); !ok {
		t.Error("an answer can be given up")
	}
}

func TestARequestThatFailedOrWasAbandonedIsTakenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, err := w.admit(w.must(bank).Token)
	if err != nil {
		t.Fatal(err)
	}
	r := apikey.Request{Key: "01J"}
	for range 3 {
		if _, ok, err := apikey.Begin(t.Context(), w.db, c, r, w.at); ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
		if err := apikey.GaveUp(t.Context(), w.db, c, r); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, ok, err := apikey.Begin(t.Context(), w.db, c, r, w.at); ok || err != nil {
			t.Fatalf("abandoned: %v, %v", ok, err)
		}
		w.at = w.at.Add(time.Minute)
	}
}

func TestOfFiftyAtOnceOneIsDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, err := w.admit(w.must(bank).Token)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	outcomes := map[string]int{}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, ok, err := apikey.Begin(t.Context(), w.db, c, apikey.Request{Key: "same"}, w.at)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, apikey.ErrInFlight):
				outcomes["in flight"]++
			case err == nil && !ok:
				outcomes["done"]++
			default:
				t.Errorf("%v, %v", ok, err)
			}
		})
	}
	wg.Wait()
	if outcomes["done"] != 1 || outcomes["in flight"] != 49 {
		t.Errorf("%v", outcomes)
	}
}
