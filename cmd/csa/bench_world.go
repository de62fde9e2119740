package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations"
	"seedbook/migrations/localpg"
	"seedbook/service/audit"
	"seedbook/service/demo"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// world is a large program to measure on. It is made by the use cases of real
// work, so its books are sound, and it can be kept: the folder is one that csa
// serve and csa verify know by CSA_DATA.
type world struct {
	Children int         `json:"children"`
	Entries  int         `json:"entries"`
	Visits   int         `json:"visits"`   // looks at children that the trail tells of
	LastDay  ledger.Date `json:"last_day"` // the day of the last deposits
}

// worldFile says that the world beside it is whole.
const worldFile = "world.json"

// worldSeed draws every world: the same size gives the same one.
const worldSeed = 7

// onWorld runs a measurement on a large program: on one that is kept in dir, or
// made there for the next time, or with no dir on one that is thrown away.
func (a *app) onWorld(ctx context.Context, dir string, want world, fn func(ctx context.Context, dsn string, m *measured, w world) error) error {
	if dir == "" {
		return a.onScratch(ctx, func(ctx context.Context, dsn string) error {
			db, err := store.Open(dsn, maxOpen)
			if err != nil {
				return err
			}
			defer db.Close()
			m := &measured{out: a.io.out, db: db, keys: vault.Random(), children: want.Children}
			if err := m.make(ctx, dsn, &want); err != nil {
				return err
			}
			return fn(ctx, dsn, m, want)
		})
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	a.settings.DatabaseURL, a.settings.Data, a.settings.Keys = "", dir, filepath.Join(dir, "keys.json")
	have, err := readWorld(dir)
	if err != nil {
		return err
	}
	if have == (world{}) {
		// Half a world from last time is of no use.
		if err := errors.Join(os.RemoveAll(filepath.Join(dir, "postgres")), os.RemoveAll(a.settings.Keys)); err != nil {
			return err
		}
	} else if have.Children != want.Children || have.Entries < want.Entries {
		return fmt.Errorf("%s keeps a program of %d children and %d entries: ask for that many, or name another folder", dir, have.Children, have.Entries)
	}
	s, err := a.openBy(ctx, func(ctx context.Context, c localpg.Config) (*localpg.Server, error) {
		c.Watched = true // it costs a measurement a hundredth, and tells where the rest goes
		return localpg.Start(ctx, c)
	})
	if err != nil {
		return err
	}
	defer s.close()
	m := &measured{out: a.io.out, db: s.db, keys: s.keys, children: want.Children}
	if have == (world{}) {
		if err := m.make(ctx, s.dsn, &want); err != nil {
			return err
		}
		have = want
		if err := writeWorld(dir, have); err != nil {
			return err
		}
	} else if m.stage, err = demo.Resume(ctx, s.db, s.keys, demo.Options{Children: have.Children, Seed: worldSeed}); err != nil {
		return err
	}
	return fn(ctx, s.dsn, m, have)
}

// readWorld is what a folder says that it keeps; the zero world: nothing whole.
func readWorld(dir string) (w world, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, worldFile))
	if errors.Is(err, fs.ErrNotExist) {
		return world{}, nil
	}
	if err != nil {
		return world{}, err
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return world{}, fmt.Errorf("%s: %w", worldFile, err)
	}
	return w, nil
}

func writeWorld(dir string, w world) error {
	raw, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, worldFile), raw, 0o644)
}

// make fills an empty database: a year of deposits and awards, further years of
// deposits until the books have the entries asked for, what those earned, two
// quarters' statements, and a trail of visits.
func (m *measured) make(ctx context.Context, dsn string, w *world) (err error) {
	began := time.Now()
	if err := migrations.Check(ctx, dsn); err != nil {
		return err
	}
	if err := m.liveYear(ctx); err != nil {
		return err
	}
	if err := m.step("statements issued", func() (int, error) { return m.issue(ctx, m.stage.LastDay()) }); err != nil {
		return err
	}
	if w.LastDay, err = m.years(ctx, w.Entries); err != nil {
		return err
	}
	if err := m.step("children awarded for those years", func() (int, error) { return m.awards(ctx, m.stage.Walk(w.LastDay)) }); err != nil {
		return err
	}
	if err := m.step("statements of the last quarter issued", func() (int, error) { return m.issue(ctx, w.LastDay.AddDays(-92)) }); err != nil {
		return err
	}
	if err := m.step("visits written into the trail", func() (int, error) { return w.Visits, m.visits(ctx, *w) }); err != nil {
		return err
	}
	if err := m.step("entries, with the tables vacuumed", func() (int, error) { return m.settle(ctx, dsn) }); err != nil {
		return err
	}
	fmt.Fprintf(m.out, "%10d  %-34s %12s %10.2f\n", m.children, "all of it", "", time.Since(began).Seconds())
	return nil
}

