package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
)

// LineFilter chooses lines of a program's journal. Filters that are set must all
// hold.
type LineFilter struct {
	Chart     ledger.Chart
	Fund      ledger.FundID
	Account   ledger.AccountID
	Child     int64 // 0: any
	Kind      string
	Maker     string
	Least     ledger.Amount // of the line, without its sign; 0: any
	Most      ledger.Amount
	Effective ledger.Period // an end that is no day is open
	Posted    ledger.Period // days of the program's clock
	Reference string        // the funder's, the bank's or the file's own, or the posting's key
	Reversal  string        // Reversed, Reversals or "" for any
	Known     ledger.TxNo   // only transactions up to this one; 0: all
}

// What a filter may ask about corrections.
const (
	Reversed  = "reversed"  // lines of transactions that were taken back
	Reversals = "reversals" // lines of those that take others back
)

// Place is a line's place in the journal, newest transaction first.
type Place struct {
	No      ledger.TxNo
	Account ledger.AccountID
	Seq     int64
}

// JournalLine is an entry with what its transaction says of itself.
type JournalLine struct {
	No         ledger.TxNo      `db:"no"`
	Account    ledger.AccountID `db:"account_id"`
	Seq        int64            `db:"seq"`
	Chart      ledger.Chart     `db:"chart"`
	Fund       ledger.FundID    `db:"fund_id"`
	Child      int64            `db:"child_id"`
	Benefit    string           `db:"benefit"`
	Amount     ledger.Amount    `db:"amount"` // credit positive
	Effective  ledger.Date      `db:"effective_on"`
	Concerns   ledger.Date      `db:"concerns_on"`
	PostedAt   time.Time        `db:"posted_at"`
	Kind       string           `db:"kind"`
	Maker      string           `db:"maker"`
	Approval   string           `db:"approval"`
	Source     string           `db:"source"`
	Key        string           `db:"key"`
	Reverses   ledger.TxNo      `db:"reverses"`
	ReversedBy ledger.TxNo      `db:"reversed_by"`
}

// Place is where the line stands.
func (l JournalLine) Place() Place { return Place{l.No, l.Account, l.Seq} }

// FoundLines is a page of the journal.
type FoundLines struct {
	Lines []JournalLine
	// Next is behind the last line; nil where there is nothing more.
	Next *Place
	// Searched says that a rare thing was looked for as far back as transaction
	// Next.No and the page is not full: the search goes on from there.
	Searched bool
}

// How a page of the journal is bounded: so many transactions are looked through
// at once, so many for a page, so many accounts are followed one by one, and so
// many entries of each.
const (
	searchStep   = 2_500
	searchBudget = 10_000
	fewAccounts  = 64
	perAccount   = 1_000
)

// Lines returns a page of the journal, newest first, behind a place; the zero
// place is the beginning. Each page costs about the same, however large the book
// is: sums of the book say which stretches hold what is looked for, a few accounts
// are followed by their own histories, and what neither narrows down is looked for
// in a bounded part of the book at a time.
func Lines(ctx context.Context, q sqlx.QueryerContext, p program.Program, f LineFilter, after Place, limit int) (FoundLines, error) {
	s := &lineSearch{ctx: ctx, q: q, p: p, f: f, after: after, limit: limit}
	found, err := s.find()
	if err != nil {
		return FoundLines{}, fmt.Errorf("journal of %s: %w", p.Code, err)
	}
	return found, nil
}

// lineSearch is the making of one page.
type lineSearch struct {
	ctx   context.Context
	q     sqlx.QueryerContext
	p     program.Program
	f     LineFilter
	after Place
	limit int
	// The transactions in question: after low, up to high. Those up to back are
	// not looked through for this page.
	low, high, back ledger.TxNo
}

func (s *lineSearch) find() (FoundLines, error) {
	if err := s.bounds(); err != nil {
		return FoundLines{}, err
	}
	if numbers, ok, err := s.numbers(); err != nil || ok {
		return s.page(byNumbers, err, pq.Array(numbers))
	}
	if accounts, ok, err := s.accounts(); err != nil || ok {
		return s.page(byAccounts, err, pq.Array(accounts), perAccount)
	}
	return s.scan()
}

