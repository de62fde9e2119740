package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/service/auth"
	"seedbook/service/store"
)

func (a *app) userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Staff accounts"}
	cmd.AddCommand(a.userAddCommand())
	return cmd
}

func (a *app) userAddCommand() *cobra.Command {
	var roles []string
	var organization, name string
	cmd := &cobra.Command{
		Use:   "add EMAIL --role ROLE",
		Short: "Open a staff account and print its one-time sign-in",
		Long: `Open a staff account and print a link that signs its owner in once.

Roles: ` + roleNames() + `. Give --role more than once for more than one.
The first account of a new organization names it with --organization.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			if err := s.organization(cmd.Context(), organization); err != nil {
				return err
			}
			if name == "" {
				name, _, _ = strings.Cut(args[0], "@")
			}
			token, err := s.addUser(cmd.Context(), auth.NewAccount{Email: args[0], Name: name, Lang: a.settings.Lang, Roles: asRoles(roles)})
			if err != nil {
				return err
			}
			a.printf("Account %s is open.\nSign in once, within %.0f minutes, at %s\n", args[0], auth.LinkLife.Minutes(), signInAddress(a.settings.Addr, token))
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&roles, "role", nil, "what the account may do (required)")
	cmd.Flags().StringVar(&organization, "organization", "", "name of a new organization, for its first account")
	cmd.Flags().StringVar(&name, "name", "", "the person's name (default: the part of EMAIL before @)")
	_ = cmd.MarkFlagRequired("role")
	return cmd
}

func roleNames() string { return strings.Join(roleList(), ", ") }

func roleList() []string {
	names := make([]string, len(auth.Roles))
	for i, r := range auth.Roles {
		names[i] = string(r)
	}
	return names
}

func asRoles(names []string) []auth.Role {
	roles := make([]auth.Role, len(names))
	for i, n := range names {
		roles[i] = auth.Role(n)
	}
	return roles
}

// organization chooses the tenant, or makes the one that is named anew.
func (s *session) organization(ctx context.Context, name string) error {
	if name == "" {
		return s.chooseTenant(ctx)
	}
	all, err := auth.Tenants(ctx, s.db)
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.Name == name {
			return fmt.Errorf("there is an organization %q already: leave --organization out and set CSA_TENANT=%d", name, t.ID)
		}
	}
	id, err := auth.AddTenant(ctx, s.db, name, s.now())
	if err != nil {
		return err
	}
	s.who = store.Who{Tenant: id, Actor: "cli"}
	return nil
}

// addUser opens an account and issues its first sign-in.
func (s *session) addUser(ctx context.Context, n auth.NewAccount) (token string, err error) {
	err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) error {
		account, err := auth.AddStaff(ctx, tx, s.who, s.keys, n, s.now())
		if errors.Is(err, auth.ErrRole) {
			return fmt.Errorf("--role: use one of %s", roleNames())
		}
		if err != nil {
			return err
		}
		token, err = auth.IssueOneTime(ctx, tx, s.who, account, auth.LinkLife, s.now())
		return err
	})
	return token, err
}

// signInAddress is where a one-time token is redeemed: the page asks for a
// click before it is spent, so a program that follows links spends nothing.
func signInAddress(addr, token string) string { return "http://" + addr + "/sign-in/link/" + token }
