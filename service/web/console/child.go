package console

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/statement"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// childFile is everything a child's page is made of.
type childFile struct {
	enroll.Row
	language   string
	guardians  []family.Guardian
	money      enroll.Money
	awards     []savings.AwardState
	book       *rules.Book
	movements  []ledger.Movement
	statements []statement.Issued
	today      forecast.Explanation               // what the rules in effect say today; of no book where there is none
	joins      []family.Join                      // in which its records ever were
	accounts   map[family.ChildID]savings.Account // of all its records in the program
	holder     family.ChildID                     // under which the child takes part
	pairs      int                                // others that may be the same child
	version    int                                // of the record, for who changes it
	holds      []family.Hold
	funds      parts.Table
	commands   []pages.Command
}

// child shows one child's money and the reason of every amount.
func (c *Console) child(g *gin.Context, v visit) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	var f childFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if err := c.open(ctx, q, v, id, &f); err != nil {
			return err
		}
		if f.funds, err = c.fundLines(ctx, q, v, &f); err != nil {
			return err
		}
		if f.commands, err = c.commands(ctx, q, v, &f); err != nil {
			return err
		}
		f.today, err = forecast.Explain(ctx, q, v.Who(), c.Keys, v.program, id, v.today())
		if errors.Is(err, program.ErrNoRules) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if f.State == enroll.Joined {
		return web.See(g, childPath(v, f.holder), "record_joined", 0)
	}
	if err := c.viewed(g, v, "child.viewed", []family.ChildID{id}); err != nil {
		return err
	}
	title := f.title(v)
	p := c.page(g, v, title, parts.Link{Text: v.words.T("console.nav.children"), To: v.base() + "/children"})
	view := pages.Child{
		ChildFrame: f.frame(v, ""), Commands: f.commands, Funds: f.funds,
		Name: title, State: participation(v, f.Enrollment), Own: f.money.Own, Awarded: f.money.Program, Coming: f.money.Coming,
		Facts: f.facts(v), Awards: f.awardLines(v), Lines: f.lines(v), Masked: !v.May(auth.SeeNames), FactsTo: childPath(v, id) + "/facts",
	}
	if f.today.Book != "" {
		view.AsOf = f.today.AsOf
	}
	view.Records, view.History, view.Pairs = f.recordLines(v), f.joinLines(v), f.pairsLink(v)
	if v.May(auth.SeeStatements) {
		view.Statements = f.statementLines(v)
	}
	return c.show(g, pages.ChildPage(p, view))
}

func childID(g *gin.Context) (family.ChildID, error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, web.ErrNoPage
	}
	return family.ChildID(id), nil
}

// open reads a child's file.
func (c *Console) open(ctx context.Context, q sqlx.QueryerContext, v visit, id family.ChildID, f *childFile) (err error) {
	if f.Enrollment, err = enroll.Of(ctx, q, v.program.ID, id); err != nil {
		return err
	}
	if err := f.openRecords(ctx, q, v); err != nil || f.State == enroll.Joined {
		return err
	}
	people, err := family.Load(ctx, q, v.Who(), c.Keys, []family.ChildID{id})
	if err != nil {
		return err
	}
	f.Person, f.Erased, f.language, f.version = people[0].Person, people[0].Erased, people[0].Language, people[0].Version
	if f.holds, err = family.HoldsOf(ctx, q, v.Who(), c.Keys, id); err != nil {
		return err
	}
	if f.guardians, err = family.Guardians(ctx, q, v.Who(), c.Keys, id); err != nil {
		return err
	}
	return f.openMoney(ctx, q, v)
}

func (f *childFile) openMoney(ctx context.Context, q sqlx.QueryerContext, v visit) error {
	p := v.program
	ids := []family.ChildID{f.Child}
	money, err := enroll.MoneyOf(ctx, q, p, ids)
	if err != nil {
		return err
	}
	f.money = money[f.Child]
	if f.awards, err = savings.AwardsOf(ctx, q, p.ID, ids); err != nil {
		return err
	}
	if f.book, err = rulesOrNone(ctx, q, v); err != nil {
		return err
	}
	charts := append(ledger.Designated(), ledger.FamilyPrincipal, ledger.FamilyEarnings)
	if f.movements, err = ledger.Movements(ctx, q, p.Book, ledger.MovementQuery{Children: f.records(), Charts: charts}); err != nil {
		return err
	}
	f.statements, err = statement.Of(ctx, q, p.ID, f.Child)
	return err
}

