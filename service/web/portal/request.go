package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/enroll"
	"seedbook/service/i18n"
	"seedbook/service/request"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// askWhat offers what the guardian may ask for now.
func (p *Portal) askWhat(g *gin.Context, v visit, h activation.Held) error {
	purses, err := p.purses(g, v, []activation.Held{h})
	if err != nil {
		return err
	}
	o := purses[0]
	view := pages.Asks{Given: o.given(v.words), All: asked}
	err = p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		view.Kinds, view.Open = nil, nil
		for _, k := range request.Kinds {
			err := request.May(ctx, q, v.Guardian, h, k, v.at)
			if errors.Is(err, activation.ErrMayNot) {
				continue
			}
			if err != nil {
				return err
			}
			view.Kinds = append(view.Kinds, pages.AskKind{Name: kindName(v.words, k), What: v.words.T("request.what." + string(k)), To: childPath(h) + "/ask/" + string(k)})
		}
		mine, err := request.Of(ctx, q, v.Guardian)
		for _, r := range mine {
			if r.State.Open() && r.Child == h.Child {
				view.Open = append(view.Open, askLine(v, r, o.given(v.words)))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	page := p.page(g, v.words.T("request.page.ask"), parts.Link{Text: o.name(v.words), To: childPath(h)})
	page.Lead = v.words.T("request.page.lead", i18n.Args{"given": view.Given})
	return p.show(g, pages.AsksPage(page, view))
}

func kindName(w *i18n.Words, k request.Kind) string { return w.T("request.kind." + string(k)) }

func askLine(v visit, r request.Request, given string) pages.Ask {
	return pages.Ask{What: kindName(v.words, r.Kind), For: given, To: requestPath(r.ID), State: requestState(v.words, r.State), At: r.AskedAt.In(v.programs[r.Program].Zone())}
}

func requestPath(id request.ID) string { return asked + "/" + strconv.FormatInt(int64(id), 10) }

func requestState(w *i18n.Words, s request.State) parts.Status {
	tone := map[request.State]parts.Tone{request.Asked: parts.Info, request.Back: parts.Caution, request.Approved: parts.Info, request.Done: parts.Good}[s]
	return parts.Status{Text: w.T("request.state." + string(s)), Tone: cmp.Or(tone, parts.Quiet)}
}

// ask is a request as far as it is typed.
type ask struct {
	purse
	kind   request.Kind
	key    string
	values map[string]string
}

// openAsk opens the child of a request that the guardian may make now.
func (p *Portal) openAsk(g *gin.Context, v visit, h activation.Held) (a ask, err error) {
	a.kind, a.values, a.key = request.Kind(g.Param("kind")), map[string]string{}, strings.ToLower(rand.Text())
	if !a.kind.Known() {
		return a, web.ErrNoPage
	}
	purses, err := p.purses(g, v, []activation.Held{h})
	if err != nil {
		return a, err
	}
	a.purse = purses[0]
	return a, p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		return request.May(ctx, q, v.Guardian, h, a.kind, v.at)
	})
}

// askFor shows the form of a request.
func (p *Portal) askFor(g *gin.Context, v visit, h activation.Held) error {
	a, err := p.openAsk(g, v, h)
	if err != nil {
		return err
	}
	a.values["line"] = web.ReadQuery(g).Peek("line")
	return p.showAsk(g, v, http.StatusOK, a, nil)
}

func (p *Portal) showAsk(g *gin.Context, v visit, status int, a ask, problems []parts.Problem) error {
	w := v.words
	page := p.page(g, kindName(w, a.kind), parts.Link{Text: a.name(w), To: childPath(a.held)}, parts.Link{Text: w.T("request.page.ask"), To: childPath(a.held) + "/ask"})
	page.Lead, page.Problems = w.T("request.what."+string(a.kind)), problems
	view := pages.AskForm{Post: childPath(a.held) + "/ask/" + string(a.kind), Key: a.key, Notes: a.notes(w), Fields: a.fields(w), Submit: w.T("request.page.send")}
	if a.kind.Signs() {
		view.Submit = w.T("request.page.look")
	}
	return p.hall.Show(g, status, pages.AskPage(page, view))
}

