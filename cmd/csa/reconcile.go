package main

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/service/countersign"
	"seedbook/service/enroll"
	"seedbook/service/program"
	"seedbook/service/reconcile"
)

func (a *app) reconcileCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use:   "reconcile --program P",
		Short: "Take the banks' lines into the books",
		Long: `Take the banks' lines into the books: what the books have is matched, deposits
with a child's account number are booked, returns take back what they return, fees
are operations', and the rest waits for a person. It may be repeated.`,
		Args: cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error { return s.reconcile(ctx, code) }),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) reconcile(ctx context.Context, code string) error {
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	w, err := s.walk(ctx, p)
	if err != nil {
		return err
	}
	c, err := reconcile.Run(ctx, s.db, w)
	if err != nil {
		return err
	}
	s.printf("%d new lines: %d matched with the books, %d deposits booked, %d in suspense, %d deposits returned, %d fees; %d lines wait for a person.\n",
		c.New, c.Matched, c.Deposits, c.Suspense, c.Returned, c.Fees, c.Open)
	return nil
}

// walk is a walk over a program as of today.
func (s *session) walk(ctx context.Context, p program.Program) (w enroll.Walk, err error) {
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		w, err = countersign.WalkOf(ctx, q, s.who, s.keys, p, s.now())
		return err
	})
	return w, err
}
