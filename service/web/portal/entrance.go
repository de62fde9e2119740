package portal

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/web"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// Faults of the entrance's forms.
var (
	errBirth = fault.New(fault.Invalid, "portal.facts.no_date")
	errAgain = fault.New(fault.Invalid, "portal.pin.not_same")
	errZIP   = fault.New(fault.Invalid, "portal.facts.no_zip")
)

// welcome offers the ways in; who is in already goes home.
func (p *Portal) welcome(g *gin.Context) error {
	if _, err := p.guardian(g, p.Now()); err == nil {
		return web.See(g, home, "", 0)
	}
	page := p.frame(g, "portal.welcome.title")
	page.Lead = page.T("portal.welcome.lead")
	return p.show(g, pages.WelcomePage(page, pages.Welcome{}))
}

// frame is the frame of a page of the entrance.
func (p *Portal) frame(g *gin.Context, title string) *parts.Page {
	return p.hall.Page(g, p.hall.Words(g).T(title))
}

// refuse shows a form again with what is wrong with it; other errors go on.
func (p *Portal) refuse(g *gin.Context, err error, again func(status int, problems []parts.Problem) error) error {
	if problems := web.Problems(p.hall.Words(g), err); problems != nil {
		return again(web.Status(err), problems)
	}
	if f, ok := fault.Of(err); ok && f.Kind == fault.SignedOut { // the way in took too long
		return web.See(g, "/family", "entry_over", 0)
	}
	return err
}

func (p *Portal) askLetter(g *gin.Context) error {
	return p.showLetter(g, http.StatusOK, pages.Letter{}, nil)
}

func (p *Portal) showLetter(g *gin.Context, status int, v pages.Letter, problems []parts.Problem) error {
	page := p.frame(g, "portal.letter.title")
	page.Lead, page.Problems = page.T("portal.letter.lead"), problems
	return p.hall.Show(g, status, pages.LetterPage(page, v))
}

// takeLetter proves a child with a letter's code.
func (p *Portal) takeLetter(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	v := pages.Letter{Code: f.Text("code"), Month: f.Optional("month"), Year: f.Optional("year")}
	l := activation.Letter{Code: v.Code, Month: number(f, "month", v.Month, 1, 12), Year: number(f, "year", v.Year, 1990, 2200), Peer: web.Peer(g)}
	token := ""
	if err = f.Err(); err == nil {
		token, err = activation.ByLetter(g.Request.Context(), p.DB, p.Keys, l, p.Now())
	}
	if err != nil {
		return p.refuse(g, err, func(status int, problems []parts.Problem) error { return p.showLetter(g, status, v, problems) })
	}
	return p.proven(g, token)
}

// number reads a part of a date, and says of which part it is none.
func number(f *web.Form, field, typed string, least, most int) int {
	n, err := strconv.Atoi(typed)
	if err != nil || n < least || n > most {
		f.Fail(field, errBirth)
	}
	return n
}

// proven goes on after a proof: a guardian who is signed in has one child more,
// anybody else is asked for a contact.
func (p *Portal) proven(g *gin.Context, token string) error {
	at := p.Now()
	if guardian, err := p.guardian(g, at); err == nil {
		if err := activation.AddChild(g.Request.Context(), p.DB, p.Keys, guardian, token, at); err != nil {
			return err
		}
		return web.See(g, home, "child_added", 0)
	}
	p.hall.SetCookie(g, entryCookie, token, activation.EntryLife)
	return web.See(g, "/family/contact", "", 0)
}

func (p *Portal) askFacts(g *gin.Context) error {
	return p.showFacts(g, http.StatusOK, pages.Facts{}, nil)
}

func (p *Portal) showFacts(g *gin.Context, status int, v pages.Facts, problems []parts.Problem) error {
	choices, _, err := p.programs(g)
	if err != nil {
		return err
	}
	v.Programs = choices
	page := p.frame(g, "portal.facts.title")
	page.Lead, page.Problems = page.T("portal.facts.lead"), problems
	return p.hall.Show(g, status, pages.FactsPage(page, v))
}

