package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func letterChoices(p *parts.Page) pages.Letters {
	in(p, "", p.T("letters.console.title"))
	p.Lead = p.T("letters.console.lead")
	return pages.Letters{Base: base, May: true, Count: -1, Most: 1000, School: "7", Lang: "es",
		Schools:   []parts.Choice{{Text: p.T("letters.console.all")}, {Value: "7", Text: "Harbor View Elementary"}},
		Languages: []parts.Choice{{Value: "en", Text: "English"}, {Value: "es", Text: "Español"}}}
}

func letters(p *parts.Page) templ.Component {
	v := letterChoices(p)
	v.Count = 84
	v.Runs = []pages.LetterRun{
		{At: noon, By: "Ana Ruiz", School: "Harbor View Elementary", Language: "Español", Whom: p.T("letters.console.only_new"), Letters: 84, File: "3f0a1c22b9de"},
		{At: noon, By: "Ana Ruiz", School: p.T("letters.console.all"), Language: "English", Whom: p.T("letters.console.every"), Letters: 1, File: "77c0e1a94b02"},
	}
	return pages.LettersPage(p, v)
}

func lettersNone(p *parts.Page) templ.Component { return pages.LettersPage(p, letterChoices(p)) }

func lettersReady(p *parts.Page) templ.Component {
	in(p, "", p.T("letters.console.ready_title"))
	return pages.LettersReadyPage(p, pages.LettersReady{Letters: 84, To: base + "/letters/abc/letters.pdf"})
}
