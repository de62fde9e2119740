package portal

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
)

// Two adults of one child who shall not find each other: no page of either says
// where the other lives, or how to reach it; and what an order took from one of
// them is gone at the next request. The pages are all routes there are.
func TestNeitherGuardianSeesWhereTheOtherLives(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	adults := []family.Guardian{
		{Given: "Rosalinda", Family: "Uno", Phone: "(202) 555-0123", Email: "uno@canary.example", Address: "17 Heron Alley, Canaryville"},
		{Given: "Hugolino", Family: "Dos", Phone: "(202) 555-0177", Email: "dos@canary.example", Address: "92 Otter Street, Canaryville"},
	}
	ids := make([]family.GuardianID, 2)
	do := func(fn func(tx *sqlx.Tx) error) {
		t.Helper()
		if err := w.db.InTx(t.Context(), w.made.Who, fn); err != nil {
			t.Fatal(err)
		}
	}
	do(func(tx *sqlx.Tx) (err error) {
		for i, a := range adults {
			if ids[i], err = family.AddGuardian(t.Context(), tx, w.made.Who, w.keys, w.saver.ID, a, w.clock); err != nil {
				return err
			}
		}
		return nil
	})
	phones := []*phone{w.activate(w.saver, "(202) 555-0123", "+12025550123"), w.activate(w.saver, "(202) 555-0177", "+12025550177")}
	pages := 0
	for i, p := range phones {
		other := adults[1-i]
		for _, r := range w.hall.Routes() {
			if r.Method != "GET" || !strings.HasPrefix(r.Path, "/family/") {
				continue
			}
			a := p.do("GET", w.fill(r.Path, w.saver), url.Values{})
			if a.status == http.StatusOK {
				pages++
			}
			for _, canary := range []string{other.Address, "Canaryville", other.Email, other.Phone[6:], other.Given} {
				if strings.Contains(a.body, canary) {
					t.Errorf("guardian %d finds %q on %s", i, canary, r.Path)
				}
			}
		}
	}
	if pages < 12 {
		t.Errorf("only %d pages were looked at", pages)
	}
	do(func(tx *sqlx.Tx) error {
		order := family.Guardianship{Guardian: ids[1], Rights: []family.Right{family.MayDeposit}, From: ledger.NewDate(2026, 10, 1), Reference: "order", Order: "2026-44"}
		return family.SetRights(t.Context(), tx, w.made.Who, w.keys, w.saver.ID, order, w.clock)
	})
	child := w.fill("/family/children/:account", w.saver)
	if a := phones[1].get(child); a.status != http.StatusNotFound {
		t.Errorf("without the right to see, the child's page: %d", a.status)
	}
	if a := phones[0].get(child); a.status != http.StatusOK {
		t.Errorf("with it: %d", a.status)
	}
}
