package bulk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
)

// drawing is an action worked out child by child.
type drawing struct {
	rows   []Row
	counts Counts
}

// Draw works out what an order would do with every child that was chosen, what
// it would cost, and keeps that to be shown. Nothing is done.
func Draw(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, o Order) error {
	b, err := lock(ctx, tx, d, id)
	if err != nil {
		return err
	}
	if b.State != Chosen && b.State != Drawn {
		return ErrState
	}
	book, err := rulesNow(ctx, tx, d)
	if err != nil {
		return err
	}
	if err := o.check(ctx, tx, d, book); err != nil {
		return err
	}
	drawn, err := draw(ctx, tx, d, id, o, book)
	if err != nil {
		return err
	}
	return drawn.store(ctx, tx, d, id, o)
}

// rulesNow are the rules in effect today; none where there are none.
func rulesNow(ctx context.Context, q sqlx.QueryerContext, d Desk) (*rules.Book, error) {
	book, err := program.RulesOn(ctx, q, d.Program.ID, d.today())
	if errors.Is(err, program.ErrNoRules) {
		return &rules.Book{}, nil
	}
	return book, err
}

func draw(ctx context.Context, q sqlx.QueryerContext, d Desk, id ID, o Order, book *rules.Book) (out drawing, err error) {
	const query = `SELECT child_id FROM bulk_rows WHERE action_id = $1 ORDER BY child_id`
	var ids []family.ChildID
	if err := sqlx.SelectContext(ctx, q, &ids, query, id); err != nil {
		return out, fmt.Errorf("children of bulk action %d: %w", id, err)
	}
	if out.rows, err = judge(ctx, q, d, o, ids); err != nil {
		return out, err
	}
	out.counts.By, out.counts.Why = map[Outcome]int{}, map[string]int{}
	var ready []family.ChildID
	whom := sha256.New()
	for _, r := range out.rows {
		out.counts.By[r.Outcome]++
		if r.Why != "" {
			out.counts.Why[string(r.Outcome)+"/"+r.Why]++
		}
		if r.Outcome == Ready {
			ready = append(ready, r.Child)
			whom.Write(strconv.AppendInt(nil, int64(r.Child), 10))
			whom.Write([]byte{'\n'})
		}
	}
	out.counts.Whom = hex.EncodeToString(whom.Sum(nil))
	return out, out.counts.price(ctx, q, d, o, book, ready)
}

// price works out what the order would bring the children; holds bring nothing.
func (c *Counts) price(ctx context.Context, q sqlx.QueryerContext, d Desk, o Order, book *rules.Book, ids []family.ChildID) error {
	if o.Action == Hold || o.Action == Lift || len(ids) == 0 || len(book.Versions) == 0 {
		return nil
	}
	if len(ids) > mostPriced {
		c.Unpriced = true
		return nil
	}
	before, err := enroll.Facts(ctx, q, d.Who, d.Keys, d.Program.ID, ids)
	if err == nil {
		before, err = savings.WithDeposits(ctx, q, d.Program.ID, before)
	}
	if err != nil {
		return err
	}
	after, err := o.with(ctx, q, d, before)
	if err != nil {
		return err
	}
	c.Cost = enroll.Price(book, before, after, d.today())
	if len(c.Cost) == 0 {
		return nil
	}
	funds, err := fund.All(ctx, q, d.Program.ID)
	if err != nil {
		return err
	}
	has, err := fund.Available(ctx, q, d.Program, d.At)
	c.Funds = map[string]string{}
	for _, f := range funds {
		if f.Kind == fund.Restricted {
			c.Funds[f.Code] = has[f.ID].String()
		}
	}
	return err
}

