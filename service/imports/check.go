package imports

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/enroll/factfile"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/savings/depositfile"
	"seedbook/service/tabular"
)

// checked is a file with what each row would do.
type checked struct {
	counts   Counts
	rows     []Row
	deposits *savings.Import
	compared *enroll.Compared
	book     *rules.Book
}

// check reads a file by its source's mapping and compares it with what is known.
// It changes nothing.
func check(ctx context.Context, q sqlx.QueryerContext, d Desk, f file) (*checked, error) {
	text, err := f.text(d)
	if err != nil {
		return nil, err
	}
	m, err := LoadMapping(ctx, q, f.Source, f.Kind)
	if err != nil {
		return nil, err
	}
	limits := tabular.Default
	limits.Bytes = max(limits.Bytes, len(text))
	if names := m.rename(); len(names) > 0 {
		if text, err = tabular.Rename(f.Name, text, limits, names); err != nil {
			return nil, err
		}
	}
	c := &checked{counts: Counts{By: map[Outcome]int{}, What: map[string]int{}}}
	c.book, err = program.RulesOn(ctx, q, d.Program.ID, d.today())
	if errors.Is(err, program.ErrNoRules) {
		c.book, err = &rules.Book{}, nil
	}
	if err != nil {
		return nil, err
	}
	if f.Kind == Deposits {
		err = c.readDeposits(ctx, q, d, f.Name, text, m.DateFormat, limits)
	} else {
		err = c.readReports(ctx, q, d, f, text, m.DateFormat, limits)
	}
	if err != nil {
		return nil, err
	}
	c.count()
	return c, c.price(ctx, q, d)
}

func (c *checked) readDeposits(ctx context.Context, q sqlx.QueryerContext, d Desk, name, text string, dates tabular.DateFormat, limits tabular.Limits) (err error) {
	o := depositfile.Options{AsOf: d.today(), DateFormat: dates, Limits: limits}
	c.deposits, err = savings.PreviewAs(ctx, q, d.Who, d.Keys, d.Program, name, strings.NewReader(text), o)
	if err != nil {
		return err
	}
	in := c.deposits
	problems := c.problems(in.File.Problems)
	for i, o := range in.Outcomes {
		row := Row{Line: in.Lines[i], Child: in.Deposits[i].Child, Reference: in.Deposits[i].Reference, Amount: in.Deposits[i].Amount}
		switch o {
		case savings.Posted:
			row.Outcome = New
		case savings.Suspense:
			row.Outcome = Suspense
		case savings.Repeated:
			row.Outcome = Known
		default:
			row.Outcome = Rejected
			row.Problems = []tabular.Problem{{Line: row.Line, Column: "reference", Code: "imports.problem.clash", Severity: tabular.Quarantine}}
		}
		c.rows = append(c.rows, row)
	}
	c.addRejected(problems)
	c.counts.Rows = in.File.Rows
	return nil
}

func (c *checked) readReports(ctx context.Context, q sqlx.QueryerContext, d Desk, f file, text string, dates tabular.DateFormat, limits tabular.Limits) error {
	o := factfile.Options{Book: c.book, AsOf: d.today(), DateFormat: dates, Evidence: f.Kind == Evidence, Limits: limits}
	read, err := factfile.Read(f.Name, strings.NewReader(text), o)
	if err != nil {
		return err
	}
	compared, err := enroll.Compare(ctx, q, d.walk(c.book), read, f.source())
	if err != nil {
		return err
	}
	c.compared = &compared
	problems := c.problems(compared.Problems)
	for _, r := range compared.Rows {
		row := Row{Line: r.Line, Child: r.Child, What: r.Fact + r.Event, Reference: r.Reference}
		switch r.Outcome {
		case enroll.RowNew:
			row.Outcome = New
		case enroll.RowKnown:
			row.Outcome = Known
		default:
			row.Outcome, row.Problems = Rejected, problems[r.Line]
			delete(problems, r.Line)
		}
		c.rows = append(c.rows, row)
	}
	c.addRejected(problems)
	c.counts.Rows = read.Rows
	return nil
}

// source is how reports of a file are said to have come.
func (f file) source() string { return f.Name }

func (d Desk) walk(book *rules.Book) enroll.Walk {
	return enroll.Walk{Who: d.Who, Keys: d.Keys, Program: d.Program, Rules: book, AsOf: d.today(), At: d.At}
}

// problems are what is wrong with rows, by line; remarks go into the counts.
func (c *checked) problems(all []tabular.Problem) map[int][]tabular.Problem {
	out := map[int][]tabular.Problem{}
	for _, p := range all {
		if p.Severity == tabular.Note {
			c.counts.Notes = append(c.counts.Notes, p)
			continue
		}
		out[p.Line] = append(out[p.Line], p)
	}
	return out
}

// addRejected adds the rows that could not be read.
func (c *checked) addRejected(problems map[int][]tabular.Problem) {
	for _, line := range slices.Sorted(maps.Keys(problems)) {
		c.rows = append(c.rows, Row{Line: line, Outcome: Rejected, Problems: problems[line]})
	}
	slices.SortFunc(c.rows, func(a, b Row) int { return cmp.Compare(a.Line, b.Line) })
}

