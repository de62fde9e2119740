// Package statement makes children's statements: opening, the family's own
// money, program money, what is on its way and why, closing.
//
// Issuing freezes a handful of facts; drawing reads the ledger up to the
// transaction that the statement knew, so a statement drawn next year is the
// one that was issued. The package moves no money.
package statement

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of this room.
var (
	// ErrPeriod reports a name that is no period.
	ErrPeriod = fault.New(fault.Invalid, "statement.period")
	// ErrNotOver reports a period that has not ended on the day of issue.
	ErrNotOver = fault.New(fault.Conflict, "statement.not_over")
	// ErrNone reports a statement that was not issued.
	ErrNone = fault.New(fault.NotFound, "statement.none")
)

// ID identifies a statement within its organization.
type ID int64

// Coming is money that was on its way when a statement was made.
type Coming struct {
	Benefit string        `json:"benefit"`
	Kind    string        `json:"kind,omitempty"`
	Says    rules.Text    `json:"says,omitzero"` // what the rule book calls the benefit
	Period  string        `json:"period"`
	Amount  ledger.Amount `json:"amount"`
	PayOn   ledger.Date   `json:"pay_on,omitzero"` // no day: when a fund has the money
	Wait    rules.Wait    `json:"wait,omitempty"`  // why not before
	Reason  string        `json:"reason"`
}

// Issue makes the statements of children for a period that is over on the day
// given, and returns how many are new. A statement is issued once: issuing
// again changes nothing. Its opening is the closing of the statement before,
// and what was posted since for earlier days stands in it as a late entry. One
// that is made after the statement that follows it knows no more than that one
// did, so that the two still meet.
//
// A child on record more than once has one statement, under the record by which
// it takes part. What it freezes it freezes record by record, so that the next
// statements meet it even where the records were parted again.
func Issue(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, children []family.ChildID, span Span, today ledger.Date, at time.Time) (int, error) {
	if !span.Last.Before(today) {
		return 0, ErrNotOver.At("period").With(map[string]any{"Last": span.Last.String()})
	}
	if len(children) == 0 {
		return 0, nil
	}
	known, err := ledger.KnownCut(ctx, tx, p.Book)
	if err != nil {
		return 0, err
	}
	groups, records, err := group(ctx, tx, p.ID, children, span)
	if err != nil || len(groups) == 0 {
		return 0, err
	}
	beside, err := besides(ctx, tx, p.ID, records, span)
	if err != nil {
		return 0, err
	}
	drafts, err := draft(ctx, tx, p, groups, records, span, known, beside)
	if err != nil {
		return 0, err
	}
	return insert(ctx, tx, who, keys, p.ID, span, drafts, at)
}

// Part is what a statement freezes of one record of a child.
type Part struct {
	Child          family.ChildID `db:"child_id"`
	Known          ledger.TxNo    `db:"known_no"`
	Previous       ledger.TxNo    `db:"previous_no"`
	OpeningOwn     ledger.Amount  `db:"opening_own"`
	OpeningProgram ledger.Amount  `db:"opening_program"`
	ClosingOwn     ledger.Amount  `db:"closing_own"`
	ClosingProgram ledger.Amount  `db:"closing_program"`
}

// facts are what a statement freezes.
type facts struct {
	Part
	Coming string
	Parts  []Part // of a child on record more than once, the statement's own record first
}

// money is a child's own and program money at one moment.
type money struct{ own, program ledger.Amount }

func draft(ctx context.Context, q sqlx.QueryerContext, p program.Program, groups [][]family.ChildID, records []family.ChildID, span Span, known ledger.TxNo, beside neighbours) ([]facts, error) {
	money, err := balances(ctx, q, p, records, span, known, beside.after)
	if err != nil {
		return nil, err
	}
	holders := make([]family.ChildID, len(groups))
	for i, g := range groups {
		holders[i] = g[0]
	}
	coming, err := comingOf(ctx, q, p, holders)
	if err != nil {
		return nil, err
	}
	out := make([]facts, len(groups))
	for i, g := range groups {
		parts := make([]Part, len(g))
		for j, record := range g {
			parts[j] = part(record, money[record], beside)
		}
		out[i] = facts{Part: parts[0], Coming: cmp.Or(coming[g[0]], "[]")}
		if len(parts) > 1 {
			out[i].Part, out[i].Parts = sumOf(parts), parts
		}
	}
	return out, nil
}

