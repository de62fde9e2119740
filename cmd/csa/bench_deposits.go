package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/demo"
	"seedbook/service/family"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// benchDeposits is W1 once more through the use case that the doors call: a
// family's deposit with its own row, its reference and the look-up of the
// child's account, in a program with 10,000 enrolled children.
func benchDeposits(ctx context.Context, b *ledgerBench) error {
	m := &measured{out: io.Discard, db: b.db, keys: vault.Random(), children: benchAccounts}
	children, err := m.enrolled(ctx)
	if err != nil {
		return fmt.Errorf("prepare deposits: %w", err)
	}
	who, program, on := m.stage.Who(), m.stage.Program(), m.stage.LastDay()
	batcher := store.NewBatcher(b.db, who, benchGroup, func(ctx context.Context, tx *sqlx.Tx, set []savings.Deposit) ([]savings.Outcome, error) {
		return savings.PostDeposits(ctx, tx, who, program, set, 0, time.Now())
	})
	defer batcher.Close()
	for _, clients := range []int{1, 8, 32} {
		rs, err := rounds(clients, func(client, n int) error {
			outcome, err := batcher.Do(ctx, savings.Deposit{Reference: fmt.Sprintf("w1-%d-%d-%d", clients, client, n),
				Child: children[rand.IntN(len(children))], Amount: ledger.Minor(2500), On: on, Channel: "cash"})
			if err == nil && outcome != savings.Posted {
				err = fmt.Errorf("deposit is %s", outcome)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("deposits: %w", err)
		}
		b.line(fmt.Sprintf("W1 through savings.PostDeposits, clients: %d", clients), rs)
	}
	return nil
}

// enrolled sets up a program and its children, and returns those who save.
func (m *measured) enrolled(ctx context.Context) (children []family.ChildID, err error) {
	if m.stage, err = demo.Prepare(ctx, m.db, m.keys, demo.Options{Children: m.children, Seed: 7}); err != nil {
		return nil, err
	}
	list, err := m.stage.ClassList()
	if err != nil {
		return nil, err
	}
	if _, err := m.roster(ctx, list); err != nil {
		return nil, err
	}
	deposits, err := m.stage.YearOfDeposits(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[family.ChildID]bool{}
	for _, d := range deposits {
		if d.Child != 0 && !seen[d.Child] {
			seen[d.Child] = true
			children = append(children, d.Child)
		}
	}
	return children, nil
}
