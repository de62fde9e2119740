package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errCannotForesee reports a program without rules in effect.
var errCannotForesee = fault.New(fault.Conflict, "console.forecast.cannot")

// spans are how many months ahead a forecast may look; the first is offered.
var spans = []int{12, 24, 36}

// costedShown is how many changes with their cost are listed.
const costedShown = 20

// firstSeed is what futures are drawn from where nobody says otherwise.
const firstSeed = 1

// foreseenKey names a forecast among the work that runs: one at a time for each
// change of a program's rules.
func foreseenKey(v visit, change string) trialKey {
	return trialKey{v.Tenant, v.program.ID, "forecast/" + change}
}

// horizon is how a forecast was asked for.
type horizon struct {
	months int
	seed   uint64
}

// forecastPath is where a forecast is; with a change, its cost.
func forecastPath(v visit, change string) string {
	if change == "" {
		return v.base() + "/forecast"
	}
	return v.base() + "/forecast/changes/" + change
}

// foresee begins a forecast behind the request.
func (c *Console) foresee(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	seed, months := f.Optional("seed"), 0
	h := horizon{seed: uint64(f.Int("seed", 1, 999_999_999))}
	if months = f.Int("months", spans[0], spans[len(spans)-1]); f.Err() == nil {
		h.months = months
		err = c.beginForecast(g, v, "", h)
	} else {
		err = f.Err()
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showForecast(g, v, web.Status(err), problems, pages.Forecast{Seed: seed, Months: strconv.Itoa(months)})
	}
	if err != nil {
		return err
	}
	return web.See(g, forecastPath(v, ""), "", 0)
}

// beginForecast begins a forecast, unless it runs already.
func (c *Console) beginForecast(g *gin.Context, v visit, change string, h horizon) error {
	var book *rules.Book
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		book, err = program.RulesOn(ctx, q, v.program.ID, v.today())
		return err
	})
	if errors.Is(err, program.ErrNoRules) {
		return errCannotForesee
	}
	if err != nil {
		return err
	}
	o := forecast.ExposeOptions{AsOf: v.today(), At: v.at, Months: h.months, Seed: h.seed}
	if change != "" {
		edit, err := forecast.ParseEdit(change)
		if err == nil {
			_, err = edit.Apply(book)
		}
		if err != nil {
			return errChangeValue.At("value")
		}
		o.Changes = []forecast.Edit{edit}
	}
	key := foreseenKey(v, change)
	ctx, cancel := context.WithCancel(context.WithoutCancel(g.Request.Context()))
	x := &trial{cancel: cancel}
	if !c.trials.begin(key, x) {
		cancel()
		return nil
	}
	o.Progress = func(done, of int) { x.done.Store(int64(done)); x.of.Store(int64(of)) }
	c.busy.Go(func() {
		defer cancel()
		err := c.runForecast(ctx, v, change, o)
		if err != nil && !errors.Is(err, context.Canceled) {
			c.hall.Log().ErrorContext(ctx, "forecast", "error", err.Error())
		}
		c.trials.end(key, x, err)
	})
	return nil
}

func (c *Console) runForecast(ctx context.Context, v visit, change string, o forecast.ExposeOptions) error {
	x, err := forecast.Expose(ctx, c.DB, v.Who(), c.Keys, v.program, o)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(x)
	if err != nil {
		return err
	}
	return c.DB.InTx(ctx, v.Who(), func(tx *sqlx.Tx) error {
		return program.KeepForecast(ctx, tx, v.Who(), v.program.ID, program.Foreseen{Change: change, Hash: x.Book, AsOf: o.AsOf, At: v.at, Found: string(raw)})
	})
}

// stopForecast ends a forecast that runs, of the rules or of a change.
func (c *Console) stopForecast(g *gin.Context, v visit) error {
	change := g.Param("change")
	if x, ok := c.trials.find(foreseenKey(v, change)); ok {
		x.cancel()
	}
	return web.See(g, forecastPath(v, change), "forecast_stopped", 0)
}

// forecast shows what funds will be asked for, or how far working it out is.
func (c *Console) forecast(g *gin.Context, v visit) error {
	return c.showForecast(g, v, http.StatusOK, nil, pages.Forecast{})
}

