package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/period"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// monthsShown is how many months the page of periods lists.
const monthsShown = 12

func monthPath(v visit, m period.Month) string { return v.base() + "/periods/" + m.String() }

// periodFile is what a page about a month is made of.
type periodFile struct {
	month  period.Month
	closed ledger.Date // through which the book is closed; no day: not at all
	locks  []period.Lock
	points []period.Point
	waits  approval.Request // ID 0: none
	typed  typedPeriod
}

// typedPeriod is what a form of the page was sent with.
type typedPeriod struct{ item, note, reason string }

// periods shows the months of a program's books, and leads to the one that is next
// to be closed.
func (c *Console) periods(g *gin.Context, v visit) error {
	return c.showPeriod(g, v, http.StatusOK, nil, typedPeriod{})
}

// monthOf is the month that an address names, or the next one to be closed.
func (f *periodFile) monthOf(g *gin.Context, v visit) (err error) {
	if text := g.Param("month"); text != "" {
		if f.month, err = period.ParseMonth(text); err != nil {
			return web.ErrNoPage
		}
		return nil
	}
	f.month = period.MonthOf(v.today().AddMonths(-1))
	if next := f.closed.AddDays(1); !f.closed.IsZero() && next.Before(v.today()) {
		f.month = period.MonthOf(next)
	}
	return nil
}

func (c *Console) openPeriod(ctx context.Context, q sqlx.QueryerContext, g *gin.Context, v visit) (f periodFile, err error) {
	if f.closed, err = ledger.ClosedThrough(ctx, q, v.program.Book); err != nil {
		return f, err
	}
	if err = f.monthOf(g, v); err != nil {
		return f, err
	}
	if f.locks, err = period.Locks(ctx, q, v.program); err != nil {
		return f, err
	}
	if f.points, err = period.Checklist(ctx, q, v.program, f.month, v.at); err != nil {
		return f, err
	}
	f.waits, err = period.Waits(ctx, q, v.program, f.month)
	if errors.Is(err, approval.ErrNone) {
		err = nil
	}
	return f, err
}

func (c *Console) showPeriod(g *gin.Context, v visit, status int, problems []parts.Problem, typed typedPeriod) error {
	var f periodFile
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		f, err = c.openPeriod(ctx, q, g, v)
		return err
	})
	if err != nil {
		return err
	}
	f.typed = typed
	p := c.page(g, v, v.words.T("money.periods.title"), parts.Link{Text: v.words.T("console.nav.books"), To: v.base() + "/books"})
	p.Lead, p.Problems = v.words.T("money.periods.lead"), problems
	return c.hall.Show(g, status, pages.PeriodsPage(p, f.view(v)))
}

func (f periodFile) isClosed() bool { return !f.closed.IsZero() && !f.month.First.After(f.closed) }

func (f periodFile) view(v visit) pages.Periods {
	w := v.words
	view := pages.Periods{Month: w.Month(f.month.First), Explain: monthPath(v, f.month) + "/explain", Item: f.typed.item, Note: f.typed.note, Reason: f.typed.reason}
	for i := range monthsShown {
		m := period.MonthOf(v.today().AddMonths(-i))
		line := pages.PeriodLine{Name: w.Month(m.First), To: monthPath(v, m), Current: m == f.month, State: f.state(v, m)}
		view.Months = append(view.Months, line)
	}
	for _, l := range f.locks {
		day := w.T("money.periods.nothing")
		if !l.Through.IsZero() {
			day = w.Date(l.Through)
		}
		tx := txFile{}
		said, to := tx.approved(v, l.Approval)
		view.Locks = append(view.Locks, pages.PeriodLock{Act: w.T("money.periods.act." + l.Act), Through: day, At: l.At.In(v.at.Location()), By: actor(v, l.Maker), Approval: parts.Link{Text: said, To: to}, Reason: l.Reason})
	}
	f.fill(v, &view)
	return view
}

// state is where a month stands.
func (f periodFile) state(v visit, m period.Month) parts.Status {
	switch {
	case !f.closed.IsZero() && !m.Last.After(f.closed):
		return parts.Status{Text: v.words.T("money.periods.state.closed"), Tone: parts.Good}
	case !m.Last.Before(v.today()):
		return parts.Status{Text: v.words.T("money.periods.state.running"), Tone: parts.Quiet}
	}
	return parts.Status{Text: v.words.T("money.periods.state.open"), Tone: parts.Caution}
}

