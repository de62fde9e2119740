package statement

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/duplicate"
	"seedbook/service/family"
	"seedbook/service/pdf/pdftest"
	"seedbook/service/store"
)

// join has the first record go on for both, on a day: one person proposes and
// another approves.
func (w *world) join(survivor, absorbed int, on string) family.JoinID {
	w.t.Helper()
	d := duplicate.Desk{Who: w.who, Keys: w.keys, At: day(w.t, on).Time().Add(15 * time.Hour)}
	second := d
	second.Who = store.Who{Tenant: w.who.Tenant, Actor: "second"}
	a, b := w.child[survivor], w.child[absorbed]
	var id family.JoinID
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		e, err := duplicate.PreviewJoin(ctx, tx, d, a, b)
		if err != nil {
			return err
		}
		waits, err := duplicate.ProposeJoin(ctx, tx, d, a, b, "one child", e.Hash())
		if err != nil {
			return err
		}
		joins, err := family.JoinsOf(ctx, tx, []family.ChildID{a})
		if id = joins[0].ID; err == nil && waits {
			err = duplicate.ApproveJoin(ctx, tx, second, id)
		}
		return err
	})
	return id
}

func (w *world) part(id family.JoinID, on string) {
	w.t.Helper()
	d := duplicate.Desk{Who: w.who, Keys: w.keys, At: day(w.t, on).Time().Add(16 * time.Hour)}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		e, err := duplicate.PreviewPart(ctx, tx, d, id)
		if err != nil {
			return err
		}
		return duplicate.PartJoin(ctx, tx, d, id, "two children", e.Hash(), false)
	})
}

func (w *world) pdf(d Drawn) string {
	w.t.Helper()
	var b bytes.Buffer
	if err := WritePDF(&b, d, "en"); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// Two records of one child are joined in the fourth quarter and parted in the
// first of the next year.
func TestAJoinedChildHasOneStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.award("2026-07-02")
	w.deposit("D1", 0, "15", "2026-08-05", "cash")
	w.deposit("D2", 1, "20", "2026-08-06", "ach")
	w.award("2026-08-10")
	w.issue("2026-Q3", "2026-10-01")
	before := [2]Drawn{w.drawn(0, "2026-Q3"), w.drawn(1, "2026-Q3")}
	join := w.join(0, 1, "2026-11-10")
	w.deposit("D3", 1, "10", "2026-11-20", "cash") // still under the old number
	w.deposit("D4", 1, "7", "2026-09-25", "cash")  // of the quarter before
	w.deposit("D5", 0, "5", "2026-12-01", "gift")
	if n := w.issue("2026-Q4", "2027-01-02"); n != 2 {
		t.Fatalf("%d statements for two children on three records", n)
	}
	joint := w.drawn(0, "2026-Q4")
	if joint.Opening() != before[0].Closing().Add(before[1].Closing()) || len(joint.Parts) != 2 || joint.Parts[1].Child != w.child[1] {
		t.Errorf("opens with %s in %d parts", joint.Opening(), len(joint.Parts))
	}
	for i, p := range joint.Parts {
		if p.OpeningOwn != before[i].ClosingOwn || p.OpeningProgram != before[i].ClosingProgram || p.Previous != before[i].Known {
			t.Errorf("record %d goes on with %+v after %+v", i, p, before[i].Part)
		}
	}
	if got, want := said(joint.Own), []string{"2026-09-25 deposit 7.00 late", "2026-11-20 deposit 10.00", "2026-12-01 deposit 5.00"}; !slices.Equal(got, want) {
		t.Errorf("own money: %q, want %q", got, want)
	}
	if joint.Own[0].Account != joint.Accounts[1] || joint.Own[2].Account != joint.Accounts[0] || joint.ClosingOwn != dollars(t, "57") {
		t.Errorf("closes with %s, lines on %d and %d", joint.ClosingOwn, joint.Own[0].Account, joint.Own[2].Account)
	}
	if same := w.drawn(1, "2026-Q4"); same.ID != joint.ID {
		t.Errorf("the joined record has statement %d of its own", same.ID)
	}
	paper := w.pdf(joint)
	for _, lang := range []string{"en", "es"} {
		var b bytes.Buffer
		if err := WritePDF(&b, joint, lang); err != nil {
			t.Fatal(err)
		}
		if keep := os.Getenv("JOINT"); keep != "" { // to be looked at
			if err := os.WriteFile(keep+"."+lang+".pdf", b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		// Open fails the test where a screen reader would stumble.
		if read := pdftest.Open(t, b.Bytes()); read.Lang != lang+"-US" || len(read.All("H1")) != 1 || len(read.All("TH")) < 6 {
			t.Errorf("%s: language %s, outline\n%s", lang, read.Lang, read.Outline())
		}
	}

	w.part(join, "2027-02-10")
	w.deposit("D6", 1, "3", "2026-12-20", "cash") // of the joint quarter
	w.deposit("D7", 0, "4", "2027-02-20", "cash")
	w.award("2027-03-01")
	if n := w.issue("2026-Q4", "2027-04-01"); n != 0 {
		t.Errorf("%d records got another statement of a quarter that one shows", n)
	}
	if again := w.drawn(0, "2026-Q4"); !reflect.DeepEqual(again, joint) || w.pdf(again) != paper {
		t.Errorf("the joint statement changed:\n%+v\n%+v", joint, again)
	}
	if _, err := w.tryDraw(1, "2026-Q4"); err == nil {
		t.Error("the other child is shown the joint statement")
	}
	if n := w.issue("2027-Q1", "2027-04-02"); n != 3 {
		t.Errorf("%d statements for three children", n)
	}
	for i, p := range joint.Parts {
		after := w.drawn(i, "2027-Q1")
		if after.Joint || after.OpeningOwn != p.ClosingOwn || after.OpeningProgram != p.ClosingProgram {
			t.Errorf("record %d opens with %+v after %+v", i, after.Part, p)
		}
	}
	if got, want := said(w.drawn(1, "2027-Q1").Own), []string{"2026-12-20 deposit 3.00 late"}; !slices.Equal(got, want) {
		t.Errorf("the other child: %q, want %q", got, want)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		c, err := Confirm(ctx, tx, w.who, w.keys, joint.Code)
		if err != nil || c.ClosingOwn != joint.ClosingOwn {
			t.Errorf("the joint statement's code: %+v, %v", c.Part, err)
		}
		all, err := Of(ctx, tx, w.program.ID, w.child[1])
		if err != nil || len(all) != 2 {
			t.Errorf("the other child has %d statements, %v", len(all), err)
		}
		all, err = Of(ctx, tx, w.program.ID, w.child[0])
		if err != nil || len(all) != 3 || !all[1].Shared(w.child[:1]) || all[0].Shared(w.child[:1]) {
			t.Errorf("the first child has %d statements, %v", len(all), err)
		}
		return nil
	})
}

// A statement that somebody made of one record before they were joined is not
// made again with the other.
func TestARecordStandsOnOneStatementOfAPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.deposit("D1", 0, "15", "2026-08-05", "cash")
	w.deposit("D2", 1, "20", "2026-08-06", "ach")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := Issue(ctx, tx, w.who, w.keys, w.program, w.child[1:], w.span("2026-Q3"), day(t, "2026-10-01"), w.at)
		return err
	})
	w.join(0, 1, "2026-10-02")
	w.issue("2026-Q3", "2026-10-03")
	first, second := w.drawn(0, "2026-Q3"), w.drawn(1, "2026-Q3")
	if first.ID == second.ID || first.ClosingOwn != dollars(t, "15") || second.ClosingOwn != dollars(t, "20") {
		t.Errorf("statements %d and %d close with %s and %s", first.ID, second.ID, first.ClosingOwn, second.ClosingOwn)
	}
	w.issue("2026-Q4", "2027-01-02")
	if d := w.drawn(0, "2026-Q4"); d.OpeningOwn != dollars(t, "35") {
		t.Errorf("the next one opens with %s", d.OpeningOwn)
	}
}

