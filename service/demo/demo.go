// Package demo makes a believable city program to look at: its schools,
// children, funds, a year of deposits, matches, returns and statements.
//
// Everything is made by the same use cases as real work, at the instants at
// which it would have happened, and from a seed: the same size and seed give
// the same program. It adds nothing of its own to any table.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/roster"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/statement"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Options say which demonstration.
type Options struct {
	Children int
	Seed     uint64
}

// Default is the demonstration that a first start loads.
var Default = Options{Children: 2000, Seed: 1}

// The demonstration's year: four quarters of statements.
var (
	firstDay = ledger.NewDate(2025, time.October, 1)
	lastDay  = ledger.NewDate(2026, time.September, 30)
)

// District is the school district that sends the class lists.
const District = "RIVERBEND"

// ProgramCode is the code of the demonstration's program.
const ProgramCode = "riverbend"

// Organization is the name of the organization that a demonstration makes.
func (o Options) Organization() string {
	if o == Default {
		return "City of Riverbend (demonstration)"
	}
	return fmt.Sprintf("City of Riverbend (demonstration, %d children, seed %d)", o.Children, o.Seed)
}

// Made is a demonstration that is there.
type Made struct {
	Who     store.Who
	Program program.Program
	Staff   []Staff
}

// Staff is an account of the demonstration's staff.
type Staff struct {
	Email   string
	Account auth.AccountID
	Roles   []auth.Role
}

// Load makes the demonstration, or finishes one that was interrupted. progress
// is called with what is being done.
func Load(ctx context.Context, db *store.DB, keys *vault.Keyring, o Options, progress func(string)) (Made, error) {
	if o.Children < 1 || o.Children > 200_000 {
		return Made{}, fmt.Errorf("a demonstration has 1 to 200000 children, not %d", o.Children)
	}
	y := &year{db: db, keys: keys, options: o, progress: progress, random: rand.New(rand.NewPCG(o.Seed, uint64(o.Children)))}
	for _, step := range []func(context.Context) error{y.organization, y.setUp, y.enroll, y.live} {
		if err := step(ctx); err != nil {
			return Made{}, fmt.Errorf("demonstration: %w", err)
		}
	}
	return Made{y.who, y.program, y.staff}, nil
}

// Find returns a demonstration that is complete; ok is false where it is not
// there or was interrupted.
func Find(ctx context.Context, db *store.DB, o Options) (m Made, ok bool, err error) {
	all, err := auth.Tenants(ctx, db)
	if err != nil {
		return Made{}, false, err
	}
	for _, t := range all {
		if t.Name == o.Organization() {
			m.Who = store.Who{Tenant: t.ID, Actor: "demo"}
		}
	}
	if m.Who.Tenant == 0 {
		return Made{}, false, nil
	}
	err = db.Read(ctx, m.Who, func(q sqlx.QueryerContext) error {
		programs, err := program.All(ctx, q)
		if err != nil || len(programs) == 0 {
			return err
		}
		m.Program = programs[0]
		ids, err := enroll.Caseload(ctx, q, m.Program.ID, []enroll.State{enroll.Enrolled}, 0, 1)
		if err != nil || len(ids) == 0 {
			return err
		}
		_, err = statement.Find(ctx, q, m.Program.ID, ids[0], statement.QuarterOf(lastDay).Name)
		ok = err == nil
		return nil
	})
	return m, ok, err
}

// year is a demonstration in the making.
type year struct {
	db       *store.DB
	keys     *vault.Keyring
	options  Options
	progress func(string)
	random   *rand.Rand

	who      store.Who
	approver store.Who
	staff    []Staff
	program  program.Program
	book     *rules.Book
	funds    map[string]fund.Fund
	children []family.ChildID
	savers   []family.ChildID
	pending  []lost // deposits in suspense that somebody will identify
	sequence int
}

// on is the instant at which the office works on a day.
func on(d ledger.Date) time.Time { return d.Time().Add(15 * time.Hour) }

func (y *year) inTx(ctx context.Context, who store.Who, fn func(tx *sqlx.Tx) error) error {
	return y.db.InTx(ctx, who, fn)
}

