package samples

import (
	"time"

	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// question stands for what a browser is asked; nobody answers it here.
const question = `{"challenge":"AAAAAAAAAAAAAAAAAAAAAA","rpId":"localhost","userVerification":"required"}`

func signInWays(p *parts.Page) templ.Component {
	p.Title, p.Lead = p.T("console.sign_in.title"), p.T("console.sign_in.lead")
	return pages.SignInPage(p, pages.SignIn{Next: "/help", Ask: question, Providers: []parts.Link{{Text: "City of Riverbend", To: "/sign-in/provider?next=%2Fhelp"}}})
}

func code(p *parts.Page) templ.Component {
	p.Title, p.Lead = p.T("console.code.title"), p.T("console.code.lead")
	return pages.CodePage(p, pages.Code{Post: "/sign-in/code", App: true, Ask: question, Carry: []parts.Carried{{Name: "next", Value: "/"}}})
}

func codeRefused(p *parts.Page) templ.Component {
	p.Problems = []parts.Problem{{Field: "one_time_code", Text: p.T("auth.code")}}
	return code(p)
}

func stepUp(p *parts.Page) templ.Component {
	in(p, "", p.T("console.step_up.title"))
	p.Lead = p.T("console.step_up.lead")
	return pages.CodePage(p, pages.Code{Post: base + "/excesses/7", App: true, Carry: []parts.Carried{{Name: "decision", Value: "take"}}, Cancel: "/"})
}

func enrol(p *parts.Page) templ.Component {
	in(p, "", p.T("console.enrol.title"))
	p.Lead = p.T("console.enrol.lead")
	const secret = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"
	return pages.EnrolPage(p, pages.Enrol{QR: parts.MakeQR("otpauth://totp/Seedbook:ana@riverbend.example?secret=JBSWY3DPEHPK3PXP"), Secret: secret, Offer: question, Must: true})
}

func security(p *parts.Page) templ.Component {
	in(p, "", p.T("console.security.title"))
	p.Lead = p.T("console.security.lead")
	return pages.SecurityPage(p, pages.Security{App: true, Offer: question, Provider: pages.Connection{Name: "City of Riverbend", On: true}, Passkeys: []pages.Passkey{
		{ID: 1, Name: "Ana's phone", Added: noon.Add(-300 * time.Hour), Used: noon},
		{ID: 2, Name: "Office key", Added: noon.Add(-200 * time.Hour)},
	}})
}

func stepUpElsewhere(p *parts.Page) templ.Component {
	p.Title, p.Lead = p.T("console.step_up.title"), p.T("console.step_up.lead_elsewhere")
	return pages.CodePage(p, pages.Code{Post: "/sign-in/code", Again: true, Over: "/sign-in/provider?anew=yes&next=%2Faccount%2Fsecurity"})
}

func bounce(p *parts.Page) templ.Component {
	p.Title, p.Lead = p.T("console.bounce.title"), p.T("console.bounce.lead")
	return pages.BouncePage(p, "/sign-in/provider/answer?state=x&code=y&here=yes")
}
