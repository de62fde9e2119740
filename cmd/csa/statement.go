package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/statement"
)

// statementFlags name one statement.
type statementFlags struct{ child, period, lang, out, program string }

func (a *app) statementCommand() *cobra.Command {
	var f statementFlags
	cmd := &cobra.Command{
		Use:   "statement --child ID --period 2026-Q3 --lang es --out FILE.pdf",
		Short: "Write a child's statement as an accessible PDF",
		Long: `Write a child's statement for a month (2026-09), a quarter (2026-Q3) or a year
(2026). A statement is issued once, when it is first asked for or by the
statements job, and is the same ever after.`,
		Args: cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error { return s.statement(ctx, f) }),
	}
	cmd.Flags().StringVar(&f.child, "child", "", "account number of the child (required)")
	cmd.Flags().StringVar(&f.period, "period", "", "month, quarter or year (required)")
	cmd.Flags().StringVar(&f.lang, "lang", "en", "en or es")
	cmd.Flags().StringVar(&f.out, "out", "", "PDF file to write (required)")
	cmd.Flags().StringVar(&f.program, "program", "", "code of the program (default: the only one)")
	for _, name := range []string{"child", "period", "out"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (s *session) statement(ctx context.Context, f statementFlags) error {
	if f.lang != "en" && f.lang != "es" {
		return fmt.Errorf("--lang %s: use en or es", f.lang)
	}
	span, err := statement.ParseSpan(f.period)
	if err != nil {
		return err
	}
	book, err := s.book(ctx, f.program)
	if err != nil {
		return err
	}
	p, err := s.program(ctx, book.Code)
	if err != nil {
		return err
	}
	drawn, err := s.drawStatement(ctx, p, f.child, span)
	if err != nil {
		return err
	}
	if err := writeFile(f.out, func(w *bufio.Writer) error { return statement.WritePDF(w, drawn, f.lang) }); err != nil {
		return err
	}
	s.printf("%s: statement %s, opening %s, closing %s\n", f.out, drawn.Code, drawn.Opening(), drawn.Closing())
	return nil
}

// drawStatement issues a statement where that was not done yet, and draws it.
func (s *session) drawStatement(ctx context.Context, p program.Program, child string, span statement.Span) (d statement.Drawn, err error) {
	at := s.now()
	err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) error {
		id, err := s.findChild(ctx, tx, p, child)
		if err != nil {
			return err
		}
		if _, err := statement.Issue(ctx, tx, s.who, s.keys, p, []family.ChildID{id}, span, p.Day(at), at); err != nil {
			return err
		}
		issued, err := statement.Find(ctx, tx, p.ID, id, span.Name)
		if err != nil {
			return err
		}
		drawn, err := statement.Draw(ctx, tx, s.who, s.keys, p, []statement.Issued{issued})
		if err == nil {
			d = drawn[0]
		}
		return err
	})
	return d, err
}

// findChild finds a participant by account number or student number.
func (s *session) findChild(ctx context.Context, q sqlx.QueryerContext, p program.Program, text string) (family.ChildID, error) {
	rows, err := enroll.List(ctx, q, s.who, s.keys, p.ID, enroll.Filter{Text: text, Limit: 2})
	if err != nil {
		return 0, err
	}
	if _, err := savings.ParseAccount(text); err != nil && strings.IndexFunc(text, func(r rune) bool { return r >= '0' && r <= '9' }) < 0 {
		return 0, fmt.Errorf("--child %s: give an account number or a student number", text)
	}
	if len(rows) != 1 {
		return 0, fmt.Errorf("--child %s: %w", text, enroll.ErrNone)
	}
	return rows[0].Child, nil
}