// organization makes the tenant and its staff.
func (y *year) organization(ctx context.Context) error {
	y.progress("the organization and its staff")
	all, err := auth.Tenants(ctx, y.db)
	if err != nil {
		return err
	}
	y.who.Actor = "demo"
	for _, t := range all {
		if t.Name == y.options.Organization() {
			y.who.Tenant = t.ID
		}
	}
	if y.who.Tenant == 0 {
		if y.who.Tenant, err = auth.AddTenant(ctx, y.db, y.options.Organization(), on(firstDay.AddDays(-60))); err != nil {
			return err
		}
	}
	y.approver = store.Who{Tenant: y.who.Tenant, Actor: "demo/approver"}
	return y.addStaff(ctx)
}

func (y *year) addStaff(ctx context.Context) error {
	for _, p := range Accounts(y.options) {
		if _, account, err := auth.FindAccount(ctx, y.db, y.keys, p.Email); err == nil && account != 0 {
			y.staff = append(y.staff, Staff{p.Email, account, p.Roles})
			continue
		}
		err := y.inTx(ctx, y.who, func(tx *sqlx.Tx) error {
			account, err := auth.AddStaff(ctx, tx, y.who, y.keys, auth.NewAccount{Email: p.Email, Name: p.Name, Lang: "en", Roles: p.Roles}, on(firstDay.AddDays(-59)))
			y.staff = append(y.staff, Staff{p.Email, account, p.Roles})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Account is an account that a demonstration opens.
type Account struct {
	Email, Name, Title string
	Roles              []auth.Role
}

// Accounts lists the staff of a demonstration.
func Accounts(o Options) []Account {
	domain := "riverbend.example"
	if o != Default {
		domain = fmt.Sprintf("riverbend-%d-%d.example", o.Children, o.Seed)
	}
	return []Account{
		{"manager@" + domain, "Rosa Delgado", "program manager", []auth.Role{auth.TenantAdmin, auth.ProgramManager, auth.Operator}},
		{"approver@" + domain, "Samuel Park", "approver", []auth.Role{auth.Approver}},
		{"auditor@" + domain, "Ines Okafor", "auditor", []auth.Role{auth.Auditor}},
	}
}

// setUp makes the program, its rule book and its funds.
func (y *year) setUp(ctx context.Context) error {
	y.progress("the program, its rule book and its funds")
	err := y.inTx(ctx, y.who, func(tx *sqlx.Tx) (err error) {
		at := on(firstDay.AddDays(-50))
		if y.program, err = program.ByCode(ctx, tx, ProgramCode); err == nil {
			return nil
		}
		y.program, err = program.Add(ctx, tx, y.who, program.Program{
			Code: ProgramCode, Name: "Riverbend Children's Savings", TimeZone: "America/New_York", Currency: "USD", Rounding: ledger.HalfUp,
		}, at)
		if err != nil {
			return err
		}
		if err := fund.Open(ctx, tx, y.who, y.program, at); err != nil {
			return err
		}
		return y.addFunds(ctx, tx, at)
	})
	if err != nil {
		return err
	}
	if err := y.approveRules(ctx); err != nil {
		return err
	}
	return y.receive(ctx)
}

func (y *year) addFunds(ctx context.Context, tx *sqlx.Tx, at time.Time) error {
	for _, f := range []fund.Fund{
		{Code: "CITY", Name: "City seed fund", Funder: "City of Riverbend", Purpose: "A first deposit for every child"},
		{Code: "SMITH", Name: "Smith Family Fund", Funder: "Smith Family Foundation", Purpose: "Matches for children of Harbor View and Mill Creek schools"},
		{Code: "CITY-MATCH", Name: "City match fund", Funder: "City of Riverbend", Purpose: "Matches for every child"},
		{Code: "BANK", Name: "Saver bonus fund", Funder: "Riverbend Community Bank", Purpose: "A bonus for families who save steadily"},
	} {
		if _, err := fund.Add(ctx, tx, y.who, y.program, f, at); err != nil {
			return err
		}
	}
	return nil
}

func (y *year) approveRules(ctx context.Context) error {
	source, err := rules.Pack("city")
	if err != nil {
		return err
	}
	at := on(firstDay.AddDays(-40))
	var hash string
	err = y.inTx(ctx, y.who, func(tx *sqlx.Tx) (err error) {
		hash, err = program.Draft(ctx, tx, y.who, y.program.ID, source, at)
		return err
	})
	if err != nil {
		return err
	}
	return y.inTx(ctx, y.approver, func(tx *sqlx.Tx) (err error) {
		if err := program.Approve(ctx, tx, y.approver, y.program.ID, hash, at.Add(time.Hour)); err != nil {
			return err
		}
		y.book, err = program.Rules(ctx, tx, y.program.ID)
		return err
	})
}

// receive takes in the funders' money, in proportion to the caseload. The
// saver bonus fund is a little short on purpose: the queue is worth seeing.
func (y *year) receive(ctx context.Context) error {
	dollars := func(perChild int64) ledger.Amount { return ledger.Minor(100 * perChild * int64(y.options.Children)) }
	y.funds = map[string]fund.Fund{}
	return y.inTx(ctx, y.who, func(tx *sqlx.Tx) error {
		all, err := fund.All(ctx, tx, y.program.ID)
		if err != nil {
			return err
		}
		for _, f := range all {
			y.funds[f.Code] = f
		}
		for _, r := range []fund.Receipt{
			{Fund: y.funds["CITY"], Kind: fund.Grant, Amount: dollars(60), Reference: "Appropriation FY26"},
			{Fund: y.funds["SMITH"], Kind: fund.Pledge, Amount: dollars(8), Reference: "Pledge 2025"},
			{Fund: y.funds["SMITH"], Kind: fund.PledgePayment, Amount: dollars(6), Reference: "Check 4471"},
			{Fund: y.funds["CITY-MATCH"], Kind: fund.Grant, Amount: dollars(30), Reference: "Appropriation FY26 match"},
			{Fund: y.funds["BANK"], Kind: fund.Grant, Amount: dollars(3), Reference: "Grant 2025-118"},
		} {
			r.On = firstDay.AddDays(-30)
			if err := fund.Receive(ctx, tx, y.who, y.program, r, on(r.On)); err != nil {
				return err
			}
		}
		return nil
	})
}

// enroll takes in the schools' class lists and enrolls the children.
func (y *year) enroll(ctx context.Context) error {
	y.progress("the class lists of twelve schools")
	list, err := csvOf(classList(y.random, y.options.Children))
	if err != nil {
		return err
	}
	at := on(firstDay)
	id, err := roster.Receive(ctx, y.db, y.who, y.keys, y.program, roster.Upload{
		Source: District, FileName: "riverbend-2025-26.csv", Data: list, Mapping: mapping(), EnrollOn: firstDay,
	}, at)
	if err != nil {
		return err
	}
	_, err = roster.Commit(ctx, y.db, y.who, y.keys, y.program, id, at, func(done, of int) {
		y.progress(fmt.Sprintf("enrolling: %d of %d families", done, of))
	})
	if err != nil {
		return err
	}
	return y.db.Read(ctx, y.who, func(q sqlx.QueryerContext) (err error) {
		y.children, err = enroll.Caseload(ctx, q, y.program.ID, []enroll.State{enroll.Enrolled}, 0, y.options.Children)
		return err
	})
}

// runAwards brings everybody to what the rule book says for a day, and funds
// the custodian.
func (y *year) runAwards(ctx context.Context, day ledger.Date) error {
	w := y.walk(day)
	for after := family.ChildID(0); ; {
		err := y.inTx(ctx, y.who, func(tx *sqlx.Tx) error {
			last, _, err := enroll.AwardChunk(ctx, tx, w, after)
			after = last
			return err
		})
		if err != nil {
			return err
		}
		if err := y.db.Refresh(ctx); err != nil {
			return err
		}
		if after == 0 {
			break
		}
	}
	return y.inTx(ctx, y.who, func(tx *sqlx.Tx) error {
		_, err := fund.Settle(ctx, tx, y.who, y.program, day, w.At)
		return err
	})
}

func (y *year) walk(day ledger.Date) enroll.Walk {
	return enroll.Walk{Who: y.who, Keys: y.keys, Program: y.program, Rules: y.book, AsOf: day, At: on(day)}
}

// statements issues a quarter's statements on the day after it.
func (y *year) statements(ctx context.Context, span statement.Span) error {
	y.progress("statements of " + span.Name)
	today := span.Last.AddDays(1)
	for after := family.ChildID(0); ; {
		err := y.inTx(ctx, y.who, func(tx *sqlx.Tx) error {
			last, _, err := statement.IssueChunk(ctx, tx, y.who, y.keys, y.program, span, after, today, on(today))
			after = last
			return err
		})
		if err != nil || after == 0 {
			return err
		}
	}
}

// post records a set of deposits.
func (y *year) post(ctx context.Context, day ledger.Date, deposits []savings.Deposit) error {
	return y.inTx(ctx, y.who, func(tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, y.who, y.program, deposits, 0, on(day))
		return err
	})
}
