package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/service/savings"
	"seedbook/service/tabular"
)

func (a *app) depositsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "deposits", Short: "Families' deposits"}
	cmd.AddCommand(a.depositsImportCommand())
	return cmd
}

func (a *app) depositsImportCommand() *cobra.Command {
	var code string
	var commit bool
	cmd := &cobra.Command{
		Use:   "import FILE --program P [--commit]",
		Short: "Compare a CSV of deposits with what is known, and post it with --commit",
		Long: `Compare a CSV of deposits with what is known and show what posting it would do.
With --commit it is posted: on the children's accounts, or in suspense where
nobody knows whose a deposit is. A reference is posted once, however often it
comes.

Columns: reference, account or student id, date (2026-09-30), amount (25.00),
channel (cash, ach, payroll, check, gift, …).`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			return s.importDeposits(ctx, args[0], code, commit)
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	cmd.Flags().BoolVar(&commit, "commit", false, "post the deposits")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) importDeposits(ctx context.Context, path, code string, commit bool) error {
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	data, err := readFile(path, int64(tabular.Default.Bytes))
	if err != nil {
		return err
	}
	at := s.now()
	var in *savings.Import
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		in, err = savings.Preview(ctx, q, s.who, s.keys, p, filepath.Base(path), bytes.NewReader(data), p.Day(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	t := in.File.Totals
	s.printf("%s: %d rows = %d accepted (%s), %d repeated in the file, %d quarantined\n", filepath.Base(path), t.Rows, t.Accepted, t.Amount, t.Repeated, t.Quarantined)
	for i, problem := range in.File.Problems {
		if i == 20 {
			s.printf("  … and %d more\n", len(in.File.Problems)-i)
			break
		}
		s.printf("  line %d %s: %s\n", problem.Line, problem.Column, s.words().T(problem.Code, problem.Args()))
	}
	if commit {
		bar := s.progress()
		err = in.Post(ctx, s.db, s.who, p, at, func(done, of int) { bar.show("posting: %d of %d", done, of) })
		bar.done()
		if err != nil {
			return err
		}
	}
	s.printOutcomes(in)
	if !commit {
		s.printf("\nNothing is posted yet. Repeat the command with --commit to post.\n")
	}
	return nil
}

func (s *session) printOutcomes(in *savings.Import) {
	for _, o := range []struct {
		outcome savings.Outcome
		text    string
	}{
		{savings.Posted, "on children's accounts"},
		{savings.Suspense, "in suspense: nobody knows whose they are"},
		{savings.Repeated, "known already: nothing happens"},
		{savings.Clash, "with a reference that stands for another deposit: not posted"},
	} {
		if n := in.By[o.outcome]; n > 0 {
			s.printf("  %6d %14s  %s\n", n, in.Sums[o.outcome], o.text)
		}
	}
	for i, o := range in.Outcomes {
		if o == savings.Clash {
			s.printf("  line %d: reference %s stands for another deposit\n", in.Lines[i], in.Deposits[i].Reference)
		}
	}
}
