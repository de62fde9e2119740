package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/savings"
)

// Evidence is one reason for a suggestion.
type Evidence struct {
	Code string // number_near, payer_before, name, amount_before, amount, apart, number
	N    int    // how often, or how many days
	On   ledger.Date
}

// Suggestion is what a person may want to decide about an item, and why.
type Suggestion struct {
	Act      Act
	Child    family.ChildID // of ActChild
	Deposit  savings.DepositID
	Entry    OpenEntry // of ActMatch
	Amount   ledger.Amount
	On       ledger.Date
	Evidence []Evidence
	weight   int
}

// most is how many suggestions an item has at most.
const most = 5

// Suggest says what an item may be, the likeliest first. It guesses nothing: each
// suggestion names what speaks for it, and a person decides.
func Suggest(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, i Item, l custody.Line) (out []Suggestion, err error) {
	all, err := Custodians(ctx, q, w.Program.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.ID != i.Custodian {
			continue
		}
		d := desk{w, c}
		if i.Deposit == 0 {
			if out, err = d.movementsLike(ctx, q, i); err != nil {
				return nil, err
			}
		}
		switch {
		case i.Amount.Sign() > 0 && i.Nature != custody.NatureInterest:
			children, err := d.childrenLike(ctx, q, i, l)
			if err != nil {
				return nil, err
			}
			out = append(out, children...)
		case i.Nature == custody.NatureReturn || i.Nature == custody.NatureOut:
			back, err := d.depositsLike(ctx, q, l)
			if err != nil {
				return nil, err
			}
			out = append(out, back...)
		}
	}
	slices.SortStableFunc(out, func(a, b Suggestion) int { return cmp.Compare(b.weight, a.weight) })
	return out[:min(len(out), most)], nil
}

// movementsLike are open movements of the books of the same amount, the nearest
// day first.
func (d desk) movementsLike(ctx context.Context, q sqlx.QueryerContext, i Item) (out []Suggestion, err error) {
	const query = `
		SELECT ` + entryColumns + ` FROM bank_open_entries WHERE custodian_id = $1 AND amount = $2
		ORDER BY abs(effective_on - CAST($3 AS date)), tx_no LIMIT 5`
	var all []OpenEntry
	if err := sqlx.SelectContext(ctx, q, &all, query, d.ID, i.Amount, i.Booked); err != nil {
		return nil, fmt.Errorf("movements like line %d: %w", i.Line, err)
	}
	for _, e := range all {
		apart := max(e.Effective.DaysSince(i.Booked), i.Booked.DaysSince(e.Effective))
		out = append(out, Suggestion{Act: ActMatch, Entry: e, Amount: e.Amount, On: e.Effective, weight: 60 - min(apart, 50),
			Evidence: []Evidence{{Code: "amount"}, {Code: "apart", N: apart}}})
	}
	return out, nil
}

// depositsLike are deposits of the last days that a line may take back.
func (d desk) depositsLike(ctx context.Context, q sqlx.QueryerContext, l custody.Line) (out []Suggestion, err error) {
	const query = `
		SELECT ` + originalColumns + `, coalesce(b.trace_key, '') AS trace_key, '' AS bank
		FROM deposits d
		LEFT JOIN bank_match_entries e ON e.tenant_id = d.tenant_id AND e.custodian_id = $5 AND e.tx_no = d.tx_no AND e.live
		LEFT JOIN bank_match_lines m ON m.tenant_id = e.tenant_id AND m.match_id = e.match_id AND m.live
		LEFT JOIN bank_lines b ON b.tenant_id = m.tenant_id AND b.id = m.line_id
		WHERE d.program_id = $1 AND d.amount = $2 AND d.state IN ('posted', 'suspense') AND d.on_day BETWEEN CAST($3 AS date) - 120 AND CAST($3 AS date) + $4
		ORDER BY (b.payer_key = $6) DESC NULLS LAST, d.on_day DESC, d.id DESC LIMIT 5`
	var all []original
	if err := sqlx.SelectContext(ctx, q, &all, query, d.Program.ID, l.Amount.Neg(), l.Booked, daysApart, d.ID, l.PayerKey); err != nil {
		return nil, fmt.Errorf("deposits like line %d: %w", l.ID, err)
	}
	for n, o := range all {
		out = append(out, Suggestion{Act: ActReturn, Deposit: o.ID, Child: o.Child, Amount: o.Amount, On: o.On, weight: 40 - n,
			Evidence: []Evidence{{Code: "amount"}, {Code: "apart", N: max(l.Booked.DaysSince(o.On), 0)}}})
	}
	return out, nil
}

// likely gathers what speaks for each child.
type likely map[family.ChildID]*Suggestion

func (s likely) add(child family.ChildID, weight int, e Evidence) {
	if child == 0 {
		return
	}
	one := s[child]
	if one == nil {
		one = &Suggestion{Act: ActChild, Child: child}
		s[child] = one
	}
	one.weight += weight
	one.Evidence = append(one.Evidence, e)
}

