package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// settings shows how a program is set up.
func (c *Console) settings(g *gin.Context, v visit) error {
	return c.showSettings(g, v, http.StatusOK, nil, nil)
}

// showSettings shows the settings in force, with what was typed of others.
func (c *Console) showSettings(g *gin.Context, v visit, status int, typed map[string]string, problems []parts.Problem) error {
	var s program.Settings
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		s, err = program.SettingsOf(ctx, q, v.program.ID)
		return err
	})
	if err != nil {
		return err
	}
	w := v.words
	var languages []string
	for _, l := range i18n.Languages {
		languages = append(languages, l.Name)
	}
	view := pages.Settings{
		InForce: []parts.Row{{Term: w.T("console.settings.name"), Value: s.Name}, {Term: w.T("console.settings.smallest"), Value: w.N("console.settings.children", s.Smallest)}},
		Fixed: []parts.Row{
			{Term: w.T("console.settings.code"), Value: v.program.Code}, {Term: w.T("console.settings.zone"), Value: v.program.TimeZone}, {Term: w.T("console.settings.currency"), Value: v.program.Currency},
			{Term: w.T("console.settings.rounding"), Value: w.T("rulebook.rounding." + string(v.program.Rounding))}, {Term: w.T("console.settings.languages"), Value: w.List(languages)},
		},
		Typed: typed,
	}
	if view.Typed == nil {
		view.Typed = map[string]string{"name": s.Name, "smallest": strconv.Itoa(s.Smallest)}
	}
	if v.May(auth.ManageSettings) {
		view.Post = v.base() + "/settings"
	}
	p := c.page(g, v, w.T("console.settings.title"))
	p.Lead, p.Problems = w.T("console.settings.lead"), problems
	return c.hall.Show(g, status, pages.SettingsPage(p, view))
}

// askSettings has other settings wait for another person.
func (c *Console) askSettings(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := map[string]string{"name": f.Peek("name"), "smallest": f.Peek("smallest"), "reason": f.Peek("reason")}
	after := program.Settings{Name: f.Text("name"), Smallest: f.Int("smallest", program.LeastSmallest, program.MostSmallest)}
	reason := f.Block("reason", 4000)
	return c.ask(g, v, f, func(status int, problems []parts.Problem) error { return c.showSettings(g, v, status, typed, problems) },
		func(ctx context.Context, tx *sqlx.Tx) (approval.ID, error) {
			return program.ProposeSettings(ctx, tx, v.Who(), v.program, after, reason, v.at)
		})
}

// settingFacts says what a change of settings changes.
func (f *requestFile) settingFacts(v visit, add func(key, value, to string)) {
	var s program.Setting
	if json.Unmarshal(f.says.Details, &s) != nil {
		return
	}
	w := v.words
	if s.Before.Name != s.After.Name {
		add("program_name", w.T("console.settings.change", i18n.Args{"before": s.Before.Name, "after": s.After.Name}), "")
	}
	if s.Before.Smallest != s.After.Smallest {
		add("smallest", w.T("console.settings.change", i18n.Args{"before": w.N("console.settings.children", s.Before.Smallest), "after": w.N("console.settings.children", s.After.Smallest)}), v.base()+"/pictures/equity")
	}
}
