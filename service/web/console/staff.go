package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// shownProposals is how many decided proposals a page shows.
const shownProposals = 50

// staff lists accounts and what is proposed for them.
func (c *Console) staff(g *gin.Context, v visit) error {
	members, proposals, err := c.members(g, v, 0)
	if err != nil {
		return err
	}
	view := pages.Staff{May: v.May(auth.ManageStaff)}
	for _, m := range members {
		view.Members = append(view.Members, memberLine(v, m))
	}
	for _, o := range proposals {
		if o.State == auth.Open {
			view.Open = append(view.Open, proposalLine(v, members, o))
		}
	}
	p := c.page(g, v, v.words.T("console.staff.title"))
	p.Lead = v.words.T("console.staff.lead")
	return c.show(g, pages.StaffPage(p, view))
}

// members reads accounts and proposals; account 0: of everybody.
func (c *Console) members(g *gin.Context, v visit, account auth.AccountID) (members []auth.Member, proposals []auth.Proposal, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if members, err = auth.Members(ctx, q, c.Keys, v.Tenant, 0); err != nil {
			return err
		}
		proposals, err = auth.Proposals(ctx, q, account, shownProposals)
		return err
	})
	return members, proposals, err
}

func memberLine(v visit, m auth.Member) pages.MemberLine {
	return pages.MemberLine{Name: m.Name, Email: m.Email, To: memberPath(m.Account), Roles: roleWords(v, m.Roles),
		Reach: reach(v, m.Programs), State: memberState(v, m), Factors: factors(v, m)}
}

func memberPath(a auth.AccountID) string { return "/staff/" + strconv.FormatInt(int64(a), 10) }

func roleWords(v visit, roles []auth.Role) []string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = v.words.T("console.role." + string(r))
	}
	return words
}

// reach says which programs an account is limited to.
func reach(v visit, programs []int64) string {
	if len(programs) == 0 {
		return v.words.T("console.staff.everywhere")
	}
	var names []string
	for _, p := range v.all {
		if slices.Contains(programs, int64(p.ID)) {
			names = append(names, p.Name)
		}
	}
	if hidden := len(programs) - len(names); hidden > 0 {
		names = append(names, v.words.N("console.staff.others", hidden))
	}
	return v.words.List(names)
}

func memberState(v visit, m auth.Member) parts.Status {
	switch {
	case m.Disabled:
		return parts.Status{Text: v.words.T("console.staff.off"), Tone: parts.Quiet}
	case len(m.Roles) == 0:
		return parts.Status{Text: v.words.T("console.staff.waits"), Tone: parts.Caution}
	}
	return parts.Status{Text: v.words.T("console.staff.on"), Tone: parts.Good}
}

// factors says how an account signs in.
func factors(v visit, m auth.Member) string {
	var has []string
	if m.Password {
		has = append(has, v.words.T("console.opened_by.password"))
	}
	if m.App {
		has = append(has, v.words.T("console.security.app"))
	}
	if m.Passkeys > 0 {
		has = append(has, v.words.N("console.staff.passkeys", m.Passkeys))
	}
	if m.Connected {
		has = append(has, v.words.T("console.security.provider"))
	}
	if len(has) == 0 {
		return v.words.T("console.staff.nothing")
	}
	return v.words.List(has)
}

