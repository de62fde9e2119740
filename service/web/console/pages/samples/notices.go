package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func notices(p *parts.Page) templ.Component {
	in(p, "", p.T("notify.page.title"))
	p.Lead = p.T("notify.page.lead")
	name := func(about string) string { return p.T("notify.name." + about) }
	return pages.NoticesPage(p, pages.Notices{States: []parts.Choice{{Text: p.T("notify.page.any")}, {Value: "missed", Text: p.T("notify.state.missed")}}, Abouts: []parts.Choice{{Text: p.T("notify.page.any")}},
		Rows: []pages.NoticeLine{
			{What: name("request_back"), To: "/notices/41", For: p.T("request.desk.guardian_no", map[string]any{"no": "12"}), By: p.T("notify.channel.sms") + ", Español", Segments: 2, At: noon, State: parts.Status{Text: p.T("notify.state.sent"), Tone: parts.Good}},
			{What: name("news"), To: "/notices/40", For: p.T("request.desk.guardian_no", map[string]any{"no": "9"}), By: p.T("notify.channel.email") + ", English", At: noon, State: parts.Status{Text: p.T("notify.state.bounced"), Tone: parts.Bad}},
		},
		Sends: []parts.Link{{Text: p.T("notify.page.send_in", map[string]any{"program": "Riverbend Savings"}), To: base + "/notices/new"}},
		Words: []pages.NoticeWords{{What: name("news"), Langs: []parts.Link{{Text: "English", To: "/notices/words/news/en"}, {Text: "Español", To: "/notices/words/news/es"}}}}})
}

func notice(p *parts.Page) templ.Component {
	in(p, "", p.T("notify.name.news"))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("notify.page.title"), To: "/notices"})
	return pages.NoticePage(p, pages.Notice{State: parts.Status{Text: p.T("notify.state.bounced"), Tone: parts.Bad}, Post: "/notices/40",
		Facts: []parts.Row{{Term: p.T("notify.page.by"), Value: p.T("notify.channel.email") + ", English"}, {Term: p.T("notify.page.tries"), Value: "1"}, {Term: p.T("notify.page.failed_at"), Value: p.Time(noon)}}})
}

func wording(p *parts.Page) templ.Component {
	in(p, "", p.T("notify.name.request_done")+", Español")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("notify.page.title"), To: "/notices"})
	return pages.WordingPage(p, pages.Wording{Post: "/notices/words/request_done/es", Subject: "{{.program}}: listo", Words: "{{.program}}: su solicitud {{.no}} está lista.", Language: "es", May: true,
		Places: p.T("notify.page.places", map[string]any{"places": "{{.no}}, {{.program}}"}), Preview: true, ShownAs: "Riverbend Savings: listo", Shown: "Riverbend Savings: su solicitud 7 está lista.",
		Segments: p.N("notify.page.as_texts", 1), Versions: []pages.WordingVersion{{No: "1", Words: "{{.program}}: su solicitud {{.no}} está lista.", By: "Ana Ruiz", At: noon}, {No: "0", Words: "{{.program}}: su solicitud {{.no}} está hecha. Entre para verla.", By: p.T("notify.page.catalogue")}}})
}

func news(p *parts.Page) templ.Component {
	in(p, "", p.T("notify.news.title"))
	p.Lead = p.T("notify.news.lead")
	text := "Riverbend Savings: School savings day is on Friday. Reply STOP to end texts, HELP for help."
	return pages.NewsPage(p, pages.News{Post: base + "/notices/new", Key: "k1", Price: "0.0083", Schools: []parts.Choice{{Text: p.T("notify.news.everybody")}},
		Texts:    []parts.Field{{Name: "text_en", Label: p.T("notify.news.text", map[string]any{"language": "English"}), Value: "School savings day is on Friday.", MaxLength: 500}},
		Previews: true, Figures: []parts.Figure{{Label: p.T("notify.news.recipients"), Value: p.Int(1204), Major: true}, {Label: p.T("notify.page.segments"), Value: p.Int(1310)}, {Label: p.T("notify.news.cost"), Value: p.Money(money("10.88"))}},
		Samples: []pages.NewsSample{{Lang: "en", Name: "English: " + p.N("notify.news.readers", 704), Text: text, Segments: p.N("notify.page.as_texts", 1)}},
		Confirm: p.T("notify.news.confirm", map[string]any{"n": 1204})})
}
