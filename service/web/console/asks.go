package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/request"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// asksPerPage is how many requests of families a page shows.
const asksPerPage = 30

// askFilter is a list of families' requests as its address asks for it.
type askFilter struct {
	request.Filter
	show string
}

var askShows = []string{"open", "late", "asked", "back", "approved", "done", "refused", "withdrawn", "all"}

func readAskFilter(g *gin.Context, v visit) (f askFilter, err error) {
	f.show = "open"
	if slices.Contains(askShows, g.Query("show")) {
		f.show = g.Query("show")
	}
	if k := request.Kind(g.Query("kind")); k.Known() {
		f.Kind = k
	}
	child, _ := strconv.ParseInt(g.Query("child"), 10, 64) // none, or one that there is not: then nothing is listed
	f.Child = family.ChildID(child)
	switch f.show {
	case "all":
	case "late":
		f.Open, f.Overdue = true, v.today()
	case "open":
		f.Open = true
	default:
		f.State = request.State(f.show)
		f.Open = f.State.Open()
	}
	after, err := strconv.ParseInt(g.DefaultQuery("after", "0"), 10, 64)
	if err != nil || after < 0 {
		return f, web.ErrNoPage
	}
	f.After, f.Limit = request.ID(after), asksPerPage+1
	return f, nil
}

func asksPath(v visit) string { return v.base() + "/requests" }

func askPath(v visit, id request.ID) string {
	return asksPath(v) + "/" + strconv.FormatInt(int64(id), 10)
}

func (f askFilter) address(v visit, after request.ID) string {
	values := url.Values{"show": {f.show}}
	if f.Kind != "" {
		values.Set("kind", string(f.Kind))
	}
	if f.Child != 0 {
		values.Set("child", strconv.FormatInt(int64(f.Child), 10))
	}
	if after != 0 {
		values.Set("after", strconv.FormatInt(int64(after), 10))
	}
	return asksPath(v) + "?" + values.Encode()
}

// asks lists what families asked for, by the day on which it is due.
func (c *Console) asks(g *gin.Context, v visit) error {
	f, err := readAskFilter(g, v)
	if err != nil {
		return err
	}
	var all []request.Request
	accounts := map[family.ChildID]string{}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if all, err = request.List(ctx, q, v.program.ID, f.Filter); err != nil {
			return err
		}
		var ids []family.ChildID
		for _, r := range all {
			ids = append(ids, r.Child)
		}
		numbers, err := enroll.Accounts(ctx, q, v.program.ID, ids)
		for id, account := range numbers {
			accounts[id] = account.String()
		}
		return err
	})
	if err != nil {
		return err
	}
	view := askQueue(v, f)
	if len(all) > asksPerPage {
		all = all[:asksPerPage]
		view.Next = f.address(v, all[asksPerPage-1].ID)
	}
	for _, r := range all {
		view.Rows = append(view.Rows, askLine(v, r, accounts[r.Child]))
	}
	p := c.page(g, v, v.words.T("request.desk.title"))
	p.Lead = v.words.T("request.desk.lead")
	return c.show(g, pages.AsksPage(p, view))
}

func askQueue(v visit, f askFilter) pages.Asks {
	w := v.words
	view := pages.Asks{To: asksPath(v), Show: f.show, Kind: string(f.Kind), Kinds: []parts.Choice{{Text: w.T("request.desk.any")}},
		Filtered: f.show != "open" || f.Kind != "" || f.Child != 0 || f.After != 0}
	for _, show := range askShows {
		view.Shows = append(view.Shows, parts.Choice{Value: show, Text: w.T("request.shows." + show)})
	}
	for _, k := range request.Kinds {
		view.Kinds = append(view.Kinds, parts.Choice{Value: string(k), Text: w.T("request.kind." + string(k))})
	}
	if f.After != 0 {
		view.First = f.address(v, 0)
	}
	return view
}

// askState is where a request stands; one that is late says so.
func askState(v visit, r request.Request) parts.Status {
	if r.State == request.Asked && r.DueOn.Before(v.today()) {
		return parts.Status{Text: v.words.T("request.desk.late"), Tone: parts.Bad}
	}
	tone := map[request.State]parts.Tone{request.Asked: parts.Caution, request.Approved: parts.Info, request.Done: parts.Good}[r.State]
	return parts.Status{Text: v.words.T("request.shows." + string(r.State)), Tone: cmp.Or(tone, parts.Quiet)}
}

