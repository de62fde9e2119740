package console

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/report"
	"seedbook/service/savings"
	"seedbook/service/sheet"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// accountsPerPage is how many accounts a page of the ledger shows.
const accountsPerPage = 50

// stand is a state of the books as an address asks for it: what counted by the
// end of a day, as it was known by the end of another.
type stand struct {
	report.Moment
	known ledger.Date // no day: now
	fund  ledger.FundID
	after string
}

// readMoment reads a moment; what was known is looked up later.
func readMoment(g *gin.Context) (m stand, err error) {
	f := web.ReadQuery(g)
	if f.Optional("on") != "" {
		m.On = f.Date("on")
	}
	if f.Optional("known") != "" {
		m.known = f.Date("known")
	}
	if f.Optional("fund") != "" {
		m.fund = ledger.FundID(f.Int("fund", 1, 1<<31-1))
	}
	m.after = f.Optional("after")
	return m, f.Err()
}

// look finds what was known at the moment.
func (m *stand) look(ctx context.Context, q sqlx.QueryerContext, v visit) (err error) {
	if !m.known.IsZero() {
		m.Known, err = report.KnownOn(ctx, q, v.program, m.known)
	}
	return err
}

// nothingKnown reports a moment before the book's first transaction.
func (m stand) nothingKnown() bool { return !m.known.IsZero() && m.Known == 0 }

// query is the moment as in an address.
func (m stand) query() url.Values {
	q := url.Values{}
	for name, d := range map[string]ledger.Date{"on": m.On, "known": m.known} {
		if !d.IsZero() {
			q.Set(name, d.String())
		}
	}
	return q
}

func (m stand) says(v visit) string {
	switch {
	case m.On.IsZero() && m.known.IsZero():
		return v.words.T("money.moment.now")
	case m.known.IsZero():
		return v.words.T("money.moment.on", map[string]any{"day": m.On})
	case m.On.IsZero():
		return v.words.T("money.moment.known", map[string]any{"known": m.known})
	}
	return v.words.T("money.moment.both", map[string]any{"day": m.On, "known": m.known})
}

func ledgerPath(v visit, chart ledger.Chart, of ledger.FundID, m stand) string {
	to := v.base() + "/books/" + strconv.Itoa(int(chart)) + "/" + strconv.Itoa(int(of))
	if q := m.query(); len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to
}

// books shows the trial balance of a moment.
func (c *Console) books(g *gin.Context, v visit) error {
	m, err := readMoment(g)
	if err != nil {
		return err
	}
	return c.showBooks(g, v, m, nil)
}

// verifyBooks re-derives the whole book and says what does not agree.
func (c *Console) verifyBooks(g *gin.Context, v visit) error {
	var found *ledger.Report
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		found, err = ledger.Verify(ctx, q, v.program.Book, nil)
		return err
	})
	if err != nil {
		return err
	}
	return c.showBooks(g, v, stand{}, verification(v, found))
}

func (c *Console) trialOf(ctx context.Context, q sqlx.QueryerContext, v visit, m *stand) (t report.Trial, funds []fund.Fund, err error) {
	if err = m.look(ctx, q, v); err != nil {
		return t, nil, err
	}
	if funds, err = fund.All(ctx, q, v.program.ID); err != nil || m.nothingKnown() {
		return t, funds, err
	}
	t, err = report.TrialAsOf(ctx, q, v.program, m.Moment)
	return t, funds, err
}

