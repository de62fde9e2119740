package console

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errCannotTry reports a text that is no rule book, or a program without rules
// to compare it with.
var errCannotTry = fault.New(fault.Conflict, "console.trial.cannot")

// trials are the trials that this process is running. One that was lost with the
// process is begun again; what it found is kept only at its end.
type trials struct {
	mu  sync.Mutex
	now map[trialKey]*trial
}

type trialKey struct {
	tenant  int32
	program program.ID
	hash    string
}

// trial is one that runs, or that ended without anything to keep.
type trial struct {
	done, of atomic.Int64
	cancel   context.CancelFunc
	ended    bool // with an error; found under the lock
	stopped  bool // because somebody asked for it
}

func (t *trials) find(k trialKey) (*trial, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	x, ok := t.now[k]
	return x, ok
}

// begin notes a trial, unless it runs already.
func (t *trials) begin(k trialKey, x *trial) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old := t.now[k]; old != nil && !old.ended {
		return false
	}
	if t.now == nil {
		t.now = map[trialKey]*trial{}
	}
	t.now[k] = x
	return true
}

func (t *trials) end(k trialKey, x *trial, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		delete(t.now, k)
		return
	}
	x.ended, x.stopped = true, errors.Is(err, context.Canceled)
}

// found is what is kept of a trial: amounts and counts, and of children only
// their numbers.
type found struct {
	Against             string
	Children            int
	Before, After       ledger.Amount
	Gain, Lose          side
	Year, SameYear      ledger.Amount
	Most                ledger.Amount
	NoLimit             []string
	Excess              ledger.Amount // given already, and not owed under the draft
	Excesses            int
	Admitted, Excluded  int
	Benefits, FundParts []forecast.Difference
	Schools, Months     []forecast.Difference
	Funds               []forecast.FundRun
}

type side struct {
	Children int
	Amount   ledger.Amount
}

func foundOf(t forecast.Trial) found {
	return found{
		Against: t.Approved, Children: t.Children, Before: t.Before, After: t.After,
		Gain: side{t.Gain.Children, t.Gain.Amount}, Lose: side{t.Lose.Children, t.Lose.Amount},
		Year: t.FirstYear.Cost, SameYear: t.SameYear.Cost, Most: t.FullCaps.Cost, NoLimit: t.FullCaps.NoLimit,
		Excess: t.Now.Excess, Excesses: t.Now.Excesses, Admitted: t.Eligibility.Admitted.Children, Excluded: t.Eligibility.Excluded.Children,
		Benefits: t.ByBenefit, FundParts: t.ByFund, Schools: t.BySchool, Months: t.ByMonth, Funds: t.Funds,
	}
}

// tryRules begins a trial behind the request.
func (c *Console) tryRules(g *gin.Context, v visit) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	if f.parsed == nil || f.inEffect == nil && f.State != program.Effective {
		return errCannotTry
	}
	key := trialKey{v.Tenant, v.program.ID, f.Hash}
	ctx, cancel := context.WithCancel(context.WithoutCancel(g.Request.Context()))
	x := &trial{cancel: cancel}
	if !c.trials.begin(key, x) {
		cancel()
		return web.See(g, bookPath(v, f.No)+"/try", "", 0)
	}
	c.busy.Go(func() {
		defer cancel()
		err := c.runTrial(ctx, v, f, x)
		if err != nil && !errors.Is(err, context.Canceled) {
			c.hall.Log().ErrorContext(ctx, "trial", "error", err.Error())
		}
		c.trials.end(key, x, err)
	})
	return web.See(g, bookPath(v, f.No)+"/try", "", 0)
}

func (c *Console) runTrial(ctx context.Context, v visit, f *bookFile, x *trial) error {
	o := forecast.TryOptions{AsOf: v.today(), At: v.at, Progress: func(done, of int) { x.done.Store(int64(done)); x.of.Store(int64(of)) }}
	t, err := forecast.Try(ctx, c.DB, v.Who(), c.Keys, v.program, f.parsed, o)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(foundOf(t))
	if err != nil {
		return err
	}
	return c.DB.InTx(ctx, v.Who(), func(tx *sqlx.Tx) error {
		return program.KeepTrial(ctx, tx, v.Who(), v.program.ID, program.Trial{Hash: f.Hash, AsOf: v.today(), At: v.at, Found: string(raw)})
	})
}

// stopTrial ends a trial that runs.
func (c *Console) stopTrial(g *gin.Context, v visit) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	if x, ok := c.trials.find(trialKey{v.Tenant, v.program.ID, f.Hash}); ok {
		x.cancel()
	}
	return web.See(g, bookPath(v, f.No)+"/try", "trial_stopped", 0)
}

