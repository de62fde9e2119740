// Package store opens, commits and rolls back transactions, and sees to it
// that nothing runs outside one.
//
// Every transaction belongs to a tenant and an actor, set for its duration
// only, so that row-level security and the audit trail hold whatever a handler
// forgets. The raw handle stays private: database/sql silently runs an
// autocommit write twice when the connection breaks after the server committed
// (lib/pq#939), and only an explicit transaction is safe from that.
//
// store knows no program, child or page.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/fault"
)

// Faults of the store.
var (
	// ErrUnknown reports a commit whose answer was lost: the work may or may not
	// be done. Repeat it with the same idempotency key; never compensate.
	ErrUnknown = fault.New(fault.Busy, "store.unknown")
	// ErrBusy reports a database that did not answer in time.
	ErrBusy = fault.New(fault.Busy, "store.busy")
)

// Who is the tenant and the actor of a transaction.
type Who struct {
	Tenant int32  // the organization; every row seen or written is its own
	Actor  string // who acts, for the trail: "staff/7", "job/awards", "cli"
	Reach  string // the programs that the actor is limited to, like "3,7"; "": not limited. Others are not found
}

// DB is a database in which work happens only inside transactions.
type DB struct{ db *sqlx.DB }

// Open prepares a pool for a PostgreSQL URL or DSN. It refuses a connection
// that could be read on its way: sslmode must be verify-full, or the server
// must be reached by a Unix socket or a loopback address. No connection is made
// until the first use.
func Open(dsn string, maxOpen int) (*DB, error) {
	full, err := connString(dsn)
	if err != nil {
		return nil, err
	}
	db, err := connect(full)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(maxOpen)
	db.SetMaxIdleConns(maxOpen)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &DB{db}, nil
}

// connString gives a DSN every setting that must not be left to a driver's
// default.
func connString(dsn string) (string, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		u, err := url.Parse(dsn)
		if err != nil {
			return "", errors.New("DATABASE_URL is not a URL like postgres://user@host/name?sslmode=verify-full")
		}
		q := u.Query()
		if err := checkTransport(u.Hostname()+q.Get("host"), q.Get("sslmode")); err != nil {
			return "", err
		}
		if q.Get("sslmode") == "" {
			q.Set("sslmode", "disable") // a socket or loopback: checked above
		}
		setDefault(q, "application_name", "seedbook")
		setDefault(q, "connect_timeout", "10")
		setDefault(q, "binary_parameters", "yes")
		setDefault(q, "timezone", "UTC")
		setDefault(q, "max_parallel_workers_per_gather", alone)
		u.RawQuery = q.Encode()
		return u.String(), nil
	}
	host, mode := dsnValue(dsn, "host"), dsnValue(dsn, "sslmode")
	if err := checkTransport(host, mode); err != nil {
		return "", err
	}
	if mode == "" {
		dsn += " sslmode=disable"
	}
	for _, d := range []string{"application_name=seedbook", "connect_timeout=10", "binary_parameters=yes", "timezone=UTC", "max_parallel_workers_per_gather=" + alone} {
		if name, _, _ := strings.Cut(d, "="); dsnValue(dsn, name) == "" {
			dsn += " " + d
		}
	}
	return dsn, nil
}

// alone has each query run on one core: people ask side by side, and starting a
// second worker takes longer than most of their questions (measured: 20 ms).
const alone = "0"

func setDefault(q url.Values, key, value string) {
	if q.Get(key) == "" {
		q.Set(key, value)
	}
}

func dsnValue(dsn, key string) string {
	for _, f := range strings.Fields(dsn) {
		if k, v, ok := strings.Cut(f, "="); ok && k == key {
			return strings.Trim(v, "'")
		}
	}
	return ""
}

func checkTransport(host, sslmode string) error {
	local := host == "" || strings.HasPrefix(host, "/") || host == "localhost"
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		local = true
	}
	if local || sslmode == "verify-full" {
		return nil
	}
	return fmt.Errorf("DATABASE_URL: a server on another machine needs sslmode=verify-full, not %q: anything less can be read or altered on its way", sslmode)
}

