package enroll

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/rules"
)

const classRules = `
program: {id: city, name: City, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2020-07-01}
facts: [{name: building, type: text}]
enrollment: {mode: auto_opt_out}
benefits:
  - id: astoria
    kind: community
    trigger: class(2026-09-11)
    when: building == "ASTORIA"
    amount: {split: 10000.00}
    period: once
    funding: {sources: [{fund: CITY}], on_shortfall: queue}
`

// lists are a program's lists of classes, as lines.
func (w *world) lists() (lines []string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &lines, `
			SELECT l.n || ': ' || l.members || ' members, added ' || coalesce((
				SELECT string_agg(m.child_id || ' ' || m.amount || ' on ' || m.named_on, ', ' ORDER BY m.child_id)
				FROM class_members m WHERE (m.benefit, m.class_on, m.n) = (l.benefit, l.class_on, l.n)), '')
			FROM class_lists l ORDER BY n`)
	})
	return lines
}

func TestAClassIsNamedOnItsDayAndWhoIsFoundLaterDilutesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	if w.rules, err = rules.Parse([]byte(classRules)); err != nil {
		t.Fatal(err)
	}
	ids := make([]family.ChildID, 5)
	for i := range ids {
		ids[i] = w.child(fmt.Sprint("Child", i), "Cruz", nil)
	}
	w.admit(ids...)
	lives := func(child family.ChildID, building string, from, known ledger.Date) {
		t.Helper()
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := family.RecordFacts(ctx, tx, w.who, w.keys, []family.Fact{{Child: child, Name: "building", Value: building, From: from, Known: known, Reference: known.String() + building}}, w.at)
			return err
		})
	}
	day := ledger.NewDate(2026, 9, 11)
	for _, i := range []int{0, 1, 2} {
		lives(ids[i], "ASTORIA", w.on, w.on)
	}
	lives(ids[4], "QUEENSBRIDGE", w.on, w.on)
	w.night(t, day.AddDays(-1))
	if got := w.lists(); len(got) > 0 {
		t.Errorf("the day before: %q", got)
	}
	lives(ids[2], "QUEENSBRIDGE", day.AddDays(-1), day.AddDays(-1)) // moved the day before
	if tally := w.night(t, day.AddDays(2)); tally.Given != ledger.Minor(10_000_00) {
		t.Errorf("two days late: %+v", tally)
	}
	want := []string{fmt.Sprintf("1: 2 members, added %d 5000.00 on 2026-09-11, %d 5000.00 on 2026-09-11", ids[0], ids[1])}
	if got := w.lists(); !slices.Equal(got, want) {
		t.Errorf("named: %q, want %q", got, want)
	}

	// Somebody lived there too, as is known a month later: the same part, once
	// there is money for it; and who moves in later is no member.
	lives(ids[3], "ASTORIA", w.on, day.AddDays(30))
	lives(ids[4], "ASTORIA", day.AddDays(20), day.AddDays(30))
	tally := w.night(t, day.AddDays(30))
	if tally.Queued != ledger.Minor(5_000_00) || !tally.Excess.IsZero() {
		t.Errorf("found later: %+v", tally)
	}
	want = append(want, fmt.Sprintf("2: 3 members, added %d 5000.00 on 2026-10-11", ids[3]))
	for range 2 {
		if got := w.lists(); !slices.Equal(got, want) {
			t.Errorf("then: %q, want %q", got, want)
		}
		w.night(t, day.AddDays(31))
	}
	w.wantAwards(t, "the first", ids[0], "astoria 5000.00 awarded")
	w.wantAwards(t, "who was found later", ids[3], "astoria 0.00 fund_exhausted")
	w.wantAwards(t, "who moved away", ids[2], "astoria 0.00 not_named")
}
