package console

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/payout"
	"seedbook/service/web"
	"seedbook/service/web/parts"
)

// onParcel does something with a withdrawal and shows its page, or what is wrong.
func (c *Console) onParcel(g *gin.Context, v visit, notice string, read func(f *web.Form), fn func(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id payout.ID) error) error {
	id, err := outID(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	read(f)
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			if err != nil {
				return err
			}
			return fn(ctx, tx, w, id)
		})
	}
	if x, ok := fault.Of(err); ok && x.Kind != fault.NotFound && !errors.Is(err, payout.ErrNone) {
		problems := web.Problems(v.words, err)
		if problems == nil {
			problems = []parts.Problem{{Field: x.Field, Text: v.words.Fault(x)}}
		}
		return c.showParcel(g, v, web.Status(err), problems, f)
	}
	if err != nil {
		return err
	}
	return web.See(g, withdrawalPath(v, id), notice, 0)
}

// seePaper notes evidence that somebody saw.
func (c *Console) seePaper(g *gin.Context, v visit) error {
	var p payout.Paper
	return c.onParcel(g, v, "paper_seen", func(f *web.Form) {
		p.Evidence = f.Text("evidence")
		p.Note = f.Optional("note-" + p.Evidence)
		if f.Peek("document-"+p.Evidence) != "" {
			p.Document = family.DocumentID(f.Int("document-"+p.Evidence, 0, 1<<62))
		}
	}, func(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id payout.ID) error {
		err := payout.SeePaper(ctx, tx, w, id, p)
		if x, ok := fault.Of(err); ok && x.Field == "note" {
			return payout.ErrField.At("note-" + p.Evidence).With(i18n.Args{"field": v.words.T("payments.out.seen_where")})
		}
		return err
	})
}

// choosePayee says whom a withdrawal is paid to.
func (c *Console) choosePayee(g *gin.Context, v visit) error {
	var payee payout.PayeeID
	return c.onParcel(g, v, "payee_chosen", func(f *web.Form) { payee = payout.PayeeID(f.Int("payee", 0, 1<<62)) },
		func(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id payout.ID) error {
			return payout.ChoosePayee(ctx, tx, w, id, payee)
		})
}

// reviewWithdrawal asks for approval.
func (c *Console) reviewWithdrawal(g *gin.Context, v visit) error {
	var why string
	return c.onParcel(g, v, "withdrawal_reviewed", func(f *web.Form) {
		if f.Optional("what"); f.Peek("why-review") == "" {
			f.Fail("why-review", payout.ErrReason)
		}
		why = f.Block("why-review", 500)
	}, func(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id payout.ID) error {
		_, err := payout.Review(ctx, tx, w, id, why)
		return err
	})
}

// actOnWithdrawal refuses, cancels, sends back or pays anew.
func (c *Console) actOnWithdrawal(g *gin.Context, v visit) error {
	var what, why string
	return c.onParcel(g, v, "withdrawal_changed", func(f *web.Form) {
		what = f.Choice("what", "send_back", "refuse", "cancel", "reissue")
		if why = f.Block("why-"+what, 500); why == "" {
			f.Fail("why-"+what, payout.ErrReason)
		}
	}, func(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id payout.ID) error {
		switch what {
		case "send_back":
			return payout.SendBack(ctx, tx, w, id, why)
		case "refuse":
			return payout.Refuse(ctx, tx, w, id, why)
		case "cancel":
			return payout.Cancel(ctx, tx, w, id, why)
		}
		return payout.Reissue(ctx, tx, w, id, why)
	})
}