// programs are those that a family may choose from, and whose each is. Their
// names are no secret.
func (p *Portal) programs(g *gin.Context) (choices []parts.Choice, tenants map[string]int32, err error) {
	ctx := g.Request.Context()
	all, err := auth.Tenants(ctx, p.DB)
	if err != nil {
		return nil, nil, err
	}
	tenants = map[string]int32{}
	for _, t := range all {
		err := p.DB.Read(ctx, store.Who{Tenant: t.ID, Actor: "activation"}, func(q sqlx.QueryerContext) error {
			found, err := program.All(ctx, q)
			for _, one := range found {
				value := strconv.Itoa(int(t.ID)) + "-" + one.Code
				tenants[value] = t.ID
				choices = append(choices, parts.Choice{Value: value, Text: one.Name})
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return choices, tenants, nil
}

// takeFacts proves a child by what is known of it.
func (p *Portal) takeFacts(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	choices, tenants, err := p.programs(g)
	if err != nil {
		return err
	}
	v := pages.Facts{Program: f.Optional("program"), Month: f.Optional("month"), Day: f.Optional("day"), Year: f.Optional("year"), ZIP: f.Text("zip"), Student: f.Text("student")}
	if v.Program == "" && len(choices) == 1 {
		v.Program = choices[0].Value
	}
	facts := activation.Facts{Tenant: tenants[v.Program], ZIP: zip(f, v.ZIP), Student: v.Student, Peer: web.Peer(g)}
	facts.BornOn = date(f, v)
	token := ""
	if err = f.Err(); err == nil {
		token, err = activation.ByFacts(g.Request.Context(), p.DB, p.Keys, facts, p.Now())
	}
	if err != nil {
		return p.refuse(g, err, func(status int, problems []parts.Problem) error { return p.showFacts(g, status, v, problems) })
	}
	return p.proven(g, token)
}

// zip is the five digits of a ZIP code.
func zip(f *web.Form, typed string) string {
	digits := typed
	if len(digits) > 5 {
		digits = digits[:5]
	}
	if len(digits) != 5 || strings.Trim(digits, "0123456789") != "" {
		f.Fail("zip", errZIP)
	}
	return digits
}

// date is a day of three fields.
func date(f *web.Form, v pages.Facts) ledger.Date {
	month, day, year := number(f, "month", v.Month, 1, 12), number(f, "day", v.Day, 1, 31), number(f, "year", v.Year, 1990, 2200)
	d := ledger.NewDate(year, time.Month(month), day)
	if d.Day() != day && day >= 1 && day <= 31 {
		f.Fail("day", errBirth)
	}
	return d
}

// entry reads how far the browser has come on its way in, and leads to the
// stage where it is.
func (p *Portal) entry(g *gin.Context, stages ...activation.Stage) (pending activation.Pending, elsewhere bool, err error) {
	pending, err = activation.Look(g.Request.Context(), p.DB, p.Keys, p.hall.Cookie(g, entryCookie), p.Now())
	if f, ok := fault.Of(err); ok && f.Kind == fault.SignedOut {
		return pending, true, web.See(g, "/family", "entry_over", 0)
	}
	if err != nil {
		return pending, true, err
	}
	for _, s := range stages {
		if s == pending.Stage {
			return pending, false, nil
		}
	}
	return pending, true, web.See(g, stagePath[pending.Stage], "", 0)
}

var stagePath = map[activation.Stage]string{
	activation.AskContact: "/family/contact", activation.AskCode: "/family/code",
	activation.ChoosePIN: "/family/pin", activation.AskPIN: "/family/pin",
}

func (p *Portal) askContact(g *gin.Context) error {
	stages := []activation.Stage{activation.AskContact}
	if g.Query("again") == "yes" {
		stages = append(stages, activation.AskCode)
	}
	pending, elsewhere, err := p.entry(g, stages...)
	if elsewhere || err != nil {
		return err
	}
	return p.showContact(g, http.StatusOK, pages.Entry{Given: pending.Given, School: pending.School, Contact: pending.Contact}, nil)
}

func (p *Portal) showContact(g *gin.Context, status int, v pages.Entry, problems []parts.Problem) error {
	page := p.frame(g, "portal.contact.title")
	page.Problems = problems
	return p.hall.Show(g, status, pages.ContactPage(page, v))
}

// takeContact has a code sent.
func (p *Portal) takeContact(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	v := pages.Entry{Contact: f.Text("contact")}
	if err = f.Err(); err == nil {
		c := activation.Contact{Typed: v.Contact, Lang: p.hall.Lang(g), Peer: web.Peer(g)}
		err = activation.SendCode(g.Request.Context(), p.DB, p.Keys, p.hall.Cookie(g, entryCookie), c, p.Now())
	}
	if err != nil {
		return p.refuse(g, err, func(status int, problems []parts.Problem) error { return p.showContact(g, status, v, problems) })
	}
	return web.See(g, "/family/code", "", 0)
}

func (p *Portal) askCode(g *gin.Context) error {
	pending, elsewhere, err := p.entry(g, activation.AskCode)
	if elsewhere || err != nil {
		return err
	}
	return p.showCode(g, http.StatusOK, pending, nil)
}

func (p *Portal) showCode(g *gin.Context, status int, pending activation.Pending, problems []parts.Problem) error {
	page := p.frame(g, "portal.code.title")
	page.Problems = problems
	return p.hall.Show(g, status, pages.CodePage(page, pages.Entry{Contact: pending.Contact}))
}

// takeCode verifies the contact.
func (p *Portal) takeCode(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	code := f.Text("code")
	if err = f.Err(); err == nil {
		err = activation.CheckCode(g.Request.Context(), p.DB, p.Keys, p.hall.Cookie(g, entryCookie), code, p.Now())
	}
	if err != nil {
		return p.refuse(g, err, func(status int, problems []parts.Problem) error {
			pending, elsewhere, err := p.entry(g, activation.AskCode)
			if elsewhere || err != nil {
				return err
			}
			return p.showCode(g, status, pending, problems)
		})
	}
	return web.See(g, "/family/pin", "", 0)
}

func (p *Portal) askPIN(g *gin.Context) error {
	pending, elsewhere, err := p.entry(g, activation.ChoosePIN, activation.AskPIN)
	if elsewhere || err != nil {
		return err
	}
	return p.showPIN(g, http.StatusOK, pending, nil)
}

func (p *Portal) showPIN(g *gin.Context, status int, pending activation.Pending, problems []parts.Problem) error {
	own := pending.Stage == activation.AskPIN
	page := p.frame(g, map[bool]string{false: "portal.pin.title", true: "portal.pin.own_title"}[own])
	page.Problems = problems
	return p.hall.Show(g, status, pages.PINPage(page, pages.Entry{Own: own}))
}

// takePIN ends the way in: the account is open and the guardian signed in.
func (p *Portal) takePIN(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	pending, elsewhere, err := p.entry(g, activation.ChoosePIN, activation.AskPIN)
	if elsewhere || err != nil {
		return err
	}
	c := activation.Chosen{PIN: f.Secret("pin"), Lang: p.hall.Lang(g), Remember: f.Checked("remember")}
	if pending.Stage == activation.ChoosePIN && f.Secret("again") != c.PIN {
		f.Fail("again", errAgain)
	}
	var s activation.SignedIn
	if err = f.Err(); err == nil {
		s, err = activation.Finish(g.Request.Context(), p.DB, p.Keys, p.hall.Cookie(g, entryCookie), c, p.Now())
	}
	if err != nil {
		return p.refuse(g, err, func(status int, problems []parts.Problem) error { return p.showPIN(g, status, pending, problems) })
	}
	return p.enter(g, s, "activated")
}

// enter gives the browser its session. One that it may have brought along is
// ended, so that nobody rides on it.
func (p *Portal) enter(g *gin.Context, s activation.SignedIn, done string) error {
	if old, err := p.guardian(g, p.Now()); err == nil {
		if err := activation.SignOut(g.Request.Context(), p.DB, old, p.Now()); err != nil {
			return err
		}
	}
	web.SetActor(g, s.Who().Actor)
	p.hall.DropCookie(g, entryCookie)
	p.hall.SetCookie(g, sessionCookie, s.Token, 0)
	if s.Device != "" {
		p.hall.SetCookie(g, deviceCookie, s.Device, activation.DeviceLife)
	}
	return web.See(g, home, done, 0)
}

func (p *Portal) askSignIn(g *gin.Context) error { return p.showSignIn(g, http.StatusOK, "", nil) }

func (p *Portal) showSignIn(g *gin.Context, status int, contact string, problems []parts.Problem) error {
	page := p.frame(g, "portal.sign_in.title")
	page.Problems = problems
	return p.hall.Show(g, status, pages.SignInPage(page, contact))
}

// beginSignIn takes the contact. What follows looks the same whoever has it.
func (p *Portal) beginSignIn(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := f.Text("contact")
	var b activation.Begun
	if err = f.Err(); err == nil {
		c := activation.Contact{Typed: typed, Lang: p.hall.Lang(g), Peer: web.Peer(g)}
		b, err = activation.BeginSignIn(g.Request.Context(), p.DB, p.Keys, c, p.hall.Cookie(g, deviceCookie), p.Now())
	}
	if err != nil {
		return p.refuse(g, err, func(status int, problems []parts.Problem) error { return p.showSignIn(g, status, typed, problems) })
	}
	p.hall.SetCookie(g, entryCookie, b.Token, activation.EntryLife)
	return web.See(g, "/family/sign-in/pin", "", 0)
}

func (p *Portal) askSignInPIN(g *gin.Context) error { return p.showSignInPIN(g, http.StatusOK, nil) }

func (p *Portal) showSignInPIN(g *gin.Context, status int, problems []parts.Problem) error {
	code, err := activation.NeedsCode(g.Request.Context(), p.DB, p.hall.Cookie(g, entryCookie), p.Now())
	if f, ok := fault.Of(err); ok && f.Kind == fault.SignedOut {
		return web.See(g, "/family/sign-in", "entry_over", 0)
	}
	if err != nil {
		return err
	}
	page := p.frame(g, "portal.sign_in.title")
	page.Problems = problems
	return p.hall.Show(g, status, pages.SignInCodePage(page, pages.SignIn{Code: code}))
}

// signIn opens a session with the code that was sent and the PIN.
func (p *Portal) signIn(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	code := f.Optional("code")
	c := activation.Chosen{PIN: f.Secret("pin"), Remember: f.Checked("remember")}
	var s activation.SignedIn
	if err = f.Err(); err == nil {
		s, err = activation.SignIn(g.Request.Context(), p.DB, p.Keys, p.hall.Cookie(g, entryCookie), code, c, p.Now())
	}
	if err != nil {
		return p.refuse(g, err, func(status int, problems []parts.Problem) error { return p.showSignInPIN(g, status, problems) })
	}
	return p.enter(g, s, "")
}

// signOut ends the session and clears what the browser kept.
func (p *Portal) signOut(g *gin.Context, v visit, _ activation.Held) error {
	return p.leave(g, activation.SignOut(g.Request.Context(), p.DB, v.Guardian, v.at))
}

// signOutEverywhere ends all sessions and forgets all browsers.
func (p *Portal) signOutEverywhere(g *gin.Context, v visit, _ activation.Held) error {
	p.hall.DropCookie(g, deviceCookie)
	return p.leave(g, activation.SignOutEverywhere(g.Request.Context(), p.DB, v.Guardian, v.at))
}

func (p *Portal) leave(g *gin.Context, err error) error {
	if err != nil {
		return err
	}
	p.hall.DropCookie(g, sessionCookie)
	g.Header("Clear-Site-Data", `"cache", "storage"`)
	return web.See(g, "/family", "signed_out", 0)
}

// help explains the words.
func (p *Portal) help(g *gin.Context, v visit, _ activation.Held) error {
	return p.show(g, pages.HelpPage(p.page(g, v.words.T("portal.help.title"))))
}
