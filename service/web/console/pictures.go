package console

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/report"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// Faults of a picture's address.
var (
	// errPeriod reports days in the wrong order, or too many.
	errPeriod = fault.New(fault.Invalid, "pictures.bad_period")
	// errPart reports a cohort, school or channel that the program has not.
	errPart = fault.New(fault.Invalid, "pictures.bad_part")
)

// mostMonths is how much time a picture shows.
const mostMonths = 60

// gallery is everything that the pages and files of pictures are made of.
type gallery struct {
	report.Picture
	there   bool
	part    report.Part
	in      ledger.Period // what of time is shown
	channel string        // "" for all

	all      report.Tally // of the part
	cohorts  []report.Tally
	schools  []report.Tally // all of the program's, to choose from
	whole    []report.Tally // cohorts of the whole program, to choose from
	months   []report.Month
	days     []report.Day
	exposure forecast.Exposure
	foreseen program.Foreseen
	known    bool // a forecast was kept
}

// openGallery reads what the address asks for; problems are what is wrong with
// it, and then everything is shown.
func (c *Console) openGallery(g *gin.Context, v visit) (k gallery, problems []parts.Problem, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if k.Picture, k.there, err = report.LastPicture(ctx, q, v.program); err != nil || !k.there {
			return err
		}
		if k.whole, err = report.Tallies(ctx, q, k.Picture, report.All, report.ByCohort); err != nil {
			return err
		}
		if k.schools, err = report.Tallies(ctx, q, k.Picture, report.All, report.BySchool); err != nil {
			return err
		}
		problems = web.Problems(v.words, k.address(g))
		return k.fill(ctx, q, v)
	})
	if err == nil && k.known {
		err = json.Unmarshal([]byte(k.foreseen.Found), &k.exposure)
	}
	return k, problems, err
}

// address reads which part of the program and what of time is shown.
func (k *gallery) address(g *gin.Context) error {
	f := web.ReadQuery(g)
	k.part, k.in = report.All, k.usual()
	if f.Optional("cohort") != "" {
		k.part.Cohort = f.Int("cohort", 1900, 2200)
	}
	if f.Optional("school") != "" {
		k.part.School = int64(f.Int("school", 0, 1<<62))
	}
	k.channel = f.Optional("channel")
	if f.Optional("from") != "" {
		k.in.First = f.Date("from")
	}
	if f.Optional("until") != "" {
		k.in.Last = f.Date("until")
	}
	has := func(all []report.Tally, key string) bool {
		return slices.ContainsFunc(all, func(t report.Tally) bool { return t.Key == key })
	}
	if f.Err() == nil {
		if k.part.Cohort != report.Whole && !has(k.whole, strconv.Itoa(k.part.Cohort)) {
			f.Fail("cohort", errPart)
		}
		if k.part.School != report.Whole && !has(k.schools, strconv.FormatInt(k.part.School, 10)) {
			f.Fail("school", errPart)
		}
		if k.in.Last.Before(k.in.First) || k.in.Last.After(k.in.First.AddMonths(mostMonths)) {
			f.Fail("from", errPeriod)
		}
	}
	if err := f.Err(); err != nil {
		k.part, k.in, k.channel = report.All, k.usual(), ""
		return err
	}
	return nil
}

// usual is what is shown where nobody says otherwise: a year of whole months.
func (k *gallery) usual() ledger.Period {
	first := ledger.NewDate(k.AsOf.Year(), k.AsOf.Month(), 1).AddMonths(-11)
	return ledger.Period{First: first, Last: k.AsOf}
}

func (k *gallery) fill(ctx context.Context, q sqlx.QueryerContext, v visit) error {
	tallies, err := report.Tallies(ctx, q, k.Picture, k.part, report.ByNothing)
	if err != nil {
		return err
	}
	if len(tallies) == 1 {
		k.all = tallies[0]
	}
	if k.cohorts, err = report.Tallies(ctx, q, k.Picture, k.part, report.ByCohort); err != nil {
		return err
	}
	if k.months, err = report.Months(ctx, q, k.Picture, k.part, k.in); err != nil {
		return err
	}
	if k.days, err = report.Days(ctx, q, k.Picture, k.part, k.in); err != nil {
		return err
	}
	k.foreseen, k.known, err = program.LastForecast(ctx, q, v.program.ID, "")
	return err
}

