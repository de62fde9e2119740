package savings

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// ReasonUndone is of an award whose child takes part no more because what brought
// it in was taken back.
const ReasonUndone = "undone"

// Holding is what one benefit gave children from one fund.
type Holding struct {
	Benefit, Fund string // the fund's code
	Children      int
	Posted        ledger.Amount // on the children's accounts
	Promised      ledger.Amount
}

// HoldingsOf is what children were given and promised, by benefit and fund.
func HoldingsOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID) ([]Holding, error) {
	all, err := loadGiven(ctx, q, p, children)
	if err != nil {
		return nil, err
	}
	funds, err := fund.All(ctx, q, p)
	if err != nil {
		return nil, err
	}
	codes := map[ledger.FundID]string{}
	for _, f := range funds {
		codes[f.ID] = f.Code
	}
	sums := map[[2]string]*Holding{}
	for k, g := range all {
		for _, f := range fundsOf(g.posted) {
			if g.posted[f].IsZero() && g.accrued[f].IsZero() {
				continue
			}
			at := [2]string{k.benefit, codes[f]}
			if sums[at] == nil {
				sums[at] = &Holding{Benefit: k.benefit, Fund: codes[f]}
			}
			s := sums[at]
			s.Children, s.Posted, s.Promised = s.Children+1, s.Posted.Add(g.posted[f]), s.Promised.Add(g.accrued[f])
		}
	}
	var out []Holding
	for _, at := range slices.SortedFunc(maps.Keys(sums), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		out = append(out, *sums[at])
	}
	return out, nil
}

// GiveBack takes back all that children were given and cancels what they were
// promised, fund by fund, because two people agreed that they never should have
// taken part: each award is reversed and stays on record. It may be repeated. A
// child that takes part again is given again what it is entitled to then.
func GiveBack(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, children []family.ChildID, approval string, on ledger.Date, at time.Time) (ledger.Amount, error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return ledger.Amount{}, fmt.Errorf("give back: %w", err)
	}
	all, err := loadGiven(ctx, tx, p.ID, children)
	if err != nil {
		return ledger.Amount{}, fmt.Errorf("give back: %w", err)
	}
	b := &batch{who: who, program: p, asOf: on, at: at, approval: approval, given: all, tally: newTally()}
	why, err := rules.Why{Reason: ReasonUndone, Outcome: rules.Nothing}.JSON()
	if err != nil {
		return ledger.Amount{}, fmt.Errorf("give back: %w", err)
	}
	var total ledger.Amount
	keys := slices.SortedFunc(maps.Keys(all), func(x, y awardKey) int {
		return cmp.Or(cmp.Compare(x.child, y.child), cmp.Compare(x.benefit, y.benefit), cmp.Compare(x.period, y.period))
	})
	for _, k := range keys {
		total = total.Add(b.giveBack(k, why))
	}
	if err := b.write(ctx, tx); err != nil {
		return total, fmt.Errorf("give back: %w", err)
	}
	return total, audit.Record(ctx, tx, who, []audit.Event{{Verb: "savings.given_back", Kind: "program", Subject: int64(p.ID), Program: int32(p.ID),
		After: map[string]any{"amount": total, "children": len(children), "moves": len(b.moves), "approval": approval}}}, at)
}

// giveBack plans what one award takes back, and returns what leaves the account.
func (b *batch) giveBack(k awardKey, why string) ledger.Amount {
	g := b.given[k]
	posted := g.sum(g.posted)
	moves := append(takeFrom(g.accrued, g.sum(g.accrued), cancel), takeFrom(g.posted, posted, reverse)...)
	for i := range moves {
		m := &moves[i]
		m.key, m.n, m.why, m.chart, m.rule = k, g.moves+i+1, why, chartOf(rules.Kind(g.row.Kind)), g.row.Rule
	}
	b.moves = append(b.moves, moves...)
	b.rows = append(b.rows, awardRow{Child: k.child, Benefit: k.benefit, Period: k.period, Kind: g.row.Kind, Moves: g.moves + len(moves),
		Reason: ReasonUndone, Why: why, Rule: g.row.Rule, On: b.asOf})
	b.excesses = append(b.excesses, excess{key: k, why: why}) // an open proposal is withdrawn
	return posted
}
