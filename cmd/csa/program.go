package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fund"
	"seedbook/service/program"
)

func (a *app) programCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "program", Short: "Programs and their rule books"}
	cmd.AddCommand(a.programAddCommand(), a.programRulesCommand())
	return cmd
}

func (a *app) programAddCommand() *cobra.Command {
	p := program.Program{}
	var rounding string
	cmd := &cobra.Command{
		Use:   "add CODE --name NAME --zone ZONE",
		Short: "Set up a program with an empty book",
		Args:  cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			p.Code, p.Rounding = args[0], ledger.Rounding(rounding)
			err := s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) error {
				added, err := program.Add(ctx, tx, s.who, p, s.now())
				if err != nil {
					return err
				}
				return fund.Open(ctx, tx, s.who, added, s.now())
			})
			if err != nil {
				return err
			}
			s.printf("Program %s is set up: %s.\n", p.Code, p.Name)
			return nil
		}),
	}
	cmd.Flags().StringVar(&p.Name, "name", "", "what families read (required)")
	cmd.Flags().StringVar(&p.TimeZone, "zone", "", "time zone, like America/Chicago (required)")
	cmd.Flags().StringVar(&p.Currency, "currency", "USD", "currency, as ISO 4217 has it")
	cmd.Flags().StringVar(&rounding, "rounding", "half_up", "half_up, half_even or down")
	_ = cmd.MarkFlagRequired("name")
	_ = cmd.MarkFlagRequired("zone")
	return cmd
}

func (a *app) programRulesCommand() *cobra.Command {
	var code, drafter, approver string
	cmd := &cobra.Command{
		Use:   "rules FILE --program P --drafted-by EMAIL --approved-by EMAIL",
		Short: "Put a rule book into effect, by two people",
		Long: `Put a rule book into effect. Whoever drafts a rule book does not approve it: the
two addresses belong to two people, one of whom may draft rules and the other
approve them.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			return s.approveRules(ctx, args[0], code, drafter, approver)
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&drafter, "drafted-by", "", "who answers for the draft (required)")
	cmd.Flags().StringVar(&approver, "approved-by", "", "who approves it (required)")
	for _, name := range []string{"program", "drafted-by", "approved-by"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (s *session) approveRules(ctx context.Context, path, code, drafter, approver string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	maker, err := s.staff(ctx, drafter, auth.DraftRules)
	if err != nil {
		return err
	}
	checker, err := s.staff(ctx, approver, auth.ApproveRules)
	if err != nil {
		return err
	}
	var hash string
	err = s.db.InTx(ctx, maker.Who(), func(tx *sqlx.Tx) (err error) {
		hash, err = program.Draft(ctx, tx, maker.Who(), p.ID, source, s.now())
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	err = s.db.InTx(ctx, checker.Who(), func(tx *sqlx.Tx) error {
		return program.Approve(ctx, tx, checker.Who(), p.ID, hash, s.now())
	})
	if err != nil {
		return err
	}
	s.printf("Rule book %.12s is in effect for %s.\n", hash, code)
	return nil
}

// staff finds a person by e-mail address who may do something.
func (s *session) staff(ctx context.Context, email string, may auth.Capability) (auth.Principal, error) {
	p, err := auth.ByEmail(ctx, s.db, s.keys, email)
	if err == nil && p.Tenant != s.who.Tenant {
		err = auth.ErrNoAccount
	}
	if err == nil {
		err = p.Check(may)
	}
	if err != nil {
		return auth.Principal{}, fmt.Errorf("%s: %w", email, err)
	}
	return p, nil
}
