package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/forecast"
	"seedbook/service/program"
)

// forecastFlags say how the future is drawn.
type forecastFlags struct {
	program, asOf string
	months        int
	seed          uint64
	paths, sample int
	changes       []string
}

func (a *app) forecastCommand() *cobra.Command {
	var f forecastFlags
	cmd := &cobra.Command{
		Use:   "forecast --program P",
		Short: "Foresee what each fund will be asked for, and change nothing",
		Long: `Foresee what each fund will be asked for, quarter by quarter: what is promised,
the most that the caps allow, and what will probably be asked, from futures that
are drawn from the program's own deposits. In one of ten futures it is less than
P10, in one of ten more than P90. The same seed gives the same numbers.

Nobody joins, leaves, moves or changes grade in these futures, and no fund
receives new money. --change costs a change of one key of the rule book on the
same futures: --change match.amount.ratio=0.75`,
		Args: cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error { return s.forecast(ctx, f) }),
	}
	cmd.Flags().StringVar(&f.program, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "day from which to look ahead (default: today)")
	cmd.Flags().IntVar(&f.months, "months", 12, "how far to look ahead")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "another number draws other futures")
	cmd.Flags().IntVar(&f.paths, "paths", 200, "futures to draw")
	cmd.Flags().IntVar(&f.sample, "sample", 2000, "children to draw for, at most; the rest is scaled up")
	cmd.Flags().StringArrayVar(&f.changes, "change", nil, "a change to cost, like match.caps.per_period=150.00; may be repeated")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (f forecastFlags) options() (o forecast.ExposeOptions, err error) {
	for name, n := range map[string]int{"months": f.months, "paths": f.paths, "sample": f.sample} {
		if n < 1 {
			return o, fmt.Errorf("--%s %d: a number from 1", name, n)
		}
	}
	o = forecast.ExposeOptions{Months: f.months, Seed: f.seed, Paths: f.paths, Sample: f.sample}
	for _, text := range f.changes {
		e, err := forecast.ParseEdit(text)
		if err != nil {
			return o, fmt.Errorf("--change %w", err)
		}
		o.Changes = append(o.Changes, e)
	}
	return o, nil
}

func (s *session) forecast(ctx context.Context, f forecastFlags) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	p, err := s.program(ctx, f.program)
	if err != nil {
		return err
	}
	if o.AsOf, err = s.dayOf(p, f.asOf); err != nil {
		return err
	}
	o.At = s.now()
	bar := s.progress()
	o.Progress = func(done, of int) { bar.show("%d of %d children", done, of) }
	x, err := forecast.Expose(ctx, s.db, s.who, s.keys, p, o)
	bar.done()
	if err != nil {
		return err
	}
	s.printExposure(p, x)
	return nil
}

func (s *session) printExposure(p program.Program, x forecast.Exposure) {
	s.printf("%s, %s, by rule book %.12s. %d futures, seed %d.\n", p.Name, x.In, x.Book, x.Paths, x.Seed)
	s.printf("%d children take part; %d of them paid in since %s. Futures were drawn for %d.\n", x.Children, x.Savers, x.History.First, x.Sampled)
	for _, f := range x.Funds {
		s.printFund(f)
	}
	s.printf("\n")
	s.printSpread("All funds", "", "", x.Total)
	for _, benefit := range x.NoLimit {
		s.printf("%s has no limit: the most leaves it out.\n", benefit)
	}
	for _, m := range x.Marginal {
		s.printMarginal(m)
	}
}

func (s *session) printFund(f forecast.FundExposure) {
	s.printf("\n%s  %s: available %s, promised %s, queued %s\n", f.Code, f.Name, f.Available, f.Accrued, f.Queued)
	s.printf("%-12s %14s %14s %14s %14s %14s %14s %12s\n", "", "promised", "at most", "mean", "P10", "P50", "P90", "± sampling")
	most := ledger.Amount{}
	for _, p := range f.Periods {
		most = most.Add(p.Maximum)
		s.printSpread(p.Name, p.Accrued.String(), p.Maximum.String(), p.Spread)
	}
	s.printSpread("all", "", most.String(), f.Year)
	s.printDry(f.Dry, "")
}

func (s *session) printSpread(name, promised, most string, of forecast.Spread) {
	s.printf("%-12s %14s %14s %14s %14s %14s %14s %12s\n", name, promised, most, of.Mean, of.P10, of.P50, of.P90, of.Error)
}

func (s *session) printDry(d forecast.Dry, with string) {
	if d.Paths == 0 {
		s.printf("It lasts in every future%s.\n", with)
		return
	}
	s.printf("It runs dry in %d futures%s: P10 %s, P50 %s, P90 %s.\n", d.Paths, with, lasts(d.P10), lasts(d.P50), lasts(d.P90))
}

func (s *session) printMarginal(m forecast.Marginal) {
	s.printf("\nWith %s (rule book %.12s) the same futures ask for more or less:\n", m.Edit, m.Book)
	s.printf("%-12s %14s %14s %14s %14s\n", "", "mean", "P10", "P50", "P90")
	line := func(name string, of forecast.Spread) {
		s.printf("%-12s %14s %14s %14s %14s\n", name, of.Mean, of.P10, of.P50, of.P90)
	}
	for _, f := range m.Funds {
		line(f.Code, f.More)
		s.printDry(f.Dry, " with the change")
	}
	line("all funds", m.Total)
}
