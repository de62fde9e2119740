package portal

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/request"
	"seedbook/service/web"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// requests lists what the guardian asked for.
func (p *Portal) requests(g *gin.Context, v visit, _ activation.Held) error {
	var mine []request.Request
	var names map[family.ChildID]string
	err := p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if mine, err = request.Of(ctx, q, v.Guardian); err != nil {
			return err
		}
		names, err = p.givenNames(ctx, q, v)
		return err
	})
	if err != nil {
		return err
	}
	var all []pages.Ask
	for _, r := range mine {
		all = append(all, askLine(v, r, names[r.Child]))
	}
	return p.show(g, pages.AskedPage(p.page(g, v.words.T("request.page.title")), all))
}

func (p *Portal) givenNames(ctx context.Context, q sqlx.QueryerContext, v visit) (map[family.ChildID]string, error) {
	var ids []family.ChildID
	for _, h := range v.Held {
		ids = append(ids, h.Child)
	}
	people, err := family.Load(ctx, q, v.Who(), p.Keys, ids)
	out := map[family.ChildID]string{}
	for _, c := range people {
		out[c.ID] = purse{person: c.Person, erased: c.Erased}.given(v.words)
	}
	return out, err
}

// requestID reads the request's number in the address.
func requestID(g *gin.Context) (request.ID, error) {
	id, err := strconv.ParseInt(g.Param("request"), 10, 64)
	if err != nil || id <= 0 {
		return 0, web.ErrNoPage
	}
	return request.ID(id), nil
}

// track shows a request on its way.
func (p *Portal) track(g *gin.Context, v visit, _ activation.Held) error {
	return p.showTrack(g, v, http.StatusOK, "", nil)
}

func (p *Portal) showTrack(g *gin.Context, v visit, status int, typed string, problems []parts.Problem) error {
	id, err := requestID(g)
	if err != nil {
		return err
	}
	var r request.Request
	var said request.Said
	var steps []request.Step
	var papers []family.Document
	var names map[family.ChildID]string
	err = p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if r, err = request.Own(ctx, q, v.Guardian, id); err != nil {
			return err
		}
		if said, err = r.Open(ctx, q, v.Who(), p.Keys); err != nil {
			return err
		}
		if steps, err = r.Steps(ctx, q, v.Who(), p.Keys); err != nil {
			return err
		}
		if papers, err = papersOf(ctx, q, v, p, r); err != nil {
			return err
		}
		names, err = p.givenNames(ctx, q, v)
		return err
	})
	if err != nil {
		return err
	}
	page := p.page(g, v.words.T("request.page.one", i18n.Args{"what": kindName(v.words, r.Kind), "given": names[r.Child]}), parts.Link{Text: v.words.T("request.page.title"), To: asked})
	page.Problems = problems
	view := trackView(v, r, said, steps, papers)
	view.Answer = typed
	return p.hall.Show(g, status, pages.TrackPage(page, view))
}

func papersOf(ctx context.Context, q sqlx.QueryerContext, v visit, p *Portal, r request.Request) ([]family.Document, error) {
	ids, err := r.Documents(ctx, q)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	all, err := family.DocumentsOf(ctx, q, v.Who(), p.Keys, r.Child)
	return slices.DeleteFunc(all, func(d family.Document) bool { return !slices.Contains(ids, d.ID) }), err
}

func trackView(v visit, r request.Request, said request.Said, steps []request.Step, papers []family.Document) pages.Track {
	w, zone := v.words, v.programs[r.Program].Zone()
	view := pages.Track{State: requestState(w, r.State), Facts: saidRows(w, r.Kind, said.Values)}
	if r.State.Open() && r.State != request.Back {
		view.Due = w.T("request.page.due", i18n.Args{"on": r.DueOn})
	}
	for _, s := range r.Track(steps, v.at) {
		stage := pages.Stage{Name: w.T("request.stage." + s.Name), How: "next", Says: w.T("request.how.next")}
		switch {
		case s.Now:
			stage.How, stage.Says = "now", w.T("request.how.now")
		case s.Done:
			stage.How, stage.Says = "done", w.T("request.how.done")
		}
		if s.Name == "waits" && s.Now {
			stage.Says = w.T("request.how.until")
		}
		if !s.At.IsZero() {
			stage.When = w.Time(s.At.In(zone))
		}
		view.Stages = append(view.Stages, stage)
	}
	for _, s := range steps {
		step := pages.TrackStep{What: w.T("request.step." + string(s.State)), At: s.At.In(zone), Words: s.Words}
		view.Steps = append(view.Steps, step)
		if s.State == request.Back {
			view.Message = s.Words
		}
	}
	if sign := said.Signature; sign != nil {
		view.Signed = []parts.Row{{Term: w.T("request.page.signature"), Value: sign.Name}, {Term: w.T("request.page.signed_at"), Value: w.Time(sign.At.In(zone))}, {Term: w.T("request.page.signed_text"), Value: sign.Text}}
	}
	for _, d := range papers {
		view.Papers = append(view.Papers, parts.Row{Term: cmp.Or(d.Title, w.T("request.page.paper")), Value: w.Time(d.AddedAt.In(zone))})
	}
	path := requestPath(r.ID)
	if r.State == request.Asked || r.State == request.Back {
		view.ToWithdraw, view.ToPaper = path, path+"/papers"
		if r.Kind.NeedsPaper() && len(papers) == 0 {
			view.Needs = w.T("request.paper_of." + string(r.Kind))
		}
	}
	if r.State == request.Back {
		view.ToAnswer = path
	}
	return view
}

// moveOn takes the family's own step: an answer, or that it wants it no more.
func (p *Portal) moveOn(g *gin.Context, v visit, _ activation.Held) error {
	id, err := requestID(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	act := f.Choice("act", "answer", "withdraw")
	words := f.Block("words", 4000)
	if err = f.Err(); err == nil {
		err = p.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			in, err := p.programOf(ctx, tx, v, id)
			if err != nil {
				return err
			}
			if act == "withdraw" {
				return request.Withdraw(ctx, tx, p.Keys, v.Guardian, in, id, v.at)
			}
			return request.Answer(ctx, tx, p.Keys, v.Guardian, in, id, words, v.at)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return p.showTrack(g, v, web.Status(err), words, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, requestPath(id), map[string]string{"answer": "answered", "withdraw": "request_withdrawn"}[act], 0)
}

func (p *Portal) programOf(ctx context.Context, q sqlx.QueryerContext, v visit, id request.ID) (program.Program, error) {
	r, err := request.Own(ctx, q, v.Guardian, id)
	return v.programs[r.Program], err
}

// addPaper hands a file in.
func (p *Portal) addPaper(g *gin.Context, v visit, _ activation.Held) error {
	id, err := requestID(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	content, name, err := f.File("file")
	if err != nil {
		return err
	}
	if err = f.Err(); err == nil {
		err = p.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			return request.AddPaper(ctx, tx, p.Keys, v.Guardian, id, name, content, v.at)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return p.showTrack(g, v, web.Status(err), "", problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, requestPath(id), "paper_added", 0)
}
