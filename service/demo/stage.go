package demo

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/program"
	"seedbook/service/roster"
	"seedbook/service/savings"
	"seedbook/service/statement"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Stage is a demonstration whose program and funds are there and whose children
// are not: measurements take it from here step by step.
type Stage struct{ y *year }

// Prepare sets up an organization, a program and its funds, and no children.
func Prepare(ctx context.Context, db *store.DB, keys *vault.Keyring, o Options) (*Stage, error) {
	y := &year{db: db, keys: keys, options: o, progress: func(string) {}, random: rand.New(rand.NewPCG(o.Seed, uint64(o.Children)))}
	for _, step := range []func(context.Context) error{y.organization, y.setUp} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
	}
	return &Stage{y}, nil
}

// ClassList is the schools' roster, ready to be received.
func (s *Stage) ClassList() (roster.Upload, error) {
	list, err := csvOf(classList(s.y.random, s.y.options.Children))
	return roster.Upload{Source: District, FileName: "roster.csv", Data: list, Mapping: mapping(), EnrollOn: firstDay}, err
}

// Program and Who are whose books they are.
func (s *Stage) Program() program.Program { return s.y.program }
func (s *Stage) Who() store.Who           { return s.y.who }

// FirstDay and LastDay bound the demonstration's year.
func (s *Stage) FirstDay() ledger.Date { return firstDay }
func (s *Stage) LastDay() ledger.Date  { return lastDay }

// Walk is a run over the caseload for a day.
func (s *Stage) Walk(day ledger.Date) enroll.Walk { return s.y.walk(day) }

// YearOfDeposits draws a year of deposits for the children who are enrolled, in
// the order of their days.
func (s *Stage) YearOfDeposits(ctx context.Context) ([]savings.Deposit, error) {
	y := s.y
	err := y.db.Read(ctx, y.who, func(q sqlx.QueryerContext) (err error) {
		y.children, err = enroll.Caseload(ctx, q, y.program.ID, []enroll.State{enroll.Enrolled}, 0, y.options.Children)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range y.children {
		if y.random.IntN(100) < saverShare {
			y.savers = append(y.savers, c)
		}
	}
	var all []savings.Deposit
	for month := firstDay; month.Before(lastDay); month = month.AddMonths(1) {
		deposits, _ := y.monthOfDeposits(statement.MonthOf(month))
		all = append(all, deposits...)
	}
	slices.SortStableFunc(all, func(a, b savings.Deposit) int { return cmp.Or(a.On.Cmp(b.On), cmp.Compare(a.Reference, b.Reference)) })
	return all, nil
}
