package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/jobs"
	"seedbook/migrations/localpg"
	"seedbook/service/auth"
	"seedbook/service/demo"
	"seedbook/service/store"
	"seedbook/service/web"
	"seedbook/service/web/api"
	"seedbook/service/web/console"
	"seedbook/service/web/portal"
	"seedbook/service/web/provider"
)

func (a *app) serveCommand() *cobra.Command {
	var empty bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the console and the families' portal, and keep the clock",
		Long: `Serve the console for staff and the portal for families, at /family on the same
address; send their messages; and keep the clock: the nightly and monthly jobs.

Without DATABASE_URL it runs a PostgreSQL of its own in CSA_DATA and stops it at
the end. The first start of an empty database loads a demonstration program and
prints a sign-in; --empty leaves that out.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), empty) },
	}
	cmd.Flags().BoolVar(&empty, "empty", false, "do not load the demonstration")
	return cmd
}

func (a *app) serve(ctx context.Context, empty bool) error {
	// The port first: a second start must not touch the first one's database.
	listener, err := listen(a.settings.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	// Its own server, not one that a passing command would take away again.
	s, err := a.openBy(ctx, localpg.Start)
	if err != nil {
		return err
	}
	defer s.close()
	if s.server != nil {
		a.printf("PostgreSQL runs in %s\n", s.settings.Data)
	}
	if !empty {
		if err := s.firstDemonstration(ctx); err != nil {
			return err
		}
	}
	return s.run(ctx, listener)
}

// listen takes the address, or says who to ask why not.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use: stop the program that listens there (perhaps another csa), or set CSA_ADDR to another port, like CSA_ADDR=127.0.0.1:8081", addr)
	}
	if errors.Is(err, syscall.EACCES) {
		return nil, fmt.Errorf("%s may be opened by the system's administrator only: set CSA_ADDR to a port above 1024", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("CSA_ADDR %s: %w", addr, err)
	}
	return l, nil
}

// firstDemonstration loads the demonstration into a database that has no
// organization, and finishes one that was interrupted.
func (s *session) firstDemonstration(ctx context.Context) error {
	all, err := auth.Tenants(ctx, s.db)
	if err != nil {
		return err
	}
	if len(all) > 1 || (len(all) == 1 && all[0].Name != demo.Default.Organization()) {
		return nil
	}
	_, complete, err := demo.Find(ctx, s.db, demo.Default)
	if err != nil || complete {
		return err
	}
	s.printf("Loading a demonstration program of %d children …\n", demo.Default.Children)
	return s.loadDemo(ctx, demo.Default)
}

// run serves until the context ends, then lets requests and the running chunk
// of a job finish.
func (s *session) run(ctx context.Context, listener net.Listener) error {
	log := slog.New(slog.NewJSONHandler(s.io.err, nil))
	slog.SetDefault(log)
	hall, err := web.New(web.Config{Log: log, Keys: s.keys, TrustedProxies: s.settings.TrustedProxies, Secure: strings.HasPrefix(s.settings.URL, "https:")})
	if err != nil {
		return fmt.Errorf("CSA_TRUSTED_PROXIES: %w", err)
	}
	runner := jobs.All(s.db, s.keys, log)
	door := &console.Console{DB: s.db, Keys: s.keys, Now: s.now, Jobs: runner, Origin: s.settings.URL, LinkGrace: s.settings.LinkGrace}
	if door.Elsewhere, err = s.signInElsewhere(ctx); err != nil {
		return err
	}
	console.Mount(hall, door)
	programs := &api.API{DB: s.db, Keys: s.keys, Now: s.now}
	api.Mount(hall, programs)
	defer programs.Close()
	portal.Mount(hall, &portal.Portal{DB: s.db, Keys: s.keys, Now: s.now})
	signer, err := s.keys.Signer(jobs.SignerName)
	if err != nil {
		return err
	}
	clock := jobs.StartClock(runner, signer)
	post := s.startPost(log)
	server := hall.Server(listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if err := s.greet(ctx, listener.Addr().String()); err != nil {
		return err
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
		s.printf("\nStopping …\n")
	}
	clock.Stop()
	post.stop()
	defer door.Wait() // what was begun for a request that has its answer already
	finish, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	defer cancel()
	if stop := server.Shutdown(finish); err == nil && stop != nil {
		err = fmt.Errorf("stop: %w", stop)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// signInElsewhere is the organization's own sign-in, if the settings name one. It
// is not asked yet: the console starts without it.
func (s *session) signInElsewhere(ctx context.Context) (*console.SignInElsewhere, error) {
	o := s.settings.OIDC
	if o.Issuer == "" {
		return nil, nil
	}
	name := o.Tenant
	if name == "" {
		name = s.settings.Tenant
	}
	of, err := s.tenantNamed(ctx, "CSA_OIDC_TENANT", name)
	if err != nil {
		return nil, err
	}
	p, err := provider.New(provider.Settings{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: o.ClientSecret,
		Redirect: s.settings.URL + console.AnswerPath, AMR: o.AMR, ACR: o.ACR})
	if err != nil {
		return nil, fmt.Errorf("CSA_OIDC_ISSUER: %w", err)
	}
	return &console.SignInElsewhere{Provider: p, Of: of}, nil
}

// greet prints the address and, where nobody has signed in yet, a sign-in.
func (s *session) greet(ctx context.Context, addr string) error {
	s.printf("\nThe console is at http://%s\n", addr)
	s.printf("Families come in at http://%s/family\n", addr)
	if auth.Breached() == 0 {
		s.printf("The list of breached passwords was not built in: staff passwords are judged by rules alone. make build puts it in.\n")
	}
	made, ok, err := demo.Find(ctx, s.db, demo.Default)
	if err != nil || !ok {
		return err
	}
	for _, a := range demo.Accounts(demo.Default) {
		tenant, account, err := auth.FindAccount(ctx, s.db, s.keys, a.Email)
		if err != nil {
			return err
		}
		token, err := s.oneTime(ctx, store.Who{Tenant: tenant, Actor: "cli"}, account)
		if err != nil {
			return err
		}
		s.printf("Sign in once, as %s, within %.0f minutes:\n  %s\n", a.Title, auth.LinkLife.Minutes(), signInAddress(addr, token))
	}
	if err := s.greetFamily(ctx, addr, made); err != nil {
		return err
	}
	s.printf("Look at %s. Ctrl-C stops everything.\n", made.Program.Name)
	return nil
}

// oneTime issues a one-time sign-in for an account.
func (s *session) oneTime(ctx context.Context, who store.Who, account auth.AccountID) (token string, err error) {
	err = s.db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		token, err = auth.IssueOneTime(ctx, tx, who, account, auth.LinkLife, s.now())
		return err
	})
	return token, err
}
