package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/service/forecast"
	"seedbook/service/rules"
)

func (a *app) rulesLintCommand() *cobra.Command {
	var supplied []string
	var program string
	cmd := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Find what in a rule book can be read in two ways or cannot be meant",
		Long: `Find what in a rule book can be read in two ways or cannot be meant: days at the
edge of a month or a leap year, deposits counted gross, caps that are never reached,
tiers nobody comes to, funds that can never pay, facts that no feed brings, benefits
that no example shows. Each finding has its line. A risk may pay children what nobody
meant, and ends the command with status 1; an advice does not. With --program, what
the program's feeds have brought and what its funds have is asked of the database.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			given := func(*rules.Book) (rules.Supply, error) { return rules.Supply{Facts: supplied}, nil }
			if program == "" {
				return a.lintAll(args, given)
			}
			return a.with(func(ctx context.Context, s *session, args []string) error {
				return a.lintAll(args, func(book *rules.Book) (rules.Supply, error) { return s.supply(ctx, program, book, supplied) })
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&program, "program", "", "code of the program whose feeds and funds are meant")
	cmd.Flags().StringSliceVar(&supplied, "supplied", nil, "facts that the program's feeds bring, beside those of every child")
	return cmd
}

// supply is what a program has of what a book asks for, and the facts named
// beside.
func (s *session) supply(ctx context.Context, code string, book *rules.Book, named []string) (has rules.Supply, err error) {
	p, err := s.program(ctx, code)
	if err != nil {
		return has, err
	}
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) (err error) {
		has, err = forecast.Supply(ctx, q, p, book, s.now())
		return err
	})
	has.Facts = append(has.Facts, named...)
	return has, err
}

func (a *app) lintAll(paths []string, supply func(*rules.Book) (rules.Supply, error)) error {
	risks := 0
	for _, path := range paths {
		n, err := a.lintRules(path, supply)
		if err != nil {
			return err
		}
		risks += n
	}
	switch risks {
	case 0:
		return nil
	case 1:
		return errors.New("1 risk")
	}
	return fmt.Errorf("%d risks", risks)
}

// lintRules prints what is found in one file and counts the risks.
func (a *app) lintRules(path string, supply func(*rules.Book) (rules.Supply, error)) (risks int, err error) {
	source, book, err := readBook(path)
	if err != nil {
		return 0, err
	}
	has, err := supply(book)
	if err != nil {
		return 0, err
	}
	found, err := rules.Lint(source, has)
	if err != nil {
		return 0, fmt.Errorf("%s:\n%w", path, err)
	}
	w := a.words()
	for _, f := range found {
		if f.Severity == rules.Risk {
			risks++
		}
		a.printf("%s:%d:%d: %s: %s\n", path, f.Line, f.Column, w.T("rules.severity."+string(f.Severity)), f.Phrase(w))
	}
	if len(found) == 0 {
		a.printf("%s: %s\n", path, w.T("rules.lint.none"))
		return 0, nil
	}
	a.printf("%s: %s\n", path, w.N("rules.lint.count", len(found), map[string]any{"risks": risks}))
	return risks, nil
}
