package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/migrations"
	"seedbook/migrations/localpg"
	"seedbook/service/auth"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// session is an open database with the keys to it, for the length of one
// command.
type session struct {
	*app
	dsn    string
	db     *store.DB
	keys   *vault.Keyring
	server *localpg.Server // nil with DATABASE_URL
	who    store.Who
}

// databaseName is the database inside the program's own PostgreSQL.
const databaseName = "seedbook"

// maxOpen bounds the connections of one program: two cores serve no more at
// once with profit.
const maxOpen = 16

// open starts or joins the program's own PostgreSQL, or uses the one of
// DATABASE_URL, and opens the keys.
func (a *app) open(ctx context.Context) (*session, error) { return a.openBy(ctx, localpg.Open) }

// openBy brings the schema up to date where the server is the program's own.
func (a *app) openBy(ctx context.Context, start func(context.Context, localpg.Config) (*localpg.Server, error)) (*session, error) {
	s := &session{app: a, dsn: a.settings.DatabaseURL}
	if err := os.MkdirAll(filepath.Dir(a.settings.Keys), 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of CSA_KEYS: %w", err)
	}
	keys, err := vault.Load(a.settings.Keys)
	if err != nil {
		return nil, err
	}
	s.keys = keys
	if s.dsn == "" {
		if err := s.startServer(ctx, start); err != nil {
			return nil, err
		}
	}
	if err := s.connect(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) startServer(ctx context.Context, start func(context.Context, localpg.Config) (*localpg.Server, error)) error {
	dir, err := localpg.Place(filepath.Join(s.settings.Data, "postgres"))
	if err != nil {
		return err
	}
	server, err := start(ctx, localpg.Config{Dir: dir, BinDir: s.settings.PGBin, Durable: true})
	if err != nil {
		return err
	}
	s.server = server
	if err := server.EnsureDatabase(ctx, databaseName); err != nil {
		s.close()
		return err
	}
	s.dsn = server.DSN(databaseName)
	return nil
}

func (s *session) connect(ctx context.Context) error {
	if s.server != nil {
		if err := migrations.Up(ctx, s.dsn, func(string) {}); err != nil {
			return err
		}
	} else if err := migrations.Check(ctx, s.dsn); err != nil {
		return err
	}
	db, err := store.Open(s.dsn, maxOpen)
	if err != nil {
		return err
	}
	s.db = db
	return db.Ping(ctx)
}

// close releases everything and stops the server that this command started.
func (s *session) close() {
	if s.db != nil {
		_ = s.db.Close()
	}
	if s.server != nil {
		_ = s.server.Stop()
	}
}

// with runs a command on an open database, for the organization of the
// settings.
func (a *app) with(fn inContext) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := a.open(cmd.Context())
		if err != nil {
			return err
		}
		defer s.close()
		if err := s.chooseTenant(cmd.Context()); err != nil {
			return err
		}
		return fn(cmd.Context(), s, args)
	}
}

// chooseTenant finds the organization: the only one, or the one CSA_TENANT
// names.
func (s *session) chooseTenant(ctx context.Context) error {
	t, err := s.tenantNamed(ctx, "CSA_TENANT", s.settings.Tenant)
	if err != nil {
		return err
	}
	s.who = store.Who{Tenant: t.ID, Actor: "cli"}
	return nil
}

// tenantNamed finds the organization that a setting names; "" is the only one.
func (s *session) tenantNamed(ctx context.Context, setting, name string) (auth.Tenant, error) {
	all, err := auth.Tenants(ctx, s.db)
	if err != nil {
		return auth.Tenant{}, err
	}
	var match []auth.Tenant
	for _, t := range all {
		if name == "" || name == t.Name || name == strconv.Itoa(int(t.ID)) {
			match = append(match, t)
		}
	}
	switch {
	case len(match) == 1:
		return match[0], nil
	case len(all) == 0:
		return auth.Tenant{}, fmt.Errorf("there is no organization yet: make one with csa user add EMAIL --role tenant_admin --organization NAME, or load the demonstration with csa demo")
	case len(match) == 0:
		return auth.Tenant{}, fmt.Errorf("%s is %q: there is no organization of that name or number", setting, name)
	}
	return auth.Tenant{}, fmt.Errorf("there are %d organizations: set %s to the name or number of one", len(match), setting)
}

// now is the instant a command acts at. Rooms receive it; none reads a clock.
func (s *session) now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// program finds a program by its code.
func (s *session) program(ctx context.Context, code string) (p program.Program, err error) {
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		p, err = program.ByCode(ctx, q, code)
		return err
	})
	if err != nil {
		return program.Program{}, fmt.Errorf("--program %s: %w", code, err)
	}
	return p, nil
}
