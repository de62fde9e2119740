package program

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// desk is a council with a program and its funds; maker writes, checker
// approves.
type desk struct {
	council
	program ID
	checker council
}

func newDesk(t *testing.T) desk {
	t.Helper()
	c := newCouncil(t)
	p, err := c.add(riverbend)
	if err != nil {
		t.Fatal(err)
	}
	c.addFunds(p.ID, "CITY", "BANK")
	return desk{c, p.ID, c.by("staff/2")}
}

// seeds is a book that gives every child so many dollars.
func seeds(dollars int) string {
	return fmt.Sprintf(`program: {id: riverbend, name: Riverbend, currency: USD, time_zone: America/New_York, rounding: half_up}
versions: [{id: v1, effective_from: 2026-07-01}]
benefits:
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: %d.00}
    period: once
    funding: {sources: [{fund: CITY}]}
`, dollars)
}

func (d desk) begin(source string) (no BookNo) {
	d.t.Helper()
	d.must(d.do(func(tx *sqlx.Tx) (err error) {
		no, err = Begin(d.t.Context(), tx, d.as, d.program, 0, source, d.at)
		return err
	}))
	return no
}

func (d desk) save(as council, no BookNo, revision int, source string) (next int, err error) {
	err = as.do(func(tx *sqlx.Tx) error {
		next, err = Save(d.t.Context(), tx, as.as, d.program, no, revision, source, d.at)
		return err
	})
	return next, err
}

func (d desk) submit(no BookNo, revision int, note string) error {
	return d.do(func(tx *sqlx.Tx) error {
		return Submit(d.t.Context(), tx, d.as, d.program, no, revision, note, d.at)
	})
}

// submitted is a book that waits for approval.
func (d desk) submitted(source string) RuleBook {
	d.t.Helper()
	no := d.begin(source)
	d.must(d.submit(no, 1, "The council wants it."))
	return d.book(no, d.at)
}

func (d desk) approve(as council, b RuleBook, on string) error {
	return as.do(func(tx *sqlx.Tx) error {
		return ApproveBook(d.t.Context(), tx, as.as, d.program, Approval{Book: b.No, Hash: b.Hash, EffectiveOn: day(d.t, on)}, d.at)
	})
}

func (d desk) book(no BookNo, at time.Time) (b RuleBook) {
	d.t.Helper()
	d.must(d.do(func(tx *sqlx.Tx) (err error) {
		b, err = RuleBookOf(d.t.Context(), tx, d.program, no, ledger.DateIn(at, time.UTC))
		return err
	}))
	return b
}

func (d desk) rulesOn(on string) (book *rules.Book, err error) {
	err = d.do(func(tx *sqlx.Tx) error {
		book, err = RulesOn(d.t.Context(), tx, d.program, day(d.t, on))
		return err
	})
	return book, err
}

func (d desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func day(t *testing.T, s string) ledger.Date {
	t.Helper()
	on, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return on
}

func TestARuleBookIsApprovedByASecondPersonBoundToWhatWasShown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	b := d.submitted(seeds(50))
	other := b
	other.Hash = "0" + b.Hash[1:]
	if err := d.approve(d.checker, other, "2026-09-01"); !errors.Is(err, ErrOtherHash) {
		t.Errorf("approved another book than was shown: %v, want ErrOtherHash", err)
	}
	if err := d.approve(d.council, b, "2026-09-01"); !errors.Is(err, ErrSamePerson) {
		t.Errorf("approved by who wrote it: %v, want ErrSamePerson", err)
	}
	if _, err := d.rulesOn("2026-09-01"); !errors.Is(err, ErrNoRules) {
		t.Errorf("a submitted book is in effect: %v, want ErrNoRules", err)
	}
	d.must(d.approve(d.checker, b, "2026-09-01"))
	if err := d.approve(d.checker, b, "2026-09-01"); !errors.Is(err, ErrState) {
		t.Errorf("approved twice: %v, want ErrState", err)
	}
	if book, err := d.rulesOn("2026-09-01"); err != nil || book.Hash() != b.Hash {
		t.Errorf("in effect is %v, %v; approved was %s", book, err, b.Hash)
	}
}

func TestWhoHadAHandInTheTextDoesNotApproveIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	no := d.begin(seeds(50))
	if _, err := d.save(d.by("staff/3"), no, 1, seeds(60)); err != nil {
		t.Fatal(err)
	}
	d.must(d.submit(no, 2, "More for every child."))
	b := d.book(no, d.at)
	for _, hand := range []council{d.council, d.by("staff/3")} {
		if err := d.approve(hand, b, "2026-09-01"); !errors.Is(err, ErrSamePerson) {
			t.Errorf("%s approved: %v, want ErrSamePerson", hand.as.Actor, err)
		}
	}
	d.must(d.approve(d.checker, b, "2026-09-01"))
}

