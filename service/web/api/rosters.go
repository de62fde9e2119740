package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/i18n"
	"seedbook/service/roster"
)

// shownProblems is how many problems of a file are told.
const shownProblems = 100

// rosterState is a roster as it stands.
type rosterState struct {
	ID         string                 `json:"id"`
	Source     string                 `json:"source"`
	File       string                 `json:"file"`
	State      roster.State           `json:"state"`
	On         ledger.Date            `json:"on"`
	ReceivedAt time.Time              `json:"received_at"`
	Rows       int                    `json:"rows"`
	Children   int                    `json:"children"`
	Findings   map[roster.Finding]int `json:"findings"`
	Done       int                    `json:"done"`
	Of         int                    `json:"of"`
	Running    bool                   `json:"running"`
	Problems   []rosterProblem        `json:"problems"`
}

type rosterProblem struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// postRoster checks a file and stages it; nothing of it is applied.
func (a *API) postRoster(g *gin.Context, c call) (reply, error) {
	q := readQuery(g)
	u := roster.Upload{Source: q.required("source", 100), FileName: q.required("file", 200), EnrollOn: q.day("on", c.today().AddYears(1))}
	if err := q.done(); err != nil {
		return reply{}, err
	}
	if u.EnrollOn.IsZero() {
		u.EnrollOn = c.today()
	}
	var err error
	if u.Data, err = io.ReadAll(g.Request.Body); err != nil {
		return reply{}, err
	}
	id, err := roster.Receive(g.Request.Context(), a.DB, c.Who(), a.Keys, c.Program, u, c.at)
	if err != nil {
		return reply{}, err
	}
	return a.rosterReply(g, c, id, http.StatusCreated)
}

// roster is a staged file, and how far applying it has come.
func (a *API) roster(g *gin.Context, c call) (reply, error) {
	if err := readQuery(g).done(); err != nil {
		return reply{}, err
	}
	id, err := numberIn(g, "roster")
	if err != nil {
		return reply{}, err
	}
	return a.rosterReply(g, c, roster.ID(id), http.StatusOK)
}

func (a *API) rosterReply(g *gin.Context, c call, id roster.ID, status int) (reply, error) {
	var b roster.Batch
	var problems []roster.Problem
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if b, err = roster.Load(ctx, q, c.Program.ID, id); err != nil {
			return err
		}
		problems, err = roster.Problems(ctx, q, id, 0, shownProblems)
		return err
	})
	if err != nil {
		return reply{}, err
	}
	out := rosterState{ID: number(id), Source: b.Source, File: b.FileName, State: b.State, On: b.EnrollOn, ReceivedAt: b.ReceivedAt.UTC(), Rows: b.Counts.Rows,
		Children: b.Counts.Children, Findings: b.Counts.By, Done: b.DoneGroups, Of: b.Groups, Running: a.applies.Running(applied{c.Tenant, id}), Problems: []rosterProblem{}}
	if out.Findings == nil {
		out.Findings = map[roster.Finding]int{}
	}
	for _, p := range problems {
		out.Problems = append(out.Problems, rosterProblem{p.File, p.Line, p.Column, p.Code, problemText(c.words, p)})
	}
	r := reply{status: status, value: out}
	if status != http.StatusOK {
		r.location = prefix + "/rosters/" + number(id)
	}
	return r, nil
}

func problemText(w *i18n.Words, p roster.Problem) string {
	if !w.Has(p.Code) {
		return p.Code
	}
	return w.T(p.Code, p.Args())
}

// applyRoster applies a staged file behind the request; its own address says how
// far it is.
func (a *API) applyRoster(g *gin.Context, c call) (reply, error) {
	id, err := numberIn(g, "roster")
	if err != nil {
		return reply{}, err
	}
	answer, err := a.rosterReply(g, c, roster.ID(id), http.StatusAccepted)
	if err != nil {
		return reply{}, err
	}
	state, _ := answer.value.(rosterState)
	if state.State != roster.Staged && state.State != roster.Applying {
		return reply{}, roster.ErrState
	}
	if state.State == roster.Staged {
		if err := a.mayApply(g, c, roster.ID(id)); err != nil {
			return reply{}, err
		}
	}
	ctx := context.WithoutCancel(g.Request.Context())
	a.applies.Start(&a.busy, applied{c.Tenant, roster.ID(id)}, func() error {
		_, err := roster.Commit(ctx, a.DB, c.Who(), a.Keys, c.Program, roster.ID(id), c.at, func(int, int) {})
		if err != nil {
			a.hall.Log().Error("roster stopped", "roster", id, "error", err.Error())
		}
		return err
	})
	state.Running = true
	answer.value = state
	return answer, nil
}

// mayApply returns approval.ErrNeeded for a roster that is more than a key may
// apply without people: they look at it on the console.
func (a *API) mayApply(g *gin.Context, c call, id roster.ID) error {
	var alone bool
	err := a.read(g, c, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		alone, err = roster.CommitAlone(ctx, q, c.Who(), c.Program, id)
		return err
	})
	if err == nil && !alone {
		err = approval.ErrNeeded
	}
	return err
}

// applied is a roster of an organization that this door applies.
type applied struct {
	tenant int32
	roster roster.ID
}
