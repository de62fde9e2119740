package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/forecast"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// tryFlags say how a draft is tried.
type tryFlags struct {
	program, asOf string
	largest       int
}

func (a *app) rulesTryCommand() *cobra.Command {
	var f tryFlags
	cmd := &cobra.Command{
		Use:   "try FILE --program P",
		Short: "Try a draft on the live caseload, and change nothing",
		Long: `Try a draft on the live caseload and its whole history, in transactions that
cannot write, and print the difference that it makes: what changes by benefit,
school, fund and month; who gains and loses, with the reason; who may take part;
what the first run after an approval would do; what the year costs and would
cost at the full caps; and when each fund runs dry. Stop it at any time.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error { return s.tryRules(ctx, args[0], f) }),
	}
	cmd.Flags().StringVar(&f.program, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&f.asOf, "as-of", "", "day that both books are asked about (default: today)")
	cmd.Flags().IntVar(&f.largest, "children", 5, "how many children who gain and who lose to show with the reason")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) tryRules(ctx context.Context, path string, f tryFlags) error {
	if f.largest < 0 || f.largest > maxShown {
		return fmt.Errorf("--children %d: a number from 0 to %d", f.largest, maxShown)
	}
	draft, err := readRules(path)
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
	bar := s.progress()
	trial, err := forecast.Try(ctx, s.db, s.who, s.keys, p, draft, forecast.TryOptions{
		AsOf: asOf, At: s.now(), Largest: f.largest,
		Progress: func(done, of int) { bar.show("%d of %d children", done, of) },
	})
	bar.done()
	if err != nil {
		return err
	}
	s.printTrial(p, trial)
	return nil
}

// maxShown bounds how many children are listed: the difference is in the sums.
const maxShown = 1000

func readRules(path string) (*rules.Book, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	book, err := rules.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("%s:\n%w", path, err)
	}
	return book, nil
}

// dayOf reads a day; none is today in the program's zone.
func (s *session) dayOf(p program.Program, text string) (ledger.Date, error) {
	if text == "" {
		return p.Day(s.now()), nil
	}
	day, err := ledger.ParseDate(text)
	if err != nil {
		return ledger.Date{}, fmt.Errorf("--as-of %s: %w", text, err)
	}
	return day, nil
}

func (s *session) printTrial(p program.Program, t forecast.Trial) {
	s.printf("%s as of %s: draft %.12s beside rule book %.12s, which is in effect.\n", p.Name, t.AsOf, t.Draft, t.Approved)
	s.printf("%s: entitled to %s before and %s after.\n", children(t.Children), t.Before, t.After)
	s.printDifferences("Benefit", t.ByBenefit)
	s.printDifferences("School", t.BySchool)
	s.printDifferences("Fund asked first", t.ByFund)
	s.printDifferences("Month earned", t.ByMonth)
	s.printAffected("to gain", t.Gain)
	s.printAffected("to lose", t.Lose)
	s.printEligibility(t.Eligibility)
	s.printRuns(t)
	s.printYear(t)
	s.printFundRuns(t)
}

func (s *session) printDifferences(what string, ds []forecast.Difference) {
	s.printf("\n%-34s %9s %16s %16s %14s %14s\n", what, "children", "before", "after", "gained", "lost")
	for _, d := range ds {
		s.printf("%-34s %9d %16s %16s %14s %14s\n", named(d.Name, d.Label), d.Children, d.Before, d.After, d.Gained, d.Lost)
	}
}

// named is a code with what people call it, cut to its column.
func named(code, label string) string {
	if code == "" {
		code = "(none)"
	}
	if label != "" && label != code {
		code += "  " + label
	}
	if letters := []rune(code); len(letters) > 34 {
		return string(letters[:33]) + "…"
	}
	return code
}

// children counts children in words.
func children(n int) string {
	if n == 1 {
		return "1 child"
	}
	return strconv.Itoa(n) + " children"
}

func (s *session) printAffected(what string, a forecast.Affected) {
	s.printf("\n%s %s %s in all.\n", children(a.Children), what, a.Amount)
	for _, c := range a.Largest {
		s.printf("  child %d, account %s: %s to %s\n", c.Child, c.Account, c.Before, c.After)
		for _, w := range c.Awards {
			s.printf("    %s %s: %s to %s\n", w.Benefit, w.Period, w.Before, w.After)
			s.printWhy("before", w.WhyBefore)
			s.printWhy("after", w.WhyAfter)
		}
	}
}

func (s *session) printWhy(when string, why rules.Why) {
	if why.Reason == "" {
		s.printf("      %s: this rule book does not give it.\n", when)
		return
	}
	why.Facts = nil // whoever tries a draft need not read children's records
	for i, line := range rules.Explain(s.words(), why) {
		if i == 0 {
			s.printf("      %s: %s\n", when, line)
		} else {
			s.printf("        %s\n", line)
		}
	}
}

func (s *session) printEligibility(e forecast.Eligibility) {
	s.printf("\nWho may take part\n")
	for _, c := range []struct {
		what string
		of   forecast.Changed
	}{
		{"would join", e.Admitted}, {"could not have joined", e.Excluded},
		{"no longer eligible: somebody decides", e.Flagged}, {"eligible again", e.Cleared},
	} {
		s.printf("  %-40s %9d\n", c.what, c.of.Children)
		for _, a := range c.of.First {
			s.printf("    child %d, account %s: %s\n", a.Child, a.Account, rules.Headline(s.words(), a.Why))
		}
	}
}

func (s *session) printRuns(t forecast.Trial) {
	s.printf("\n%-42s %16s %16s\n", "The next run", "approved book", "draft")
	for _, line := range []struct {
		what          string
		before, after any
	}{
		{"children", t.Otherwise.Children, t.Now.Children},
		{"posted at once", t.Otherwise.Posted, t.Now.Posted},
		{"promised for later", t.Otherwise.Promised, t.Now.Promised},
		{"waits for a fund's money", t.Otherwise.Queued, t.Now.Queued},
		{"refused for want of money", t.Otherwise.Refused, t.Now.Refused},
		{"promises cancelled", t.Otherwise.Cancelled, t.Now.Cancelled},
		{"excess: proposed to a second person", t.Otherwise.Excess, t.Now.Excess},
		{"proposals", t.Otherwise.Excesses, t.Now.Excesses},
	} {
		s.printf("%-42s %16v %16v\n", line.what, line.before, line.after)
	}
}

func (s *session) printYear(t forecast.Trial) {
	s.printf("\n%-42s %16s %16s %16s\n", "Cost, "+t.FirstYear.In.String(), "approved book", "draft", "at full caps")
	row := func(what string, before, after, most ledger.Amount) {
		s.printf("%-42s %16s %16s %16s\n", what, before, after, most)
	}
	row("all", t.SameYear.Cost, t.FirstYear.Cost, t.FullCaps.Cost)
	each := func(kind string, before, after, most []forecast.Cost) {
		for _, name := range names(after, most, before) {
			row(kind+" "+name, costOf(before, name), costOf(after, name), costOf(most, name))
		}
	}
	each("benefit", t.SameYear.ByBenefit, t.FirstYear.ByBenefit, t.FullCaps.ByBenefit)
	each("fund", t.SameYear.ByFund, t.FirstYear.ByFund, t.FullCaps.ByFund)
	for _, benefit := range t.FullCaps.NoLimit {
		s.printf("%s has no limit: the cost at full caps leaves it out.\n", benefit)
	}
}

// names are the names of several lists, each once, in their order.
func names(lists ...[]forecast.Cost) (out []string) {
	seen := map[string]bool{}
	for _, l := range lists {
		for _, c := range l {
			if !seen[c.Name] {
				seen[c.Name], out = true, append(out, c.Name)
			}
		}
	}
	return out
}

func costOf(cs []forecast.Cost, name string) ledger.Amount {
	for _, c := range cs {
		if c.Name == name {
			return c.Amount
		}
	}
	return ledger.Amount{}
}

func (s *session) printFundRuns(t forecast.Trial) {
	s.printf("\n%-34s %16s  %-12s %14s  %-12s %14s\n", "Fund, with no new money", "available", "approved", "short of", "draft", "short of")
	for _, f := range t.Funds {
		s.printf("%-34s %16s  %-12s %14s  %-12s %14s\n", named(f.Code, f.Name), f.Available, lasts(f.Before.DryOn), f.Before.Short, lasts(f.After.DryOn), f.After.Short)
	}
}

// lasts is the day on which a fund runs dry, in a word.
func lasts(dry ledger.Date) string {
	if dry.IsZero() {
		return "lasts"
	}
	return dry.String()
}