func (c *Console) showBooks(g *gin.Context, v visit, m stand, verified *pages.Verification) error {
	var trial report.Trial
	var funds []fund.Fund
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		trial, funds, err = c.trialOf(ctx, q, v, &m)
		return err
	})
	if err != nil {
		return err
	}
	view := pages.Books{Base: v.base(), On: m.On, KnownOn: m.known, Known: int64(trial.Known), Verified: verified, Moment: m.says(v), Journal: v.base() + "/journal", Periods: v.base() + "/periods"}
	if v.May(auth.VerifyBooks) {
		view.Verify = v.base() + "/books/verify"
	}
	view.Funds = []parts.Choice{{Text: v.words.T("money.journal.any_fund")}}
	for _, f := range funds {
		view.Funds = append(view.Funds, parts.Choice{Value: strconv.Itoa(int(f.ID)), Text: f.Code})
	}
	if m.fund != 0 {
		view.Fund = strconv.Itoa(int(m.fund))
	}
	for _, l := range trial.Lines {
		if l.Balance.IsZero() || m.fund != 0 && l.Fund != m.fund {
			continue // accounts that are empty again say nothing
		}
		view.Lines = append(view.Lines, pages.TrialLine{Name: chartName(v, l.Chart), To: ledgerPath(v, l.Chart, l.Fund, m),
			Fund: l.Code, Debit: l.Debit(), Credit: l.Credit(), Entries: int(l.Entries)})
		view.Debit, view.Credit = view.Debit.Add(l.Debit()), view.Credit.Add(l.Credit())
	}
	for _, ending := range []string{"csv", "xlsx"} {
		view.Files = append(view.Files, parts.Link{Text: v.words.T("money.file." + ending), To: v.base() + "/books." + ending + "?" + m.query().Encode()})
	}
	return c.show(g, pages.BooksPage(c.page(g, v, v.words.T("console.books.title")), view))
}

// exportBooks sends the trial balance of a moment.
func exportBooks(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error {
		m, err := readMoment(g)
		if err != nil {
			return err
		}
		var trial report.Trial
		if err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
			trial, _, err = c.trialOf(ctx, q, v, &m)
			return err
		}); err != nil {
			return err
		}
		w := v.words
		headings := []sheet.Column{{Name: w.T("money.column.account")}, {Name: w.T("money.ledger.account")}, {Name: w.T("money.column.fund")},
			{Name: w.T("money.column.debit"), Kind: sheet.Money}, {Name: w.T("money.column.credit"), Kind: sheet.Money}}
		return web.Stream(g, f.Type(), "trial-balance-"+v.program.Code+"-"+v.today().String()+"."+string(f), func(out io.Writer) error {
			table, err := sheet.New(out, f, w.T("console.books.trial"), headings)
			if err != nil {
				return err
			}
			for _, l := range trial.Lines {
				if l.Balance.IsZero() {
					continue
				}
				code := strconv.Itoa(int(l.Chart))
				if err := table.Row(code, w.T("console.chart."+code), l.Code, l.Debit(), l.Credit()); err != nil {
					return err
				}
			}
			return table.Close()
		})
	}
}

// ledgerAddress is what an address below the trial balance names.
func ledgerAddress(g *gin.Context) (chart ledger.Chart, of ledger.FundID, err error) {
	code, err := strconv.ParseInt(g.Param("chart"), 10, 16)
	if _, ok := ledger.Chart(code).Line(); err != nil || !ok {
		return 0, 0, web.ErrNoPage
	}
	id, err := strconv.ParseInt(g.Param("fund"), 10, 32)
	if err != nil || id < 1 {
		return 0, 0, web.ErrNoPage
	}
	return ledger.Chart(code), ledger.FundID(id), nil
}

// readAfter reads the account behind which a page begins: 17:match:0.
func readAfter(text string) (*ledger.Account, *fault.Fault) {
	if text == "" {
		return nil, nil
	}
	a := strings.Split(text, ":")
	if len(a) != 3 {
		return nil, web.ErrNoPage
	}
	child, err := strconv.ParseInt(a[0], 10, 64)
	custodian, err2 := strconv.ParseInt(a[2], 10, 32)
	if err != nil || err2 != nil {
		return nil, web.ErrNoPage
	}
	return &ledger.Account{Child: child, Benefit: a[1], Custodian: int32(custodian)}, nil
}