// notes say before anything is typed what will happen, and the limits.
func (a ask) notes(w *i18n.Words) []string {
	out := []string{w.N("request.note.days", a.kind.Days())}
	if a.kind.Money() {
		most := a.money.Total()
		if a.kind == request.Emergency {
			most = a.money.Own
		}
		out = append(out, w.T("request.note.most", i18n.Args{"most": most}))
	}
	if a.kind.Waits() {
		out = append(out, w.T("request.note.waits"))
	}
	if a.kind.NeedsPaper() {
		out = append(out, w.T("request.paper_of."+string(a.kind)))
	}
	return out
}

func (a ask) fields(w *i18n.Words) (out []pages.AskField) {
	for _, f := range a.kind.Fields() {
		field := pages.AskField{As: string(f.As), Field: parts.Field{Name: f.Name, Label: w.T("request.field." + f.Name), Value: a.values[f.Name], Optional: f.Optional, MaxLength: 200}}
		if hint := "request.hint." + f.Name; w.Has(hint) {
			field.Hint = w.T(hint)
		}
		switch f.As {
		case request.Block:
			field.MaxLength = 4000
		case request.Amount:
			field.InputMode, field.MaxLength = "decimal", 15
		case request.Day:
			field.Type = "date"
		case request.Choice:
			for _, c := range f.Choices {
				field.Choices = append(field.Choices, parts.Choice{Value: c, Text: w.T("request.choice." + c)})
			}
		}
		out = append(out, field)
	}
	return out
}

// take takes a request: a kind that is signed shows first what it does.
func (p *Portal) take(g *gin.Context, v visit, h activation.Held) error {
	a, err := p.openAsk(g, v, h)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	a.read(f)
	if err := f.Err(); err != nil {
		return p.again(g, v, a, err)
	}
	if f.Peek("step") == "change" {
		return p.showAsk(g, v, http.StatusOK, a, nil)
	}
	if !a.kind.Signs() {
		return p.send(g, v, a, nil)
	}
	look, err := p.look(g, v, a)
	if err != nil {
		return err
	}
	if f.Peek("step") != "sign" {
		return p.showSigning(g, v, http.StatusOK, a, look, nil)
	}
	look.Name = f.Optional("signature")
	return p.send(g, v, a, &look)
}

// read takes the fields of the kind.
func (a *ask) read(f *web.Form) {
	a.key = f.Text("key")
	for _, field := range a.kind.Fields() {
		name := field.Name
		a.values[name] = f.Peek(name)
		if field.Optional && a.values[name] == "" {
			continue
		}
		switch field.As {
		case request.Block:
			a.values[name] = strings.TrimSpace(f.Block(name, 4000))
		case request.Amount:
			if amount := f.Amount(name); f.Err() == nil {
				a.values[name] = amount.String()
			}
		case request.Day:
			f.Date(name)
		case request.Choice:
			f.Choice(name, field.Choices...)
		default:
			a.values[name] = f.Text(name)
		}
	}
}

func (p *Portal) again(g *gin.Context, v visit, a ask, err error) error {
	problems := web.Problems(v.words, err)
	if problems == nil {
		return err
	}
	return p.showAsk(g, v, web.Status(err), a, problems)
}

// send asks. What is wrong is shown on the page that it was sent from.
func (p *Portal) send(g *gin.Context, v visit, a ask, signed *pages.Signing) error {
	asking := request.Asking{Kind: a.kind, Values: a.values, Reference: a.key}
	if signed != nil {
		asking.Sign = &request.Signature{Name: signed.Name, Text: signed.Agreement, At: v.at, Session: int64(v.Session)}
	}
	var id request.ID
	err := p.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		id, err = request.Ask(ctx, tx, p.Keys, v.Guardian, a.held, a.program, asking, v.at)
		return err
	})
	if problems := web.Problems(v.words, err); problems != nil && signed != nil && errors.Is(err, request.ErrSign) {
		return p.showSigning(g, v, web.Status(err), a, *signed, problems)
	}
	if err != nil {
		return p.again(g, v, a, err)
	}
	return web.See(g, requestPath(id), "asked", 0)
}

// look works out what a request does, and the text that is signed.
func (p *Portal) look(g *gin.Context, v visit, a ask) (view pages.Signing, err error) {
	w := v.words
	args := i18n.Args{"given": a.given(w), "program": a.program.Name}
	for name, value := range a.values {
		args[name] = value
	}
	if a.kind.Money() {
		amount, err := ledger.ParseAmount(a.values["amount"])
		if err != nil {
			return view, err
		}
		args["amount"] = amount
		a.cost(v, amount, &view)
	} else if err := p.leaving(g, v, a, &view); err != nil {
		return view, err
	}
	view.Agreement = w.T("request.agree."+string(a.kind), args)
	view.Post = childPath(a.held) + "/ask/" + string(a.kind)
	view.Hidden = []parts.Carried{{Name: "key", Value: a.key}}
	for _, f := range a.kind.Fields() {
		view.Hidden = append(view.Hidden, parts.Carried{Name: f.Name, Value: a.values[f.Name]})
	}
	view.Facts = saidRows(w, a.kind, a.values)
	return view, nil
}

