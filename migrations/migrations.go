// Package migrations brings a database to the schema that this program needs.
//
// A migration is a file NNNN_subject.sql in this folder. Once released it is
// never changed and never undone: a mistake is corrected by the next number.
// README.md lists the tables and who owns them.
//
// migrations moves no money and reads no row of any table but its own list of
// what was applied.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
)

//go:embed *.sql
var files embed.FS

// released is the highest number that has left this house. Up to it the order
// is strict: a file that turns up late, below a number that a database has
// already, is refused, for what came after never saw it. Above it the files are
// still drafts and may arrive in any order.
const released = 0

// table is goose's list of the migrations a database has.
const table = "schema_migrations"

// lockKey is the advisory lock of a database that is being migrated: programs
// that start together take turns.
const lockKey = 0x5eedb00c

// ErrOlder and ErrNewer report a database that this program cannot work with.
// The text around them says what to do.
var (
	ErrOlder = errors.New("the database is older than this program")
	ErrNewer = errors.New("the database is newer than this program")
)

// Up applies what the database lacks and tells progress of each file, in one
// line without a newline; progress may be nil. Each file is applied whole or
// not at all. Up may be repeated, also by several programs at once.
func Up(ctx context.Context, dsn string, progress func(line string)) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer db.Close()
	unlock, err := lock(ctx, db)
	if err != nil {
		return fmt.Errorf("migrate: wait for others: %w", err)
	}
	defer unlock()
	return up(ctx, db, progress)
}

func up(ctx context.Context, db *sql.DB, progress func(line string)) error {
	has, err := applied(ctx, db)
	if err != nil {
		return err
	}
	if err := compare(numbers(), has); errors.Is(err, ErrNewer) {
		return err
	}
	if err := orderly(numbers(), has, released); err != nil {
		return err
	}
	p, err := provider(db)
	if err != nil {
		return err
	}
	for {
		res, err := p.UpByOne(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil
		}
		if err != nil {
			return explain(err)
		}
		if progress != nil {
			progress(fmt.Sprintf("%s (%d ms)", path.Base(res.Source.Path), res.Duration.Milliseconds()))
		}
	}
}

// explain names the file and, where the server knows it, the place and the
// reason.
func explain(err error) error {
	partial, ok := errors.AsType[*goose.PartialError](err)
	if !ok || partial.Failed == nil {
		return fmt.Errorf("migrate: %w", err)
	}
	file := path.Base(partial.Failed.Source.Path)
	if e, ok := errors.AsType[*pq.Error](err); ok && e.Hint != "" {
		return fmt.Errorf("migrate %s: %w (%s)", file, err, e.Hint)
	}
	return fmt.Errorf("migrate %s: %w", file, partial.Err)
}

// Check compares the database with this program. It returns nil when they
// agree, an error that wraps ErrOlder or ErrNewer when they do not.
func Check(ctx context.Context, dsn string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	defer db.Close()
	has, err := applied(ctx, db)
	if err != nil {
		return err
	}
	return compare(numbers(), has)
}

func compare(needs []int64, has map[int64]bool) error {
	var missing []int64
	ours := map[int64]bool{}
	for _, n := range needs {
		ours[n] = true
		if !has[n] {
			missing = append(missing, n)
		}
	}
	for n := range has {
		if !ours[n] {
			return fmt.Errorf("%w: it has migration %04d, which this csa does not know; install the newer csa, or restore the backup made before it", ErrNewer, n)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(has) == 0:
		return fmt.Errorf("%w: it is empty; run csa migrate", ErrOlder)
	}
	return fmt.Errorf("%w: it lacks %d migrations, the first is %04d; make a backup, then run csa migrate", ErrOlder, len(missing), missing[0])
}

// orderly refuses a released file that comes too late.
func orderly(needs []int64, has map[int64]bool, released int64) error {
	var newest int64
	for n := range has {
		newest = max(newest, n)
	}
	for _, n := range needs {
		if n <= released && n < newest && !has[n] {
			return fmt.Errorf("migrate: the database has migration %04d but not %04d before it; this csa was put together wrongly, use a released one", newest, n)
		}
	}
	return nil
}

// applied are the numbers that the database has.
func applied(ctx context.Context, db *sql.DB) (map[int64]bool, error) {
	has := map[int64]bool{}
	const known = `SELECT to_regclass($1) IS NOT NULL`
	var exists bool
	if err := db.QueryRowContext(ctx, known, "public."+table).Scan(&exists); err != nil {
		return nil, fmt.Errorf("read schema version: %w", err)
	}
	if !exists {
		return has, nil
	}
	const query = `SELECT version_id FROM public.` + table + ` WHERE is_applied AND version_id > 0`
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read schema version: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("read schema version: %w", err)
		}
		has[n] = true
	}
	return has, rows.Err()
}

func provider(db *sql.DB) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(table),
		goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true)) // orderly has looked already
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// lock waits its turn. goose's own session lock asks again every five seconds
// where this one is woken.
func lock(ctx context.Context, db *sql.DB) (unlock func(), err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lockKey); err != nil {
		conn.Close()
		return nil, err
	}
	return func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockKey)
		conn.Close()
	}, nil
}

// names are the migrations' files in order.
func names() []string {
	found, err := fs.Glob(files, "*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	return found
}

// numbers are the migrations' numbers in order.
func numbers() []int64 {
	var all []int64
	for _, name := range names() {
		digits, _, _ := strings.Cut(name, "_")
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			panic("migration file without a number: " + name)
		}
		all = append(all, n)
	}
	return all
}

// Fingerprint changes whenever any migration does. Tests keep one migrated
// database for each.
func Fingerprint() string {
	h := sha256.New()
	for _, name := range names() {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // the file is part of the program
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))
}
