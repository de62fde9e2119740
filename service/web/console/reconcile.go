package console

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/reconcile"
)

// bookLines takes the lines of a file that came in into the books.
func (c *Console) bookLines(g *gin.Context, v visit) error {
	var w enroll.Walk
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		w, err = c.walk(ctx, q, v)
		return err
	})
	if err != nil {
		return err
	}
	_, err = reconcile.Run(g.Request.Context(), c.DB, w)
	return err
}
