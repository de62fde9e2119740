package console

import (
	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
)

// errDiffer reports two passwords that should be the same.
var errDiffer = fault.New(fault.Invalid, "console.account.differ")

// account shows a person's own page.
func (c *Console) account(g *gin.Context, v visit) error {
	view := pages.Account{Name: v.Name, Organization: v.Organization}
	for _, r := range v.Roles {
		view.Roles = append(view.Roles, v.words.T("console.role."+string(r)))
	}
	var live []auth.Live
	err := c.DB.Read(g.Request.Context(), v.Who(), func(q sqlx.QueryerContext) (err error) {
		live, err = auth.Sessions(g.Request.Context(), q, v.Principal, v.at)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range live {
		view.Sessions = append(view.Sessions, pages.Session{ID: int64(s.ID), Began: s.BeganAt.In(v.at.Location()), Seen: s.SeenAt.In(v.at.Location()), ThisOne: s.ID == v.Session,
			By: v.words.T("console.opened_by." + s.By)})
	}
	p := c.page(g, v, v.words.T("console.account.title"))
	return c.show(g, pages.AccountPage(p, view))
}

// setPassword gives the account a new password and keeps only this session.
func (c *Console) setPassword(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	password, again := f.Secret("password"), f.Secret("again")
	if err = f.Err(); err == nil && password != again {
		err = errDiffer.At("again")
	}
	if err == nil {
		err = auth.SetPassword(g.Request.Context(), c.DB, v.Who(), c.Keys, v.Account, password, v.Session, v.at)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showSecurity(g, v, web.Status(err), pages.Security{}, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, "/account", "password_set", 0)
}

// endSession ends another session of the same account.
func (c *Console) endSession(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	id := f.Int("session", 1, 1<<62)
	if err := f.Err(); err != nil {
		return err
	}
	if err := auth.Revoke(g.Request.Context(), c.DB, v.Principal, auth.SessionID(id), v.at); err != nil {
		return err
	}
	return web.See(g, "/account", "session_ended", 0)
}
