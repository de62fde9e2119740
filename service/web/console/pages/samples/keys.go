package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func inKeys(p *parts.Page) {
	in(p, "keys", p.T("console.keys.title"))
	p.Lead = p.T("console.keys.lead")
}

func keyForm(p *parts.Page) *pages.KeyForm {
	f := &pages.KeyForm{Post: base + "/keys", Document: "/v1", Days: "90", Lives: []parts.Choice{{Value: "90", Text: p.N("console.keys.days", 90)}},
		Schools: []parts.Choice{{Text: p.T("console.keys.no_school")}, {Value: "1", Text: "Harbor View"}},
		Funds:   []pages.KeyTick{{Name: "fund_CITY", Text: "City seed fund"}, {Name: "fund_SMITH", Text: "Smith Family Fund"}}}
	for _, s := range []string{"children_read", "balances_read", "deposits_write", "funds_read"} {
		f.Scopes = append(f.Scopes, pages.KeyTick{Name: "scope_" + s, Text: p.T("console.keys.scope." + s)})
	}
	return f
}

func keys(p *parts.Page) templ.Component {
	inKeys(p)
	live := parts.Status{Text: p.T("console.keys.live"), Tone: parts.Good}
	return pages.KeysPage(p, pages.Keys{Form: keyForm(p), Keys: []pages.KeyLine{
		{Name: "Smith Family Foundation, dashboard", Public: "csa_live_9fKq27Zx_…", To: base + "/keys/2", State: live, Bound: "Smith Family Fund", Expires: noon.AddDate(0, 3, 0), Used: noon},
		{Name: "First Bank, deposits", Public: "csa_live_Ab3dEf7h_…", To: base + "/keys/1", State: parts.Status{Text: p.T("console.keys.expiring"), Tone: parts.Caution},
			Bound: p.T("console.keys.whole"), Expires: noon.AddDate(0, 0, 9)},
	}})
}

func keysRefused(p *parts.Page) templ.Component {
	inKeys(p)
	p.Problems = []parts.Problem{{Field: "name", Text: p.T("apikey.name")}, {Field: "scopes", Text: p.T("apikey.not_for_funder", map[string]any{"scope": "children:read"})}}
	f := keyForm(p)
	f.Scopes[0].Checked, f.Funds[1].Checked = true, true
	return pages.KeysPage(p, pages.Keys{Form: f})
}

func keyMade(p *parts.Page) templ.Component {
	in(p, "keys", "First Bank, deposits")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.keys.title"), To: base + "/keys"})
	return pages.KeyPage(p, pages.Key{Token: "csa_live_Ab3dEf7h_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM", State: parts.Status{Text: p.T("console.keys.live"), Tone: parts.Good},
		Facts: []parts.Row{{Term: p.T("console.keys.begins"), Value: "csa_live_Ab3dEf7h_…"}, {Term: p.T("console.keys.bound"), Value: p.T("console.keys.whole")},
			{Term: p.T("console.keys.scopes"), Value: p.T("console.keys.scope.deposits_write")}, {Term: p.T("console.keys.networks"), Value: "192.0.2.0/24"},
			{Term: p.T("console.keys.made_by"), Value: "Ana Ruiz, " + p.Time(noon)}, {Term: p.T("console.keys.used"), Value: p.T("console.keys.never")}},
		Revoke: base + "/keys/1/revoke", Second: base + "/keys/1/second"})
}