// trial shows how far a trial is, or what the last one found.
func (c *Console) trial(g *gin.Context, v visit) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	w := v.words
	p := c.page(g, v, w.T("console.trial.title", i18n.Args{"book": bookName(v, f.No)}),
		parts.Link{Text: w.T("console.nav.rules"), To: v.base() + "/rules"}, parts.Link{Text: bookName(v, f.No), To: bookPath(v, f.No)})
	p.Lead = w.T("console.trial.lead")
	view := pages.Trial{}
	if v.May(auth.TryRules) && f.parsed != nil {
		view.Post = bookPath(v, f.No) + "/try"
	}
	if x, ok := c.trials.find(trialKey{v.Tenant, v.program.ID, f.Hash}); ok {
		c.trialWork(v, f, x, &view)
	}
	if view.Work != nil {
		p.Reload = 3
		if g.GetHeader("HX-Request") == "true" {
			return c.show(g, parts.Progress(p, *view.Work))
		}
		return c.show(g, pages.TrialPage(p, view))
	}
	kept, ok, err := c.lastTrial(g, v, f.Hash)
	if err != nil {
		return err
	}
	if ok {
		trialView(v, f, kept, &view)
	}
	return c.show(g, pages.TrialPage(p, view))
}

func (c *Console) trialWork(v visit, f *bookFile, x *trial, view *pages.Trial) {
	c.trials.mu.Lock()
	ended, stopped := x.ended, x.stopped
	c.trials.mu.Unlock()
	switch {
	case stopped:
		view.Failed = v.words.T("console.trial.stopped")
	case ended:
		view.Failed = v.words.T("console.trial.failed")
	default:
		done, of := int(x.done.Load()), int(x.of.Load())
		path := bookPath(v, f.No) + "/try"
		view.Work = &parts.Work{ID: "work", Label: v.words.T("console.trial.working"), Done: done, Of: of, Running: true, Watch: path,
			Says: v.words.T("console.jobs.progress", i18n.Args{"done": done, "of": of})}
		view.Cancel = path + "/cancel"
	}
}

func (c *Console) lastTrial(g *gin.Context, v visit, hash string) (t program.Trial, ok bool, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		t, ok, err = program.LastTrial(ctx, q, v.program.ID, hash)
		return err
	})
	return t, ok, err
}

// trialView is what a trial found, in figures and tables.
func trialView(v visit, f *bookFile, kept program.Trial, view *pages.Trial) {
	var x found
	if err := json.Unmarshal([]byte(kept.Found), &x); err != nil {
		view.Failed = v.words.T("console.trial.failed")
		return
	}
	w := v.words
	view.Says = w.T("console.trial.says", i18n.Args{"by": actor(v, kept.By), "at": kept.At.In(v.at.Location()), "on": kept.AsOf})
	if kept.AsOf != v.today() || f.inEffect != nil && x.Against != f.inEffect.Hash {
		view.Old = w.T("console.trial.old")
	}
	view.Figures = []parts.Figure{
		{Label: w.T("console.trial.difference"), Value: w.Money(x.After.Sub(x.Before)), Note: w.N("console.trial.children", x.Children), Major: true},
		{Label: w.T("console.trial.gain"), Value: w.Money(x.Gain.Amount), Note: w.N("console.trial.children", x.Gain.Children)},
		{Label: w.T("console.trial.lose"), Value: w.Money(x.Lose.Amount), Note: w.N("console.trial.children", x.Lose.Children)},
		{Label: w.T("console.trial.year"), Value: w.Money(x.Year), Note: w.T("console.trial.same_year", i18n.Args{"amount": x.SameYear})},
		{Label: w.T("console.trial.most"), Value: w.Money(x.Most), Note: noLimit(v, x.NoLimit)},
		{Label: w.T("console.trial.excess"), Value: w.Money(x.Excess), Note: w.N("console.trial.awards", x.Excesses)},
		{Label: w.T("console.trial.admitted"), Value: w.Int(x.Admitted)},
		{Label: w.T("console.trial.excluded"), Value: w.Int(x.Excluded)},
	}
	for _, t := range []struct {
		key  string
		rows []forecast.Difference
	}{{"by_benefit", x.Benefits}, {"by_fund", x.FundParts}, {"by_school", x.Schools}, {"by_month", x.Months}} {
		view.Tables = append(view.Tables, differences(v, f, t.key, t.rows))
	}
	for _, r := range x.Funds {
		view.Funds = append(view.Funds, pages.TrialFund{Name: r.Name, Available: r.Available, Drawn: r.After.Drawn, Left: r.After.Left, Short: r.After.Short, DryOn: r.After.DryOn, DryBefore: r.Before.DryOn})
	}
}

func noLimit(v visit, benefits []string) string {
	if len(benefits) == 0 {
		return ""
	}
	return v.words.T("console.trial.no_limit", i18n.Args{"benefits": v.words.List(benefits)})
}

func differences(v visit, f *bookFile, key string, rows []forecast.Difference) pages.TrialTable {
	t := pages.TrialTable{Caption: v.words.T("console.trial." + key)}
	for _, d := range rows {
		name := d.Label
		switch {
		case name != "":
		case key == "by_month":
			name = periodName(v, d.Name)
		case key == "by_benefit":
			name = benefitName(v, f.parsed, d.Name)
		case key == "by_fund":
			name = f.names.Funds[d.Name]
		case key == "by_school":
			name = f.names.Schools[d.Name]
		}
		if name == "" {
			name = d.Name
		}
		if name == "" {
			name = v.words.T("console.trial.no_school")
		}
		t.Rows = append(t.Rows, pages.TrialRow{Name: name, Children: d.Children, Before: d.Before, After: d.After})
	}
	return t
}
