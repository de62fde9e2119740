package forecast

import (
	"context"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/rules"
)

func (w *world) supply(book *rules.Book) (has rules.Supply) {
	w.t.Helper()
	err := w.source.db.Read(w.t.Context(), w.source.who, func(q sqlx.QueryerContext) (err error) {
		has, err = Supply(w.t.Context(), q, w.source.program, book, w.at)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return has
}

func TestASecondLookKnowsWhatFeedsBroughtAndFundsHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	book := parse(t, approvedRules+"facts: [{name: foster, type: yes_no}, {name: lunch, type: text}]\n")
	if has := w.supply(book); len(has.Facts) != 0 || has.Funds["CITY"].String() != "850.00" || has.Funds["MATCH"].String() != "40.00" {
		t.Errorf("before any feed: %v", has)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := family.RecordFacts(ctx, tx, w.source.who, w.source.keys, []family.Fact{
			{Child: w.a, Name: "foster", Value: true, Reference: "agency/1", From: ledger.NewDate(2026, 9, 1), Known: w.asOf, Source: "agency"},
		}, w.at)
		return err
	})
	if has := w.supply(book); !slices.Equal(has.Facts, []string{"foster"}) {
		t.Errorf("after the agency's file: %v", has.Facts)
	}
}
