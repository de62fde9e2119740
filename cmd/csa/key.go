package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/apikey"
	"seedbook/service/fund"
	"seedbook/service/program"
)

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Keys for the programs of partners and funders"}
	cmd.AddCommand(a.keyCreateCommand(), a.keyListCommand(), a.keyRevokeCommand())
	return cmd
}

// keyFlags say what a new key is for.
type keyFlags struct {
	program, name, school string
	scopes, funds, from   []string
	days                  int
}

func (a *app) keyCreateCommand() *cobra.Command {
	var f keyFlags
	cmd := &cobra.Command{
		Use:   "create NAME --program P --scope S",
		Short: "Make a key for the API and print it once",
		Long: `Make a key for the API and print it once: nobody can show it again.

Scopes: ` + scopeNames() + `.
Give --scope more than once for more than one. A key with --fund sees these funds
and no single child; a key with --school sees this school's children. Two keys of
a name may live at once: make the second, give it to its holder, revoke the first.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			f.name = args[0]
			return s.createKey(ctx, f)
		}),
	}
	cmd.Flags().StringVar(&f.program, "program", "", "code of the program (required)")
	cmd.Flags().StringArrayVar(&f.scopes, "scope", nil, "what the key may do (required)")
	cmd.Flags().StringArrayVar(&f.funds, "fund", nil, "code of a fund that a funder's key is bound to")
	cmd.Flags().StringVar(&f.school, "school", "", "code of the school that a school's key is bound to")
	cmd.Flags().StringArrayVar(&f.from, "from", nil, "network from which the key is taken, like 192.0.2.0/24 (default: everywhere)")
	cmd.Flags().IntVar(&f.days, "days", apikey.MaxDays, "days until it expires")
	for _, name := range []string{"program", "scope"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func scopeNames() string {
	names := make([]string, len(apikey.Scopes))
	for i, s := range apikey.Scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

func (s *session) createKey(ctx context.Context, f keyFlags) error {
	p, err := s.program(ctx, f.program)
	if err != nil {
		return err
	}
	n := apikey.New{Name: f.name, Funds: f.funds, Networks: f.from, Days: f.days}
	for _, scope := range f.scopes {
		n.Scopes = append(n.Scopes, apikey.Scope(scope))
	}
	var made apikey.Made
	err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) error {
		if n.School, err = schoolByCode(ctx, tx, f.school); err != nil {
			return err
		}
		made, err = apikey.Make(ctx, tx, s.who, s.keys, p, n, s.now())
		return err
	})
	if err != nil {
		return err
	}
	s.printf("Key %s of %s is good until %s. Keep it where nobody else reads: it is not shown again.\n%s\n",
		made.PublicID, made.Name, p.Day(made.ExpiresAt), made.Token)
	return nil
}

// schoolByCode finds a school; two districts may share a code.
func schoolByCode(ctx context.Context, q sqlx.QueryerContext, code string) (id program.SchoolID, err error) {
	if code == "" {
		return 0, nil
	}
	all, err := program.Schools(ctx, q)
	if err != nil {
		return 0, err
	}
	for _, school := range all {
		if school.Code == code && id != 0 {
			return 0, fmt.Errorf("--school %s: more than one district has such a school: make the key on the console's page of keys", code)
		}
		if school.Code == code {
			id = school.ID
		}
	}
	if id == 0 {
		return 0, fmt.Errorf("--school %s: there is no such school", code)
	}
	return id, nil
}

func (a *app) keyListCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use:   "list --program P",
		Short: "List a program's keys, past ones too",
		Args:  cobra.NoArgs,
		RunE:  a.with(func(ctx context.Context, s *session, _ []string) error { return s.listKeys(ctx, code) }),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) listKeys(ctx context.Context, code string) error {
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	var all []apikey.Key
	names := map[ledger.FundID]string{}
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		if all, err = apikey.All(ctx, q, p.ID); err != nil {
			return err
		}
		funds, err := fund.All(ctx, q, p.ID)
		for _, f := range funds {
			names[f.ID] = f.Code
		}
		return err
	})
	for _, k := range all {
		s.printf("%s  %-24s %-10s until %s  last used %-10s  %s\n", k.PublicID, k.Name, keyState(k, s.now()), p.Day(k.ExpiresAt), dayOrNever(p, k.UsedAt), keyBounds(k, names))
	}
	return err
}

func keyState(k apikey.Key, at time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked"
	case !k.Live(at):
		return "expired"
	}
	return "live"
}

func dayOrNever(p program.Program, at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return p.Day(at).String()
}

// keyBounds are a key's scopes and to what they are bound.
func keyBounds(k apikey.Key, funds map[ledger.FundID]string) string {
	var out []string
	for _, scope := range k.Scopes {
		out = append(out, string(scope))
	}
	for _, f := range k.Funds {
		out = append(out, "fund "+funds[f])
	}
	if k.School != 0 {
		out = append(out, fmt.Sprintf("school %d", k.School))
	}
	for _, network := range k.Networks {
		out = append(out, "from "+network.String())
	}
	return strings.Join(out, ", ")
}

func (a *app) keyRevokeCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use:   "revoke KEY --program P",
		Short: "Withdraw a key: its next request is refused",
		Long: `Withdraw a key, named by the eight characters that csa key list shows. Its next
request is refused. It may be repeated.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error { return s.revokeKey(ctx, args[0], code) }),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) revokeKey(ctx context.Context, public, code string) error {
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) error {
		k, err := apikey.ByPublicID(ctx, tx, p.ID, public)
		if err != nil {
			return err
		}
		return apikey.Revoke(ctx, tx, s.who, p.ID, k.ID, s.now())
	})
	if err == nil {
		s.printf("Key %s is withdrawn.\n", public)
	}
	return err
}
