package countersign

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/enroll"
	"seedbook/service/imports"
	"seedbook/service/savings"
)

// balances are all accounts of the books that hold something.
func (w *town) balances() map[ledger.Account]string {
	w.t.Helper()
	out := map[ledger.Account]string{}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		all, err := ledger.Balances(ctx, tx, w.program.Book, ledger.Query{})
		for _, b := range all {
			if !b.Amount.IsZero() {
				out[b.Account] = b.Amount.String()
			}
		}
		return err
	})
	return out
}

// file takes in a file of deposits and posts it.
func (w *town) file(name, text string) imports.ID {
	w.t.Helper()
	d := w.maker.imports(w.program)
	r, err := imports.Receive(w.t.Context(), w.db, d, imports.Upload{Kind: imports.Deposits, Source: "Bank", FileName: name, Data: []byte(text)})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := imports.Apply(w.t.Context(), w.db, d, r.File, func(int, int) {}); err != nil {
		w.t.Fatal(err)
	}
	return r.File
}

// askUndo asks to have a file undone.
func (w *town) askUndo(id imports.ID) (r approval.Request, err error) {
	w.t.Helper()
	err = w.try(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		no, err := imports.ProposeUndo(ctx, tx, w.maker.imports(w.program), id, "The bank sent another town's file.")
		if err != nil {
			return err
		}
		r, err = approval.Load(ctx, tx, no)
		return err
	})
	return r, err
}

// A file of deposits is posted, earns matches, is undone with a second person's
// agreement, and after the next night and a second person's yes to what it had
// earned the books say what they said before it came.
func TestAnApprovedUndoOfAFileLeavesTheBooksAsTheyWere(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.deposit("OLD", w.ana, "10.00", w.on.AddDays(-5))
	w.night()
	before := w.balances()
	var ana, leo string
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		a, err := enroll.Of(ctx, tx, w.program.ID, w.ana)
		if err != nil {
			return err
		}
		l, err := enroll.Of(ctx, tx, w.program.ID, w.leo)
		ana, leo = a.ID.Account().String(), l.ID.Account().String()
		return err
	})
	text := "reference,account,date,amount,channel\n" +
		"F1," + ana + ",2026-09-07,40.00,cash\nF2," + leo + ",2026-09-08,25.00,cash\nF3,unknown,2026-09-08,5.00,cash\n"
	id := w.file("bank.csv", text)
	w.night()
	w.holds("posted and matched", w.ana, "50.00", "50.00")
	w.holds("posted and matched", w.leo, "25.00", "25.00")

	r, err := w.askUndo(id)
	if err != nil {
		t.Fatal(err)
	}
	says, err := r.Says()
	if err != nil || says.Total != w.money("70.00") || says.Difference != w.money("-70.00") || says.Affected != 2 {
		t.Errorf("asked for: %+v %v", says, err)
	}
	for name, by := range map[string]Desk{"who asked": w.maker, "who asked, as an approver": w.makerToo} {
		if _, err := w.approve(by, r); !errors.Is(err, approval.ErrSamePerson) {
			t.Errorf("%s approves: %v", name, err)
		}
	}
	w.holds("nothing moved", w.ana, "50.00", "50.00")
	if done, err := w.approve(w.checker, r); err != nil || done.Outcome != approval.Enough {
		t.Fatal(done, err)
	}
	if _, err := w.approve(w.second, r); !errors.Is(err, approval.ErrDecided) {
		t.Errorf("approved twice: %v", err)
	}
	w.holds("its deposits are off, the matches wait", w.ana, "10.00", "50.00")
	w.night()
	w.decideExcesses(2)
	w.holds("as before", w.ana, "10.00", "10.00")
	w.holds("as before", w.leo, "0.00", "0.00")
	if after := w.balances(); !maps.Equal(before, after) {
		t.Errorf("the books say\n%v\nand said before\n%v", after, before)
	}
	w.night()
	if after := w.balances(); !maps.Equal(before, after) {
		t.Error("the next night changes something")
	}
	w.undoneBy(id, r)
	w.sound()

	again := w.file("bank-again.csv", text) // the same file may come again, and counts once
	w.night()
	w.holds("it came again", w.ana, "50.00", "50.00")
	w.holds("it came again", w.leo, "25.00", "25.00")
	if _, err := w.askUndo(again); err != nil {
		t.Errorf("undone again: %v", err)
	}
	w.sound()
}

// decideExcesses takes back what is proposed, by a person who did not find it.
func (w *town) decideExcesses(n int) {
	w.t.Helper()
	w.do(w.checker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		all, err := savings.Excesses(ctx, tx, w.program.ID)
		if len(all) != n {
			w.t.Errorf("%d excesses are proposed, want %d: %+v", len(all), n, all)
		}
		for _, x := range all {
			if err := savings.Decide(ctx, tx, w.checker.Who(), w.program, x.ID, true, w.on, w.at); err != nil {
				return err
			}
		}
		return err
	})
}

// undoneBy fails where a file and the ledger do not name who asked and agreed.
func (w *town) undoneBy(id imports.ID, r approval.Request) {
	w.t.Helper()
	want := r.ID.Ref() + " " + w.checker.Who().Actor
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		f, err := imports.Load(ctx, tx, w.maker.imports(w.program), id)
		if err != nil {
			return err
		}
		if f.State != imports.Undone || f.UndoneBy != w.maker.Who().Actor {
			w.t.Errorf("the file is %s, by %s", f.State, f.UndoneBy)
		}
		no, _, err := ledger.TransactionByKey(ctx, tx, w.program.Book, "deposit/1/F1")
		if err != nil {
			return err
		}
		entries, err := ledger.Transaction(ctx, tx, w.program.Book, no)
		if err != nil {
			return err
		}
		back, err := ledger.Transaction(ctx, tx, w.program.Book, entries[0].ReversedBy)
		if len(back) != 2 || back[0].Approval != want || back[0].Maker != w.maker.Who().Actor {
			w.t.Errorf("its reversal: %+v, want %s", back, want)
		}
		return err
	})
}

// What later came to depend on a file while its undo waited is in the way of it.
func TestAnUndoThatSomethingDependsOnMeanwhileIsNotDone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	id := w.file("bank.csv", "reference,account,date,amount,channel\nF1,unknown,2026-09-08,5.00,cash\n")
	r, err := w.askUndo(id)
	if err != nil {
		t.Fatal(err)
	}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		no, err := savings.DepositByReference(ctx, tx, w.program.ID, "F1")
		if err != nil {
			return err
		}
		return savings.Identify(ctx, tx, w.cli, w.program, savings.Identification{Deposit: no, Child: w.leo, On: w.on}, w.at)
	})
	if _, err := w.approve(w.checker, r); !errors.Is(err, imports.ErrDepended) {
		t.Errorf("approved all the same: %v", err)
	}
	w.holds("it stays where it is", w.leo, "5.00", "0.00")
}
