package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
	"seedbook/service/program"
)

// forecastFlags say how the future is drawn.
type forecastFlags struct {
	program, asOf string
	lang          string
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
	langFlag(cmd, &f.lang)
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
	w, err := s.wordsIn(f.lang)
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
	o.Progress = func(done, of int) { bar.show("%s", w.T("forecast.print.progress", i18n.Args{"done": done, "of": of})) }
	x, err := forecast.Expose(ctx, s.db, s.who, s.keys, p, o)
	bar.done()
	if err != nil {
		return err
	}
	(&printer{s, w}).printExposure(p, x)
	return nil
}

func (s *printer) printExposure(p program.Program, x forecast.Exposure) {
	s.say("forecast.print.exposure", i18n.Args{"program": p.Name, "in": x.In.String(), "book": x.Book[:12], "paths": x.Paths, "seed": strconv.FormatUint(x.Seed, 10)})
	s.say("forecast.print.savers", i18n.Args{"children": s.children(x.Children), "savers": x.Savers, "since": x.History.First.String(), "sampled": x.Sampled})
	for _, f := range x.Funds {
		s.printFund(f)
	}
	s.printf("\n")
	s.printSpread(s.head("all_funds"), "", "", x.Total)
	for _, benefit := range x.NoLimit {
		s.say("forecast.print.no_limit_most", i18n.Args{"benefit": benefit})
	}
	for _, m := range x.Marginal {
		s.printMarginal(m)
	}
}

func (s *printer) printFund(f forecast.FundExposure) {
	s.printf("\n")
	s.say("forecast.print.fund", i18n.Args{"fund": f.Code, "name": f.Name, "available": f.Available.String(), "promised": f.Accrued.String(), "queued": f.Queued.String()})
	s.printf("%-12s %14s %14s %14s %14s %14s %14s %12s\n", "", s.head("promised"), s.head("at_most"), s.head("mean"), "P10", "P50", "P90", s.head("sampling"))
	most := ledger.Amount{}
	for _, p := range f.Periods {
		most = most.Add(p.Maximum)
		s.printSpread(p.Name, p.Accrued.String(), p.Maximum.String(), p.Spread)
	}
	s.printSpread(s.head("all"), "", most.String(), f.Year)
	s.printDry(f.Dry, "dry")
}

func (s *printer) printSpread(name, promised, most string, of forecast.Spread) {
	s.printf("%-12s %14s %14s %14s %14s %14s %14s %12s\n", name, promised, most, of.Mean, of.P10, of.P50, of.P90, of.Error)
}

// printDry says in how many futures a fund runs dry; key is "dry", or "dry_with"
// a change.
func (s *printer) printDry(d forecast.Dry, key string) {
	if d.Paths == 0 {
		s.say("forecast.print.never_"+key, nil)
		return
	}
	s.say("forecast.print."+key, i18n.Args{"paths": d.Paths, "p10": s.lasts(d.P10), "p50": s.lasts(d.P50), "p90": s.lasts(d.P90)})
}

func (s *printer) printMarginal(m forecast.Marginal) {
	s.printf("\n")
	s.say("forecast.print.marginal", i18n.Args{"change": m.Edit.String(), "book": m.Book[:12]})
	s.printf("%-12s %14s %14s %14s %14s\n", "", s.head("mean"), "P10", "P50", "P90")
	line := func(name string, of forecast.Spread) {
		s.printf("%-12s %14s %14s %14s %14s\n", name, of.Mean, of.P10, of.P50, of.P90)
	}
	for _, f := range m.Funds {
		line(f.Code, f.More)
		s.printDry(f.Dry, "dry_with")
	}
	line(s.head("all_funds"), m.Total)
}
