package console

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/report"
	"seedbook/service/rulebook"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// waitingPerPage is how many of those who wait for a fund its page shows.
const waitingPerPage = 25

// fundFile is everything a fund's page is made of.
type fundFile struct {
	fund.Fund
	in       ledger.Period // whole months
	rolled   report.RollForward
	months   report.FundMonths
	receipts []report.FundReceipt
	given    []report.Given
	pace     report.LowFund
	after    int // of the queue
	queue    report.Queue

	rule  *rules.Book // in effect; nil for none
	no    program.BookNo
	names rulebook.Names
	kept  kept // the newest forecast
}

// openFund reads what an address of a fund's page asks for.
func (c *Console) openFund(g *gin.Context, v visit, queue int) (*fundFile, error) {
	f := &fundFile{in: ledger.Period{First: ledger.NewDate(v.today().Year(), 1, 1), Last: v.today()}}
	form := web.ReadQuery(g)
	for name, d := range map[string]*ledger.Date{"from": &f.in.First, "to": &f.in.Last} {
		if form.Optional(name) != "" {
			*d = form.Date(name)
		}
	}
	if form.Optional("after") != "" {
		f.after = form.Int("after", 0, 1<<31)
	}
	if form.Err() == nil && (f.in.Last.Before(f.in.First) || f.in.Last.After(f.in.First.AddMonths(mostMonths))) {
		form.Fail("from", errPeriod)
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	f.in.First = ledger.NewDate(f.in.First.Year(), f.in.First.Month(), 1)
	f.in.Last = ledger.NewDate(f.in.Last.Year(), f.in.Last.Month()+1, 1).AddDays(-1)
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		return f.load(ctx, q, v, g.Param("fund"), queue)
	})
	if err != nil {
		return nil, err
	}
	f.kept, err = c.openForecast(g, v, "")
	return f, err
}

func (f *fundFile) load(ctx context.Context, q sqlx.QueryerContext, v visit, code string, queue int) (err error) {
	if f.Fund, err = fund.ByCode(ctx, q, v.program.ID, code); err != nil {
		return err
	}
	all, err := report.RollForwards(ctx, q, v.program, f.in)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Fund.ID == f.ID {
			f.rolled = r
		}
	}
	if f.months, err = report.OfFund(ctx, q, v.program, f.Fund, f.in); err != nil {
		return err
	}
	if f.receipts, err = report.FundReceipts(ctx, q, f.Fund); err != nil {
		return err
	}
	if f.given, err = report.GivenBy(ctx, q, v.program, f.Fund); err != nil {
		return err
	}
	paces, err := report.Paces(ctx, q, v.program, v.at)
	for _, l := range paces {
		if l.ID == f.ID {
			f.pace = l
		}
	}
	if err != nil {
		return err
	}
	if f.queue, err = report.QueueOf(ctx, q, v.program, f.Fund, f.after, queue+1); err != nil {
		return err
	}
	return f.loadRules(ctx, q, v)
}

// loadRules reads the rules in effect, in which a fund's restriction stands.
func (f *fundFile) loadRules(ctx context.Context, q sqlx.QueryerContext, v visit) error {
	b, err := program.RuleBookOn(ctx, q, v.program.ID, v.today())
	if errors.Is(err, program.ErrNoRules) {
		return nil
	}
	if err != nil {
		return err
	}
	f.no = b.No
	if f.rule, err = program.RulesByHash(ctx, q, v.program.ID, b.Hash); err != nil {
		return err
	}
	var names bookFile
	err = names.openNames(ctx, q, v.program.ID)
	f.names = names.names
	return err
}

// fundPage follows one fund through months, and shows what is asked of it.
func (c *Console) fundPage(g *gin.Context, v visit) error {
	f, err := c.openFund(g, v, waitingPerPage)
	if err != nil {
		return err
	}
	p := c.page(g, v, f.Name, parts.Link{Text: v.words.T("console.nav.funds"), To: v.base() + "/funds"})
	p.Lead = f.Funder
	view := f.view(v)
	f.viewAhead(p, v, &view)
	f.viewQueue(v, &view)
	return c.show(g, pages.FundPage(p, view))
}

// lines is where the lines of one line of the chart are, for who may see the books.
func (f *fundFile) lines(v visit, chart ledger.Chart, in ledger.Period, kind string) string {
	if !v.May(auth.SeeBooks) {
		return ""
	}
	return linesOf(v, chart, f.ID, in, 0, kind)
}

func (f *fundFile) view(v visit) pages.Fund {
	w, r, upTo := v.words, f.rolled, ledger.Period{Last: f.in.Last}
	view := pages.Fund{Self: fundPath(v, f.Fund), From: f.in.First.String(), To: f.in.Last.String(), Purpose: f.Purpose, In: f.in, Files: f.files(v)}
	row := func(key string, a ledger.Amount, to string) parts.Row {
		return parts.Row{Term: w.T("console.funds." + key), Value: w.Money(a), To: to}
	}
	view.Position = []parts.Row{
		row("on_accounts", r.Designated, ""), row("promised", r.Promised, f.lines(v, ledger.Accrued, upTo, "")), row("cash", r.Cash, f.lines(v, ledger.RestrictedCash, upTo, "")),
		row("custodied", r.Custodied, f.lines(v, ledger.CustodialCash, upTo, "")), row("receivable", r.Receivable, f.lines(v, ledger.PledgesReceivable, upTo, "")),
	}
	if v.May(auth.SeeApprovals) {
		view.Paper = fundDocumentPath(v, f.Document)
	}
	f.viewMonths(v, &view)
	f.viewLists(v, &view)
	if f.rule != nil {
		view.Rules = bookPath(v, f.no)
		for _, p := range rulebook.PaidFrom(w, f.rule, f.Code, f.names) {
			view.Paid = append(view.Paid, pages.FundPayment(p))
		}
	}
	return view
}

