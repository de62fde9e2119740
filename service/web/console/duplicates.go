package console

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/likeness"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// duplicates lists records that may be one child.
func (c *Console) duplicates(g *gin.Context, v visit) error {
	state, after, err := readPairs(g)
	if err != nil {
		return err
	}
	var found []duplicate.Case
	var people map[family.ChildID]family.Child
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if found, err = duplicate.List(ctx, q, v.program.ID, state, after, perPage+1); err != nil {
			return err
		}
		people, err = c.recordsOf(ctx, q, v, found...)
		return err
	})
	if err != nil {
		return err
	}
	self := v.base() + "/duplicates"
	view := pages.Duplicates{Base: v.base(), State: string(state)}
	for _, s := range duplicate.States {
		view.States = append(view.States, parts.Choice{Value: string(s), Text: v.words.T("duplicate.state." + string(s))})
	}
	if after != nil {
		view.First = self + "?" + url.Values{"state": {string(state)}}.Encode()
	}
	if len(found) > perPage {
		found = found[:perPage]
		last := found[perPage-1]
		at := fmt.Sprintf("%d/%d/%d", last.Score, last.Low, last.High)
		view.Next = self + "?" + url.Values{"state": {string(state)}, "after": {at}}.Encode()
	}
	var seen []family.ChildID
	for _, one := range found {
		line, err := pairLine(v, one, people)
		if err != nil {
			return err
		}
		view.Rows, seen = append(view.Rows, line), append(seen, one.Low, one.High)
	}
	if err := c.viewed(g, v, "duplicate.listed", seen); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("duplicate.page.title"))
	p.Lead = v.words.T("duplicate.page.lead")
	return c.show(g, pages.DuplicatesPage(p, view))
}

// readPairs reads which pairs are asked for, and behind which.
func readPairs(g *gin.Context) (duplicate.State, *duplicate.Place, error) {
	f := web.ReadQuery(g)
	state := duplicate.State(cmp.Or(f.Optional("state"), string(duplicate.Asked)))
	after := f.Optional("after")
	if err := f.Err(); err != nil {
		return "", nil, err
	}
	if !slices.Contains(duplicate.States, state) {
		return "", nil, web.ErrNoPage
	}
	if after == "" {
		return state, nil, nil
	}
	var at duplicate.Place
	if n, err := fmt.Sscanf(after, "%d/%d/%d", &at.Score, &at.Low, &at.High); n != 3 || err != nil {
		return "", nil, web.ErrNoPage
	}
	return state, &at, nil
}

// recordsOf opens the children of pairs.
func (c *Console) recordsOf(ctx context.Context, q sqlx.QueryerContext, v visit, pairs ...duplicate.Case) (map[family.ChildID]family.Child, error) {
	var ids []family.ChildID
	for _, p := range pairs {
		ids = append(ids, p.Low, p.High)
	}
	slices.Sort(ids)
	people, err := family.Load(ctx, q, v.Who(), c.Keys, slices.Compact(ids))
	out := make(map[family.ChildID]family.Child, len(people))
	for _, one := range people {
		out[one.ID] = one
	}
	return out, err
}

func pairPath(v visit, p duplicate.Pair) string {
	return v.base() + "/duplicates/" + fmt.Sprintf("%d-%d", p.Low, p.High)
}

func recordName(v visit, c family.Child) string {
	return listName(v, enroll.Row{Person: c.Person, Erased: c.Erased})
}

func pairLine(v visit, one duplicate.Case, people map[family.ChildID]family.Child) (pages.PairLine, error) {
	fields, err := one.Fields()
	if err != nil {
		return pages.PairLine{}, err
	}
	line := pages.PairLine{
		Names: recordName(v, people[one.Low]) + " · " + recordName(v, people[one.High]), To: pairPath(v, one.Pair),
		Likely: likely(v, one.Pair), Caution: caution(v, one.Caution), Found: v.words.Time(one.FoundAt.In(v.at.Location())),
	}
	slices.SortStableFunc(fields, func(a, b likeness.Evidence) int { return cmp.Compare(abs(b.Weight), abs(a.Weight)) })
	for _, f := range fields {
		if len(line.Says) < evidenceShown && f.Level != likeness.Missing {
			line.Says = append(line.Says, v.words.T("duplicate.field."+string(f.Field))+": "+v.words.T("duplicate.level."+string(f.Level)))
		}
	}
	return line, nil
}

// evidenceShown is how much of what speaks for and against a pair a list shows.
const evidenceShown = 3

func abs(n int) int { return max(n, -n) }

// likely says in words how likely it is that both are one child.
func likely(v visit, p duplicate.Pair) parts.Status {
	level, tone := "possible", parts.Quiet
	switch {
	case p.Score >= 1000 && p.Caution == likeness.None:
		level, tone = "certain", parts.Good
	case p.Score >= 300:
		level, tone = "very", parts.Info
	case p.Score >= 0:
		level, tone = "likely", parts.Caution
	}
	return parts.Status{Text: v.words.T("duplicate.likely." + level), Tone: tone}
}

// caution says why the two may well be two children.
func caution(v visit, c likeness.Caution) string {
	if c == likeness.None {
		return ""
	}
	return v.words.T("duplicate.caution." + string(c))
}

// weight says in words what a field speaks for.
func weight(v visit, hundredths int) string {
	level := "little"
	switch {
	case hundredths >= 600:
		level = "strong"
	case hundredths >= 150:
		level = "for"
	case hundredths <= -600:
		level = "strong_against"
	case hundredths <= -150:
		level = "against"
	}
	return v.words.T("duplicate.weight." + level)
}