func TestADraftKeepsWhatWasTypedAndNobodyOverwritesAnother(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	no := d.begin("benefits: [")
	if b := d.book(no, d.at); b.Hash != "" || b.Source != "benefits: [" || b.State != Drafted {
		t.Errorf("a text that is no book was not kept as it is: %+v", b)
	}
	rosa := d.by("staff/3")
	next, err := d.save(rosa, no, 1, seeds(60))
	if err != nil || next != 2 {
		t.Fatalf("saved as revision %d, %v", next, err)
	}
	if _, err := d.save(d.council, no, 1, seeds(70)); !errors.Is(err, ErrStale) {
		t.Errorf("saved over somebody else's text: %v, want ErrStale", err)
	}
	if next, err := d.save(d.council, no, 1, seeds(60)); err != nil || next != 2 {
		t.Errorf("the same text again: revision %d, %v", next, err)
	}
	if err := d.submit(no, 1, "More."); !errors.Is(err, ErrStale) {
		t.Errorf("submitted another text than was shown: %v, want ErrStale", err)
	}
	if b := d.book(no, d.at); b.Source != seeds(60) || b.Revision != 2 || b.LastBy != "staff/3" || b.Hash == "" {
		t.Errorf("kept is %+v", b)
	}
	if _, err := d.save(d.council, no, 2, strings.Repeat("x", maxBook+1)); !errors.Is(err, ErrBookSize) {
		t.Errorf("a text without end: %v, want ErrBookSize", err)
	}
}

func TestOnlyABookThatWorksIsSubmitted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	wrong := seeds(50) + "examples: [{name: Wrong, events: [{on: 2026-09-01, event: enrolled}], expect: [{on: 2026-09-01, amount: 51.00}]}]\n"
	for _, test := range []struct {
		name, source, note string
		want               error
	}{
		{"no reason given", seeds(50), " \n ", ErrNote},
		{"a novel of a reason", seeds(50), strings.Repeat("x", maxNote+1), ErrNote},
		{"not a rule book", "benefits: [", "x", rules.ErrBook},
		{"a fund that is not there", strings.Replace(seeds(50), "CITY", "MOON", 1), "x", ErrUnknownFund},
		{"another currency", strings.Replace(seeds(50), "USD", "CAD", 1), "x", ErrUnlike},
		{"another zone", strings.Replace(seeds(50), "New_York", "Chicago", 1), "x", ErrUnlike},
		{"an example that fails", wrong, "x", ErrExamples},
	} {
		no := d.begin(test.source)
		if err := d.submit(no, 1, test.note); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if b := d.book(no, d.at); b.State != Drafted {
			t.Errorf("%s: it is %s", test.name, b.State)
		}
	}
	d.submitted(seeds(50))
	if err := d.submit(d.begin(seeds(50)), 1, "x"); !errors.Is(err, ErrSubmitted) {
		t.Errorf("the same book a second time: %v, want ErrSubmitted", err)
	}
}

func TestABookTakesEffectOnItsDayAndSupersedesTheOneBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first, second := d.submitted(seeds(50)), d.submitted(seeds(75))
	d.must(d.approve(d.checker, first, "2026-07-01")) // the first may hold for days that have passed
	if err := d.approve(d.checker, second, "2026-08-31"); !errors.Is(err, ErrPast) {
		t.Errorf("took effect yesterday: %v, want ErrPast", err)
	}
	d.must(d.approve(d.checker, second, "2027-01-01"))
	if _, err := d.rulesOn("2026-06-30"); !errors.Is(err, ErrNoRules) {
		t.Errorf("before the first book: %v, want ErrNoRules", err)
	}
	for on, want := range map[string]RuleBook{"2026-07-01": first, "2026-12-31": first, "2027-01-01": second, "2030-01-01": second} {
		if book, err := d.rulesOn(on); err != nil || book.Hash() != want.Hash {
			t.Errorf("on %s: %v, want book %d", on, err, want.No)
		}
	}
	for _, test := range []struct {
		on            time.Time
		first, second State
	}{{d.at, Effective, Approved}, {time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC), Superseded, Effective}} {
		if a, b := d.book(first.No, test.on), d.book(second.No, test.on); a.State != test.first || b.State != test.second {
			t.Errorf("on %s: %s and %s, want %s and %s", test.on, a.State, b.State, test.first, test.second)
		}
	}
}

