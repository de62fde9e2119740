package console

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

const (
	findingsPerPage = 25
	findingsRuns    = 12     // how many runs are offered: a year's
	findingsInFile  = 20_000 // more than that is one mistake, not many
)

// review is the findings' address, read, with what it leads to.
type review struct {
	runs   []jobs.Run // of the re-performance, newest first
	run    jobs.Run   // the chosen one
	kind   string     // "" for all
	after  int64
	rows   []savings.Finding
	people map[family.ChildID]enroll.Row
	book   *rules.Book
}

// openReview reads a page of what a run found, or with file all of it.
func (c *Console) openReview(g *gin.Context, v visit, limit int) (r review, err error) {
	f := web.ReadQuery(g)
	wanted, after := f.Optional("run"), f.Optional("after")
	if r.kind = f.Optional("kind"); r.kind != "" && !slices.Contains(savings.FindReasons, r.kind) {
		return r, web.ErrNoPage
	}
	if after != "" {
		r.after = int64(f.Int("after", 1, 1<<62))
	}
	if err := f.Err(); err != nil {
		return r, err
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if r.runs, err = jobs.RunsOf(ctx, q, int64(v.program.ID), jobs.Reperformance, findingsRuns); err != nil {
			return err
		}
		if !r.choose(wanted) {
			return web.ErrNoPage
		}
		if r.rows, err = savings.FindingsOf(ctx, q, v.program.ID, r.run.ID, r.kind, r.after, limit); err != nil {
			return err
		}
		if r.people, err = c.rowsOf(ctx, q, v, r.children()); err != nil {
			return err
		}
		r.book, err = rulesOrNone(ctx, q, v)
		return err
	})
	return r, err
}

// choose finds the run that was asked for: the newest where none was. Without
// any run there is nothing to choose.
func (r *review) choose(wanted string) bool {
	for _, one := range r.runs {
		if wanted == "" || wanted == strconv.FormatInt(one.ID, 10) {
			r.run = one
			return true
		}
	}
	return wanted == ""
}

