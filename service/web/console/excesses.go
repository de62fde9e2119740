package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// excessesShown bounds the list of proposals; whoever decides sees the oldest.
const excessesShown = 50

// excesses lists what was given beyond an entitlement, for a second person to
// decide.
func (c *Console) excesses(g *gin.Context, v visit) error {
	return c.showExcesses(g, v, http.StatusOK, nil)
}

func (c *Console) showExcesses(g *gin.Context, v visit, status int, problems []parts.Problem) error {
	var open []savings.Excess
	var people map[family.ChildID]family.Child
	var book *rules.Book
	more := 0
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if open, err = savings.Excesses(ctx, q, v.program.ID); err != nil {
			return err
		}
		more = max(0, len(open)-excessesShown)
		open = open[:len(open)-more]
		if people, err = c.peopleOf(ctx, q, v, open); err != nil {
			return err
		}
		book, err = rulesOrNone(ctx, q, v)
		return err
	})
	if err != nil {
		return err
	}
	children := make([]family.ChildID, len(open))
	view := pages.Excesses{May: v.May(auth.ApproveMoney), More: more}
	for i, x := range open {
		children[i] = x.Child
		view.Rows = append(view.Rows, excessLine(v, x, people[x.Child], book))
	}
	if err := c.viewed(g, v, "excess.viewed", children); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("console.excesses.title"))
	p.Lead, p.Problems = v.words.T("console.excesses.lead"), problems
	return c.hall.Show(g, status, pages.ExcessesPage(p, view))
}

func (c *Console) peopleOf(ctx context.Context, q sqlx.QueryerContext, v visit, open []savings.Excess) (map[family.ChildID]family.Child, error) {
	out := map[family.ChildID]family.Child{}
	var ids []family.ChildID
	for _, x := range open {
		if _, ok := out[x.Child]; !ok {
			out[x.Child] = family.Child{}
			ids = append(ids, x.Child)
		}
	}
	people, err := family.Load(ctx, q, v.Who(), c.Keys, ids)
	for _, one := range people {
		out[one.ID] = one
	}
	return out, err
}

// rulesOrNone is the rule book in effect, or an empty one where there is none.
func rulesOrNone(ctx context.Context, q sqlx.QueryerContext, v visit) (*rules.Book, error) {
	book, err := program.RulesOn(ctx, q, v.program.ID, v.today())
	if errors.Is(err, program.ErrNoRules) {
		return &rules.Book{}, nil
	}
	return book, err
}

func excessLine(v visit, x savings.Excess, child family.Child, book *rules.Book) pages.ExcessLine {
	line := pages.ExcessLine{
		Child: listName(v, enroll.Row{Person: child.Person, Erased: child.Erased}), ChildTo: childPath(v, x.Child),
		Benefit: benefitName(v, book, x.Benefit), Period: periodName(v, x.Period), Amount: x.Amount,
		Explain: awardPath(v, x.Child, x.Benefit, x.Period), FoundBy: actor(v, x.FoundBy), FoundAt: x.FoundAt.In(v.at.Location()),
	}
	if why, err := rules.ParseWhy(x.Why); err == nil && why.Reason != "" {
		line.Why = rules.Explain(v.words, why)
	}
	switch {
	case !v.May(auth.ApproveMoney):
	case x.FoundBy == v.Who().Actor:
		line.Refused = v.words.Fault(savings.ErrSamePerson)
	default:
		line.Post = v.base() + "/excesses/" + strconv.FormatInt(x.ID, 10)
	}
	return line
}

// decideExcess takes a part of an award back, or lets the child keep it.
func (c *Console) decideExcess(g *gin.Context, v visit) error {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return web.ErrNoPage
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	decision := f.Choice("decision", "take", "keep")
	if err := f.Err(); err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return savings.Decide(ctx, tx, v.Who(), v.program, id, decision == "take", v.today(), v.at)
	})
	if x, ok := fault.Of(err); ok && (errors.Is(err, savings.ErrNoExcess) || errors.Is(err, savings.ErrSamePerson)) {
		status := web.Status(err)
		if errors.Is(err, savings.ErrNoExcess) {
			status = http.StatusConflict // it was there when the page was shown
		}
		return c.showExcesses(g, v, status, []parts.Problem{{Text: v.words.Fault(x)}})
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/excesses", "excess_"+decision, 0)
}