// title is the child's name, or the account number where names are not seen.
func (f childFile) title(v visit) string {
	switch {
	case f.Erased:
		return v.words.T("console.child.erased")
	case !v.May(auth.SeeNames):
		return masked(f.Person) + " " + f.ID.Account().String()
	}
	return f.Person.DisplayName()
}

func (f childFile) facts(v visit) []parts.Row {
	rows := []parts.Row{{Term: v.words.T("console.child.account"), Value: f.ID.Account().String()}}
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, parts.Row{Term: v.words.T("console.child." + key), Value: value})
		}
	}
	add("enrolled_on", v.words.Date(f.EnrolledOn))
	add("ended_on", v.words.Date(f.EndedOn))
	add("language", languageName(f.language))
	if !v.May(auth.SeeNames) {
		if !f.Person.BornOn.IsZero() {
			add("born_in", strconv.Itoa(f.Person.BornOn.Year()))
		}
		return rows
	}
	add("born", v.words.Date(f.Person.BornOn))
	add("student", f.Person.StudentNumber)
	add("address", strings.Join(slices.DeleteFunc([]string{f.Person.Street, f.Person.City, f.Person.State, f.Person.ZIP}, func(s string) bool { return s == "" }), ", "))
	for _, guardian := range f.guardians {
		add("guardian", guardian.DisplayName())
	}
	return rows
}

// languageName is a language in its own words, where we speak it.
func languageName(code string) string {
	for _, l := range i18n.Languages {
		if l.Code == code {
			return l.Name
		}
	}
	return code
}

// awardLines are what the rules say today, whether or not a run has acted on it,
// and then what only a run of an earlier day found: each with its reason and,
// where the two differ, with the day of each. An award of nothing says why, too.
func (f childFile) awardLines(v visit) []pages.AwardLine {
	var awards []shownAward
	for _, a := range f.today.Awards {
		awards = append(awards, shownAward{a, false})
	}
	for _, s := range f.awards {
		if !slices.ContainsFunc(awards, func(a shownAward) bool { return a.Benefit == s.Benefit && a.Period == s.Period }) {
			awards = append(awards, shownAward{foundBefore(f.book, s), true})
		}
	}
	slices.SortStableFunc(awards, telling)
	var out []pages.AwardLine
	for _, a := range awards {
		line := pages.AwardLine{Benefit: benefitName(v, f.book, a.Benefit), Period: periodName(v, a.Period), Amount: a.Entitled, State: awardState(v, a.Award), Note: standing(v, a.Award), To: awardPath(v, f.Child, a.Benefit, a.Period)}
		switch {
		case a.over():
			line.Why = v.words.T("console.child.period_over") // the reason of that day no longer holds
		case a.Why.Reason != "":
			sentences := rules.Explain(v.words, a.Why)
			line.Why, line.How = sentences[0], sentences[1:]
		}
		out = append(out, line)
	}
	return out
}

// shownAward is an award of a child's page; past is one that only a run of an
// earlier day found.
type shownAward struct {
	forecast.Award
	past bool
}

// over reports nothing of a period that the rules do not look at any more.
func (a shownAward) over() bool { return a.past && a.Entitled.IsZero() }

// foundBefore is what a run of an earlier day found and the rules do not look at
// any more.
func foundBefore(book *rules.Book, s savings.AwardState) forecast.Award {
	b, _ := book.Benefit(s.Benefit)
	a := forecast.Award{Benefit: s.Benefit, Says: b.Says, Period: s.Period, Entitled: s.Entitled, Found: s.Entitled, OnAccount: s.Posted, OnTheWay: s.Accrued,
		Queued: s.Queued, PayOn: s.PayOn, EvaluatedOn: s.EvaluatedOn, EvaluatedBy: s.Rule, Gone: true}
	a.Why, _ = rules.ParseWhy(s.Why) // what cannot be read says nothing
	return a
}

