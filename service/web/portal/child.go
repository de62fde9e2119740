package portal

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/i18n"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/statement"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// file is everything that a child's own page shows.
type file struct {
	purse
	lines     []statement.Line
	awards    []savings.AwardState
	papers    []statement.Issued
	guardians int
}

// child shows one child's money, how it came, and its statements.
func (p *Portal) child(g *gin.Context, v visit, h activation.Held) error {
	f, err := p.file(g, v, h)
	if err != nil {
		return err
	}
	goal, err := p.goalLine(g, v, f.purse)
	if err != nil {
		return err
	}
	page := p.page(g, f.name(v.words))
	view := pages.History{
		Papers: f.paperLinks(v.words), Goal: goal, ToGoal: childPath(h) + "/goal",
		Child: f.view(v), Lines: f.historyLines(v.words), Awards: f.awardLines(v.words), Statements: f.statementLines(v.words),
		Invite: childPath(h) + "/invite", Ask: childPath(h) + "/ask", Guardians: f.guardians,
	}
	return p.show(g, pages.ChildPage(page, view))
}

func (p *Portal) file(g *gin.Context, v visit, h activation.Held) (f file, err error) {
	purses, err := p.purses(g, v, []activation.Held{h})
	if err != nil {
		return f, err
	}
	f.purse = purses[0]
	err = p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if f.lines, err = statement.History(ctx, q, f.program, h.Child); err != nil {
			return err
		}
		if f.awards, err = savings.AwardsOf(ctx, q, f.program.ID, ids(h)); err != nil {
			return err
		}
		if f.papers, err = statement.Of(ctx, q, f.program.ID, h.Child); err != nil {
			return err
		}
		if f.papers, err = statement.ForFamily(ctx, q, h.Child, f.papers); err != nil {
			return err
		}
		f.guardians, err = activation.Guardians(ctx, q, int64(h.Child))
		return err
	})
	return f, err
}

// historyLines are the newest first, with what was on the account after each.
func (f file) historyLines(w *i18n.Words) []pages.Line {
	var after ledger.Amount
	out := make([]pages.Line, 0, len(f.lines))
	for _, l := range f.lines {
		after = after.Add(l.Amount)
		line := moneyLine(w, l)
		line.After, line.To = after, childPath(f.held)+"/lines/"+strconv.FormatInt(int64(l.No), 10)
		out = append(out, line)
	}
	slices.Reverse(out)
	return out
}

func moneyLine(w *i18n.Words, l statement.Line) pages.Line {
	return pages.Line{On: l.On, What: statement.LineName(w, l), Note: strings.Join(statement.LineNotes(w, l), " "), Amount: l.Amount}
}

// awardLines are the evaluated awards, what gave something first, and the
// newest period before older ones.
func (f file) awardLines(w *i18n.Words) (out []pages.Award) {
	slices.SortStableFunc(f.awards, func(a, b savings.AwardState) int {
		return cmp.Or(b.Entitled.Sign()-a.Entitled.Sign(), strings.Compare(b.Period, a.Period), strings.Compare(a.Benefit, b.Benefit))
	})
	for _, a := range f.awards {
		award := pages.Award{What: f.benefit(w, a.Benefit), Period: periodName(w, a.Period), Amount: a.Entitled, To: awardPath(f.held, a.Benefit, a.Period)}
		if why, err := rules.ParseWhy(a.Why); err == nil && why.Reason != "" {
			award.Why = rules.Headline(w, why)
		}
		out = append(out, award)
	}
	return out
}

// benefit is what the rule book in effect calls a benefit.
func (o purse) benefit(w *i18n.Words, id string) string {
	if o.book == nil {
		return id
	}
	b, _ := o.book.Benefit(id)
	return benefitName(w, b.Says, id)
}

func (f file) statementLines(w *i18n.Words) (out []pages.Statement) {
	for _, s := range f.papers {
		path := childPath(f.held) + "/statements/" + s.Period
		out = append(out, pages.Statement{Name: statement.PeriodName(w, s.Span()), To: path, PDFs: pdfLinks(w, path)})
	}
	return out
}

// pdfLinks lead to a statement's paper, the reader's language first.
func pdfLinks(w *i18n.Words, path string) []parts.Link {
	var links []parts.Link
	for _, l := range i18n.Languages {
		link := parts.Link{Text: w.T("portal.paper.pdf", i18n.Args{"language": l.Name}), To: path + "/" + l.Code}
		if l.Code == w.Lang() {
			links = append([]parts.Link{link}, links...)
		} else {
			links = append(links, link)
		}
	}
	return links
}

// askInvite offers a code for another adult.
func (p *Portal) askInvite(g *gin.Context, v visit, h activation.Held) error {
	return p.showInvite(g, v, h, "")
}

func (p *Portal) showInvite(g *gin.Context, v visit, h activation.Held, code string) error {
	purses, err := p.purses(g, v, []activation.Held{h})
	if err != nil {
		return err
	}
	name := purses[0].name(v.words)
	page := p.page(g, v.words.T("portal.invite.title"), parts.Link{Text: name, To: childPath(h)})
	return p.show(g, pages.InvitationPage(page, pages.Invitation{Given: purses[0].given(v.words), Code: code, To: childPath(h) + "/invite"}))
}

// invite makes the code and shows it, this once: nothing keeps it, so there is
// no page to lead to.
func (p *Portal) invite(g *gin.Context, v visit, h activation.Held) error {
	code, err := activation.Invite(g.Request.Context(), p.DB, p.Keys, v.Guardian, h, v.at)
	if err != nil {
		return err
	}
	return p.showInvite(g, v, h, code)
}
