package demo

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Resume is the stage that Prepare made in a database that was kept, with
// whatever was done on it since.
func Resume(ctx context.Context, db *store.DB, keys *vault.Keyring, o Options) (*Stage, error) {
	y := &year{db: db, keys: keys, options: o, progress: func(string) {}, random: rand.New(rand.NewPCG(o.Seed, uint64(o.Children)))}
	all, err := auth.Tenants(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if t.Name == o.Organization() {
			y.who = store.Who{Tenant: t.ID, Actor: "demo"}
		}
	}
	if y.who.Tenant == 0 {
		return nil, fmt.Errorf("resume: there is no %s", o.Organization())
	}
	y.approver = store.Who{Tenant: y.who.Tenant, Actor: "demo/approver"}
	err = db.Read(ctx, y.who, func(q sqlx.QueryerContext) (err error) {
		if y.program, err = program.ByCode(ctx, q, ProgramCode); err != nil {
			return err
		}
		y.book, err = program.Rules(ctx, q, y.program.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	return &Stage{y}, nil
}