// bounds finds the numbers between which transactions were posted.
func (s *lineSearch) bounds() (err error) {
	if s.high, err = ledger.KnownCut(s.ctx, s.q, s.p.Book); err != nil {
		return err
	}
	if s.f.Known != 0 {
		s.high = min(s.high, s.f.Known)
	}
	if last := s.f.Posted.Last; !last.IsZero() {
		known, err := KnownOn(s.ctx, s.q, s.p, last)
		if err != nil {
			return err
		}
		s.high = min(s.high, known)
	}
	if first := s.f.Posted.First; !first.IsZero() {
		if s.low, err = KnownOn(s.ctx, s.q, s.p, first.AddDays(-1)); err != nil {
			return err
		}
	}
	if s.after.No != 0 {
		s.high = min(s.high, s.after.No)
	}
	return nil
}

// mostNumbers is how many transactions of a reference, person or kind of
// correction a page is made of.
const mostNumbers = 500

// numbers are the transactions that an index names by themselves; ok where there
// is such an index.
func (s *lineSearch) numbers() (found []int64, ok bool, err error) {
	const reference = `
		SELECT no FROM ledger_transactions WHERE book_id = $1 AND source = $5 AND source <> '' AND no > $2 AND no <= $3
		UNION
		SELECT tx_no FROM deposits WHERE program_id = $6 AND reference = $5 AND tx_no > $2 AND tx_no <= $3
		UNION
		SELECT return_tx_no FROM deposits WHERE program_id = $6 AND reference = $5 AND return_tx_no > $2 AND return_tx_no <= $3
		UNION
		SELECT CAST($7 AS bigint) WHERE $7 > $2 AND $7 <= $3
		ORDER BY 1 DESC LIMIT $4`
	const people = `
		SELECT no FROM ledger_transactions
		WHERE book_id = $1 AND maker = $5 AND starts_with(maker, 'staff/') AND no > $2 AND no <= $3 ORDER BY no DESC LIMIT $4`
	const reversals = `
		SELECT no FROM ledger_transactions WHERE book_id = $1 AND reverses IS NOT NULL AND no > $2 AND no <= $3 ORDER BY no DESC LIMIT $4`
	const reversed = `
		SELECT reverses FROM ledger_transactions WHERE book_id = $1 AND reverses IS NOT NULL AND reverses > $2 AND reverses <= $3 ORDER BY reverses DESC LIMIT $4`
	args := []any{s.p.Book, s.low, s.high, mostNumbers}
	query := ""
	switch {
	case s.f.Reference != "":
		no, _, err := ledger.TransactionByKey(s.ctx, s.q, s.p.Book, s.f.Reference)
		if err != nil {
			return nil, false, err
		}
		query, args = reference, append(args, s.f.Reference, s.p.ID, no)
	case staffMember(s.f.Maker):
		query, args = people, append(args, s.f.Maker)
	case s.f.Reversal == Reversals:
		query = reversals
	case s.f.Reversal == Reversed:
		query = reversed
	default:
		return nil, false, nil
	}
	if err := sqlx.SelectContext(s.ctx, s.q, &found, query, args...); err != nil {
		return nil, false, err
	}
	if len(found) == mostNumbers {
		s.back = ledger.TxNo(found[mostNumbers-1]) - 1
	}
	return found, true, nil
}

func staffMember(maker string) bool { return len(maker) > 6 && maker[:6] == "staff/" }

// accounts are the accounts that lines are looked for in; ok where they are few
// enough to follow. Of long histories a part is looked through.
func (s *lineSearch) accounts() (ids []int64, ok bool, err error) {
	const query = `
		SELECT id FROM ledger_accounts
		WHERE book_id = $1 AND (CAST($2 AS smallint) = 0 OR chart = $2) AND (CAST($3 AS integer) = 0 OR fund_id = $3)
		ORDER BY chart, fund_id LIMIT $4`
	const ofChild = `
		SELECT id FROM ledger_accounts
		WHERE book_id = $1 AND child_id = $5 AND child_id > 0 AND (CAST($2 AS smallint) = 0 OR chart = $2) AND (CAST($3 AS integer) = 0 OR fund_id = $3)
		LIMIT $4`
	args := []any{s.p.Book, s.f.Chart, s.f.Fund, fewAccounts + 1}
	switch {
	case s.f.Account != 0:
		ids = []int64{int64(s.f.Account)}
	case s.f.Child != 0:
		err = sqlx.SelectContext(s.ctx, s.q, &ids, ofChild, append(args, s.f.Child)...)
	case s.f.Chart != 0 || s.f.Fund != 0:
		err = sqlx.SelectContext(s.ctx, s.q, &ids, query, args...)
	default:
		return nil, false, nil
	}
	if err != nil || len(ids) > fewAccounts {
		return nil, false, err
	}
	const frontier = `
		SELECT coalesce(max(e.tx_no), 0)
		FROM unnest(CAST($2 AS bigint[])) a (id)
		JOIN ledger_entries e ON e.book_id = $1 AND e.account_id = a.id AND e.seq = ledger_seq_known($1, a.id, $3) - $4`
	if err := sqlx.GetContext(s.ctx, s.q, &s.back, frontier, s.p.Book, pq.Array(ids), s.high, perAccount); err != nil {
		return nil, false, err
	}
	if s.back <= s.low {
		s.back = 0
	}
	return ids, true, nil
}