// Whatever happens between them, a record's statements meet, and all add up.
func TestStatementsMeetThroughJoinsAndPartings(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		w, r := newWorld(t, 3), rand.New(rand.NewPCG(seed, 31))
		joined, with, first := family.JoinID(0), 0, ledger.NewDate(2026, 7, 1)
		for month := range 8 {
			for n := range 6 {
				on := first.AddMonths(month).AddDays(3 + 4*n)
				switch r.IntN(6) {
				case 0:
					if joined == 0 {
						with = 1 + r.IntN(2)
						joined = w.join(0, with, on.String())
					}
				case 1:
					if joined != 0 {
						w.part(joined, on.String())
						joined = 0
					}
				case 2:
					w.award(on.String())
				default:
					late := on.AddDays(-r.IntN(60))
					w.deposit(fmt.Sprintf("D%d.%d", month, n), r.IntN(3), fmt.Sprint(1+r.IntN(40)), later(first, late).String(), "cash")
				}
			}
			span := MonthOf(first.AddMonths(month))
			w.issue(span.Name, span.Last.AddDays(1).String())
		}
		w.meet(seed)
	}
}

// meet checks the records' chains of statements, and that every one adds up.
func (w *world) meet(seed uint64) {
	w.t.Helper()
	const chain = `SELECT r.child_id, period, opening_own, opening_program, closing_own, closing_program FROM ` + byRecord + ` ORDER BY child_id, first_on`
	var rows []struct {
		Part
		Period string `db:"period"`
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		if err := tx.SelectContext(ctx, &rows, chain); err != nil {
			return err
		}
		for month := range 8 {
			span := MonthOf(ledger.NewDate(2026, 7, 1).AddMonths(month))
			issued, err := Batch(ctx, tx, w.program.ID, span, 0, 10)
			if err != nil {
				return err
			}
			if _, err := Draw(ctx, tx, w.who, w.keys, w.program, issued); err != nil {
				return fmt.Errorf("seed %d, %s: %w", seed, span.Name, err)
			}
		}
		return nil
	})
	if len(rows) != 3*8 {
		w.t.Errorf("seed %d: %d records on statements of 8 months, want 3 each", seed, len(rows))
	}
	for i, r := range rows[:max(len(rows)-1, 0)] {
		next := rows[i+1]
		if r.Child == next.Child && (r.ClosingOwn != next.OpeningOwn || r.ClosingProgram != next.OpeningProgram || strings.Compare(r.Period, next.Period) >= 0) {
			w.t.Errorf("seed %d, record %d: %s closes with %s and %s, %s opens with %s and %s", seed, r.Child,
				r.Period, r.ClosingOwn, r.ClosingProgram, next.Period, next.OpeningOwn, next.OpeningProgram)
		}
	}
}

func later(a, b ledger.Date) ledger.Date {
	if a.Before(b) {
		return b
	}
	return a
}
