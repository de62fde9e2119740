package forecast

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"sync"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Expose follows the participants of a program into the future under the
// approved rule book: what each fund has promised, what it may be asked for at
// most, and what it will probably be asked for, quarter by quarter. It reads in
// transactions that cannot write. The same books, day and seed give the same
// numbers.
//
// The caseload stays as it is: nobody joins, leaves, moves or changes grade, and
// no fund receives new money.
func Expose(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, p program.Program, o ExposeOptions) (Exposure, error) {
	s := &source{db: db, who: who, keys: keys, program: p, chunk: chunk}
	o = o.filled()
	if err := o.check(); err != nil {
		return Exposure{}, err
	}
	ids, err := s.everyone(ctx, []enroll.State{enroll.Enrolled})
	if err == nil {
		var x Exposure
		if x, err = s.expose(ctx, ids, o); err == nil {
			return x, nil
		}
	}
	return Exposure{}, fmt.Errorf("exposure of %s: %w", p.Code, err)
}

// What is drawn where nobody says otherwise: enough that P10 and P90 stand on
// twenty futures each, and that a city's sampling error is a percent or two.
const (
	defaultPaths  = 200
	defaultSample = 2000
)

func (o ExposeOptions) filled() ExposeOptions {
	o.Months = cmp.Or(o.Months, horizon)
	o.Paths, o.Sample = cmp.Or(o.Paths, defaultPaths), cmp.Or(o.Sample, defaultSample)
	return o
}

// Bounds of what may be asked: every day of every future is kept in memory, and
// more would take hours.
const (
	maxMonths  = 120
	maxSample  = 1_000_000
	maxFutures = 60_000 // months of all futures together
	maxChanges = 20
)

func (o ExposeOptions) check() error {
	switch {
	case o.Months < 1 || o.Months > maxMonths:
		return ErrTooMuch.At("months")
	case o.Sample < 1 || o.Sample > maxSample:
		return ErrTooMuch.At("sample")
	case o.Paths < 1 || o.Paths*o.Months > maxFutures:
		return ErrTooMuch.At("paths")
	case len(o.Changes) > maxChanges:
		return ErrTooMuch.At("changes")
	}
	return nil
}

// outset is what a caseload looks like on the first day.
type outset struct {
	options  ExposeOptions
	book     *rules.Book
	in       ledger.Period
	quarters []ledger.Period
	funds    *paths

	patterns []pattern
	drawn    []drawnFor
	sample   sample
	missing  map[int32]ledger.Amount
	most     map[mostKey]ledger.Amount
	noLimit  map[string]bool
}

// drawnFor is a child of the sample.
type drawnFor struct {
	child   rules.Child
	stratum int8
}

// mostKey is the most that a benefit asks of a fund in a quarter.
type mostKey struct {
	fund, benefit string
	quarter       int
}

func (s *source) expose(ctx context.Context, ids []family.ChildID, o ExposeOptions) (Exposure, error) {
	b, err := s.background(ctx, o.AsOf, o.At)
	if err != nil {
		return Exposure{}, err
	}
	until := o.AsOf.AddMonths(o.Months)
	out := &outset{options: o, book: b.book, in: ledger.Period{First: o.AsOf.AddDays(1), Last: until}, quarters: quartersOf(o.AsOf.AddDays(1), until), funds: &paths{},
		missing: map[int32]ledger.Amount{}, most: map[mostKey]ledger.Amount{}, noLimit: map[string]bool{}}
	history := ledger.Period{First: ledger.NewDate(o.AsOf.Year(), o.AsOf.Month()-historyMonths, 1), Last: o.AsOf}
	savers, err := s.saversIn(ctx, history)
	if err != nil {
		return Exposure{}, err
	}
	out.sample = drawSample(ids, savers, o.Sample, o.Seed)
	if err := s.lookAt(ctx, ids, out); err != nil {
		return Exposure{}, err
	}
	promised, err := s.promised(ctx, out.quarters)
	if err != nil {
		return Exposure{}, err
	}
	x := Exposure{In: out.in, Book: b.book.Hash(), Seed: o.Seed, Paths: o.Paths, Children: len(ids), Sampled: len(out.sample.drawn),
		Savers: out.sample.strata[0].children, History: history, NoLimit: slices.Sorted(maps.Keys(out.noLimit))}
	base, sim, err := out.simulate(ctx, b.book, b.available)
	if err != nil {
		return Exposure{}, err
	}
	for _, f := range b.funds {
		if f.Kind == fund.Restricted {
			x.Funds = append(x.Funds, out.fund(f, b.available[f.Code], promised[f.Code], &base, sim))
		}
	}
	x.Total = spreadOf(slices.Clone(base.total))
	x.Total.Error = sim.deviation("", -1)
	for _, e := range o.Changes {
		m, err := out.marginal(ctx, e, &base, b)
		if err != nil {
			return Exposure{}, err
		}
		x.Marginal = append(x.Marginal, m)
	}
	return x, nil
}

