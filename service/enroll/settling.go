package enroll

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// Settling is an exit's money as it waits for approval.
type Settling struct {
	Child family.ChildID `json:"child"`
	Cause Cause          `json:"cause"`
	On    ledger.Date    `json:"on"`
	Parts []Part         `json:"parts,omitempty"`
}

// exitOf is the exit that a child's enrollment tells of.
func exitOf(ctx context.Context, q sqlx.QueryerContext, w Walk, child family.ChildID) (Enrollment, Leaving, error) {
	e, err := Of(ctx, q, w.Program.ID, child)
	if err != nil {
		return e, Leaving{}, err
	}
	l := Leaving{Child: child, On: e.EndedOn}
	switch {
	case e.State == OptedOut:
		l.Cause = Refused
	case e.State == Left:
		l.Cause = Cause(cmp.Or(e.EndedBy, string(LeftOther)))
	default:
		return e, l, ErrNothingToSettle
	}
	return e, l, nil
}

// SettlingContent works out anew what is to be moved of a child's money because
// it left.
func SettlingContent(ctx context.Context, q sqlx.QueryerContext, w Walk, child family.ChildID) (c approval.Content, err error) {
	_, l, err := exitOf(ctx, q, w, child)
	if err != nil {
		return c, err
	}
	out, err := reckon(ctx, q, w, l, false)
	if err != nil {
		return c, err
	}
	settled, err := SettlementsOf(ctx, q, w.Program.ID, child)
	if err != nil {
		return c, err
	}
	out.Parts = slices.DeleteFunc(out.Parts, func(p Part) bool {
		return slices.ContainsFunc(settled, func(s Settlement) bool { return s.Part == p })
	})
	if !out.Moves() {
		return c, ErrNothingToSettle
	}
	if out.Barred != "" {
		return c, family.Permit(ctx, q, child, family.ToForfeit)
	}
	c.Affected, c.Effects = 1, out.Back
	for _, e := range out.Back {
		c.Difference = c.Difference.Add(e.After.Sub(e.Before))
		c.Total = c.Total.Add(e.Before.Sub(e.After))
	}
	for _, p := range out.Parts {
		c.Difference, c.Total = c.Difference.Sub(p.Amount), c.Total.Add(p.Amount)
	}
	c.Details, err = json.Marshal(Settling{l.Child, l.Cause, l.On, out.Parts})
	return c, err
}

// ProposeSettling has what is to be moved wait for another person.
func ProposeSettling(ctx context.Context, tx *sqlx.Tx, w Walk, child family.ChildID, reason string) (approval.ID, error) {
	content, err := SettlingContent(ctx, tx, w, child)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, w.Who, approval.Proposal{
		Program: int64(w.Program.ID), Kind: approval.Forfeiture, Subject: SettlingSubject(child), Reason: reason, Content: content}, w.At)
}

// SettlingSubject is what a request about a child's leaving is about.
func SettlingSubject(child family.ChildID) string {
	return "exit/" + strconv.FormatInt(int64(child), 10)
}

// ReadSettling reads what a request about a child's leaving says.
func ReadSettling(r approval.Request) (s Settling, err error) {
	says, err := r.Says()
	if err == nil {
		err = json.Unmarshal(says.Details, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read settling %d: %w", r.ID, err)
	}
	return s, nil
}

// Settle does what was approved: what is not owed goes back to the funds, the
// match before the seed; what else leaves is written down as agreed, to be paid
// out. The walk is the checker's; maker asked for it.
func Settle(ctx context.Context, tx *sqlx.Tx, w Walk, r approval.Request, maker store.Who) error {
	s, err := ReadSettling(r)
	if err != nil {
		return err
	}
	says, err := r.Says()
	if err != nil {
		return err
	}
	if err := assess(ctx, tx, w, maker, s.Child); err != nil {
		return err
	}
	if err := giveBack(ctx, tx, w, s.Child, says.Effects); err != nil {
		return err
	}
	return agree(ctx, tx, w, r.ID, s)
}

// Reclaim has the rules look at a child after something was agreed that costs it
// awards, and takes back what was shown to go, no more. The walk is the checker's;
// maker asked for it.
func Reclaim(ctx context.Context, tx *sqlx.Tx, w Walk, maker store.Who, child family.ChildID, shown []approval.Effect) error {
	if err := assess(ctx, tx, w, maker, child); err != nil {
		return err
	}
	return giveBack(ctx, tx, w, child, shown)
}

// giveBack decides the open proposals about awards that were shown to go back, of
// no more than what was shown, in the order shown.
func giveBack(ctx context.Context, tx *sqlx.Tx, w Walk, child family.ChildID, shown []approval.Effect) error {
	records, err := family.Records(ctx, tx, []family.ChildID{child})
	if err != nil {
		return err
	}
	all := family.WithRecords([]family.ChildID{child}, records)
	open, err := savings.OpenExcesses(ctx, tx, w.Program.ID, all)
	if err != nil {
		return err
	}
	for _, e := range shown {
		room := e.Before.Sub(e.After)
		for _, id := range all {
			for _, x := range open[id] {
				if x.Benefit != e.What || x.Period != e.Period || room.Less(x.Amount) {
					continue
				}
				room = room.Sub(x.Amount)
				if err := savings.Decide(ctx, tx, w.Who, w.Program, x.ID, true, w.AsOf, w.At); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func agree(ctx context.Context, tx *sqlx.Tx, w Walk, request approval.ID, s Settling) error {
	const query = `
		INSERT INTO exit_settlements (tenant_id, program_id, child_id, request_id, cause, owner, destination, benefit, fund, amount, agreed_by, agreed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CAST($10 AS numeric), $11, $12)
		ON CONFLICT ON CONSTRAINT exit_settlements_part_key DO NOTHING`
	for _, p := range s.Parts { // as many as a child has benefits
		_, err := tx.ExecContext(ctx, query, w.Who.Tenant, w.Program.ID, s.Child, request, s.Cause, p.Owner, p.Destination, p.Benefit, p.Fund, p.Amount, w.Who.Actor, w.At)
		if err != nil {
			return fmt.Errorf("agree to settle child %d: %w", s.Child, err)
		}
	}
	return audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "enroll.settled", Kind: "child", Subject: int64(s.Child), Program: int32(w.Program.ID),
		After: map[string]any{"cause": s.Cause, "request": request, "parts": len(s.Parts)}}}, w.At)
}

// Settlement is a part of a child's money that two people agreed leaves the
// account. That it was paid, another room says.
type Settlement struct {
	Part
	Cause    Cause
	Request  approval.ID
	AgreedBy string
	AgreedAt time.Time
}

// SettlementsOf are those of a child in a program, the oldest first.
func SettlementsOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID) (out []Settlement, err error) {
	const query = `
		SELECT owner, destination, benefit, fund, amount, cause, request_id, agreed_by, agreed_at
		FROM exit_settlements WHERE program_id = $1 AND child_id = $2 ORDER BY id`
	rows, err := q.QueryxContext(ctx, query, p, child)
	if err != nil {
		return nil, fmt.Errorf("settlements of child %d: %w", child, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s Settlement
		if err := rows.Scan(&s.Owner, &s.Destination, &s.Benefit, &s.Fund, &s.Amount, &s.Cause, &s.Request, &s.AgreedBy, &s.AgreedAt); err != nil {
			return nil, fmt.Errorf("settlements of child %d: %w", child, err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
