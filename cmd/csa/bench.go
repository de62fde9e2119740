package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/migrations"
	"seedbook/migrations/localpg"
	"seedbook/service/demo"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/roster"
	"seedbook/service/savings"
	"seedbook/service/statement"
	"seedbook/service/store"
	"seedbook/service/vault"
)

func (a *app) benchCommand() *cobra.Command {
	var sizes string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the main work on this machine",
		Long: `Measure the main work on this machine, on a PostgreSQL of its own that is thrown
away afterwards, with fsync and synchronous_commit on.

  csa bench           a program's year, from the roster to the statements
  csa bench ledger    the ledger alone: W1 to W5
  csa bench console   the console's pages over 100,000 children and 5 million entries
  csa bench forecast  a draft tried on a live caseload, and a forecast
  csa bench nightly   the night's awards run where little has changed
  csa bench match     how well records of one child are found
  csa bench rules     rule books alone, without a database`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onScratch(cmd.Context(), func(ctx context.Context, dsn string) error {
				return a.benchPrograms(ctx, dsn, sizes)
			})
		},
	}
	cmd.Flags().StringVar(&sizes, "children", "1000,10000,100000", "sizes of the caseload")
	cmd.AddCommand(a.benchConsoleCommand(), a.benchForecastCommand(), a.benchNightlyCommand(), a.benchMatchCommand(), a.benchRulesCommand(), &cobra.Command{
		Use:   "ledger",
		Short: "Measure the ledger: W1 to W5",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onScratch(cmd.Context(), func(ctx context.Context, dsn string) error { return benchLedger(ctx, dsn, a.io.out) })
		},
	})
	return cmd
}

// onScratch runs a measurement on a durable server that nobody else uses.
func (a *app) onScratch(ctx context.Context, fn func(ctx context.Context, dsn string) error) error {
	dir, err := os.MkdirTemp("", "csa-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	server, err := localpg.Start(ctx, localpg.Config{Dir: dir + "/postgres", BinDir: a.settings.PGBin, Durable: true})
	if err != nil {
		return err
	}
	defer func() { _ = server.Stop() }()
	if err := server.EnsureDatabase(ctx, databaseName); err != nil {
		return err
	}
	dsn := server.DSN(databaseName)
	if err := migrations.Up(ctx, dsn, func(string) {}); err != nil {
		return err
	}
	return fn(ctx, dsn)
}

func (a *app) benchPrograms(ctx context.Context, dsn, sizes string) error {
	a.printf("%10s  %-34s %12s %10s %14s\n", "children", "what", "done", "seconds", "a second")
	for _, text := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return fmt.Errorf("--children %s: write numbers like 1000,10000", sizes)
		}
		db, err := store.Open(dsn, maxOpen)
		if err != nil {
			return err
		}
		b := &measured{out: a.io.out, db: db, keys: vault.Random(), children: n}
		if err := b.run(ctx); err != nil {
			return err
		}
		if err := db.Close(); err != nil {
			return err
		}
		a.printf("%10d  %-34s %12s\n", n, "peak memory of this program so far", peakMemory())
	}
	return nil
}

// measured is one size of a measurement.
type measured struct {
	out      io.Writer
	db       *store.DB
	keys     *vault.Keyring
	children int
	stage    *demo.Stage
	savers   []family.ChildID // some of the children who saved: one in a hundred of all
}

// step times a piece of work that says how many it did.
func (m *measured) step(what string, fn func() (int, error)) error {
	began := time.Now()
	n, err := fn()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	took := time.Since(began).Seconds()
	fmt.Fprintf(m.out, "%10d  %-34s %12d %10.2f %14.0f\n", m.children, what, n, took, float64(n)/took)
	return nil
}