// ledgerAccounts shows the accounts that a line of the trial balance is the sum of.
func (c *Console) ledgerAccounts(g *gin.Context, v visit) error {
	chart, of, err := ledgerAddress(g)
	if err != nil {
		return err
	}
	m, err := readMoment(g)
	if err != nil {
		return err
	}
	after, bad := readAfter(m.after)
	if bad != nil {
		return bad
	}
	var page []ledger.Balance
	var numbers map[family.ChildID]savings.Account
	var totals report.LineTotals
	var named fund.Fund
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if named, err = fund.ByID(ctx, q, v.program.ID, of); err != nil {
			return err
		}
		if err = m.look(ctx, q, v); err != nil || m.nothingKnown() {
			return err
		}
		if page, err = report.Accounts(ctx, q, v.program, report.AccountsPage{Chart: chart, Fund: of, Moment: m.Moment, After: after, Limit: accountsPerPage + 1}); err != nil {
			return err
		}
		totals, err = report.TotalsOf(ctx, q, v.program, report.LineFilter{Chart: chart, Fund: of, Effective: ledger.Period{Last: m.On}, Known: m.Known})
		if err != nil {
			return err
		}
		var children []family.ChildID
		for _, b := range page {
			if b.Child != 0 {
				children = append(children, family.ChildID(b.Child))
			}
		}
		numbers, err = enroll.Accounts(ctx, q, v.program.ID, children)
		return err
	})
	if err != nil {
		return err
	}
	view := pages.Ledger{Moment: m.says(v), Lines: linesOf(v, chart, of, ledger.Period{Last: m.On}, m.Known, "")}
	net, side := totals.Net(), "money.column.credit"
	if net.Sign() < 0 {
		net, side = net.Neg(), "money.column.debit"
	}
	view.Facts = []parts.Row{{Term: v.words.T("money.column.fund"), Value: named.Name, To: fundPath(v, named)}, {Term: v.words.T("money.ledger.moment"), Value: m.says(v)},
		{Term: v.words.T("money.ledger.balance"), Value: v.words.Money(net) + " " + v.words.T(side)}, {Term: v.words.T("money.journal.lines"), Value: v.words.Int(int(totals.Entries))}}
	fillAccounts(v, &view, page, numbers, m, ledgerPath(v, chart, of, m))
	trail := []parts.Link{{Text: v.words.T("console.nav.books"), To: v.base() + "/books?" + m.query().Encode()}}
	return c.show(g, pages.LedgerPage(c.page(g, v, chartName(v, chart)+", "+named.Code, trail...), view))
}

// fillAccounts adds the page's accounts.
func fillAccounts(v visit, view *pages.Ledger, page []ledger.Balance, numbers map[family.ChildID]savings.Account, m stand, self string) {
	paged := func(after string) string {
		if strings.Contains(self, "?") {
			return self + "&after=" + url.QueryEscape(after)
		}
		return self + "?after=" + url.QueryEscape(after)
	}
	if m.after != "" {
		view.First = self
	}
	if len(page) > accountsPerPage {
		page = page[:accountsPerPage]
		last := page[accountsPerPage-1]
		view.Next = paged(fmt.Sprintf("%d:%s:%d", last.Child, last.Benefit, last.Custodian))
	}
	for _, b := range page {
		q := url.Values{"account": {strconv.FormatInt(int64(b.ID), 10)}}
		if !m.On.IsZero() {
			q.Set("to", m.On.String())
		}
		if m.Known != 0 {
			q.Set("known", strconv.FormatInt(int64(m.Known), 10))
		}
		line := pages.LedgerAccount{Name: v.words.T("money.ledger.number", map[string]any{"no": strconv.FormatInt(int64(b.ID), 10)}), To: journalAddress(v, "", q),
			Debit: b.Amount.Neg().Max(ledger.Amount{}), Credit: b.Amount.Max(ledger.Amount{})}
		if b.Benefit != "" {
			line.Name += ", " + b.Benefit
		}
		if number, ok := numbers[family.ChildID(b.Child)]; ok {
			line.Holder, line.HolderTo = number.String(), childPath(v, family.ChildID(b.Child))
		}
		view.Rows = append(view.Rows, line)
	}
}

// verification is what was looked at, and what was found wrong.
func verification(v visit, r *ledger.Report) *pages.Verification {
	out := &pages.Verification{At: v.at, Sound: r.OK()}
	for _, looked := range []struct {
		key string
		n   int64
	}{
		{"transactions", r.Transactions}, {"entries", r.Entries}, {"accounts", r.Accounts}, {"holds", r.Holds}, {"blocks", r.Blocks}, {"logged", r.Logged},
	} {
		out.Checks = append(out.Checks, pages.Check{Name: v.words.T("console.verify." + looked.key), Checked: looked.n})
	}
	for _, f := range r.Findings {
		out.Wrong = append(out.Wrong, f.String())
	}
	out.More = int(r.More)
	return out
}