// with are the children as the rules would know them once the order is done.
func (o Order) with(ctx context.Context, q sqlx.QueryerContext, d Desk, children []rules.Child) ([]rules.Child, error) {
	out := slices.Clone(children)
	var facts []rules.Fact
	var events []rules.Event
	switch o.Action {
	case Event:
		events = []rules.Event{{Key: "event/new", Kind: rules.EventKind(o.What), On: o.On, Seq: int64(1) << 60}}
	case Fact:
		facts = []rules.Fact{{Name: o.What, Value: o.Yes, From: o.On, Known: d.today()}}
	case Consent:
		facts = []rules.Fact{{Name: family.Purpose(o.What).Fact(), Value: o.Yes, From: o.On, Known: d.today()}}
	case Transfer:
		schools, err := program.Schools(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, s := range schools {
			if s.ID == o.School {
				facts = []rules.Fact{{Name: "school", Value: s.Code, From: o.On}, {Name: "district", Value: s.District, From: o.On}}
			}
		}
	}
	for i := range out {
		out[i].Facts = slices.Concat(out[i].Facts, facts)
		out[i].Events = slices.Concat(out[i].Events, events)
	}
	return out, nil
}

// store keeps what was worked out, in place of what was before.
func (w drawing) store(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, o Order) error {
	spec, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("order of bulk action %d: %w", id, err)
	}
	counts, err := json.Marshal(w.counts)
	if err != nil {
		return fmt.Errorf("counts of bulk action %d: %w", id, err)
	}
	const query = `
		UPDATE bulk_actions SET state = 'drawn', action = $2, spec = $3, counts = $4, total = $5, done = 0, drawn_by = $6, drawn_at = $7
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, string(o.Action), string(spec), string(counts), w.counts.By[Ready], d.Actor, d.At); err != nil {
		return fmt.Errorf("bulk action %d: %w", id, err)
	}
	return writeRows(ctx, tx, id, w.rows)
}

func writeRows(ctx context.Context, tx *sqlx.Tx, id ID, rows []Row) error {
	ids, before := make([]int64, len(rows)), make([]int64, len(rows))
	outcomes, whys := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		ids[i], before[i], outcomes[i], whys[i] = int64(r.Child), r.Before, string(r.Outcome), r.Why
	}
	const query = `
		UPDATE bulk_rows b SET outcome = r.outcome, why = r.why, before = r.before
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS bigint[])) AS r (child_id, outcome, why, before)
		WHERE b.action_id = $1 AND b.child_id = r.child_id`
	if _, err := tx.ExecContext(ctx, query, id, pq.Array(ids), pq.Array(outcomes), pq.Array(whys), pq.Array(before)); err != nil {
		return fmt.Errorf("children of bulk action %d: %w", id, err)
	}
	return nil
}

// Agreement is what an approver of an action approves: this order, for exactly
// these children.
type Agreement struct {
	Bulk  ID     `json:"bulk"`
	Order Order  `json:"order"`
	Whom  string `json:"whom"`
}

func (c Counts) content(id ID, o Order) (out approval.Content, err error) {
	out.Total, out.Difference, out.Affected = c.Total(), c.Total(), c.By[Ready]
	for _, cost := range c.Cost {
		out.Effects = append(out.Effects, approval.Effect{What: cost.Benefit, Fund: cost.Fund, Children: cost.Children, After: cost.Amount})
	}
	out.Details, err = json.Marshal(Agreement{id, o, c.Whom})
	return out, err
}

// Content is what an action that is shown would do, worked out anew.
func Content(ctx context.Context, q sqlx.QueryerContext, d Desk, id ID) (out approval.Content, err error) {
	b, err := Load(ctx, q, d.Program.ID, id)
	if err != nil {
		return out, err
	}
	if b.State != Drawn {
		return out, ErrState
	}
	book, err := rulesNow(ctx, q, d)
	if err != nil {
		return out, err
	}
	d.Actor = b.DrawnBy // whose own holds are told apart
	drawn, err := draw(ctx, q, d, id, b.Order, book)
	if err != nil {
		return out, err
	}
	return drawn.counts.content(id, b.Order)
}

// Alone reports that whoever asks may have an action done without another
// person.
func Alone(ctx context.Context, q sqlx.QueryerContext, d Desk, b Bulk) (bool, error) {
	if b.Counts.Unpriced {
		return approval.Alone(ctx, q, d.Who, approval.Bulk, b.Total, unknownSum)
	}
	return approval.Alone(ctx, q, d.Who, approval.Bulk, b.Total, b.Counts.Total())
}

// unknownSum stands for a cost that was not worked out: it is beyond every limit.
var unknownSum = ledger.Minor(1_000_000_000_000_00)

// Propose has an action wait for another person.
func Propose(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, reason string) (approval.ID, error) {
	content, err := Content(ctx, tx, d, id)
	if err != nil {
		return 0, err
	}
	if content.Affected == 0 {
		return 0, ErrNobody
	}
	return approval.Propose(ctx, tx, d.Who, approval.Proposal{Program: int64(d.Program.ID), Kind: approval.Bulk, Subject: id.Subject(), Reason: reason, Content: content}, d.At)
}
