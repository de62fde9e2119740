package portal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/family"
	"seedbook/service/forecast"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/statement"
	"seedbook/service/web"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

func ids(h activation.Held) []family.ChildID { return []family.ChildID{h.Child} }

// explainLine lays open one line of the history: what happened, why the amount
// is what it is, and where it stands in the books.
func (p *Portal) explainLine(g *gin.Context, v visit, h activation.Held) error {
	no, err := strconv.ParseInt(g.Param("no"), 10, 64)
	if err != nil {
		return web.ErrNoPage
	}
	in := v.programs[h.Program]
	var lines []statement.Line
	var proof []parts.Row
	err = p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err := statement.History(ctx, q, in, h.Child)
		if err != nil {
			return err
		}
		lines = linesOf(all, ledger.TxNo(no))
		if len(lines) == 0 {
			return web.ErrNoPage
		}
		proof, err = proofRows(ctx, q, v, in, ledger.TxNo(no))
		return err
	})
	if err != nil {
		return err
	}
	return p.showLine(g, v, h, lines, proof)
}

// linesOf are the lines that one entry of the books made.
func linesOf(all []statement.Line, no ledger.TxNo) (lines []statement.Line) {
	for _, l := range all {
		if l.No == no {
			lines = append(lines, l)
		}
	}
	return lines
}

func (p *Portal) showLine(g *gin.Context, v visit, h activation.Held, lines []statement.Line, proof []parts.Row) error {
	w, first := v.words, lines[0]
	view := explanation{pages.Explanation{Proof: proof}}
	for _, l := range lines {
		line := moneyLine(w, l)
		view.Figures = append(view.Figures, parts.Figure{Label: line.What, Value: w.Money(l.Amount), Note: w.Date(l.On), Major: len(lines) == 1})
		if l.Funder != "" {
			view.Payers = append(view.Payers, parts.Row{Term: l.Funder, Value: w.Money(l.Amount)})
		}
		view.Why = cmp.Or(view.Why, line.Note)
	}
	if first.Why != nil && first.Why.Reason != "" {
		view.tell(w, *first.Why)
	}
	if first.Benefit != "" && first.Period != "" {
		view.Award = parts.Link{Text: w.T("portal.explain.whole"), To: awardPath(h, first.Benefit, first.Period)}
	}
	name, err := p.nameOf(g, v, h)
	if err != nil {
		return err
	}
	view.Dispute = childPath(h) + "/ask/dispute?line=" + g.Param("no")
	page := p.page(g, statement.LineName(w, first), parts.Link{Text: name, To: childPath(h)})
	return p.show(g, pages.ExplanationPage(page, view.Explanation))
}

// nameOf is a child's name, for the way back.
func (p *Portal) nameOf(g *gin.Context, v visit, h activation.Held) (name string, err error) {
	err = p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		people, err := family.Load(ctx, q, v.Who(), p.Keys, ids(h))
		if err == nil {
			name = purse{person: people[0].Person, erased: people[0].Erased}.name(v.words)
		}
		return err
	})
	return name, err
}

// proofRows say where an entry stands in the books, and how anybody can tell
// that nobody has changed it since.
func proofRows(ctx context.Context, q sqlx.QueryerContext, v visit, in program.Program, no ledger.TxNo) ([]parts.Row, error) {
	w := v.words
	rows := []parts.Row{{Term: w.T("portal.explain.entry"), Value: w.Int(int(no))}}
	proof, err := ledger.Prove(ctx, q, in.Book, no)
	if errors.Is(err, ledger.ErrNotSealed) {
		return append(rows, parts.Row{Term: w.T("portal.explain.seal"), Value: w.T("portal.explain.not_sealed")}), nil
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(proof.Transaction))
	return append(rows,
		parts.Row{Term: w.T("portal.explain.leaf"), Value: w.Int(int(proof.Leaf))},
		parts.Row{Term: w.T("portal.explain.fingerprint"), Value: hex.EncodeToString(sum[:12])}), nil
}

