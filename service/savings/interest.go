package savings

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Faults of interest.
var (
	// ErrInterestDays reports days that are none, or overlap those of other interest.
	ErrInterestDays = fault.New(fault.Invalid, "savings.interest_days")
	// ErrNoBalance reports interest on days on which nothing was held.
	ErrNoBalance = fault.New(fault.Conflict, "savings.no_balance")
	// ErrNoInterest reports interest that the program does not have, or no more.
	ErrNoInterest = fault.New(fault.NotFound, "savings.no_interest")
)

// Policy says whose a bank's interest is.
type Policy string

// The policies.
const (
	ChildGets    Policy = "child"   // it follows the money on which it was earned
	ProgramKeeps Policy = "program" // it is operations'; families are told so
)

// Policies are all of them, in the order people are offered them.
var Policies = []Policy{ChildGets, ProgramKeeps}

// Interest is what a bank paid, or took, for money that it held.
type Interest struct {
	Reference string // names it for ever
	Custodian int32  // the dimension of its accounts
	Amount    ledger.Amount
	On        ledger.Date   // when it counts
	In        ledger.Period // the days for which it was paid
	Policy    Policy
}

// Share is one child's, or one fund's, part of interest.
type Share struct {
	Child  family.ChildID // 0: a fund's money that is no child's yet
	Layer  ledger.Layer
	Fund   ledger.FundID
	Weight decimal.Decimal // the sum of its day-end balances, in cents
	Amount ledger.Amount
}

// Allocation is interest shared out.
type Allocation struct {
	Interest
	Shares []Share
	// Average is the average daily balance of all shares together.
	Average ledger.Amount
}

// Days is for how many days it was paid.
func (i Interest) Days() int { return i.In.Last.DaysSince(i.In.First) + 1 }

// APY is the annual percentage yield that interest makes on a balance in so many
// days, to two decimals (12 CFR 1030, appendix A): 100·((1+I/P)^(365/days)−1).
func APY(interest, balance ledger.Amount, days int) decimal.Decimal {
	if balance.Sign() <= 0 || days <= 0 {
		return decimal.Zero
	}
	const digits = 24
	base := decimal.NewFromInt(1).Add(interest.Decimal().DivRound(balance.Decimal(), digits))
	if base.Sign() <= 0 {
		return decimal.Zero
	}
	grown, err := base.PowWithPrecision(decimal.NewFromInt(365).DivRound(decimal.NewFromInt(int64(days)), digits), digits)
	if err != nil {
		return decimal.Zero
	}
	return grown.Sub(decimal.NewFromInt(1)).Mul(decimal.NewFromInt(100)).Round(2)
}

// Allocate says whose interest is, by the average daily balance of each child's
// money of each kind and fund, and of what funds hold at the bank for no child yet.
// The parts sum to the bank's figure: largest remainder, equal fractions to the
// child of the lower number, then family, seed, match, incentive, community,
// earnings (domain/money.md, Allocation & rounding). Money of which nobody knows
// whose it is earns nothing for anybody.
func Allocate(ctx context.Context, q sqlx.QueryerContext, p program.Program, i Interest) (a Allocation, err error) {
	a.Interest = i
	if i.In.First.IsZero() || i.In.Last.Before(i.In.First) || i.Amount.IsZero() {
		return a, ErrInterestDays.At("first")
	}
	if i.Policy == ProgramKeeps {
		ops, err := fund.ByCode(ctx, q, p.ID, fund.OperationsCode)
		a.Shares = []Share{{Fund: ops.ID, Amount: i.Amount}}
		return a, err
	}
	if err := a.weigh(ctx, q, p); err != nil {
		return a, err
	}
	if len(a.Shares) == 0 {
		return a, ErrNoBalance
	}
	weights, sum := make([]decimal.Decimal, len(a.Shares)), decimal.Zero
	for n, s := range a.Shares {
		weights[n], sum = s.Weight, sum.Add(s.Weight)
	}
	for n, amount := range ledger.Allocate(i.Amount, weights) {
		a.Shares[n].Amount = amount
	}
	a.Average = ledger.Round(sum.Shift(-2).DivRound(decimal.NewFromInt(int64(i.Days())), 4), ledger.HalfEven)
	return a, nil
}

