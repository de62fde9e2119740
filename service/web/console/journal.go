package console

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/report"
	"seedbook/service/savedview"
	"seedbook/service/savings"
	"seedbook/service/sheet"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// linesPerPage is how many lines a page of the journal shows, and linesPerChunk
// how many one transaction of a download reads.
const (
	linesPerPage  = 50
	linesPerChunk = 2000
)

// journalFields are the filters of the journal as they stand in its address.
var journalFields = []string{"from", "to", "posted_from", "posted_to", "chart", "fund", "account", "child", "kind", "maker", "least", "most", "reference", "reversal", "known"}

// journalSearch is the journal's address, read.
type journalSearch struct {
	report.LineFilter
	typed   map[string]string // each filter as it was typed
	columns []string          // nil: the usual ones
	after   report.Place
	holder  savings.Account // whose number was asked for
}

// readJournal reads the filters. Whose account number was asked for is looked up
// later.
func readJournal(f *web.Form) (s journalSearch, err error) {
	s.typed = map[string]string{}
	for _, name := range journalFields {
		s.typed[name] = f.Optional(name)
	}
	given := func(name string) bool { return s.typed[name] != "" }
	dates := map[string]*ledger.Date{"from": &s.Effective.First, "to": &s.Effective.Last, "posted_from": &s.Posted.First, "posted_to": &s.Posted.Last}
	for name, d := range dates {
		if given(name) {
			*d = f.Date(name)
		}
	}
	for name, a := range map[string]*ledger.Amount{"least": &s.Least, "most": &s.Most} {
		if given(name) {
			*a = f.Amount(name)
		}
	}
	if given("chart") {
		s.Chart = ledger.Chart(f.Int("chart", 1000, 9999))
	}
	if given("fund") {
		s.Fund = ledger.FundID(f.Int("fund", 1, 1<<31-1))
	}
	if given("account") {
		s.Account = ledger.AccountID(f.Int("account", 1, 1<<62))
	}
	if given("known") {
		s.Known = ledger.TxNo(f.Int("known", 1, 1<<62))
	}
	if given("child") {
		if s.holder, err = savings.ParseAccount(s.typed["child"]); err != nil {
			f.Fail("child", savings.ErrAccountNo)
		}
	}
	if given("reversal") {
		s.Reversal = f.Choice("reversal", report.Reversed, report.Reversals)
	}
	s.Kind, s.Maker, s.Reference = s.typed["kind"], s.typed["maker"], s.typed["reference"]
	s.columns = f.Choices("col", journalColumnNames()...)
	if f.Optional("after") != "" {
		s.after = readPlace(f)
	}
	return s, f.Err()
}

// readPlace reads where a page begins: 17.4.2.
func readPlace(f *web.Form) (p report.Place) {
	text := strings.Split(f.Optional("after"), ".")
	var numbers [3]int64
	for i, t := range text {
		n, err := strconv.ParseInt(t, 10, 64)
		if len(text) != len(numbers) || err != nil || n < 0 {
			f.Fail("after", web.ErrNoPage)
			return p
		}
		numbers[i] = n
	}
	return report.Place{No: ledger.TxNo(numbers[0]), Account: ledger.AccountID(numbers[1]), Seq: numbers[2]}
}

func placeText(p report.Place) string {
	return strconv.FormatInt(int64(p.No), 10) + "." + strconv.FormatInt(int64(p.Account), 10) + "." + strconv.FormatInt(p.Seq, 10)
}

// filters are the search as in an address, from the newest line.
func (s journalSearch) filters() url.Values {
	q := url.Values{}
	for _, name := range journalFields {
		if v := s.typed[name]; v != "" {
			q.Set(name, v)
		}
	}
	for _, c := range s.columns {
		q.Add("col", c)
	}
	return q
}

// address is the journal's with one value changed, from the newest line.
func (s journalSearch) address(v visit, name, value string) string {
	q := s.filters()
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	return journalAddress(v, "", q)
}