// proposalLine says what is proposed and what the reader may do about it.
func proposalLine(v visit, members []auth.Member, o auth.Proposal) pages.ProposalLine {
	of, by := member(members, o.Account), ""
	for _, m := range members {
		if m.Staff == o.By {
			by = m.Name
		}
	}
	line := pages.ProposalLine{ID: int64(o.ID), Who: of.Name, To: memberPath(o.Account), Reason: o.Reason, By: by, At: o.At.In(v.at.Location()), State: proposalState(v, o)}
	path, may := "/staff/roles/", auth.ApproveStaff
	line.What = v.words.T("console.staff.to_have", map[string]any{"roles": v.words.List(roleWords(v, o.Roles)), "reach": reach(v, o.Programs)})
	if o.Kind == auth.ForRecovery {
		path, may = "/staff/recovery/", auth.ApproveRecovery
		line.What = v.words.T("console.staff.to_recover")
	}
	id := strconv.FormatInt(line.ID, 10)
	if o.State != auth.Open {
		return line
	}
	switch {
	case o.By == v.Staff && v.May(auth.ManageStaff):
		line.Withdraw = "/staff/proposals/" + id + "/withdraw"
		line.Why = v.words.T("auth.same_person")
	case of.Staff == v.Staff:
		line.Why = v.words.T("auth.own_account")
	case v.May(may):
		line.Decide = path + id
	}
	return line
}

func proposalState(v visit, o auth.Proposal) parts.Status {
	tone := map[string]parts.Tone{auth.Open: parts.Caution, auth.Approved: parts.Good, auth.Refused: parts.Bad}[o.State]
	if tone == "" {
		tone = parts.Quiet
	}
	return parts.Status{Text: v.words.T("console.proposal." + o.State), Tone: tone}
}

func member(all []auth.Member, id auth.AccountID) auth.Member {
	for _, m := range all {
		if m.Account == id {
			return m
		}
	}
	return auth.Member{}
}

// askInvite asks who is invited, to what.
func (c *Console) askInvite(g *gin.Context, v visit) error {
	return c.showInvite(g, v, http.StatusOK, pages.Invite{Lang: v.words.Lang()}, nil, nil, nil)
}

func (c *Console) showInvite(g *gin.Context, v visit, status int, view pages.Invite, roles []auth.Role, programs []int64, problems []parts.Problem) error {
	members, _, err := c.members(g, v, 0)
	if err != nil {
		return err
	}
	for _, l := range i18n.Languages {
		view.Languages = append(view.Languages, parts.Choice{Value: l.Code, Text: l.Name})
	}
	view.Persons = []parts.Choice{{Text: v.words.T("console.staff.new_person")}}
	seen := map[auth.StaffID]bool{}
	for _, m := range members {
		if !seen[m.Staff] {
			view.Persons = append(view.Persons, parts.Choice{Value: strconv.FormatInt(int64(m.Staff), 10), Text: m.Name})
		}
		seen[m.Staff] = true
	}
	view.Roles, view.Programs = roleTicks(v, roles), programTicks(v, programs)
	p := c.page(g, v, v.words.T("console.staff.invite"), parts.Link{Text: v.words.T("console.staff.title"), To: "/staff"})
	p.Lead, p.Problems = v.words.T("console.staff.invite_lead"), problems
	return c.hall.Show(g, status, pages.InvitePage(p, view))
}

func roleTicks(v visit, checked []auth.Role) (all []pages.Tick) {
	for _, r := range auth.Roles {
		all = append(all, pages.Tick{Value: string(r), Text: v.words.T("console.role." + string(r)), Checked: slices.Contains(checked, r)})
	}
	return all
}

func programTicks(v visit, checked []int64) (all []pages.Tick) {
	for _, p := range v.all {
		all = append(all, pages.Tick{Value: strconv.FormatInt(int64(p.ID), 10), Text: p.Name, Checked: slices.Contains(checked, int64(p.ID))})
	}
	return all
}

// readGrant reads roles and programs from a form. Who is limited to programs
// gives no more than those.
func readGrant(f *web.Form, v visit) (roles []auth.Role, programs []int64) {
	for _, r := range f.All("roles") {
		roles = append(roles, auth.Role(r))
	}
	for _, s := range f.All("programs") {
		id, err := strconv.ParseInt(s, 10, 64)
		if err != nil || !slices.ContainsFunc(v.all, func(p program.Program) bool { return int64(p.ID) == id }) {
			f.Fail("programs", auth.ErrNoProgram)
			continue
		}
		programs = append(programs, id)
	}
	if len(programs) == 0 {
		programs = v.Programs
	}
	return roles, programs
}

