package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/savings"
)

// channels are how money may come in.
var channels = []string{"cash", "check", "ach", "card", "payroll", "billpay", "gift", "other"}

// maxDeposits is how many deposits one request brings at most.
const maxDeposits = 2000

// newDeposit is a deposit as it was sent, with how it names the child.
type newDeposit struct {
	savings.Deposit
	child, account, student string
	at                      object
}

func readDeposit(o object, today ledger.Date) newDeposit {
	d := newDeposit{at: o}
	d.Reference, d.Amount = o.required("reference", 100), o.amount("amount")
	d.On, d.Channel = o.date("on", today), o.choice("channel", channels...)
	d.child, d.account, d.student = o.text("child"), o.text("account"), o.text("student")
	named := 0
	for _, name := range []string{d.child, d.account, d.student} {
		if name != "" {
			named++
		}
	}
	if named > 1 {
		o.wrong("child", errOneOf.With(map[string]any{"fields": "child, account, student"}))
	}
	o.end()
	return d
}

// deposit is a deposit as it stands.
type deposit struct {
	ID         string        `json:"id"`
	Reference  string        `json:"reference"`
	Child      string        `json:"child,omitempty"`
	Amount     ledger.Amount `json:"amount"`
	On         string        `json:"on"`
	Channel    string        `json:"channel"`
	State      string        `json:"state"`
	PostedAt   time.Time     `json:"posted_at"`
	ReturnedOn string        `json:"returned_on,omitempty"`
	ReturnCode string        `json:"return_code,omitempty"`
}

func depositOf(d savings.DepositState) deposit {
	out := deposit{ID: number(d.ID), Reference: d.Reference, Amount: d.Amount, On: d.On.String(), Channel: d.Channel, State: d.State,
		PostedAt: d.PostedAt.UTC(), ReturnedOn: d.ReturnedOn.String(), ReturnCode: d.ReturnCode}
	if d.Child != 0 {
		out.Child = number(d.Child)
	}
	return out
}

// postDeposit records one deposit at the program's desk.
func (a *API) postDeposit(g *gin.Context, c call) (reply, error) {
	in, body, err := readBody(g)
	if err != nil {
		return reply{}, err
	}
	d := readDeposit(body, c.today())
	if err := in.err(); err != nil {
		return reply{}, err
	}
	if err := a.findOwners(g, c, in, []*newDeposit{&d}); err != nil {
		return reply{}, err
	}
	outcome, err := a.desks.of(a.DB, c).Post(g.Request.Context(), c.Actor(), d.Deposit, c.at)
	if err != nil {
		return reply{}, err
	}
	if outcome == savings.Clash {
		return reply{}, savings.ErrReferenceUsed.At("reference")
	}
	var state savings.DepositState
	err = a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) error {
		id, err := savings.DepositByReference(ctx, q, c.Program.ID, d.Reference)
		if err != nil {
			return err
		}
		state, err = savings.DepositByID(ctx, q, c.Program.ID, id)
		return err
	})
	return reply{status: http.StatusCreated, location: prefix + "/deposits/" + number(state.ID), value: depositOf(state)}, err
}

// outcomes say what became of deposits.
type outcomes struct {
	Outcomes []outcome `json:"outcomes"`
}

type outcome struct {
	Reference string          `json:"reference"`
	Outcome   savings.Outcome `json:"outcome"`
}

// postDeposits records a set of deposits in one transaction.
func (a *API) postDeposits(g *gin.Context, c call) (reply, error) {
	in, body, err := readBody(g)
	if err != nil {
		return reply{}, err
	}
	items := body.list("deposits", maxDeposits)
	body.end()
	set := make([]*newDeposit, len(items))
	for i, item := range items {
		d := readDeposit(item, c.today())
		set[i] = &d
	}
	if err := in.err(); err != nil {
		return reply{}, err
	}
	if err := a.findOwners(g, c, in, set); err != nil {
		return reply{}, err
	}
	deposits := make([]savings.Deposit, len(set))
	for i, d := range set {
		deposits[i] = d.Deposit
	}
	var became []savings.Outcome
	ctx := g.Request.Context()
	err = a.DB.InTx(ctx, c.Who(), func(tx *sqlx.Tx) (err error) {
		became, err = savings.PostDeposits(ctx, tx, c.Who(), c.Program, deposits, 0, c.at)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	out := outcomes{make([]outcome, len(became))}
	for i, what := range became {
		out.Outcomes[i] = outcome{deposits[i].Reference, what}
	}
	return ok(out)
}

// findOwners finds whose deposits are, in a number of questions that does not
// grow with the set. One that names somebody who does not take part is a fault:
// its sender knows better than suspense does.
func (a *API) findOwners(g *gin.Context, c call, in *input, set []*newDeposit) error {
	accounts, students := make([]savings.Account, len(set)), make([]string, len(set))
	var children []family.ChildID
	for i, d := range set {
		students[i] = d.student
		if d.account != "" {
			accounts[i] = accountIn(d.at, "account", d.account)
		}
		if d.child != "" {
			children = append(children, childNumber(d.child))
		}
	}
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) error {
		of, err := enroll.Accounts(ctx, q, c.Program.ID, children)
		if err != nil {
			return err
		}
		for i, d := range set {
			if d.child != "" {
				accounts[i] = of[childNumber(d.child)]
			}
		}
		owners, err := savings.Owners(ctx, q, c.Who(), a.Keys, c.Program.ID, accounts, students)
		for i, owner := range owners {
			set[i].own(owner)
		}
		return err
	})
	if err != nil {
		return err
	}
	return in.err()
}

// own says whose a deposit is, or that nobody is whom it names.
func (d *newDeposit) own(child family.ChildID) {
	d.Child = child
	if child != 0 {
		return
	}
	for name, value := range map[string]string{"child": d.child, "account": d.account, "student": d.student} {
		if value != "" {
			d.at.wrong(name, asInvalid(savings.ErrNoChild))
		}
	}
}

// asInvalid is a fault as part of a list of what is wrong with fields.
func asInvalid(f *fault.Fault) *fault.Fault {
	g := *f
	g.Kind = fault.Invalid
	return &g
}

func accountIn(o object, name, text string) savings.Account {
	account, err := savings.ParseAccount(text)
	if err != nil {
		o.wrong(name, savings.ErrAccountNo)
	}
	return account
}

// childNumber is a child's number; 0, which nobody has, for what is none.
func childNumber(text string) family.ChildID {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0
	}
	return family.ChildID(n)
}

// deposit is one deposit as it stands.
func (a *API) deposit(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	id, err := numberIn(g, "deposit")
	if err != nil {
		return reply{}, err
	}
	var state savings.DepositState
	err = a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		state, err = savings.DepositByID(ctx, q, c.Program.ID, savings.DepositID(id))
		return err
	})
	if err == nil && state.Child != 0 {
		err = a.viewed(g, c, "child.viewed", []int64{int64(state.Child)})
	}
	if err != nil {
		return reply{}, err
	}
	return ok(depositOf(state))
}