func askName(v visit, r request.Request) string {
	return v.words.T("request.desk.name", i18n.Args{"what": v.words.T("request.kind." + string(r.Kind)), "no": strconv.FormatInt(int64(r.ID), 10)})
}

func askLine(v visit, r request.Request, account string) pages.AskLine {
	line := pages.AskLine{What: askName(v, r), To: askPath(v, r.ID), Child: account, ToChild: childPath(v, r.Child), Asked: inZone(v, r.AskedAt), Due: r.DueOn, State: askState(v, r)}
	if r.Amount != nil {
		line.Amount = v.words.Money(*r.Amount)
	}
	return line
}

// askFile is everything that a request's page shows.
type askFile struct {
	request.Request
	said      request.Said
	steps     []request.Step
	documents []family.Document
	account   string
	by        string // the guardian, where somebody matched the account with one
}

func (c *Console) openAsk(g *gin.Context, v visit) (f askFile, err error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil {
		return f, web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if f.Request, err = request.Find(ctx, q, v.program.ID, request.ID(id)); err != nil {
			return err
		}
		if f.said, err = f.Request.Open(ctx, q, v.Who(), c.Keys); err != nil {
			return err
		}
		if f.steps, err = f.Steps(ctx, q, v.Who(), c.Keys); err != nil {
			return err
		}
		if err := c.askPapers(ctx, q, v, &f); err != nil {
			return err
		}
		numbers, err := enroll.Accounts(ctx, q, v.program.ID, []family.ChildID{f.Child})
		f.account = numbers[f.Child].String()
		return err
	})
	return f, err
}

// askPapers opens the list of a request's papers, and says whose request it is.
func (c *Console) askPapers(ctx context.Context, q sqlx.QueryerContext, v visit, f *askFile) error {
	ids, err := f.Documents(ctx, q)
	if err != nil {
		return err
	}
	all, err := family.DocumentsOf(ctx, q, v.Who(), c.Keys, f.Child)
	if err != nil {
		return err
	}
	f.documents = slices.DeleteFunc(all, func(d family.Document) bool { return !slices.Contains(ids, d.ID) })
	seen, err := activation.Accesses(ctx, q, v.Who(), c.Keys, f.Child)
	if err != nil {
		return err
	}
	adults, err := family.GuardiansOf(ctx, q, v.Who(), c.Keys, f.Child)
	for _, a := range seen {
		if who, known := adults[a.Guardian]; a.Account == f.Account && known {
			f.by = who.DisplayName()
		}
	}
	return err
}

// familyRequest shows a request of a family, and what may be done about it.
func (c *Console) familyRequest(g *gin.Context, v visit) error {
	return c.showAsk(g, v, http.StatusOK, "", nil)
}

func (c *Console) showAsk(g *gin.Context, v visit, status int, words string, problems []parts.Problem) error {
	f, err := c.openAsk(g, v)
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "child.viewed", []family.ChildID{f.Child}); err != nil {
		return err
	}
	p := c.page(g, v, askName(v, f.Request), parts.Link{Text: v.words.T("request.desk.title"), To: asksPath(v)})
	p.Problems = problems
	view := f.view(v)
	view.Words = words
	return c.hall.Show(g, status, pages.AskPage(p, view))
}

func (f askFile) view(v visit) pages.Ask {
	w := v.words
	view := pages.Ask{State: askState(v, f.Request), Post: askPath(v, f.ID)}
	view.Facts = []parts.Row{{Term: w.T("request.desk.child"), Value: f.account, To: childPath(v, f.Child)}, {Term: w.T("request.desk.guardian"), Value: f.asker(v)},
		{Term: w.T("request.desk.asked_on"), Value: w.Time(inZone(v, f.AskedAt))}, {Term: w.T("request.desk.due"), Value: w.Date(f.DueOn)}}
	if f.HandledBy != "" {
		view.Facts = append(view.Facts, parts.Row{Term: w.T("request.desk.last"), Value: actor(v, f.HandledBy)})
	}
	if f.State.Open() && f.Waiting(v.at) {
		view.Waits = w.T("request.desk.waits", i18n.Args{"at": inZone(v, f.WaitsUntil)})
	}
	switch {
	case !v.May(auth.SeeNames):
		view.Hidden = w.T("request.desk.masked")
		if f.Amount != nil {
			view.Said = []parts.Row{{Term: w.T("request.field.amount"), Value: w.Money(*f.Amount)}}
		}
	case f.said.Values == nil:
		view.Hidden = w.T("request.desk.erased")
	default:
		f.open(v, &view)
	}
	for _, s := range f.steps {
		step := pages.RequestStep{What: w.T("request.step." + string(s.State)), By: actor(v, s.By), At: inZone(v, s.At)}
		if s.By == whoseAccount(f.Account) {
			step.By = f.asker(v)
		}
		if v.May(auth.SeeNames) {
			step.Note = s.Words
		}
		view.Steps = append(view.Steps, step)
	}
	f.offer(v, &view)
	return view
}

