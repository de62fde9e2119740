package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"runtime/pprof"
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
	"seedbook/service/fund"
	"seedbook/service/statement"
	"seedbook/service/store"
	"seedbook/service/web"
	"seedbook/service/web/console"
)

// consoleBench is what a measurement of the console is asked for.
type consoleBench struct {
	children, entries int
	users             []int
	each              time.Duration
	data              string
	visits            int
	only              string
	profile           string
	statements        bool
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

The program has one year of deposits and awards, made as real work makes them, then
further years of deposits until the books have --entries entries with what the
funds still gave for them, two quarters' statements, and a trail of --visits looks
at children. Everything is done by the rooms, so the books are sound. It takes some
minutes to make; --data keeps it in a folder for the next time, which is also one
that CSA_DATA may name:

  CSA_DATA=DIR csa verify`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if b.children < 100 || b.entries < 0 || b.visits < 0 || b.each <= 0 || len(b.users) == 0 || slices.Min(b.users) < 1 {
				return fmt.Errorf("write at least --children 100, --entries 0, --users 1 and some time for --each")
			}
			want := world{Children: b.children, Entries: b.entries, Visits: b.visits}
			return a.onWorld(cmd.Context(), b.data, want, func(ctx context.Context, dsn string, m *measured, w world) error {
				return a.benchConsole(ctx, dsn, m, w, b)
			})
		},
	}
	f := cmd.Flags()
	f.IntVar(&b.children, "children", 100_000, "size of the caseload")
	f.IntVar(&b.entries, "entries", 5_000_000, "entries in the books, at least")
	f.IntSliceVar(&b.users, "users", []int{1, 8, 32}, "how many people ask at once")
	f.IntVar(&b.visits, "visits", 1_000_000, "looks at children that the trail tells of")
	f.StringVar(&b.data, "data", "", "folder that keeps the program: made there the first time, used again afterwards")
	f.StringVar(&b.only, "only", "", "measure only pages with this in their name")
	f.StringVar(&b.profile, "profile", "", "file for a CPU profile of the measurement")
	f.BoolVar(&b.statements, "statements", false, "say beside each page what its statements cost the database")
	f.DurationVar(&b.each, "each", 3*time.Second, "how long each page is asked for")
	f.BoolVar(&b.keep, "wait", false, "do not measure: keep the program until interrupted, and print where it is")
	return cmd
}

func (a *app) benchConsole(ctx context.Context, dsn string, m *measured, w world, b consoleBench) error {
	v := &visitors{measured: m, at: m.stage.Walk(w.LastDay).At, each: b.each}
	var err error
	if err := v.open(ctx, slices.Max(b.users)); err != nil {
		return err
	}
	defer v.server.Close()
	if b.keep {
		token, err := v.token(ctx, "visitor0@bench.example", office)
		a.printf("\nThe database is at %s\nand a sign-in at %s\n", dsn, v.server.URL+"/sign-in/link/"+token)
		if err == nil {
			<-ctx.Done()
		}
		return err
	}
	if b.statements {
		if v.watch, err = watchStatements(ctx, dsn); err != nil {
			return err
		}
		defer v.watch.close()
	}
	pages, err := v.pages(ctx)
	if err != nil {
		return err
	}
	stop, err := profileTo(b.profile)
	if err != nil {
		return err
	}
	defer stop()
	a.printf("\n%-26s %6s %10s %10s %10s %12s %12s\n", "page", "users", "a second", "p50 ms", "p99 ms", "KB, packed", "load before")
	for _, page := range pages {
		if !strings.Contains(page.name, b.only) {
			continue
		}
		for _, users := range b.users {
			if err := v.measure(page, users); err != nil {
				return fmt.Errorf("%s: %w", page.name, err)
			}
		}
	}
	return nil
}

// profileTo begins a CPU profile, where one is asked for.
func profileTo(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil
}

// load is how busy the machine was in the last minute: numbers taken beside
// other work say little.
func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	minute, _, _ := strings.Cut(string(raw), " ")
	return minute
}

// visitors are people of the staff, each with a session of their own, in front
// of the real server.
type visitors struct {
	*measured
	at     time.Time
	each   time.Duration
	server *httptest.Server
	people []*visitor
	others []*visitor  // approvers, as many
	watch  *statements // nil: nobody counts them
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
		for email, roles := range map[string][]auth.Role{fmt.Sprintf("visitor%d@bench.example", i): office, fmt.Sprintf("approver%d@bench.example", i): {auth.Approver}} {
			token, err := v.token(ctx, email, roles)
			if err != nil {
				return err
			}
			one, err := newVisitor(v.server.URL, token)
			if err != nil {
				return err
			}
			if len(roles) == 1 {
				v.others = append(v.others, one)
			} else {
				v.people = append(v.people, one)
			}
		}
	}
	return v.ask(ctx)
}

// office are the roles of who runs a program.
var office = []auth.Role{auth.TenantAdmin, auth.Operator, auth.ProgramManager}

// asked is how many requests wait for an approver.
const asked = 60

// ask has receipts wait for another person. It may be repeated.
func (v *visitors) ask(ctx context.Context) error {
	if _, err := v.token(ctx, "maker@bench.example", office); err != nil {
		return err
	}
	_, account, err := auth.FindAccount(ctx, v.db, v.keys, "maker@bench.example")
	if err != nil {
		return err
	}
	return v.db.InTx(ctx, v.stage.Who(), func(tx *sqlx.Tx) error {
		var staff int64
		if err := tx.GetContext(ctx, &staff, `SELECT staff_id FROM staff_accounts WHERE id = $1`, account); err != nil {
			return err
		}
		who := store.Who{Tenant: v.stage.Who().Tenant, Actor: "staff/" + strconv.FormatInt(staff, 10)}
		for i := range asked {
			e := fund.Entering{Fund: "CITY", Kind: fund.Grant, Amount: ledger.Minor(int64(100_000 + i)), On: v.stage.LastDay(), Reference: fmt.Sprintf("Grant %d of the bench", i)}
			if _, err := fund.ProposeReceipt(ctx, tx, who, v.stage.Program(), e, "A letter came with it.", v.at); err != nil {
				return err
			}
		}
		return nil
	})
}

// token is a one-time sign-in for somebody of the staff, who is taken on where
// nobody has that address yet.
func (v *visitors) token(ctx context.Context, email string, roles []auth.Role) (token string, err error) {
	who := store.Who{Tenant: v.stage.Who().Tenant, Actor: "cli"}
	_, account, err := auth.FindAccount(ctx, v.db, v.keys, email)
	if err != nil && !errors.Is(err, auth.ErrNoAccount) {
		return "", err
	}
	err = v.db.InTx(ctx, who, func(tx *sqlx.Tx) (err error) {
		if account == 0 {
			n := auth.NewAccount{Email: email, Name: email, Roles: roles}
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
	known, newest, err := v.known(ctx)
	if err != nil {
		return nil, err
	}
	base := v.base()
	search := func(of func(k knownChild) string) (out []string) {
		for _, k := range known {
			out = append(out, base+"/children?q="+queryEscape(of(k)))
		}
		return out
	}
	var children, deep, txs, journal, statements []string
	for i, k := range known {
		no := strconv.Itoa(1 + i*int(newest)/len(known))
		children = append(children, base+"/children/"+strconv.Itoa(int(k.Child)))
		statements = append(statements, children[i]+"/statements/"+statement.QuarterOf(v.stage.LastDay()).Name)
		deep = append(deep, base+"/children?after="+strconv.Itoa(int(k.Child)))
		txs = append(txs, base+"/journal/"+no)
		journal = append(journal, base+"/journal?after="+no+".1.1")
	}
	const found = "/children/" // some child is listed
	// What only an approver's pages say: how many requests wait for them.
	waiting := fmt.Sprintf("(%d)", asked)
	return []benchPageOf{
		{"home", []string{base}, ""},
		{"search, one word", search(func(k knownChild) string { return k.Person.Given }), found},
		{"search, common name", search(func(k knownChild) string { return k.Person.Family }), found},
		{"search, whole name", search(func(k knownChild) string { return k.Person.Given + " " + k.Person.Family }), found},
		{"search, name and birth date", search(func(k knownChild) string {
			return k.Person.Given + " " + k.Person.Family + " " + k.Person.BornOn.String()
		}), found},
		{"search, misspelt", search(func(k knownChild) string { return misspelt(k.Person.Given) + " " + k.Person.Family }), ""},
		{"search, no hit", search(func(k knownChild) string { return "Q" + strings.ToLower(reversed(k.Person.Family)) }), ""},
		{"search, guardian", search(func(k knownChild) string { return k.guardian.Given + " " + k.guardian.Family }), found},
		{"search, telephone", search(func(k knownChild) string { return strings.TrimPrefix(k.guardian.Phone, "+1") }), found},
		{"search, birth date", search(func(k knownChild) string { return k.Person.BornOn.String() }), found},
		{"search, student number", search(func(k knownChild) string { return k.Person.StudentNumber }), found},
		{"search, account number", search(func(k knownChild) string { return k.ID.Account().String() }), found},
		{"children", []string{base + "/children"}, "<table"},
		{"children, deep in the list", deep, "<table"},
		{"children, filtered", []string{base + "/children?grade=03&language=es", base + "/children?about=not_saving", base + "/children?about=no_school&state=enrolled"}, ""},
		{"a child", children, "<h1"},
		{"a statement", statements, "<table"},
		{"journal", []string{base + "/journal"}, "<table"},
		{"journal, deep in the list", journal, "<table"},
		{"journal, filtered", []string{base + "/journal?kind=deposit.ach", base + "/journal?reference=none+such", base + "/journal?maker=nobody", base + "/journal?least=1000000.00"}, ""},
		{"a transaction", txs, "<h1"},
		{"home, of an approver", []string{base}, waiting},
		{"approvals", []string{"/approvals"}, waiting},
		{"trial balance", []string{base + "/books"}, "<table"},
		{"funds", []string{base + "/funds"}, "<table"},
		{"deposits", []string{base + "/deposits"}, ""},
		{"duplicates", []string{base + "/duplicates"}, ""},
		{"pictures", []string{base + "/pictures"}, ""},
		{"runs", []string{base + "/jobs"}, ""},
		{"trail", []string{"/trail"}, "<table"},
		{"trail, filtered", v.trails(known), ""},
	}, nil
}

// trails are searches of the trail: of a person, of a child, of a kind of deed, of
// a day, and of what there is hardly any of.
func (v *visitors) trails(known []knownChild) []string {
	day := v.stage.LastDay()
	out := []string{"/trail?who=staff%2F1007", "/trail?what=child.viewed&who=staff%2F1011", "/trail?from=" + day.AddDays(-1).String() + "&until=" + day.String(),
		"/trail?what=roster.commit", "/trail?kind=fund", "/trail?request=visit-300", "/trail?who=staff%2F1003&what=rules.approve"}
	for _, k := range known[:10] {
		out = append(out, "/trail?kind=child&subject="+strconv.Itoa(int(k.Child)))
	}
	return out
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// misspelt is a name as somebody writes it who heard it: a letter is another.
func misspelt(name string) string {
	r := []rune(name)
	if i := len(r) / 2; len(r) > 3 {
		r[i], r[i-1] = r[i-1], r[i]
	}
	return string(r)
}

// knownChild is a child that people ask for, and one of its guardians.
type knownChild struct {
	enroll.Row
	guardian family.Guardian
}

// known are some children from all over the list, and the newest transaction.
func (v *visitors) known(ctx context.Context) (known []knownChild, newest ledger.TxNo, err error) {
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
		rows, err := enroll.Rows(ctx, q, v.stage.Who(), v.keys, p.ID, slices.Compact(chosen))
		if err != nil {
			return err
		}
		for _, r := range rows {
			guardians, err := family.Guardians(ctx, q, v.stage.Who(), v.keys, r.Child)
			if err != nil || len(guardians) == 0 {
				return fmt.Errorf("guardians of child %d: %w", r.Child, err)
			}
			known = append(known, knownChild{r, guardians[0]})
		}
		newest, err = ledger.KnownCut(ctx, q, p.Book)
		return err
	})
	return known, newest, err
}

// asking are the people whom a page is for.
func (v *visitors) asking(page benchPageOf) []*visitor {
	if strings.Contains(page.name, "approv") {
		return v.others
	}
	return v.people
}

// measure asks for a page by some people at once.
func (v *visitors) measure(page benchPageOf, users int) error {
	// The first answers fill the caches of the server and the database.
	for i := range min(len(page.paths), 2) {
		if _, err := v.asking(page)[0].ask(page, i); err != nil {
			return err
		}
	}
	if err := v.watch.begin(); err != nil {
		return err
	}
	busy := load()
	people := v.asking(page)
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
				bytes, err := people[u].ask(page, n)
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
	fmt.Fprintf(v.out, "%-26s %6d %10.0f %10.1f %10.1f %12.1f %12s\n", page.name, users, r.rate, r.p50, r.p99, float64(weight)/1000, busy)
	return v.watch.print(v.out, len(all))
}
