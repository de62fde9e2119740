package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// crashChildren make six chunks of a run.
const crashChildren = 6 * enroll.ChunkSize

// crashRules give every child a seed, every saver a match that is partly
// promised and runs SMITH dry, and a bonus: each kind of movement there is.
const crashRules = `
program: {id: crash, name: Crash, currency: USD, time_zone: America/Chicago, rounding: half_up}
calendar: {school_year: 07-01}
versions:
  - {id: v1, effective_from: 2025-07-01}
enrollment: {mode: auto_opt_out}
benefits:
  - id: seed
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}]}
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 0.50}
    caps: {per_period: 20.00}
    period: school_year
    pay: {when: daily, lag_days: 20}
    funding: {sources: [{fund: SMITH}, {fund: CITY}]}
  - id: bonus
    kind: incentive
    basis: net_deposits
    amount: {threshold: {at: 50.00, pay: 25.00}}
    period: school_year
    funding: {sources: [{fund: CITY}]}
`

// TestAnAwardsRunKilledInTheMiddlePaysEachAwardOnce kills the program four
// times (-9) and PostgreSQL once in one awards run, goes on each time, and holds
// the books against those of a run over the same data that nobody disturbed.
func TestAnAwardsRunKilledInTheMiddlePaysEachAwardOnce(t *testing.T) {
	t.Parallel()
	c := newCrash(t)
	c.prepare()
	c.copyDatabase("csa", "undisturbed")
	calm := c.at("undisturbed")
	if out, err := calm.csa("job", "run", "awards", "--program", "crash", "--as-of", "2025-12-01").CombinedOutput(); err != nil {
		t.Fatalf("undisturbed run: %v\n%s", err, out)
	}

	shaken := c.at("csa")
	shaken.killWhile("its first chunk is posted and not recorded", 0, shaken.blockedAtMoves)
	shaken.killWhile("anything happens", 1, shaken.anyMoment)
	shaken.killWhile("its chunk is done and the checkpoint not written", 2, shaken.blockedAtCheckpoint)
	shaken.killPostgres(3)
	shaken.killWhile("anything happens", 4, shaken.anyMoment)
	out, err := shaken.csa("job", "run", "awards", "--program", "crash", "--as-of", "2025-12-01").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte(fmt.Sprintf("done, %d done", crashChildren))) {
		t.Fatalf("the last start: %v\n%s", err, out)
	}

	shaken.nothingIsLeft()
	for _, q := range comparisons {
		if want, got := calm.digest(q.query), shaken.digest(q.query); want != got {
			t.Errorf("%s differ from those of the undisturbed run:\n%s", q.what, unlike(calm.rows(q.query), shaken.rows(q.query)))
		}
	}
	moves := shaken.rows(`SELECT count(*) FROM award_moves`)
	for _, args := range [][]string{{"verify"}, {"job", "run", "awards", "--program", "crash", "--as-of", "2025-12-01"}} {
		if out, err := shaken.csa(args...).CombinedOutput(); err != nil {
			t.Errorf("csa %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if again := shaken.rows(`SELECT count(*) FROM award_moves`); again != moves {
		t.Errorf("a second run moved something: %s moves, then %s", moves, again)
	}
}

// comparisons are what two runs over the same data have in common.
var comparisons = []struct{ what, query string }{
	{"the awards paid", `SELECT child_id, benefit, period, n, kind, fund_id, amount, on_day, tx_no FROM award_moves ORDER BY 1, 2, 3, 4`},
	{"the awards", `SELECT child_id, benefit, period, entitled, accrued, posted, queued, reason, moves FROM awards ORDER BY 1, 2, 3`},
	{"the journals", `SELECT no, key, kind, effective_on, rule, maker, source, CAST(facts AS text) FROM ledger_transactions ORDER BY no`},
	{"the balances", `
		SELECT a.chart, a.fund_id, a.child_id, a.benefit, sum(e.amount)
		FROM ledger_accounts a JOIN ledger_entries e ON e.book_id = a.book_id AND e.account_id = a.id
		GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`},
	{"the sums of the funds, by line of the chart", `
		SELECT a.fund_id, a.chart, sum(e.amount), count(*)
		FROM ledger_accounts a JOIN ledger_entries e ON e.book_id = a.book_id AND e.account_id = a.id
		GROUP BY 1, 2 ORDER BY 1, 2`},
	{"the reports of the run", `SELECT state, done, total, counts, sums FROM job_runs WHERE round = 1`},
}

// crash is a server of the test's own, the program built, and its keys.
type crash struct {
	t       *testing.T
	server  *pgtest.Server
	program string
	keys    string
	random  *rand.Rand
}

func newCrash(t *testing.T) *crash {
	t.Helper()
	dir := t.TempDir()
	c := &crash{t: t, program: filepath.Join(dir, "csa"), keys: filepath.Join(dir, "keys.json")}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c.random = rand.New(rand.NewPCG(seed, 0))
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", c.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build csa: %v\n%s", err, out)
	}
	c.server = pgtest.NewServer(t)
	return c
}

