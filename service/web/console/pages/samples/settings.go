package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func settings(p *parts.Page) templ.Component {
	in(p, "settings", p.T("console.settings.title"))
	p.Lead = p.T("console.settings.lead")
	p.Problems = []parts.Problem{{Field: "smallest", Text: p.T("program.smallest", map[string]any{"least": 3, "most": 100})}}
	row := func(key, value string) parts.Row {
		return parts.Row{Term: p.T("console.settings." + key), Value: value}
	}
	return pages.SettingsPage(p, pages.Settings{
		InForce: []parts.Row{row("name", "Riverbend Savings"), row("smallest", p.N("console.settings.children", 10))},
		Fixed: []parts.Row{row("code", "riverbend"), row("zone", "America/New_York"), row("currency", "USD"), row("rounding", p.T("rulebook.rounding.half_up")),
			row("languages", "English, Español")},
		Post: base + "/settings", Typed: map[string]string{"name": "Riverbend Savings", "smallest": "2", "reason": "The council wants more detail."}})
}
