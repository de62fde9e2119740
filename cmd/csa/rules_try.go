package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// tryFlags say how a draft is tried.
type tryFlags struct {
	program, asOf, lang string
	largest             int
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
	langFlag(cmd, &f.lang)
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) tryRules(ctx context.Context, path string, f tryFlags) error {
	if f.largest < 0 || f.largest > maxShown {
		return fmt.Errorf("--children %d: a number from 0 to %d", f.largest, maxShown)
	}
	w, err := s.wordsIn(f.lang)
	if err != nil {
		return err
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
		Progress: func(done, of int) { bar.show("%s", w.T("forecast.print.progress", i18n.Args{"done": done, "of": of})) },
	})
	bar.done()
	if err != nil {
		return err
	}
	(&printer{s, w}).printTrial(p, trial)
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

// printer prints what a forecast found in a language.
type printer struct {
	*session
	w *i18n.Words
}

// say prints a sentence on a line.
func (s *printer) say(key string, args i18n.Args) { s.printf("%s\n", s.w.T(key, args)) }

// head is a word of a table: over a column or before a line.
func (s *printer) head(key string) string { return s.w.T("forecast.print.head." + key) }

func (s *printer) printTrial(p program.Program, t forecast.Trial) {
	s.say("forecast.print.trial", i18n.Args{"program": p.Name, "day": t.AsOf.String(), "draft": t.Draft[:12], "book": t.Approved[:12]})
	s.say("forecast.print.entitled", i18n.Args{"children": s.children(t.Children), "before": t.Before.String(), "after": t.After.String()})
	s.printDifferences("benefit", t.ByBenefit)
	s.printDifferences("school", t.BySchool)
	s.printDifferences("fund_first", t.ByFund)
	s.printDifferences("month_earned", t.ByMonth)
	s.printAffected("gain", t.Gain)
	s.printAffected("lose", t.Lose)
	s.printEligibility(t.Eligibility)
	s.printRuns(t)
	s.printYear(t)
	s.printFundRuns(t)
}

func (s *printer) printDifferences(what string, ds []forecast.Difference) {
	s.printf("\n%-34s %9s %16s %16s %14s %14s\n", s.head(what), s.head("children"), s.head("before"), s.head("after"), s.head("gained"), s.head("lost"))
	for _, d := range ds {
		s.printf("%-34s %9d %16s %16s %14s %14s\n", s.named(d.Name, d.Label), d.Children, d.Before, d.After, d.Gained, d.Lost)
	}
}

// named is a code with what people call it, cut to its column.
func (s *printer) named(code, label string) string {
	if code == "" {
		code = s.head("none")
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
func (s *printer) children(n int) string { return s.w.N("forecast.print.children", n) }

func (s *printer) printAffected(what string, a forecast.Affected) {
	s.printf("\n")
	s.say("forecast.print."+what, i18n.Args{"children": s.children(a.Children), "amount": a.Amount.String()})
	for _, c := range a.Largest {
		s.say("forecast.print.child", i18n.Args{"child": strconv.FormatInt(int64(c.Child), 10), "account": c.Account.String(), "before": c.Before.String(), "after": c.After.String()})
		for _, w := range c.Awards {
			s.say("forecast.print.award", i18n.Args{"benefit": w.Benefit, "period": w.Period, "before": w.Before.String(), "after": w.After.String()})
			s.printWhy("before", w.WhyBefore)
			s.printWhy("after", w.WhyAfter)
		}
	}
}

func (s *printer) printWhy(when string, why rules.Why) {
	when = s.head(when)
	if why.Reason == "" {
		s.say("forecast.print.not_given", i18n.Args{"when": when})
		return
	}
	why.Facts = nil // whoever tries a draft need not read children's records
	for i, line := range rules.Explain(s.w, why) {
		if i == 0 {
			s.printf("      %s: %s\n", when, line)
		} else {
			s.printf("        %s\n", line)
		}
	}
}

func (s *printer) printEligibility(e forecast.Eligibility) {
	s.printf("\n%s\n", s.head("who"))
	for _, c := range []struct {
		what string
		of   forecast.Changed
	}{
		{"would_join", e.Admitted}, {"not_joined", e.Excluded},
		{"no_longer", e.Flagged}, {"again", e.Cleared},
	} {
		s.printf("  %-40s %9d\n", s.head(c.what), c.of.Children)
		for _, a := range c.of.First {
			s.say("forecast.print.child_why", i18n.Args{"child": strconv.FormatInt(int64(a.Child), 10), "account": a.Account.String(), "why": rules.Headline(s.w, a.Why)})
		}
	}
}

func (s *printer) printRuns(t forecast.Trial) {
	s.printf("\n%-42s %16s %16s\n", s.head("next_run"), s.head("approved"), s.head("draft"))
	for _, line := range []struct {
		what          string
		before, after any
	}{
		{"run_children", t.Otherwise.Children, t.Now.Children},
		{"posted", t.Otherwise.Posted, t.Now.Posted},
		{"promised_later", t.Otherwise.Promised, t.Now.Promised},
		{"waits", t.Otherwise.Queued, t.Now.Queued},
		{"refused", t.Otherwise.Refused, t.Now.Refused},
		{"cancelled", t.Otherwise.Cancelled, t.Now.Cancelled},
		{"excess", t.Otherwise.Excess, t.Now.Excess},
		{"proposals", t.Otherwise.Excesses, t.Now.Excesses},
	} {
		s.printf("%-42s %16v %16v\n", s.head(line.what), line.before, line.after)
	}
}

func (s *printer) printYear(t forecast.Trial) {
	s.printf("\n%-42s %16s %16s %16s\n", s.w.T("forecast.print.cost", i18n.Args{"in": t.FirstYear.In.String()}), s.head("approved"), s.head("draft"), s.head("full_caps"))
	row := func(what string, before, after, most ledger.Amount) {
		s.printf("%-42s %16s %16s %16s\n", what, before, after, most)
	}
	row(s.head("all"), t.SameYear.Cost, t.FirstYear.Cost, t.FullCaps.Cost)
	each := func(kind string, before, after, most []forecast.Cost) {
		for _, name := range names(after, most, before) {
			row(s.w.T("forecast.print.one."+kind, i18n.Args{"name": name}), costOf(before, name), costOf(after, name), costOf(most, name))
		}
	}
	each("benefit", t.SameYear.ByBenefit, t.FirstYear.ByBenefit, t.FullCaps.ByBenefit)
	each("fund", t.SameYear.ByFund, t.FirstYear.ByFund, t.FullCaps.ByFund)
	for _, benefit := range t.FullCaps.NoLimit {
		s.say("forecast.print.no_limit_cost", i18n.Args{"benefit": benefit})
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

func (s *printer) printFundRuns(t forecast.Trial) {
	s.printf("\n%-34s %16s  %-12s %14s  %-12s %14s\n", s.head("fund_no_money"), s.head("available"), s.head("approved_short"), s.head("short_of"), s.head("draft"), s.head("short_of"))
	for _, f := range t.Funds {
		s.printf("%-34s %16s  %-12s %14s  %-12s %14s\n", s.named(f.Code, f.Name), f.Available, s.lasts(f.Before.DryOn), f.Before.Short, s.lasts(f.After.DryOn), f.After.Short)
	}
}

// lasts is the day on which a fund runs dry, in a word.
func (s *printer) lasts(dry ledger.Date) string {
	if dry.IsZero() {
		return s.head("lasts")
	}
	return dry.String()
}
