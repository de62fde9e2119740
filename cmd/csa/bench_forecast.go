package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"seedbook/service/demo"
	"seedbook/service/family"
	"seedbook/service/forecast"
	"seedbook/service/store"
	"seedbook/service/vault"
)

func (a *app) benchForecastCommand() *cobra.Command {
	var children int
	cmd := &cobra.Command{
		Use:   "forecast",
		Short: "Measure a trial and a forecast on a live caseload",
		Long: `Measure how long a draft takes to try on a caseload with a year of deposits and
awards behind it, and how long a forecast takes.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onScratch(cmd.Context(), func(ctx context.Context, dsn string) error { return a.benchForecast(ctx, dsn, children) })
		},
	}
	cmd.Flags().IntVar(&children, "children", 100_000, "size of the caseload")
	return cmd
}

func (a *app) benchForecast(ctx context.Context, dsn string, n int) error {
	if n < 1 {
		return fmt.Errorf("--children %d: write a number like 20000", n)
	}
	db, err := store.Open(dsn, maxOpen)
	if err != nil {
		return err
	}
	defer db.Close()
	a.printf("%10s  %-34s %12s %10s %14s\n", "children", "what", "done", "seconds", "a second")
	m := &measured{out: a.io.out, db: db, keys: vault.Random(), children: n}
	if err := m.liveYear(ctx); err != nil {
		return err
	}
	if err := m.step("children under another ratio", func() (int, error) { return m.try(ctx, "match.amount.ratio=0.75") }); err != nil {
		return err
	}
	if err := m.step("children under another seed", func() (int, error) { return m.try(ctx, "seed.amount.fixed=60.00") }); err != nil {
		return err
	}
	if err := m.step("children in a forecast", func() (int, error) { return m.expose(ctx) }); err != nil {
		return err
	}
	a.printf("%10d  %-34s %12s\n", n, "peak memory of this program", peakMemory())
	return nil
}

// liveYear makes a caseload with a year of deposits and what they earned.
func (m *measured) liveYear(ctx context.Context) (err error) {
	if m.stage, err = demo.Prepare(ctx, m.db, m.keys, demo.Options{Children: m.children, Seed: 7}); err != nil {
		return err
	}
	list, err := m.stage.ClassList()
	if err != nil {
		return err
	}
	if err := m.step("roster rows imported", func() (int, error) { return m.roster(ctx, list) }); err != nil {
		return err
	}
	deposits, err := m.stage.YearOfDeposits(ctx)
	if err != nil {
		return err
	}
	seen := map[family.ChildID]bool{}
	for _, d := range deposits {
		if d.Child != 0 && !seen[d.Child] && len(seen) < m.children/100 {
			seen[d.Child] = true
			m.savers = append(m.savers, d.Child)
		}
	}
	if err := m.step("deposits posted", func() (int, error) { return len(deposits), m.post(ctx, deposits) }); err != nil {
		return err
	}
	return m.step("children awarded", func() (int, error) { return m.awards(ctx, m.stage.Walk(m.stage.LastDay())) })
}

// try changes one key of the program's rule book and tries it.
func (m *measured) try(ctx context.Context, change string) (int, error) {
	day := m.stage.LastDay()
	edit, err := forecast.ParseEdit(change)
	if err != nil {
		return 0, err
	}
	draft, err := edit.Apply(m.stage.Walk(day).Rules)
	if err != nil {
		return 0, err
	}
	t, err := forecast.Try(ctx, m.db, m.stage.Who(), m.keys, m.stage.Program(), draft, forecast.TryOptions{AsOf: day, At: m.stage.Walk(day).At, Largest: 10})
	return t.Children, err
}

func (m *measured) expose(ctx context.Context) (int, error) {
	day := m.stage.LastDay()
	x, err := forecast.Expose(ctx, m.db, m.stage.Who(), m.keys, m.stage.Program(), forecast.ExposeOptions{AsOf: day, At: m.stage.Walk(day).At, Seed: 1})
	return x.Children, err
}
