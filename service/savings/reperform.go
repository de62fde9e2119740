package savings

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Case is a child whose awards are derived anew.
type Case struct {
	Child rules.Child // as service/enroll knows it; its deposits are added here
	Book  *rules.Book
	On    ledger.Date // the day as of which the rules are asked
	// Waiting says that something of the child changed since the last run: its
	// awards cannot be what the rules say now, and only the books are compared.
	Waiting bool
}

// What a re-performance finds.
const (
	FindEntitled  = "entitled"  // the rules give another amount
	FindMissing   = "missing"   // the rules give an award that nobody evaluated
	FindReason    = "reason"    // the amount is right and its reason is another; why there is nothing is not kept up to date
	FindUnderpaid = "underpaid" // less was given, waits or fell away than the child is entitled to
	FindOverpaid  = "overpaid"  // more was given, and nobody was asked to decide about it
	FindMoves     = "moves"     // the award does not say what its movements add up to
	FindLedger    = "ledger"    // its movements are not what the ledger shows
)

// Finding is a difference between an award and what is derived anew.
type Finding struct {
	N        int64          `db:"n"`
	Child    family.ChildID `db:"child_id"`
	Benefit  string         `db:"benefit"`
	Period   string         `db:"period"`
	Reason   string         `db:"reason"`
	Expected ledger.Amount  `db:"expected"`
	Found    ledger.Amount  `db:"found"`
	On       ledger.Date    `db:"on_day"`
	Rule     string         `db:"rule_hash"`
	Why      string         `db:"why"` // JSON of the evaluation; "" where the rules do not mention the award
}