// childrenLike are children whose an unidentified line may be: the number written
// has one slip in it, the same payer paid for the child before, the words name
// the child or a guardian, and the amount is one that the child was paid before.
func (d desk) childrenLike(ctx context.Context, q sqlx.QueryerContext, i Item, l custody.Line) ([]Suggestion, error) {
	found := likely{}
	if err := d.byNumber(ctx, q, l, found); err != nil {
		return nil, err
	}
	if err := d.byPayer(ctx, q, l, found); err != nil {
		return nil, err
	}
	if err := d.byName(ctx, q, l, found); err != nil {
		return nil, err
	}
	if err := d.amountBefore(ctx, q, i, found); err != nil {
		return nil, err
	}
	out := make([]Suggestion, 0, len(found))
	for _, s := range found {
		s.Amount, s.On = i.Amount, i.Booked
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.Child, b.Child))
	})
	return out, nil
}

func (d desk) byNumber(ctx context.Context, q sqlx.QueryerContext, l custody.Line, found likely) error {
	words := l.Words()
	for _, numbers := range []struct {
		accounts []savings.Account
		weight   int
		code     string
	}{{accountsIn(words), 50, "number"}, {nearAccounts(words), 35, "number_near"}} {
		if len(numbers.accounts) == 0 {
			continue
		}
		children, err := savings.Owners(ctx, q, d.Who, d.Keys, d.Program.ID, numbers.accounts, make([]string, len(numbers.accounts)))
		if err != nil {
			return err
		}
		for _, child := range children {
			if child != 0 && (found[child] == nil) {
				found.add(child, numbers.weight, Evidence{Code: numbers.code})
			}
		}
	}
	return nil
}

func (d desk) byPayer(ctx context.Context, q sqlx.QueryerContext, l custody.Line, found likely) error {
	if len(l.PayerKey) == 0 {
		return nil
	}
	const query = `
		SELECT d.child_id AS child, count(*) AS n, max(d.on_day) AS last
		FROM bank_lines b
		JOIN bank_match_lines m ON m.tenant_id = b.tenant_id AND m.line_id = b.id AND m.live
		JOIN bank_match_entries e ON e.tenant_id = m.tenant_id AND e.match_id = m.match_id AND e.live
		JOIN deposits d ON d.tenant_id = e.tenant_id AND d.program_id = $1 AND d.reference = e.reference AND d.tx_no = e.tx_no AND d.state = 'posted'
		WHERE b.account_id = $2 AND b.payer_key = $3 AND d.child_id IS NOT NULL
		GROUP BY d.child_id ORDER BY max(d.on_day) DESC LIMIT 5`
	var all []struct {
		Child family.ChildID `db:"child"`
		N     int            `db:"n"`
		Last  ledger.Date    `db:"last"`
	}
	if err := sqlx.SelectContext(ctx, q, &all, query, d.Program.ID, l.Account, l.PayerKey); err != nil {
		return fmt.Errorf("who the payer of line %d paid for: %w", l.ID, err)
	}
	for _, one := range all {
		found.add(one.Child, 45/len(all), Evidence{Code: "payer_before", N: one.N, On: one.Last})
	}
	return nil
}

// byName searches for children, and guardians, whose names stand in the words of a
// line: two neighboring words of letters at a time.
func (d desk) byName(ctx context.Context, q sqlx.QueryerContext, l custody.Line, found likely) error {
	names := strings.FieldsFunc(l.Counterparty+" "+l.Description, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
	names = slices.DeleteFunc(names, func(w string) bool { return len([]rune(w)) < 3 })
	hits := map[family.ChildID]bool{}
	for i := 0; i+1 < len(names) && i < 8; i++ {
		children, err := family.Search(ctx, q, d.Who, d.Keys, names[i]+" "+names[i+1], 0, 4)
		if err != nil {
			return err
		}
		for _, child := range children {
			hits[child] = true
		}
	}
	if len(hits) == 0 || len(hits) > 8 {
		return nil // a name that many bear says nothing
	}
	var ids pq.Int64Array
	for child := range hits {
		ids = append(ids, int64(child))
	}
	var here []family.ChildID
	const query = `SELECT child_id FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2) AND enrolled_on IS NOT NULL ORDER BY child_id`
	if err := sqlx.SelectContext(ctx, q, &here, query, d.Program.ID, ids); err != nil {
		return fmt.Errorf("children named on line %d: %w", l.ID, err)
	}
	for _, child := range here {
		found.add(child, 30/len(here), Evidence{Code: "name"})
	}
	return nil
}

func (d desk) amountBefore(ctx context.Context, q sqlx.QueryerContext, i Item, found likely) error {
	var ids pq.Int64Array
	for child := range found {
		ids = append(ids, int64(child))
	}
	if len(ids) == 0 {
		return nil
	}
	const query = `
		SELECT child_id AS child, count(*) AS n FROM deposits
		WHERE program_id = $1 AND child_id = ANY ($2) AND amount = $3 AND state = 'posted' GROUP BY child_id`
	var all []struct {
		Child family.ChildID `db:"child"`
		N     int            `db:"n"`
	}
	if err := sqlx.SelectContext(ctx, q, &all, query, d.Program.ID, ids, i.Amount); err != nil {
		return fmt.Errorf("amounts like line %d: %w", i.Line, err)
	}
	for _, one := range all {
		found.add(one.Child, 10, Evidence{Code: "amount_before", N: one.N})
	}
	return nil
}