// explainAward lays open one award, paid or not, from the same source as the
// console and the command line.
func (p *Portal) explainAward(g *gin.Context, v visit, h activation.Held) error {
	in := v.programs[h.Program]
	on := v.today(in)
	var a forecast.Award
	var fingerprint string
	funders := map[string]string{}
	err := p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err := forecast.Explain(ctx, q, v.Who(), p.Keys, in, h.Child, on)
		if err != nil {
			return err
		}
		fingerprint = all.Book
		stored, err := savings.AwardsOf(ctx, q, in.ID, ids(h))
		if err != nil {
			return err
		}
		var ok bool
		if a, ok = findAward(all, stored, g.Param("benefit"), g.Param("period")); !ok {
			return web.ErrNoPage
		}
		funds, err := fund.All(ctx, q, in.ID)
		for _, f := range funds {
			funders[f.Code] = f.Funder
		}
		return err
	})
	if err != nil {
		return err
	}
	name, err := p.nameOf(g, v, h)
	if err != nil {
		return err
	}
	title := benefitName(v.words, a.Says, a.Benefit)
	if period := periodName(v.words, a.Period); period != "" {
		title = v.words.T("portal.explain.title", i18n.Args{"what": title, "period": period})
	}
	page := p.page(g, title, parts.Link{Text: name, To: childPath(h)})
	return p.show(g, pages.ExplanationPage(page, awardView(v.words, a, funders, fingerprint)))
}

// findAward looks for an award in what the rules say today, and then in what a
// run of an earlier day found: an amount of nothing in a period that is over.
func findAward(all forecast.Explanation, stored []savings.AwardState, benefit, period string) (forecast.Award, bool) {
	for _, a := range all.Awards {
		if a.Benefit == benefit && a.Period == period {
			return a, true
		}
	}
	for _, s := range stored {
		if s.Benefit == benefit && s.Period == period {
			a := forecast.Award{Benefit: benefit, Period: period, Entitled: s.Entitled, OnAccount: s.Posted, OnTheWay: s.Accrued, Queued: s.Queued, PayOn: s.PayOn}
			a.Why, _ = rules.ParseWhy(s.Why) // what cannot be read says nothing
			for _, other := range all.Awards {
				if other.Benefit == benefit {
					a.Says = other.Says
				}
			}
			return a, true
		}
	}
	return forecast.Award{}, false
}

func awardView(w *i18n.Words, a forecast.Award, funders map[string]string, fingerprint string) pages.Explanation {
	var view explanation
	view.Figures = []parts.Figure{
		{Label: w.T("portal.explain.entitled"), Value: w.Money(a.Entitled), Major: true},
		{Label: w.T("portal.explain.given"), Value: w.Money(a.OnAccount)},
		{Label: w.T("portal.home.coming"), Value: w.Money(a.OnTheWay.Add(a.Queued)), Note: w.Date(a.PayOn)},
	}
	if a.OnTheWay.Add(a.Queued).IsZero() {
		view.Figures = view.Figures[:2]
	}
	for _, f := range a.Funds {
		if f.Gave.Sign() > 0 {
			view.Payers = append(view.Payers, parts.Row{Term: cmp.Or(funders[f.Code], f.Name), Value: w.Money(f.Gave)})
		}
	}
	if a.Why.Reason != "" {
		view.tell(w, a.Why)
	}
	view.Proof = []parts.Row{{Term: w.T("portal.explain.rules"), Value: fingerprint[:12]}}
	if a.Why.Version != "" {
		view.Proof = append(view.Proof, parts.Row{Term: w.T("portal.explain.version"), Value: a.Why.Version})
	}
	return view.Explanation
}

// explanation is a page's view being filled.
type explanation struct{ pages.Explanation }

// tell adds why an amount is what it is: the decision, the arithmetic, and what
// was looked at. The fund and the version have places of their own.
func (x *explanation) tell(w *i18n.Words, why rules.Why) {
	reckoned := why
	reckoned.Facts, reckoned.Fund, reckoned.Version = nil, "", ""
	// Which fund did not pay, by its code, is for the console.
	reckoned.Lines = slices.DeleteFunc(slices.Clone(why.Lines), func(l rules.Line) bool { return l.Op == rules.OpFundPasses })
	said, all := rules.Explain(w, reckoned), rules.Explain(w, why)
	x.Why, x.Steps, x.Facts = said[0], said[1:], all[len(all)-len(why.Facts):]
}
