// Package statement makes children's statements: opening, the family's own
// money, program money, what is on its way and why, closing.
//
// Issuing freezes a handful of facts; drawing reads the ledger up to the
// transaction that the statement knew, so a statement drawn next year is the
// one that was issued. The package moves no money.
package statement

import (
	"context"
	"database/sql"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
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
	beside, err := besides(ctx, tx, p.ID, children, span)
	if err != nil {
		return 0, err
	}
	drafts, err := draft(ctx, tx, p, children, span, known, beside)
	if err != nil {
		return 0, err
	}
	return insert(ctx, tx, who, keys, p.ID, span, drafts, at)
}

// facts are what a statement freezes.
type facts struct {
	Child          family.ChildID `db:"child_id"`
	Known          ledger.TxNo    `db:"known_no"`
	Previous       ledger.TxNo    `db:"previous_no"`
	OpeningOwn     ledger.Amount  `db:"opening_own"`
	OpeningProgram ledger.Amount  `db:"opening_program"`
	ClosingOwn     ledger.Amount  `db:"closing_own"`
	ClosingProgram ledger.Amount  `db:"closing_program"`
	Coming         string         `db:"coming"`
}

// money is a child's own and program money at one moment.
type money struct{ own, program ledger.Amount }

func draft(ctx context.Context, q sqlx.QueryerContext, p program.Program, children []family.ChildID, span Span, known ledger.TxNo, beside neighbours) ([]facts, error) {
	money, err := balances(ctx, q, p, children, span, known, beside.after)
	if err != nil {
		return nil, err
	}
	coming, err := comingOf(ctx, q, p, children)
	if err != nil {
		return nil, err
	}
	out := make([]facts, len(children))
	for i, c := range children {
		m := money[c]
		f := facts{Child: c, Known: m.known, Previous: m.known, Coming: coming[c]}
		f.OpeningOwn, f.OpeningProgram = m.opening.own, m.opening.program
		f.ClosingOwn, f.ClosingProgram = m.closing.own, m.closing.program
		if b, ok := beside.before[c]; ok {
			f.Previous, f.OpeningOwn, f.OpeningProgram = b.Known, b.ClosingOwn, b.ClosingProgram
		}
		if f.Coming == "" {
			f.Coming = "[]"
		}
		out[i] = f
	}
	return out, nil
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
	children, known, previous := make([]int64, n), make([]int64, n), make([]int64, n)
	var money [4][]string
	coming, codes := make([]string, n), make([]string, n)
	for i, f := range drafts {
		children[i], known[i], previous[i], coming[i] = int64(f.Child), int64(f.Known), int64(f.Previous), f.Coming
		for j, a := range []ledger.Amount{f.OpeningOwn, f.OpeningProgram, f.ClosingOwn, f.ClosingProgram} {
			money[j] = append(money[j], a.String())
		}
		codes[i] = code(keys, who.Tenant, p, span, f)
	}
	const query = `
		INSERT INTO statements (tenant_id, program_id, child_id, period, first_on, last_on, known_no, previous_no,
		                        opening_own, opening_program, closing_own, closing_program, coming, code, issued_at)
		SELECT $1, $2, child_id, $3, $4, $5, known_no, previous_no, opening_own, opening_program, closing_own, closing_program, coming, code, $6
		FROM unnest(CAST($7 AS bigint[]), CAST($8 AS bigint[]), CAST($9 AS bigint[]), CAST($10 AS numeric[]), CAST($11 AS numeric[]),
		            CAST($12 AS numeric[]), CAST($13 AS numeric[]), CAST($14 AS text[]), CAST($15 AS text[]))
		     AS s (child_id, known_no, previous_no, opening_own, opening_program, closing_own, closing_program, coming, code)
		ON CONFLICT ON CONSTRAINT statements_tenant_id_program_id_child_id_period_key DO NOTHING`
	done, err := tx.ExecContext(ctx, query, who.Tenant, p, span.Name, span.First, span.Last, at,
		pq.Array(children), pq.Array(known), pq.Array(previous), pq.Array(money[0]), pq.Array(money[1]),
		pq.Array(money[2]), pq.Array(money[3]), pq.Array(coming), pq.Array(codes))
	if err != nil {
		return 0, fmt.Errorf("issue %d statements of %s: %w", n, span.Name, err)
	}
	issued, err := done.RowsAffected()
	return int(issued), err
}

// code is a short keyed hash of everything the statement freezes.
func code(keys *vault.Keyring, tenant int32, p program.ID, span Span, f facts) string {
	frozen := strings.Join([]string{
		strconv.FormatInt(int64(p), 10), strconv.FormatInt(int64(f.Child), 10), span.Name,
		strconv.FormatInt(int64(f.Known), 10), f.OpeningOwn.String(), f.OpeningProgram.String(),
		f.ClosingOwn.String(), f.ClosingProgram.String(), f.Coming,
	}, "\n")
	text := base32.StdEncoding.EncodeToString(keys.Index(tenant, "statement", frozen))
	return text[0:4] + "-" + text[4:8] + "-" + text[8:12]
}

// Issued is a statement as a list shows it.
type Issued struct {
	ID             ID             `db:"id"`
	Child          family.ChildID `db:"child_id"`
	Period         string         `db:"period"`
	First          ledger.Date    `db:"first_on"`
	Last           ledger.Date    `db:"last_on"`
	Known          ledger.TxNo    `db:"known_no"`
	Previous       ledger.TxNo    `db:"previous_no"`
	OpeningOwn     ledger.Amount  `db:"opening_own"`
	OpeningProgram ledger.Amount  `db:"opening_program"`
	ClosingOwn     ledger.Amount  `db:"closing_own"`
	ClosingProgram ledger.Amount  `db:"closing_program"`
	ComingJSON     string         `db:"coming"`
	Code           string         `db:"code"`
	IssuedAt       time.Time      `db:"issued_at"`
}

const columns = `id, child_id, period, first_on, last_on, known_no, previous_no,
	opening_own, opening_program, closing_own, closing_program, coming, code, issued_at`

// Of returns a child's statements, newest first.
func Of(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID) ([]Issued, error) {
	const query = `
		SELECT ` + columns + ` FROM statements
		WHERE program_id = $1 AND child_id = $2
		ORDER BY last_on DESC, first_on DESC`
	var out []Issued
	if err := sqlx.SelectContext(ctx, q, &out, query, p, child); err != nil {
		return nil, fmt.Errorf("statements of child %d: %w", child, err)
	}
	return out, nil
}

// Find returns a child's statement for a period, or ErrNone.
func Find(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID, period string) (s Issued, err error) {
	const query = `SELECT ` + columns + ` FROM statements WHERE program_id = $1 AND child_id = $2 AND period = $3`
	err = sqlx.GetContext(ctx, q, &s, query, p, child, period)
	if errors.Is(err, sql.ErrNoRows) {
		return Issued{}, ErrNone
	}
	if err != nil {
		return Issued{}, fmt.Errorf("statement %s of child %d: %w", period, child, err)
	}
	return s, nil
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
	return out, nil
}