// quartersOf are the calendar quarters between two days, cut at both ends.
func quartersOf(from, until ledger.Date) (out []ledger.Period) {
	for first := from; !first.After(until); {
		next := ledger.NewDate(first.Year(), (first.Month()-1)/3*3+4, 1)
		last := next.AddDays(-1)
		if last.After(until) {
			last = until
		}
		out = append(out, ledger.Period{First: first, Last: last})
		first = next
	}
	return out
}

// lookAt reads the caseload once: everybody's pattern, everybody's most, and the
// children of the sample.
func (s *source) lookAt(ctx context.Context, ids []family.ChildID, out *outset) error {
	var mu sync.Mutex
	err := s.walk(ctx, ids, workers(out.options.Workers), out.options.Progress, func(_ int, p *pupil) {
		own := patternOf(&p.Child, out.options.AsOf)
		most, noLimit := out.mostOf(p.Child)
		missing := out.missingOf(p)
		mu.Lock()
		defer mu.Unlock()
		out.patterns = append(out.patterns, own)
		for k, a := range most {
			out.most[k] = out.most[k].Add(a)
		}
		for id, a := range missing {
			out.missing[id] = out.missing[id].Add(a)
		}
		for _, benefit := range noLimit {
			out.noLimit[benefit] = true
		}
		if g, chosen := out.sample.drawn[p.Pupil.Child]; chosen {
			out.drawn = append(out.drawn, drawnFor{p.Child, g})
		}
	})
	slices.SortFunc(out.drawn, func(a, b drawnFor) int { return cmp.Compare(a.child.ID, b.child.ID) })
	return err
}

// missingOf is what a child is entitled to and has not been given.
func (out *outset) missingOf(p *pupil) map[int32]ledger.Amount {
	var missing map[int32]ledger.Amount
	for _, e := range rules.Evaluate(out.book, p.Child, out.options.AsOf) {
		g := p.of(award{e.Benefit, e.Period})
		w, asks := out.book.Want(p.ID, e, out.options.AsOf, g.accrued.Add(g.posted), g.denied)
		if !asks || w.Amount.IsZero() {
			continue
		}
		if missing == nil {
			missing = map[int32]ledger.Amount{}
		}
		id := out.funds.id(w.Funds...)
		missing[id] = missing[id].Add(w.Amount)
	}
	return missing
}

// mostOf is the most that a child can ask for in each quarter.
func (out *outset) mostOf(c rules.Child) (most map[mostKey]ledger.Amount, noLimit []string) {
	asOf, until := out.options.AsOf, out.in.Last
	c.Events = upTo(c.Events, asOf)
	var ls levels
	for _, e := range rules.Evaluate(out.book, c, asOf) {
		ls.raise(award{e.Benefit, e.Period}, e.Amount)
	}
	most = map[mostKey]ledger.Amount{}
	once := saturated(out.book, c, asOf, until, 1)
	var at []rules.Entitlement
	for q, in := range out.quarters {
		at = rules.Evaluate(out.book, once, in.Last)
		for _, e := range at {
			if by := ls.raise(award{e.Benefit, e.Period}, e.Amount); by.Sign() > 0 {
				k := mostKey{first(e.Funds), e.Benefit, q}
				most[k] = most[k].Add(by)
			}
		}
	}
	return most, growing(at, rules.Evaluate(out.book, saturated(out.book, c, asOf, until, 2), until))
}

// growing are the benefits that give more where twice as much happens.
func growing(once, twice []rules.Entitlement) (out []string) {
	for i, e := range once {
		if i < len(twice) && twice[i].Benefit == e.Benefit && twice[i].Period == e.Period && twice[i].Amount.Cmp(e.Amount) > 0 {
			out = append(out, e.Benefit)
		}
	}
	return out
}

// promise sums what funds have promised, by the quarter in which it is payable;
// what was payable before counts in the first, what is payable later in none.
type promisedBy struct {
	quarters []ledger.Amount
	total    ledger.Amount
}

func (s *source) promised(ctx context.Context, quarters []ledger.Period) (map[string]promisedBy, error) {
	const query = `
		SELECT f.code, coalesce(a.pay_on, a.evaluated_on) AS pay_on, sum(CASE m.kind WHEN 'accrue' THEN m.amount ELSE -m.amount END)
		FROM awards a
		JOIN award_moves m ON m.tenant_id = a.tenant_id AND m.program_id = a.program_id AND m.child_id = a.child_id
		     AND m.benefit = a.benefit AND m.period = a.period
		JOIN funds f ON f.tenant_id = m.tenant_id AND f.id = m.fund_id
		WHERE a.program_id = $1 AND a.accrued > 0 AND m.kind IN ('accrue', 'pay', 'cancel')
		GROUP BY 1, 2`
	out := map[string]promisedBy{}
	err := s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		rows, err := q.QueryxContext(ctx, query, s.program.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var code string
			var on ledger.Date
			var amount ledger.Amount
			if err := rows.Scan(&code, &on, &amount); err != nil {
				return err
			}
			p := out[code]
			if p.quarters == nil {
				p.quarters = make([]ledger.Amount, len(quarters))
			}
			p.total = p.total.Add(amount)
			for i, in := range quarters {
				if in.Contains(on) || i == 0 && on.Before(in.First) {
					p.quarters[i] = p.quarters[i].Add(amount)
				}
			}
			out[code] = p
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("promises of %s: %w", s.program.Code, err)
	}
	return out, nil
}