// Reperform derives every award of children anew, from facts and rules, and
// compares it with what is stored, with its movements and with the ledger. It
// notes the differences under a run and returns how many of each; it posts
// nothing and corrects nothing.
func Reperform(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, run int64, cases []Case, at time.Time) (map[string]int, error) {
	r := &review{asked: map[family.ChildID]Case{}}
	children, ids := make([]rules.Child, len(cases)), make([]family.ChildID, len(cases))
	for i, c := range cases {
		children[i], ids[i] = c.Child, family.ChildID(c.Child.ID)
		r.asked[ids[i]] = c
	}
	var err error
	if children, err = WithDeposits(ctx, tx, p.ID, children); err != nil {
		return nil, err
	}
	records, err := family.Records(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	all := family.WithRecords(ids, records)
	if r.given, err = loadGiven(ctx, tx, p.ID, all); err != nil {
		return nil, err
	}
	gatherRecords(r.given, ids, records)
	for id, of := range records {
		for _, other := range of {
			if _, own := r.asked[other]; !own {
				r.asked[other] = r.asked[id]
			}
		}
	}
	for _, c := range children {
		if asked := r.asked[family.ChildID(c.ID)]; !asked.Waiting {
			if err := r.derive(c, asked); err != nil {
				return nil, err
			}
		}
	}
	for k, g := range r.given {
		r.add(k, g)
	}
	if err := r.books(ctx, tx, p, all); err != nil {
		return nil, err
	}
	return r.counts(), r.insert(ctx, tx, who, p.ID, run, at)
}

// review is the comparison of one set of children.
type review struct {
	asked    map[family.ChildID]Case
	given    map[awardKey]given
	findings []Finding
}

func (r *review) find(k awardKey, reason string, expected, found ledger.Amount, why string) {
	c := r.asked[k.child]
	r.findings = append(r.findings, Finding{
		Child: k.child, Benefit: k.benefit, Period: k.period, Reason: reason, Expected: expected, Found: found, On: c.On, Rule: c.Book.Hash(), Why: why,
	})
}

// derive asks the rules what one child is entitled to and holds what was stored
// against it.
func (r *review) derive(c rules.Child, asked Case) error {
	derived := entitled(asked.Book, c, asked.On)
	for k, e := range derived {
		if err := r.compare(k, e); err != nil {
			return err
		}
	}
	for k, g := range r.given {
		if _, mentioned := derived[k]; k.child == family.ChildID(c.ID) && !mentioned && g.row != nil && g.row.Entitled.Sign() > 0 {
			r.find(k, FindEntitled, ledger.Amount{}, g.row.Entitled, "")
		}
	}
	return nil
}

func (r *review) compare(k awardKey, e rules.Entitlement) error {
	why, err := e.Why.JSON()
	if err != nil {
		return fmt.Errorf("explain %s of child %d: %w", k.benefit, k.child, err)
	}
	g := r.given[k]
	known := g.row != nil
	switch {
	case !known && e.Amount.Sign() > 0:
		r.find(k, FindMissing, e.Amount, ledger.Amount{}, why)
	case !known:
	case g.row.Entitled != e.Amount:
		r.find(k, FindEntitled, e.Amount, g.row.Entitled, why)
	case e.Amount.Sign() > 0 && g.row.Reason != string(e.Why.Reason) && g.row.Reason != ReasonQueued:
		r.find(k, FindReason, e.Amount, g.row.Entitled, why)
	}
	if !known {
		return nil
	}
	// What is shared among all who ask is asked for when it is due.
	owed := e.Amount
	if e.OnShortfall == proRata {
		owed = e.Due
	}
	has := g.row.Accrued.Add(g.row.Posted).Add(g.row.Queued).Add(g.row.Denied).Add(g.there).Add(g.deniedThere)
	if has.Less(owed) {
		r.find(k, FindUnderpaid, owed, has, why)
	}
	may, has := e.Amount.Add(g.row.Excess).Add(g.kept()), g.row.Accrued.Add(g.row.Posted).Add(g.there)
	for _, other := range g.elsewhere {
		may = may.Add(r.given[other].row.Excess)
	}
	if may.Less(has) {
		r.find(k, FindOverpaid, may, has, why)
	}
	return nil
}

// add holds an award against the sum of its movements.
func (r *review) add(k awardKey, g given) {
	if g.row == nil {
		return // it was given under another record only
	}
	if moved := g.sum(g.accrued); moved != g.row.Accrued {
		r.find(k, FindMoves, g.row.Accrued, moved, g.row.Why)
	}
	if moved := g.sum(g.posted); moved != g.row.Posted {
		r.find(k, FindMoves, g.row.Posted, moved, g.row.Why)
	}
}

// account is where a benefit's money of one fund is for a child: promised, or
// on the child's own account.
type account struct {
	child    family.ChildID
	benefit  string
	fund     ledger.FundID
	promised bool
}

// books holds the movements of awards against the ledger.
func (r *review) books(ctx context.Context, tx *sqlx.Tx, p program.Program, ids []family.ChildID) error {
	children := make([]int64, len(ids))
	for i, id := range ids {
		children[i] = int64(id)
	}
	charts := []ledger.Chart{ledger.DesignatedSeed, ledger.DesignatedMatch, ledger.DesignatedIncentive, ledger.DesignatedCommunity, ledger.Accrued}
	balances, err := ledger.Balances(ctx, tx, p.Book, ledger.Query{Children: children, Charts: charts})
	if err != nil {
		return err
	}
	shown, moved := map[account]ledger.Amount{}, map[account]ledger.Amount{}
	for _, b := range balances {
		a := account{family.ChildID(b.Child), b.Benefit, b.Fund, b.Chart == ledger.Accrued}
		shown[a] = shown[a].Add(b.Amount)
		moved[a] = moved[a].Add(ledger.Amount{})
	}
	for k, g := range r.given {
		for f, amount := range g.accrued {
			a := account{k.child, k.benefit, f, true}
			moved[a] = moved[a].Add(amount)
		}
		for f, amount := range g.posted {
			a := account{k.child, k.benefit, f, false}
			moved[a] = moved[a].Add(amount)
		}
	}
	for a, amount := range moved {
		if shown[a] != amount {
			r.find(awardKey{a.child, a.benefit, ""}, FindLedger, amount, shown[a], "")
		}
	}
	return nil
}

func (r *review) counts() map[string]int {
	out := map[string]int{}
	for _, f := range r.findings {
		out[f.Reason]++
	}
	return out
}

func (r *review) insert(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, run int64, at time.Time) error {
	if len(r.findings) == 0 {
		return nil
	}
	slices.SortFunc(r.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Child, b.Child), cmp.Compare(a.Benefit, b.Benefit), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Reason, b.Reason))
	})
	var c columns
	for _, f := range r.findings {
		c.add(number(f.Child), f.Benefit, f.Period, f.Reason, f.Expected.String(), f.Found.String(), f.On.String(), f.Rule, f.Why)
	}
	const query = `
		INSERT INTO award_findings (tenant_id, program_id, run_id, child_id, benefit, period, reason, expected, found, on_day, rule_hash, why, found_at)
		SELECT $1, $2, $3, CAST(child_id AS bigint), benefit, period, reason, CAST(expected AS numeric), CAST(found AS numeric),
		       CAST(on_day AS date), rule_hash, why, $4
		FROM unnest(CAST($5 AS text[]), CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS text[]),
		            CAST($10 AS text[]), CAST($11 AS text[]), CAST($12 AS text[]), CAST($13 AS text[]))
		     WITH ORDINALITY AS f (child_id, benefit, period, reason, expected, found, on_day, rule_hash, why, place)
		ORDER BY place`
	args := append([]any{who.Tenant, p, run, at}, c.args()...)
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("note %d findings: %w", len(r.findings), err)
	}
	return nil
}

// FindReasons are all that a re-performance finds, the gravest first.
var FindReasons = []string{FindLedger, FindMoves, FindOverpaid, FindUnderpaid, FindMissing, FindEntitled, FindReason}

// Findings returns what a run found, those after a number, by child.
func Findings(ctx context.Context, q sqlx.QueryerContext, p program.ID, run, after int64, limit int) ([]Finding, error) {
	return FindingsOf(ctx, q, p, run, "", after, limit)
}

// FindingsOf returns what a run found of one reason, or with "" of any, those
// after a number, by child.
func FindingsOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, run int64, reason string, after int64, limit int) ([]Finding, error) {
	const query = `
		SELECT n, child_id, benefit, period, reason, expected, found, on_day, rule_hash, why
		FROM award_findings
		WHERE program_id = $1 AND run_id = $2 AND n > $3 AND ($4 = '' OR reason = $4)
		ORDER BY n LIMIT $5`
	var fs []Finding
	if err := sqlx.SelectContext(ctx, q, &fs, query, p, run, after, reason, limit); err != nil {
		return nil, fmt.Errorf("findings of run %d: %w", run, err)
	}
	return fs, nil
}
