package main

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
)

// explainFlags name a child and a day.
type explainFlags struct{ program, child, asOf, lang string }

func (a *app) rulesExplainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain --program P --child ID",
		Short: "Explain every amount of a child, paid or not",
		Long: `Explain every amount of a child, paid or not: the rule and its version, what was
looked at and when it became known, the arithmetic, the funds and why they may
pay, and what was given, is on its way or waits. The answer shows what is known
of the child, so the reading goes on the audit trail.`,
		Args: cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error { return s.explainChild(ctx, f) }),
	}
	cmd.Flags().StringVar(&f.program, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&f.child, "child", "", "account number or student number of the child (required)")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "day to explain (default: today)")
	langFlag(cmd, &f.lang)
	for _, name := range []string{"program", "child"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

// langFlag lets a command be asked for a language.
func langFlag(cmd *cobra.Command, lang *string) {
	cmd.Flags().StringVar(lang, "lang", "", "en or es (default: CSA_LANG)")
}

// wordsIn are the words of the language that a flag names; none is that of the
// settings.
func (a *app) wordsIn(lang string) (*i18n.Words, error) {
	if lang == "" {
		return a.words(), nil
	}
	if !i18n.Speaks(lang) {
		return nil, fmt.Errorf("--lang %s: use en or es", lang)
	}
	return i18n.For(lang), nil
}

func (s *session) explainChild(ctx context.Context, f explainFlags) error {
	words, err := s.wordsIn(f.lang)
	if err != nil {
		return err
	}
	p, err := s.program(ctx, f.program)
	if err != nil {
		return err
	}
	asOf, err := s.dayOf(p, f.asOf)
	if err != nil {
		return err
	}
	var id family.ChildID
	var x forecast.Explanation
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) (err error) {
		if id, err = s.findChild(ctx, q, p, f.child); err != nil {
			return err
		}
		x, err = forecast.Explain(ctx, q, s.who, s.keys, p, id, asOf)
		return err
	})
	if err != nil {
		return err
	}
	// What cannot be put on the trail is not shown.
	if err := audit.Viewed(ctx, s.db, s.who, "child.viewed", []int64{int64(id)}, s.now()); err != nil {
		return err
	}
	s.printExplanation(words, x)
	return nil
}

func (s *session) printExplanation(w *i18n.Words, x forecast.Explanation) {
	s.printf("%s\n", w.T("forecast.explain.heading", i18n.Args{"account": x.Account.String(), "day": x.AsOf, "book": x.Book}))
	for _, part := range x.Sections(w) {
		if s.printf("\n%s", part.Title); part.Award {
			s.printf(": %s", w.Money(part.Amount))
		}
		s.printf("\n")
		for _, line := range part.Lines {
			s.printf("  %s\n", line)
		}
	}
}