// pairFile is everything about a pair.
type pairFile struct {
	duplicate.Case
	people    map[family.ChildID]family.Child
	guardians map[family.ChildID][]family.Guardian
	rows      map[family.ChildID]enroll.Row
	money     map[family.ChildID]enroll.Money
}

// openPair reads the pair that the address names.
func (c *Console) openPair(ctx context.Context, q sqlx.QueryerContext, g *gin.Context, v visit) (f pairFile, err error) {
	low, high, ok := strings.Cut(g.Param("pair"), "-")
	a, err1 := strconv.ParseInt(low, 10, 64)
	b, err2 := strconv.ParseInt(high, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return f, web.ErrNoPage
	}
	if f.Case, err = duplicate.Get(ctx, q, v.program.ID, family.ChildID(a), family.ChildID(b)); err != nil {
		return f, err
	}
	ids := []family.ChildID{f.Low, f.High}
	if f.people, err = c.recordsOf(ctx, q, v, f.Case); err != nil {
		return f, err
	}
	f.guardians = map[family.ChildID][]family.Guardian{}
	for _, id := range ids {
		if f.guardians[id], err = family.Guardians(ctx, q, v.Who(), c.Keys, id); err != nil {
			return f, err
		}
	}
	if f.rows, err = c.rowsOf(ctx, q, v, ids); err != nil {
		return f, err
	}
	f.money, err = enroll.MoneyOfRecords(ctx, q, v.program, ids)
	return f, err
}

// duplicate shows two records side by side.
func (c *Console) duplicate(g *gin.Context, v visit) error {
	return c.showPair(g, v, http.StatusOK, nil)
}

func (c *Console) showPair(g *gin.Context, v visit, status int, problems []parts.Problem) error {
	var f pairFile
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		f, err = c.openPair(ctx, q, g, v)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "duplicate.viewed", []family.ChildID{f.Low, f.High}); err != nil {
		return err
	}
	view, err := f.view(v)
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("duplicate.page.pair"), parts.Link{Text: v.words.T("duplicate.page.title"), To: v.base() + "/duplicates"})
	p.Problems = problems
	return c.hall.Show(g, status, pages.PairPage(p, view))
}

func (f pairFile) view(v visit) (pages.Pair, error) {
	evidence, err := f.Fields()
	if err != nil {
		return pages.Pair{}, err
	}
	self := pairPath(v, f.Pair)
	view := pages.Pair{
		Base: v.base(), Self: self, Likely: likely(v, f.Pair), Caution: caution(v, f.Caution), Masked: !v.May(auth.SeeNames),
		First: f.head(v, f.Low), Second: f.head(v, f.High), May: v.May(auth.ChangeChildren) && (f.State == duplicate.Asked || f.State == duplicate.Delayed),
	}
	switch f.State {
	case duplicate.Waiting, duplicate.Merged:
		view.State = v.words.T("duplicate.state." + string(f.State))
		if f.State == duplicate.Waiting {
			view.Review = self + "/join"
		}
	case duplicate.Apart:
		view.State = v.words.T("duplicate.page.decided", map[string]any{"by": actor(v, f.DecidedBy), "at": f.DecidedAt.In(v.at.Location())})
	case duplicate.Delayed:
		view.State = v.words.T("duplicate.page.delayed", map[string]any{"by": actor(v, f.LaterBy), "at": f.LaterAt.In(v.at.Location())})
	}
	for _, id := range f.better() {
		view.Keep = append(view.Keep, parts.Choice{Value: strconv.FormatInt(int64(id), 10), Text: f.head(v, id).Name})
	}
	view.Fields = f.fields(v, evidence)
	return view, nil
}

// better are the records, the one that should go on first: who takes part before
// who does not, and who came earlier.
func (f pairFile) better() []family.ChildID {
	ids := []family.ChildID{f.Low, f.High}
	slices.SortStableFunc(ids, func(a, b family.ChildID) int {
		x, y := f.rows[a], f.rows[b]
		if in, other := x.State == enroll.Enrolled, y.State == enroll.Enrolled; in != other {
			if in {
				return -1
			}
			return 1
		}
		return x.EnrolledOn.Cmp(y.EnrolledOn)
	})
	return ids
}

// head names a record so that nobody confuses the two: by name and account.
func (f pairFile) head(v visit, id family.ChildID) pages.RecordHead {
	h := pages.RecordHead{Name: recordName(v, f.people[id]), To: childPath(v, id)}
	if r, ok := f.rows[id]; ok {
		h.Name += " " + r.ID.Account().String()
	} else {
		h.To = ""
	}
	return h
}

// decideDuplicate remembers that a pair is two children, or puts it off.
func (c *Console) decideDuplicate(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	decision := f.Choice("decision", "distinct", "later")
	if err := f.Err(); err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		pair, err := c.openPair(ctx, tx, g, v)
		switch {
		case err != nil:
			return err
		case pair.State == duplicate.Waiting:
			return family.ErrJoined
		case decision == "later":
			return duplicate.Later(ctx, tx, v.Who(), pair.Low, pair.High, v.at)
		}
		return duplicate.Distinct(ctx, tx, v.Who(), pair.Low, pair.High, v.at)
	})
	if x, ok := fault.Of(err); ok && x.Kind == fault.Conflict {
		return c.showPair(g, v, web.Status(err), []parts.Problem{{Text: v.words.Fault(x)}})
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/duplicates", "pair_"+decision, 0)
}