func whoseAccount(id activation.AccountID) string {
	return "guardian/" + strconv.FormatInt(int64(id), 10)
}

// asker is who asked, masked for who does not see names.
func (f askFile) asker(v visit) string {
	no := v.words.T("request.desk.guardian_no", i18n.Args{"no": strconv.FormatInt(int64(f.Account), 10)})
	switch {
	case f.by == "":
		return no + ", " + v.words.T("request.desk.unknown")
	case !v.May(auth.SeeNames):
		return no
	}
	return f.by + " (" + no + ")"
}

// open lays out what was written, signed and handed in.
func (f askFile) open(v visit, view *pages.Ask) {
	w := v.words
	for _, field := range f.Kind.Fields() {
		value := f.said.Values[field.Name]
		if value == "" {
			continue
		}
		row := parts.Row{Term: w.T("request.field." + field.Name), Value: value}
		switch field.As {
		case request.Amount:
			if a, err := ledger.ParseAmount(value); err == nil {
				row.Value = w.Money(a)
			}
		case request.Day:
			if d, err := ledger.ParseDate(value); err == nil {
				row.Value = w.Date(d)
			}
		case request.Choice:
			row.Value = w.T("request.choice." + value)
		}
		view.Said = append(view.Said, row)
	}
	if s := f.said.Signature; s != nil {
		view.Signed = []parts.Row{{Term: w.T("request.page.signature"), Value: s.Name}, {Term: w.T("request.page.signed_at"), Value: w.Time(inZone(v, s.At))}, {Term: w.T("request.page.signed_text"), Value: s.Text}}
	}
	for _, d := range f.documents {
		row := parts.Row{Term: cmp.Or(d.Title, w.T("request.page.paper")), Value: w.Time(inZone(v, d.AddedAt))}
		if v.May(auth.SeeProtected) {
			row.To = childPath(v, f.Child) + "/documents/" + strconv.FormatInt(int64(d.ID), 10)
		}
		view.Papers = append(view.Papers, row)
	}
}

// offer are the steps that the visitor may take, and where the change is made.
func (f askFile) offer(v visit, view *pages.Ask) {
	if !v.May(auth.HandleRequests) {
		return
	}
	for _, s := range f.Next() {
		if s == request.Approved && !v.May(auth.AgreeRequests) {
			continue
		}
		early := f.Waiting(v.at) && (s == request.Approved || s == request.Done)
		if !early {
			view.Acts = append(view.Acts, parts.Choice{Value: string(s), Text: v.words.T("request.act." + string(s))})
		}
	}
	if to := f.change(v); to != "" && f.State.Open() && v.May(auth.ChangeChildren) {
		view.Go = parts.Link{Text: v.words.T("request.desk.go"), To: to}
	}
}

// change is the page on which a request's change is made.
func (f askFile) change(v visit) string {
	child := childPath(v, f.Child)
	switch f.Kind {
	case request.Move:
		return child + "/edit"
	case request.Guardian:
		return child + "/family/new"
	case request.Name:
		return child + "/do/rename"
	case request.OptOut, request.Erase:
		return child + "/do/opt_out"
	case request.Dispute:
		if no, err := strconv.ParseInt(f.said.Values["line"], 10, 64); err == nil && v.May(auth.SeeBooks) {
			return v.base() + "/journal/" + strconv.FormatInt(no, 10)
		}
		return child + "/timeline"
	}
	return ""
}

// handleAsk takes a step of the staff.
func (c *Console) handleAsk(g *gin.Context, v visit) error {
	f, err := c.openAsk(g, v)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	to := request.State(form.Choice("act", "back", "approved", "done", "refused"))
	words := form.Block("words", 4000)
	if to == request.Approved && !v.May(auth.AgreeRequests) {
		return auth.ErrDenied
	}
	if err = form.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			return request.Handle(ctx, tx, v.Who(), c.Keys, v.program, f.ID, request.Handling{To: to, Words: words}, v.at)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showAsk(g, v, web.Status(err), words, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, askPath(v, f.ID), "ask_"+string(to), 0)
}
