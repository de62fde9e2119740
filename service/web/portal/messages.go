package portal

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/notify"
	"seedbook/service/web"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// askWishes asks how the guardian may be written to.
func (p *Portal) askWishes(g *gin.Context, v visit, _ activation.Held) error {
	var w notify.Wishes
	err := p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		w, err = notify.WishesOf(ctx, q, int64(v.Account))
		return err
	})
	if err != nil {
		return err
	}
	page := p.page(g, v.words.T("portal.messages.title"), parts.Link{Text: v.words.T("portal.account.title"), To: "/family/account"})
	page.Lead = v.words.T("portal.messages.lead")
	return p.show(g, pages.WishesPage(page, w.SMS, w.Email, w.News))
}

// takeWishes writes it down.
func (p *Portal) takeWishes(g *gin.Context, v visit, _ activation.Held) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	w := notify.Wishes{SMS: f.Checked("sms"), Email: f.Checked("email"), News: f.Checked("news")}
	if err := f.Err(); err != nil {
		return err
	}
	err = p.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return notify.Wish(ctx, tx, v.Who(), int64(v.Account), w, v.at)
	})
	if err != nil {
		return err
	}
	return web.See(g, "/family/account", "messages_saved", 0)
}