// cost tells what taking money out costs, by the engine that pays.
func (a ask) cost(v visit, amount ledger.Amount, view *pages.Signing) {
	w := v.words
	cost := request.Cost{Own: amount}
	if a.book != nil {
		cost = request.CostOf(a.book, a.known, a.kind, amount, v.today(a.program))
	}
	view.Figures = []parts.Figure{
		{Label: w.T("request.cost.paid"), Value: w.Money(cost.Own.Add(cost.Program)), Major: true},
		{Label: w.T("request.cost.own"), Value: w.Money(cost.Own)}, {Label: w.T("request.cost.program"), Value: w.Money(cost.Program)},
		{Label: w.T("request.cost.lost"), Value: w.Money(cost.Lost())},
	}
	if cost.Unpaid.Sign() > 0 {
		view.Says = append(view.Says, w.T("request.unpaid."+string(cost.Why), i18n.Args{"amount": cost.Unpaid}))
	}
	for _, l := range cost.Loses {
		view.Says = append(view.Says, w.T("request.cost.loss", i18n.Args{"amount": l.Amount, "what": benefitName(w, l.Says, l.Benefit)}))
	}
	if len(cost.Loses) == 0 {
		view.Says = append(view.Says, w.T("request.cost.nothing"))
	}
	view.Says = append(view.Says, w.T("request.cost.today"))
}

// leaving tells what it means to take part no more, or to be forgotten.
func (p *Portal) leaving(g *gin.Context, v visit, a ask, view *pages.Signing) error {
	w := v.words
	view.Says = append(view.Says, w.T("request.effect."+string(a.kind)))
	if a.book == nil || a.left(w) != "" {
		return nil
	}
	var o enroll.Outlook
	err := p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		walk := enroll.Walk{Who: v.Who(), Keys: p.Keys, Program: a.program, Rules: a.book, AsOf: v.today(a.program), At: v.at}
		o, err = enroll.Foresee(ctx, q, walk, enroll.Leaving{Child: a.held.Child, Cause: enroll.Refused, On: v.today(a.program)})
		return err
	})
	if errors.Is(err, enroll.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	var own, back, stops ledger.Amount
	for _, part := range o.Parts {
		if part.Owner == rules.OwnFamily {
			own = own.Add(part.Amount)
		} else {
			back = back.Add(part.Amount)
		}
	}
	for _, e := range o.Back {
		back = back.Add(e.Before.Sub(e.After))
	}
	for _, e := range o.Stops {
		stops = stops.Add(e.Before.Sub(e.After))
	}
	view.Figures = []parts.Figure{
		{Label: w.T("request.effect.own"), Value: w.Money(own), Major: true},
		{Label: w.T("request.effect.back"), Value: w.Money(back)}, {Label: w.T("request.effect.stops"), Value: w.Money(stops)},
	}
	return nil
}

func (p *Portal) showSigning(g *gin.Context, v visit, status int, a ask, view pages.Signing, problems []parts.Problem) error {
	w := v.words
	page := p.page(g, w.T("request.page.check", i18n.Args{"what": kindName(w, a.kind)}), parts.Link{Text: a.name(w), To: childPath(a.held)}, parts.Link{Text: w.T("request.page.ask"), To: childPath(a.held) + "/ask"})
	page.Problems = problems
	return p.hall.Show(g, status, pages.SigningPage(page, view))
}

// saidRows are what a request says, as people read it.
func saidRows(w *i18n.Words, k request.Kind, values map[string]string) (out []parts.Row) {
	for _, f := range k.Fields() {
		value := values[f.Name]
		if value == "" {
			continue
		}
		switch f.As {
		case request.Amount:
			if a, err := ledger.ParseAmount(value); err == nil {
				value = w.Money(a)
			}
		case request.Day:
			if d, err := ledger.ParseDate(value); err == nil {
				value = w.Date(d)
			}
		case request.Choice:
			value = w.T("request.choice." + value)
		}
		out = append(out, parts.Row{Term: w.T("request.field." + f.Name), Value: value})
	}
	return out
}
