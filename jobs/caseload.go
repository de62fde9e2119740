package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// All is the runner of every job there is.
func All(db *store.DB, keys *vault.Keyring, log *slog.Logger) *Runner {
	r := &Runner{DB: db, Log: log, Jobs: []Job{index(keys), eligibility(keys), awards(keys), statements(keys), reperform(keys), duplicates(keys), pictures(), purge(keys), checkpoint(), verify(), reconciliation(keys)}}
	r.Programs = func(ctx context.Context) ([]Program, error) { return programs(ctx, db, r.now()) }
	return r
}

// programs lists the programs of all organizations that have rules in effect.
func programs(ctx context.Context, db *store.DB, at time.Time) ([]Program, error) {
	tenants, err := auth.Tenants(ctx, db)
	if err != nil {
		return nil, err
	}
	var out []Program
	for _, t := range tenants {
		err := db.Read(ctx, store.Who{Tenant: t.ID, Actor: "job"}, func(q sqlx.QueryerContext) error {
			ready, err := program.WithRules(ctx, q, at)
			for _, p := range ready {
				out = append(out, Of(t.ID, p))
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("programs of organization %d: %w", t.ID, err)
		}
	}
	return out, nil
}

// Of is a program as the clock knows it.
func Of(tenant int32, p program.Program) Program {
	return Program{Tenant: tenant, ID: int64(p.ID), Code: p.Code, Zone: p.Zone()}
}

// walk gathers what every chunk of a run over the caseload needs.
func walk(ctx context.Context, q sqlx.QueryerContext, keys *vault.Keyring, t Task) (enroll.Walk, error) {
	p, err := program.Load(ctx, q, program.ID(t.Program.ID))
	if err != nil {
		return enroll.Walk{}, err
	}
	book, err := program.RulesOn(ctx, q, p.ID, t.AsOf)
	if err != nil {
		return enroll.Walk{}, err
	}
	return enroll.Walk{Who: t.Who, Keys: keys, Program: p, Rules: book, AsOf: t.AsOf, At: t.At}, nil
}

// count is how many children are in some states, for progress.
func count(states ...enroll.State) func(context.Context, sqlx.QueryerContext, Task) (int, error) {
	return func(ctx context.Context, q sqlx.QueryerContext, t Task) (int, error) {
		by, err := enroll.Count(ctx, q, program.ID(t.Program.ID))
		n := 0
		for _, s := range states {
			n += by[s]
		}
		return n, err
	}
}

// child is the child behind which a chunk begins.
func child(c Cursor) family.ChildID { return family.ChildID(c.ID()) }

// today is the program's day at the instant of a chunk.
func (t Task) today() ledger.Date { return ledger.DateIn(t.At, zoneOf(t)) }

func zoneOf(t Task) *time.Location {
	if t.Program.Zone == nil {
		return time.UTC
	}
	return t.Program.Zone
}
