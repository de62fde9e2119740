package portal

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/audit"
	"seedbook/service/disclose"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
	"seedbook/service/statement"
	"seedbook/service/web"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// errGoal reports a goal of nothing.
var errGoal = fault.New(fault.Invalid, "request.fault.missing")

// paperLinks are the papers and numbers that a child's page leads to.
func (f file) paperLinks(w *i18n.Words) []parts.Link {
	path := childPath(f.held)
	links := []parts.Link{{Text: w.T("disclose.what_if.title"), To: path + "/what-if"}, {Text: w.T("disclose.gift.title"), To: path + "/gift"}, {Text: w.T("ownership.link"), To: path + "/ownership"}}
	for _, year := range disclose.Years(f.lines) {
		links = append(links, parts.Link{Text: w.T("disclose.page.years") + ": " + strconv.Itoa(year), To: path + "/years/" + strconv.Itoa(year)})
	}
	return links
}

// goalLine is how far the guardian's own goal is.
func (p *Portal) goalLine(g *gin.Context, v visit, o purse) (line string, err error) {
	err = p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		goal, ok, err := family.GoalOf(ctx, q, v.Who(), p.Keys, o.held.Child)
		if ok {
			line = v.words.T("disclose.goal.so_far", i18n.Args{"total": o.money.Total(), "amount": goal.Amount, "what": goal.What})
		}
		return err
	})
	return line, err
}

// ownedBy reads whose each dollar on a child's account is.
func (p *Portal) ownedBy(g *gin.Context, v visit, h activation.Held) (o statement.Ownership, err error) {
	f, err := p.file(g, v, h)
	if err != nil {
		return o, err
	}
	o = statement.Ownership{Program: f.program, Name: f.name(v.words), Account: h.Account.String(), On: v.today(f.program), At: v.at, Own: f.money.Own, Given: f.money.Program}
	for _, c := range f.coming {
		o.Coming = o.Coming.Add(c.Amount)
	}
	if len(f.papers) > 0 {
		newest := slices.MaxFunc(f.papers, func(a, b statement.Issued) int { return a.Last.Cmp(b.Last) })
		o.Code, o.Period = newest.Code, statement.PeriodName(v.words, newest.Span())
	}
	return o, nil
}

// ownership shows the letter for a benefits office.
func (p *Portal) ownership(g *gin.Context, v visit, h activation.Held) error {
	o, err := p.ownedBy(g, v, h)
	if err != nil {
		return err
	}
	w := v.words
	view := pages.Ownership{Name: o.Name, Account: w.T("statement.account", i18n.Args{"account": o.Account}), On: w.Date(o.On), Rows: o.Rows(w), Says: o.Says(w)}
	for _, l := range i18n.Languages {
		view.PDFs = append(view.PDFs, parts.Link{Text: w.T("ownership.pdf", i18n.Args{"language": l.Name}), To: childPath(h) + "/ownership/" + l.Code})
	}
	page := p.page(g, w.T("ownership.title"), parts.Link{Text: o.Name, To: childPath(h)})
	page.Lead = w.T("ownership.lead")
	return p.show(g, pages.OwnershipPage(page, view))
}

// ownershipPDF sends the letter as a PDF in one of our languages.
func (p *Portal) ownershipPDF(g *gin.Context, v visit, h activation.Held) error {
	lang := g.Param("lang")
	if !i18n.Speaks(lang) {
		return web.ErrNoPage
	}
	v.words = i18n.For(lang) // also what the letter says of the newest statement
	o, err := p.ownedBy(g, v, h)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := statement.WriteOwnership(&b, o, lang); err != nil {
		return err
	}
	return web.Download(g, "application/pdf", "whose-money-"+o.Account+"-"+lang+".pdf", b.Bytes())
}

// taxYear sums a calendar year up.
func (p *Portal) taxYear(g *gin.Context, v visit, h activation.Held) error {
	year, err := strconv.Atoi(g.Param("year"))
	if err != nil {
		return web.ErrNoPage
	}
	f, err := p.file(g, v, h)
	if err != nil {
		return err
	}
	if !slices.Contains(disclose.Years(f.lines), year) {
		return web.ErrNoPage
	}
	y := disclose.YearOf(v.words, f.lines, year)
	view := pages.TaxYear{OwnTotal: y.OwnTotal, ProgramTotal: y.ProgramTotal}
	for _, s := range y.Own {
		view.Own = append(view.Own, pages.YearRow(s))
	}
	for _, s := range y.Program {
		view.Program = append(view.Program, pages.YearRow(s))
	}
	page := p.page(g, v.words.T("disclose.page.year", i18n.Args{"year": strconv.Itoa(year)}), parts.Link{Text: f.name(v.words), To: childPath(h)})
	page.Lead = v.words.T("disclose.page.year_lead")
	return p.show(g, pages.TaxYearPage(page, view))
}

