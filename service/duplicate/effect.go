package duplicate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
)

// Effect is what joining or parting records does: program by program what is on
// their accounts, which does not change, and what changes.
type Effect struct {
	Survivor, Absorbed family.ChildID
	Since              time.Time `json:"-"` // of a parting: when the records were joined
	Programs           []ProgramEffect
	// Seers are the accounts of guardians who see each record now. Afterwards each
	// of them sees the child with what is on all its records, or, of records that
	// are parted, its own again.
	Seers     map[family.ChildID][]activation.AccountID
	Conflicts []family.Conflict `json:"-"` // in which the records contradict each other
}

// ProgramEffect is the effect in one program.
type ProgramEffect struct {
	Program program.Program `json:"-"`
	ID      program.ID
	Joined  bool // both took part: one enrollment ends here, or begins again
	Before  []Account
	After   []Account
	// Reversals are proposed afterwards, and were not before; whoever decides
	// about money decides about them.
	Reversals []savings.Excess
	// Withdrawn are proposals that are not made any more.
	Withdrawn []savings.Excess
}

// Account is one record's account in a program.
type Account struct {
	Child  family.ChildID
	No     savings.Account
	State  enroll.State
	Money  enroll.Money
	Queued ledger.Amount // waits for a fund's money
	Since  int           // of a parting: postings on it since the records were joined
}

// sum is what is on accounts together, and what is still to come.
func sum(accounts []Account) (m enroll.Money, queued ledger.Amount) {
	for _, a := range accounts {
		m.Own, m.Program, m.Coming = m.Own.Add(a.Money.Own), m.Program.Add(a.Money.Program), m.Coming.Add(a.Money.Coming)
		queued = queued.Add(a.Queued)
	}
	return m, queued
}

// Sum is what is on the accounts together before and after: the family's money
// and the program's are the same.
func (p ProgramEffect) Sum() (before, after Account) {
	before.Money, before.Queued = sum(p.Before)
	after.Money, after.Queued = sum(p.After)
	return before, after
}

// Money reports that money is concerned, so that a second person has to agree.
func (e Effect) Money() bool {
	for _, p := range e.Programs {
		if !p.Joined {
			continue
		}
		before, after := p.Sum()
		if len(p.Reversals) > 0 || before != after {
			return true
		}
		for _, a := range p.Before {
			if a.Child == e.Absorbed && (a.Money != enroll.Money{} || !a.Queued.IsZero()) {
				return true
			}
		}
	}
	return false
}

// Waits reports that a second person has to agree: money is concerned, or a
// guardian would see more of a child than before.
func (e Effect) Waits() bool { return e.Money() || e.Shares() }

// Shares reports that the records are not seen by the same guardians, so that
// some would see more than before.
func (e Effect) Shares() bool {
	of := func(id family.ChildID) []activation.AccountID { return e.Seers[id] }
	return !slices.Equal(of(e.Survivor), of(e.Absorbed))
}

// Hash identifies what was shown: an approval is of that.
func (e Effect) Hash() string {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // numbers and codes only
	}
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// before reads what the records have.
func (d Desk) before(ctx context.Context, q sqlx.QueryerContext, records []family.ChildID) (e Effect, err error) {
	people, err := family.Load(ctx, q, d.Who, d.Keys, records)
	if err != nil {
		return Effect{}, err
	}
	e.Conflicts = family.Conflicts(people)
	if e.Seers, err = activation.Seers(ctx, q, records); err != nil {
		return Effect{}, err
	}
	programs, err := programsOf(ctx, q, records)
	if err != nil {
		return Effect{}, err
	}
	for _, p := range programs {
		pe := ProgramEffect{Program: p, ID: p.ID}
		if pe.Before, err = accounts(ctx, q, p, records); err != nil {
			return Effect{}, err
		}
		if pe.Withdrawn, err = proposals(ctx, q, p.ID, records); err != nil {
			return Effect{}, err
		}
		e.Programs = append(e.Programs, pe)
	}
	return e, nil
}

