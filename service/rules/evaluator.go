package rules

import (
	"cmp"
	"slices"
	"sync"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// evaluator is the working memory of one evaluation, reused from child to
// child: a night's run evaluates a million.
type evaluator struct {
	book     *Book
	view     view
	asOf     ledger.Date
	enrolled ledger.Date
	leftOn   ledger.Date // the last day of taking part, where the child left
	refused  bool        // the family chose not to take part
	died     bool
	claim    claims
	returns  bool // some deposit was taken back
	events   []Event
	spans    []span
	parts    []part
	uses     []use
	gates    uint64     // slots that eligibility read
	facts    []FactRead // of them, for every entitlement of the child
	accounts bool       // some event names an account
	entries  []entry    // of the events that count, where accounts are named
	marks    []mark     // of the events that count
	lines    []Line     // fresh for each child: entitlements keep it
	memos    []memo
	names    [13]named // labels of periods, by their first day
}

// memo is the last answer of a condition and how long it holds.
type memo struct {
	of    *predicate
	from  ledger.Date
	until ledger.Date // exclusive
	truth truth
}

// evaluators hands out working memory.
type evaluators struct{ sync.Pool }

func (b *Book) borrow(c *Child, asOf ledger.Date) *evaluator {
	e, ok := b.pooled.Get().(*evaluator)
	if !ok {
		e = &evaluator{book: b}
		e.view.words = b.facts
	}
	e.asOf, e.view.asOf, e.view.child = asOf, asOf, c
	e.spans, e.parts, e.uses = e.spans[:0], e.parts[:0], e.uses[:0]
	e.entries, e.marks, e.accounts = e.entries[:0], e.marks[:0], false
	e.lines, e.facts, e.gates, e.claim = nil, nil, 0, claims{}
	e.view.read, e.view.period, e.memos = 0, ledger.Period{}, e.memos[:0]
	e.takeEvents(c.Events)
	return e
}

func (b *Book) giveBack(e *evaluator) {
	e.view.child, e.lines, e.facts = nil, nil, nil
	clear(e.events[:cap(e.events)])
	clear(e.entries[:cap(e.entries)])
	b.pooled.Put(e)
}

// takeEvents keeps the events that count by asOf, in the total order of their
// days: sequence, then key. What happened after a child left does not count.
func (e *evaluator) takeEvents(all []Event) {
	e.events = e.events[:0]
	e.enrolled, e.leftOn, e.refused, e.returns, e.died = ledger.Date{}, ledger.Date{}, false, false, false
	for i := range all {
		if !all[i].On.After(e.asOf) {
			e.events = append(e.events, all[i])
			e.accounts = e.accounts || all[i].Account != ""
		}
	}
	if !slices.IsSortedFunc(e.events, compareEvents) {
		slices.SortFunc(e.events, compareEvents)
	}
	kept := e.events[:0]
	for _, ev := range e.events {
		if e.absent(&ev) {
			continue
		}
		kept = append(kept, ev)
	}
	e.events = kept
	e.view.events = kept
}

// absent follows whether the child takes part, and reports an event of a time
// in which it did not. A return always counts: it undoes what counted.
func (e *evaluator) absent(ev *Event) bool {
	switch ev.Kind {
	case Enrolled:
		if e.enrolled.IsZero() {
			e.enrolled = ev.On
		}
		if !e.died {
			e.leftOn, e.refused = ledger.Date{}, false
		}
	case Return:
		e.returns = true
	default:
		gone := !e.leftOn.IsZero() && ev.On.After(e.leftOn)
		if !e.book.ends(ev) {
			return gone
		}
		if e.leftOn.IsZero() {
			e.leftOn = ev.On
		}
		e.refused = e.refused || ev.Kind == OptedOut
		e.died = e.died || ev.Kind == Death
		return gone && ev.Kind == Withdrawal
	}
	return false
}

func compareEvents(a, b Event) int {
	if c := a.On.Cmp(b.On); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Key, b.Key))
}

// span is what counts for one benefit in one period.
type span struct {
	plan    *plan
	period  ledger.Period
	terms   *terms // of the version that counted last, or would count
	version int
	from    int // its events are e.events[from:to]
	to      int
	tally
	result
}

// tally is the count of a span's events.
type tally struct {
	counted   int         // events that count
	small     int         // deposits under the least
	channel   int         // deposits by a way that does not count
	returned  int         // deposits that the bank took back
	refused   int         // events that did not meet the benefit's condition
	judged    ledger.Date // the last day by which one of them is judged
	undecided int         // events about which a fact is missing
	absent    int         // census days on which the child did not take part
	outside   int         // events of days on which no version, or none with the benefit, is in effect
	capped    int         // deposits that earned the most a deposit can
	sum       ledger.Amount
	back      ledger.Amount // of what the bank took back
	withdrawn ledger.Amount
	spared    ledger.Amount // of it, what does not undo anything
	net       ledger.Amount
	high      ledger.Amount // the most that net was
	missing   uint64
	streak    run
	last      ledger.Date // of the events that count
	lastSeq   int64
	firstPart int // its parts are e.parts[firstPart:lastPart]
	lastPart  int
	// Its entries are e.entries[firstEntry:lastEntry].
	firstEntry int
	lastEntry  int
	// Its marks are e.marks[firstMark:lastMark].
	firstMark int
	lastMark  int
}

// part is what one version counts of a span.
type part struct {
	version int
	terms   *terms
	n       int
	base    ledger.Amount
	earned  decimal.Decimal // the exact product, where deposits are capped one by one
}

// result is what a span gives.
type result struct {
	amount ledger.Amount
	due    ledger.Amount
	payOn  ledger.Date
	wait   Wait
	reason Reason
	need   ledger.Amount
	times  int
	used   ledger.Amount // of the base
	lines  []Line
	funds  []FundChoice
	shares []Share
	// The event with which it came to its amount.
	earnedOn  ledger.Date
	earnedSeq int64
	read      uint64
	vests
}