func journalAddress(v visit, ending string, q url.Values) string {
	if to := v.base() + "/journal" + ending; len(q) == 0 {
		return to
	} else {
		return to + "?" + q.Encode()
	}
}

// linesOf is where the lines behind a figure are: a line of the chart in a fund.
func linesOf(v visit, chart ledger.Chart, of ledger.FundID, in ledger.Period, known ledger.TxNo, kind string) string {
	q := url.Values{}
	if chart != 0 {
		q.Set("chart", strconv.Itoa(int(chart)))
	}
	if of != 0 {
		q.Set("fund", strconv.Itoa(int(of)))
	}
	if !in.First.IsZero() {
		q.Set("from", in.First.String())
	}
	if !in.Last.IsZero() {
		q.Set("to", in.Last.String())
	}
	if known != 0 {
		q.Set("known", strconv.FormatInt(int64(known), 10))
	}
	if kind != "" {
		q.Set("kind", kind)
	}
	return journalAddress(v, "", q)
}

func journalList(v visit) savedview.List {
	return savedview.List{Program: int64(v.program.ID), Page: "journal"}
}

// journalFound is what a page of the journal is made of.
type journalFound struct {
	report.FoundLines
	totals   *report.LineTotals // nil where they are not known
	accounts map[family.ChildID]savings.Account
	funds    []fund.Fund
	kinds    []string
	makers   []string
	views    []savedview.View
}

func (f journalFound) fund(id ledger.FundID) string {
	for _, one := range f.funds {
		if one.ID == id {
			return one.Code
		}
	}
	return ""
}

// whose finds the child of the account number that was asked for.
func (s *journalSearch) whose(ctx context.Context, q sqlx.QueryerContext, v visit) error {
	if s.holder == 0 {
		return nil
	}
	children, err := savings.Holders(ctx, q, v.program.ID, []savings.Account{s.holder})
	if err == nil && children[0] == 0 {
		err = errNoAccount.At("child")
	}
	if err == nil {
		s.Child = int64(children[0])
	}
	return err
}

func (s *journalSearch) find(ctx context.Context, q sqlx.QueryerContext, v visit, limit int) (f journalFound, err error) {
	if err := s.whose(ctx, q, v); err != nil {
		return f, err
	}
	if f.FoundLines, err = report.Lines(ctx, q, v.program, s.LineFilter, s.after, limit); err != nil {
		return f, err
	}
	if f.funds, err = fund.All(ctx, q, v.program.ID); err != nil {
		return f, err
	}
	f.accounts, err = enroll.Accounts(ctx, q, v.program.ID, childrenIn(f.Lines))
	return f, err
}

func childrenIn(lines []report.JournalLine) (out []family.ChildID) {
	for _, l := range lines {
		if l.Child != 0 {
			out = append(out, family.ChildID(l.Child))
		}
	}
	return out
}

// journal lists the lines of a program's book, the newest first.
func (c *Console) journal(g *gin.Context, v visit) error {
	s, err := readJournal(web.ReadQuery(g))
	return c.showJournal(g, v, s, err, "")
}

// showJournal shows the lines of a search, or what is wrong with it or with the
// name of a view that was not kept.
func (c *Console) showJournal(g *gin.Context, v visit, s journalSearch, wrong error, name string) error {
	err := wrong
	var found journalFound
	if err == nil {
		err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
			if found, err = s.find(ctx, q, v, linesPerPage); err != nil {
				return err
			}
			return found.surroundings(ctx, q, v, s)
		})
	}
	problems := web.Problems(v.words, err)
	if err != nil && problems == nil {
		return err
	}
	if problems != nil {
		found = journalFound{}
		if err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
			found.funds, err = fund.All(ctx, q, v.program.ID)
			return err
		}); err != nil {
			return err
		}
	}
	p := c.page(g, v, v.words.T("money.journal.title"), parts.Link{Text: v.words.T("console.nav.books"), To: v.base() + "/books"})
	p.Problems = problems
	view := s.view(v, found)
	view.ViewName = name
	return c.hall.Show(g, statusOr(err), pages.JournalPage(p, view))
}

