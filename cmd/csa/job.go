package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/jobs"
	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/savings"
)

func (a *app) jobCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "job", Short: "The work of the clock, by hand"}
	cmd.AddCommand(a.jobListCommand(), a.jobRunCommand(), a.jobFindingsCommand())
	return cmd
}

func (a *app) jobListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the jobs, when they are due, and their last runs",
		Args:  cobra.NoArgs,
		RunE:  a.with(func(ctx context.Context, s *session, _ []string) error { return s.listJobs(ctx) }),
	}
}

func (s *session) listJobs(ctx context.Context) error {
	for _, row := range jobs.Table {
		s.printf("%-12s %s\n", row.Name, row.Due)
	}
	return s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		programs, err := program.All(ctx, q)
		if err != nil {
			return err
		}
		for _, p := range programs {
			runs, err := jobs.History(ctx, q, int64(p.ID), 0, 10)
			if err != nil {
				return err
			}
			s.printf("\n%s (%s)\n", p.Name, p.Code)
			if len(runs) == 0 {
				s.printf("  no run yet\n")
			}
			for _, r := range runs {
				s.printf("  %5d  %-12s %-10s as of %s  %-9s %d done\n", r.ID, r.Job, r.Period, r.AsOf, r.State, r.Done)
			}
		}
		return nil
	})
}

func (a *app) jobRunCommand() *cobra.Command {
	var code, asOf string
	var dry bool
	cmd := &cobra.Command{
		Use:   "run NAME --program P --as-of DATE [--dry-run]",
		Short: "Run a job now, for any day",
		Long: `Run a job now, for any day that has come. A run that was interrupted goes on
where it stopped, and pays nothing twice. With --dry-run everything is rolled
back and only told.

Jobs: ` + strings.Join(jobNames(), ", ") + `.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			return s.runJob(ctx, args[0], code, asOf, dry)
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&asOf, "as-of", "", "the day whose state of affairs counts, like 2026-09-30 (default: today)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "change nothing")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func jobNames() []string {
	names := make([]string, len(jobs.Table))
	for i, row := range jobs.Table {
		names[i] = row.Name
	}
	return names
}

func (s *session) runJob(ctx context.Context, name, code, asOf string, dry bool) error {
	runner := jobs.All(s.db, s.keys, slog.New(slog.DiscardHandler))
	job, err := runner.Job(name)
	if err != nil {
		return fmt.Errorf("there is no job %s: use one of %s", name, strings.Join(jobNames(), ", "))
	}
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	order := jobs.Order{Program: jobs.Of(s.who.Tenant, p), Job: job, DryRun: dry}
	if asOf != "" {
		if order.AsOf, err = ledger.ParseDate(asOf); err != nil {
			return fmt.Errorf("--as-of %s: %w", asOf, err)
		}
	}
	bar := s.progress()
	run, err := runner.RunNow(ctx, s.who, order, func(r jobs.Run) {
		if r.Total != nil {
			bar.show("%s: %d of %d", name, r.Done, *r.Total)
			return
		}
		bar.show("%s: %d", name, r.Done)
	})
	bar.done()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.printRun(run)
	return nil
}

func (s *session) printRun(r jobs.Run) {
	what := string(r.State)
	if r.DryRun {
		what += " (dry run: nothing is changed)"
	}
	s.printf("%s %s as of %s: %s, %d done\n", r.Job, r.Period, r.AsOf, what, r.Done)
	for _, name := range slices.Sorted(maps.Keys(r.Sums)) {
		s.printf("  %-34s %14s\n", name, r.Sums[name])
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Counts)) {
		s.printf("  %-34s %14d\n", reason, r.Counts[reason])
	}
}

func (a *app) jobFindingsCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use:   "findings RUN --program P",
		Short: "List what a full re-performance found: awards that facts, rules or books do not give again",
		Args:  cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			run, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("%s: write the number of a run, as csa job list shows it", args[0])
			}
			return s.listFindings(ctx, run, code)
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) listFindings(ctx context.Context, run int64, code string) error {
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	for after, n := int64(0), 0; ; {
		var found []savings.Finding
		err := s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) (err error) {
			found, err = savings.Findings(ctx, q, p.ID, run, after, 1000)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range found {
			after, n = f.N, n+1
			s.printf("child %d  %-20s %-10s %-10s expected %12s found %12s  as of %s, rules %.12s\n", f.Child, f.Benefit, f.Period, f.Reason, f.Expected, f.Found, f.On, f.Rule)
		}
		if len(found) == 0 {
			s.printf("%d findings\n", n)
			return nil
		}
	}
}