// weigh sums day-end balances: an entry counts on each day from its own to the
// last, at most all of them.
func (a *Allocation) weigh(ctx context.Context, q sqlx.QueryerContext, p program.Program) error {
	const query = `
		SELECT child_id, layer, fund_id, weight FROM (
			SELECT a.child_id, a.fund_id, k.layer, k.place,
			       sum(e.amount * 100 * (CAST($3 AS date) - greatest(e.effective_on, CAST($2 AS date)) + 1)) AS weight
			FROM unnest(CAST($4 AS smallint[]), CAST($5 AS text[]), CAST($6 AS integer[])) AS k (chart, layer, place)
			JOIN ledger_accounts a ON a.book_id = $1 AND a.chart = k.chart AND a.child_id > 0
			JOIN ledger_entries e ON e.book_id = a.book_id AND e.account_id = a.id AND e.effective_on <= $3
			GROUP BY a.child_id, a.fund_id, k.layer, k.place) w
		WHERE weight > 0
		ORDER BY child_id, place, fund_id`
	var charts pq.Int64Array
	var layers []string
	var places pq.Int64Array
	for place, l := range []ledger.Layer{ledger.LayerFamily, ledger.LayerSeed, ledger.LayerMatch, ledger.LayerIncentive, ledger.LayerCommunity, ledger.LayerEarnings} {
		for _, line := range ledger.Charts() {
			if line.Chart.Layer() == l {
				charts, layers, places = append(charts, int64(line.Chart)), append(layers, string(l)), append(places, int64(place))
			}
		}
	}
	rows, err := q.QueryxContext(ctx, query, p.Book, a.In.First, a.In.Last, charts, pq.Array(layers), places)
	if err != nil {
		return fmt.Errorf("daily balances of %s: %w", p.Code, err)
	}
	defer rows.Close()
	designated := map[ledger.FundID]decimal.Decimal{}
	for rows.Next() {
		var s Share
		if err := rows.Scan(&s.Child, &s.Layer, &s.Fund, &s.Weight); err != nil {
			return fmt.Errorf("daily balances of %s: %w", p.Code, err)
		}
		a.Shares = append(a.Shares, s)
		designated[s.Fund] = designated[s.Fund].Add(s.Weight)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return a.weighFunds(ctx, q, p, designated)
}

// weighFunds adds what restricted funds hold at custodians beyond what is set aside
// for children.
func (a *Allocation) weighFunds(ctx context.Context, q sqlx.QueryerContext, p program.Program, designated map[ledger.FundID]decimal.Decimal) error {
	const query = `
		SELECT a.fund_id AS fund, sum(-e.amount * 100 * (CAST($3 AS date) - greatest(e.effective_on, CAST($2 AS date)) + 1)) AS weight
		FROM ledger_accounts a
		JOIN funds f ON f.program_id = $4 AND f.id = a.fund_id AND f.kind = 'restricted'
		JOIN ledger_entries e ON e.book_id = a.book_id AND e.account_id = a.id AND e.effective_on <= $3
		WHERE a.book_id = $1 AND a.chart = $5
		GROUP BY a.fund_id ORDER BY a.fund_id`
	var held []struct {
		Fund   ledger.FundID   `db:"fund"`
		Weight decimal.Decimal `db:"weight"`
	}
	if err := sqlx.SelectContext(ctx, q, &held, query, p.Book, a.In.First, a.In.Last, p.ID, ledger.CustodialCash); err != nil {
		return fmt.Errorf("daily balances of funds of %s: %w", p.Code, err)
	}
	for _, h := range held {
		if left := h.Weight.Sub(designated[h.Fund]); left.Sign() > 0 {
			a.Shares = append(a.Shares, Share{Fund: h.Fund, Weight: left})
		}
	}
	return nil
}

// interestSet is how many shares one transaction of the books holds.
const interestSet = 1000

// ShareOut posts interest to those whose it is (P22), or to operations where the
// program keeps it, all in the caller's transaction; with its reference it may be
// repeated. It returns the transactions. Of a loss, earnings bear their part
// first, and then the money itself.
func ShareOut(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, i Interest, at time.Time) ([]ledger.TxNo, error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return nil, fmt.Errorf("interest %s: %w", i.Reference, err)
	}
	a, err := Allocate(ctx, tx, p, i)
	if err != nil {
		return nil, err
	}
	if err := i.apart(ctx, tx, p); err != nil {
		return nil, err
	}
	days, err := fund.OpenDays(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	effective, concerns := days.Place(i.On)
	var postings []ledger.Posting
	for first := 0; first < len(a.Shares); first += interestSet {
		entries, err := a.entries(ctx, tx, p, a.Shares[first:min(first+interestSet, len(a.Shares))])
		if err != nil {
			return nil, err
		}
		if len(entries) == 0 {
			continue // a few cents over many: these got none
		}
		postings = append(postings, ledger.Posting{Key: key("interest", p.ID, i.Reference, strconv.Itoa(first/interestSet)), Kind: "interest", Effective: effective, Concerns: concerns,
			Entries: entries, Maker: who.Actor, Source: i.Reference})
	}
	posted, err := ledger.Post(ctx, tx, p.Book, at, postings)
	if err != nil {
		return nil, translate(fmt.Errorf("share out interest %s: %w", i.Reference, err))
	}
	numbers := make([]ledger.TxNo, len(posted))
	for n, one := range posted {
		numbers[n] = one.No
	}
	if posted[0].Replayed {
		return numbers, nil
	}
	return numbers, a.keep(ctx, tx, who, p, numbers, at)
}

// entries are the entries of some shares: the custodian's cash of each fund, and
// what each share gets.
func (a Allocation) entries(ctx context.Context, tx *sqlx.Tx, p program.Program, shares []Share) ([]ledger.Entry, error) {
	var accounts []ledger.Account
	var amounts []ledger.Amount
	add := func(account ledger.Account, amount ledger.Amount) {
		if !amount.IsZero() {
			accounts, amounts = append(accounts, account), append(amounts, amount)
		}
	}
	has, err := a.earned(ctx, tx, p, shares)
	if err != nil {
		return nil, err
	}
	sums := map[ledger.FundID]ledger.Amount{}
	var funds []ledger.FundID
	for _, s := range shares {
		if _, met := sums[s.Fund]; !met {
			funds = append(funds, s.Fund)
		}
		sums[s.Fund] = sums[s.Fund].Add(s.Amount)
		switch {
		case s.Child == 0 && a.Policy == ProgramKeeps:
			add(ledger.Account{Chart: ledger.Interest, Fund: s.Fund}, s.Amount)
		case s.Child == 0: // income of the fund, closed into it at once as contributions are
			add(ledger.Account{Chart: ledger.Interest, Fund: s.Fund}, s.Amount)
			add(ledger.Account{Chart: ledger.Interest, Fund: s.Fund}, s.Amount.Neg())
			add(ledger.Account{Chart: ledger.Uncommitted, Fund: s.Fund}, s.Amount)
		default:
			account := s.earnings()
			bears := s.Amount.Max(has[account].Neg())
			add(account, bears)
			add(s.principal(), s.Amount.Sub(bears))
			has[account] = has[account].Add(bears)
		}
	}
	for _, f := range funds {
		add(ledger.Account{Chart: ledger.CustodialCash, Fund: f, Custodian: a.Custodian}, sums[f].Neg())
	}
	ids, err := ledger.EnsureAccounts(ctx, tx, p.Book, accounts)
	if err != nil {
		return nil, fmt.Errorf("open accounts for interest: %w", err)
	}
	entries := make([]ledger.Entry, len(ids))
	for n, id := range ids {
		entries[n] = ledger.Entry{Account: id, Amount: amounts[n]}
	}
	return entries, nil
}

// earnings is where a share of interest goes.
func (s Share) earnings() ledger.Account {
	if s.Layer == ledger.LayerFamily {
		return ledger.Account{Chart: ledger.FamilyEarnings, Fund: s.Fund, Child: int64(s.Child)}
	}
	return ledger.Account{Chart: ledger.DesignatedEarnings, Fund: s.Fund, Child: int64(s.Child), Benefit: string(s.Layer)}
}

// principal is what bears a loss that earnings do not cover.
func (s Share) principal() ledger.Account {
	for _, line := range ledger.Charts() {
		if line.Chart.Layer() == s.Layer {
			return ledger.Account{Chart: line.Chart, Fund: s.Fund, Child: int64(s.Child)}
		}
	}
	panic("no account of layer " + string(s.Layer))
}

// earned is what accounts of earnings hold that a loss would fall on; nothing is
// asked where nobody loses.
func (a Allocation) earned(ctx context.Context, q sqlx.QueryerContext, p program.Program, shares []Share) (map[ledger.Account]ledger.Amount, error) {
	out := map[ledger.Account]ledger.Amount{}
	if a.Amount.Sign() > 0 {
		return out, nil
	}
	var ids []int64
	for _, s := range shares {
		if s.Child != 0 {
			ids = append(ids, int64(s.Child))
		}
	}
	if len(ids) == 0 {
		return out, nil
	}
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Charts: []ledger.Chart{ledger.FamilyEarnings, ledger.DesignatedEarnings}, Children: ids})
	for _, b := range balances {
		out[b.Account] = b.Amount
	}
	return out, err
}

