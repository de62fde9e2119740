package console

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/program"
	"seedbook/service/store"
)

// nothing stands for an object that the city does not have: whoever may come to
// the page is told so, and nobody else learns even that.
const nothing = "987654321"

// addresses is where every route leads in the city: {child} and the like are
// filled in with what is there. A route without an address fails the test.
var addresses = map[string]string{
	"/p/:program/custody/interest/:line": "{p}/custody/interest/" + nothing,
	"/p/:program/custody/lines":          "{p}/custody/lines", "/p/:program/custody/lines/decide": "{p}/custody/lines/decide", "/p/:program/custody/run": "{p}/custody/run",
	"/p/:program/custody/days/:custodian": "{p}/custody/days/" + nothing, "/p/:program/custody/days/:custodian/match": "{p}/custody/days/" + nothing + "/match",
	"/p/:program/custody/days/:custodian/sign": "{p}/custody/days/" + nothing + "/sign", "/p/:program/custody/days/:custodian/:day/certificate": "{p}/custody/days/" + nothing + "/2026-09-30/certificate",
	"/p/:program/custody/days/:custodian/:day/certificate.pdf": "{p}/custody/days/" + nothing + "/2026-09-30/certificate.pdf",

	"/p/:program/rosters/:id/undo": "{p}/rosters/{roster}/undo", "/p/:program/rosters/:id/doubts": "{p}/rosters/{roster}/doubts",
	"/p/:program/rosters/:id/doubts/:row": "{p}/rosters/{roster}/doubts/" + nothing, "/p/:program/rosters/:id/rejected.csv": "{p}/rosters/{roster}/rejected.csv",
	"/p/:program/rosters/:id/rejected.xlsx": "{p}/rosters/{roster}/rejected.xlsx",

	"/": "/", "/help": "/help", "/sign-out": "/sign-out", "/account": "/account", "/account/sessions": "/account/sessions",
	"/sign-in/code": "/sign-in/code", "/account/security": "/account/security", "/account/password": "/account/password",
	"/account/app": "/account/app", "/account/app/remove": "/account/app/remove",
	"/account/provider": "/account/provider", "/account/provider/remove": "/account/provider/remove",
	"/account/passkeys": "/account/passkeys", "/account/passkeys/remove": "/account/passkeys/remove",

	"/staff": "/staff", "/staff/new": "/staff/new", "/staff/:id": "/staff/{account}", "/staff/:id/roles": "/staff/{account}/roles",
	"/staff/:id/recovery": "/staff/{account}/recovery", "/staff/:id/disable": "/staff/" + nothing + "/disable", "/staff/:id/link": "/staff/{account}/link",
	"/staff/roles/:id": "/staff/roles/{proposal}", "/staff/recovery/:id": "/staff/recovery/{proposal}", "/staff/proposals/:id/withdraw": "/staff/proposals/{proposal}/withdraw",

	"/p/:program": "{p}", "/p/:program/children": "{p}/children", "/p/:program/children/:id": "{p}/children/{child}",
	"/approvals": "/approvals", "/approvals/limits": "/approvals/limits", "/approvals/:id": "/approvals/" + nothing,
	"/approvals/:id/approve": "/approvals/" + nothing + "/approve", "/approvals/:id/refuse": "/approvals/" + nothing + "/refuse",
	"/approvals/:id/return": "/approvals/" + nothing + "/return", "/approvals/:id/withdraw": "/approvals/" + nothing + "/withdraw",
	"/p/:program/approvals": "{p}/approvals", "/p/:program/funds/new": "{p}/funds/new", "/p/:program/funds/receive": "{p}/funds/receive",
	"/p/:program/jobs/ask": "{p}/jobs/ask", "/p/:program/journal/:tx": "{p}/journal/{tx}", "/p/:program/journal/:tx/correct": "{p}/journal/{tx}/correct",
	"/p/:program/requests": "{p}/requests", "/p/:program/requests/:id": "{p}/requests/" + nothing,
	"/notices": "/notices", "/notices/:id": "/notices/" + nothing, "/notices/words/:about/:lang": "/notices/words/news/en", "/p/:program/notices/new": "{p}/notices/new",
	"/p/:program/letters": "{p}/letters", "/p/:program/letters/:id": "{p}/letters/" + nothing, "/p/:program/letters/:id/letters.pdf": "{p}/letters/" + nothing + "/letters.pdf",
	"/p/:program/pictures": "{p}/pictures", "/p/:program/pictures/equity": "{p}/pictures/equity", "/p/:program/pictures/files/:file": "{p}/pictures/files/funnel.csv",
	"/trail": "/trail", "/trail.csv": "/trail.csv", "/trail.xlsx": "/trail.xlsx",
	"/p/:program/settings": "{p}/settings",
	"/p/:program/keys":     "{p}/keys", "/p/:program/keys/:id": "{p}/keys/" + nothing, "/p/:program/keys/:id/second": "{p}/keys/" + nothing + "/second",
	"/p/:program/keys/:id/revoke": "{p}/keys/" + nothing + "/revoke",
	"/help/keyboard":              "/help/keyboard", "/help/guides/:guide": "/help/guides/approver", "/help/pictures/:name": "/help/pictures/approvals",
	"/p/:program/rosters/:id/ask": "{p}/rosters/{roster}/ask",
	"/p/:program/children.csv":    "{p}/children.csv", "/p/:program/children.xlsx": "{p}/children.xlsx",
	"/p/:program/children-named.csv": "{p}/children-named.csv", "/p/:program/children-named.xlsx": "{p}/children-named.xlsx",
	"/p/:program/children/views": "{p}/children/views", "/p/:program/children/views/:view/remove": "{p}/children/views/" + nothing + "/remove",
	"/p/:program/children/new": "{p}/children/new", "/p/:program/children/:id/edit": "{p}/children/{child}/edit",
	"/p/:program/children/:id/timeline": "{p}/children/{child}/timeline", "/p/:program/children/:id/family": "{p}/children/{child}/family",
	"/p/:program/children/:id/family/:guardian": "{p}/children/{child}/family/new", "/p/:program/children/:id/access/:account": "{p}/children/{child}/access/" + nothing,
	"/p/:program/children/:id/file": "{p}/children/{child}/file", "/p/:program/children/:id/holds": "{p}/children/{child}/holds",
	"/p/:program/children/:id/holds/:hold": "{p}/children/{child}/holds/" + nothing, "/p/:program/children/:id/consents": "{p}/children/{child}/consents",
	"/p/:program/children/:id/notes": "{p}/children/{child}/notes", "/p/:program/children/:id/documents": "{p}/children/{child}/documents",
	"/p/:program/children/:id/documents/:document":      "{p}/children/{child}/documents/" + nothing,
	"/p/:program/children/:id/do/:what":                 "{p}/children/{child}/do/opt_out",
	"/p/:program/children/:id/awards/:benefit/:period":  "{p}/children/{child}/awards/seed/once",
	"/p/:program/children/:id/statements/:period":       "{p}/children/{child}/statements/{statement}",
	"/p/:program/children/:id/statements/:period/:lang": "{p}/children/{child}/statements/{statement}/en",
	"/p/:program/duplicates":                            "{p}/duplicates",
	"/p/:program/duplicates/:pair":                      "{p}/duplicates/1-" + nothing,
	"/p/:program/duplicates/:pair/join":                 "{p}/duplicates/1-" + nothing + "/join",
	"/p/:program/duplicates/:pair/join/withdraw":        "{p}/duplicates/1-" + nothing + "/join/withdraw",
	"/p/:program/duplicates/:pair/join/decide":          "{p}/duplicates/1-" + nothing + "/join/decide",
	"/p/:program/children/:id/records/:join":            "{p}/children/{child}/records/" + nothing,
	"/p/:program/bulk":                                  "{p}/bulk", "/p/:program/bulk/:id": "{p}/bulk/{bulk}", "/p/:program/bulk/:id/rows.csv": "{p}/bulk/{bulk}/rows.csv",
	"/p/:program/bulk/:id/rows.xlsx": "{p}/bulk/{bulk}/rows.xlsx", "/p/:program/bulk/:id/all": "{p}/bulk/{bulk}/all", "/p/:program/bulk/:id/order": "{p}/bulk/{bulk}/order",
	"/p/:program/bulk/:id/ask": "{p}/bulk/{bulk}/ask", "/p/:program/bulk/:id/do": "{p}/bulk/{bulk}/do", "/p/:program/bulk/:id/stop": "{p}/bulk/{bulk}/stop",
	"/p/:program/bulk/:id/undo": "{p}/bulk/{bulk}/undo", "/p/:program/bulk/:id/discard": "{p}/bulk/{bulk}/discard",
	"/p/:program/excesses":                        "{p}/excesses",
	"/p/:program/excesses/:id":                    "{p}/excesses/{excess}",
	"/p/:program/rosters":                         "{p}/rosters",
	"/p/:program/rosters/columns/:id":             "{p}/rosters/columns/" + nothing,
	"/p/:program/rosters/:id":                     "{p}/rosters/{roster}",
	"/p/:program/rosters/:id/commit":              "{p}/rosters/{roster}/commit",
	"/p/:program/rosters/:id/discard":             "{p}/rosters/{roster}/discard",
	"/p/:program/rosters/:id/problems.csv":        "{p}/rosters/{roster}/problems.csv",
	"/p/:program/imports":                         "{p}/imports",
	"/p/:program/imports/sources":                 "{p}/imports/sources",
	"/p/:program/imports/new/:kind":               "{p}/imports/new/deposits",
	"/p/:program/imports/sample/:file":            "{p}/imports/sample/deposits.csv",
	"/p/:program/imports/files/:id":               "{p}/imports/files/" + nothing,
	"/p/:program/imports/files/:id/columns":       "{p}/imports/files/" + nothing + "/columns",
	"/p/:program/imports/files/:id/post":          "{p}/imports/files/" + nothing + "/post",
	"/p/:program/imports/files/:id/record":        "{p}/imports/files/" + nothing + "/record",
	"/p/:program/imports/files/:id/discard":       "{p}/imports/files/" + nothing + "/discard",
	"/p/:program/imports/files/:id/rows.csv":      "{p}/imports/files/" + nothing + "/rows.csv",
	"/p/:program/imports/files/:id/rows.xlsx":     "{p}/imports/files/" + nothing + "/rows.xlsx",
	"/p/:program/imports/files/:id/rejected.csv":  "{p}/imports/files/" + nothing + "/rejected.csv",
	"/p/:program/imports/files/:id/rejected.xlsx": "{p}/imports/files/" + nothing + "/rejected.xlsx",
	"/p/:program/imports/files/:id/undo":          "{p}/imports/files/" + nothing + "/undo",
	"/p/:program/deposits":                        "{p}/deposits",
	"/p/:program/deposits/:id":                    "{p}/deposits/{deposit}",
	"/p/:program/funds":                           "{p}/funds",
	"/p/:program/rules":                           "{p}/rules",
	"/p/:program/rules/:id":                       "{p}/rules/{rules}",
	"/p/:program/rules/:id/rules.yaml":            "{p}/rules/{rules}/rules.yaml",
	"/p/:program/rules/:id/text":                  "{p}/rules/{rules}/text",
	"/p/:program/rules/:id/form":                  "{p}/rules/{rules}/form",
	"/p/:program/rules/:id/try":                   "{p}/rules/{rules}/try",
	"/p/:program/rules/:id/try/cancel":            "{p}/rules/{rules}/try/cancel",
	"/p/:program/rules/:id/copy":                  "{p}/rules/{rules}/copy",
	"/p/:program/rules/:id/submit":                "{p}/rules/{rules}/submit",
	"/p/:program/rules/:id/withdraw":              "{p}/rules/{rules}/withdraw",
	"/p/:program/rules/:id/approve":               "{p}/rules/{rules}/approve",
	"/p/:program/rules/:id/return":                "{p}/rules/{rules}/return",
	"/p/:program/rules/:id/revoke":                "{p}/rules/{rules}/revoke",
	"/p/:program/forecast":                        "{p}/forecast",
	"/p/:program/forecast/cancel":                 "{p}/forecast/cancel",
	"/p/:program/forecast/changes":                "{p}/forecast/changes",
	"/p/:program/forecast/changes/:change":        "{p}/forecast/changes/" + nothing,
	"/p/:program/forecast/changes/:change/cancel": "{p}/forecast/changes/" + nothing + "/cancel",
	"/p/:program/findings":                        "{p}/findings",
	"/p/:program/findings/findings.csv":           "{p}/findings/findings.csv",
	"/p/:program/classes":                         "{p}/classes",
	"/p/:program/classes/:benefit/:on":            "{p}/classes/" + nothing + "/2026-01-01",
	"/p/:program/classes/:benefit/:on/list.txt":   "{p}/classes/" + nothing + "/2026-01-01/list.txt",
	"/p/:program/custody":                         "{p}/custody", "/p/:program/custody/new": "{p}/custody/new", "/p/:program/custody/files/:id": "{p}/custody/files/" + nothing,
	"/p/:program/custody/files/:id/release": "{p}/custody/files/" + nothing + "/release",
	"/p/:program/facts":                     "{p}/facts",
	"/p/:program/facts/sample.csv":          "{p}/facts/sample.csv",
	"/p/:program/children/:id/facts":        "{p}/children/{child}/facts",
	"/p/:program/jobs":                      "{p}/jobs",
	"/p/:program/jobs/:id":                  "{p}/jobs/{run}",
	"/p/:program/jobs/:id/cancel":           "{p}/jobs/{run}/cancel",
	"/p/:program/books":                     "{p}/books",
	"/p/:program/journal":                   "{p}/journal", "/p/:program/journal.csv": "{p}/journal.csv", "/p/:program/journal.xlsx": "{p}/journal.xlsx",
	"/p/:program/periods": "{p}/periods", "/p/:program/periods/:month": "{p}/periods/2026-09", "/p/:program/periods/:month/explain": "{p}/periods/2026-09/explain",
	"/p/:program/periods/:month/close": "{p}/periods/2026-09/close", "/p/:program/periods/:month/reopen": "{p}/periods/2026-09/reopen",
	"/p/:program/jobs/:id/resume": "{p}/jobs/{run}/resume", "/p/:program/funds/:fund": "{p}/funds/" + nothing, "/p/:program/funds/receive/paper": "{p}/funds/receive/paper", "/p/:program/funds/new/paper": "{p}/funds/new/paper", "/p/:program/funds/papers/:document": "{p}/funds/papers/" + nothing,
	"/p/:program/funds/:fund/files/:file": "{p}/funds/" + nothing + "/files/queue.csv",
	"/p/:program/journal/views":           "{p}/journal/views", "/p/:program/journal/views/:view/remove": "{p}/journal/views/" + nothing + "/remove",
	"/p/:program/journal/:tx/proof.json": "{p}/journal/" + nothing + "/proof.json", "/p/:program/books.csv": "{p}/books.csv", "/p/:program/books.xlsx": "{p}/books.xlsx",
	"/p/:program/books/:chart/:fund": "{p}/books/3100/" + nothing,
	"/p/:program/books/verify":       "{p}/books/verify",
}

