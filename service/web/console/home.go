package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/web/console/pages"
)

// home shows the organization's programs.
func (c *Console) home(g *gin.Context, v visit) error {
	p := c.hall.Page(g, v.words.T("console.home.title"))
	return c.hall.Show(g, http.StatusOK, pages.HomePage(p, pages.Home{Program: v.Organization}))
}

// help shows what the words mean.
func (c *Console) help(g *gin.Context, v visit) error {
	p := c.page(g, v.words.T("console.help.title"))
	p.Lead = v.words.T("console.help.lead")
	return c.hall.Show(g, http.StatusOK, pages.HelpPage(p))
}