// keep notes that interest was shared out, and for which days.
func (a Allocation) keep(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, numbers []ledger.TxNo, at time.Time) error {
	const query = `
		INSERT INTO interest_allocations (tenant_id, program_id, reference, custodian_id, amount, on_day, first_day, last_day, policy, shares, average, first_no, last_no, made_by, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	_, err := tx.ExecContext(ctx, query, who.Tenant, p.ID, a.Reference, a.Custodian, a.Amount, a.On, a.In.First, a.In.Last, string(a.Policy), len(a.Shares), a.Average,
		numbers[0], numbers[len(numbers)-1], who.Actor, at)
	if err != nil {
		return fmt.Errorf("note interest %s: %w", a.Reference, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "savings.interest_shared", Kind: "program", Subject: int64(p.ID), Program: int32(p.ID),
		After: map[string]any{"reference": a.Reference, "amount": a.Amount, "first": a.In.First, "last": a.In.Last, "policy": a.Policy, "shares": len(a.Shares), "average": a.Average}}}, at)
}

// NextInterest is the first day for which no interest of a custodian was shared
// out; no day where none ever was.
func NextInterest(ctx context.Context, q sqlx.QueryerContext, p program.ID, custodian int32) (on ledger.Date, err error) {
	const query = `SELECT max(last_day) + 1 FROM interest_allocations WHERE program_id = $1 AND custodian_id = $2 AND undone_at IS NULL`
	if err := sqlx.GetContext(ctx, q, &on, query, p, custodian); err != nil {
		return on, fmt.Errorf("days of interest: %w", err)
	}
	return on, nil
}

// apart refuses days for which other interest of the custodian was shared out.
func (i Interest) apart(ctx context.Context, q sqlx.QueryerContext, p program.Program) error {
	const query = `
		SELECT EXISTS (SELECT FROM interest_allocations WHERE program_id = $1 AND custodian_id = $2 AND reference <> $3 AND undone_at IS NULL
		               AND first_day <= $5 AND last_day >= $4)`
	var meets bool
	if err := sqlx.GetContext(ctx, q, &meets, query, p.ID, i.Custodian, i.Reference, i.In.First, i.In.Last); err != nil {
		return fmt.Errorf("days of interest %s: %w", i.Reference, err)
	}
	if meets {
		return ErrInterestDays.At("first")
	}
	return nil
}

// TakeInterestBack reverses interest that was shared out wrongly, all of it or
// nothing, as of its own day. What a child no longer has is ErrSpent. It returns
// the transactions that were reversed.
func TakeInterestBack(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, reference, reason string, at time.Time) ([]ledger.TxNo, error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return nil, fmt.Errorf("take back interest %s: %w", reference, err)
	}
	const mark = `
		UPDATE interest_allocations SET undone_by = $3, undone_at = $4, undone_reason = $5
		WHERE program_id = $1 AND reference = $2 AND undone_at IS NULL RETURNING on_day, first_no, last_no`
	var rows []struct {
		On    ledger.Date `db:"on_day"`
		First ledger.TxNo `db:"first_no"`
		Last  ledger.TxNo `db:"last_no"`
	}
	if err := tx.SelectContext(ctx, &rows, mark, p.ID, reference, who.Actor, at, reason); err != nil {
		return nil, fmt.Errorf("take back interest %s: %w", reference, err)
	}
	if len(rows) == 0 {
		return nil, ErrNoInterest
	}
	var numbers []ledger.TxNo
	var reversals []ledger.Reversal
	for no := rows[0].First; no <= rows[0].Last; no++ {
		numbers = append(numbers, no)
		reversals = append(reversals, ledger.Reversal{Key: key("interest_back", p.ID, strconv.FormatInt(int64(no), 10)), Of: no, Effective: rows[0].On, Maker: who.Actor, Reason: reference})
	}
	if _, err := ledger.ReverseAll(ctx, tx, p.Book, at, reversals); err != nil {
		return nil, translate(fmt.Errorf("take back interest %s: %w", reference, err))
	}
	return numbers, audit.Record(ctx, tx, who, []audit.Event{{Verb: "savings.interest_taken_back", Kind: "program", Subject: int64(p.ID), Program: int32(p.ID),
		After: map[string]any{"reference": reference, "reason": reason}}}, at)
}