const lineColumns = `
	SELECT e.tx_no AS no, e.account_id, e.seq, a.chart, a.fund_id, a.child_id, a.benefit, e.amount, e.effective_on, t.concerns_on, t.posted_at,
		t.kind, t.maker, t.approval, t.source, t.key, coalesce(t.reverses, 0) AS reverses,
		coalesce((SELECT r.no FROM ledger_transactions r WHERE r.book_id = t.book_id AND r.reverses = t.no), 0) AS reversed_by`

// lineFilters is every filter; those that the way to the lines has settled cost
// nothing here.
const lineFilters = `
	JOIN ledger_transactions t ON t.book_id = e.book_id AND t.no = e.tx_no
	JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id
	WHERE e.book_id = $1 AND e.tx_no > $2 AND e.tx_no <= $3
	  AND (CAST($4 AS bigint) = 0 OR e.tx_no < $4 OR (e.account_id, e.seq) > (CAST($5 AS bigint), CAST($6 AS bigint)))
	  AND (CAST($7 AS smallint) = 0 OR a.chart = $7)
	  AND (CAST($8 AS integer) = 0 OR e.fund_id = $8)
	  AND (CAST($9 AS bigint) = 0 OR a.child_id = $9)
	  AND (CAST($10 AS text) = '' OR t.kind = $10)
	  AND (CAST($11 AS text) = '' OR t.maker = $11)
	  AND (CAST($12 AS numeric) = 0 OR abs(e.amount) >= CAST($12 AS numeric))
	  AND (CAST($13 AS numeric) = 0 OR abs(e.amount) <= CAST($13 AS numeric))
	  AND (CAST($14 AS date) IS NULL OR e.effective_on >= $14)
	  AND (CAST($15 AS date) IS NULL OR e.effective_on <= $15)
	  AND (CAST($16 AS text) <> 'reversals' OR t.reverses IS NOT NULL)
	  AND (CAST($16 AS text) <> 'reversed' OR EXISTS (SELECT FROM ledger_transactions r WHERE r.book_id = t.book_id AND r.reverses = t.no))
	ORDER BY e.tx_no DESC, e.account_id, e.seq
	LIMIT $17`

// The ways to the lines.
const (
	byNumbers = lineColumns + `
		FROM (SELECT * FROM ledger_entries n WHERE n.book_id = $1 AND n.tx_no = ANY (CAST($18 AS bigint[]))) e` + lineFilters
	byAccounts = lineColumns + `
		FROM unnest(CAST($18 AS bigint[])) w (id)
		CROSS JOIN LATERAL (
			SELECT * FROM ledger_entries n WHERE n.book_id = $1 AND n.account_id = w.id AND n.seq <= ledger_seq_known($1, w.id, $3)
			ORDER BY n.seq DESC LIMIT $19) e` + lineFilters
	byStretch = lineColumns + `
		FROM ledger_entries e` + lineFilters
)

func (s *lineSearch) query(query string, low, high ledger.TxNo, limit int, more ...any) (out []JournalLine, err error) {
	f := s.f
	args := append([]any{s.p.Book, low, high, s.after.No, s.after.Account, s.after.Seq, f.Chart, f.Fund, f.Child, f.Kind, f.Maker,
		f.Least, f.Most, f.Effective.First, f.Effective.Last, f.Reversal, limit}, more...)
	return out, sqlx.SelectContext(s.ctx, s.q, &out, query, args...)
}

// page is a page from what an index names, down to where it was looked through.
func (s *lineSearch) page(query string, err error, args ...any) (found FoundLines, _ error) {
	if err != nil {
		return found, err
	}
	found.Lines, err = s.query(query, max(s.low, s.back), s.high, s.limit+1, args...)
	s.cut(&found, s.back)
	return found, err
}