func (c *checked) count() {
	n := &c.counts
	n.Sums = map[Outcome]ledger.Amount{}
	children := map[family.ChildID]bool{}
	for _, r := range c.rows {
		n.By[r.Outcome]++
		if c.deposits != nil {
			n.Sums[r.Outcome] = n.Sums[r.Outcome].Add(r.Amount)
		}
		if r.Outcome == New {
			children[r.Child] = true
			if r.What != "" {
				n.What[r.What]++
			}
		}
	}
	n.Children = len(children)
	// Rows that only repeat another of the same file have no place of their own.
	if rest := n.Rows - len(c.rows); rest > 0 {
		n.By[Known] += rest
	}
}

// maxPriced bounds the children for whom the cost of a file is worked out.
const maxPriced = 30_000

// price works out what the children would be entitled to beyond what they are
// now, by benefit and the fund that comes first.
func (c *checked) price(ctx context.Context, q sqlx.QueryerContext, d Desk) error {
	seen := map[family.ChildID]bool{}
	var ids []family.ChildID
	for _, r := range c.rows {
		if r.Outcome == New && r.Child != 0 && !seen[r.Child] {
			seen[r.Child] = true
			ids = append(ids, r.Child)
		}
	}
	if len(ids) > maxPriced || len(c.book.Versions) == 0 {
		c.counts.Unpriced = len(ids) > 0
		return nil
	}
	if len(ids) == 0 {
		return nil
	}
	children, err := enroll.Facts(ctx, q, d.Who, d.Keys, d.Program.ID, ids)
	if err == nil {
		children, err = savings.WithDeposits(ctx, q, d.Program.ID, children)
	}
	if err != nil {
		return err
	}
	c.counts.Cost = enroll.Price(c.book, children, c.after(children, d), d.today())
	c.counts.Funds, err = available(ctx, q, d)
	return err
}

// after are the children as they would be known once the file is applied.
func (c *checked) after(children []rules.Child, d Desk) []rules.Child {
	if c.compared != nil {
		return c.compared.With(children, d.today())
	}
	at := make(map[family.ChildID]int, len(children))
	out := slices.Clone(children)
	for i := range out {
		at[family.ChildID(out[i].ID)] = i
		out[i].Events = slices.Clone(out[i].Events)
	}
	for n, dep := range c.deposits.Deposits {
		if i, ok := at[dep.Child]; ok && c.deposits.Outcomes[n] == savings.Posted {
			out[i].Events = append(out[i].Events, rules.Event{Key: "deposit/new/" + strconv.Itoa(n), Kind: rules.Deposit, Seq: int64(1)<<60 + int64(n),
				On: dep.On, Amount: dep.Amount, Channel: dep.Channel})
		}
	}
	return out
}

// available is what each restricted fund has, by code, as decimal text.
func available(ctx context.Context, q sqlx.QueryerContext, d Desk) (map[string]string, error) {
	funds, err := fund.All(ctx, q, d.Program.ID)
	if err != nil {
		return nil, err
	}
	has, err := fund.Available(ctx, q, d.Program, d.At)
	out := map[string]string{}
	for _, f := range funds {
		if f.Kind == fund.Restricted {
			out[f.Code] = has[f.ID].String()
		}
	}
	return out, err
}

// store keeps what each row would do, in place of what was kept before.
func (c *checked) store(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) error {
	counts, err := json.Marshal(c.counts)
	if err != nil {
		return fmt.Errorf("counts of import %d: %w", id, err)
	}
	const state = `UPDATE import_files SET state = 'checked', counts = $2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, state, id, string(counts)); err != nil {
		return fmt.Errorf("import %d: %w", id, err)
	}
	const clear = `DELETE FROM import_rows WHERE file_id = $1`
	if _, err := tx.ExecContext(ctx, clear, id); err != nil {
		return fmt.Errorf("rows of import %d: %w", id, err)
	}
	return c.writeRows(ctx, tx, d, id)
}

// writeSize bounds the arguments of one statement.
const writeSize = 5000

func (c *checked) writeRows(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) error {
	const query = `
		INSERT INTO import_rows (tenant_id, file_id, line, outcome, child_id, what, reference, amount, problems)
		SELECT $1, $2, line, outcome, nullif(child_id, 0), what, reference, CAST(nullif(amount, '') AS numeric), problems
		FROM unnest(CAST($3 AS integer[]), CAST($4 AS text[]), CAST($5 AS bigint[]), CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS text[]))
		     AS r (line, outcome, child_id, what, reference, amount, problems)`
	for part := range slices.Chunk(c.rows, writeSize) {
		n := len(part)
		lines, children := make([]int64, n), make([]int64, n)
		outcomes, whats, references, amounts, problems := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		for i, r := range part {
			lines[i], children[i], outcomes[i], whats[i], references[i] = int64(r.Line), int64(r.Child), string(r.Outcome), r.What, r.Reference
			if c.deposits != nil && r.Reference != "" {
				amounts[i] = r.Amount.String()
			}
			if len(r.Problems) > 0 {
				raw, err := json.Marshal(r.Problems)
				if err != nil {
					return fmt.Errorf("row %d of import %d: %w", r.Line, id, err)
				}
				problems[i] = string(raw)
			}
		}
		_, err := tx.ExecContext(ctx, query, d.Tenant, id, pq.Array(lines), pq.Array(outcomes), pq.Array(children), pq.Array(whats),
			pq.Array(references), pq.Array(amounts), pq.Array(problems))
		if err != nil {
			return fmt.Errorf("rows of import %d: %w", id, err)
		}
	}
	return nil
}