func (r *review) children() []family.ChildID {
	var out []family.ChildID
	for _, f := range r.rows {
		out = append(out, f.Child)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rowsOf are children as lists show them, by number.
func (c *Console) rowsOf(ctx context.Context, q sqlx.QueryerContext, v visit, ids []family.ChildID) (map[family.ChildID]enroll.Row, error) {
	rows, err := enroll.Rows(ctx, q, v.Who(), c.Keys, v.program.ID, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[family.ChildID]enroll.Row, len(rows))
	for _, r := range rows {
		out[r.Child] = r
	}
	return out, nil
}

// findings lists where awards are not what facts and rules give anew.
func (c *Console) findings(g *gin.Context, v visit) error {
	r, err := c.openReview(g, v, findingsPerPage+1)
	if err != nil {
		return err
	}
	view := r.view(v)
	if err := c.viewed(g, v, "finding.listed", r.children()); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("console.findings.title"), parts.Link{Text: v.words.T("console.nav.jobs"), To: v.base() + "/jobs"})
	p.Lead = v.words.T("console.findings.lead")
	return c.show(g, pages.FindingsPage(p, view))
}

// address is the list's address with another kind or page.
func (r *review) address(v visit, path, kind, after string) string {
	q := url.Values{}
	for key, value := range map[string]string{"kind": kind, "after": after} {
		if value != "" {
			q.Set(key, value)
		}
	}
	if r.run.ID != 0 && r.run.ID != r.runs[0].ID {
		q.Set("run", strconv.FormatInt(r.run.ID, 10))
	}
	if len(q) == 0 {
		return v.base() + path
	}
	return v.base() + path + "?" + q.Encode()
}

func (r *review) view(v visit) pages.Findings {
	w := v.words
	view := pages.Findings{Post: v.base() + "/findings", Jobs: v.base() + "/jobs", Kind: r.kind}
	if r.run.ID == 0 {
		return view
	}
	view.Run, view.RunTo = strconv.FormatInt(r.run.ID, 10), runPath(v, r.run.ID)
	line := runLine(v, r.run)
	view.Says, view.State = w.T("console.findings.says", i18n.Args{"period": line.Period, "at": line.Began, "done": int(r.run.Done)}), line.State
	view.Unfinished = !r.run.Finished()
	if n := int(r.run.Counts["waiting"]); n > 0 {
		view.Waiting = w.N("console.findings.waiting", n)
	}
	for _, one := range r.runs {
		view.Runs = append(view.Runs, parts.Choice{Value: strconv.FormatInt(one.ID, 10), Text: w.T("console.findings.run_of", i18n.Args{"period": runPeriod(v, one.Period), "n": differing(one)})})
	}
	counts := r.run.Differs()
	view.Kinds = []parts.Choice{{Text: w.T("console.findings.any")}}
	for _, kind := range savings.FindReasons {
		view.Count += counts[kind]
		if counts[kind] > 0 || kind == r.kind {
			view.Kinds = append(view.Kinds, parts.Choice{Value: kind, Text: w.T("console.findings.kind_count", i18n.Args{"kind": w.T("console.findings.kinds." + kind), "n": counts[kind]})})
		}
	}
	if view.Count > 0 {
		view.File = r.address(v, "/findings/findings.csv", r.kind, "")
	}
	if r.after != 0 {
		view.First = r.address(v, "/findings", r.kind, "")
	}
	if len(r.rows) > findingsPerPage {
		r.rows = r.rows[:findingsPerPage]
		view.Next = r.address(v, "/findings", r.kind, strconv.FormatInt(r.rows[findingsPerPage-1].N, 10))
	}
	for _, f := range r.rows {
		view.Rows = append(view.Rows, r.line(v, f))
	}
	return view
}

// differing is how much a run found in all.
func differing(r jobs.Run) (sum int) {
	for _, n := range r.Differs() {
		sum += n
	}
	return sum
}

func (r *review) line(v visit, f savings.Finding) pages.FindingLine {
	w := v.words
	child := r.people[f.Child]
	out := pages.FindingLine{
		Child: listName(v, child), Account: child.ID.Account().String(), ChildTo: childPath(v, f.Child), Benefit: benefitName(v, r.book, f.Benefit),
		Kind:    parts.Status{Text: w.T("console.findings.kinds." + f.Reason), Tone: findingTone(f.Reason)},
		Means:   w.T("console.findings.means." + f.Reason),
		Derived: f.Expected, Stored: f.Found,
	}
	if f.Period != "" { // what the books show is not one period's
		out.Period, out.Explain = periodName(v, f.Period), awardPath(v, f.Child, f.Benefit, f.Period)
	}
	return out
}

// findingTone sets apart what is wrong with money, with an amount, or with a
// reason alone.
func findingTone(reason string) parts.Tone {
	switch reason {
	case savings.FindLedger, savings.FindMoves, savings.FindOverpaid:
		return parts.Bad
	case savings.FindReason:
		return parts.Quiet
	}
	return parts.Caution
}

// findingsFile sends what a run found as a table. It names children by their
// account numbers alone.
func (c *Console) findingsFile(g *gin.Context, v visit) error {
	r, err := c.openReview(g, v, findingsInFile)
	if err != nil {
		return err
	}
	if r.run.ID == 0 {
		return web.ErrNoPage
	}
	if err := c.viewed(g, v, "finding.exported", r.children()); err != nil {
		return err
	}
	w := v.words
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	rows := [][]string{{w.T("console.child.account"), w.T("console.findings.benefit"), w.T("console.findings.period"), w.T("console.findings.kind"),
		w.T("console.findings.derived"), w.T("console.findings.stored"), w.T("console.findings.difference"), w.T("console.findings.as_of"), w.T("console.findings.rules")}}
	for _, f := range r.rows {
		rows = append(rows, []string{r.people[f.Child].ID.Account().String(), harmless(f.Benefit), harmless(f.Period), w.T("console.findings.kinds." + f.Reason),
			f.Expected.String(), f.Found.String(), f.Found.Sub(f.Expected).String(), f.On.String(), f.Rule})
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	return web.Download(g, "text/csv; charset=utf-8", v.program.Code+"-findings-"+strconv.FormatInt(r.run.ID, 10)+".csv", b.Bytes())
}