// statusOr is a page's status: that of what is wrong with its address, if anything.
func statusOr(err error) int {
	if err == nil {
		return 200
	}
	return web.Status(err)
}

// surroundings adds what a page shows around its lines.
func (f *journalFound) surroundings(ctx context.Context, q sqlx.QueryerContext, v visit, s journalSearch) (err error) {
	if s.Summed() {
		totals, err := report.TotalsOf(ctx, q, v.program, s.LineFilter)
		if err != nil {
			return err
		}
		f.totals = &totals
	}
	if f.kinds, err = report.Kinds(ctx, q, v.program); err != nil {
		return err
	}
	if f.makers, err = report.Makers(ctx, q, v.program); err != nil {
		return err
	}
	f.views, err = savedview.Of(ctx, q, v.Who(), journalList(v))
	return err
}

// exportJournal sends all lines of a search, in the columns chosen.
func exportJournal(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.exportLines(g, v, f) }
}

func (c *Console) exportLines(g *gin.Context, v visit, f sheet.Format) error {
	s, err := readJournal(web.ReadQuery(g))
	if err != nil {
		return err
	}
	if err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error { return s.whose(ctx, q, v) }); err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "journal.exported", Kind: "program", Subject: int64(v.program.ID), Program: int32(v.program.ID),
			After: map[string]any{"format": string(f), "filter": s.filters().Encode()}}}, v.at)
	})
	if err != nil {
		return err
	}
	s.after = report.Place{}
	columns, headings := s.chosen(), []sheet.Column{{Name: v.words.T("money.column.no"), Kind: sheet.Number}}
	for _, col := range columns {
		headings = append(headings, sheet.Column{Name: v.words.T("money.column." + col.name), Kind: col.kind})
	}
	name := "journal-" + v.program.Code + "-" + v.today().String() + "." + string(f)
	return web.Stream(g, f.Type(), name, func(w io.Writer) error {
		out, err := sheet.New(w, f, v.words.T("money.journal.title"), headings)
		if err != nil {
			return err
		}
		for {
			var found journalFound
			err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
				found, err = s.find(ctx, q, v, linesPerChunk)
				return err
			})
			if err != nil {
				return err
			}
			for _, l := range found.Lines {
				cells := []any{int64(l.No)}
				for _, col := range columns {
					cells = append(cells, col.value(v, found, l))
				}
				if err := out.Row(cells...); err != nil {
					return err
				}
			}
			if found.Next == nil {
				return out.Close()
			}
			s.after = *found.Next
		}
	})
}

// saveJournalView keeps the journal's filters under a name.
func (c *Console) saveJournalView(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	sent, err := url.ParseQuery(f.Block("query", 2000))
	if err != nil {
		sent = url.Values{}
	}
	kept := url.Values{}
	for _, name := range append([]string{"col"}, journalFields...) {
		if sent.Has(name) {
			kept[name] = sent[name]
		}
	}
	view := savedview.View{Name: f.Text("name"), Query: kept.Encode(), Shared: f.Checked("shared")}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := savedview.Save(ctx, tx, v.Who(), journalList(v), view, v.at)
			return err
		})
	}
	if web.Problems(v.words, err) != nil {
		s, bad := readJournal(web.FormOf(kept.Encode()))
		if bad != nil {
			return err
		}
		return c.showJournal(g, v, s, err, f.Peek("name"))
	}
	if err != nil {
		return err
	}
	return web.See(g, journalAddress(v, "", kept), "view_saved", 0)
}

// removeJournalView forgets a view.
func (c *Console) removeJournalView(g *gin.Context, v visit) error {
	id, err := strconv.ParseInt(g.Param("view"), 10, 64)
	if err != nil {
		return savedview.ErrNone
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return savedview.Remove(ctx, tx, v.Who(), journalList(v), savedview.ID(id))
	})
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/journal", "view_removed", 0)
}
