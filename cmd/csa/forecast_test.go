package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// foreseen is a program whose figures are worked by hand in service/forecast:
// a seed of 50.00 and a match up to 40.00 a school year; Ana paid in 30.00 and
// 20.00, Ben 10.00, and Cy lives in Lakeside.
func (s *shell) foreseen() {
	s.t.Helper()
	copyFile(s.t, filepath.Join(s.source, "testdata", "forecast", "approved.yaml"), filepath.Join(s.dir, "approved.yaml"))
	copyFile(s.t, filepath.Join(s.source, "testdata", "forecast", "draft.yaml"), filepath.Join(s.dir, "draft.yaml"))
	if err := os.MkdirAll(s.vars["CSA_DATA"], 0o755); err != nil {
		s.t.Fatal(err)
	}
	keys, err := vault.Load(filepath.Join(s.vars["CSA_DATA"], "keys.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	db, err := store.Open(s.vars["DATABASE_URL"], 2)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	tenant, err := auth.AddTenant(s.t.Context(), db, "City", at)
	if err != nil {
		s.t.Fatal(err)
	}
	who := store.Who{Tenant: tenant, Actor: "test"}
	err = db.InTx(s.t.Context(), who, func(tx *sqlx.Tx) error { return s.liveQuarter(s.t.Context(), tx, who, keys, at) })
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shell) liveQuarter(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, at time.Time) error {
	source, err := os.ReadFile(filepath.Join(s.dir, "approved.yaml"))
	if err != nil {
		return err
	}
	book, err := rules.Parse(source)
	if err != nil {
		return err
	}
	p, err := program.Add(ctx, tx, who, program.Program{Code: "city", Name: "City", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, at)
	if err != nil {
		return err
	}
	if err := fund.Open(ctx, tx, who, p, at); err != nil {
		return err
	}
	for code, amount := range map[string]int64{"CITY": 1000_00, "MATCH": 90_00} {
		f, err := fund.Add(ctx, tx, who, p, fund.Fund{Code: code, Name: code + " fund", Funder: "City"}, at)
		if err != nil {
			return err
		}
		if err := fund.Receive(ctx, tx, who, p, fund.Receipt{Fund: f, Kind: fund.Grant, Amount: ledger.Minor(amount), On: ledger.DateOf(at), Reference: code}, at); err != nil {
			return err
		}
	}
	hash, err := program.Draft(ctx, tx, who, p.ID, source, at)
	if err != nil {
		return err
	}
	if err := program.Approve(ctx, tx, store.Who{Tenant: who.Tenant, Actor: "approver"}, p.ID, hash, at); err != nil {
		return err
	}
	return s.children(ctx, tx, who, keys, p, book, at)
}

func (s *shell) children(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, book *rules.Book, at time.Time) error {
	schools, err := program.PutSchools(ctx, tx, who, []program.School{{Code: "R01", Name: "North"}, {Code: "R02", Name: "South"}}, at)
	if err != nil {
		return err
	}
	var ids []family.ChildID
	for i, person := range []family.Person{
		{Given: "Ana", Family: "Cruz", StudentNumber: "007", City: "Riverbend"},
		{Given: "Ben", Family: "Diaz", StudentNumber: "008", City: "Riverbend"},
		{Given: "Cy", Family: "Eads", StudentNumber: "009", City: "Lakeside"},
	} {
		person.BornOn = ledger.NewDate(2019, 5, 1)
		added, err := family.Add(ctx, tx, who, keys, []family.New{{Children: []family.NewChild{{Person: person}}}}, at)
		if err != nil {
			return err
		}
		ids = append(ids, added[0][0])
		err = family.SetSchoolings(ctx, tx, who, []family.Schooling{{Child: ids[i], School: schools[i%2].ID, Grade: "01", From: ledger.DateOf(at)}}, at)
		if err != nil {
			return err
		}
	}
	joining := ledger.NewDate(2026, 7, 15)
	_, err = enroll.Admit(ctx, tx, who, keys, p, book, []enroll.Application{{Child: ids[0], On: joining}, {Child: ids[1], On: joining}, {Child: ids[2], On: joining}}, at)
	if err != nil {
		return err
	}
	_, err = savings.PostDeposits(ctx, tx, who, p, []savings.Deposit{
		{Reference: "1", Child: ids[0], Amount: ledger.Minor(30_00), On: ledger.NewDate(2026, 8, 10), Channel: "cash"},
		{Reference: "2", Child: ids[0], Amount: ledger.Minor(20_00), On: ledger.NewDate(2026, 9, 10), Channel: "cash"},
		{Reference: "3", Child: ids[1], Amount: ledger.Minor(10_00), On: ledger.NewDate(2026, 9, 20), Channel: "ach"},
	}, 0, at)
	if err != nil {
		return err
	}
	walk := enroll.Walk{Who: who, Keys: keys, Program: p, Rules: book, AsOf: ledger.NewDate(2026, 10, 1), At: at}
	_, _, err = enroll.AwardChunk(ctx, tx, walk, 0)
	return err
}

func TestForecastsPrintWhatTheyFound(t *testing.T) {
	s := newShell(t)
	s.foreseen()
	got := s.run([]string{
		`csa rules try draft.yaml --program city --as-of 2026-10-01 --children 1`,
		`csa rules try approved.yaml --program city --as-of 2026-10-01`,
		`csa forecast --program city --as-of 2026-10-01 --seed 7 --paths 100 --change match.caps.per_period=50.00`,
		`csa rules try draft.yaml --program city --as-of 2026-10-01 --children 1 --lang es`,
		`csa forecast --program city --as-of 2026-10-01 --seed 7 --paths 100 --change match.caps.per_period=50.00 --lang es`,
		`csa rules explain --program city --child 007 --as-of 2026-10-01`,
		`csa rules explain --program city --child 009 --as-of 2026-10-01 --lang es`,
	})
	if again := s.one(`csa forecast --program city --as-of 2026-10-01 --seed 7 --paths 100 --change match.caps.per_period=50.00`); !strings.Contains(got, again) {
		t.Errorf("the same seed gave other numbers:\n%s", again)
	}
	path := filepath.Join(s.source, "testdata", "forecast", "output.golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the output differs; run the test with -update and read the difference:\n%s", firstDifference(string(want), got))
	}
	if trail := s.trail(); trail != "child.viewed 1 cli, child.viewed 3 cli" {
		t.Errorf("on the trail: %s", trail)
	}
}

// trail are the children that were looked at, and who looked.
func (s *shell) trail() string {
	s.t.Helper()
	db, err := store.Open(s.vars["DATABASE_URL"], 2)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	var seen []string
	err = db.Read(s.t.Context(), store.Who{Tenant: 1, Actor: "test"}, func(q sqlx.QueryerContext) error {
		const query = `SELECT verb || ' ' || subject_id || ' ' || actor FROM audit_events WHERE subject_kind = 'child' ORDER BY at, subject_id`
		return sqlx.SelectContext(s.t.Context(), q, &seen, query)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(seen, ", ")
}

func TestForecastsRefuseWhatTheyCannotAnswer(t *testing.T) {
	s := newShell(t)
	s.foreseen()
	for _, test := range []struct{ command, says string }{
		{"rules try missing.yaml --program city", "no such file"},
		{"rules try draft.yaml --program nowhere", "no such program"},
		{"rules try draft.yaml --program city --lang fr", "--lang fr: use en or es"},
		{"forecast --program city --lang fr", "--lang fr: use en or es"},
		{"rules try draft.yaml --program city --as-of yesterday", "--as-of yesterday"},
		{"rules try draft.yaml --program city --children -1", "--children -1"},
		{"forecast --program city --as-of 2026-10-01 --change match", "match.amount.ratio=0.75"},
		{"forecast --program city --as-of 2026-10-01 --change match.amount.ratio=lots", "“lots” is not a ratio"},
		{"forecast --program city --paths 0", "--paths 0"},
		{"forecast --program city --paths 6000", "paths: This is too much"},
		{"forecast --program city --months 121", "months: This is too much"},
		{"rules explain --program city --child 404", "does not take part"},
		{"rules explain --program city --child Ana", "account number or a student number"},
		{"rules explain --program city --child 007 --lang fr", "--lang fr"},
	} {
		var out, errs bytes.Buffer
		lookup := func(name string) (string, bool) { v, ok := s.vars[name]; return v, ok }
		code := run(t.Context(), strings.Fields(test.command), lookup, streams{nil, &out, &errs})
		if code == 0 || out.Len() > 0 || errs.Len() == 0 || !strings.Contains(errs.String(), test.says) {
			t.Errorf("csa %s: status %d, %q, %q, want an error that says %q", test.command, code, out.String(), errs.String(), test.says)
		}
	}
}