// query is the address behind the question mark.
func (k *gallery) query() string {
	q := url.Values{}
	if k.part.Cohort != report.Whole {
		q.Set("cohort", strconv.Itoa(k.part.Cohort))
	}
	if k.part.School != report.Whole {
		q.Set("school", strconv.FormatInt(k.part.School, 10))
	}
	if k.channel != "" {
		q.Set("channel", k.channel)
	}
	if k.in.First != k.usual().First {
		q.Set("from", k.in.First.String())
	}
	if k.in.Last != k.usual().Last {
		q.Set("until", k.in.Last.String())
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// pictures shows the program where people would rather look than read.
func (c *Console) pictures(g *gin.Context, v visit) error {
	k, problems, err := c.openGallery(g, v)
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("pictures.title"))
	p.Lead, p.Problems = v.words.T("pictures.lead"), problems
	view := pages.Pictures{None: !k.there, Jobs: v.base() + "/jobs", Equity: v.base() + "/pictures/equity"}
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	if k.there {
		k.filters(g, v, &view)
		view.Says = v.words.T("pictures.says", i18n.Args{"on": k.AsOf, "at": k.DrawnAt.In(v.at.Location()), "n": k.all.Children})
		view.Figures = k.figures(v)
		view.Funnel = k.funnel(v)
		view.Savings, view.Moved = k.savings(p)
		k.funds(v, &view)
		view.Activity = k.activity(p)
		view.Measures = measureTable(v, k.measures(v))
		view.Files = k.files(v, pictureFiles)
	}
	return c.hall.Show(g, status, pages.PicturesPage(p, view))
}

// filters offers the parts, and keeps what was typed.
func (k *gallery) filters(g *gin.Context, v visit, view *pages.Pictures) {
	w, f := v.words, web.ReadQuery(g)
	view.Self = v.base() + "/pictures"
	view.Cohort, view.School, view.Channel = f.Peek("cohort"), f.Peek("school"), f.Peek("channel")
	view.From, view.Until = cmp.Or(f.Peek("from"), k.in.First.String()), cmp.Or(f.Peek("until"), k.in.Last.String())
	view.Cohorts = []parts.Choice{{Text: w.T("pictures.all_cohorts")}}
	for _, t := range k.whole {
		view.Cohorts = append(view.Cohorts, parts.Choice{Value: t.Key, Text: schoolYear(t.Key)})
	}
	view.Schools = []parts.Choice{{Text: w.T("pictures.all_schools")}}
	for _, t := range k.schools {
		view.Schools = append(view.Schools, parts.Choice{Value: t.Key, Text: cmp.Or(t.Name, w.T("pictures.no_school"))})
	}
	view.Channels = []parts.Choice{{Text: w.T("pictures.all_channels")}}
	for _, name := range k.channels() {
		view.Channels = append(view.Channels, parts.Choice{Value: name, Text: named(v, "console.channel.", name)})
	}
}

// channels are those by which families paid in, and the chosen one.
func (k *gallery) channels() (all []string) {
	for _, d := range k.days {
		if !slices.Contains(all, d.Channel) {
			all = append(all, d.Channel)
		}
	}
	if k.channel != "" && !slices.Contains(all, k.channel) {
		all = append(all, k.channel)
	}
	slices.Sort(all)
	return all
}

// schoolYear is "2025–26" for the year in which it began.
func schoolYear(key string) string {
	year, err := strconv.Atoi(key)
	if err != nil {
		return key
	}
	return key + "–" + strconv.Itoa(year + 1)[2:]
}

func (k *gallery) figures(v visit) []parts.Figure {
	w, t := v.words, k.all
	return []parts.Figure{
		{Label: w.T("pictures.stage.enrolled"), Value: w.Int(t.Children), Major: true},
		{Label: w.T("pictures.stage.activated"), Value: percentOf(v, t.Activated, t.Children)},
		{Label: w.T("pictures.stage.savers"), Value: percentOf(v, t.Savers, t.Children)},
		{Label: w.T("pictures.on_accounts"), Value: w.Money(t.Own.Add(t.Program)), Note: w.T("pictures.of_it_own", i18n.Args{"own": t.Own})},
	}
}

// ratio is a part of a whole, 0 of nothing.
func ratio(part, whole int) decimal.Decimal {
	if whole == 0 {
		return decimal.Zero
	}
	return decimal.New(int64(part), 0).DivRound(decimal.New(int64(whole), 0), 6)
}

func percentOf(v visit, part, whole int) string {
	if whole == 0 {
		return v.words.T("pictures.of_nobody")
	}
	return v.words.Percent(ratio(part, whole).Round(3))
}

// stage is a step of the funnel.
type stage struct {
	name  string
	count func(report.Tally) int
}

// stages are how far children come. They are counted each by itself: a family
// may save that never opened the account.
var stages = []stage{
	{"enrolled", func(t report.Tally) int { return t.Children }},
	{"activated", func(t report.Tally) int { return t.Activated }},
	{"saving", func(t report.Tally) int { return t.Saving }},
	{"savers", func(t report.Tally) int { return t.Savers }},
	{"regular", func(t report.Tally) int { return t.Regular }},
	{"matched", func(t report.Tally) int { return t.MatchedEver }},
	{"capped", func(t report.Tally) int { return t.Capped }},
}

func (k *gallery) funnel(v visit) parts.Ladder {
	w := v.words
	out := parts.Ladder{ID: "funnel", Title: w.T("pictures.funnel.caption"), Summary: w.T("pictures.funnel.says"),
		Table: parts.Table{Caption: w.T("pictures.funnel.by_cohort"), Columns: []parts.Column{{Name: w.T("pictures.cohort")}}}}
	for _, s := range stages {
		n := s.count(k.all)
		out.Rungs = append(out.Rungs, parts.Rung{Label: w.T("pictures.stage." + s.name), Share: ratio(n, k.all.Children),
			Value: w.T("pictures.count_share", i18n.Args{"n": n, "share": percentOf(v, n, k.all.Children)})})
		out.Table.Columns = append(out.Table.Columns, parts.Column{Name: w.T("pictures.stage." + s.name), Number: true})
	}
	row := func(name string, t report.Tally, strong bool) parts.TableRow {
		r := parts.TableRow{Cells: []parts.Cell{parts.Text(name)}, Strong: strong}
		for i, s := range stages {
			cell := parts.Text(w.Int(s.count(t)))
			if i > 0 {
				cell.Note = percentOf(v, s.count(t), t.Children)
			}
			r.Cells = append(r.Cells, cell)
		}
		return r
	}
	for _, t := range k.cohorts {
		out.Table.Rows = append(out.Table.Rows, row(schoolYear(t.Key), t, false))
	}
	out.Table.Foot = []parts.TableRow{row(w.T("pictures.total"), k.all, true)}
	return out
}

// savings are the balances at the end of each month, and what moved.
func (k *gallery) savings(p *parts.Page) (chart parts.Chart, moved parts.Table) {
	chart = parts.Chart{ID: "savings", Title: p.T("pictures.savings.title"), Period: p.T("pictures.month")}
	moved = parts.Table{Caption: p.T("pictures.savings.moved"), Columns: []parts.Column{{Name: p.T("pictures.month")}}}
	for _, o := range report.Owners {
		name := p.T("pictures.owner." + string(o))
		chart.Parts = append(chart.Parts, name)
		moved.Columns = append(moved.Columns, parts.Column{Name: name, Number: true})
	}
	moved.Columns = append(moved.Columns, parts.Column{Name: p.T("pictures.net"), Number: true}, parts.Column{Name: p.T("pictures.balance"), Number: true})
	for i, m := range k.months {
		short := p.MonthShort(m.First)
		if i == 0 || m.First.Month() == 1 {
			short += " " + strconv.Itoa(m.First.Year())[2:]
		}
		bar := parts.Bar{Label: p.Month(m.First), Short: short}
		row := parts.TableRow{Cells: []parts.Cell{parts.Text(p.Month(m.First))}}
		for _, o := range report.Owners {
			bar.Amounts = append(bar.Amounts, m.Balance[o])
			row.Cells = append(row.Cells, p.MoneyCell(m.Moved[o]))
		}
		row.Cells = append(row.Cells, p.MoneyCell(m.Net()), p.MoneyCell(m.Total()))
		chart.Bars, moved.Rows = append(chart.Bars, bar), append(moved.Rows, row)
	}
	if n := len(k.months); n > 0 {
		chart.Summary = p.T("pictures.savings.says", i18n.Args{"from": k.months[0].Total(), "to": k.months[n-1].Total(), "own": k.months[n-1].Balance[report.OfFamily]})
	}
	return chart, moved
}

// funds holds what the kept forecast says against each fund's money.
func (k *gallery) funds(v visit, view *pages.Pictures) {
	w := v.words
	view.FundsTo = parts.Link{Text: w.T("pictures.funds.to_forecast"), To: v.base() + "/forecast"}
	switch {
	case !v.May(auth.SeeFunds):
		view.FundsNone = w.T("pictures.funds.not_yours")
		view.FundsTo = parts.Link{}
		return
	case !k.known:
		view.FundsNone = w.T("pictures.funds.none_why")
		return
	}
	view.Funds = parts.Ladder{ID: "funds", Title: w.T("pictures.funds.caption"),
		Summary: w.T("pictures.funds.says", i18n.Args{"on": k.foreseen.AsOf, "in": k.exposure.In}),
		Table:   parts.Table{Caption: w.T("pictures.funds.caption"), Columns: []parts.Column{{Name: w.T("pictures.funds.fund")}}}}
	var most int64 = 1
	for _, f := range k.exposure.Funds {
		for _, a := range exposed(f) {
			most = max(most, a.Minor())
		}
	}
	for _, name := range exposedNames {
		view.Funds.Table.Columns = append(view.Funds.Table.Columns, parts.Column{Name: w.T("pictures.funds." + name), Number: true})
	}
	for _, f := range k.exposure.Funds {
		row := parts.TableRow{Cells: []parts.Cell{parts.Text(f.Name)}}
		for i, a := range exposed(f) {
			r := parts.Rung{Label: w.T("pictures.funds." + exposedNames[i]), Value: w.Money(a), Part: []int{0, 1, 2, 2}[i],
				Share: decimal.New(a.Minor(), 0).DivRound(decimal.New(most, 0), 6)}
			if i == 0 {
				r.Head = f.Name
			}
			view.Funds.Rungs = append(view.Funds.Rungs, r)
			row.Cells = append(row.Cells, parts.Text(w.Money(a)))
		}
		view.Funds.Table.Rows = append(view.Funds.Table.Rows, row)
	}
}

// exposedNames are what a fund's money is held against, in the order of exposed.
var exposedNames = []string{"has", "promised", "likely", "most"}

func exposed(f forecast.FundExposure) []ledger.Amount {
	var most ledger.Amount
	for _, q := range f.Periods {
		most = most.Add(q.Maximum)
	}
	return []ledger.Amount{f.Available, f.Accrued, f.Year.P50, most}
}

// activity is when families pay in, day by day.
func (k *gallery) activity(p *parts.Page) parts.YearMap {
	out := parts.YearMap{ID: "activity", Title: p.T("pictures.activity.title"), Days: map[ledger.Date]int{},
		Table: parts.Table{Caption: p.T("pictures.activity.title"), Columns: []parts.Column{{Name: p.T("pictures.day")}, {Name: p.T("pictures.deposits"), Number: true}, {Name: p.T("pictures.amount"), Number: true}}}}
	for d := ledger.NewDate(k.in.First.Year(), k.in.First.Month(), 1); !d.After(k.in.Last); d = d.AddMonths(1) {
		out.Months = append(out.Months, d)
	}
	sums := map[ledger.Date]ledger.Amount{}
	var order []ledger.Date
	for _, d := range k.shownDays() {
		if out.Days[d.On] == 0 {
			order = append(order, d.On)
		}
		out.Days[d.On] += d.Deposits
		sums[d.On] = sums[d.On].Add(d.Amount)
	}
	var busiest ledger.Date
	for _, d := range order {
		if out.Days[d] > out.Days[busiest] {
			busiest = d
		}
		out.Table.Rows = append(out.Table.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(p.Date(d)), parts.Text(p.Int(out.Days[d])), p.MoneyCell(sums[d])}})
	}
	out.Summary = p.T("pictures.activity.none")
	if len(order) > 0 {
		out.Summary = p.N("pictures.activity.says", len(order), i18n.Args{"day": busiest, "most": out.Days[busiest]})
	}
	return out
}

// shownDays are the days of the chosen channel.
func (k *gallery) shownDays() (out []report.Day) {
	for _, d := range k.days {
		if k.channel == "" || d.Channel == k.channel {
			out = append(out, d)
		}
	}
	return out
}