// kept is everything a forecast's page is made of.
type kept struct {
	found  forecast.Exposure
	row    program.Foreseen
	there  bool
	costed []program.Foreseen
	book   *rules.Book
}

// openForecast reads the newest forecast under a change, and the book in effect.
func (c *Console) openForecast(g *gin.Context, v visit, change string) (k kept, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if k.row, k.there, err = program.LastForecast(ctx, q, v.program.ID, change); err != nil {
			return err
		}
		if k.costed, err = program.CostedChanges(ctx, q, v.program.ID, costedShown); err != nil {
			return err
		}
		k.book, err = program.RulesOn(ctx, q, v.program.ID, v.today())
		if errors.Is(err, program.ErrNoRules) {
			return nil
		}
		return err
	})
	if err == nil && k.there {
		err = json.Unmarshal([]byte(k.row.Found), &k.found)
	}
	return k, err
}

func (c *Console) showForecast(g *gin.Context, v visit, status int, problems []parts.Problem, view pages.Forecast) error {
	k, err := c.openForecast(g, v, "")
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("console.forecast.title"))
	p.Lead, p.Problems = v.words.T("console.forecast.lead"), problems
	view.Foreseeing = c.foreseeing(v, "", k)
	if view.Work != nil {
		return c.showWork(g, p, *view.Work, pages.ForecastPage(p, view))
	}
	if k.there {
		k.fill(p, v, &view)
	}
	for _, row := range k.costed {
		if line, ok := costedLine(v, k.book, row); ok {
			view.Costed = append(view.Costed, line)
		}
	}
	if v.May(auth.TryRules) && k.book != nil {
		k.forms(v, &view)
	}
	return c.hall.Show(g, status, pages.ForecastPage(p, view))
}

// forms offers a new forecast, and the cost of a change.
func (k kept) forms(v visit, view *pages.Forecast) {
	view.Post, view.Cost = forecastPath(v, ""), v.base()+"/forecast/changes"
	view.Terms = terms(v, k.book)
	for _, n := range spans {
		view.Spans = append(view.Spans, parts.Choice{Value: strconv.Itoa(n), Text: v.words.N("console.forecast.span", n)})
	}
	if view.Seed == "" && view.Months == "" {
		h := k.horizon()
		view.Seed, view.Months = strconv.FormatUint(h.seed, 10), strconv.Itoa(h.months)
	}
}

// horizon is how the kept forecast was asked for, or how one usually is.
func (k kept) horizon() horizon {
	h := horizon{months: spans[0], seed: firstSeed}
	if !k.there {
		return h
	}
	h.seed = k.found.Seed
	for _, n := range spans {
		if k.row.AsOf.AddMonths(n) == k.found.In.Last {
			h.months = n
		}
	}
	return h
}

// showWork sends a page with work in progress, or the progress alone to who
// watches it.
func (c *Console) showWork(g *gin.Context, p *parts.Page, w parts.Work, page templ.Component) error {
	p.Reload = 3
	if g.GetHeader("HX-Request") == "true" {
		return c.show(g, parts.Progress(p, w))
	}
	return c.show(g, page)
}

// foreseeing is how far a forecast is, or what it says of itself.
func (c *Console) foreseeing(v visit, change string, k kept) (out pages.Foreseeing) {
	w := v.words
	if x, ok := c.trials.find(foreseenKey(v, change)); ok {
		c.trials.mu.Lock()
		ended, stopped := x.ended, x.stopped
		c.trials.mu.Unlock()
		switch {
		case stopped:
			out.Failed = w.T("console.forecast.stopped")
		case ended:
			out.Failed = w.T("console.forecast.failed")
		default:
			done, of := int(x.done.Load()), int(x.of.Load())
			path := forecastPath(v, change)
			out.Work = &parts.Work{ID: "work", Label: w.T("console.forecast.working"), Done: done, Of: of, Running: true, Watch: path,
				Says: w.T("console.jobs.progress", i18n.Args{"done": done, "of": of})}
			out.Cancel = path + "/cancel"
			return out
		}
	}
	if !k.there {
		return out
	}
	out.Says = w.T("console.forecast.says", i18n.Args{"by": actor(v, k.row.By), "at": k.row.At.In(v.at.Location()), "in": k.found.In})
	out.Drawn = w.T("console.forecast.drawn", i18n.Args{"futures": k.found.Paths, "seed": strconv.FormatUint(k.found.Seed, 10), "sampled": k.found.Sampled, "of": k.found.Children})
	if k.row.AsOf != v.today() || k.book == nil || k.row.Hash != k.book.Hash() {
		out.Old = w.T("console.forecast.old")
	}
	return out
}

