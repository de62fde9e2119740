package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/console"
)

// consoleBench is what a measurement of the console is asked for.
type consoleBench struct {
	children, entries int
	users             []int
	each              time.Duration
	keep              bool
}

func (a *app) benchConsoleCommand() *cobra.Command {
	b := consoleBench{}
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Measure the console's pages over a large program",
		Long: `Measure the console's pages over a large program: the real server, asked over HTTP
by people who are signed in and ask again as soon as they have their answer. The
server, its database and those who ask share this machine.

The program has one year of deposits and awards, made as real work makes them, and
then further years of deposits until the books have --entries entries. The matches
of those further years are left out. Everything is posted by the ledger, so the
books are sound: csa verify would pass.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.onScratch(cmd.Context(), func(ctx context.Context, dsn string) error { return a.benchConsole(ctx, dsn, b) })
		},
	}
	f := cmd.Flags()
	f.IntVar(&b.children, "children", 100_000, "size of the caseload")
	f.IntVar(&b.entries, "entries", 5_000_000, "entries in the books, at least")
	f.IntSliceVar(&b.users, "users", []int{1, 8, 32}, "how many people ask at once")
	f.DurationVar(&b.each, "each", 3*time.Second, "how long each page is asked for")
	f.BoolVar(&b.keep, "wait", false, "do not measure: keep the program until interrupted, and print where it is")
	return cmd
}

func (a *app) benchConsole(ctx context.Context, dsn string, b consoleBench) error {
	if b.children < 100 || b.entries < 0 || b.each <= 0 || len(b.users) == 0 || slices.Min(b.users) < 1 {
		return fmt.Errorf("write at least --children 100, --entries 0, --users 1 and some time for --each")
	}
	db, err := store.Open(dsn, maxOpen)
	if err != nil {
		return err
	}
	defer db.Close()
	a.printf("%10s  %-34s %12s %10s %14s\n", "children", "what", "done", "seconds", "a second")
	m := &measured{out: a.io.out, db: db, keys: vault.Random(), children: b.children}
	if err := m.liveYear(ctx); err != nil {
		return err
	}
	day, err := m.years(ctx, b.entries)
	if err != nil {
		return err
	}
	v := &visitors{measured: m, at: m.stage.Walk(day).At, each: b.each}
	if err := v.open(ctx, slices.Max(b.users)); err != nil {
		return err
	}
	defer v.server.Close()
	if b.keep {
		token, err := v.token(ctx, 0)
		a.printf("\nThe database is at %s\nand a sign-in at %s\n", dsn, v.server.URL+"/sign-in/link/"+token)
		if err == nil {
			<-ctx.Done()
		}
		return err
	}
	pages, err := v.pages(ctx)
	if err != nil {
		return err
	}
	a.printf("\n%-26s %6s %10s %10s %10s %12s\n", "page", "users", "a second", "p50 ms", "p99 ms", "KB, packed")
	for _, page := range pages {
		for _, users := range b.users {
			if err := v.measure(page, users); err != nil {
				return fmt.Errorf("%s: %w", page.name, err)
			}
		}
	}
	return nil
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

// visitors are people of the staff, each with a session of their own, in front
// of the real server.
type visitors struct {
	*measured
	at     time.Time
	each   time.Duration
	server *httptest.Server
	people []*visitor
}

func (v *visitors) base() string { return "/p/" + v.stage.Program().Code }

func (v *visitors) open(ctx context.Context, people int) error {
	hall, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: v.keys})
	if err != nil {
		return err
	}
	door := &console.Console{DB: v.db, Keys: v.keys, Now: func() time.Time { return v.at }, LinkGrace: auth.SessionLife}
	console.Mount(hall, door)
	v.server = httptest.NewServer(hall.Handler())
	for i := range people {
		token, err := v.token(ctx, i)
		if err != nil {
			return err
		}
		one, err := newVisitor(v.server.URL, token)
		if err != nil {
			return err
		}
		v.people = append(v.people, one)
	}
	return nil
}

// token is a one-time sign-in for one of the people, who is taken on where nobody
// has that number yet.
func (v *visitors) token(ctx context.Context, i int) (token string, err error) {
	who := store.Who{Tenant: v.stage.Who().Tenant, Actor: "cli"}
	email := fmt.Sprintf("visitor%d@bench.example", i)
	_, account, err := auth.FindAccount(ctx, v.db, v.keys, email)
	if err != nil && !errors.Is(err, auth.ErrNoAccount) {
		return "", err
	}
	err = v.db.InTx(ctx, who, func(tx *sqlx.Tx) (err error) {
		if account == 0 {
			n := auth.NewAccount{Email: email, Name: "Visitor " + strconv.Itoa(i+1), Roles: []auth.Role{auth.TenantAdmin, auth.Operator, auth.ProgramManager}}
			if account, err = auth.AddStaff(ctx, tx, who, v.keys, n, v.at); err != nil {
				return err
			}
		}
		token, err = auth.IssueOneTime(ctx, tx, who, account, auth.LinkLife, v.at)
		return err
	})
	return token, err
}

// benchPageOf is a page that is measured: its addresses, one after another.
type benchPageOf struct {
	name  string
	paths []string
	says  string // on every one of them
}

// pages are what is asked for: each at many addresses, so that no answer is
// there already.
func (v *visitors) pages(ctx context.Context) ([]benchPageOf, error) {
	rows, known, err := v.known(ctx)
	if err != nil {
		return nil, err
	}
	base := v.base()
	search := func(of func(r enroll.Row) string) (out []string) {
		for _, r := range rows {
			out = append(out, base+"/children?q="+queryEscape(of(r)))
		}
		return out
	}
	var children, deep, journal []string
	for i, r := range rows {
		children = append(children, base+"/children/"+strconv.Itoa(int(r.Child)))
		deep = append(deep, base+"/children?after="+strconv.Itoa(int(r.Child)))
		journal = append(journal, base+"/journal/"+strconv.Itoa(1+i*int(known)/len(rows)))
	}
	return []benchPageOf{
		{"home", []string{base}, ""},
		{"search, whole name", search(func(r enroll.Row) string { return r.Person.Given + " " + r.Person.Family }), "<table"},
		{"search, common name", search(func(r enroll.Row) string { return r.Person.Family }), "<table"},
		{"search, no hit", search(func(r enroll.Row) string { return "Q" + strings.ToLower(reversed(r.Person.Family)) }), ""},
		{"search, birth date", search(func(r enroll.Row) string { return r.Person.BornOn.String() }), "<table"},
		{"search, telephone", search(func(r enroll.Row) string { return fmt.Sprintf("614555%04d", int(r.Child)%10000) }), ""},
		{"a child", children, "<h1"},
		{"children, deep in the list", deep, "<table"},
		{"a transaction", journal, "<h1"},
		{"approvals", []string{"/approvals"}, ""},
		{"trial balance", []string{base + "/books"}, "<table"},
		{"deposits", []string{base + "/deposits"}, ""},
		{"trail", []string{"/trail"}, "<table"},
	}, nil
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// known are some children from all over the list, and the newest transaction.
func (v *visitors) known(ctx context.Context) (rows []enroll.Row, newest ledger.TxNo, err error) {
	const some = 200
	p := v.stage.Program()
	err = v.db.Read(ctx, v.stage.Who(), func(q sqlx.QueryerContext) error {
		all, err := enroll.Caseload(ctx, q, p.ID, []enroll.State{enroll.Enrolled}, 0, v.children)
		if err != nil {
			return err
		}
		var chosen []family.ChildID
		for i := 0; i < some; i++ {
			chosen = append(chosen, all[i*len(all)/some])
		}
		if rows, err = enroll.Rows(ctx, q, v.stage.Who(), v.keys, p.ID, slices.Compact(chosen)); err != nil {
			return err
		}
		newest, err = ledger.KnownCut(ctx, q, p.Book)
		return err
	})
	return rows, newest, err
}

// measure asks for a page by some people at once.
func (v *visitors) measure(page benchPageOf, users int) error {
	// The first answers fill the caches of the server and the database.
	for i := range min(len(page.paths), 2) {
		if _, err := v.people[0].ask(page, i); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	weight := 0
	var wg sync.WaitGroup
	began := time.Now()
	for u := range users {
		wg.Go(func() {
			var own []time.Duration
			for n := u; time.Since(began) < v.each; n += users {
				t := time.Now()
				bytes, err := v.people[u].ask(page, n)
				own = append(own, time.Since(t))
				mu.Lock()
				weight = max(weight, bytes)
				if err != nil {
					failed = err
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
			mu.Lock()
			all = append(all, own...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	r := summary(time.Since(began), len(all), all)
	fmt.Fprintf(v.out, "%-26s %6d %10.0f %10.1f %10.1f %12.1f\n", page.name, users, r.rate, r.p50, r.p99, float64(weight)/1000)
	return nil
}
