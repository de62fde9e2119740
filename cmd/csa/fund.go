package main

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/fund"
	"seedbook/service/report"
)

func (a *app) fundCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "fund", Short: "Funders' funds"}
	cmd.AddCommand(a.fundAddCommand(), a.fundReceiveCommand(), a.fundListCommand())
	return cmd
}

func (a *app) fundAddCommand() *cobra.Command {
	var code string
	var f fund.Fund
	cmd := &cobra.Command{
		Use:   "add CODE --program P --name NAME --funder FUNDER",
		Short: "Enter a funder's fund",
		Args:  cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			p, err := s.program(ctx, code)
			if err != nil {
				return err
			}
			f.Code = args[0]
			err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) error {
				_, err := fund.Add(ctx, tx, s.who, p, f, s.now())
				return err
			})
			if err != nil {
				return err
			}
			s.printf("Fund %s of %s is entered.\n", f.Code, f.Funder)
			return nil
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&f.Name, "name", "", "name of the fund (required)")
	cmd.Flags().StringVar(&f.Funder, "funder", "", "who gives the money (required)")
	cmd.Flags().StringVar(&f.Purpose, "purpose", "", "what the money is for, in the funder's words")
	for _, name := range []string{"program", "name", "funder"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

// receiptFlags are a receipt as it is typed.
type receiptFlags struct{ program, amount, reference, on, kind string }

func (a *app) fundReceiveCommand() *cobra.Command {
	var f receiptFlags
	cmd := &cobra.Command{
		Use:   "receive CODE --program P --amount AMOUNT --reference REF",
		Short: "Record a grant, a pledge, or a payment of one",
		Long: `Record a grant, a pledge, or a payment of one. The same reference again changes
nothing.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error { return s.receive(ctx, args[0], f) }),
	}
	cmd.Flags().StringVar(&f.program, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&f.amount, "amount", "", "like 60000.00 (required)")
	cmd.Flags().StringVar(&f.reference, "reference", "", "the funder's or bank's own (required)")
	cmd.Flags().StringVar(&f.on, "on", "", "day of the letter or bank credit (default: today)")
	cmd.Flags().StringVar(&f.kind, "kind", string(fund.Grant), "grant, pledge or pledge_payment")
	for _, name := range []string{"program", "amount", "reference"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (s *session) receive(ctx context.Context, code string, f receiptFlags) error {
	p, err := s.program(ctx, f.program)
	if err != nil {
		return err
	}
	r := fund.Receipt{Kind: fund.Promise(f.kind), On: p.Day(s.now()), Reference: f.reference}
	switch r.Kind {
	case fund.Grant, fund.Pledge, fund.PledgePayment:
	default:
		return fmt.Errorf("--kind %s: use grant, pledge or pledge_payment", f.kind)
	}
	if r.Amount, err = ledger.ParseAmount(f.amount); err != nil {
		return fmt.Errorf("--amount %s: %w", f.amount, err)
	}
	if f.on != "" {
		if r.On, err = ledger.ParseDate(f.on); err != nil {
			return fmt.Errorf("--on %s: %w", f.on, err)
		}
	}
	err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) (err error) {
		if r.Fund, err = fund.ByCode(ctx, tx, p.ID, code); err != nil {
			return err
		}
		return fund.Receive(ctx, tx, s.who, p, r, s.now())
	})
	if err != nil {
		return err
	}
	s.printf("%s: %s of %s is recorded.\n", code, f.kind, r.Amount)
	return nil
}

func (a *app) fundListCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use:   "list --program P",
		Short: "List a program's funds with what they can still give",
		Args:  cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error {
			p, err := s.program(ctx, code)
			if err != nil {
				return err
			}
			return s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
				t, err := report.Overview(ctx, q, p)
				if err != nil {
					return err
				}
				for _, f := range t.Funds {
					s.printf("%-12s %-28s can give %14s  designated to children %14s\n", f.Code, f.Name, f.Uncommitted, f.Designated)
				}
				return nil
			})
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}
