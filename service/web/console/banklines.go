package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/reconcile"
	"seedbook/service/savings"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// linesAhead is how many items the queue shows behind the one in hand.
const linesAhead = 20

func linesPath(v visit, after string) string {
	to := v.base() + "/custody/lines"
	if after != "" {
		to += "?after=" + url.QueryEscape(after)
	}
	return to
}

// lineDesk is the item in hand and what a person needs to decide it.
type lineDesk struct {
	left        int
	items       []reconcile.Item
	line        custody.Line
	suggestions []reconcile.Suggestion
	people      map[family.ChildID]enroll.Row
	found       bool
	after       string
}

// bankLines has lines that wait decided one after the other.
func (c *Console) bankLines(g *gin.Context, v visit) error {
	return c.showBankLines(g, v, http.StatusOK, g.Query("after"), nil, "")
}

func (c *Console) showBankLines(g *gin.Context, v visit, status int, after string, problems []parts.Problem, reason string) error {
	d := lineDesk{after: after}
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		return c.openLines(ctx, q, v, g.Query("at"), strings.TrimSpace(g.Query("q")), &d)
	})
	if err != nil {
		return err
	}
	var ids []family.ChildID
	for id := range d.people {
		ids = append(ids, id)
	}
	if len(ids) > 0 {
		if err := c.viewed(g, v, "custody.line_viewed", ids); err != nil {
			return err
		}
	}
	view := pages.BankLines{Base: v.base(), Left: d.left}
	if after != "" {
		view.First = linesPath(v, "")
	}
	if v.May(auth.ClearLines) {
		view.Run = v.base() + "/custody/run"
	}
	for i, item := range d.items {
		if i == 0 {
			view.Item = d.item(v, item, g.Query("q"), reason)
			continue
		}
		view.Next = append(view.Next, pages.BankItemLine{To: linesPath(v, d.items[i-1].Place().String()), What: natureName(v.words, item.Nature), On: item.Booked, Amount: item.Amount,
			Owner: lineOwner(v, item.Owner)})
	}
	p := c.page(g, v, v.words.T("lines.title"), parts.Link{Text: v.words.T("console.custody.title"), To: v.base() + "/custody"})
	p.Lead, p.Problems = v.words.T("lines.lead"), problems
	return c.hall.Show(g, status, pages.BankLinesPage(p, view))
}

func (c *Console) openLines(ctx context.Context, q sqlx.QueryerContext, v visit, at, sought string, d *lineDesk) (err error) {
	if d.left, err = reconcile.CountWaiting(ctx, q, v.program.ID); err != nil {
		return err
	}
	from := reconcile.ParsePlace(d.after)
	if at != "" { // the same item again, with what was looked for
		from = reconcile.ParsePlace(at)
		from.Deposit--
	}
	if d.items, err = reconcile.Queue(ctx, q, v.program.ID, from, linesAhead+1); err != nil || len(d.items) == 0 {
		return err
	}
	lines, err := custody.Lines(ctx, q, v.Who(), c.Keys, []custody.LineID{d.items[0].Line})
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return reconcile.ErrNoLine
	}
	d.line = lines[0]
	w, err := c.walk(ctx, q, v)
	if err != nil {
		return err
	}
	if sought != "" {
		err = d.search(ctx, q, w, sought)
	} else {
		d.suggestions, err = reconcile.Suggest(ctx, q, w, d.items[0], d.line)
	}
	if err != nil {
		return err
	}
	var ids []family.ChildID
	for _, s := range d.suggestions {
		if s.Child != 0 {
			ids = append(ids, s.Child)
		}
	}
	d.people = map[family.ChildID]enroll.Row{}
	rows, err := enroll.Rows(ctx, q, v.Who(), c.Keys, v.program.ID, ids)
	for _, r := range rows {
		d.people[r.Child] = r
	}
	return err
}

// search finds the children whom somebody looks for, as suggestions.
func (d *lineDesk) search(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, text string) error {
	d.found = true
	rows, err := enroll.List(ctx, q, w.Who, w.Keys, w.Program.ID, enroll.Filter{Text: text, State: enroll.Enrolled, Limit: 8})
	for _, r := range rows {
		d.suggestions = append(d.suggestions, reconcile.Suggestion{Act: reconcile.ActChild, Child: r.Child, Amount: d.items[0].Amount})
	}
	return err
}

func natureName(w *i18n.Words, n custody.Nature) string { return w.T("lines.nature." + string(n)) }

func lineOwner(v visit, owner string) string {
	if owner == "" {
		return v.words.T("lines.nobody")
	}
	return actor(v, owner)
}

