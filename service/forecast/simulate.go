package forecast

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// simulation draws futures for the sample and adds up, future by future and day
// by day, what funds are asked for. Adding whole cents does not depend on the
// order, so children may come in any.
type simulation struct {
	book    *rules.Book
	cohorts *cohorts
	asOf    ledger.Date
	until   ledger.Date
	seed    uint64
	paths   int
	strata  [2]stratum
	quarter []ledger.Period

	funds *paths
	mu    sync.Mutex
	asked map[askKey][]int64 // [path*days+day]
	error map[errorKey]*moments
}

// askKey is what is asked by a stratum of a sequence of funds.
type askKey struct {
	stratum int8
	path    int32
}

// errorKey is a cell of which the sampling error is told: a fund's quarter, its
// year (quarter −1), or all funds together (fund "").
type errorKey struct {
	stratum int8
	fund    string
	quarter int
}

func (s *simulation) days() int { return s.until.DaysSince(s.asOf) + 1 }

// row is where one stratum's calls on a sequence of funds are added up.
func (s *simulation) row(k askKey) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked[k] == nil {
		s.asked[k] = make([]int64, s.paths*s.days())
	}
	return s.asked[k]
}

// rise is money that a child's future asks for.
type rise struct {
	path   int32
	fund   string
	day    int
	amount int64
}

// child draws all futures of one child. A future without deposits is the same
// every time and is followed once.
func (s *simulation) child(c rules.Child, own *pattern, stratum int8) {
	c.Events = upTo(c.Events, s.asOf)
	base, next := s.outset(c)
	quiet := s.follow(c, base, next)
	sums, rows := map[errorKey]int64{}, map[int32][]int64{}
	for path := range s.paths {
		stream := mix(s.seed, uint64(c.ID))
		r := rand.New(rand.NewPCG(stream, mix(stream, uint64(path))))
		rises := quiet
		if deposits := s.cohorts.future(own, r, s.asOf, s.until); len(deposits) > 0 {
			saver := c
			saver.Events = slices.Concat(c.Events, deposits)
			sortEvents(saver.Events)
			rises = s.follow(saver, base, sooner(next, earliest(deposits)))
		}
		for _, x := range rises {
			if rows[x.path] == nil {
				rows[x.path] = s.row(askKey{stratum, x.path})
			}
			atomic.AddInt64(&rows[x.path][path*s.days()+x.day], x.amount)
			sums[errorKey{stratum, x.fund, s.quarterOf(x.day)}] += x.amount
			sums[errorKey{stratum, x.fund, -1}] += x.amount
			sums[errorKey{stratum, "", -1}] += x.amount
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, cents := range sums {
		if s.error[k] == nil {
			s.error[k] = &moments{}
		}
		s.error[k].add(cents)
	}
}

// outset is what a child is entitled to already, and the next day on which it may
// be something else.
func (s *simulation) outset(c rules.Child) (ls levels, next ledger.Date) {
	all, next := rules.Look(s.book, c, s.asOf)
	for i := range all {
		ls.raise(award{all[i].Benefit, all[i].Period}, all[i].Amount)
	}
	return ls, next
}

func (s *simulation) follow(c rules.Child, base levels, next ledger.Date) (out []rise) {
	ls := slices.Clone(base)
	course(s.book, c, &ls, next, s.until, func(e *rules.Entitlement, on ledger.Date, by ledger.Amount) {
		out = append(out, rise{s.funds.id(allowed(e.Funds)...), first(e.Funds), on.DaysSince(s.asOf), by.Minor()})
	})
	return out
}

// sooner is the earlier of two days, where no day is none.
func sooner(a, b ledger.Date) ledger.Date {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func earliest(events []rules.Event) ledger.Date {
	return slices.MinFunc(events, func(a, b rules.Event) int { return a.On.Cmp(b.On) }).On
}

func (s *simulation) quarterOf(day int) int {
	on := s.asOf.AddDays(day)
	return slices.IndexFunc(s.quarter, func(p ledger.Period) bool { return p.Contains(on) })
}

// upTo are the events of the days up to one.
func upTo(events []rules.Event, asOf ledger.Date) []rules.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e rules.Event) bool { return e.On.After(asOf) })
}

// futures are what all drawn futures ask, scaled to the whole caseload.
type futures struct {
	quarters map[string][][]int64 // by fund asked first, quarter and path
	years    map[string][]int64   // by fund and path
	total    []int64              // by path
	dry      map[string][]ledger.Date
}

// futures scales and adds up. What was missing on the first day is asked before
// anything else.
func (s *simulation) futures(available map[string]ledger.Amount, missing map[int32]ledger.Amount) futures {
	f := futures{quarters: map[string][][]int64{}, years: map[string][]int64{}, total: make([]int64, s.paths), dry: map[string][]ledger.Date{}}
	order := s.sequences(missing)
	for path := range s.paths {
		p := newPurse(s.funds, available)
		for _, id := range order {
			p.answer(call{on: s.asOf, path: id, amount: missing[id]})
		}
		for day := range s.days() {
			for _, id := range order {
				cents := s.cents(id, path, day)
				if cents == 0 {
					continue
				}
				f.add(s, id, path, day, cents)
				p.answer(call{on: s.asOf.AddDays(day), path: id, amount: ledger.Minor(cents)})
			}
		}
		for code := range available {
			f.dry[code] = append(f.dry[code], p.dry[code])
		}
	}
	return f
}

// sequences are the sequences of funds that are asked, by name.
func (s *simulation) sequences(missing map[int32]ledger.Amount) []int32 {
	ids := map[int32]bool{}
	for k := range s.asked {
		ids[k.path] = true
	}
	for id := range missing {
		ids[id] = true
	}
	return slices.SortedFunc(maps.Keys(ids), func(a, b int32) int {
		return strings.Compare(strings.Join(s.funds.of[a], "|"), strings.Join(s.funds.of[b], "|"))
	})
}

// cents is what all children ask of a sequence of funds on a day of a future.
func (s *simulation) cents(id int32, path, day int) (sum int64) {
	for g := range s.strata {
		if row := s.asked[askKey{int8(g), id}]; row != nil && row[path*s.days()+day] != 0 {
			sum += s.strata[g].scale(row[path*s.days()+day])
		}
	}
	return sum
}

func (f *futures) add(s *simulation, id int32, path, day int, cents int64) {
	fund := s.funds.first(id)
	if f.years[fund] == nil {
		f.years[fund] = make([]int64, s.paths)
		f.quarters[fund] = make([][]int64, len(s.quarter))
		for q := range f.quarters[fund] {
			f.quarters[fund][q] = make([]int64, s.paths)
		}
	}
	f.years[fund][path] += cents
	f.quarters[fund][s.quarterOf(day)][path] += cents
	f.total[path] += cents
}
