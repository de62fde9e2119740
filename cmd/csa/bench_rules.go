package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// rulesBatch is how many children are made at a time, so that a million need no
// more memory than this many.
const rulesBatch = 10_000

// errNoEnrolled reports a book whose examples show no child that takes part.
var errNoEnrolled = errors.New("no example of the book has a child that takes part: there is nobody to copy")

func (a *app) benchRulesCommand() *cobra.Command {
	var sizes string
	var books []string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Measure rule books alone: children evaluated a second",
		Long: `Measure how many children a second a rule book is evaluated for: the simplest and the
richest of the shipped packs, or the files of --book, on one core and on all. There is
no database, and making the children is not counted: each is one of the book's own
examples with deposits of its own, drawn from the seed.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			counts, err := countsOf(sizes)
			if err != nil {
				return err
			}
			return a.benchRules(books, counts, seed)
		},
	}
	cmd.Flags().StringVar(&sizes, "children", "1000,10000,100000,1000000", "how many children")
	cmd.Flags().StringSliceVar(&books, "book", nil, "rule books to measure instead of the packs")
	cmd.Flags().Uint64Var(&seed, "seed", 7, "from which the children are drawn")
	return cmd
}

func countsOf(sizes string) (counts []int, err error) {
	for _, text := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("--children %s: write numbers like 1000,10000", sizes)
		}
		counts = append(counts, n)
	}
	return counts, nil
}

func (a *app) benchRules(paths []string, counts []int, seed uint64) error {
	all, err := benchBooks(paths)
	if err != nil {
		return err
	}
	a.printf("seed %d, %d cores\n", seed, runtime.NumCPU())
	a.printf("%-24s %10s %6s %10s %14s %12s\n", "book", "children", "cores", "seconds", "children/s", "bytes/child")
	for _, b := range all {
		cast, asOf, err := castOf(b.book)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		for _, n := range counts {
			for _, cores := range slices.Compact([]int{1, runtime.NumCPU()}) {
				took, bytes := evaluateMany(b.book, cast, asOf, n, cores, seed)
				a.printf("%-24s %10d %6d %10.2f %14.0f %12d\n", b.name, n, cores, took.Seconds(), float64(n)/took.Seconds(), bytes)
			}
		}
	}
	a.printf("peak memory of this program %s\n", peakMemory())
	return nil
}

// namedBook is a book and what it is called in the table.
type namedBook struct {
	name string
	book *rules.Book
}

// benchBooks are the books named or, of the packs, the simplest and the
// richest by how much they say.
func benchBooks(paths []string) (all []namedBook, err error) {
	for _, path := range paths {
		_, book, err := readBook(path)
		if err != nil {
			return nil, err
		}
		all = append(all, namedBook{path, book})
	}
	if len(paths) > 0 {
		return all, nil
	}
	for _, name := range rules.Packs() {
		src, err := rules.Pack(name)
		if err != nil {
			return nil, err
		}
		book, err := rules.Parse(src)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		all = append(all, namedBook{name, book})
	}
	weight := func(b namedBook) int { return len(b.book.Benefits) * len(b.book.Versions) }
	slices.SortStableFunc(all, func(x, y namedBook) int { return weight(x) - weight(y) })
	if len(all) > 2 {
		all = []namedBook{all[0], all[len(all)-1]}
	}
	return all, nil
}

// castOf are the children of a book's examples who take part, and the last day
// of which an example speaks.
func castOf(b *rules.Book) (cast []rules.Child, asOf ledger.Date, err error) {
	for _, x := range b.Examples {
		for _, want := range x.Expect {
			if asOf.Before(want.On) {
				asOf = want.On
			}
		}
		for _, c := range x.Children {
			if slices.ContainsFunc(c.Events, func(e rules.Event) bool { return e.Kind == rules.Enrolled }) {
				cast = append(cast, c.Child)
			}
		}
	}
	if len(cast) == 0 {
		return nil, asOf, errNoEnrolled
	}
	return cast, asOf, nil
}

// synthetic is a child like one of the cast, with up to twelve monthly deposits
// beside what happened to that one.
func synthetic(cast []rules.Child, id int64, draw *rand.Rand) rules.Child {
	c := cast[draw.IntN(len(cast))]
	c.ID = id
	c.Events = slices.Clone(c.Events)
	i := slices.IndexFunc(c.Events, func(e rules.Event) bool { return e.Kind == rules.Enrolled })
	from := c.Events[i].On
	for month := range draw.IntN(13) {
		c.Events = append(c.Events, rules.Event{
			Key: "bench/" + strconv.Itoa(month), Kind: rules.Deposit, On: from.AddMonths(month).AddDays(draw.IntN(27)),
			Seq: int64(month), Amount: ledger.Minor(int64(100 + draw.IntN(15_000))),
		})
	}
	return c
}

// evaluateMany evaluates so many children, and says how long that alone took
// and how many bytes each allocated.
func evaluateMany(b *rules.Book, cast []rules.Child, asOf ledger.Date, n, cores int, seed uint64) (took time.Duration, bytes uint64) {
	draw := rand.New(rand.NewPCG(seed, uint64(n)))
	children := make([]rules.Child, 0, rulesBatch)
	for done := 0; done < n; done += len(children) {
		children = children[:0]
		for len(children) < min(rulesBatch, n-done) {
			children = append(children, synthetic(cast, int64(done+len(children)+1), draw))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		evaluateOn(b, children, asOf, cores)
		took += time.Since(began)
		runtime.ReadMemStats(&after)
		bytes += after.TotalAlloc - before.TotalAlloc
	}
	return took, bytes / uint64(n)
}

// evaluateOn shares children out among cores.
func evaluateOn(b *rules.Book, children []rules.Child, asOf ledger.Date, cores int) {
	var all sync.WaitGroup
	for part := range cores {
		all.Go(func() {
			for i := part; i < len(children); i += cores {
				rules.Evaluate(b, children[i], asOf)
			}
		})
	}
	all.Wait()
}