// settle does what the nights of those years had done: the books are summed and
// the tables vacuumed. It returns how many entries there are.
func (m *measured) settle(ctx context.Context, dsn string) (entries int, err error) {
	err = m.db.InTx(ctx, m.stage.Who(), func(tx *sqlx.Tx) error {
		_, err := ledger.WriteSums(ctx, tx, m.stage.Program().Book)
		return err
	})
	if err != nil {
		return 0, err
	}
	raw, err := sql.Open("postgres", dsn)
	if err != nil {
		return 0, err
	}
	defer raw.Close()
	if _, err := raw.ExecContext(ctx, `VACUUM (ANALYZE)`); err != nil {
		return 0, err
	}
	entries, _, err = m.size(ctx)
	return entries, err
}

// years adds months of deposits after the first year, from every second child,
// until the books have as many entries as asked, and returns the last day.
func (m *measured) years(ctx context.Context, entries int) (ledger.Date, error) {
	day := m.stage.LastDay()
	err := m.step("deposits of further years posted", func() (n int, err error) {
		have, savers, err := m.size(ctx)
		for month := 0; err == nil && have < entries; month++ {
			day = day.AddDays(30)
			deposits := make([]savings.Deposit, len(savers))
			for i, child := range savers {
				deposits[i] = savings.Deposit{Reference: fmt.Sprintf("later %d %d", month, i), Child: child,
					Amount: ledger.Minor(int64(500 + 250*(i%7))), On: day.AddDays(-i % 28), Channel: "payroll"}
			}
			if err = m.post(ctx, deposits); err == nil {
				err = m.db.InTx(ctx, m.stage.Who(), func(tx *sqlx.Tx) error { // as the night does
					_, err := ledger.WriteSums(ctx, tx, m.stage.Program().Book)
					return err
				})
			}
			n, have = n+len(deposits), have+2*len(deposits)
		}
		return n, err
	})
	return day, err
}

// size is how many entries the books have, and who goes on saving.
func (m *measured) size(ctx context.Context) (entries int, savers []family.ChildID, err error) {
	err = m.db.Read(ctx, m.stage.Who(), func(q sqlx.QueryerContext) error {
		all, err := enroll.Caseload(ctx, q, m.stage.Program().ID, []enroll.State{enroll.Enrolled}, 0, m.children)
		if err != nil {
			return err
		}
		for i := 0; i < len(all); i += 2 {
			savers = append(savers, all[i])
		}
		return sqlx.GetContext(ctx, q, &entries, `SELECT count(*) FROM ledger_entries WHERE book_id = $1`, m.stage.Program().Book)
	})
	if err == nil && len(savers) == 0 {
		err = fmt.Errorf("nobody is enrolled")
	}
	return entries, savers, err
}

// visits are what a staff of forty looked at over the years: the trail of a
// large office is as long as its ledger.
func (m *measured) visits(ctx context.Context, w world) error {
	const staff, set = 40, 25
	_, savers, err := m.size(ctx)
	if err != nil {
		return err
	}
	first := m.stage.Walk(m.stage.FirstDay()).At
	step := m.stage.Walk(w.LastDay).At.Sub(first) / time.Duration(max(1, w.Visits/set))
	for done := 0; done < w.Visits; {
		err := m.db.InTx(ctx, m.stage.Who(), func(tx *sqlx.Tx) error {
			for end := min(done+20_000, w.Visits); done < end; done += set {
				events := make([]audit.Event, min(set, w.Visits-done))
				for i := range events {
					events[i] = audit.Event{Verb: "child.listed", Kind: "child", Subject: int64(savers[(done+i*37)%len(savers)])}
				}
				events[len(events)-1].Verb = "child.viewed" // the one that was looked for
				n := done / set
				who := store.Who{Tenant: m.stage.Who().Tenant, Actor: "staff/" + strconv.Itoa(1000+n%staff)}
				visit := audit.From(ctx, audit.Origin{Request: "visit-" + strconv.Itoa(n)})
				if err := audit.Record(visit, tx, who, events, first.Add(time.Duration(n)*step)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