func (m *measured) run(ctx context.Context) (err error) {
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
	if err := m.step("seeds posted", func() (int, error) { return m.awards(ctx, m.stage.Walk(m.stage.FirstDay())) }); err != nil {
		return err
	}
	deposits, err := m.stage.YearOfDeposits(ctx)
	if err != nil {
		return err
	}
	if err := m.step("deposits posted", func() (int, error) { return len(deposits), m.post(ctx, deposits) }); err != nil {
		return err
	}
	if err := m.step("children matched over a year", func() (int, error) { return m.awards(ctx, m.stage.Walk(m.stage.LastDay())) }); err != nil {
		return err
	}
	if err := m.step("children in a run without news", func() (int, error) { return m.awards(ctx, m.stage.Walk(m.stage.LastDay())) }); err != nil {
		return err
	}
	if err := m.step("statements issued", func() (int, error) { return m.issue(ctx, m.stage.LastDay()) }); err != nil {
		return err
	}
	return m.step("statements drawn and written as PDF", func() (int, error) { return m.paper(ctx) })
}

func (m *measured) roster(ctx context.Context, list roster.Upload) (int, error) {
	at := m.stage.Walk(m.stage.FirstDay()).At
	id, err := roster.Receive(ctx, m.db, m.stage.Who(), m.keys, m.stage.Program(), list, at)
	if err != nil {
		return 0, err
	}
	done, err := roster.Commit(ctx, m.db, m.stage.Who(), m.keys, m.stage.Program(), id, at, func(int, int) {})
	return done.New, err
}

func (m *measured) awards(ctx context.Context, w enroll.Walk) (n int, err error) {
	for after := family.ChildID(0); ; {
		err := m.db.InTx(ctx, w.Who, func(tx *sqlx.Tx) error {
			last, t, err := enroll.AwardChunk(ctx, tx, w, after)
			after, n = last, n+t.Children
			return err
		})
		if err == nil {
			err = m.db.Refresh(ctx)
		}
		if err != nil || after == 0 {
			return n, err
		}
	}
}

// depositSet is how many deposits one transaction posts.
const depositSet = 2000

func (m *measured) post(ctx context.Context, deposits []savings.Deposit) error {
	for len(deposits) > 0 {
		set := deposits[:min(depositSet, len(deposits))]
		err := m.db.InTx(ctx, m.stage.Who(), func(tx *sqlx.Tx) error {
			_, err := savings.PostDeposits(ctx, tx, m.stage.Who(), m.stage.Program(), set, 0, m.stage.Walk(set[0].On).At)
			return err
		})
		if err != nil {
			return err
		}
		deposits = deposits[len(set):]
	}
	return m.db.Refresh(ctx)
}

// issue makes the statements of the quarter that a day is in.
func (m *measured) issue(ctx context.Context, day ledger.Date) (n int, err error) {
	span := statement.QuarterOf(day)
	today := span.Last.AddDays(1)
	for after := family.ChildID(0); ; {
		err := m.db.InTx(ctx, m.stage.Who(), func(tx *sqlx.Tx) error {
			last, issued, err := statement.IssueChunk(ctx, tx, m.stage.Who(), m.keys, m.stage.Program(), span, after, today, m.stage.Walk(today).At)
			after, n = last, n+issued
			return err
		})
		if err == nil {
			err = m.db.Refresh(ctx)
		}
		if err != nil || after == 0 {
			return n, err
		}
	}
}

// paper draws and writes statements on one core, at most 20,000 of them.
func (m *measured) paper(ctx context.Context) (n int, err error) {
	p, who := m.stage.Program(), m.stage.Who()
	for after := family.ChildID(0); n < 20_000; {
		err := m.db.Read(ctx, who, func(q sqlx.QueryerContext) error {
			issued, err := statement.Batch(ctx, q, p.ID, statement.QuarterOf(m.stage.LastDay()), after, 500)
			if err != nil || len(issued) == 0 {
				after = 0
				return err
			}
			after = issued[len(issued)-1].Child
			drawn, err := statement.Draw(ctx, q, who, m.keys, p, issued)
			if err != nil {
				return err
			}
			for _, d := range drawn {
				var file bytes.Buffer
				if err := statement.WritePDF(&file, d, []string{"en", "es"}[n%2]); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil || after == 0 {
			return n, err
		}
	}
	return n, nil
}

// peakMemory is the most that this program ever held, as Linux counts it.
func peakMemory() string {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for _, line := range strings.Split(string(raw), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}