// viewMonths shows the months with what each benefit used, and whether they agree
// with the books: month by month with the accounts of children, and at the end with
// the trial balance.
func (f *fundFile) viewMonths(v visit, view *pages.Fund) {
	for _, id := range f.months.Benefits {
		view.Benefits = append(view.Benefits, f.benefit(v, id))
	}
	view.Ties = f.rolled.Balance.Cmp(f.months.Whole.Closing) == 0
	month := func(m report.FundMonth, name, to string) (out pages.FundMonth) {
		out = pages.FundMonth{Name: name, To: to, Opening: m.Opening, Received: m.Received, GivenBack: m.GivenBack, Other: m.Other, Closing: m.Closing}
		for _, id := range f.months.Benefits {
			out.Used = append(out.Used, m.ByBenefit[id].Used)
		}
		view.Ties = view.Ties && m.Unexplained().IsZero()
		return out
	}
	for _, m := range f.months.Months {
		view.Months = append(view.Months, month(m, v.words.Month(m.In.First), f.lines(v, ledger.Uncommitted, m.In, "")))
	}
	view.Whole = month(f.months.Whole, v.words.T("console.total"), "")
}

func (f *fundFile) benefit(v visit, id string) string {
	if f.rule == nil {
		return id
	}
	return benefitName(v, f.rule, id)
}

func (f *fundFile) viewLists(v visit, view *pages.Fund) {
	for _, got := range f.receipts {
		line := pages.FundReceipt{Reference: got.Reference, Kind: v.words.T("console.receipt.kinds." + string(got.Kind)), Amount: got.Amount, On: got.On, By: actor(v, got.By)}
		if v.May(auth.SeeBooks) {
			line.To = txPath(v, got.No)
		}
		if v.May(auth.SeeApprovals) {
			line.Paper = fundDocumentPath(v, got.Document)
		}
		view.Receipts = append(view.Receipts, line)
	}
	for _, gave := range f.given {
		line := pages.FundGiven{Benefit: f.benefit(v, gave.Benefit), Account: chartName(v, gave.Chart), Children: gave.Children, Amount: gave.Amount}
		if v.May(auth.SeeBooks) {
			line.To = ledgerPath(v, gave.Chart, f.ID, stand{})
		}
		view.Given = append(view.Given, line)
	}
}

// viewAhead says how long the fund lasts at its pace, and what a forecast found.
func (f *fundFile) viewAhead(p *parts.Page, v visit, view *pages.Fund) {
	w := v.words
	view.Forecast = forecastPath(v, "")
	args := i18n.Args{"available": f.pace.Available, "spent": f.pace.Spent, "days": report.PaceDays}
	if view.Runway = w.T("money.fund.no_pace", args); f.pace.Spent.Sign() > 0 {
		view.Runway = w.N("money.fund.pace", f.pace.Days, args)
	}
	i := f.foreseen()
	if i < 0 {
		return
	}
	k := f.kept
	ahead := k.fund(p, v, i, k.found.Funds[i])
	view.Foreseen = &ahead
	view.Says = w.T("console.forecast.says", i18n.Args{"by": actor(v, k.row.By), "at": k.row.At.In(v.at.Location()), "in": k.found.In}) + " " +
		w.T("console.forecast.drawn", i18n.Args{"futures": k.found.Paths, "seed": strconv.FormatUint(k.found.Seed, 10), "sampled": k.found.Sampled, "of": k.found.Children})
	if k.row.AsOf != v.today() || k.book == nil || k.row.Hash != k.book.Hash() {
		view.Old = w.T("console.forecast.old")
	}
}

// foreseen is the fund's place in the newest forecast; -1 for none.
func (f *fundFile) foreseen() int {
	for i, x := range f.kept.found.Funds {
		if f.kept.there && x.Code == f.Code {
			return i
		}
	}
	return -1
}

// viewQueue lists who waits for the fund, first come first.
func (f *fundFile) viewQueue(v visit, view *pages.Fund) {
	w, all := v.words, f.queue.Waiting
	view.QueueSays = w.N("money.fund.waits", f.queue.N, i18n.Args{"amount": f.queue.Amount})
	if f.queue.Elsewhere.Sign() > 0 {
		view.QueueSays += " " + w.T("money.fund.elsewhere", i18n.Args{"amount": f.queue.Elsewhere})
	}
	to := view.Self + "?from=" + view.From + "&to=" + view.To
	if f.after > 0 {
		view.First = to + "#queue"
	}
	if len(all) > waitingPerPage {
		all = all[:waitingPerPage]
		view.Next = to + "&after=" + strconv.Itoa(all[waitingPerPage-1].N) + "#queue"
	}
	for _, x := range all {
		line := pages.FundWaiting{N: w.Int(x.N), Account: x.Enrollment.Account().String(), To: childPath(v, x.Child), Benefit: f.benefit(v, x.Benefit),
			Award: awardPath(v, x.Child, x.Benefit, x.Period), Amount: x.Amount, Since: x.Since}
		if others := f.others(x.Funds); len(others) > 0 {
			line.Note = w.T("money.fund.also", i18n.Args{"funds": w.List(others)})
		}
		view.Queue = append(view.Queue, line)
	}
}

// others are the other funds that may pay what waits.
func (f *fundFile) others(codes string) (out []string) {
	for _, code := range slices.DeleteFunc(strings.Split(codes, ","), func(code string) bool { return code == f.Code }) {
		name := f.names.Funds[code]
		if name == "" {
			name = code
		}
		out = append(out, name)
	}
	return out
}
