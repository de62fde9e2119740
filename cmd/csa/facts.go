package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/service/enroll"
	"seedbook/service/enroll/factfile"
	"seedbook/service/program"
	"seedbook/service/tabular"
)

func (a *app) factsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "facts", Short: "What agencies and families report of children"}
	cmd.AddCommand(a.factsImportCommand())
	return cmd
}

func (a *app) factsImportCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use:   "import FILE --program P",
		Short: "Record a CSV of facts and events that the program's rule book asks for",
		Long: `Record a CSV of facts (income, foster care, …) and events (claimed, …) that the
program's rule book asks for. A file is recorded whole or, where a row has a
problem, not at all. A reference is recorded once for a child, however often it
comes. The next awards run looks at the children again.

Columns: student or account, fact or event, value (yes, 4, 1000.00, a day, a
text, or unknown), from (a fact) or on (an event), reference. An event may have
amount, choice, purpose, about account, and retracts: the reference of an event
that did not happen.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			return s.importFacts(ctx, args[0], code)
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) importFacts(ctx context.Context, path, code string) error {
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	data, err := readFile(path, int64(tabular.Default.Bytes))
	if err != nil {
		return err
	}
	at, name := s.now(), filepath.Base(path)
	var done enroll.Reported
	var problems []tabular.Problem
	err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) error {
		book, err := program.RulesOn(ctx, tx, p.ID, p.Day(at))
		if err != nil {
			return err
		}
		file, err := factfile.Read(name, bytes.NewReader(data), factfile.Options{Book: book, AsOf: p.Day(at)})
		if err != nil {
			return err
		}
		w := enroll.Walk{Who: s.who, Keys: s.keys, Program: p, Rules: book, AsOf: p.Day(at), At: at}
		done, problems, err = enroll.Report(ctx, tx, w, file, name)
		return err
	})
	for i, problem := range problems {
		if i == 20 {
			s.printf("  … and %d more\n", len(problems)-i)
			break
		}
		s.printf("  line %d %s: %s\n", problem.Line, problem.Column, s.words().T(problem.Code, problem.Args()))
	}
	if errors.Is(err, enroll.ErrFile) {
		return fmt.Errorf("%s: %d problems: %w", name, len(problems), err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.printf("%s: facts: %d new, %d known already; events: %d new, %d known already\n", name,
		done.Facts.New, done.Facts.Repeated, done.Events.New, done.Events.Repeated)
	return nil
}
