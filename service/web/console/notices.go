package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/auth"
	"seedbook/service/i18n"
	"seedbook/service/notify"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// noticesPerPage is how many messages a page of the log shows.
const noticesPerPage = 50

func noticeName(w *i18n.Words, about string) string { return w.T("notify.name." + about) }

func noticeState(w *i18n.Words, s notify.State) parts.Status {
	tone := map[notify.State]parts.Tone{notify.Arrived: parts.Good, notify.Waits: parts.Info, notify.Bounced: parts.Bad, notify.Failed: parts.Bad, notify.Late: parts.Caution}[s]
	if tone == "" {
		tone = parts.Quiet
	}
	return parts.Status{Text: w.T("notify.state." + string(s)), Tone: tone}
}

func readNotices(g *gin.Context) (f notify.Filter, err error) {
	f.State = notify.State(g.Query("state"))
	if !slices.Contains(notify.States, f.State) {
		f.State = ""
	}
	if slices.Contains(notify.Abouts, g.Query("about")) {
		f.About = g.Query("about")
	}
	for name, to := range map[string]*int64{"account": &f.Account, "before": &f.Before, "send": (*int64)(&f.Send)} {
		if *to, err = strconv.ParseInt(g.DefaultQuery(name, "0"), 10, 64); err != nil || *to < 0 {
			return f, web.ErrNoPage
		}
	}
	f.Limit = noticesPerPage + 1
	return f, nil
}

func noticesAt(f notify.Filter, before int64) string {
	values := url.Values{}
	for name, value := range map[string]string{"state": string(f.State), "about": f.About} {
		if value != "" {
			values.Set(name, value)
		}
	}
	for name, n := range map[string]int64{"account": f.Account, "send": int64(f.Send), "before": before} {
		if n != 0 {
			values.Set(name, strconv.FormatInt(n, 10))
		}
	}
	return "/notices?" + values.Encode()
}

// notices shows what was written to families, the newest first, and the words.
func (c *Console) notices(g *gin.Context, v visit) error {
	f, err := readNotices(g)
	if err != nil {
		return err
	}
	var all []notify.Sent
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err = notify.List(ctx, q, f)
		return err
	})
	if err != nil {
		return err
	}
	view := noticesView(v, f)
	if len(all) > noticesPerPage {
		all = all[:noticesPerPage]
		view.Next = noticesAt(f, all[noticesPerPage-1].ID)
	}
	for _, m := range all {
		view.Rows = append(view.Rows, noticeLine(v, m))
	}
	p := c.page(g, v, v.words.T("notify.page.title"))
	p.Lead = v.words.T("notify.page.lead")
	return c.show(g, pages.NoticesPage(p, view))
}

func noticesView(v visit, f notify.Filter) pages.Notices {
	w := v.words
	view := pages.Notices{State: string(f.State), About: f.About, Filtered: f != notify.Filter{Limit: f.Limit},
		States: []parts.Choice{{Text: w.T("notify.page.any")}}, Abouts: []parts.Choice{{Text: w.T("notify.page.any")}}}
	for _, s := range notify.States {
		view.States = append(view.States, parts.Choice{Value: string(s), Text: w.T("notify.state." + string(s))})
	}
	for _, about := range notify.Abouts {
		view.Abouts = append(view.Abouts, parts.Choice{Value: about, Text: noticeName(w, about)})
		words := pages.NoticeWords{What: noticeName(w, about)}
		for _, l := range i18n.Languages {
			words.Langs = append(words.Langs, parts.Link{Text: l.Name, To: "/notices/words/" + about + "/" + l.Code})
		}
		view.Words = append(view.Words, words)
	}
	if f.Before != 0 {
		view.First = noticesAt(f, 0)
	}
	if v.May(auth.SendNotices) {
		for _, p := range v.all {
			view.Sends = append(view.Sends, parts.Link{Text: w.T("notify.page.send_in", i18n.Args{"program": p.Name}), To: visit{program: p}.base() + "/notices/new"})
		}
	}
	return view
}

func noticeLine(v visit, m notify.Sent) pages.NoticeLine {
	line := pages.NoticeLine{What: noticeName(v.words, m.About), To: "/notices/" + strconv.FormatInt(m.ID, 10), By: channelName(v, m), Segments: m.Segments, At: inZone(v, m.EnqueuedAt), State: noticeState(v.words, m.State())}
	if m.Account != 0 {
		line.For = v.words.T("request.desk.guardian_no", i18n.Args{"no": strconv.FormatInt(m.Account, 10)})
	}
	return line
}

func channelName(v visit, m notify.Sent) string {
	for _, l := range i18n.Languages {
		if l.Code == m.Language {
			return v.words.T("notify.channel."+string(m.Channel)) + ", " + l.Name
		}
	}
	return v.words.T("notify.channel." + string(m.Channel))
}

