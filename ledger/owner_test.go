package ledger

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations"
	"seedbook/migrations/pgtest"
)

// TestItWorksForAnOwnerWhoIsNoSuperuser runs the strongroom as on a server that
// somebody else administers: there row-level security also holds for the owner
// of the tables, and so inside the functions that write them.
func TestItWorksForAnOwnerWhoIsNoSuperuser(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t).DSN // also makes the roles of the application
	admin := connect(t, dsn)
	owner := fmt.Sprintf("owner_%d", os.Getpid())
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	original, database := u.User, owner+"_books"
	for _, query := range []string{
		"CREATE ROLE " + owner + " LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
		"GRANT csa_app, csa_report, csa_backup TO " + owner,
		"CREATE DATABASE " + database + " OWNER " + owner + " TEMPLATE template0",
	} {
		if _, err := admin.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, query := range []string{"DROP DATABASE IF EXISTS " + database + " WITH (FORCE)", "DROP ROLE IF EXISTS " + owner} {
			if _, err := admin.Exec(query); err != nil {
				t.Log(err)
			}
		}
	})
	u.User, u.Path = url.User(owner), "/"+database
	superuser := *u
	superuser.User = original
	connect(t, superuser.String()).MustExec("ALTER SCHEMA public OWNER TO " + owner)
	if err := migrations.Up(t.Context(), u.String(), nil); err != nil {
		t.Fatal(err)
	}
	db := connect(t, u.String())
	b := (&books{db: db, tenant: newTenant(t, db)}).openBook(t)
	cash, kids := b.family(t, 3)
	b.mustPost(t, move("a", cash, kids[0], 100), move("b", cash, kids[1], 100))
	if got := b.mustPost(t, move("a", cash, kids[0], 100)); !got[0].Replayed {
		t.Error("not replayed")
	}
	h, err := b.hold("h", kids[0], 50, noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.capture(noon, Captured{h, move("c", kids[0], cash, 50)}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.reverse(Reversal{Key: "r", Of: 2, Effective: sept}); err != nil {
		t.Fatal(err)
	}
	signer, _ := newSigner(t)
	b.seal(t, signer)
	b.sound(t)
	var n int
	if err := db.Get(&n, `SELECT count(*) FROM ledger_entries`); err != nil || n != 0 {
		t.Errorf("the owner sees %d entries without a tenant (%v)", n, err)
	}
	plan := b.plan(t, fmt.Sprintf(`SELECT balance_after FROM ledger_entries WHERE book_id = %d AND account_id = %d ORDER BY seq DESC LIMIT 1`, b.book, cash))
	if !strings.Contains(plan, "Index Scan Backward using ledger_entries_pkey") {
		t.Errorf("row-level security keeps the index from being used:\n%s", plan)
	}
}

// plan is how the application's role would run a query, if tables were large.
func (b *books) plan(t testing.TB, query string) (plan string) {
	t.Helper()
	b.must(t, func(tx *sqlx.Tx) error {
		tx.MustExec(`SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off`)
		var lines []string
		err := tx.Select(&lines, `EXPLAIN (COSTS OFF) `+query)
		plan = strings.Join(lines, "\n")
		return err
	})
	return plan
}
