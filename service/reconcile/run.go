package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// Counts say what a run over a custodian's lines did.
type Counts struct {
	Lines    int // looked at, some of them in more than one way
	New      int // of them, for the first time
	Matched  int // with what the books had
	Deposits int // booked on children's accounts
	Suspense int // booked, and nobody knows whose they are
	Returned int // deposits that the bank took back
	Fees     int
	Open     int // wait for a person
}

// chunkSize is how many lines one transaction looks at.
const chunkSize = 4000

// stages are what is done with a custodian's lines, one after the other; each is
// repeated until it meets no more lines.
var stages = []func(desk, context.Context, *sqlx.Tx) (Counts, error){desk.chunk, desk.returnsOfNetwork, desk.byRules, desk.unidentified, desk.byRules}

// Chunk takes the next lines of a program's custodians into its books: what the
// books have is matched, deposits are booked, returns take back what they return,
// fees are operations', and the rest waits for a person. It returns where the next
// chunk begins, 0 where nothing is left. It may be repeated: a line is answered
// once.
func Chunk(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, from int64) (next int64, c Counts, err error) {
	all, err := Custodians(ctx, tx, w.Program.ID)
	if err != nil {
		return 0, c, err
	}
	slices.SortFunc(all, func(a, b Custodian) int { return cmp.Compare(a.ID, b.ID) })
	n := int64(len(stages))
	at := slices.IndexFunc(all, func(c Custodian) bool { return int64(c.ID) >= from/n })
	if at < 0 {
		return 0, c, nil
	}
	stage := int64(0)
	if int64(all[at].ID) == from/n {
		stage = from % n
	}
	d := desk{w, all[at]}
	if err = lock(ctx, tx, d.Custodian); err != nil {
		return 0, c, err
	}
	if err = sweep(ctx, tx, w.Who, w.Program, d.Custodian); err != nil {
		return 0, c, err
	}
	if c, err = stages[stage](d, ctx, tx); err != nil {
		return 0, c, fmt.Errorf("lines of %s: %w", d.Code, err)
	}
	next = int64(d.ID)*n + stage
	if c.Lines == 0 {
		next++
	}
	if next == int64(d.ID+1)*n && at == len(all)-1 {
		next = 0
	}
	return next, c, nil
}

// Run does all chunks.
func Run(ctx context.Context, db *store.DB, w enroll.Walk) (total Counts, err error) {
	next := int64(0)
	for {
		var c Counts
		err := db.InTx(ctx, w.Who, func(tx *sqlx.Tx) (err error) {
			next, c, err = Chunk(ctx, tx, w, next)
			return err
		})
		if err != nil {
			return total, err
		}
		total.add(c)
		if next == 0 {
			break
		}
		if c.Lines > 0 {
			if err := db.Refresh(ctx); err != nil {
				return total, err
			}
		}
	}
	return total, db.Read(ctx, w.Who, func(q sqlx.QueryerContext) error {
		total.Open, err = CountOpen(ctx, q, w.Program.ID)
		return err
	})
}

func (c *Counts) add(o Counts) {
	c.Lines, c.New, c.Matched, c.Deposits = c.Lines+o.Lines, c.New+o.New, c.Matched+o.Matched, c.Deposits+o.Deposits
	c.Suspense, c.Returned, c.Fees = c.Suspense+o.Suspense, c.Returned+o.Returned, c.Fees+o.Fees
}

// chunk looks at the next lines that nobody looked at: it matches what the books
// have, books what says whose it is, and notes what the rest is.
func (d desk) chunk(ctx context.Context, tx *sqlx.Tx) (c Counts, err error) {
	lines, err := d.lines(ctx, tx, "new", chunkSize)
	if err != nil || len(lines) == 0 {
		return c, err
	}
	c.Lines, c.New = len(lines), len(lines)
	if err = d.natures(ctx, tx, lines); err != nil {
		return c, err
	}
	lines, c.Matched, err = d.known(ctx, tx, lines)
	if err != nil {
		return c, err
	}
	owners, err := d.owners(ctx, tx, lines)
	if err != nil {
		return c, err
	}
	lines, n, err := d.reported(ctx, tx, lines, owners)
	if err != nil {
		return c, err
	}
	c.Matched += n
	if c.Deposits, err = d.deposits(ctx, tx, lines, owners); err != nil {
		return c, err
	}
	if c.Returned, err = d.returns(ctx, tx, lines, owners); err != nil {
		return c, err
	}
	c.Fees, err = d.fees(ctx, tx, lines)
	return c, err
}

