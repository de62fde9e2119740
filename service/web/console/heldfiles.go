package console

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/custody"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// heldTask is that files of banks contradict themselves and wait for a person.
func (c *Console) heldTask(g *gin.Context, v visit) (out []pages.Task, err error) {
	held := 0
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		held, err = custody.CountHeld(ctx, q, v.program.ID)
		return err
	})
	if held > 0 && v.May(auth.SeeCustody) {
		out = append(out, pages.Task{Text: v.words.N("console.task.held_files", held), To: v.base() + "/custody", Tone: parts.Bad})
	}
	return out, err
}