// cut ends a page that is full, or says from where the search goes on.
func (s *lineSearch) cut(found *FoundLines, back ledger.TxNo) {
	switch {
	case len(found.Lines) > s.limit:
		found.Lines = found.Lines[:s.limit]
		last := found.Lines[s.limit-1].Place()
		found.Next = &last
	case back > 0:
		found.Next, found.Searched = &Place{No: back}, true
	}
}

// stretch is a run of transactions: after one, up to another.
type stretch struct {
	After ledger.TxNo `db:"after_no"`
	Upto  ledger.TxNo `db:"upto_no"`
}

// scan looks through the stretches that may hold what is looked for.
func (s *lineSearch) scan() (found FoundLines, err error) {
	all, err := s.stretches()
	if err != nil {
		return found, err
	}
	left := ledger.TxNo(searchBudget)
	for _, part := range all {
		low, high := max(part.After, s.low), min(part.Upto, s.high)
		for high > low {
			if left <= 0 {
				s.cut(&found, high)
				return found, nil
			}
			step := max(low, high-searchStep)
			lines, err := s.query(byStretch, step, high, s.limit+1-len(found.Lines))
			if err != nil {
				return found, err
			}
			if found.Lines = append(found.Lines, lines...); len(found.Lines) > s.limit {
				s.cut(&found, 0)
				return found, nil
			}
			left, high = left-(high-step), step
		}
	}
	return found, nil
}

// stretches are the parts of the book whose sums show anything that is looked
// for, and the newest part, which has no sums yet; the newest first.
func (s *lineSearch) stretches() (out []stretch, err error) {
	const query = `
		SELECT DISTINCT after_no, upto_no FROM ledger_sums
		WHERE book_id = $1 AND upto_no > $2 AND after_no < $3
		  AND (CAST($4 AS smallint) = 0 OR chart = $4)
		  AND (CAST($5 AS integer) = 0 OR fund_id = $5)
		  AND (CAST($6 AS text) = '' OR kind = $6)
		  AND (CAST($7 AS date) IS NULL OR effective_on >= $7)
		  AND (CAST($8 AS date) IS NULL OR effective_on <= $8)
		UNION ALL
		SELECT coalesce(max(upto_no), 0), CAST($3 AS bigint) FROM ledger_sums WHERE book_id = $1
		ORDER BY upto_no DESC`
	f := s.f
	if err := sqlx.SelectContext(s.ctx, s.q, &out, query, s.p.Book, s.low, s.high, f.Chart, f.Fund, f.Kind, f.Effective.First, f.Effective.Last); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(part stretch) bool { return part.After >= part.Upto }), nil
}

// LineTotals is what all lines of a filter come to.
type LineTotals struct {
	Debit, Credit ledger.Amount // neither negative
	Entries       int64
}

// Net is the balance they leave, credit positive.
func (t LineTotals) Net() ledger.Amount { return t.Credit.Sub(t.Debit) }

// Summed reports a filter whose lines the book's sums add up.
func (f LineFilter) Summed() bool {
	return f.Account == 0 && f.Child == 0 && f.Maker == "" && f.Least.IsZero() && f.Most.IsZero() && f.Posted == (ledger.Period{}) &&
		f.Reference == "" && f.Reversal == ""
}

// TotalsOf adds up all lines of a filter that is Summed.
func TotalsOf(ctx context.Context, q sqlx.QueryerContext, p program.Program, f LineFilter) (t LineTotals, err error) {
	sums, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{Chart: f.Chart, Fund: f.Fund, Kind: f.Kind, In: f.Effective, KnownNo: f.Known})
	if err != nil {
		return t, fmt.Errorf("totals of %s: %w", p.Code, err)
	}
	for _, s := range sums {
		t.Debit, t.Credit, t.Entries = t.Debit.Sub(s.Debit), t.Credit.Add(s.Credit), t.Entries+s.Entries
	}
	return t, nil
}

// Kinds are the kinds of transaction that a book has seen, sorted.
func Kinds(ctx context.Context, q sqlx.QueryerContext, p program.Program) (kinds []string, err error) {
	sums, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{})
	for _, s := range sums {
		kinds = append(kinds, s.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), err
}

// Makers are the people who posted anything in a book, sorted.
func Makers(ctx context.Context, q sqlx.QueryerContext, p program.Program) (makers []string, err error) {
	const query = `SELECT DISTINCT maker FROM ledger_transactions WHERE book_id = $1 AND starts_with(maker, 'staff/') ORDER BY maker`
	if err := sqlx.SelectContext(ctx, q, &makers, query, p.Book); err != nil {
		return nil, fmt.Errorf("who posted in %s: %w", p.Code, err)
	}
	return makers, nil
}