// things are the objects of the city that addresses name.
func things(t *testing.T, o *office, b *browser) map[string]string {
	t.Helper()
	child := first(t, b.get(riverbend+"/children"), riverbend+`/children/\d+`)
	if a := b.post(riverbend+"/jobs", "job", "awards", "as_of", "2026-10-05", "dry_run", "yes"); a.status != http.StatusSeeOther {
		t.Fatalf("a run: %d", a.status)
	}
	o.console.Wait()
	last := func(path string) string { return path[strings.LastIndex(path, "/")+1:] }
	one := func(query string) (id string) {
		err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return tx.GetContext(t.Context(), &id, query) })
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return id
	}
	chosen := b.post(riverbend+"/bulk", "key", "every-route", "filter", "", "child", last(child))
	if chosen.status != http.StatusSeeOther {
		t.Fatalf("choosing a child: %d", chosen.status)
	}
	return map[string]string{
		"bulk": last(chosen.to), "child": last(child), "statement": last(first(t, b.get(child), child+`/statements/[^"/]+`)),
		"roster": one(`SELECT CAST(min(id) AS text) FROM roster_batches`), "run": one(`SELECT CAST(min(id) AS text) FROM job_runs`),
		"rules": last(first(t, b.get(riverbend+"/rules"), riverbend+`/rules/\d+`)), "excess": o.propose(t, last(child), "job/awards"),
		"tx":      one(`SELECT CAST(max(no) AS text) FROM ledger_transactions`),
		"deposit": one(`SELECT coalesce(CAST(min(id) AS text), '` + nothing + `') FROM deposits WHERE child_id IS NULL`),
		"account": one(`SELECT CAST(max(id) AS text) FROM staff_accounts`), "proposal": o.proposal(t),
	}
}

