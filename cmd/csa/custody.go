package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/custody/bankfile"
	"seedbook/service/custody/bankfile/bankcsv"
	"seedbook/service/fault"
)

func (a *app) custodyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "custody", Short: "Banks and plans that hold the money, and their files"}
	cmd.AddCommand(a.custodyAddCommand(), a.custodyListCommand(), a.custodyTakeCommand())
	return cmd
}

// custodian is what the command line says of a new one.
type custodianFlags struct {
	program, kind, currency, profile string
	accounts, gives, takes, closed   []string
	custody.Custodian
}

func (a *app) custodyAddCommand() *cobra.Command {
	f := custodianFlags{}
	cmd := &cobra.Command{
		Use:   "add CODE --program P --name NAME --account NUMBER --gives bai2=business_day",
		Short: "Set up a custodian with its accounts and the files that pass",
		Long: `Set up a bank, plan or trust that holds a program's money: its accounts, the
files it gives and takes with how often each is expected (business_day, month or
on_event), its cut-off and the days on which it is closed.

It may give bai2, camt053, ofx (also QFX), nacha (returns and corrections) and
csv; a CSV needs --profile, a JSON file that says which column is what. It may
take nacha and positive_pay.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			f.Code = args[0]
			return s.addCustodian(ctx, f)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.program, "program", "", "code of the program (required)")
	flags.StringVar(&f.Name, "name", "", "its name (required)")
	flags.StringVar(&f.kind, "kind", "omnibus", "omnibus, master, individual or linked")
	flags.StringVar(&f.CutOff, "cut-off", "17:00", "hour in the program's zone")
	flags.IntVar(&f.ValueDays, "value-days", 1, "business days until money is usually available")
	flags.BoolVar(&f.Federal, "federal-holidays", true, "closed on the Federal Reserve's holidays")
	flags.StringSliceVar(&f.accounts, "account", nil, "an account's number, as statements write it")
	flags.StringVar(&f.currency, "currency", "USD", "currency of the accounts")
	flags.StringSliceVar(&f.gives, "gives", nil, "a file it sends, as format=rhythm")
	flags.StringSliceVar(&f.takes, "takes", nil, "a file it is sent, as format=rhythm")
	flags.StringVar(&f.profile, "profile", "", "JSON file that says how its CSV is written")
	flags.StringSliceVar(&f.closed, "closed", nil, "a day on which it is closed, like 2026-12-24")
	for _, name := range []string{"program", "name"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

// custodian gathers the flags into a custodian.
func (f custodianFlags) custodian() (custody.Custodian, error) {
	c := f.Custodian
	c.Kind = custody.Kind(f.kind)
	for _, number := range f.accounts {
		c.Accounts = append(c.Accounts, custody.Account{Number: number, Currency: f.currency})
	}
	for _, text := range f.gives {
		format, expected, _ := strings.Cut(text, "=")
		kind := custody.FileKind{Gives: true, Format: format, Expected: expected}
		if format == string(bankfile.CSV) && f.profile != "" {
			raw, err := os.ReadFile(f.profile)
			if err != nil {
				return c, err
			}
			kind.Profile = new(bankcsv.Profile)
			if err := json.Unmarshal(raw, kind.Profile); err != nil {
				return c, fmt.Errorf("%s: %w", f.profile, err)
			}
		}
		c.Files = append(c.Files, kind)
	}
	for _, text := range f.takes {
		format, expected, _ := strings.Cut(text, "=")
		c.Files = append(c.Files, custody.FileKind{Format: format, Expected: expected})
	}
	for _, text := range f.closed {
		d, err := ledger.ParseDate(text)
		if err != nil {
			return c, fmt.Errorf("--closed %s: %w", text, err)
		}
		c.Holidays = append(c.Holidays, d)
	}
	return c, nil
}

func (s *session) addCustodian(ctx context.Context, f custodianFlags) error {
	c, err := f.custodian()
	if err != nil {
		return err
	}
	p, err := s.program(ctx, f.program)
	if err != nil {
		return err
	}
	err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) error {
		_, err := custody.Add(ctx, tx, s.who, s.keys, p, c, s.now())
		return err
	})
	if err != nil {
		return err
	}
	s.printf("Custodian %s is set up for %s with %d accounts.\n", c.Code, f.program, len(c.Accounts))
	return nil
}

func (a *app) custodyListCommand() *cobra.Command {
	var code string
	cmd := &cobra.Command{
		Use:   "list --program P",
		Short: "Show what each custodian had today, and which statements are missing",
		Args:  cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error {
			return s.listCustodians(ctx, code)
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	_ = cmd.MarkFlagRequired("program")
	return cmd
}

func (s *session) listCustodians(ctx context.Context, code string) error {
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	return s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		all, err := custody.All(ctx, q, p.ID)
		if err != nil {
			return err
		}
		today := p.Day(s.now())
		positions, err := custody.Positions(ctx, q, p.ID, today)
		if err != nil {
			return err
		}
		gaps, err := custody.Gaps(ctx, q, p.ID)
		if err != nil {
			return err
		}
		for _, c := range all {
			s.printf("%s  %s (%s)\n", c.Code, c.Name, c.Kind)
			for _, at := range positions {
				if at.Custodian == c.ID {
					s.printf("  …%-4s %14s  as of %s; %d files missing\n", at.Ends, at.Balance(), at.Stated, custody.Missing(c, at.Stated, today))
				}
			}
		}
		for _, g := range gaps {
			s.printf("%s …%s: between %s and %s the bank states %s and its lines make %s: a file is missing\n", g.Custodian, g.Ends, g.After, g.Day, g.Said, g.Found)
		}
		return nil
	})
}

func (a *app) custodyTakeCommand() *cobra.Command {
	var code, custodian string
	cmd := &cobra.Command{
		Use:   "take FILE --program P --custodian C",
		Short: "Take in a file that a custodian sent",
		Long: `Take in a file that a custodian sent: BAI2, camt.053, OFX or QFX, NACHA returns
and corrections, or CSV by the custodian's profile. The file is kept as it came,
sealed. A line is taken in once, in however many files it comes. A file that
cannot be read is refused whole; one whose own totals do not tie is held until
somebody else lets it in at the console.`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error {
			return s.takeBankFile(ctx, args[0], code, custodian)
		}),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (required)")
	cmd.Flags().StringVar(&custodian, "custodian", "", "code of the custodian (required)")
	for _, name := range []string{"program", "custodian"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (s *session) takeBankFile(ctx context.Context, path, code, custodian string) error {
	p, err := s.program(ctx, code)
	if err != nil {
		return err
	}
	data, err := readFile(path, int64(bankfile.Default.Bytes))
	if err != nil {
		return err
	}
	var c custody.Custodian
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		c, err = custody.ByCode(ctx, q, p.ID, custodian)
		return err
	})
	if err != nil {
		return err
	}
	in, err := custody.Take(ctx, s.db, s.who, s.keys, p, c, filepath.Base(path), data, s.now())
	if f, ok := fault.Of(err); ok && len(f.Details) > 0 {
		s.printBankProblems(in.Problems.Refused)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	s.printIntake(filepath.Base(path), in)
	return nil
}

func (s *session) printIntake(name string, in custody.Intake) {
	word := map[custody.State]string{custody.Booked: "taken in", custody.Held: "held: it contradicts itself", custody.Refused: "refused"}[in.State]
	if in.Repeated {
		word = "known already, " + word
	}
	s.printf("%s (%s): %s\n", name, in.Format, word)
	s.printf("  %d statements, %d lines (%d new), %d set aside; %d returns and %d corrections (%d new)\n",
		in.Statements, in.Lines, in.New, len(in.Quarantined), in.Returns, in.Changes, in.NewReturns)
	s.printBankProblems(in.Quarantined)
	s.printBankProblems(in.Differs)
}

func (s *session) printBankProblems(problems []bankfile.Problem) {
	for i, p := range problems {
		if i == 20 {
			s.printf("  … and %d more\n", len(problems)-i)
			return
		}
		s.printf("  %s\n", s.words().T(p.Code, p.Args()))
	}
}