// notice shows one message and what became of it. To whom and what is sealed,
// and gone once it is sent.
func (c *Console) notice(g *gin.Context, v visit) error {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil {
		return web.ErrNoPage
	}
	var m notify.Sent
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		m, err = notify.Find(ctx, q, id)
		return err
	})
	if err != nil {
		return err
	}
	w := v.words
	line := noticeLine(v, m)
	view := pages.Notice{State: line.State, Facts: []parts.Row{{Term: w.T("notify.page.for"), Value: line.For}, {Term: w.T("notify.page.by"), Value: line.By},
		{Term: w.T("notify.page.version"), Value: w.Int(m.Wording), To: "/notices/words/" + m.About + "/" + m.Language},
		{Term: w.T("notify.page.segments"), Value: w.Int(m.Segments)}, {Term: w.T("notify.page.tries"), Value: w.Int(m.Tries)}, {Term: w.T("notify.page.at"), Value: w.Time(inZone(v, m.EnqueuedAt))}}}
	switch {
	case m.SentAt != nil:
		view.Facts = append(view.Facts, parts.Row{Term: w.T("notify.page.sent_at"), Value: w.Time(inZone(v, *m.SentAt))})
	case m.FailedAt != nil:
		view.Facts = append(view.Facts, parts.Row{Term: w.T("notify.page.failed_at"), Value: w.Time(inZone(v, *m.FailedAt))})
	default:
		view.Facts = append(view.Facts, parts.Row{Term: w.T("notify.page.due_at"), Value: w.Time(inZone(v, m.DueAt))})
	}
	if m.SeenBy != "" {
		view.Facts = append(view.Facts, parts.Row{Term: w.T("notify.page.seen_by"), Value: actor(v, m.SeenBy)})
	}
	if m.Missing() && v.May(auth.HandleRequests) {
		view.Post = "/notices/" + g.Param("id")
	}
	return c.show(g, pages.NoticePage(c.page(g, v, line.What, parts.Link{Text: w.T("notify.page.title"), To: "/notices"}), view))
}

// lookAfterNotice says that somebody has looked after a message that did not
// arrive.
func (c *Console) lookAfterNotice(g *gin.Context, v visit) error {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil {
		return web.ErrNoPage
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error { return notify.LookAfter(ctx, tx, v.Who(), id, v.at) })
	if err != nil {
		return err
	}
	return web.See(g, "/notices?state=missed", "notice_seen", 0)
}

// wording shows the words of a message in a language, with its versions.
func (c *Console) wording(g *gin.Context, v visit) error {
	return c.showWording(g, v, http.StatusOK, nil, "", nil)
}

func (c *Console) showWording(g *gin.Context, v visit, status int, typed *notify.Wording, try string, problems []parts.Problem) error {
	about, lang := g.Param("about"), g.Param("lang")
	var all []notify.Wording
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		all, err = notify.Wordings(ctx, q, about, lang)
		return err
	})
	if err != nil {
		return err
	}
	w := v.words
	now := all[0]
	if typed != nil {
		now.Subject, now.Words = typed.Subject, typed.Words
	}
	view := pages.Wording{Post: "/notices/words/" + about + "/" + lang, Subject: now.Subject, Words: now.Words, Language: lang, Try: try, May: v.May(auth.WordNotices),
		Places: w.T("notify.page.places", i18n.Args{"places": "{{." + strings.Join(notify.Places(about), "}}, {{.") + "}}"})}
	if m, err := now.Message(examples(v, about, lang)); err == nil && problems == nil {
		view.Preview, view.ShownAs, view.Shown, view.Segments = true, m.Subject, m.Text, w.N("notify.page.as_texts", notify.Segments(m.Text))
	}
	for _, one := range all {
		line := pages.WordingVersion{No: w.Int(one.Version), Words: one.Words, By: w.T("notify.page.catalogue"), At: one.MadeAt}
		if one.Version > 0 {
			line.By, line.At = actor(v, one.MadeBy), inZone(v, one.MadeAt)
		}
		view.Versions = append(view.Versions, line)
	}
	p := c.page(g, v, noticeName(w, about)+", "+i18n.NameOf(lang), parts.Link{Text: w.T("notify.page.title"), To: "/notices"})
	p.Problems = problems
	return c.hall.Show(g, status, pages.WordingPage(p, view))
}

// examples fill in a message's blanks for who looks at it.
func examples(v visit, about, lang string) i18n.Args {
	args := i18n.Args{"program": v.Organization, "no": 7, "until": v.at.AddDate(0, 0, 3), "text": i18n.For(lang).T("notify.page.example")}
	if len(v.all) > 0 {
		args["program"] = v.all[0].Name
	}
	for _, name := range notify.Places(about) {
		if _, ok := args[name]; !ok {
			args[name] = ""
		}
	}
	return args
}

// reword shows, tries out or keeps new words.
func (c *Console) reword(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := notify.Wording{About: g.Param("about"), Language: g.Param("lang"), Subject: f.Text("subject"), Words: f.Block("words", 1000)}
	step, try := f.Choice("step", "preview", "try", "save"), f.Optional("contact")
	if err = f.Err(); err == nil {
		err = typed.Check()
	}
	if err == nil && step == "try" {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			return activation.TryOut(ctx, tx, v.Who(), c.Keys, try, typed, examples(v, typed.About, typed.Language), v.at)
		})
	}
	if err == nil && step == "save" {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error { return notify.Reword(ctx, tx, v.Who(), typed, v.at) })
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showWording(g, v, web.Status(err), &typed, try, problems)
	}
	switch {
	case err != nil:
		return err
	case step == "preview":
		return c.showWording(g, v, http.StatusOK, &typed, try, nil)
	case step == "try":
		return web.See(g, "/notices", "notice_tried", 0)
	}
	return web.See(g, "/notices/words/"+typed.About+"/"+typed.Language, "notice_reworded", 0)
}