// invite opens an account that does nothing until its roles are approved.
func (c *Console) invite(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.Invite{Name: f.Optional("name"), Email: f.Text("email"), Lang: f.Optional("language"), Reason: f.Text("reason"), Person: f.Optional("person")}
	roles, programs := readGrant(f, v)
	var id auth.AccountID
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			staff, _ := strconv.ParseInt(view.Person, 10, 64) // "" is a new person
			n := auth.NewAccount{Email: view.Email, Name: view.Name, Lang: view.Lang, Roles: roles, Staff: auth.StaffID(staff)}
			id, err = auth.Invite(ctx, tx, c.Keys, v.Principal, n, programs, view.Reason, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showInvite(g, v, web.Status(err), view, roles, programs, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, memberPath(id), "proposed", 0)
}

// member shows an account.
func (c *Console) member(g *gin.Context, v visit) error {
	return c.showMember(g, v, http.StatusOK, pages.Member{}, nil, false, nil)
}

// accountOf reads the account, or the proposal, of the address.
func (c *Console) accountOf(g *gin.Context) auth.AccountID {
	id, _ := strconv.ParseInt(g.Param("id"), 10, 64) // 0 is nobody's
	return auth.AccountID(id)
}

func (c *Console) showMember(g *gin.Context, v visit, status int, view pages.Member, typed *auth.Member, meanwhile bool, problems []parts.Problem) error {
	members, proposals, err := c.members(g, v, c.accountOf(g))
	if err != nil {
		return err
	}
	m := member(members, c.accountOf(g))
	if m.Account == 0 {
		return auth.ErrNoAccount
	}
	w := v.words
	view.Base = memberPath(m.Account)
	view.Facts = []parts.Row{
		{Term: w.T("console.sign_in.email"), Value: m.Email}, {Term: w.T("console.account.roles"), Value: w.List(roleWords(v, m.Roles))},
		{Term: w.T("console.staff.reach"), Value: reach(v, m.Programs)}, {Term: w.T("console.staff.factors"), Value: factors(v, m)},
		{Term: w.T("console.staff.state"), Value: memberState(v, m).Text},
	}
	for _, o := range proposals {
		view.History = append(view.History, proposalLine(v, members, o))
	}
	there := grantShown(v, m, proposals)
	view.Shown = there.seal()
	manage := v.May(auth.ManageStaff) && !m.Disabled
	view.Change, view.Recover, view.Disable = manage, manage && m.Staff != v.Staff && len(m.Roles) > 0, manage && m.Staff != v.Staff
	view.Welcome = manage && len(m.Roles) > 0 && m.Last.IsZero()
	if typed == nil {
		typed = &m
	}
	view.Roles, view.Reach = roleTicks(v, typed.Roles), programTicks(v, typed.Programs)
	p := c.page(g, v, m.Name, parts.Link{Text: w.T("console.staff.title"), To: "/staff"})
	p.Problems = problems
	if meanwhile {
		typed := grantShown(v, auth.Member{Roles: typed.Roles, Programs: typed.Programs}, nil)
		p.Meanwhile = there.beside(typed.now)
	}
	return c.hall.Show(g, status, pages.MemberPage(p, view))
}

// grantShown is what an account has, and what is proposed for it.
func grantShown(v visit, m auth.Member, proposals []auth.Proposal) (s shown) {
	s.add(v.words.T("console.account.roles"), v.words.List(roleWords(v, m.Roles)))
	s.add(v.words.T("console.staff.reach"), reach(v, m.Programs))
	for _, o := range proposals {
		if o.State == auth.Open && o.Kind == auth.ForRoles {
			s.add(v.words.T("console.staff.open_proposal"), v.words.List(roleWords(v, o.Roles))+" · "+reach(v, o.Programs))
		}
	}
	return s
}

// proposeRoles proposes an account's roles and programs.
func (c *Console) proposeRoles(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	roles, programs := readGrant(f, v)
	view := pages.Member{Reason: f.Text("reason")}
	members, proposals, err := c.members(g, v, c.accountOf(g))
	if err != nil {
		return err
	}
	if err = f.Err(); err == nil {
		err = grantShown(v, member(members, c.accountOf(g)), proposals).check(f)
	}
	if err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := auth.ProposeRoles(ctx, tx, v.Principal, c.accountOf(g), roles, programs, view.Reason, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showMember(g, v, web.Status(err), view, &auth.Member{Roles: roles, Programs: programs}, errors.Is(err, errMeanwhile), problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, memberPath(c.accountOf(g)), "proposed", 0)
}

// proposeRecovery proposes a new start for who lost a factor.
func (c *Console) proposeRecovery(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.Member{Lost: f.Text("lost")}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := auth.ProposeRecovery(ctx, tx, v.Principal, c.accountOf(g), view.Lost, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showMember(g, v, web.Status(err), view, nil, false, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, memberPath(c.accountOf(g)), "proposed", 0)
}

// decideRoles and decideRecovery approve or refuse what another person proposed.
func (c *Console) decideRoles(g *gin.Context, v visit) error { return c.decide(g, v, auth.ForRoles) }

func (c *Console) decideRecovery(g *gin.Context, v visit) error {
	return c.decide(g, v, auth.ForRecovery)
}

func (c *Console) decide(g *gin.Context, v visit, kind string) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	approve := f.Choice("decision", "approve", "refuse") == "approve"
	if err := f.Err(); err != nil {
		return err
	}
	token := ""
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		token, err = auth.Decide(ctx, tx, v.Principal, auth.ProposalID(c.accountOf(g)), kind, approve, v.at)
		return err
	})
	if err != nil {
		return err
	}
	if token != "" {
		return c.showToken(g, v, token, int(auth.LinkLife.Hours()))
	}
	return web.See(g, "/staff", "decided", 0)
}