// fill says what a forecast found, in figures, a table and a chart for each
// fund.
func (k kept) fill(p *parts.Page, v visit, view *pages.Forecast) {
	w, x := v.words, k.found
	view.Figures = []parts.Figure{
		{Label: w.T("console.forecast.total"), Value: w.Money(x.Total.P50), Note: w.T("console.forecast.between", i18n.Args{"low": x.Total.P10, "high": x.Total.P90}), Major: true},
		{Label: w.T("console.forecast.children"), Value: w.Int(x.Children)},
		{Label: w.T("console.forecast.savers"), Value: w.Int(x.Savers), Note: w.T("console.forecast.history", i18n.Args{"in": x.History})},
		{Label: w.T("console.forecast.futures"), Value: w.Int(x.Paths), Note: w.T("console.forecast.from_seed", i18n.Args{"seed": strconv.FormatUint(x.Seed, 10)})},
	}
	if len(x.NoLimit) > 0 {
		names := make([]string, len(x.NoLimit))
		for i, id := range x.NoLimit {
			names[i] = k.benefit(v, id)
		}
		view.NoLimit = w.T("console.forecast.no_limit", i18n.Args{"benefits": w.List(names)})
	}
	for i, f := range x.Funds {
		view.Funds = append(view.Funds, k.fund(p, v, i, f))
	}
}

func (k kept) benefit(v visit, id string) string {
	if k.book == nil {
		return id
	}
	return benefitName(v, k.book, id)
}

func (k kept) fund(p *parts.Page, v visit, n int, f forecast.FundExposure) pages.FundForecast {
	w := v.words
	out := pages.FundForecast{Name: f.Name, Available: f.Available, Promised: f.Accrued, Queued: f.Queued, Low: f.Year.P10, Middle: f.Year.P50, High: f.Year.P90,
		Dry: dryCell(v, f.Dry, k.found.Paths)}
	out.Chart = parts.Range{ID: "fund-" + strconv.Itoa(n+1), Title: f.Name,
		Summary: w.T("console.forecast.fund_says", i18n.Args{"low": f.Year.P10, "high": f.Year.P90, "middle": f.Year.P50, "available": f.Available}),
		Sure:    w.T("console.forecast.promised"), Likely: w.T("console.forecast.likely"), Middle: w.T("console.forecast.middle")}
	var periods []pages.PeriodForecast
	for _, q := range f.Periods {
		out.Most = out.Most.Add(q.Maximum)
		name := periodName(v, q.Name)
		periods = append(periods, pages.PeriodForecast{Name: name, Promised: q.Accrued, Most: q.Maximum, Low: q.P10, Middle: q.P50, High: q.P90, Give: q.Error})
		out.Chart.Spans = append(out.Chart.Spans, parts.Span{Short: q.Name[len(q.Name)-2:] + " " + q.Name[2:4], Sure: q.Accrued, Low: q.P10, Middle: q.P50, High: q.P90})
	}
	out.Chart.Table = pages.ForecastTable(p, f.Name, periods)
	return out
}

// dryCell says when a fund runs dry, if it does.
func dryCell(v visit, d forecast.Dry, of int) parts.Cell {
	w := v.words
	args := i18n.Args{"n": d.Paths, "of": of, "first": d.P10, "last": d.P90}
	if d.Paths == 0 {
		return parts.Text(w.T("console.forecast.lasts"))
	}
	out := parts.Cell{Text: w.T("console.forecast.may_last"), Note: w.T("console.forecast.dry_in", args)}
	if !d.P50.IsZero() {
		out.Text = w.Date(d.P50)
	}
	for _, at := range []struct {
		on  ledger.Date
		key string
	}{{d.P10, "console.forecast.dry_first"}, {d.P90, "console.forecast.dry_last"}} {
		if !at.on.IsZero() {
			out.Note += " " + w.T(at.key, args)
		}
	}
	return out
}
