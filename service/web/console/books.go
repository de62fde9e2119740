package console

import (
	"context"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/report"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
)

// books shows the trial balance, now or as of the end of a day.
func (c *Console) books(g *gin.Context, v visit) error {
	f := web.ReadQuery(g)
	var on ledger.Date
	if f.Optional("on") != "" {
		on = f.Date("on")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return c.showBooks(g, v, on, nil)
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
	return c.showBooks(g, v, ledger.Date{}, verification(v, found))
}

func (c *Console) showBooks(g *gin.Context, v visit, on ledger.Date, verified *pages.Verification) error {
	var trial report.Trial
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		trial, err = report.TrialBalance(ctx, q, v.program, on)
		return err
	})
	if err != nil {
		return err
	}
	view := pages.Books{Base: v.base(), On: on, Debit: trial.Debit, Credit: trial.Credit, Known: int64(trial.Known), Verified: verified}
	if v.May(auth.VerifyBooks) {
		view.Verify = v.base() + "/books/verify"
	}
	for _, l := range trial.Lines {
		if l.Balance.IsZero() {
			continue // accounts that are empty again say nothing
		}
		view.Lines = append(view.Lines, pages.TrialLine{Code: int(l.Chart), Name: v.words.T("console.chart." + strconv.Itoa(int(l.Chart))),
			Fund: l.Code, Debit: l.Debit(), Credit: l.Credit(), Accounts: int(l.Entries)})
	}
	return c.show(g, pages.BooksPage(c.page(g, v, v.words.T("console.books.title")), view))
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