// fill adds the checklist and what may be done about the month.
func (f periodFile) fill(v visit, view *pages.Periods) {
	w := v.words
	view.Points = make([]pages.PeriodPoint, 0, len(f.points))
	for _, p := range f.points {
		tone := map[period.State]parts.Tone{period.Settled: parts.Good, period.Explained: parts.Info, period.Open: parts.Caution}[p.State]
		line := pages.PeriodPoint{Name: w.T("money.point." + p.Name), State: parts.Status{Text: w.T("money.point_state." + string(p.State)), Tone: tone}, To: f.pointPath(v, p.Name)}
		if p.N > 0 {
			line.Says = w.N("money.point_count", p.N)
		}
		if !p.Amount.IsZero() {
			line.Amount = w.Money(p.Amount)
		}
		if p.Note != nil {
			line.Note = w.T("money.point_note", map[string]any{"by": actor(v, p.Note.By), "at": w.Time(p.Note.At.In(v.at.Location())), "note": p.Note.Text})
		}
		view.Points = append(view.Points, line)
		if p.State == period.Open && p.Name != period.Balanced {
			view.Open = append(view.Open, parts.Choice{Value: p.Name, Text: w.T("money.point." + p.Name)})
		}
	}
	if f.waits.ID != 0 {
		view.Waits = parts.Link{Text: requestName(v, f.waits), To: requestPath(f.waits.ID)}
	}
	view.May = v.May(auth.ClosePeriods)
	switch {
	case f.waits.ID != 0 || !view.May:
	case f.isClosed():
		view.Reopen = monthPath(v, f.month) + "/reopen"
	case f.month.Last.Before(v.today()):
		view.Close = monthPath(v, f.month) + "/close"
	}
	view.Closed = f.isClosed()
}

// pointPath is where a point of the checklist is settled.
func (f periodFile) pointPath(v visit, point string) string {
	last := f.month.Last.String()
	switch point {
	case period.Jobs:
		return v.base() + "/jobs?job=awards&as_of=" + last
	case period.Statements:
		return v.base() + "/jobs?job=statements&as_of=" + last
	case period.Verified:
		return v.base() + "/jobs?job=verify&as_of=" + v.today().String()
	case period.Suspense:
		return v.base() + "/deposits"
	case period.Excesses:
		return v.base() + "/excesses"
	case period.Queue:
		return v.base() + "/children?about=waiting"
	case period.Requests:
		return v.base() + "/approvals?show=all&state=waiting"
	}
	return v.base() + "/books?on=" + last
}

// explainPoint writes why a point of the checklist is not settled.
func (c *Console) explainPoint(g *gin.Context, v visit) error {
	return c.aboutPeriod(g, v, func(ctx context.Context, tx *sqlx.Tx, m period.Month, typed typedPeriod) (string, error) {
		return monthPath(v, m), period.Explain(ctx, tx, v.Who(), v.program, m, typed.item, typed.note, v.at)
	})
}

// askClose has closing a month wait for another person.
func (c *Console) askClose(g *gin.Context, v visit) error {
	return c.aboutPeriod(g, v, func(ctx context.Context, tx *sqlx.Tx, m period.Month, typed typedPeriod) (string, error) {
		id, err := period.ProposeClose(ctx, tx, v.Who(), v.program, m, typed.reason, v.at)
		return requestPath(id), err
	})
}

// askReopen has opening a month again wait for two other persons.
func (c *Console) askReopen(g *gin.Context, v visit) error {
	return c.aboutPeriod(g, v, func(ctx context.Context, tx *sqlx.Tx, m period.Month, typed typedPeriod) (string, error) {
		id, err := period.ProposeReopen(ctx, tx, v.Who(), v.program, m, typed.reason, v.at)
		return requestPath(id), err
	})
}

// aboutPeriod reads a form of the page, does what it asks for, and goes where
// that leads; or shows the page again with what is wrong.
func (c *Console) aboutPeriod(g *gin.Context, v visit, do func(ctx context.Context, tx *sqlx.Tx, m period.Month, typed typedPeriod) (string, error)) error {
	m, err := period.ParseMonth(g.Param("month"))
	if err != nil {
		return web.ErrNoPage
	}
	form, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := typedPeriod{form.Optional("item"), form.Block("note", 2000), form.Block("reason", 4000)}
	to := ""
	if err = form.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			to, err = do(ctx, tx, m, typed)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showPeriod(g, v, web.Status(err), problems, typed)
	}
	if err != nil {
		return err
	}
	done := "request_asked"
	if to == monthPath(v, m) {
		done = "point_explained"
	}
	return web.See(g, to, done, 0)
}

// periodFacts are what a request about a period says of itself.
func (f *requestFile) periodFacts(v visit, add func(key, value, to string)) {
	w := v.words
	m, err := period.MonthIn(f.Request)
	if err != nil {
		return
	}
	add("month", w.Month(m.First), monthPath(v, m))
	if f.Kind == approval.Reopen {
		var o period.Opening
		if json.Unmarshal(f.says.Details, &o) == nil {
			add("reopened", w.Date(o.Closed), "")
		}
		return
	}
	var c period.Closing
	if json.Unmarshal(f.says.Details, &c) != nil {
		return
	}
	add("through", w.Date(c.Through), "")
	add("trial", w.Money(c.Debit), v.base()+"/books?on="+c.Through.String())
	var explained []string
	for _, p := range c.Points {
		if p.State == period.Explained {
			explained = append(explained, w.T("money.point."+p.Name))
		}
	}
	add("points", strconv.Itoa(len(c.Points)), monthPath(v, m))
	add("explained", w.List(explained), monthPath(v, m))
}
