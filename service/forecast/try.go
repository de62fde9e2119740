package forecast

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

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

// Try runs a draft over a program's live caseload and its whole history and
// returns the difference that it makes. It reads in transactions that cannot
// write and changes nothing; it ends when ctx does.
func Try(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, p program.Program, draft *rules.Book, o TryOptions) (Trial, error) {
	s := &source{db: db, who: who, keys: keys, program: p, chunk: chunk}
	ids, err := s.everyone(ctx, enroll.States)
	if err == nil {
		var t Trial
		if t, err = s.try(ctx, ids, draft, o); err == nil {
			return t, nil
		}
	}
	return Trial{}, fmt.Errorf("try a rule book on %s: %w", p.Code, err)
}

// try weighs children under the approved book and a draft.
func (s *source) try(ctx context.Context, ids []family.ChildID, draft *rules.Book, o TryOptions) (Trial, error) {
	b, err := s.background(ctx, o.AsOf, o.At)
	if err != nil {
		return Trial{}, err
	}
	t := &trialOf{approved: b.book, draft: draft, asOf: o.AsOf, until: yearAfter(o.AsOf), paths: &paths{}, homes: &homes{}, largest: o.Largest}
	tallies := make([]*tally, workers(o.Workers))
	for i := range tallies {
		tallies[i] = newTally()
	}
	err = s.walk(ctx, ids, len(tallies), o.Progress, func(worker int, p *pupil) { t.weigh(p, tallies[worker]) })
	if err != nil {
		return Trial{}, err
	}
	sum := tallies[0]
	for _, other := range tallies[1:] {
		sum.merge(other, o.Largest)
	}
	return t.trial(sum, b), nil
}

// background is what a trial needs beside the children.
type background struct {
	book      *rules.Book
	funds     []fund.Fund
	available map[string]ledger.Amount
	schools   map[string]string // names by code
}

func (s *source) background(ctx context.Context, asOf ledger.Date, at time.Time) (b background, err error) {
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		if b.book, err = program.RulesOn(ctx, q, s.program.ID, asOf); err != nil {
			return err
		}
		if b.funds, err = fund.All(ctx, q, s.program.ID); err != nil {
			return err
		}
		left, err := fund.Available(ctx, q, s.program, at)
		if err != nil {
			return err
		}
		b.available = map[string]ledger.Amount{}
		for _, f := range b.funds {
			b.available[f.Code] = left[f.ID]
		}
		schools, err := program.Schools(ctx, q)
		b.schools = make(map[string]string, len(schools))
		for _, h := range schools {
			b.schools[h.Code] = h.Name
		}
		return err
	})
	return b, err
}

