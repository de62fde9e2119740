package browser_test

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/auth"
	"seedbook/service/demo"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/rules"
	"seedbook/service/savedview"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/console"
)

// anybody is a rule book for children who are called anything.
const anybody = `
program: {id: open, name: Open, currency: USD, time_zone: America/New_York, rounding: half_up}
versions: [{id: v1, effective_from: 2000-01-01}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, funding: {sources: [{fund: CITY}]}}
`

// strings are the naughty ones that somebody may be called.
func callable(t *testing.T) (out []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "hostile", "naughty_strings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	if err := json.Unmarshal(raw, &all); err != nil || len(all) < 500 {
		t.Fatalf("%d strings: %v", len(all), err)
	}
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" && !strings.ContainsFunc(s, unicode.IsControl) {
			out = append(out, s)
		}
	}
	return out
}

// hostileTown stores the strings as names, addresses, guardians, notes, views and
// colleagues, and serves the console over them.
func hostileTown(t *testing.T) (address, link string, n int) {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys := vault.Random()
	at := time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)
	made, err := demo.Load(t.Context(), db, keys, demo.Options{Children: 12, Seed: 3}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	who := store.Who{Tenant: made.Who.Tenant, Actor: "cli"}
	texts := callable(t)
	if err := db.InTx(t.Context(), who, func(tx *sqlx.Tx) error { return storeTexts(t, tx, who, keys, made, texts, at) }); err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
		account, err := auth.AddStaff(t.Context(), tx, who, keys, auth.NewAccount{Email: "rosa@riverbend.test", Name: `<b>Rosa</b>"'><img src=x onerror=alert(1)>`, Roles: []auth.Role{auth.Operator, auth.ProgramManager, auth.TenantAdmin}}, at)
		if err != nil {
			return err
		}
		token, err := auth.IssueOneTime(t.Context(), tx, who, account, auth.LinkLife, at)
		link = "/sign-in/link/" + token
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	hall, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	runner := jobs.All(db, keys, slog.New(slog.DiscardHandler))
	runner.Now = func() time.Time { return at }
	c := &console.Console{DB: db, Keys: keys, Now: runner.Now, Jobs: runner, LinkGrace: auth.SessionLife}
	console.Mount(hall, c)
	s := httptest.NewServer(hall.Handler())
	t.Cleanup(func() { s.Close(); c.Wait() })
	return s.URL, link, len(texts)
}

func storeTexts(t *testing.T, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, made demo.Made, texts []string, at time.Time) error {
	book, err := rules.Parse([]byte(anybody))
	if err != nil {
		return err
	}
	var families []family.New
	for _, s := range texts {
		families = append(families, family.New{
			Children:  []family.NewChild{{Person: family.Person{Given: s, Family: "García", BornOn: ledger.NewDate(2019, 3, 14), Street: s, City: s}}},
			Guardians: []family.Guardian{{Given: "María", Family: s, Relationship: s, Phone: "+16145550000"}},
		})
	}
	added, err := family.Add(t.Context(), tx, who, keys, families, at)
	if err != nil {
		return err
	}
	var applications []enroll.Application
	for i, children := range added {
		applications = append(applications, enroll.Application{Child: children[0], On: ledger.NewDate(2026, 10, 1)})
		if err := family.WriteNote(t.Context(), tx, who, keys, children[0], family.Note{Text: texts[i], Reference: "n"}, at); err != nil {
			return err
		}
		if name := []rune(texts[i]); i%12 == 0 && len(name) < 60 {
			if _, err := savedview.Save(t.Context(), tx, who, savedview.List{Program: int64(made.Program.ID), Page: "children"}, savedview.View{Name: texts[i], Query: "grade=01", Shared: true}, at); err != nil {
				return err
			}
		}
	}
	_, err = enroll.Admit(t.Context(), tx, who, keys, made.Program, book, applications, at)
	return err
}

func TestNothingThatSomebodyTypedIsDoneByABrowser(t *testing.T) {
	browser(t)
	address, link, n := hostileTown(t)
	if n < 450 {
		t.Fatalf("only %d strings", n)
	}
	script(t, "hostile.mjs", address, link)
}
