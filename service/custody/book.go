package custody

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
)

// book takes a file's statements, lines and returns in.
func (t *taking) book(ctx context.Context, tx *sqlx.Tx, f *bankfile.File) error {
	for i := range f.Statements {
		if err := t.statement(ctx, tx, &f.Statements[i]); err != nil {
			return err
		}
	}
	if err := t.returns(ctx, tx, f); err != nil {
		return err
	}
	return t.settle(ctx, tx)
}

// statement takes one statement in. One of an account that is not known, or in
// another currency, is set aside whole; the lines of one that is not final come
// again and are not taken in.
func (t *taking) statement(ctx context.Context, tx *sqlx.Tx, s *bankfile.Statement) error {
	account, ok := t.account(s)
	if !ok {
		t.in.Lines -= len(s.Lines)
		return nil
	}
	lines := t.usable(s)
	id, err := t.insertStatement(ctx, tx, s, account)
	if err != nil || s.Kind == bankfile.Interim {
		return err
	}
	rows, err := t.rows(account, lines)
	if err != nil {
		return err
	}
	if t.in.Format == bankfile.OFX || t.in.Format == bankfile.CSV {
		if rows, err = t.withoutClashes(ctx, tx, account, rows); err != nil {
			return err
		}
	}
	const set = 10_000
	for first := 0; first < len(rows); first += set {
		if err := t.insertLines(ctx, tx, account, id, rows[first:min(first+set, len(rows))]); err != nil {
			return err
		}
	}
	return nil
}

func (t *taking) setAside(line int, field, code, said string) {
	t.in.Quarantined = append(t.in.Quarantined, bankfile.Problem{Line: line, Field: field, Code: code, Said: said})
}

// account finds the account that a statement is of.
func (t *taking) account(s *bankfile.Statement) (AccountID, bool) {
	key := string(t.keys.Index(t.who.Tenant, accountField, canonicalNumber(s.Account)))
	for _, a := range t.custodian.Accounts {
		if string(a.key) != key {
			continue
		}
		if s.Currency != "" && s.Currency != a.Currency {
			t.in.Quarantined = append(t.in.Quarantined, bankfile.Problem{Line: s.Line, Field: a.Ends, Code: bankfile.WrongCurrency, Said: a.Currency, Found: s.Currency})
			return 0, false
		}
		return a.ID, true
	}
	t.setAside(s.Line, ends(s.Account), unknownAccount, "")
	return 0, false
}

// usable sets aside lines of days that are still to come: no bank has booked
// them.
func (t *taking) usable(s *bankfile.Statement) []bankfile.Line {
	today := t.program.Day(t.at)
	kept := make([]bankfile.Line, 0, len(s.Lines))
	for _, l := range s.Lines {
		if l.Booked.After(today.AddDays(1)) { // a bank may be a zone ahead of the program
			t.setAside(l.Line, l.Booked.String(), future, "")
			t.in.Lines--
			continue
		}
		kept = append(kept, l)
	}
	return kept
}

// digest is the hash of some texts, each told apart from the next.
func digest(parts ...string) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p))))
		h.Write([]byte{':'})
		h.Write([]byte(p))
	}
	return h.Sum(nil)[:16]
}

// span is the days that a statement covers.
func span(s *bankfile.Statement, made ledger.Date) (from, to ledger.Date) {
	from, to = s.From, s.To
	if s.Closing.Known && !s.Closing.On.IsZero() {
		to = s.Closing.On
	}
	for i := range s.Lines {
		if b := s.Lines[i].Booked; from.IsZero() || b.Before(from) {
			from = b
		}
		if b := s.Lines[i].Booked; to.IsZero() || !s.Closing.Known && b.After(to) {
			to = b
		}
	}
	if to.IsZero() {
		to = made
	}
	if from.IsZero() || from.After(to) {
		from = to
	}
	return from, to
}

func balance(b bankfile.Balance) sql.NullString {
	return sql.NullString{String: b.Amount.String(), Valid: b.Known}
}

func (t *taking) insertStatement(ctx context.Context, tx *sqlx.Tx, s *bankfile.Statement, account AccountID) (id int64, err error) {
	from, to := span(s, t.program.Day(t.at))
	credit, debit, _, _ := s.Totals()
	opening, closing := balance(s.Opening), balance(s.Closing)
	identity := digest(s.ID, string(s.Kind), from.String(), to.String(), opening.String, closing.String, credit.String(), debit.String(), strconv.Itoa(len(s.Lines)))
	const query = `
		INSERT INTO bank_statements (tenant_id, file_id, account_id, identity, number, final, from_day, to_day, opening, closing, credits, debits, lines, taken_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CAST($9 AS numeric), CAST($10 AS numeric), CAST($11 AS numeric), CAST($12 AS numeric), $13, $14)
		ON CONFLICT ON CONSTRAINT bank_statements_identity_key DO NOTHING
		RETURNING id`
	err = tx.GetContext(ctx, &id, query, t.who.Tenant, t.in.File, account, identity, s.ID, s.Kind != bankfile.Interim, from, to,
		opening, closing, credit, debit, len(s.Lines), t.at)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.GetContext(ctx, &id, `SELECT id FROM bank_statements WHERE account_id = $1 AND identity = $2`, account, identity)
	}
	if err != nil {
		return 0, fmt.Errorf("take in statement at line %d: %w", s.Line, err)
	}
	return id, nil
}