// walk reads children chunk by chunk and hands each to fn, on as many workers
// as asked; a worker reads its own chunks, so that reading and thinking overlap.
// fn is not called twice at a time for one worker.
func (s *source) walk(ctx context.Context, ids []family.ChildID, n int, told Progress, fn func(worker int, p *pupil)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	chunks := slices.Collect(slices.Chunk(ids, s.chunk))
	var mu sync.Mutex
	next, done := 0, 0
	take := func() []family.ChildID {
		mu.Lock()
		defer mu.Unlock()
		if next == len(chunks) || ctx.Err() != nil {
			return nil
		}
		next++
		return chunks[next-1]
	}
	finish := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		done += n
		told.say(done, len(ids))
	}
	var all sync.WaitGroup
	for worker := range n {
		all.Go(func() {
			for set := take(); set != nil; set = take() {
				pupils, err := s.read(ctx, set)
				if err != nil {
					stop(err)
					return
				}
				for i := range pupils {
					if i%64 == 0 && ctx.Err() != nil {
						return
					}
					fn(worker, &pupils[i])
				}
				finish(len(set))
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// trial turns what was gathered into the answer.
func (t *trialOf) trial(sum *tally, b background) Trial {
	out := Trial{
		AsOf: t.asOf, Approved: t.approved.Hash(), Draft: t.draft.Hash(),
		Children: sum.children, Before: sum.before, After: sum.after,
		BySchool: sum.schools.sorted(), ByFund: sum.funds.sorted(), ByMonth: sum.months.sorted(),
		Gain: sum.gain.answer(t.largest), Lose: sum.lose.answer(t.largest),
		Eligibility: Eligibility{
			Admitted: sum.admitted.answer(t.largest), Excluded: sum.excluded.answer(t.largest),
			Flagged: sum.flagged.answer(t.largest), Cleared: sum.cleared.answer(t.largest),
		},
		FullCaps: t.fullCaps(&sum.draft),
	}
	for _, name := range inBook(t.draft, sum.benefits) {
		d := sum.benefits[name].Difference
		d.Label = t.benefitName(name)
		out.ByBenefit = append(out.ByBenefit, d)
	}
	for i := range out.BySchool {
		out.BySchool[i].Label = b.schools[out.BySchool[i].Name]
	}
	before := t.spend(t.approved, &sum.approved, b.available)
	after := t.spend(t.draft, &sum.draft, b.available)
	out.Otherwise, out.SameYear = before.run, before.year
	out.Now, out.FirstYear = after.run, after.year
	for _, f := range b.funds {
		if f.Kind == fund.Restricted {
			out.Funds = append(out.Funds, FundRun{f.Code, f.Name, b.available[f.Code], before.purse.year(f.Code), after.purse.year(f.Code)})
		}
	}
	return out
}

// spent is what one book's year does to the funds.
type spent struct {
	run   Run
	year  Year
	purse *purse
}

// spend lets a book's calls draw on the funds in their order.
func (t *trialOf) spend(book *rules.Book, o *outlook, available map[string]ledger.Amount) spent {
	s := spent{purse: newPurse(t.paths, available)}
	s.run = Run{Children: o.children, Cancelled: o.cancelled, Excess: o.excess, Excesses: o.excesses}
	s.year.In = ledger.Period{First: t.asOf.AddDays(1), Last: t.until}
	firsts, held := map[costKey]ledger.Amount{}, maps.Clone(o.held)
	for _, c := range inOrder(o.calls) {
		if held.refuses(c) {
			continue
		}
		missing := s.purse.answer(c)
		if c.amount.Sign() < 0 {
			continue
		}
		k := costKey{book.Benefits[c.order].ID, t.paths.first(c.path)}
		firsts[k] = firsts[k].Add(c.amount)
		if c.on != t.asOf {
			continue
		}
		got := c.amount.Sub(missing)
		if c.due {
			s.run.Posted = s.run.Posted.Add(got)
		} else {
			s.run.Promised = s.run.Promised.Add(got)
		}
		if c.denied {
			s.run.Refused = s.run.Refused.Add(missing)
		} else {
			s.run.Queued = s.run.Queued.Add(missing)
		}
	}
	s.year.Cost, s.year.ByBenefit, s.year.ByFund = costs(book, firsts, nil)
	return s
}

func (t *trialOf) fullCaps(o *outlook) Most {
	m := Most{In: ledger.Period{First: t.asOf.AddDays(1), Last: t.until}, NoLimit: slices.Sorted(maps.Keys(o.noLimit))}
	m.Cost, m.ByBenefit, m.ByFund = costs(t.draft, o.most, o.noLimit)
	return m
}

// benefitName is what the draft calls a benefit, or the approved book.
func (t *trialOf) benefitName(id string) string {
	for _, book := range []*rules.Book{t.draft, t.approved} {
		if b, ok := book.Benefit(id); ok && b.Says.En != "" {
			return b.Says.En
		}
	}
	return ""
}

func (a affected) answer(keep int) Affected {
	a.trim(keep)
	return Affected{a.children, a.amount, a.largest}
}

func (c changed) answer(keep int) Changed {
	c.trim(keep)
	return Changed{c.children, c.first}
}
