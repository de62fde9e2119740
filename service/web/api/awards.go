package api

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/apikey"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
)

// awards are every amount of a child, explained.
type awards struct {
	Child      string   `json:"child"`
	On         string   `json:"on"`
	RuleBook   string   `json:"rule_book"`
	TakingPart []string `json:"taking_part"`
	Awards     []award  `json:"awards"`
}

type award struct {
	Benefit     string        `json:"benefit"`
	Title       string        `json:"title"`
	Period      string        `json:"period"`
	Entitled    ledger.Amount `json:"entitled"`
	Due         ledger.Amount `json:"due"`
	OnAccount   ledger.Amount `json:"on_account"`
	OnTheWay    ledger.Amount `json:"on_the_way"`
	Queued      ledger.Amount `json:"queued"`
	PayOn       string        `json:"pay_on,omitempty"`
	Reason      string        `json:"reason"`
	Explanation []string      `json:"explanation"`
	Funds       []awardFund   `json:"funds"`
	LastRunOn   string        `json:"last_run_on,omitempty"`
}

type awardFund struct {
	Code    string        `json:"code"`
	Name    string        `json:"name,omitempty"`
	Allowed bool          `json:"allowed"`
	Gave    ledger.Amount `json:"gave"`
	Holds   ledger.Amount `json:"holds"`
}

// awards explains every amount of a child, paid or not.
func (a *API) awards(g *gin.Context, c call) (reply, error) {
	q := readQuery(g)
	on := q.day("on", c.today())
	if err := q.done(); err != nil {
		return reply{}, err
	}
	if on.IsZero() {
		on = c.today()
	}
	var x forecast.Explanation
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) error {
		row, err := a.childIn(ctx, q, g, c)
		if err != nil {
			return err
		}
		x, err = forecast.Explain(ctx, q, c.Who(), a.Keys, c.Program, row.Child, on)
		return err
	})
	if err == nil {
		err = a.viewed(g, c, "award.viewed", []int64{int64(x.Child)})
	}
	if err != nil {
		return reply{}, err
	}
	if !c.May(apikey.ReadFacts) {
		withoutFacts(&x)
	}
	return ok(explained(c.words, x))
}

// withoutFacts takes the values of what was looked at out of an explanation.
func withoutFacts(x *forecast.Explanation) {
	x.Admission.Facts = nil
	for i := range x.Awards {
		x.Awards[i].Why.Facts = nil
	}
}

// explained tells an explanation as the console and the command line do: the
// first section is about taking part, the others are the awards in their order.
func explained(w *i18n.Words, x forecast.Explanation) awards {
	told := x.Sections(w)
	out := awards{Child: number(x.Child), On: x.AsOf.String(), RuleBook: x.Book, TakingPart: told[0].Lines, Awards: []award{}}
	for i, one := range x.Awards {
		it := award{Benefit: one.Benefit, Title: told[i+1].Title, Period: one.Period, Entitled: one.Entitled, Due: one.Due,
			OnAccount: one.OnAccount, OnTheWay: one.OnTheWay, Queued: one.Queued, PayOn: one.PayOn.String(), Reason: string(one.Why.Reason),
			Explanation: told[i+1].Lines, Funds: []awardFund{}, LastRunOn: one.EvaluatedOn.String()}
		for _, f := range one.Funds {
			it.Funds = append(it.Funds, awardFund{f.Code, f.Name, f.Allowed, f.Gave, f.Holds})
		}
		out.Awards = append(out.Awards, it)
	}
	return out
}
