package api

import (
	"context"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/apikey"
	"seedbook/service/fund"
	programs "seedbook/service/program"
	"seedbook/service/report"
)

// keyState is what a key may do.
type keyState struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Program   string         `json:"program"`
	Funds     []string       `json:"funds,omitempty"`
	School    string         `json:"school,omitempty"`
	Scopes    []apikey.Scope `json:"scopes"`
	Networks  []string       `json:"networks,omitempty"`
	MadeAt    time.Time      `json:"made_at"`
	ExpiresAt time.Time      `json:"expires_at"`
}

// key tells a caller what its key may do.
func (a *API) key(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	out := keyState{ID: c.PublicID, Name: c.Name, Program: c.Program.Code, Scopes: c.Scopes, MadeAt: c.MadeAt.UTC(), ExpiresAt: c.ExpiresAt.UTC()}
	for _, n := range c.Networks {
		out.Networks = append(out.Networks, n.String())
	}
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) error {
		funds, err := fund.All(ctx, q, c.Program.ID)
		if err != nil {
			return err
		}
		for _, id := range c.Funds {
			out.Funds = append(out.Funds, codeOf(funds, id))
		}
		schools, err := programs.Schools(ctx, q)
		for _, s := range schools {
			if s.ID == c.School {
				out.School = s.Name
			}
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}

// programState is a program.
type programState struct {
	Code     string      `json:"code"`
	Name     string      `json:"name"`
	TimeZone string      `json:"time_zone"`
	Currency string      `json:"currency"`
	Today    ledger.Date `json:"today"`
}

func programOf(c call) programState {
	p := c.Program
	return programState{p.Code, p.Name, p.TimeZone, p.Currency, c.today()}
}

// programs lists the key's program.
func (a *API) programs(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	return ok(page[programState]{Data: []programState{programOf(c)}})
}

// program is the key's program, by its code.
func (a *API) program(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	if g.Param("program") != c.Program.Code {
		return reply{}, programs.ErrNone
	}
	return ok(programOf(c))
}

// fundState is a fund.
type fundState struct {
	Code      string         `json:"code"`
	Name      string         `json:"name"`
	Kind      fund.Kind      `json:"kind"`
	Funder    string         `json:"funder,omitempty"`
	Purpose   string         `json:"purpose,omitempty"`
	Available *ledger.Amount `json:"available,omitempty"`
}

func fundOf(f fund.Fund) fundState {
	return fundState{Code: f.Code, Name: f.Name, Kind: f.Kind, Funder: f.Funder, Purpose: f.Purpose}
}

// visible are the program's funds that the key may know of.
func visible(ctx context.Context, q sqlx.QueryerContext, c call) ([]fund.Fund, error) {
	all, err := fund.All(ctx, q, c.Program.ID)
	return slices.DeleteFunc(all, func(f fund.Fund) bool { return !c.Sees(f.ID) }), err
}

// fundIn finds the fund of the address, where the key may know of it.
func fundIn(ctx context.Context, q sqlx.QueryerContext, g *gin.Context, c call) (fund.Fund, error) {
	all, err := visible(ctx, q, c)
	if err != nil {
		return fund.Fund{}, err
	}
	for _, f := range all {
		if f.Code == g.Param("fund") {
			return f, nil
		}
	}
	return fund.Fund{}, errNothing
}

// funds lists the funds that the key may see.
func (a *API) funds(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	out := page[fundState]{Data: []fundState{}}
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err := visible(ctx, q, c)
		for _, f := range all {
			out.Data = append(out.Data, fundOf(f))
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}

// fund is one fund with what it can still give.
func (a *API) fund(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	var out fundState
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) error {
		f, err := fundIn(ctx, q, g, c)
		if err != nil {
			return err
		}
		out = fundOf(f)
		left, err := fund.Available(ctx, q, c.Program, c.at)
		if f.Kind == fund.Restricted {
			available := left[f.ID]
			out.Available = &available
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}

// rollForward follows a fund's money through a period.
type rollForward struct {
	Fund       string        `json:"fund"`
	From       ledger.Date   `json:"from"`
	To         ledger.Date   `json:"to"`
	Opening    ledger.Amount `json:"opening"`
	Received   ledger.Amount `json:"received"`
	Awarded    ledger.Amount `json:"awarded"`
	GivenBack  ledger.Amount `json:"given_back"`
	Other      ledger.Amount `json:"other"`
	Closing    ledger.Amount `json:"closing"`
	OnAccounts ledger.Amount `json:"on_accounts"`
	Promised   ledger.Amount `json:"promised"`
	Cash       ledger.Amount `json:"cash"`
	Custodied  ledger.Amount `json:"custodied"`
	Receivable ledger.Amount `json:"receivable"`
}

func rolled(r report.RollForward) rollForward {
	return rollForward{r.Fund.Code, r.In.First, r.In.Last, r.Opening, r.Received, r.Awarded, r.GivenBack, r.Other, r.Closing, r.Designated, r.Promised,
		r.Cash, r.Custodied, r.Receivable}
}

// periodIn reads a period of the address; this month so far where it names none.
func periodIn(q query, c call) ledger.Period {
	today := c.today()
	first, last := q.day("from", today), q.day("to", today)
	if last.IsZero() {
		last = today
	}
	if first.IsZero() {
		first = ledger.NewDate(last.Year(), last.Month(), 1)
	}
	if last.Before(first) {
		q.wrong("to", errOrder)
	}
	return ledger.Period{First: first, Last: last}
}

// rollAll are the roll-forwards of the funds that the key may see.
func rollAll(ctx context.Context, q sqlx.QueryerContext, c call, in ledger.Period) ([]report.RollForward, error) {
	all, err := report.RollForwards(ctx, q, c.Program, in)
	return slices.DeleteFunc(all, func(r report.RollForward) bool { return !c.Sees(r.Fund.ID) }), err
}

// fundRollForward follows one fund's money through a period.
func (a *API) fundRollForward(g *gin.Context, c call) (reply, error) {
	q := readQuery(g)
	in := periodIn(q, c)
	if err := q.done(); err != nil {
		return reply{}, err
	}
	var out *report.RollForward
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		out, err = rollOne(ctx, q, g, c, in)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(rolled(*out))
}

// rollOne is the roll-forward of the fund of the address. The families' and the
// operations' fund have none.
func rollOne(ctx context.Context, q sqlx.QueryerContext, g *gin.Context, c call, in ledger.Period) (*report.RollForward, error) {
	f, err := fundIn(ctx, q, g, c)
	if err != nil {
		return nil, err
	}
	all, err := rollAll(ctx, q, c, in)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Fund.ID == f.ID {
			return &all[i], nil
		}
	}
	return nil, errNothing
}

// rollForwards follows every fund's money through a period.
func (a *API) rollForwards(g *gin.Context, c call) (reply, error) {
	q := readQuery(g)
	in := periodIn(q, c)
	if err := q.done(); err != nil {
		return reply{}, err
	}
	out := page[rollForward]{Data: []rollForward{}}
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err := rollAll(ctx, q, c, in)
		for _, r := range all {
			out.Data = append(out.Data, rolled(r))
		}
		return err
	})
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}
