package savings

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Tally counts what a run did, for the person who watches it.
type Tally struct {
	Children int                      // evaluated
	Given    ledger.Amount            // awarded or promised by this run
	Paid     ledger.Amount            // promises that reached the child's account
	Queued   ledger.Amount            // entitled, but no fund has it
	Excess   ledger.Amount            // proposed to be taken back
	ByFund   map[string]ledger.Amount // given, by fund code
	Reasons  map[string]int           // evaluations by reason, the zeros included
}

func newTally() Tally {
	return Tally{ByFund: map[string]ledger.Amount{}, Reasons: map[string]int{}}
}

// Plus adds another tally, as of the next chunk of the same run.
func (t Tally) Plus(u Tally) Tally {
	sum := Tally{
		Children: t.Children + u.Children,
		Given:    t.Given.Add(u.Given), Paid: t.Paid.Add(u.Paid),
		Queued: t.Queued.Add(u.Queued), Excess: t.Excess.Add(u.Excess),
		ByFund: maps.Clone(t.ByFund), Reasons: maps.Clone(t.Reasons),
	}
	if sum.ByFund == nil {
		sum.ByFund, sum.Reasons = map[string]ledger.Amount{}, map[string]int{}
	}
	for f, a := range u.ByFund {
		sum.ByFund[f] = sum.ByFund[f].Add(a)
	}
	for r, n := range u.Reasons {
		sum.Reasons[r] += n
	}
	return sum
}

// Award brings children to what the rule book entitles them to as of a day: it
// is Assess and, to the end, Draw. Where money may run short, assess the whole
// caseload before drawing, as enroll.AwardChunk does: whoever is assessed after
// money was handed out comes too late for it.
func Award(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, book *rules.Book, children []rules.Child, asOf ledger.Date, at time.Time) (Tally, error) {
	t, err := Assess(ctx, tx, who, p, book, children, nil, asOf, at)
	for more := true; more && err == nil; {
		var drawn Tally
		drawn, more, err = Draw(ctx, tx, who, p, asOf, at, drawSize)
		t = t.Plus(drawn)
	}
	return t, err
}

// drawSize is how many awards Award funds at a time.
const drawSize = 2000

// Assess evaluates children as of a day, reads what was given, and notes what is
// missing for Draw to pay. What was promised and is due is paid, what was
// promised too much is cancelled. Running it again, in any batches and after any
// interruption, gives nothing twice.
//
// The children carry what service/enroll knows of them; their deposits are added
// here. What is on a child's account beyond its entitlement is not taken back:
// it is proposed (see Decide). Those of the children that a run was to look at
// (watches, read before what is known of them) are noted as looked at.
func Assess(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, book *rules.Book, children []rules.Child, watches []family.Watch, asOf ledger.Date, at time.Time) (Tally, error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return Tally{}, fmt.Errorf("assess %s: %w", p.Code, err)
	}
	b, err := newBatch(ctx, tx, who, p, book, children, asOf, at)
	if err != nil {
		return Tally{}, fmt.Errorf("assess %s: %w", p.Code, err)
	}
	for _, c := range b.children {
		if err := b.child(c); err != nil {
			return Tally{}, err
		}
	}
	if err := b.write(ctx, tx); err != nil {
		return Tally{}, fmt.Errorf("assess %s: %w", p.Code, err)
	}
	return b.tally, b.looked(ctx, tx, watches)
}

// looked notes who was looked at and when to look again, and has the next run
// look at those of whom a run for a past day changed something: what it found
// holds for that day only.
func (b *batch) looked(ctx context.Context, tx *sqlx.Tx, watches []family.Watch) error {
	if len(b.revised) > 0 {
		if err := family.Touch(ctx, tx, b.revised); err != nil {
			return err
		}
	}
	if len(watches) == 0 {
		return nil
	}
	next := make(map[family.ChildID]ledger.Date, len(b.children))
	for _, c := range b.children {
		next[family.ChildID(c.ID)] = rules.Next(b.book, c, b.asOf)
	}
	looks := make([]family.Look, len(watches))
	for i, w := range watches {
		looks[i] = family.Look{Watch: w, Next: next[w.Child]}
	}
	return family.Looked(ctx, tx, b.program.ID, b.book.Hash(), b.asOf, looks)
}

// batch is the work on one set of children.
type batch struct {
	who      store.Who
	program  program.Program
	book     *rules.Book
	approval string // what authorized the batch beyond the rule book
	asOf     ledger.Date
	at       time.Time
	children []rules.Child
	codes    map[ledger.FundID]string
	given    map[awardKey]given
	byChild  map[family.ChildID][]awardKey // awards evaluated before, under any record
	still    bool                          // pays nothing: promises wait for the next run
	moves    []move
	rows     []awardRow
	excesses []excess
	revised  []family.ChildID // of whom a run for a past day changed something
	tally    Tally
}

