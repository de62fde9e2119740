package console

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/payout"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// payTasks are what of the money that goes out waits for somebody.
func (c *Console) payTasks(g *gin.Context, v visit) (out []pages.Task, err error) {
	if !v.May(auth.SeeWithdrawals) {
		return nil, nil
	}
	var k payout.Work
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		k, err = payout.WorkOf(ctx, q, v.program.ID, v.today())
		return err
	})
	add := func(n int, key, path string, may auth.Capability, tone parts.Tone) {
		if n > 0 && v.May(may) {
			out = append(out, pages.Task{Text: v.words.N("payments.out.task."+key, n), To: v.base() + path, Tone: tone})
		}
	}
	add(k.ToReview, "review", "/withdrawals?state=review", auth.AskWithdrawals, parts.Caution)
	add(k.ToPay, "pay", "/payments", auth.MakePayments, parts.Caution)
	add(k.Returned, "returned", "/withdrawals?state=returned", auth.AskWithdrawals, parts.Bad)
	add(k.Unanswered, "unanswered", "/payments", auth.SeeWithdrawals, parts.Bad)
	add(k.Stale, "stale", "/withdrawals?state=stale", auth.SeeWithdrawals, parts.Caution)
	return out, err
}