func TestAnApprovedBookIsTakenBackBeforeItsDayOnly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first, second := d.submitted(seeds(50)), d.submitted(seeds(75))
	d.must(d.approve(d.checker, first, "2026-09-01"))
	d.must(d.approve(d.checker, second, "2027-01-01"))
	revoke := func(b RuleBook, why string) error {
		return d.checker.do(func(tx *sqlx.Tx) error {
			return Revoke(t.Context(), tx, d.checker.as, d.program, b.No, why, d.at)
		})
	}
	if err := revoke(first, "Too much."); !errors.Is(err, ErrInEffect) {
		t.Errorf("what is in effect was taken back: %v, want ErrInEffect", err)
	}
	if err := revoke(second, ""); !errors.Is(err, ErrNote) {
		t.Errorf("without a reason: %v, want ErrNote", err)
	}
	d.must(revoke(second, "The council voted again."))
	if book, err := d.rulesOn("2027-01-01"); err != nil || book.Hash() != first.Hash {
		t.Errorf("what was taken back is in effect: %v", err)
	}
}

func TestAReturnedBookIsEditedAsANewDraft(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	b := d.submitted(seeds(50))
	give := func(why string) error {
		return d.checker.do(func(tx *sqlx.Tx) error {
			return Return(t.Context(), tx, d.checker.as, d.program, b.No, b.Hash, why, d.at)
		})
	}
	if err := give(""); !errors.Is(err, ErrNote) {
		t.Errorf("returned without a reason: %v, want ErrNote", err)
	}
	d.must(give("Fifty is not enough."))
	if _, err := d.save(d.council, b.No, 1, seeds(60)); !errors.Is(err, ErrFrozen) {
		t.Errorf("a returned book was changed: %v, want ErrFrozen", err)
	}
	if err := d.approve(d.checker, b, "2026-09-01"); !errors.Is(err, ErrState) {
		t.Errorf("a returned book was approved: %v, want ErrState", err)
	}
	var next BookNo
	d.must(d.do(func(tx *sqlx.Tx) (err error) {
		next, err = Begin(t.Context(), tx, d.as, d.program, b.No, seeds(60), d.at)
		return err
	}))
	if got := d.book(next, d.at); got.BasedOn != b.No || got.No != b.No+1 {
		t.Errorf("the new draft is %+v", got)
	}
	var steps []Step
	var trail []audit.Recorded
	d.must(d.do(func(tx *sqlx.Tx) (err error) {
		if steps, err = Steps(t.Context(), tx, d.program, b.No); err != nil {
			return err
		}
		trail, err = audit.Trail(t.Context(), tx, audit.Filter{Kind: "rule_book", Subject: int64(b.No)})
		return err
	}))
	var got []string
	for _, s := range steps {
		got = append(got, s.Step+" by "+s.By+": "+s.Note)
	}
	want := "returned by staff/2: Fifty is not enough. | submitted by staff/1: The council wants it. | drafted by staff/1: "
	if strings.Join(got, " | ") != want || len(trail) != 3 {
		t.Errorf("history %q with %d events in the trail, want %q and 3", strings.Join(got, " | "), len(trail), want)
	}
}

// The database holds the rules even where the program would not.
func TestTheDatabaseRefusesWhatTheLifecycleForbids(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	approved, waiting := d.submitted(seeds(50)), d.submitted(seeds(75))
	d.must(d.approve(d.checker, approved, "2026-09-01"))
	for _, test := range []struct{ name, query, constraint string }{
		{"an approved text changes", `UPDATE program_rule_books SET source = 'x' WHERE no = 1`, "program_rule_books_frozen_check"},
		{"an approved hash changes", `UPDATE program_rule_books SET hash = repeat('0', 64) WHERE no = 1`, "program_rule_books_frozen_check"},
		{"an approved day changes", `UPDATE program_rule_books SET effective_on = '2030-01-01' WHERE no = 1`, "program_rule_books_frozen_check"},
		{"a submitted text changes", `UPDATE program_rule_books SET source = 'x' WHERE no = 2`, "program_rule_books_frozen_check"},
		{"approved goes back to draft", `UPDATE program_rule_books SET state = 'draft' WHERE no = 1`, "program_rule_books_way_check"},
		{"the maker approves", `UPDATE program_rule_books SET state = 'approved', approved_by = 'staff/1', approved_at = '2026-09-01 12:00Z', effective_on = '2026-09-02' WHERE no = 2`, "program_rule_books_second_person_check"},
		{"approved by nobody", `UPDATE program_rule_books SET state = 'approved' WHERE no = 2`, "program_rule_books_approved_check"},
		{"on a past day", `UPDATE program_rule_books SET state = 'approved', approved_by = 'staff/2', approved_at = '2026-09-01 12:00Z', effective_on = '2026-08-31' WHERE no = 2`, "program_rule_books_past_check"},
		{"in effect and withdrawn", `UPDATE program_rule_books SET state = 'withdrawn', closed_by = 'staff/2', closed_at = '2026-09-01 12:00Z' WHERE no = 1`, "program_rule_books_in_effect_check"},
		{"born approved", `INSERT INTO program_rule_books (tenant_id, program_id, no, state, revision, hash, source, made_by, made_at, approved_by, approved_at, effective_on)
			SELECT tenant_id, program_id, 9, 'approved', 1, hash, source, made_by, made_at, 'staff/2', made_at, '2026-09-01' FROM program_rule_books WHERE no = 1`, "program_rule_books_way_check"},
	} {
		err := d.do(func(tx *sqlx.Tx) error { _, err := tx.ExecContext(t.Context(), test.query); return err })
		if !store.Violates(err, test.constraint) {
			t.Errorf("%s: %v, want %s", test.name, err, test.constraint)
		}
	}
	for _, query := range []string{`DELETE FROM program_rule_books`, `UPDATE program_rule_book_steps SET note = ''`, `DELETE FROM program_rule_book_steps`} {
		if err := d.do(func(tx *sqlx.Tx) error { _, err := tx.ExecContext(t.Context(), query); return err }); err == nil {
			t.Errorf("%s was done", query)
		}
	}
	if b := d.book(waiting.No, d.at); b.State != Submitted {
		t.Errorf("the waiting book is %s", b.State)
	}
}

func TestBooksBegunAtOnceAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := d.do(func(tx *sqlx.Tx) error {
				_, err := Begin(t.Context(), tx, d.as, d.program, 0, seeds(i+1), d.at)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var all []RuleBook
	d.must(d.do(func(tx *sqlx.Tx) (err error) {
		all, err = RuleBooks(t.Context(), tx, d.program, day(t, "2026-09-01"))
		return err
	}))
	if len(all) != 8 || all[0].No != 8 || all[7].No != 1 {
		t.Errorf("%d books, from %d to %d", len(all), all[len(all)-1].No, all[0].No)
	}
}

// A book that comes as a file is drafted and submitted at once.
func TestABookFromAFileIsDraftedOnceAndApprovedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var hash string
	draft := func(source string) {
		d.must(d.do(func(tx *sqlx.Tx) (err error) {
			hash, err = Draft(t.Context(), tx, d.as, d.program, []byte(source), d.at)
			return err
		}))
	}
	approve := func(as council, hash string) error {
		return as.do(func(tx *sqlx.Tx) error { return Approve(t.Context(), tx, as.as, d.program, hash, d.at) })
	}
	draft(strings.Replace(seeds(50), "CITY", "MOON", 1))
	if err := approve(d.checker, hash); !errors.Is(err, ErrUnknownFund) {
		t.Errorf("approved for a fund that is not there: %v, want ErrUnknownFund", err)
	}
	for range 2 {
		draft(seeds(50))
	}
	if err := approve(d.council, hash); !errors.Is(err, ErrSamePerson) {
		t.Errorf("approved by who wrote it: %v, want ErrSamePerson", err)
	}
	if err := approve(d.checker, "0"+hash[1:]); !errors.Is(err, ErrOtherHash) {
		t.Errorf("approved what is not there: %v, want ErrOtherHash", err)
	}
	for range 2 {
		d.must(approve(d.checker, hash))
		draft(seeds(50)) // what is in effect is not drafted again
	}
	if b := d.book(2, d.at); b.State != Effective || b.EffectiveOn.String() != "2026-07-01" {
		t.Errorf("the book is %s from %s", b.State, b.EffectiveOn)
	}
	draft(seeds(60))
	d.must(approve(d.checker, hash))
	if b := d.book(2, d.at); b.State != Superseded {
		t.Errorf("the book before is %s", b.State)
	}
	draft(seeds(50)) // and back again, which is a book of its own
	d.must(approve(d.checker, hash))
	if b := d.book(4, d.at); b.State != Effective || b.EffectiveOn.String() != "2026-09-01" {
		t.Errorf("the last book is %s from %s", b.State, b.EffectiveOn)
	}
}

func TestAProgramRunsOnceItsFirstBookIsInEffect(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(d.approve(d.checker, d.submitted(seeds(50)), "2027-01-01"))
	for at, want := range map[string]int{"2027-01-01T04:59:00Z": 0, "2027-01-01T05:00:00Z": 1} { // midnight in New York
		instant, err := time.Parse(time.RFC3339, at)
		d.must(err)
		var ready []Program
		d.must(d.do(func(tx *sqlx.Tx) (err error) {
			ready, err = WithRules(t.Context(), tx, instant)
			return err
		}))
		if len(ready) != want {
			t.Errorf("at %s %d programs are ready, want %d", at, len(ready), want)
		}
	}
}