// part is what a statement freezes of a record: it goes on where the one before
// ended.
func part(record family.ChildID, m ends, beside neighbours) Part {
	f := Part{Child: record, Known: m.known, Previous: m.known}
	f.OpeningOwn, f.OpeningProgram = m.opening.own, m.opening.program
	f.ClosingOwn, f.ClosingProgram = m.closing.own, m.closing.program
	if b, ok := beside.before[record]; ok {
		f.Previous, f.OpeningOwn, f.OpeningProgram = b.Known, b.ClosingOwn, b.ClosingProgram
	}
	return f
}

// ends is what a child had at both ends of a period, and as of which
// transaction.
type ends struct {
	opening, closing money
	known            ledger.TxNo
}

// balances reads the children's money at both ends of a period as the books know
// it now, or as the statement after the period knew it.
func balances(ctx context.Context, q sqlx.QueryerContext, p program.Program, children []family.ChildID, span Span, known ledger.TxNo, after map[family.ChildID]ledger.TxNo) (map[family.ChildID]ends, error) {
	byKnown := map[ledger.TxNo][]family.ChildID{}
	for _, c := range children {
		cut := known
		if k, ok := after[c]; ok {
			cut = k
		}
		byKnown[cut] = append(byKnown[cut], c)
	}
	out := make(map[family.ChildID]ends, len(children))
	for cut, some := range byKnown {
		opening, err := moneyOn(ctx, q, p, some, span.First.AddDays(-1), cut)
		if err != nil {
			return nil, err
		}
		closing, err := moneyOn(ctx, q, p, some, span.Last, cut)
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			out[c] = ends{opening[c], closing[c], cut}
		}
	}
	return out, nil
}

func moneyOn(ctx context.Context, q sqlx.QueryerContext, p program.Program, children []family.ChildID, on ledger.Date, known ledger.TxNo) (map[family.ChildID]money, error) {
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Children: numbers(children), EffectiveOn: on, KnownNo: known})
	if err != nil {
		return nil, fmt.Errorf("money on %s: %w", on, err)
	}
	out := make(map[family.ChildID]money, len(children))
	for _, b := range balances {
		m := out[family.ChildID(b.Child)]
		switch layer := b.Chart.Layer(); layer {
		case "":
			continue
		case ledger.LayerFamily:
			m.own = m.own.Add(b.Amount)
		default:
			m.program = m.program.Add(b.Amount)
		}
		out[family.ChildID(b.Child)] = m
	}
	return out, nil
}

func numbers(children []family.ChildID) []int64 {
	out := make([]int64, len(children))
	for i, c := range children {
		out[i] = int64(c)
	}
	return out
}

// comingOf is the JSON of what is on its way to each child now.
func comingOf(ctx context.Context, q sqlx.QueryerContext, p program.Program, children []family.ChildID) (map[family.ChildID]string, error) {
	lists, err := ComingTo(ctx, q, p, children)
	if err != nil {
		return nil, err
	}
	out := make(map[family.ChildID]string, len(lists))
	for c, l := range lists {
		text, err := json.Marshal(l)
		if err != nil {
			return nil, fmt.Errorf("what is on its way to child %d: %w", c, err)
		}
		out[c] = string(text)
	}
	return out, nil
}

// ComingTo is what is on its way to each child now, and why it is not there yet.
func ComingTo(ctx context.Context, q sqlx.QueryerContext, p program.Program, children []family.ChildID) (map[family.ChildID][]Coming, error) {
	awards, err := savings.OnTheWay(ctx, q, p.ID, children)
	if err != nil {
		return nil, err
	}
	said := newSayings(p.ID)
	lists := make(map[family.ChildID][]Coming)
	for _, a := range awards {
		c := Coming{Benefit: a.Benefit, Kind: a.Kind, Period: a.Period}
		if c.Says, err = said.of(ctx, q, a.Rule, a.Benefit); err != nil {
			return nil, err
		}
		if a.Accrued.Sign() > 0 {
			why, err := rules.ParseWhy(a.Why)
			if err != nil {
				return nil, err
			}
			c.Amount, c.PayOn, c.Wait, c.Reason = a.Accrued, a.PayOn, why.Wait, a.Reason
			lists[a.Child] = append(lists[a.Child], c)
		}
		if a.Queued.Sign() > 0 {
			c.Amount, c.PayOn, c.Wait, c.Reason = a.Queued, ledger.Date{}, "", savings.ReasonQueued
			lists[a.Child] = append(lists[a.Child], c)
		}
	}
	return lists, nil
}