// Refresh lets the planner count the tables that have changed much. Call it
// between the transactions of work that adds many rows; where little has
// changed it costs a millisecond.
func (db *DB) Refresh(ctx context.Context) error {
	return db.InTx0(ctx, "statistics", func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT refresh_statistics()`); err != nil {
			return fmt.Errorf("refresh statistics: %w", err)
		}
		return nil
	})
}

// Close closes the pool.
func (db *DB) Close() error { return db.db.Close() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.db.PingContext(ctx); err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	return nil
}

// tries bounds how often InTx runs its function: the first time and four more.
const tries = 5

// InTx runs fn in a transaction of its own and commits it. fn may run again
// when PostgreSQL asks for that (serialization failure, deadlock), so it
// touches nothing outside tx. An error of fn rolls everything back.
func (db *DB) InTx(ctx context.Context, who Who, fn func(tx *sqlx.Tx) error) error {
	return db.run(ctx, who, "csa_app", false, fn)
}

// Read runs fn in a read-only transaction that sees one moment of the books.
func (db *DB) Read(ctx context.Context, who Who, fn func(q sqlx.QueryerContext) error) error {
	return db.run(ctx, who, "csa_app", true, func(tx *sqlx.Tx) error { return fn(tx) })
}

// InTx0 is InTx without a tenant: for signing in, where the tenant is not yet
// known, and for the list of tenants that a job walks. The database shows it
// only the tables that have no tenant.
func (db *DB) InTx0(ctx context.Context, actor string, fn func(tx *sqlx.Tx) error) error {
	return db.run(ctx, Who{Actor: actor}, "csa_app", false, fn)
}

func (db *DB) run(ctx context.Context, who Who, role string, readOnly bool, fn func(tx *sqlx.Tx) error) error {
	var err error
	for attempt := range tries {
		if attempt > 0 && !pause(ctx, attempt) {
			return ctx.Err()
		}
		err = db.once(ctx, who, role, readOnly, fn)
		if !retriable(err) {
			return err
		}
	}
	return fmt.Errorf("%w: gave up after %d tries: %v", ErrBusy, tries, err)
}

func (db *DB) once(ctx context.Context, who Who, role string, readOnly bool, fn func(tx *sqlx.Tx) error) (err error) {
	opts := sql.TxOptions{ReadOnly: readOnly}
	if readOnly {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.db.BeginTxx(ctx, &opts)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit this does nothing
	if err := identify(ctx, tx, who, role); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	return commitError(tx.Commit())
}

// identify sets role, tenant, actor and reach until the transaction ends, in one round
// trip. The values are ours or quoted, so the simple protocol is safe here and
// spares a parse.
func identify(ctx context.Context, tx *sqlx.Tx, who Who, role string) error {
	tenant := ""
	if who.Tenant != 0 {
		tenant = strconv.Itoa(int(who.Tenant))
	}
	query := "SELECT set_config('role', '" + role + "', true), set_config('app.tenant', '" + tenant +
		"', true), set_config('app.actor', " + pq.QuoteLiteral(who.Actor) + ", true), set_config('app.reach', " + pq.QuoteLiteral(who.Reach) + ", true)"
	if _, err := tx.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("identify %s: %w", who.Actor, err)
	}
	return nil
}

// commitError tells a refused commit from one whose answer was lost.
func commitError(err error) error {
	if err == nil {
		return nil
	}
	var pe *pq.Error
	if errors.As(err, &pe) && pe.Code.Class() != "08" && pe.Code.Class() != "57" {
		return fmt.Errorf("commit: %w", err)
	}
	if errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("commit: %w", err)
	}
	return fmt.Errorf("%w: %v", ErrUnknown, err)
}

// pause waits a little longer each time, with jitter, so that two losers of a
// race do not meet again.
func pause(ctx context.Context, attempt int) bool {
	wait := time.Duration(attempt*attempt)*10*time.Millisecond + rand.N(10*time.Millisecond)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(wait):
		return true
	}
}

// retriable reports the two errors after which PostgreSQL asks for the whole
// transaction again.
func retriable(err error) bool {
	var pe *pq.Error
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}

// Violates reports that err is the breaking of a named constraint.
func Violates(err error, constraint string) bool {
	var pe *pq.Error
	return errors.As(err, &pe) && pe.Constraint == constraint
}
