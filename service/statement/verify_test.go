package statement

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
)

func (w *world) confirm(code string) (c Confirmed, err error) {
	w.t.Helper()
	err = w.try(func(ctx context.Context, tx *sqlx.Tx) error {
		c, err = Confirm(ctx, tx, w.who, w.keys, code)
		return err
	})
	return c, err
}

func TestAnybodyCanHaveAStatementConfirmedByItsCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.award("2026-07-15")
	w.deposit("d1", 0, "40.00", "2026-08-03", "cash")
	w.award("2026-09-30")
	w.issue("2026-Q3", "2026-10-01")
	d := w.drawn(0, "2026-Q3")
	for _, typed := range []string{d.Code, strings.ToLower(d.Code), strings.ReplaceAll(d.Code, "-", " "), " " + strings.ReplaceAll(d.Code, "-", "") + " "} {
		c, err := w.confirm(typed)
		if err != nil || c.ID != d.ID || c.Closing() != d.Closing() || c.Program.Name != w.program.Name {
			t.Errorf("%q: %v, %+v", typed, err, c)
		}
	}
	other := w.drawn(1, "2026-Q3").Code
	if other == d.Code {
		t.Error("two statements have one code")
	}
	changed := "A" + d.Code[1:]
	if d.Code[0] == 'A' {
		changed = "B" + d.Code[1:]
	}
	for _, typed := range []string{"", "AAAA-AAAA-AAAA", changed, d.Code[:13], d.Code + "A", "' OR 1=1 --"} {
		if _, err := w.confirm(typed); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

// A row that somebody wrote past us has a code that we did not make.
func TestAForgedStatementIsNotConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.award("2026-07-15")
	w.issue("2026-07", "2026-08-01")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO statements (tenant_id, program_id, child_id, period, first_on, last_on, known_no, previous_no,
			                        opening_own, opening_program, closing_own, closing_program, coming, code, issued_at)
			SELECT tenant_id, program_id, child_id, '2026-Q3', first_on, last_on, known_no, previous_no,
			       opening_own, opening_program, closing_own, 9999.00, coming, 'FORG-EDFO-RGED', issued_at
			FROM statements LIMIT 1`)
		return err
	})
	if _, err := w.confirm("FORG-EDFO-RGED"); !errors.Is(err, ErrNone) {
		t.Errorf("forged: %v", err)
	}
}

func TestHistoryIsEveryLineAndAddsUpToWhatThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.award("2026-07-15")
	w.deposit("d1", 0, "40.00", "2026-08-03", "cash")
	w.award("2026-09-30")
	w.bounce("d1", "2026-10-05")
	w.deposit("d2", 0, "15.00", "2026-10-06", "check")
	w.award("2026-10-31")
	var lines []Line
	var sum, has ledger.Amount
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if lines, err = History(ctx, tx, w.program, w.child[0]); err != nil {
			return err
		}
		balances, err := ledger.Balances(ctx, tx, w.program.Book, ledger.Query{Children: []int64{int64(w.child[0])}})
		for _, b := range balances {
			if b.Chart.Layer() != "" {
				has = has.Add(b.Amount)
			}
		}
		return err
	})
	for i, l := range lines {
		sum = sum.Add(l.Amount)
		if i > 0 && l.On.Before(lines[i-1].On) {
			t.Errorf("line %d is out of order", i)
		}
		if l.Benefit != "" && l.Period == "" {
			t.Errorf("%s of %s says no period", l.Benefit, l.On)
		}
	}
	if sum != has || len(lines) < 5 {
		t.Errorf("lines %v sum to %s, the account has %s", said(lines), sum, has)
	}
}
