package browser_test

import (
	"fmt"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
)

// crowd has many more children take part, each of a family of its own.
func (w *town) crowd(t *testing.T, n int) {
	t.Helper()
	err := w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error {
		all, err := program.All(t.Context(), tx)
		if err != nil {
			return err
		}
		p := all[0]
		book, err := program.RulesOn(t.Context(), tx, p.ID, p.Day(w.at))
		if err != nil {
			return err
		}
		families := make([]family.New, n)
		for i := range families {
			born := p.Day(w.at).AddDays(-2500 - i%300)
			families[i] = family.New{Children: []family.NewChild{{Person: family.Person{Given: "Robin", Family: fmt.Sprintf("Crowd %d", i), BornOn: born, City: "Riverbend"}, Language: "en"}}}
		}
		ids, err := family.Add(t.Context(), tx, w.who, w.keys, families, w.at)
		if err != nil {
			return err
		}
		applications := make([]enroll.Application, n)
		for i, of := range ids {
			applications[i] = enroll.Application{Child: of[0], On: p.Day(w.at)}
		}
		_, err = enroll.Admit(t.Context(), tx, w.who, w.keys, p, book, applications, w.at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFiveThousandChildrenAtOnceByKeyboard(t *testing.T) {
	browser(t)
	w := newTown(t, []auth.Role{auth.Operator}, []auth.Role{auth.Approver})
	w.crowd(t, 5000)
	script(t, "bulk.mjs", append([]string{w.address}, w.links...)...)
}