// whatIf works out what saving every month would bring, by the engine that pays.
func (p *Portal) whatIf(g *gin.Context, v visit, h activation.Held) error {
	purses, err := p.purses(g, v, []activation.Held{h})
	if err != nil {
		return err
	}
	o, w := purses[0], v.words
	view := pages.WhatIf{To: childPath(h) + "/what-if", Monthly: "10", Months: "12"}
	for _, n := range []string{"6", "12", "24", "36"} {
		view.Choices = append(view.Choices, parts.Choice{Value: n, Text: n})
	}
	f := web.ReadQuery(g)
	page := p.page(g, w.T("disclose.what_if.title"), parts.Link{Text: o.name(w), To: childPath(h)})
	page.Lead = w.T("disclose.what_if.lead")
	monthly, months := ledger.Minor(1000), 12
	if f.Has("monthly") {
		view.Monthly, view.Months = f.Peek("monthly"), f.Peek("months")
		monthly = f.Amount("monthly")
		months, _ = strconv.Atoi(f.Choice("months", "6", "12", "24", "36")) // one of these
	}
	if err := f.Err(); err != nil {
		page.Problems = web.Problems(w, err)
		return p.hall.Show(g, http.StatusUnprocessableEntity, pages.WhatIfPage(page, view))
	}
	if o.book != nil && monthly.Sign() > 0 {
		s := forecast.IfSaved(o.book, o.known, monthly, months, v.today(o.program))
		view.Figures = []parts.Figure{{Label: w.T("disclose.what_if.together"), Value: w.Money(s.Saved.Add(s.Earned)), Major: true},
			{Label: w.T("disclose.what_if.you"), Value: w.Money(s.Saved)}, {Label: w.T("disclose.what_if.program"), Value: w.Money(s.Earned)}}
		view.Until = w.T("disclose.what_if.until", i18n.Args{"on": s.Last})
		for _, e := range s.Earns {
			view.Earns = append(view.Earns, w.T("disclose.what_if.earns", i18n.Args{"amount": e.Amount, "what": benefitName(w, e.Says, e.Benefit)}))
		}
	}
	return p.show(g, pages.WhatIfPage(page, view))
}

// askGift offers a link for relatives.
func (p *Portal) askGift(g *gin.Context, v visit, h activation.Held) error {
	return p.showGift(g, v, h, "")
}

func (p *Portal) showGift(g *gin.Context, v visit, h activation.Held, link string) error {
	purses, err := p.purses(g, v, []activation.Held{h})
	if err != nil {
		return err
	}
	page := p.page(g, v.words.T("disclose.gift.title"), parts.Link{Text: purses[0].name(v.words), To: childPath(h)})
	page.Lead = v.words.T("disclose.gift.lead", i18n.Args{"given": purses[0].given(v.words)})
	return p.show(g, pages.GiftLinkPage(page, pages.GiftLink{To: childPath(h) + "/gift", Link: link}))
}

// makeGift makes the link and shows it, this once, or ends the one there is.
func (p *Portal) makeGift(g *gin.Context, v visit, h activation.Held) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	token := ""
	err = p.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		if f.Peek("act") == "stop" {
			return activation.EndGiftLinks(ctx, tx, v.Guardian, h, v.at)
		}
		token, err = activation.MakeGiftLink(ctx, tx, v.Guardian, h, v.at)
		return err
	})
	if err != nil {
		return err
	}
	if token == "" {
		return web.See(g, childPath(h), "gift_stopped", 0)
	}
	return p.showGift(g, v, h, "https://"+g.Request.Host+"/gift/"+token)
}

// gift is the page of a relative. It names no child.
func (p *Portal) gift(g *gin.Context) error {
	gift, err := activation.GiftOf(g.Request.Context(), p.DB, g.Param("token"), p.Now())
	if err != nil {
		return err
	}
	page := p.frame(g, "disclose.gift.page_title")
	page.Lead = page.T("disclose.gift.page_lead", i18n.Args{"program": gift.Program})
	return p.show(g, pages.GiftPage(page, pages.Gift{Number: gift.Number.String()}))
}

// askGoal asks what the guardian saves for.
func (p *Portal) askGoal(g *gin.Context, v visit, h activation.Held) error {
	form := pages.GoalForm{To: childPath(h) + "/goal"}
	err := p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		goal, ok, err := family.GoalOf(ctx, q, v.Who(), p.Keys, h.Child)
		if ok {
			form.What, form.Amount = goal.What, goal.Amount.String()
			if !goal.By.IsZero() {
				form.By = goal.By.String()
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.showGoal(g, v, h, http.StatusOK, form, nil)
}

func (p *Portal) showGoal(g *gin.Context, v visit, h activation.Held, status int, form pages.GoalForm, problems []parts.Problem) error {
	name, err := p.nameOf(g, v, h)
	if err != nil {
		return err
	}
	page := p.page(g, v.words.T("disclose.goal.title"), parts.Link{Text: name, To: childPath(h)})
	page.Lead, page.Problems = v.words.T("disclose.goal.lead"), problems
	return p.hall.Show(g, status, pages.GoalPage(page, form))
}

// setGoal writes it down.
func (p *Portal) setGoal(g *gin.Context, v visit, h activation.Held) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	form := pages.GoalForm{To: childPath(h) + "/goal", What: f.Text("what"), Amount: f.Peek("amount"), By: f.Peek("by")}
	goal := family.Goal{What: form.What, Amount: f.Amount("amount")}
	if form.By != "" {
		goal.By = f.Date("by")
	}
	if goal.Amount.Sign() <= 0 && f.Err() == nil {
		f.Fail("amount", errGoal)
	}
	if err = f.Err(); err == nil {
		err = p.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			return family.SetGoal(ctx, tx, v.Who(), p.Keys, h.Child, goal, v.at)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return p.showGoal(g, v, h, web.Status(err), form, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, childPath(h), "goal_saved", 0)
}

// download sends everything that the program knows about the family.
func (p *Portal) download(g *gin.Context, v visit, _ activation.Held) error {
	err := p.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "portal.downloaded", Kind: "guardian", Subject: int64(v.Account)}}, v.at)
	})
	if err != nil {
		return err
	}
	return web.Stream(g, "application/zip", "my-family.zip", func(out io.Writer) error {
		return p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
			return disclose.Write(ctx, q, out, disclose.Asked{Guardian: v.Guardian, Programs: v.programs, Keys: p.Keys, Lang: v.words.Lang(), At: v.at})
		})
	})
}