func insert(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.ID, span Span, drafts []facts, at time.Time) (int, error) {
	n := len(drafts)
	var whole, parts columnsOf
	coming, codes, joint := make([]string, n), make([]string, n), make([]bool, n)
	for i, f := range drafts {
		whole.add(f.Child, f.Part)
		coming[i], codes[i], joint[i] = f.Coming, code(keys, who.Tenant, p, span, f), len(f.Parts) > 0
		for _, part := range f.Parts {
			parts.add(f.Child, part)
		}
	}
	const query = `
		WITH issued AS (
			INSERT INTO statements (tenant_id, program_id, child_id, period, first_on, last_on, known_no, previous_no,
			                        opening_own, opening_program, closing_own, closing_program, coming, code, joint, issued_at)
			SELECT $1, $2, child_id, $3, $4, $5, known_no, previous_no, opening_own, opening_program, closing_own, closing_program, coming, code, joint, $6
			FROM unnest(CAST($7 AS bigint[]), CAST($8 AS bigint[]), CAST($9 AS bigint[]), CAST($10 AS numeric[]), CAST($11 AS numeric[]),
			            CAST($12 AS numeric[]), CAST($13 AS numeric[]), CAST($14 AS text[]), CAST($15 AS text[]), CAST($16 AS boolean[]))
			     AS s (child_id, known_no, previous_no, opening_own, opening_program, closing_own, closing_program, coming, code, joint)
			ON CONFLICT ON CONSTRAINT statements_tenant_id_program_id_child_id_period_key DO NOTHING
			RETURNING id, child_id
		), parts AS (
			INSERT INTO statement_parts (tenant_id, statement_id, child_id, program_id, period, known_no, previous_no,
			                             opening_own, opening_program, closing_own, closing_program)
			SELECT $1, i.id, p.child_id, $2, $3, p.known_no, p.previous_no, p.opening_own, p.opening_program, p.closing_own, p.closing_program
			FROM unnest(CAST($17 AS bigint[]), CAST($18 AS bigint[]), CAST($19 AS bigint[]), CAST($20 AS bigint[]), CAST($21 AS numeric[]),
			            CAST($22 AS numeric[]), CAST($23 AS numeric[]), CAST($24 AS numeric[]))
			     AS p (holder, child_id, known_no, previous_no, opening_own, opening_program, closing_own, closing_program)
			JOIN issued i ON i.child_id = p.holder
		)
		SELECT count(*) FROM issued`
	args := []any{who.Tenant, p, span.Name, span.First, span.Last, at}
	args = append(append(args, whole.arrays()[1:]...), pq.Array(coming), pq.Array(codes), pq.Array(joint))
	var issued int
	if err := tx.GetContext(ctx, &issued, query, append(args, parts.arrays()...)...); err != nil {
		return 0, fmt.Errorf("issue %d statements of %s: %w", n, span.Name, err)
	}
	return issued, nil
}

// columnsOf are frozen facts as a statement of SQL takes them.
type columnsOf struct {
	holders, children, known, previous []int64
	money                              [4][]string
}

func (c *columnsOf) add(holder family.ChildID, p Part) {
	c.holders, c.children = append(c.holders, int64(holder)), append(c.children, int64(p.Child))
	c.known, c.previous = append(c.known, int64(p.Known)), append(c.previous, int64(p.Previous))
	for i, a := range []ledger.Amount{p.OpeningOwn, p.OpeningProgram, p.ClosingOwn, p.ClosingProgram} {
		c.money[i] = append(c.money[i], a.String())
	}
}

func (c *columnsOf) arrays() []any {
	return []any{pq.Array(c.holders), pq.Array(c.children), pq.Array(c.known), pq.Array(c.previous),
		pq.Array(c.money[0]), pq.Array(c.money[1]), pq.Array(c.money[2]), pq.Array(c.money[3])}
}

