package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func staffProposals(p *parts.Page) []pages.ProposalLine {
	waits := parts.Status{Text: p.T("console.proposal.open"), Tone: parts.Caution}
	return []pages.ProposalLine{
		{ID: 3, Who: "Rosa Delgado", To: "/staff/4", Reason: "Takes over the deposits from Luis in November.", By: "Ana Ruiz", At: noon, State: waits, Decide: "/staff/roles/3",
			What: p.T("console.staff.to_have", map[string]any{"roles": p.T("console.role.operator"), "reach": p.T("console.staff.everywhere")})},
		{ID: 4, Who: "Luis Ortega", To: "/staff/2", Reason: "Lost the phone on the bus; came by in person.", By: "Ana Ruiz", At: noon, State: waits, Why: p.T("auth.same_person"),
			Withdraw: "/staff/proposals/4/withdraw", What: p.T("console.staff.to_recover")},
	}
}

func staff(p *parts.Page) templ.Component {
	in(p, "", p.T("console.staff.title"))
	p.Lead = p.T("console.staff.lead")
	on := parts.Status{Text: p.T("console.staff.on"), Tone: parts.Good}
	return pages.StaffPage(p, pages.Staff{May: true, Open: staffProposals(p), Members: []pages.MemberLine{
		{Name: "Ana Ruiz", Email: "ana@riverbend.example", To: "/staff/1", Roles: []string{p.T("console.role.tenant_admin")}, Reach: p.T("console.staff.everywhere"), State: on, Factors: p.N("console.staff.passkeys", 2)},
		{Name: "Luis Ortega", Email: "luis@riverbend.example", To: "/staff/2", Roles: []string{p.T("console.role.approver")}, Reach: "Riverbend Starts", State: on, Factors: p.T("console.opened_by.password")},
		{Name: "Rosa Delgado", Email: "rosa@riverbend.example", To: "/staff/4", Reach: p.T("console.staff.everywhere"), State: parts.Status{Text: p.T("console.staff.waits"), Tone: parts.Caution}, Factors: p.T("console.staff.nothing")},
	}})
}

func staffTicks(p *parts.Page) (roles, programs []pages.Tick) {
	for _, r := range []string{"tenant_admin", "program_manager", "operator", "approver", "support", "auditor"} {
		roles = append(roles, pages.Tick{Value: r, Text: p.T("console.role." + r), Checked: r == "operator" || r == "approver"})
	}
	return roles, []pages.Tick{{Value: "1", Text: "Riverbend Starts", Checked: true}, {Value: "2", Text: "Riverbend Teens"}}
}

func invite(p *parts.Page) templ.Component {
	in(p, "", p.T("console.staff.invite"))
	p.Lead = p.T("console.staff.invite_lead")
	p.Problems = []parts.Problem{{Field: "roles", Text: p.T("auth.roles_clash")}, {Field: "reason", Text: p.T("web.field.missing")}}
	roles, programs := staffTicks(p)
	return pages.InvitePage(p, pages.Invite{Name: "Rosa Delgado", Email: "rosa@riverbend.example", Lang: "es", Roles: roles, Programs: programs,
		Languages: []parts.Choice{{Value: "en", Text: "English"}, {Value: "es", Text: "Español"}},
		Persons:   []parts.Choice{{Text: p.T("console.staff.new_person")}, {Value: "1", Text: "Ana Ruiz"}}})
}

func member(p *parts.Page) templ.Component {
	in(p, "", "Luis Ortega")
	roles, programs := staffTicks(p)
	return pages.MemberPage(p, pages.Member{Base: "/staff/2", Change: true, Recover: true, Disable: true, Welcome: true, Roles: roles, Reach: programs, History: staffProposals(p)[1:],
		Facts: []parts.Row{
			{Term: p.T("console.sign_in.email"), Value: "luis@riverbend.example"}, {Term: p.T("console.account.roles"), Value: p.T("console.role.approver")},
			{Term: p.T("console.staff.reach"), Value: "Riverbend Starts"}, {Term: p.T("console.staff.factors"), Value: p.T("console.opened_by.password")},
		}})
}

func oneTime(p *parts.Page) templ.Component {
	in(p, "", p.T("console.staff.link"))
	p.Lead = p.T("console.staff.link_lead")
	return pages.TokenPage(p, pages.Token{Address: "https://csa.riverbend.example/sign-in/link/K0r5x0oGm1Vd3Z8t7y6w5v4u3s2r1q0p", Hours: 24, Back: "/staff"})
}