func newBatch(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, book *rules.Book, children []rules.Child, asOf ledger.Date, at time.Time) (*batch, error) {
	b := &batch{who: who, program: p, book: book, asOf: asOf, at: at, tally: newTally()}
	ids := make([]family.ChildID, len(children))
	for i, c := range children {
		ids[i] = family.ChildID(c.ID)
	}
	var err error
	if b.children, err = WithDeposits(ctx, tx, p.ID, children); err != nil {
		return nil, err
	}
	slices.SortFunc(b.children, func(x, y rules.Child) int { return cmp.Compare(x.ID, y.ID) })
	records, err := family.Records(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	if b.given, err = loadGiven(ctx, tx, p.ID, family.WithRecords(ids, records)); err != nil {
		return nil, err
	}
	b.byChild = make(map[family.ChildID][]awardKey, len(ids))
	gatherRecords(b.given, ids, records)
	for k := range b.given {
		b.byChild[k.child] = append(b.byChild[k.child], k)
	}
	for _, ks := range b.byChild {
		slices.SortFunc(ks, func(x, y awardKey) int {
			return cmp.Or(cmp.Compare(x.benefit, y.benefit), cmp.Compare(x.period, y.period))
		})
	}
	b.tally.Children = len(children)
	return b, nil
}

// child settles what one child is entitled to, and what it was given and is no
// longer entitled to at all.
func (b *batch) child(c rules.Child) error {
	id := family.ChildID(c.ID)
	mentioned := make(map[awardKey]bool)
	later := b.later(c)
	for _, e := range rules.Evaluate(b.book, c, b.asOf) {
		k := awardKey{id, e.Benefit, e.Period}
		mentioned[k] = true
		if later != nil {
			e = noMore(e, later[k], b.given[k])
		}
		if err := b.add(id, e); err != nil {
			return err
		}
	}
	for _, k := range b.byChild[id] {
		kind, on, nothing := b.standing(b.given[k])
		if mentioned[k] || nothing || b.asOf.Before(on) {
			continue
		}
		gone := rules.Entitlement{Benefit: k.benefit, Kind: rules.Kind(kind), Period: k.period, Why: rules.Why{Reason: ReasonGone, Outcome: rules.Nothing}}
		if err := b.add(id, gone); err != nil {
			return err
		}
	}
	return nil
}

// add settles one entitlement and remembers what is to be written.
func (b *batch) add(child family.ChildID, e rules.Entitlement) error {
	k := awardKey{child, e.Benefit, e.Period}
	carried := b.carry(k)
	g := b.given[k]
	// A run for a day before the last evaluation may find something that was
	// missed, but what came later justifies what was given later.
	past := g.row != nil && b.asOf.Before(g.row.On) && !carried
	if g.row != nil {
		e.Kind = rules.Kind(g.row.Kind) // what it was given as, in whichever version of the rules
	}
	if past && e.Amount.Cmp(g.sum(g.accrued).Add(g.onAccounts())) <= 0 {
		return nil
	}
	o := settle(e, g)
	if b.still {
		o.moves = slices.DeleteFunc(o.moves, func(m move) bool { return m.kind == pay })
	}
	o.excess = o.excess.Sub(g.kept()).Max(ledger.Amount{})
	why, err := e.Why.JSON()
	if err != nil {
		return fmt.Errorf("explain %s of child %d: %w", e.Benefit, child, err)
	}
	for _, m := range o.moves {
		g.moves++
		m.key, m.n, m.why, m.chart, m.rule = k, g.moves, why, chartOf(e.Kind), b.book.Hash()
		b.moves = append(b.moves, m)
		b.count(m)
	}
	row := b.row(k, e, g, o, why)
	if past {
		row.Entitled, row.Reason, row.Why, row.Rule, row.On = g.row.Entitled.Max(e.Amount), g.row.Reason, g.row.Why, g.row.Rule, g.row.On
	}
	b.want(&row, e, g, past)
	b.tally.Excess = b.tally.Excess.Add(o.excess)
	if own := b.proposeElsewhere(g, o.excess, why); own.Sign() > 0 || (g.row != nil && g.row.Excess.Sign() > 0) {
		b.excesses = append(b.excesses, excess{key: k, amount: own, why: why})
	}
	b.tally.Reasons[e.Benefit+"/"+row.Reason]++
	if g.row == nil || !g.row.says(row) {
		b.rows = append(b.rows, row)
		if past {
			b.revised = append(b.revised, child)
		}
	}
	return nil
}

// want notes what an award still asks of funds. Who waits already is told so
// until there is money.
func (b *batch) want(row *awardRow, e rules.Entitlement, g given, past bool) {
	if g.row != nil {
		row.Denied = g.row.Denied
	}
	row.Household = householdOf(b.program, e)
	given := row.Accrued.Add(row.Posted).Add(g.there)
	w, _ := b.book.Want(int64(row.Child), e, b.asOf, given, row.Denied.Add(g.deniedThere))
	if w.Amount.IsZero() {
		if row.Denied.Sign() > 0 && given.Less(row.Entitled) {
			row.Reason = g.row.Reason // it fell away for good, and why stays
			if row.Reason == string(rules.ReasonHousehold) {
				row.Why = g.row.Why
			}
		}
		return
	}
	row.Queued, row.WantDue, row.AskedOn = w.Amount, e.Due.Sub(g.there).Max(ledger.Amount{}), b.asOf
	row.EarnedOn, row.EarnedSeq, row.Place = w.On, w.Seq, w.Order
	row.Shortfall, row.Funds = cmp.Or(w.OnShortfall, "queue"), strings.Join(w.Funds, ",")
	if g.row != nil && g.row.Queued.Sign() > 0 {
		if past {
			row.Queued = row.Queued.Max(row.Entitled.Sub(given).Sub(row.Denied).Sub(g.deniedThere))
		}
		if g.row.Reason == ReasonQueued && row.Queued == g.row.Queued {
			row.Reason = ReasonQueued
		}
	}
}

// newest is the newest day of which the books know something of a child: the
// day of the run, the last evaluation or the last return.
func (b *batch) newest(c rules.Child) ledger.Date {
	day := b.asOf
	for _, k := range b.byChild[family.ChildID(c.ID)] {
		if row := b.given[k].row; row != nil && row.On.After(day) {
			day = row.On
		}
	}
	for _, e := range c.Events {
		if e.Kind == rules.Return && e.On.After(day) {
			day = e.On
		}
	}
	return day
}

// later is what a child is entitled to as of the newest day; nil where that is
// the day of the run.
func (b *batch) later(c rules.Child) map[awardKey]rules.Entitlement {
	newest := b.newest(c)
	if newest == b.asOf {
		return nil
	}
	return entitled(b.book, c, newest)
}

// entitled is what a child is entitled to as of a day, by award.
func entitled(book *rules.Book, c rules.Child, on ledger.Date) map[awardKey]rules.Entitlement {
	out := make(map[awardKey]rules.Entitlement)
	for _, e := range rules.Evaluate(book, c, on) {
		out[awardKey{family.ChildID(c.ID), e.Benefit, e.Period}] = e
	}
	return out
}

// noMore keeps a run for a past day from giving, and from paying of what was
// promised, what is known not to last, such as the match of a deposit that came
// back since. What was given is not touched: whether it stays is a matter of
// the later day.
func noMore(e, later rules.Entitlement, g given) rules.Entitlement {
	promised, posted := g.sum(g.accrued), g.onAccounts()
	e.Due = e.Due.Min(later.Amount.Max(posted))
	if e.Amount.Cmp(later.Amount) <= 0 || e.Amount.Cmp(promised.Add(posted)) <= 0 {
		return e
	}
	e.Amount = later.Amount.Max(promised.Add(posted))
	if later.Benefit != "" {
		e.Why = later.Why
	}
	return e
}

// householdOf names whose award it is where one comes to a household: as a hash,
// for what the household is called is sealed.
func householdOf(p program.Program, e rules.Entitlement) string {
	if e.Household == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key("household", p.ID, e.Household)))
	return hex.EncodeToString(sum[:16])
}

