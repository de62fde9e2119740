package forecast

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// pupil is a child as a forecast sees it: what rule books read, where it stands
// in the program, and what it was given.
type pupil struct {
	rules.Child
	Pupil
	state   enroll.State
	flagged bool
	given   []given
}

// award names what a benefit gives for a period.
type award struct{ benefit, period string }

// given is what a child was given of an award so far.
type given struct {
	award
	accrued, posted, queued, kept, denied ledger.Amount
	on                                    ledger.Date // of the last evaluation
	promises                              []promise   // accrued, by fund
}

// promise is what one fund has promised.
type promise struct {
	fund   string
	amount ledger.Amount
}

// of finds what was given of an award, or nothing.
func (p *pupil) of(a award) given {
	for _, g := range p.given {
		if g.award == a {
			return g
		}
	}
	return given{award: a}
}

// source is where a caseload is read from.
type source struct {
	db      *store.DB
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	chunk   int // children a transaction
}

// everyone are the children in given states, by number. Of an erased family
// nothing is known any more: no run looks at it, and no forecast either.
func (s *source) everyone(ctx context.Context, states []enroll.State) (ids []family.ChildID, err error) {
	const query = `
		SELECT e.child_id
		FROM enrollments e
		JOIN children c ON c.tenant_id = e.tenant_id AND c.id = e.child_id
		JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id
		WHERE e.program_id = $1 AND e.state = ANY ($2) AND f.wrapped_key IS NOT NULL
		ORDER BY e.child_id`
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		return sqlx.SelectContext(ctx, q, &ids, query, s.program.ID, pq.Array(states))
	})
	if err != nil {
		return nil, fmt.Errorf("caseload of %s: %w", s.program.Code, err)
	}
	return ids, nil
}

// read gathers what is known of a set of children in one transaction that
// cannot write, in a number of statements that does not grow with the set.
func (s *source) read(ctx context.Context, ids []family.ChildID) (out []pupil, err error) {
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		out, err = s.gather(ctx, q, ids)
		return err
	})
	return out, err
}

func (s *source) gather(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID) ([]pupil, error) {
	children, err := enroll.Facts(ctx, q, s.who, s.keys, s.program.ID, ids)
	if err != nil {
		return nil, err
	}
	if children, err = savings.WithDeposits(ctx, q, s.program.ID, children); err != nil {
		return nil, err
	}
	out := make([]pupil, len(children))
	place := make(map[family.ChildID]*pupil, len(children))
	for i, c := range children {
		sortEvents(c.Events)
		out[i] = pupil{Child: c, Pupil: Pupil{Child: family.ChildID(c.ID)}}
		place[family.ChildID(c.ID)] = &out[i]
	}
	if err := s.addStates(ctx, q, ids, place); err != nil {
		return nil, err
	}
	return out, s.addGiven(ctx, q, ids, place)
}

// sortEvents puts events into the order of their days, once, so that every
// evaluation finds them sorted.
func sortEvents(events []rules.Event) {
	slices.SortFunc(events, func(a, b rules.Event) int {
		return cmp.Or(a.On.Cmp(b.On), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Key, b.Key))
	})
}

func (s *source) addStates(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID, place map[family.ChildID]*pupil) error {
	const query = store.Kept + `SELECT child_id, id, state, flagged FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2)`
	rows, err := q.QueryxContext(ctx, query, s.program.ID, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("participation of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var child family.ChildID
		var id enroll.ID
		var state enroll.State
		var flagged bool
		if err := rows.Scan(&child, &id, &state, &flagged); err != nil {
			return fmt.Errorf("participation of children: %w", err)
		}
		p := place[child]
		p.Account, p.state, p.flagged = id.Account(), state, flagged
	}
	return rows.Err()
}

// addGiven reads the amounts of awards alone: their stored reasons are many
// times as long, and both books are asked anew.
func (s *source) addGiven(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID, place map[family.ChildID]*pupil) error {
	const query = `
		SELECT a.child_id, a.benefit, a.period, a.accrued, a.posted, a.queued, a.evaluated_on, coalesce(k.amount, 0) AS kept, a.denied
		FROM awards a
		LEFT JOIN (
			SELECT child_id, benefit, period, sum(amount) AS amount
			FROM award_excesses
			WHERE program_id = $1 AND child_id = ANY ($2) AND state = 'kept'
			GROUP BY child_id, benefit, period
		) k ON k.child_id = a.child_id AND k.benefit = a.benefit AND k.period = a.period
		WHERE a.program_id = $1 AND a.child_id = ANY ($2) AND (a.accrued > 0 OR a.posted > 0 OR a.queued > 0 OR a.denied > 0)
		ORDER BY a.child_id, a.benefit, a.period`
	rows, err := q.QueryxContext(ctx, query, s.program.ID, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("awards of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	promised := false
	for rows.Next() {
		var child family.ChildID
		var g given
		if err := rows.Scan(&child, &g.benefit, &g.period, &g.accrued, &g.posted, &g.queued, &g.on, &g.kept, &g.denied); err != nil {
			return fmt.Errorf("awards of children: %w", err)
		}
		promised = promised || g.accrued.Sign() > 0
		p := place[child]
		p.given = append(p.given, g)
	}
	if err := rows.Err(); err != nil || !promised {
		return err
	}
	return s.addPromises(ctx, q, ids, place)
}

// addPromises splits what is promised by the fund that promised it.
func (s *source) addPromises(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID, place map[family.ChildID]*pupil) error {
	const query = `
		SELECT m.child_id, m.benefit, m.period, f.code, sum(CASE m.kind WHEN 'accrue' THEN m.amount ELSE -m.amount END)
		FROM awards a
		JOIN award_moves m ON m.tenant_id = a.tenant_id AND m.program_id = a.program_id AND m.child_id = a.child_id
		     AND m.benefit = a.benefit AND m.period = a.period
		JOIN funds f ON f.tenant_id = m.tenant_id AND f.id = m.fund_id
		WHERE a.program_id = $1 AND a.child_id = ANY ($2) AND a.accrued > 0 AND m.kind IN ('accrue', 'pay', 'cancel')
		GROUP BY m.child_id, m.benefit, m.period, f.code
		ORDER BY m.child_id, m.benefit, m.period, f.code`
	rows, err := q.QueryxContext(ctx, query, s.program.ID, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("promises to %d children: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var child family.ChildID
		var a award
		var p promise
		if err := rows.Scan(&child, &a.benefit, &a.period, &p.fund, &p.amount); err != nil {
			return fmt.Errorf("promises to children: %w", err)
		}
		of := place[child]
		for i := range of.given {
			if g := &of.given[i]; g.award == a && p.amount.Sign() > 0 {
				g.promises = append(g.promises, p)
			}
		}
	}
	return rows.Err()
}