// simulate draws the sample's futures under a book, on several workers.
func (out *outset) simulate(ctx context.Context, book *rules.Book, available map[string]ledger.Amount) (futures, *simulation, error) {
	o := out.options
	known := cohortsOf(out.patterns)
	own := make(map[int64]*pattern, len(out.patterns))
	for i := range out.patterns {
		own[out.patterns[i].child] = &out.patterns[i]
	}
	sim := &simulation{book: book, cohorts: &known, asOf: o.AsOf, until: out.in.Last, seed: o.Seed, paths: o.Paths, strata: out.sample.strata,
		quarter: out.quarters, funds: out.funds, asked: map[askKey][]int64{}, error: map[errorKey]*moments{}}
	next := make(chan drawnFor)
	var all sync.WaitGroup
	for range workers(o.Workers) {
		all.Go(func() {
			for d := range next {
				sim.child(d.child, own[d.child.ID], d.stratum)
			}
		})
	}
	for i, d := range out.drawn {
		if ctx.Err() != nil {
			break
		}
		next <- d
		o.Progress.say(i+1, len(out.drawn))
	}
	close(next)
	all.Wait()
	if err := ctx.Err(); err != nil {
		return futures{}, nil, err
	}
	return sim.futures(available, out.missing), sim, nil
}

// fund is one fund's exposure.
func (out *outset) fund(f fund.Fund, available ledger.Amount, promised promisedBy, base *futures, sim *simulation) FundExposure {
	x := FundExposure{Code: f.Code, Name: f.Name, Available: available, Accrued: promised.total, Dry: dryOf(base.dry[f.Code])}
	for id, a := range out.missing {
		if out.funds.first(id) == f.Code {
			x.Queued = x.Queued.Add(a)
		}
	}
	for q, in := range out.quarters {
		p := PeriodExposure{Name: strconv.Itoa(in.First.Year()) + "-Q" + strconv.Itoa(int(in.First.Month()-1)/3+1), In: in}
		if promised.quarters != nil {
			p.Accrued = promised.quarters[q]
		}
		for k, a := range out.most {
			if k.fund == f.Code && k.quarter == q && !out.noLimit[k.benefit] {
				p.Maximum = p.Maximum.Add(a)
			}
		}
		if drawn := base.quarters[f.Code]; drawn != nil {
			p.Spread = spreadOf(slices.Clone(drawn[q]))
			p.Error = sim.deviation(f.Code, q)
		}
		x.Periods = append(x.Periods, p)
	}
	if drawn := base.years[f.Code]; drawn != nil {
		x.Year = spreadOf(slices.Clone(drawn))
		x.Year.Error = sim.deviation(f.Code, -1)
	}
	return x
}

// deviation is the sampling error of a fund's quarter, year, or of all funds.
func (s *simulation) deviation(fund string, quarter int) ledger.Amount {
	variance := new(big.Int)
	for g, stratum := range s.strata {
		if m := s.error[errorKey{int8(g), fund, quarter}]; m != nil {
			variance.Add(variance, stratum.variance(m))
		}
	}
	return deviation(variance, s.paths)
}

// marginal draws the same futures under a changed book and takes the difference
// future by future.
func (out *outset) marginal(ctx context.Context, e Edit, base *futures, b background) (Marginal, error) {
	book, err := e.Apply(b.book)
	if err != nil {
		return Marginal{}, err
	}
	other, _, err := out.simulate(ctx, book, b.available)
	if err != nil {
		return Marginal{}, err
	}
	m := Marginal{Edit: e, Book: book.Hash(), Total: spreadOf(minus(other.total, base.total))}
	for _, f := range b.funds {
		if f.Kind == fund.Restricted {
			m.Funds = append(m.Funds, MarginalFund{f.Code, spreadOf(minus(other.years[f.Code], base.years[f.Code])), dryOf(other.dry[f.Code])})
		}
	}
	return m, nil
}

// minus subtracts future by future; a list that is not there is all zeros.
func minus(a, b []int64) []int64 {
	out := make([]int64, max(len(a), len(b)))
	copy(out, a)
	for i, x := range b {
		out[i] -= x
	}
	return out
}