// item is the item in hand as its card shows it.
func (d lineDesk) item(v visit, i reconcile.Item, sought, reason string) *pages.BankItem {
	w, place := v.words, i.Place().String()
	out := &pages.BankItem{What: natureName(w, i.Nature), Amount: i.Amount, Post: v.base() + "/custody/lines/decide", Line: strconv.FormatInt(int64(i.Line), 10),
		Deposit: strconv.FormatInt(int64(i.Deposit), 10), After: place, Later: v.base() + "/custody/lines", Search: sought, Reason: reason,
		May: v.May(auth.ClearLines), Booked: i.Deposit != 0, In: i.Amount.Sign() > 0, Out: i.Amount.Sign() < 0, Found: d.found}
	if i.Nature == custody.NatureInterest && v.May(auth.ClearLines) {
		out.Interest = interestPath(v, out.Line)
	}
	fact := func(key, value string) {
		if value != "" {
			out.Facts = append(out.Facts, parts.Row{Term: w.T(key), Value: value})
		}
	}
	fact("lines.booked", w.Date(i.Booked))
	if d.line.Value != i.Booked {
		fact("lines.value", w.Date(d.line.Value))
	}
	fact("lines.reference", d.line.Reference)
	if v.May(auth.SeeNames) {
		fact("lines.says", d.line.Description)
		fact("lines.payer", d.line.Counterparty)
	}
	fact("lines.trace", d.line.Trace)
	fact("lines.code", strings.TrimSpace(d.line.Type+" "+d.line.Return))
	fact("lines.owner", map[bool]string{true: lineOwner(v, i.Owner)}[i.Owner != ""])
	fact("lines.note", i.Note)
	for _, s := range d.suggestions {
		out.Suggestions = append(out.Suggestions, d.suggestion(v, s))
	}
	return out
}

func (d lineDesk) suggestion(v visit, s reconcile.Suggestion) pages.LineSuggestion {
	w := v.words
	out := pages.LineSuggestion{Act: string(s.Act)}
	var why []string
	for _, e := range s.Evidence {
		why = append(why, w.N("lines.evidence."+e.Code, e.N, i18n.Args{"on": e.On}))
	}
	out.Why = strings.Join(why, " · ")
	child := ""
	if row, ok := d.people[s.Child]; ok {
		child = listName(v, row)
		out.Account, out.To = row.ID.Account().String(), childPath(v, s.Child)
	}
	switch s.Act {
	case reconcile.ActChild:
		out.Do = w.T("lines.suggest.child", i18n.Args{"child": child, "account": out.Account})
	case reconcile.ActMatch:
		out.Tx, out.To = strconv.FormatInt(int64(s.Entry.Tx), 10), txPath(v, s.Entry.Tx)
		out.Do = w.T("lines.suggest.match", i18n.Args{"kind": movementName(v, s.Entry.Kind), "no": out.Tx, "on": s.On})
	case reconcile.ActReturn:
		out.Of = strconv.FormatInt(int64(s.Deposit), 10)
		if child == "" {
			child = w.T("lines.nobody_yet")
		}
		out.Do = w.T("lines.suggest.return", i18n.Args{"child": child, "on": s.On})
	}
	return out
}

// moveName is what a transaction of a kind does, in words.
func movementName(v visit, kind string) string {
	return named(v, "console.move.", strings.TrimSuffix(kind, ".reversed"))
}

// decideLine does what somebody decided about a line, and leads to the next.
func (c *Console) decideLine(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	after := f.Optional("after")
	d := reconcile.Decision{Act: reconcile.Act(f.Optional("act")), Reason: f.Optional("reason"), Owner: v.Who().Actor,
		Line: custody.LineID(number64(f.Peek("line"))), Deposit: savings.DepositID(number64(f.Peek("deposit"))), Of: savings.DepositID(number64(f.Peek("of")))}
	for _, no := range strings.FieldsFunc(f.Optional("tx"), func(r rune) bool { return r < '0' || r > '9' }) {
		d.Entries = append(d.Entries, ledger.TxNo(number64(no)))
	}
	if d.Act == reconcile.ActMatch && d.Reason == "" && f.Has("account") { // a suggestion carries its evidence
		d.Reason = v.words.T("lines.as_suggested")
	}
	if d.Act == reconcile.ActChild {
		if d.Account, err = savings.ParseAccount(f.Peek("account")); err != nil {
			return web.ErrNoPage
		}
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			if err != nil {
				return err
			}
			return reconcile.Decide(ctx, tx, w, d)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		before := reconcile.ParsePlace(after)
		before.Deposit--
		return c.showBankLines(g, v, web.Status(err), before.String(), problems, d.Reason)
	}
	if err != nil {
		return err
	}
	return web.See(g, linesPath(v, after), "line_"+string(d.Act), 0)
}

// number64 reads a number of a hidden field; nonsense is 0, which nothing is.
func number64(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// runLines goes through the lines again.
func (c *Console) runLines(g *gin.Context, v visit) error {
	if err := c.bookLines(g, v); err != nil {
		return err
	}
	return web.See(g, v.base()+"/custody/lines", "lines_run", 0)
}

func text64(n int64) string { return strconv.FormatInt(n, 10) }