// code is a short keyed hash of everything the statement freezes.
func code(keys *vault.Keyring, tenant int32, p program.ID, span Span, f facts) string {
	frozen := []string{
		strconv.FormatInt(int64(p), 10), strconv.FormatInt(int64(f.Child), 10), span.Name,
		strconv.FormatInt(int64(f.Known), 10), f.OpeningOwn.String(), f.OpeningProgram.String(),
		f.ClosingOwn.String(), f.ClosingProgram.String(), f.Coming,
	}
	for _, r := range f.Parts {
		frozen = append(frozen, strconv.FormatInt(int64(r.Child), 10), strconv.FormatInt(int64(r.Known), 10),
			r.OpeningOwn.String(), r.OpeningProgram.String(), r.ClosingOwn.String(), r.ClosingProgram.String())
	}
	text := base32.StdEncoding.EncodeToString(keys.Index(tenant, "statement", strings.Join(frozen, "\n")))
	return text[0:4] + "-" + text[4:8] + "-" + text[8:12]
}

// Issued is a statement as a list shows it.
type Issued struct {
	ID ID `db:"id"`
	Part
	Period     string      `db:"period"`
	First      ledger.Date `db:"first_on"`
	Last       ledger.Date `db:"last_on"`
	ComingJSON string      `db:"coming"`
	Code       string      `db:"code"`
	Joint      bool        `db:"joint"` // of a child on record more than once
	IssuedAt   time.Time   `db:"issued_at"`
	Parts      []Part      `db:"-"` // of a joint statement, its own record first
}

const columns = `id, child_id, period, first_on, last_on, known_no, previous_no,
	opening_own, opening_program, closing_own, closing_program, coming, code, joint, issued_at`

// Of returns a child's statements, of all its records, newest first. Those that
// also show a record which is another child's by now are among them (Shared).
func Of(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID) ([]Issued, error) {
	records, err := recordsOf(ctx, q, child)
	if err != nil {
		return nil, err
	}
	const query = store.Kept + `
		SELECT ` + columns + ` FROM statements
		WHERE program_id = $1 AND (child_id = ANY ($2) OR id = ANY (ARRAY (
			SELECT statement_id FROM statement_parts WHERE program_id = $1 AND child_id = ANY ($2))))
		ORDER BY last_on DESC, first_on DESC, child_id`
	var out []Issued
	if err := sqlx.SelectContext(ctx, q, &out, query, p, pq.Array(records)); err != nil {
		return nil, fmt.Errorf("statements of child %d: %w", child, err)
	}
	if err := addParts(ctx, q, out); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(s Issued) bool { return !slices.Contains(records, s.Child) }), nil
}

// Find returns the statement for a period that shows a record of a child, or
// ErrNone. Of records that were parted again, a joint statement stays with the
// one under which it was made.
func Find(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID, period string) (s Issued, err error) {
	records, err := recordsOf(ctx, q, child)
	if err != nil {
		return Issued{}, err
	}
	const query = `
		SELECT ` + columns + ` FROM statements
		WHERE program_id = $1 AND period = $3 AND (child_id = $2 OR child_id = ANY ($4) AND id = ANY (ARRAY (
			SELECT statement_id FROM statement_parts WHERE program_id = $1 AND child_id = $2 AND period = $3)))
		ORDER BY child_id = $2 DESC LIMIT 1`
	found := make([]Issued, 1)
	err = sqlx.GetContext(ctx, q, &found[0], query, p, child, period, pq.Array(records))
	if errors.Is(err, sql.ErrNoRows) {
		return Issued{}, ErrNone
	}
	if err != nil {
		return Issued{}, fmt.Errorf("statement %s of child %d: %w", period, child, err)
	}
	err = addParts(ctx, q, found)
	return found[0], err
}

// Batch returns a period's statements in the order of the children, after a
// given one.
func Batch(ctx context.Context, q sqlx.QueryerContext, p program.ID, span Span, after family.ChildID, limit int) ([]Issued, error) {
	const query = `
		SELECT ` + columns + ` FROM statements
		WHERE program_id = $1 AND child_id > $2 AND period = $3
		ORDER BY child_id LIMIT $4`
	var out []Issued
	if err := sqlx.SelectContext(ctx, q, &out, query, p, after, span.Name, limit); err != nil {
		return nil, fmt.Errorf("statements of %s: %w", span.Name, err)
	}
	return out, addParts(ctx, q, out)
}
