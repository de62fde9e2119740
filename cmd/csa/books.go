package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
)

func (a *app) verifyCommand() *cobra.Command {
	var kept string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every invariant over the whole ledger",
		Long: `Re-derive everything in the books from the first transaction on, and name what
is wrong: balances, running balances, floors, numbers, keys, reversals, period
locks, the chain of hashes, the sealed log. Exit status 1 where anything is.

A checkpoint that an outsider kept (--kept) finds what no look at the books alone
can find: that their newest part was taken away or written anew.`,
		Args: cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error {
			if err := s.continues(ctx, kept); err != nil {
				return err
			}
			return s.verify(ctx)
		}),
	}
	cmd.Flags().StringVar(&kept, "kept", "", "file of a signed checkpoint that somebody kept, as csa seal prints it")
	return cmd
}

func (s *session) verify(ctx context.Context) error {
	bar := s.progress()
	wrong := 0
	err := s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		books, err := ledger.Books(ctx, q)
		if err != nil {
			return err
		}
		for _, b := range books {
			report, err := ledger.Verify(ctx, q, b.ID, func(done, total int64) { bar.show("%s: %d of %d", b.Code, done, total) })
			bar.done()
			if err != nil {
				return fmt.Errorf("verify %s: %w", b.Code, err)
			}
			s.printf("%s: %d transactions, %d entries, %d accounts: ", b.Code, report.Transactions, report.Entries, report.Accounts)
			if report.OK() {
				s.printf("nothing wrong\n")
				continue
			}
			wrong += len(report.Findings) + int(report.More)
			s.printf("%d findings\n", int64(len(report.Findings))+report.More)
			for _, f := range report.Findings {
				s.printf("  %s\n", f)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("the books do not verify: %d findings", wrong)
	}
	return nil
}

func (a *app) exportCommand() *cobra.Command {
	var format, out, code string
	cmd := &cobra.Command{
		Use:   "export --format hledger|ledger|beancount --out FILE",
		Short: "Write the journal for programs that Seedbook's makers did not write",
		Long: `Write the whole journal in the form of hledger, ledger or beancount, with
balance assertions, so that those programs check the books:

  hledger --strict -f FILE check accounts commodities assertions ordereddates payees
  ledger --strict --pedantic -f FILE balance
  bean-check FILE

Accounts are named by numbers and funds; no person is named.`,
		Args: cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error { return s.export(ctx, format, out, code) }),
	}
	cmd.Flags().StringVar(&format, "format", "", "hledger, ledger or beancount (required)")
	cmd.Flags().StringVar(&out, "out", "", "file to write (required)")
	cmd.Flags().StringVar(&code, "program", "", "code of the program (default: the only one)")
	_ = cmd.MarkFlagRequired("format")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func (s *session) export(ctx context.Context, format, out, code string) error {
	f := ledger.Format(format)
	if !slices.Contains([]ledger.Format{ledger.Hledger, ledger.LedgerCLI, ledger.Beancount}, f) {
		return fmt.Errorf("--format %s: use hledger, ledger or beancount", format)
	}
	book, err := s.book(ctx, code)
	if err != nil {
		return err
	}
	return writeFile(out, func(w *bufio.Writer) error {
		return s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error { return ledger.Export(ctx, q, w, book.ID, f) })
	})
}

// book finds the book of a program, or the only one.
func (s *session) book(ctx context.Context, code string) (found ledger.Book, err error) {
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		books, err := ledger.Books(ctx, q)
		if err != nil {
			return err
		}
		var codes []string
		for _, b := range books {
			codes = append(codes, b.Code)
			if b.Code == code || (code == "" && len(books) == 1) {
				found = b
				return nil
			}
		}
		return fmt.Errorf("name a program with --program: %s", strings.Join(codes, ", "))
	})
	return found, err
}

// writeFile writes a file whole or not at all.
func writeFile(path string, write func(*bufio.Writer) error) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".csa-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = tmp.Close()
			_ = os.Remove(tmp.Name())
		}
	}()
	buffered := bufio.NewWriterSize(tmp, 1<<20)
	if err = write(buffered); err != nil {
		return err
	}
	if err = buffered.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = tmp.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = os.Chmod(tmp.Name(), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(tmp.Name(), path)
}