// prepare enters a program, its funds, its children and their deposits.
func (c *crash) prepare() {
	c.t.Helper()
	ctx := c.t.Context()
	keys, err := vault.Load(c.keys)
	if err != nil {
		c.t.Fatal(err)
	}
	db, err := store.Open(c.server.Database, 4)
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	who, checker := store.Who{Actor: "test"}, store.Who{Actor: "checker"}
	at := time.Date(2025, 9, 1, 12, 0, 0, 0, time.UTC)
	on := ledger.DateOf(at)
	if err := db.InTx0(ctx, "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Crash', $1) RETURNING id`, at)
	}); err != nil {
		c.t.Fatal(err)
	}
	checker.Tenant = who.Tenant
	var p program.Program
	var hash string
	steps := []func(tx *sqlx.Tx) error{
		func(tx *sqlx.Tx) (err error) {
			p, err = program.Add(ctx, tx, who, program.Program{Code: "crash", Name: "Crash", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, at)
			if err != nil {
				return err
			}
			if hash, err = program.Draft(ctx, tx, who, p.ID, []byte(crashRules), at); err != nil {
				return err
			}
			return fund.Open(ctx, tx, who, p, at)
		},
		func(tx *sqlx.Tx) error { return c.addFunds(ctx, tx, who, p, at) },
		func(tx *sqlx.Tx) error { return program.Approve(ctx, tx, checker, p.ID, hash, at) },
	}
	for from := 0; from < crashChildren; from += 1000 {
		steps = append(steps, func(tx *sqlx.Tx) error { return addChildren(ctx, tx, who, keys, p, from, on, at) })
	}
	for _, step := range steps {
		if err := db.InTx(ctx, who, step); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *crash) addFunds(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, at time.Time) error {
	for code, perChild := range map[string]int64{"CITY": 100_00, "SMITH": 1_00} {
		f, err := fund.Add(ctx, tx, who, p, fund.Fund{Code: code, Name: code, Funder: code}, at)
		if err != nil {
			return err
		}
		r := fund.Receipt{Fund: f, Kind: fund.Grant, Amount: ledger.Minor(perChild * crashChildren), On: ledger.DateOf(at), Reference: "grant"}
		if err := fund.Receive(ctx, tx, who, p, r, at); err != nil {
			return err
		}
	}
	return nil
}

// addChildren enrolls a thousand children and pays in for every second one,
// once or twice.
func addChildren(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, from int, on ledger.Date, at time.Time) error {
	families := make([]family.New, 1000)
	for i := range families {
		families[i].Children = []family.NewChild{{Person: family.Person{Given: fmt.Sprint("Child", from+i), Family: "Test", BornOn: on.AddYears(-6)}}}
	}
	added, err := family.Add(ctx, tx, who, keys, families, at)
	if err != nil {
		return err
	}
	book, err := program.Rules(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	var applications []enroll.Application
	var deposits []savings.Deposit
	for i, children := range added {
		applications = append(applications, enroll.Application{Child: children[0], On: on})
		for n := range i % 3 {
			deposits = append(deposits, savings.Deposit{Reference: fmt.Sprintf("D%d-%d", from+i, n), Child: children[0],
				Amount: ledger.Minor(int64(1000 + 7*(i%500))), On: on.AddDays(n*80 + i%9), Channel: "ach"})
		}
	}
	if _, err := enroll.Admit(ctx, tx, who, keys, p, book, applications, at); err != nil {
		return err
	}
	_, err = savings.PostDeposits(ctx, tx, who, p, deposits, 0, at)
	return err
}

// copyDatabase makes a second database with the same content.
func (c *crash) copyDatabase(from, to string) {
	c.t.Helper()
	db, err := sql.Open("postgres", c.server.DSN("postgres"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	const gone = `SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = $1`
	waitFor(c.t, "connections to end", func() bool {
		var free bool
		return db.QueryRow(gone, from).Scan(&free) == nil && free
	})
	if _, err := db.Exec(`CREATE DATABASE ` + to + ` TEMPLATE ` + from); err != nil {
		c.t.Fatal(err)
	}
}

// target is one database with the program pointed at it, watched from outside.
type target struct {
	*crash
	dsn string
	db  *sql.DB
}

func (c *crash) at(database string) *target {
	c.t.Helper()
	d := &target{crash: c, dsn: c.server.DSN(database)}
	var err error
	if d.db, err = sql.Open("postgres", d.dsn); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { d.db.Close() })
	return d
}

// csa is the program, not started yet.
func (d *target) csa(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(d.t.Context(), d.program, args...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+d.dsn, "CSA_KEYS="+d.keys, "CSA_DATA="+filepath.Dir(d.keys))
	return cmd
}

// start starts the run and waits until it has gone through some chunks.
func (d *target) start(chunks int) *running {
	d.t.Helper()
	r := &running{Cmd: d.csa("job", "run", "awards", "--program", "crash", "--as-of", "2025-12-01"), ended: make(chan struct{})}
	r.Stdout, r.Stderr = &r.said, &r.said
	fence := d.number(`SELECT coalesce(max(fence), 0) FROM job_runs`)
	if err := r.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() { _ = r.Wait(); close(r.ended) }()
	d.t.Cleanup(func() { _ = r.Process.Kill(); <-r.ended })
	waitFor(d.t, "the run to advance", func() bool {
		r.stillRuns(d.t)
		return d.number(`SELECT count(*) FROM job_runs WHERE state = 'running' AND fence > $1 AND done >= $2`, fence, chunks*enroll.ChunkSize) == 1
	})
	return r
}

// running is a started program.
type running struct {
	*exec.Cmd
	said  bytes.Buffer
	ended chan struct{} // closed once it is gone
}

func (r *running) stillRuns(t *testing.T) {
	t.Helper()
	select {
	case <-r.ended:
		t.Fatalf("csa ended by itself: %s\n%s", r.ProcessState, r.said.Bytes())
	default:
	}
}

// killWhile starts the run and kills the program (-9) at a moment. When it
// comes back the lease of the dead has run out, as half a minute later.
func (d *target) killWhile(what string, chunks int, moment func(r *running) (release func())) {
	d.t.Helper()
	r := d.start(chunks)
	release := moment(r)
	if err := r.Process.Kill(); err != nil {
		d.t.Fatalf("kill csa while %s: %v\n%s", what, err, r.said.Bytes())
	}
	<-r.ended
	release()
	d.expire()
	d.t.Logf("killed while %s: %s", what, d.rows(`SELECT done, fence, state FROM job_runs`))
}

// killPostgres kills the database (-9) while a chunk is half written, and starts
// it again.
func (d *target) killPostgres(chunks int) {
	d.t.Helper()
	r := d.start(chunks)
	d.blockedAtMoves(r)
	d.server.Kill()
	<-r.ended
	if r.ProcessState.Success() {
		d.t.Errorf("csa did not notice that its database died:\n%s", r.said.Bytes())
	}
	if err := d.server.Restart(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	d.expire()
	d.t.Logf("killed PostgreSQL: %s; csa said: %s", d.rows(`SELECT done, fence, state FROM job_runs`), &r.said)
}

// expire ends the lease of whoever held the run: nobody renews it.
func (d *target) expire() {
	d.t.Helper()
	waitFor(d.t, "the lease to be ended", func() bool {
		_, err := d.db.Exec(`UPDATE job_runs SET lease_until = '2000-01-01' WHERE state = 'running'`)
		return err == nil
	})
}

// anyMoment is a moment in the following tenth of a second.
func (d *target) anyMoment(*running) func() {
	<-time.After(time.Duration(d.random.IntN(100)) * time.Millisecond)
	return func() {}
}

// blockedAtMoves is a moment at which a chunk has posted to the ledger and not
// yet recorded what for, or is about to.
func (d *target) blockedAtMoves(r *running) func() {
	return d.blockedAt(r, `LOCK TABLE award_moves IN SHARE MODE`, "award_moves")
}

// blockedAtCheckpoint is a moment at which a chunk has done everything but note
// how far it came.
func (d *target) blockedAtCheckpoint(r *running) func() {
	return d.blockedAt(r, `SELECT FROM job_runs FOR UPDATE`, "checkpoint")
}

// blockedAt takes a lock and waits until a statement of the program with a word
// in it wants it.
func (d *target) blockedAt(r *running, lock, word string) (release func()) {
	d.t.Helper()
	tx, err := d.db.BeginTx(d.t.Context(), nil)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := tx.Exec(lock); err != nil {
		d.t.Fatal(err)
	}
	waitFor(d.t, "the program to wait at "+word, func() bool {
		r.stillRuns(d.t)
		return d.number(`
			SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`, word) > 0
	})
	return func() { _ = tx.Rollback() }
}

// nothingIsLeft finds no run that says it works, no lock, no connection and no
// account below its floor.
func (d *target) nothingIsLeft() {
	d.t.Helper()
	for what, query := range map[string]string{
		"runs that are not done":     `SELECT count(*) FROM job_runs WHERE state <> 'done' OR checkpoint IS NOT NULL`,
		"balances below their floor": `SELECT count(*) FROM ledger_entries WHERE floor IS NOT NULL AND balance_after < floor`,
		"negative awards":            `SELECT count(*) FROM awards WHERE least(entitled, accrued, posted, queued) < 0 OR accrued + posted > entitled`,
		"awards that moves do not explain": `
			SELECT count(*) FROM awards a WHERE a.accrued + a.posted <> coalesce((
				SELECT sum(CASE WHEN kind IN ('accrue', 'award') THEN amount WHEN kind IN ('cancel', 'reverse') THEN -amount ELSE 0 END)
				FROM award_moves m WHERE (m.child_id, m.benefit, m.period) = (a.child_id, a.benefit, a.period)), 0)`,
	} {
		if n := d.number(query); n != 0 {
			d.t.Errorf("%d %s", n, what)
		}
	}
	waitFor(d.t, "locks and connections of the dead to go", func() bool {
		return d.number(`
			SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'seedbook')
			     + (SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
			     + (SELECT count(*) FROM pg_prepared_xacts)`) == 0
	})
}

func (d *target) number(query string, args ...any) (n int64) {
	d.t.Helper()
	if err := d.db.QueryRow(query, args...).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// digest is a hash of a query's answer.
func (d *target) digest(query string) (sum string) {
	d.t.Helper()
	if err := d.db.QueryRow(`SELECT md5(string_agg(CAST(r AS text), ';')) FROM (` + query + `) r`).Scan(&sum); err != nil {
		d.t.Fatal(err)
	}
	return sum
}

// rows is a query's answer as lines of text.
func (d *target) rows(query string) string {
	d.t.Helper()
	rows, err := d.db.Query(`SELECT CAST(r AS text) FROM (` + query + `) r`)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			d.t.Fatal(err)
		}
		b.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return b.String()
}

func unlike(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d: %s, want %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// waitFor asks every few milliseconds whether something is so.
func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(time.Minute); !so(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waiting for %s: %s", what, "it did not happen within a minute")
		}
	}
}