func (b *batch) count(m move) {
	switch m.kind {
	case accrue, award:
		code := b.codes[m.fund]
		b.tally.Given = b.tally.Given.Add(m.amount)
		b.tally.ByFund[code] = b.tally.ByFund[code].Add(m.amount)
	case pay:
		b.tally.Paid = b.tally.Paid.Add(m.amount)
	}
}

// Reasons of this room; the others are those of service/rules.
const (
	ReasonQueued = "fund_exhausted" // no fund has the money: it waits, or was refused
	ReasonGone   = "no_longer"      // the rule book gives nothing of this kind any more
	ReasonJoined = "joined"         // it is another record's of the same child
)

func (b *batch) row(k awardKey, e rules.Entitlement, g given, o outcome, why string) awardRow {
	accrued, posted := g.sum(g.accrued), g.sum(g.posted)
	for _, m := range o.moves {
		switch m.kind {
		case accrue:
			accrued = accrued.Add(m.amount)
		case cancel:
			accrued = accrued.Sub(m.amount)
		case award:
			posted = posted.Add(m.amount)
		case pay:
			accrued, posted = accrued.Sub(m.amount), posted.Add(m.amount)
		case reverse:
			posted = posted.Sub(m.amount)
		}
	}
	return awardRow{
		Child: k.child, Benefit: k.benefit, Period: k.period, Kind: string(e.Kind),
		Entitled: e.Amount, Accrued: accrued, Posted: posted,
		PayOn: e.PayOn, Moves: g.moves, Reason: string(e.Why.Reason), Why: why, Rule: b.book.Hash(), On: b.asOf,
	}
}

// chartOf is the account on which an award of a kind is designated to a child.
func chartOf(kind rules.Kind) ledger.Chart {
	switch kind {
	case rules.Seed:
		return ledger.DesignatedSeed
	case rules.Match:
		return ledger.DesignatedMatch
	case rules.Community:
		return ledger.DesignatedCommunity
	default:
		return ledger.DesignatedIncentive
	}
}

func fundsOf(parts map[ledger.FundID]ledger.Amount) []ledger.FundID {
	return slices.Sorted(maps.Keys(parts))
}
