package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/roster"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/tabular"
)

func (a *app) rosterCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "roster", Short: "Rosters from schools"}
	cmd.AddCommand(a.rosterImportCommand())
	return cmd
}

// rosterFlags are what an import needs beyond the file.
type rosterFlags struct {
	program, source, mapping, on string
	commit                       bool
}

func (a *app) rosterImportCommand() *cobra.Command {
	var f rosterFlags
	cmd := &cobra.Command{
		Use:   "import FILE --program P [--commit]",
		Short: "Stage a roster, show what it would do, and apply it with --commit",
		Long: `Stage a roster and show what applying it would do and cost. With --commit it is
applied as well: new children are recorded and enrolled, changed ones are
brought up to date. The same file twice changes nothing.

FILE is a OneRoster 1.1 or 1.2 zip, a School Data Sync zip, or a CSV. A CSV
needs to say once which column is which: --mapping FILE.json, or the guess that
the first try prints.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error { return s.importRoster(ctx, args[0], f) }),
	}
	cmd.Flags().StringVar(&f.program, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&f.source, "source", "district", "who sends the roster; ids in it are that source's own")
	cmd.Flags().StringVar(&f.mapping, "mapping", "", "JSON file that says which column of a CSV is which; remembered for the source")
	cmd.Flags().StringVar(&f.on, "on", "", "day from which new children take part, like 2026-09-01 (default: today)")
	cmd.Flags().BoolVar(&f.commit, "commit", false, "apply the roster")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) importRoster(ctx context.Context, path string, f rosterFlags) error {
	p, err := s.program(ctx, f.program)
	if err != nil {
		return err
	}
	u, err := s.upload(path, f, p)
	if err != nil {
		return err
	}
	id, err := roster.Receive(ctx, s.db, s.who, s.keys, p, u, s.now())
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if err := s.showRoster(ctx, p, id); err != nil {
		return err
	}
	if !f.commit {
		s.printf("\nNothing is applied yet. Repeat the command with --commit to apply it.\n")
		return nil
	}
	bar := s.progress()
	done, err := roster.Commit(ctx, s.db, s.who, s.keys, p, id, s.now(), func(done, groups int) {
		bar.show("applying: %d of %d families", done, groups)
	})
	bar.done()
	if err != nil {
		return err
	}
	s.printf("\nApplied: %d new, %d changed, %d no longer named. Enrolled %d, not eligible %d.\n",
		done.New, done.Changed, done.Gone, done.Enrolled.Enrolled, done.Enrolled.Ineligible)
	return nil
}

func (s *session) upload(path string, f rosterFlags, p program.Program) (u roster.Upload, err error) {
	u = roster.Upload{Source: f.source, FileName: filepath.Base(path), EnrollOn: p.Day(s.now())}
	if f.on != "" {
		if u.EnrollOn, err = ledger.ParseDate(f.on); err != nil {
			return u, fmt.Errorf("--on %s: %w", f.on, err)
		}
	}
	if u.Data, err = readFile(path, int64(tabular.Default.Bytes)); err != nil {
		return u, err
	}
	if f.mapping == "" {
		return u, nil
	}
	raw, err := os.ReadFile(f.mapping)
	if err != nil {
		return u, err
	}
	u.Mapping = new(rosterfile.Mapping)
	if err := json.Unmarshal(raw, u.Mapping); err != nil {
		return u, fmt.Errorf("--mapping %s: %w", f.mapping, err)
	}
	return u, nil
}

// readFile reads a file no larger than a limit.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name a file", path)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d MB: at most %d MB are taken", path, info.Size()>>20, limit>>20)
	}
	return os.ReadFile(path)
}

func (s *session) showRoster(ctx context.Context, p program.Program, id roster.ID) error {
	return s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		b, err := roster.Load(ctx, q, p.ID, id)
		if err != nil {
			return err
		}
		problems, err := roster.Problems(ctx, q, id, 0, 20)
		if err != nil {
			return err
		}
		s.printBatch(b)
		s.printProblems(problems)
		return nil
	})
}

func (s *session) printBatch(b roster.Batch) {
	c := b.Counts
	s.printf("%s: %d rows of people = %d children, %d adults, %d quarantined\n", b.FileName, c.Rows, c.Children, c.Adults, c.Quarantined)
	s.printf("children: %d new, %d changed, %d unchanged, %d doubtful, %d to be reviewed; %d no longer named\n",
		c.By[roster.New], c.By[roster.Changed], c.By[roster.Unchanged], c.By[roster.Doubtful], c.By[roster.Review], c.By[roster.Gone])
	for _, l := range b.Preview.Schools {
		s.printf("  %-12s %-34s %6d children, %d new\n", l.Code, l.Name, l.Children, l.New)
	}
	if c.By[roster.New] == 0 {
		return
	}
	s.printf("of the new: %d eligible, %d not\n", b.Preview.Eligible, b.Preview.Ineligible)
	for _, l := range b.Preview.Cost {
		fund := l.Fund
		if fund == "" {
			fund = "no fund"
		}
		s.printf("  %-12s from %-12s %6d children %14s (available %s)\n", l.Benefit, fund, l.Children, l.Amount, b.Preview.Funds[l.Fund])
	}
}

func (s *session) printProblems(problems []roster.Problem) {
	w := s.words()
	for _, p := range problems {
		s.printf("  %s line %d %s: %s\n", p.File, p.Line, p.Column, w.T(p.Code, p.Args()))
	}
}