// standing says by which day's knowledge an amount is told, where that is not
// plainly today's.
func standing(v visit, a forecast.Award) string {
	args := i18n.Args{"on": a.EvaluatedOn, "found": a.Found}
	switch {
	case a.EvaluatedOn.IsZero():
		return v.words.T("console.child.no_run")
	case a.Gone:
		return v.words.T("console.child.found_then", args)
	case a.Found != a.Entitled:
		return v.words.T("console.child.found_other", args)
	}
	return ""
}

// telling puts awards of something before those of nothing, and newer periods
// before older ones.
func telling(a, b shownAward) int {
	return cmp.Or(b.Entitled.Sign()-a.Entitled.Sign(), strings.Compare(b.Period, a.Period), strings.Compare(a.Benefit, b.Benefit))
}

// benefitName is what the program calls a benefit.
func benefitName(v visit, book *rules.Book, id string) string {
	for _, b := range book.Benefits {
		if b.ID == id {
			if says := b.Says.In(v.words.Lang()); says != "" {
				return says
			}
		}
	}
	return id
}

// periodName is a benefit's period as people call it.
func periodName(v visit, period string) string {
	if span, err := statement.ParseSpan(period); err == nil {
		return statement.PeriodName(v.words, span)
	}
	return named(v, "console.award_period.", period)
}

func awardState(v visit, a forecast.Award) parts.Status {
	switch {
	case a.Queued.Sign() > 0:
		return parts.Status{Text: v.words.T("console.award.queued"), Tone: parts.Caution}
	case a.OnTheWay.Sign() > 0:
		return parts.Status{Text: v.words.T("console.award.coming"), Tone: parts.Info}
	case a.OnAccount.Sign() > 0:
		return parts.Status{Text: v.words.T("console.award.paid"), Tone: parts.Good}
	case a.Entitled.Sign() > 0:
		return parts.Status{Text: v.words.T("console.award.next_run"), Tone: parts.Info}
	}
	return parts.Status{Text: v.words.T("console.award.nothing"), Tone: parts.Quiet}
}

// lines are every movement of the child's money, newest first, with what was on
// the account after each.
func (f childFile) lines(v visit) []pages.MoneyLine {
	slices.SortStableFunc(f.movements, func(a, b ledger.Movement) int { return cmp.Compare(a.No, b.No) })
	var after ledger.Amount
	out := make([]pages.MoneyLine, 0, len(f.movements))
	for _, m := range f.movements {
		after = after.Add(m.Amount)
		line := pages.MoneyLine{On: m.Effective, What: moveName(v, f.book, m), Amount: m.Amount, After: after, Reversed: m.ReversedBy != 0}
		if m.Benefit == "" {
			line.Note = m.Source
			if v.May(auth.SeeBooks) {
				line.To = txPath(v, m.No)
			}
		} else if period, ok := strings.CutPrefix(m.Source, m.Benefit+" "); ok {
			line.To = awardPath(v, f.Child, m.Benefit, period)
		}
		if len(f.accounts) > 1 {
			line.Account = f.accounts[family.ChildID(m.Child)].String()
		}
		if m.Reverses != 0 {
			line.Note = v.words.T("console.move.reverses", i18n.Args{"no": strconv.FormatInt(int64(m.Reverses), 10)})
		}
		out = append(out, line)
	}
	slices.Reverse(out)
	return out
}

// moveName is what a movement is called: an award by its benefit, all else by
// its kind.
func moveName(v visit, book *rules.Book, m ledger.Movement) string {
	if m.Benefit != "" && m.Reverses == 0 {
		return benefitName(v, book, m.Benefit)
	}
	return named(v, "console.move.", m.Kind)
}

func (f childFile) statementLines(v visit) []pages.StatementLine {
	var out []pages.StatementLine
	for _, s := range f.statements {
		path := childPath(v, s.Child) + "/statements/" + s.Period
		line := pages.StatementLine{Name: statement.PeriodName(v.words, s.Span()), Issued: ledger.DateIn(s.IssuedAt, v.program.Zone()), Closing: s.Closing(), Page: path}
		for _, l := range i18n.Languages {
			line.PDFs = append(line.PDFs, parts.Link{Text: v.words.T("console.child.pdf", i18n.Args{"language": l.Name}), To: path + "/" + l.Code})
		}
		out = append(out, line)
	}
	return out
}