// withdraw takes an own proposal back.
func (c *Console) withdraw(g *gin.Context, v visit) error {
	err := c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return auth.Withdraw(ctx, tx, v.Principal, auth.ProposalID(c.accountOf(g)), v.at)
	})
	if err != nil {
		return err
	}
	return web.See(g, "/staff", "withdrawn", 0)
}

// disable switches an account off at once: what makes things safer waits for
// nobody.
func (c *Console) disable(g *gin.Context, v visit) error {
	members, _, err := c.members(g, v, c.accountOf(g))
	if err != nil {
		return err
	}
	switch m := member(members, c.accountOf(g)); m.Staff {
	case 0:
		return auth.ErrNoAccount
	case v.Staff:
		return auth.ErrOwnAccount
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return auth.Disable(ctx, tx, v.Who(), c.accountOf(g), v.at)
	})
	if err != nil {
		return err
	}
	return web.See(g, memberPath(c.accountOf(g)), "account_off", 0)
}

// welcome makes the first sign-in of an invited person.
func (c *Console) welcome(g *gin.Context, v visit) error {
	token := ""
	err := c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		token, err = auth.Welcome(ctx, tx, v.Principal, c.accountOf(g), v.at)
		return err
	})
	if err != nil {
		return err
	}
	return c.showToken(g, v, token, int(auth.WelcomeLife.Hours()))
}

// showToken shows a one-time link, once: it is not kept anywhere.
func (c *Console) showToken(g *gin.Context, v visit, token string, hours int) error {
	origin := c.Origin
	if origin == "" {
		origin = "http://" + g.Request.Host
	}
	p := c.page(g, v, v.words.T("console.staff.link"), parts.Link{Text: v.words.T("console.staff.title"), To: "/staff"})
	p.Lead = v.words.T("console.staff.link_lead")
	return c.show(g, pages.TokenPage(p, pages.Token{Address: origin + "/sign-in/link/" + token, Hours: hours, Back: "/staff"}))
}
