package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/tabular"
)

// months is how many months the feed of a fund tells, this one included.
const months = 12

// feed writes rows for spreadsheets. Text that one would run as a formula is
// made harmless; numbers are left as they are.
func feed(header []string, rows [][]string, texts int) (reply, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range rows {
		for i := range texts {
			row[i] = tabular.EscapeFormula(row[i])
		}
	}
	if err := w.WriteAll(append([][]string{header}, rows...)); err != nil {
		return reply{}, fmt.Errorf("write feed: %w", err)
	}
	return reply{status: http.StatusOK, csv: b.Bytes()}, nil
}

// rollForwardFeed is a fund's last months, a row each.
func (a *API) rollForwardFeed(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	today := c.today()
	this := ledger.NewDate(today.Year(), today.Month(), 1)
	var rows [][]string
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) error {
		for i := months - 1; i >= 0; i-- {
			first := this.AddMonths(-i)
			last := first.AddMonths(1).AddDays(-1)
			if last.After(today) {
				last = today
			}
			r, err := rollOne(ctx, q, g, c, ledger.Period{First: first, Last: last})
			if err != nil {
				return err
			}
			rows = append(rows, rolled(*r).row())
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return feed([]string{"fund", "from", "to", "opening", "received", "awarded", "given_back", "other", "closing", "on_accounts", "promised", "cash",
		"custodied", "receivable"}, rows, 3)
}

func (r rollForward) row() []string {
	row := []string{r.Fund, r.From.String(), r.To.String()}
	for _, a := range []ledger.Amount{r.Opening, r.Received, r.Awarded, r.GivenBack, r.Other, r.Closing, r.OnAccounts, r.Promised, r.Cash, r.Custodied, r.Receivable} {
		row = append(row, a.String())
	}
	return row
}

// trialBalanceFeed is the trial balance for spreadsheets.
func (a *API) trialBalanceFeed(g *gin.Context, c call) (reply, error) {
	t, err := a.trial(g, c)
	if err != nil {
		return reply{}, err
	}
	var rows [][]string
	for _, l := range t.Lines {
		rows = append(rows, []string{l.Fund, l.Name, strconv.Itoa(int(l.Chart)), l.Debit.String(), l.Credit.String()})
	}
	return feed([]string{"fund", "name", "chart", "debit", "credit"}, rows, 2)
}
