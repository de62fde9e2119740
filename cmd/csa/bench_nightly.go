package main

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

func (a *app) benchNightlyCommand() *cobra.Command {
	var children, unchanged int
	cmd := &cobra.Command{
		Use:   "nightly",
		Short: "Measure the night's awards run where little has changed, and a full re-performance",
		Long: `Measure the night's awards run over a caseload with a year behind it: without
news, with news of one child in a hundred, and all of it derived anew. Then
children of whom nothing is new are added, up to --unchanged, and the night is
measured again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onScratch(cmd.Context(), func(ctx context.Context, dsn string) error { return a.benchNightly(ctx, dsn, children, unchanged) })
		},
	}
	cmd.Flags().IntVar(&children, "children", 10_000, "children with a year behind them")
	cmd.Flags().IntVar(&unchanged, "unchanged", 200_000, "size of the caseload in the end")
	return cmd
}

func (a *app) benchNightly(ctx context.Context, dsn string, children, unchanged int) error {
	if children < 100 || unchanged < children {
		return fmt.Errorf("--children %d --unchanged %d: write at least 100, and no fewer unchanged", children, unchanged)
	}
	db, err := store.Open(dsn, maxOpen)
	if err != nil {
		return err
	}
	defer db.Close()
	a.printf("%10s  %-34s %12s %10s %14s\n", "children", "what", "done", "seconds", "a second")
	m := &measured{out: a.io.out, db: db, keys: vault.Random(), children: children}
	if err := m.liveYear(ctx); err != nil {
		return err
	}
	if err := m.nights(ctx, "first"); err != nil {
		return err
	}
	if err := m.step("children derived anew", func() (int, error) { return m.reperform(ctx) }); err != nil {
		return err
	}
	if err := m.step("unchanged children added", func() (int, error) { return m.addUnchanged(ctx, unchanged-children) }); err != nil {
		return err
	}
	m.children = unchanged
	if err := m.nights(ctx, "second"); err != nil {
		return err
	}
	a.printf("%10d  %-34s %12s\n", unchanged, "peak memory of this program", peakMemory())
	return nil
}

// nights measures a night without news and one with news of every hundredth of
// the children who save.
func (m *measured) nights(ctx context.Context, batch string) error {
	night := m.stage.Walk(m.stage.LastDay())
	if _, err := m.awards(ctx, night); err != nil { // whatever is still to do
		return err
	}
	if err := m.step("children asked whether eligible", func() (int, error) { return m.checks(ctx, night) }); err != nil {
		return err
	}
	if err := m.step("children not asked again", func() (int, error) {
		n, err := m.checks(ctx, night)
		if err == nil && n > 0 {
			err = fmt.Errorf("a night without news asked about %d children", n)
		}
		return m.children, err
	}); err != nil {
		return err
	}
	looked := 0
	err := m.step("children in a night without news", func() (n int, err error) {
		looked, err = m.awards(ctx, night)
		return m.children, err
	})
	if err != nil || looked > 0 {
		return fmt.Errorf("a night without news looked at %d children: %w", looked, err)
	}
	var deposits []savings.Deposit
	for i, child := range m.savers {
		deposits = append(deposits, savings.Deposit{Reference: fmt.Sprintf("%s night %d", batch, i), Child: child, Amount: ledger.Minor(1), On: m.stage.LastDay(), Channel: "ach"})
	}
	if err := m.post(ctx, deposits); err != nil {
		return err
	}
	err = m.step("children in a night with some news", func() (n int, err error) {
		looked, err = m.awards(ctx, night)
		return m.children, err
	})
	if err == nil && looked != len(deposits) {
		err = fmt.Errorf("a night with news of %d children looked at %d", len(deposits), looked)
	}
	return err
}

// checks asks who may take part, as the night does, and returns of how many.
func (m *measured) checks(ctx context.Context, night enroll.Walk) (n int, err error) {
	for after := family.ChildID(0); ; {
		err := m.db.InTx(ctx, night.Who, func(tx *sqlx.Tx) (err error) {
			var c enroll.Counts
			after, c, err = enroll.CheckChunk(ctx, tx, night, after)
			n += c.Enrolled + c.Ineligible + c.Unchanged + c.Flagged
			return err
		})
		if err != nil || after == 0 {
			return n, err
		}
	}
}

func (m *measured) reperform(ctx context.Context) (n int, err error) {
	w := m.stage.Walk(m.stage.LastDay())
	differ := 0
	for after := family.ChildID(0); ; {
		err := m.db.InTx(ctx, w.Who, func(tx *sqlx.Tx) error {
			next, out, err := enroll.ReperformChunk(ctx, tx, w, 1, after)
			after, n = next, n+out.Children
			for _, found := range out.Findings {
				differ += found
			}
			return err
		})
		if err == nil && after == 0 && differ > 0 {
			err = fmt.Errorf("%d awards differ", differ)
		}
		if err != nil || after == 0 {
			return n, err
		}
	}
}

// addUnchanged adds children as a run leaves them that need not come back.
func (m *measured) addUnchanged(ctx context.Context, n int) (int, error) {
	const set = 5000
	w := m.stage.Walk(m.stage.LastDay())
	book, err := rules.Parse([]byte(openToAll))
	if err != nil {
		return 0, err
	}
	for done := 0; done < n; done += set {
		families := make([]family.New, min(set, n-done))
		for i := range families {
			families[i].Children = []family.NewChild{{Person: family.Person{Given: "Child", Family: "Unchanged", BornOn: w.AsOf.AddYears(-8)}}}
		}
		err := m.db.InTx(ctx, w.Who, func(tx *sqlx.Tx) error {
			added, err := family.Add(ctx, tx, w.Who, w.Keys, families, w.At)
			if err != nil {
				return err
			}
			applications := make([]enroll.Application, len(added))
			for i, children := range added {
				applications[i] = enroll.Application{Child: children[0], On: w.AsOf}
			}
			if _, err := enroll.Admit(ctx, tx, w.Who, w.Keys, w.Program, book, applications, w.At); err != nil {
				return err
			}
			watches, err := family.Due(ctx, tx, w.Program.ID, w.Rules.Hash(), w.AsOf, added[0][0]-1, set)
			if err != nil {
				return err
			}
			looks := make([]family.Look, len(watches))
			for i, watch := range watches {
				looks[i].Watch = watch
			}
			if err := family.Looked(ctx, tx, w.Program.ID, w.Rules.Hash(), w.AsOf, looks); err != nil {
				return err
			}
			return family.Checked(ctx, tx, w.Program.ID, w.Rules.Hash(), w.AsOf, looks)
		})
		if err == nil {
			err = m.db.Refresh(ctx)
		}
		if err != nil {
			return done, err
		}
	}
	return n, nil
}

// openToAll are rules that admit anybody.
const openToAll = `
program: {id: open, name: Open, currency: USD, time_zone: America/Chicago, rounding: half_up}
versions: [{id: v1, effective_from: 2000-01-01}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, funding: {sources: [{fund: CITY}]}}
`