// proposal proposes roles for an account of the city.
func (o *office) proposal(t *testing.T) string {
	t.Helper()
	var id auth.ProposalID
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) (err error) {
		members, err := auth.Members(t.Context(), tx, o.keys, o.who.Tenant, 0)
		if err != nil {
			return err
		}
		by := auth.Principal{Tenant: o.who.Tenant, Account: members[0].Account, Staff: members[0].Staff}
		id, err = auth.ProposeRoles(t.Context(), tx, by, members[len(members)-1].Account, []auth.Role{auth.Support}, nil, "why", o.clock)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(int64(id), 10)
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// Every route, for every role: at home, from another organization whose program
// has the same code, and from an account that is limited to another program.
// What the table does not give is a page that is not there, word for word.
func TestEveryRouteForEveryRoleAtHomeAndAbroad(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	there := things(t, o, operator)
	canary := regexp.MustCompile(`<h1>([^<]+)</h1>`).FindStringSubmatch(operator.get(riverbend + "/children/" + there["child"]).body)[1]
	scope := func(email string, account auth.AccountID, id program.ID) {
		err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO staff_scopes (tenant_id, account_id, program_id, granted_at, granted_by) VALUES ($1, $2, $3, $4, 'cli')`,
				o.who.Tenant, account, id, o.clock)
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", email, err)
		}
	}
	addProgram := func(who store.Who, code string) (id program.ID) {
		err := o.db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
			p, err := program.Add(t.Context(), tx, who, program.Program{Code: code, Name: "Another", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, o.clock)
			id = p.ID
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	elsewhere := addProgram(o.who, "elsewhere")
	tenant, err := auth.AddTenant(t.Context(), o.db, "City of Elsewhere", o.clock)
	if err != nil {
		t.Fatal(err)
	}
	home, abroad := o.who, store.Who{Tenant: tenant, Actor: "cli"}
	addProgram(abroad, "riverbend")
	enter := func(who store.Who, role auth.Role, where string, limited program.ID) *browser {
		o.who = who
		defer func() { o.who = home }()
		email := string(role) + "@" + where + ".test"
		id := o.hire(t, auth.NewAccount{Email: email, Name: "X", Roles: []auth.Role{role}})
		if limited != 0 {
			scope(email, id, limited)
		}
		b := o.browser(t)
		b.signIn(email)
		return b
	}
	ask := func(b *browser, r route, path string) answer {
		if r.method == get {
			return b.get(path)
		}
		decision := "approve"
		if strings.Contains(path, "/excesses/") {
			decision = "take"
		}
		return b.post(path, "reason", "x", "decision", decision)
	}
	type visitor struct {
		role           auth.Role
		home, away, at *browser
	}
	var all []visitor
	for _, role := range auth.Roles {
		all = append(all, visitor{role, enter(home, role, "home", 0), enter(abroad, role, "away", 0), enter(home, role, "limited", elsewhere)})
	}
	missing := all[0].home.get("/there-is-no-such-page")
	cells := 0
	for _, late := range []bool{false, true} { // what one may do comes last: it changes what is there
		for _, r := range routes {
			template, ok := addresses[r.path]
			if !ok {
				t.Fatalf("%s %s is not expected: say in addresses where it leads, and the rest follows from the table of capabilities", r.method, r.path)
			}
			if r.path == "/sign-out" {
				continue
			}
			fill := func(p string) string {
				return placeholder.ReplaceAllStringFunc(template, func(s string) string {
					if s == "{p}" {
						return p
					}
					return there[strings.Trim(s, "{}")]
				})
			}
			about := strings.Contains(strings.ReplaceAll(template, "{p}", ""), "{") // one object, and not a list
			for _, v := range all {
				may := auth.Principal{Roles: []auth.Role{v.role}}.May(r.may)
				if late != may {
					if late {
						continue
					}
				}
				closed := func(where string, b *browser, path string) {
					t.Helper()
					cells++
					a := ask(b, r, path)
					// An excess that is not there is told like one decided meanwhile,
					// beside the reader's own list.
					if a.status == http.StatusConflict && r.path == "/p/:program/excesses/:id" && where != "without the capability" && !strings.Contains(a.body, canary) {
						return
					}
					if a.status != http.StatusNotFound || strings.Contains(a.body, canary) {
						t.Errorf("%s %s: %s %s answers %d", v.role, where, r.method, path, a.status)
					}
				}
				switch {
				case !late:
					if !may {
						closed("without the capability", v.home, fill(riverbend))
					}
					if strings.HasPrefix(r.path, "/p/") {
						closed("limited to another program", v.at, fill(riverbend))
					}
					if about && strings.HasPrefix(r.path, "/p/") {
						closed("limited, through the own program", v.at, fill("/p/elsewhere"))
					}
					if about {
						closed("of another organization", v.away, fill(riverbend))
					}
				case may:
					cells++
					a := ask(v.home, r, fill(riverbend))
					gone := strings.Contains(template, nothing)
					if a.status >= 500 || a.status == http.StatusUnauthorized || a.status == http.StatusNotFound && !gone && a.body == missing.body {
						t.Errorf("%s: %s %s answers %d", v.role, r.method, fill(riverbend), a.status)
					}
				}
			}
		}
	}
	t.Logf("%d cells", cells)
}
