package api

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fund"
	"seedbook/service/report"
)

// transaction is a transaction as callers see it.
type transaction struct {
	No        ledger.TxNo `json:"transaction"`
	PostedAt  time.Time   `json:"posted_at"`
	Effective ledger.Date `json:"effective_on"`
	Concerns  string      `json:"concerns_on,omitempty"`
	Kind      string      `json:"kind"`
	Reverses  ledger.TxNo `json:"reverses,omitempty"`
	Source    string      `json:"source,omitempty"`
	Entries   []entry     `json:"entries"`
}

type entry struct {
	Account ledger.AccountID `json:"account,omitempty"`
	Chart   ledger.Chart     `json:"chart"`
	Name    string           `json:"name"`
	Fund    string           `json:"fund"`
	Child   string           `json:"child,omitempty"`
	Benefit string           `json:"benefit,omitempty"`
	Amount  ledger.Amount    `json:"amount"`
}

// transactionOf tells a transaction. To a funder it is money of the fund:
// neither whose it became nor what it was for.
func transactionOf(c call, t report.Transaction) transaction {
	out := transaction{No: t.No, PostedAt: t.PostedAt.UTC(), Effective: t.Effective, Concerns: t.Concerns.String(), Kind: t.Kind, Reverses: t.Reverses,
		Entries: []entry{}}
	if !c.Funder() {
		out.Source = t.Source
	}
	for _, e := range t.Entries {
		one := entry{Account: e.Account, Chart: e.Chart, Name: chartName(e.Chart), Fund: e.Fund, Amount: e.Amount}
		switch {
		case c.Funder():
			one.Account = 0 // an account may be one child's
		case e.Child != 0:
			one.Child, one.Benefit = number(e.Child), e.Benefit
		}
		out.Entries = append(out.Entries, one)
	}
	return out
}

func chartName(c ledger.Chart) string {
	line, _ := c.Line()
	return line.Name
}

// journal lists transactions in the order of posting.
func (a *API) journal(g *gin.Context, c call) (reply, error) {
	q := readQuery(g)
	limit := q.int("limit", 1, maxPage, pageSize)
	want := report.JournalQuery{After: ledger.TxNo(q.number("after")), Funds: c.Funds, Limit: limit + 1,
		In: ledger.Period{First: q.day("from", lastDay), Last: q.day("to", lastDay)}}
	if err := q.done(); err != nil {
		return reply{}, err
	}
	var rows []report.Transaction
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		rows, err = report.Journal(ctx, q, c.Program, want)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	out := make([]transaction, len(rows))
	for i, t := range rows {
		out[i] = transactionOf(c, t)
	}
	return ok(paged(g, out, limit, func(t transaction) string { return number(t.No) }))
}

// lastDay is behind every day that a filter may name.
var lastDay = ledger.NewDate(9999, time.December, 31)

// transaction is one transaction.
func (a *API) transaction(g *gin.Context, c call) (reply, error) {
	t, err := a.transactionIn(g, c)
	if err != nil {
		return reply{}, err
	}
	return ok(transactionOf(c, t))
}

// transactionIn finds the transaction of the address, where the key may know of
// it.
func (a *API) transactionIn(g *gin.Context, c call) (report.Transaction, error) {
	if err := readQuery(g).done(); err != nil {
		return report.Transaction{}, err
	}
	no, err := numberIn(g, "transaction")
	if err != nil {
		return report.Transaction{}, err
	}
	var rows []report.Transaction
	err = a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		rows, err = report.Journal(ctx, q, c.Program, report.JournalQuery{No: ledger.TxNo(no), Funds: c.Funds, Limit: 1})
		return err
	})
	if err == nil && len(rows) == 0 {
		err = errNothing
	}
	if err != nil {
		return report.Transaction{}, err
	}
	return rows[0], nil
}

// trialBalance is a trial balance.
type trialBalance struct {
	On     string        `json:"on,omitempty"`
	Known  ledger.TxNo   `json:"known"`
	Debit  ledger.Amount `json:"debit"`
	Credit ledger.Amount `json:"credit"`
	Lines  []trialLine   `json:"lines"`
}

type trialLine struct {
	Chart  ledger.Chart  `json:"chart"`
	Name   string        `json:"name"`
	Fund   string        `json:"fund"`
	Debit  ledger.Amount `json:"debit"`
	Credit ledger.Amount `json:"credit"`
}

// trialBalance is the trial balance of what the key may see.
func (a *API) trialBalance(g *gin.Context, c call) (reply, error) {
	t, err := a.trial(g, c)
	if err != nil {
		return reply{}, err
	}
	return ok(t)
}

func (a *API) trial(g *gin.Context, c call) (trialBalance, error) {
	q := readQuery(g)
	on := q.day("on", c.today())
	if err := q.done(); err != nil {
		return trialBalance{}, err
	}
	var t report.Trial
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		t, err = report.TrialBalance(ctx, q, c.Program, on)
		return err
	})
	out := trialBalance{On: on.String(), Known: t.Known, Lines: []trialLine{}}
	for _, l := range t.Lines {
		if l.Balance.IsZero() || !c.Sees(l.Fund) {
			continue
		}
		out.Debit, out.Credit = out.Debit.Add(l.Debit()), out.Credit.Add(l.Credit())
		out.Lines = append(out.Lines, trialLine{l.Chart, chartName(l.Chart), l.Code, l.Debit(), l.Credit()})
	}
	return out, err
}

// checkpoint is a signed checkpoint.
type checkpoint struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Signed string `json:"signed"`
}

// checkpoint is the newest signed checkpoint of the organization's books.
func (a *API) checkpoint(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	var newest *ledger.Checkpoint
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		newest, err = ledger.LatestCheckpoint(ctx, q)
		return err
	})
	if err == nil && newest == nil {
		err = errUnsealed
	}
	if err != nil {
		return reply{}, err
	}
	return ok(checkpoint{newest.Origin, newest.Size, base64.StdEncoding.EncodeToString(newest.Root[:]), newest.Signed})
}

// proof proves that a transaction is in the books of the newest checkpoint. The
// proof holds the transaction's whole text, so a funder gets it only where all
// of the transaction is money of the key's funds and no child's.
func (a *API) proof(g *gin.Context, c call) (reply, error) {
	t, err := a.transactionIn(g, c)
	if err != nil {
		return reply{}, err
	}
	var p *ledger.Proof
	err = a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if c.Funder() {
			if err := wholly(ctx, q, c, t.No); err != nil {
				return err
			}
		}
		p, err = ledger.Prove(ctx, q, c.Program.Book, t.No)
		return err
	})
	if errors.Is(err, ledger.ErrNotSealed) {
		return reply{}, errUnsealed
	}
	if err != nil {
		return reply{}, err
	}
	if p.Path == nil {
		p.Path = [][]byte{} // a log of one block
	}
	return ok(p)
}

// wholly returns errNothing where a transaction is of other funds, too, or of a
// child.
func wholly(ctx context.Context, q sqlx.QueryerContext, c call, no ledger.TxNo) error {
	whole, err := report.Journal(ctx, q, c.Program, report.JournalQuery{No: no, Limit: 1})
	if err != nil {
		return err
	}
	own, err := visible(ctx, q, c)
	if err != nil {
		return err
	}
	for _, t := range whole {
		for _, e := range t.Entries {
			mine := slices.ContainsFunc(own, func(f fund.Fund) bool { return f.Code == e.Fund })
			if e.Child != 0 || !mine {
				return errNothing
			}
		}
	}
	return nil
}