// row is a line to be stored.
type row struct {
	*bankfile.Line
	identity []byte
	trace    []byte
	payer    []byte
	sealed   []byte
}

// Text is what a line says in words; it names people and is sealed.
type Text struct {
	Description  string          `json:"d,omitempty"`
	Counterparty string          `json:"c,omitempty"`
	Trace        string          `json:"t,omitempty"`
	Parts        []bankfile.Part `json:"p,omitempty"`
	Later        []bankfile.Part `json:"l,omitempty"`
}

// traceField is the blind index of trace, end-to-end and check numbers.
const traceField = "bank_trace"

// linePlace binds a line's words to its row.
func linePlace(tenant int32, account AccountID, identity []byte) string {
	return strconv.Itoa(int(tenant)) + "|bank_lines|" + strconv.FormatInt(int64(account), 10) + "|" + string(identity)
}

// rows gives each line its identity: day, amount, the bank's reference, and
// which of several such lines it is. Where the bank gives no reference, what the
// line says stands for it.
func (t *taking) rows(account AccountID, lines []bankfile.Line) ([]row, error) {
	rows := make([]row, len(lines))
	seen := make(map[string]int, len(lines))
	for i := range lines {
		l := &lines[i]
		name := "r" + l.Reference
		if l.Reference == "" {
			name = "t" + l.Type + "\n" + l.Description + "\n" + l.Counterparty + "\n" + l.Trace
		}
		base := string(digest(l.Booked.String(), l.Amount.String(), name))
		seen[base]++
		r := row{Line: l, identity: digest(base, strconv.Itoa(seen[base])), payer: payerKey(t.keys, t.who.Tenant, l.Counterparty)}
		if l.Trace != "" {
			r.trace = t.keys.Index(t.who.Tenant, traceField, l.Trace)
		}
		words, err := json.Marshal(Text{l.Description, l.Counterparty, l.Trace, l.Parts, l.Later})
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", l.Line, err)
		}
		r.sealed = t.keys.Seal(linePlace(t.who.Tenant, account, r.identity), words)
		rows[i] = r
	}
	return rows, nil
}

// withoutClashes sets aside lines whose reference came before with another day
// or amount, in formats whose references are one line's for ever.
func (t *taking) withoutClashes(ctx context.Context, tx *sqlx.Tx, account AccountID, rows []row) ([]row, error) {
	references := make([]string, 0, len(rows))
	for _, r := range rows {
		if r.Reference != "" {
			references = append(references, r.Reference)
		}
	}
	var known []struct {
		Reference string `db:"reference"`
		Identity  []byte `db:"identity"`
	}
	const query = `SELECT reference, identity FROM bank_lines WHERE account_id = $1 AND reference = ANY ($2) AND reference <> ''`
	if err := tx.SelectContext(ctx, &known, query, account, pq.Array(references)); err != nil {
		return nil, fmt.Errorf("look up references of lines: %w", err)
	}
	before := make(map[string]string, len(known))
	for _, k := range known {
		before[k.Reference] = string(k.Identity)
	}
	kept := rows[:0]
	for _, r := range rows {
		if identity, ok := before[r.Reference]; ok && r.Reference != "" && identity != string(r.identity) {
			t.setAside(r.Line.Line, r.Reference, otherContent, "")
			t.in.Lines--
			continue
		}
		kept = append(kept, r)
	}
	return kept, nil
}

