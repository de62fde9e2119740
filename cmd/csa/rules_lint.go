package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"seedbook/service/rules"
)

func (a *app) rulesLintCommand() *cobra.Command {
	var supplied []string
	cmd := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Find what in a rule book can be read in two ways or cannot be meant",
		Long: `Find what in a rule book can be read in two ways or cannot be meant: days at the
edge of a month or a leap year, deposits counted gross, caps that are never reached,
tiers nobody comes to, funds that can never pay, facts that no feed brings, benefits
that no example shows. Each finding has its line. A risk may pay children what nobody
meant, and ends the command with status 1; an advice does not.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			risks := 0
			for _, path := range args {
				n, err := a.lintRules(path, supplied)
				if err != nil {
					return err
				}
				risks += n
			}
			if risks == 1 {
				return errors.New("1 risk")
			}
			if risks > 0 {
				return fmt.Errorf("%d risks", risks)
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&supplied, "supplied", nil, "facts that the program's feeds bring, beside those of every child")
	return cmd
}

// lintRules prints what is found in one file and counts the risks.
func (a *app) lintRules(path string, supplied []string) (risks int, err error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	found, err := rules.Lint(source, supplied...)
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