// lines reads the oldest open lines of a nature.
func (d desk) lines(ctx context.Context, q sqlx.QueryerContext, nature string, limit int) ([]custody.Line, error) {
	const query = `SELECT line_id FROM bank_open_lines WHERE custodian_id = $1 AND nature = $2 AND put_off = 0 ORDER BY line_id LIMIT $3`
	var ids []custody.LineID
	if err := sqlx.SelectContext(ctx, q, &ids, query, d.ID, nature, limit); err != nil {
		return nil, fmt.Errorf("open lines: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return custody.Lines(ctx, q, d.Who, d.Keys, ids)
}

// natures notes what kind of line each is.
func (d desk) natures(ctx context.Context, tx *sqlx.Tx, lines []custody.Line) error {
	ids, natures := make(pq.Int64Array, len(lines)), make([]string, len(lines))
	for i, l := range lines {
		ids[i], natures[i] = int64(l.ID), string(l.Nature())
	}
	const query = `UPDATE bank_open_lines o SET nature = x.nature FROM unnest(CAST($1 AS bigint[]), CAST($2 AS text[])) AS x (id, nature) WHERE o.line_id = x.id`
	if _, err := tx.ExecContext(ctx, query, ids, pq.Array(natures)); err != nil {
		return fmt.Errorf("note natures of %d lines: %w", len(lines), err)
	}
	return nil
}

// references are what a line, or a part of it, may call a deposit that was reported.
func references(words ...string) (out []string) {
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

// known matches lines whose reference, or whose parts' references, the books have.
// It returns the others.
func (d desk) known(ctx context.Context, tx *sqlx.Tx, lines []custody.Line) (rest []custody.Line, matched int, err error) {
	var wanted []string
	for _, l := range lines {
		wanted = append(wanted, references(l.Reference, l.Trace)...)
		for _, p := range l.Parts {
			wanted = append(wanted, references(p.Reference, p.Trace)...)
		}
	}
	entries, err := d.byReference(ctx, tx, wanted)
	if err != nil {
		return nil, 0, err
	}
	var pairs []pair
	for _, l := range lines {
		p, ok := entries.of(l)
		if !ok {
			rest = append(rest, l)
			continue
		}
		pairs = append(pairs, p)
	}
	return rest, len(pairs), d.join(ctx, tx, pairs)
}

// shelf is open movements by reference.
type shelf map[string][]OpenEntry

func (d desk) byReference(ctx context.Context, q sqlx.QueryerContext, references []string) (shelf, error) {
	const query = `SELECT ` + entryColumns + ` FROM bank_open_entries WHERE custodian_id = $1 AND reference = ANY ($2) ORDER BY tx_no`
	var all []OpenEntry
	if err := sqlx.SelectContext(ctx, q, &all, query, d.ID, pq.Array(references)); err != nil {
		return nil, fmt.Errorf("open movements by reference: %w", err)
	}
	out := shelf{}
	for _, e := range all {
		out[e.Reference] = append(out[e.Reference], e)
	}
	return out, nil
}

// of takes the movement off the shelf that a line answers, or those that its parts
// answer.
func (s shelf) of(l custody.Line) (pair, bool) {
	for _, ref := range references(l.Reference, l.Trace) {
		if e, ok := s.take(ref, l.Amount.Minor()); ok {
			return pair{rule: ByReference, lines: []custody.LineID{l.ID}, entries: e}, true
		}
	}
	p := pair{rule: ByParts, lines: []custody.LineID{l.ID}}
	left := l.Amount
	for _, part := range l.Parts {
		for _, ref := range references(part.Reference, part.Trace) {
			if e, ok := s.take(ref, part.Amount.Minor()); ok {
				p.entries, left = append(p.entries, e...), left.Sub(part.Amount)
				break
			}
		}
	}
	return p, len(p.entries) > 0 && left.IsZero()
}

func (s shelf) take(ref string, minor int64) (out []ledger.TxNo, ok bool) {
	for i, e := range s[ref] {
		if e.Amount.Minor() == minor {
			s[ref] = append(append([]OpenEntry{}, s[ref][:i]...), s[ref][i+1:]...)
			return []ledger.TxNo{e.Tx}, true
		}
	}
	return nil, false
}

// owners finds whose each line is, and each of its parts: owners[line][0] is the
// line's own, the parts follow.
func (d desk) owners(ctx context.Context, q sqlx.QueryerContext, lines []custody.Line) (owning, error) {
	var accounts []savings.Account
	var place [][2]int64
	add := func(l custody.Line, n int, words []string) {
		for _, a := range accountsIn(words) {
			accounts, place = append(accounts, a), append(place, [2]int64{int64(l.ID), int64(n)})
		}
	}
	for _, l := range lines {
		add(l, 0, l.Words())
		for i := range l.Parts {
			add(l, i+1, l.PartWords(i))
		}
	}
	found, err := savings.Owners(ctx, q, d.Who, d.Keys, d.Program.ID, accounts, make([]string, len(accounts)))
	if err != nil {
		return nil, err
	}
	out := owning{}
	for i, child := range found {
		if child != 0 {
			out.add(place[i], child)
		}
	}
	return out, nil
}