// insertLines stores lines in one statement. Those that are known stay as they
// are.
func (t *taking) insertLines(ctx context.Context, tx *sqlx.Tx, account AccountID, statement int64, rows []row) error {
	n := len(rows)
	numbers, parts := make([]int64, n), make([]int64, n)
	references, booked, value, amounts := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	types, returns, reversals := make([]string, n), make([]string, n), make([]bool, n)
	identities, traces, payers, sealed := make(pq.ByteaArray, n), make(pq.ByteaArray, n), make(pq.ByteaArray, n), make(pq.ByteaArray, n)
	for i, r := range rows {
		numbers[i], parts[i] = int64(r.Line.Line), int64(len(r.Parts))
		references[i], booked[i], value[i], amounts[i] = r.Reference, r.Booked.String(), r.Value.String(), r.Amount.String()
		types[i], returns[i], reversals[i] = r.Type, r.Return, r.Reversal
		identities[i], traces[i], payers[i], sealed[i] = r.identity, r.trace, r.payer, r.sealed
	}
	const query = `
		INSERT INTO bank_lines (tenant_id, account_id, statement_id, identity, line_no, reference, booked_on, value_on, amount, type, return_code,
		                        reversal, parts, trace_key, payer_key, sealed)
		SELECT $1, $2, $3, l.identity, l.line_no, l.reference, l.booked_on, l.value_on, l.amount, l.type, l.return_code,
		       l.reversal, l.parts, nullif(l.trace_key, ''), nullif(l.payer_key, ''), l.sealed
		FROM unnest(CAST($4 AS bytea[]), CAST($5 AS integer[]), CAST($6 AS text[]), CAST($7 AS date[]), CAST($8 AS date[]), CAST($9 AS numeric[]),
		            CAST($10 AS text[]), CAST($11 AS text[]), CAST($12 AS boolean[]), CAST($13 AS integer[]), CAST($14 AS bytea[]), CAST($15 AS bytea[]), CAST($16 AS bytea[]))
		     AS l (identity, line_no, reference, booked_on, value_on, amount, type, return_code, reversal, parts, trace_key, payer_key, sealed)
		ON CONFLICT ON CONSTRAINT bank_lines_identity_key DO NOTHING`
	done, err := tx.ExecContext(ctx, query, t.who.Tenant, account, statement, identities, pq.Array(numbers), pq.Array(references), pq.Array(booked),
		pq.Array(value), pq.Array(amounts), pq.Array(types), pq.Array(returns), pq.Array(reversals), pq.Array(parts), traces, payers, sealed)
	if err != nil {
		return fmt.Errorf("take in %d lines: %w", n, err)
	}
	fresh, err := done.RowsAffected()
	t.in.New += int(fresh)
	return err
}

// Notice is what a return or correction says of a person; it is sealed.
type Notice struct {
	Name       string `json:"n,omitempty"`
	Individual string `json:"i,omitempty"`
	Info       string `json:"a,omitempty"`
	Corrected  string `json:"c,omitempty"`
	RDFI       string `json:"r,omitempty"`
}

// returns takes payments that came back, and corrections, in.
func (t *taking) returns(ctx context.Context, tx *sqlx.Tx, f *bankfile.File) error {
	var codes, kinds, traces, own, amounts []string
	var days []sql.NullString
	var debits []bool
	var identities, sealed pq.ByteaArray
	add := func(code, kind, trace, ours string, debit bool, amount ledger.Amount, on ledger.Date, n Notice) error {
		words, err := json.Marshal(n)
		identity := digest(code, trace, ours, amount.String())
		codes, kinds, traces, own = append(codes, code), append(kinds, kind), append(traces, trace), append(own, ours)
		amounts, debits = append(amounts, amount.String()), append(debits, debit)
		days = append(days, sql.NullString{String: on.String(), Valid: !on.IsZero()})
		identities = append(identities, identity)
		sealed = append(sealed, t.keys.Seal(noticePlace(t.who.Tenant, t.custodian.ID, identity), words))
		return err
	}
	for _, r := range f.Returns {
		if err := add(r.Code, string(r.Kind), r.Trace, r.OurTrace, r.Debit, r.Amount, r.On, Notice{r.Name, r.Individual, r.Info, "", r.RDFI}); err != nil {
			return err
		}
	}
	for _, c := range f.Changes {
		if err := add(c.Code, "change", c.Trace, c.OurTrace, false, ledger.Amount{}, f.Made, Notice{c.Name, c.Individual, "", c.Corrected, c.RDFI}); err != nil {
			return err
		}
	}
	const query = `
		INSERT INTO bank_returns (tenant_id, file_id, custodian_id, identity, code, kind, trace, own_trace, debit, amount, on_day, sealed)
		SELECT $1, $2, $3, r.identity, r.code, r.kind, r.trace, r.own, r.debit, r.amount, r.on_day, r.sealed
		FROM unnest(CAST($4 AS bytea[]), CAST($5 AS text[]), CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS boolean[]),
		            CAST($10 AS numeric[]), CAST($11 AS date[]), CAST($12 AS bytea[])) AS r (identity, code, kind, trace, own, debit, amount, on_day, sealed)
		ON CONFLICT ON CONSTRAINT bank_returns_identity_key DO NOTHING`
	done, err := tx.ExecContext(ctx, query, t.who.Tenant, t.in.File, t.custodian.ID, identities, pq.Array(codes), pq.Array(kinds), pq.Array(traces),
		pq.Array(own), pq.Array(debits), pq.Array(amounts), pq.Array(days), sealed)
	if err != nil {
		return fmt.Errorf("take in %d returns: %w", len(codes), err)
	}
	fresh, err := done.RowsAffected()
	t.in.NewReturns = int(fresh)
	return err
}

func noticePlace(tenant int32, c ID, identity []byte) string {
	return fmt.Sprintf("%d|bank_returns|%d|%x", tenant, c, identity)
}