// after reads what the records have afterwards and proves that nothing moved.
func (d Desk) after(ctx context.Context, q sqlx.QueryerContext, records []family.ChildID, e *Effect) (err error) {
	for i := range e.Programs {
		p := &e.Programs[i]
		if p.After, err = accounts(ctx, q, p.Program, records); err != nil {
			return err
		}
		for j, a := range p.After {
			if b := p.Before[j].Money; a.Money.Own != b.Own || a.Money.Program != b.Program {
				return fmt.Errorf("joining or parting %v would move money of account %s", records, a.No)
			}
		}
		now, err := proposals(ctx, q, p.Program.ID, records)
		if err != nil {
			return err
		}
		p.Reversals, p.Withdrawn = without(now, p.Withdrawn), without(p.Withdrawn, now)
		if e.Since.IsZero() {
			continue
		}
		if err := since(ctx, q, p, e.Since); err != nil {
			return err
		}
	}
	return nil
}

// accounts are the records' accounts in a program, by record.
func accounts(ctx context.Context, q sqlx.QueryerContext, p program.Program, records []family.ChildID) ([]Account, error) {
	const query = `
		SELECT e.child_id, e.id, e.state, (SELECT coalesce(sum(a.queued), 0) FROM awards a WHERE a.program_id = e.program_id AND a.child_id = e.child_id)
		FROM enrollments e
		WHERE e.program_id = $1 AND e.child_id = ANY ($2)
		ORDER BY e.child_id`
	rows, err := q.QueryxContext(ctx, query, p.ID, pq.Array(records))
	if err != nil {
		return nil, fmt.Errorf("accounts of %d records: %w", len(records), err)
	}
	defer rows.Close()
	var out []Account
	for rows.Next() {
		var a Account
		if err := rows.Scan(&a.Child, &a.No, &a.State, &a.Queued); err != nil {
			return nil, fmt.Errorf("accounts of records: %w", err)
		}
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("accounts of records: %w", err)
	}
	money, err := enroll.MoneyOfRecords(ctx, q, p, records)
	for i := range out {
		out[i].Money = money[out[i].Child]
	}
	return out, err
}

// proposals are the open proposals to take something back from records, without
// when and by whom they were made.
func proposals(ctx context.Context, q sqlx.QueryerContext, p program.ID, records []family.ChildID) ([]savings.Excess, error) {
	const query = `
		SELECT child_id, benefit, period, amount FROM award_excesses
		WHERE program_id = $1 AND child_id = ANY ($2) AND state = 'proposed'
		ORDER BY child_id, benefit, period`
	var out []savings.Excess
	if err := sqlx.SelectContext(ctx, q, &out, query, p, pq.Array(records)); err != nil {
		return nil, fmt.Errorf("proposed reversals of %d records: %w", len(records), err)
	}
	return out, nil
}

func without(all, some []savings.Excess) (out []savings.Excess) {
	in := map[savings.Excess]bool{}
	for _, x := range some {
		in[x] = true
	}
	for _, x := range all {
		if !in[x] {
			out = append(out, x)
		}
	}
	return out
}

// since counts what was posted on the accounts since the records were joined: it
// stays where it is.
func since(ctx context.Context, q sqlx.QueryerContext, p *ProgramEffect, joined time.Time) error {
	children := make([]int64, len(p.After))
	for i, a := range p.After {
		children[i] = int64(a.Child)
	}
	charts := append(ledger.Designated(), ledger.FamilyPrincipal, ledger.FamilyEarnings)
	moves, err := ledger.Movements(ctx, q, p.Program.Book, ledger.MovementQuery{Children: children, Charts: charts})
	if err != nil {
		return err
	}
	for _, m := range moves {
		for i := range p.After {
			if int64(p.After[i].Child) == m.Child && m.PostedAt.After(joined) {
				p.After[i].Since++
			}
		}
	}
	return nil
}
