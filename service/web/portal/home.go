package portal

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/statement"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// purse is what a child's page begins with.
type purse struct {
	held    activation.Held
	program program.Program
	person  family.Person
	erased  bool
	known   rules.Child
	book    *rules.Book // nil where no rule book is in effect
	money   enroll.Money
	coming  []statement.Coming
}

// home shows all children in one read.
func (p *Portal) home(g *gin.Context, v visit, _ activation.Held) error {
	purses, err := p.purses(g, v, v.Held)
	if err != nil {
		return err
	}
	page := p.page(g, v.words.T("portal.home.title"))
	view := pages.Home{Add: "/family/activate", AsOf: v.words.T("portal.home.as_of", i18n.Args{"at": v.words.Time(v.at.UTC())})}
	for i, one := range purses {
		if i == 0 {
			view.AsOf = v.words.T("portal.home.as_of", i18n.Args{"at": v.words.Time(v.at.In(one.program.Zone()))})
		}
		view.Children = append(view.Children, one.view(v))
	}
	return p.show(g, pages.HomePage(page, view))
}

// purses opens children program by program, in a constant number of queries
// each.
func (p *Portal) purses(g *gin.Context, v visit, held []activation.Held) (out []purse, err error) {
	err = p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		out = nil
		for _, id := range programsOf(held) {
			some, err := p.pursesIn(ctx, q, v, v.programs[id], held)
			if err != nil {
				return err
			}
			out = append(out, some...)
		}
		return nil
	})
	return out, err
}

func programsOf(held []activation.Held) (ids []program.ID) {
	for _, h := range held {
		if !slices.Contains(ids, h.Program) {
			ids = append(ids, h.Program)
		}
	}
	return ids
}

func (p *Portal) pursesIn(ctx context.Context, q sqlx.QueryerContext, v visit, in program.Program, held []activation.Held) ([]purse, error) {
	var out []purse
	var ids []family.ChildID
	for _, h := range held {
		if h.Program == in.ID {
			out, ids = append(out, purse{held: h, program: in}), append(ids, h.Child)
		}
	}
	people, err := family.Load(ctx, q, v.Who(), p.Keys, ids)
	if err != nil {
		return nil, err
	}
	money, err := enroll.MoneyOf(ctx, q, in, ids)
	if err != nil {
		return nil, err
	}
	coming, err := statement.ComingTo(ctx, q, in, ids)
	if err != nil {
		return nil, err
	}
	known, err := p.known(ctx, q, v, in, ids)
	if err != nil {
		return nil, err
	}
	book, err := program.RulesOn(ctx, q, in.ID, v.today(in))
	if err != nil && !errors.Is(err, program.ErrNoRules) {
		return nil, err
	}
	for i := range out {
		o := &out[i]
		o.person, o.erased, o.known, o.book = people[i].Person, people[i].Erased, known[i], book
		o.money, o.coming = money[o.held.Child], coming[o.held.Child]
	}
	return out, nil
}

// known is what the rule book may read of children, deposits among it.
func (p *Portal) known(ctx context.Context, q sqlx.QueryerContext, v visit, in program.Program, ids []family.ChildID) ([]rules.Child, error) {
	children, err := enroll.Facts(ctx, q, v.Who(), p.Keys, in.ID, ids)
	if err != nil {
		return nil, err
	}
	return savings.WithDeposits(ctx, q, in.ID, children)
}

// childPath is where a child's pages begin.
func childPath(h activation.Held) string { return "/family/children/" + h.Account.String() }

func awardPath(h activation.Held, benefit, period string) string {
	return childPath(h) + "/awards/" + url.PathEscape(benefit) + "/" + url.PathEscape(period)
}

func (o purse) name(w *i18n.Words) string {
	if o.erased {
		return w.T("statement.erased")
	}
	return o.person.DisplayName()
}

// given is what a child is called at home.
func (o purse) given(w *i18n.Words) string {
	return cmp.Or(o.person.Preferred, o.person.Given, o.name(w))
}

func (o purse) view(v visit) pages.Child {
	w := v.words
	c := pages.Child{
		Name: o.name(w), Program: o.program.Name, To: childPath(o.held),
		Account: w.T("statement.account", i18n.Args{"account": o.held.Account.String()}),
		Total:   o.money.Total(), Own: o.money.Own, Awarded: o.money.Program, Given: o.given(w), Left: o.left(w),
	}
	for _, one := range o.coming {
		c.Coming = c.Coming.Add(one.Amount)
		c.OnTheWay = append(c.OnTheWay, pages.Coming{Amount: one.Amount, What: statement.ComingText(w, one), To: awardPath(o.held, one.Benefit, one.Period)})
	}
	c.Next = o.next(v)
	return c
}

// left says that a child takes part no more.
func (o purse) left(w *i18n.Words) string {
	for _, e := range o.known.Events {
		switch e.Kind {
		case rules.Left, rules.OptedOut, rules.Death:
			return w.T("portal.home.left", i18n.Args{"on": e.On})
		}
	}
	return ""
}

// mostNext is how many chances a page tells: what is to be done next, not all
// that may be done.
const mostNext = 4

// next is what the next dollar or step would bring, from the engine that pays.
func (o purse) next(v visit) (out []pages.Next) {
	if o.book == nil || o.left(v.words) != "" || o.erased {
		return nil
	}
	on := v.today(o.program)
	chances := rules.NextDollar(o.book, o.known, on)
	for _, c := range chances {
		out = append(out, pages.Next{What: benefitName(v.words, c.Says, c.Benefit), Says: chance(v.words, c)})
	}
	for _, e := range rules.Evaluate(o.book, o.known, on) {
		told := slices.ContainsFunc(chances, func(c rules.Chance) bool { return c.Benefit == e.Benefit })
		if told || e.Why.Outcome != rules.Open || e.Amount.Sign() > 0 {
			continue
		}
		b, _ := o.book.Benefit(e.Benefit)
		out = append(out, pages.Next{What: benefitName(v.words, b.Says, e.Benefit), Says: rules.Headline(v.words, e.Why)})
	}
	return out[:min(len(out), mostNext)]
}

// chance says what a deposit would earn and until when.
func chance(w *i18n.Words, c rules.Chance) string {
	args := i18n.Args{"deposit": c.Deposit, "earns": c.Earns, "by": c.By, "most": c.Most}
	said := w.T("portal.next.earns", args)
	if !c.By.IsZero() {
		said = w.T("portal.next.earns_by", args)
	}
	if c.Most.Sign() > 0 && c.Earns.Less(c.Most) {
		said += " " + w.T("portal.next.most", args)
	}
	return said
}

// benefitName is what the program calls a benefit.
func benefitName(w *i18n.Words, says rules.Text, id string) string {
	if name := says.In(w.Lang()); name != "" {
		return name
	}
	return id
}

// periodName is a benefit's period as people call it; "" for what is given once.
func periodName(w *i18n.Words, period string) string {
	if period == "once" {
		return ""
	}
	if span, err := statement.ParseSpan(period); err == nil {
		return statement.PeriodName(w, span)
	}
	return period
}

// account is the guardian's own page.
func (p *Portal) account(g *gin.Context, v visit, _ activation.Held) error {
	purses, err := p.purses(g, v, v.Held)
	if err != nil {
		return err
	}
	var view pages.Account
	for _, o := range purses {
		view.Children = append(view.Children, parts.Row{Term: o.name(v.words), Value: o.program.Name, To: childPath(o.held)})
	}
	return p.show(g, pages.AccountPage(p.page(g, v.words.T("portal.account.title")), view))
}
