package portal

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/store"
)

// do runs fn in a transaction of somebody on the staff.
func (w *town) do(actor string, fn func(tx *sqlx.Tx, d duplicate.Desk) error) {
	w.t.Helper()
	d := duplicate.Desk{Who: store.Who{Tenant: w.made.Who.Tenant, Actor: actor}, Keys: w.keys, At: w.clock}
	if err := w.db.InTx(w.t.Context(), d.Who, func(tx *sqlx.Tx) error { return fn(tx, d) }); err != nil {
		w.t.Fatal(err)
	}
}

// total is what a child has, as pages write it.
func (w *town) total(id family.ChildID) (said string) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), w.made.Who, func(q sqlx.QueryerContext) error {
		money, err := enroll.MoneyOf(w.t.Context(), q, w.made.Program, []family.ChildID{id})
		said = i18n.For("en").Money(money[id].Total())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return said
}

// Two records that two families opened are joined and parted: nobody sees more
// before a second person agreed, everybody sees the child once afterwards, and
// each its own again in the end.
func TestGuardiansOfJoinedRecordsSeeTheChildOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	first, second := w.activate(w.saver, "(202) 555-0123", "+12025550123"), w.activate(w.other, "(202) 555-0124", "+12025550124")
	own := w.total(w.other.ID)
	var join family.JoinID
	w.do("staff/1", func(tx *sqlx.Tx, d duplicate.Desk) error {
		e, err := duplicate.PreviewJoin(t.Context(), tx, d, w.saver.ID, w.other.ID)
		if err != nil {
			return err
		}
		if len(e.Seers[w.saver.ID]) != 1 || len(e.Seers[w.other.ID]) != 1 || !e.Shares() {
			t.Errorf("the preview says that %v see", e.Seers)
		}
		waits, err := duplicate.ProposeJoin(t.Context(), tx, d, w.saver.ID, w.other.ID, "one child", e.Hash())
		if !waits {
			t.Error("one person alone lets a family see more")
		}
		joins, _ := family.JoinsOf(t.Context(), tx, []family.ChildID{w.saver.ID})
		join = joins[0].ID
		return err
	})
	if a := second.get("/family/home?lang=en"); !strings.Contains(a.body, own) {
		t.Errorf("before it is approved the second family does not see %s", own)
	}
	w.do("staff/2", func(tx *sqlx.Tx, d duplicate.Desk) error { return duplicate.ApproveJoin(t.Context(), tx, d, join) })
	all := w.total(w.saver.ID)
	for name, p := range map[string]*phone{"first": first, "second": second} {
		if a := p.get("/family/home?lang=en"); !strings.Contains(a.body, all) || all == own {
			t.Errorf("the %s family does not see %s, of which %s was its own", name, all, own)
		}
	}
	for path, want := range map[string]int{
		w.other.account + "/statements/2026-Q3": http.StatusOK, w.saver.account + "/statements/2026-Q3": http.StatusNotFound,
	} {
		if a := second.get("/family/children/" + path); a.status != want {
			t.Errorf("%s answers the second family with %d, want %d", path, a.status, want)
		}
	}
	// Who was given both records sees one child, under either account.
	w.do("staff/1", func(tx *sqlx.Tx, d duplicate.Desk) error {
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO guardian_children (tenant_id, account_id, child_id, granted_at, granted_by)
			SELECT tenant_id, account_id, $2, $3, 'facts' FROM guardian_children WHERE child_id = $1`, w.saver.ID, w.other.ID, w.clock)
		return err
	})
	if a := first.get("/family/home?lang=en"); strings.Contains(a.body, w.other.account) || !strings.Contains(a.body, w.saver.account) {
		t.Error("who was given both records sees two children")
	}
	if a := first.get("/family/children/" + w.other.account); a.status != http.StatusOK {
		t.Errorf("the other account leads to %d", a.status)
	}
	w.do("staff/1", func(tx *sqlx.Tx, d duplicate.Desk) error {
		e, err := duplicate.PreviewPart(t.Context(), tx, d, join)
		if err != nil {
			return err
		}
		return duplicate.PartJoin(t.Context(), tx, d, join, "two children", e.Hash(), false)
	})
	if a := second.get("/family/home?lang=en"); strings.Contains(a.body, all) {
		t.Errorf("after they were parted the second family still sees %s", all)
	}
}
