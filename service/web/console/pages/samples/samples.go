// Package samples fills every page of the console with one believable city, for
// the tests that read and look at pages. Nothing but tests imports it.
package samples

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// Page is a page filled with the city's data.
type Page struct {
	Name string // of golden files and screenshots
	Fill func(p *parts.Page) templ.Component
}

// Pages are all pages, some of them in several states.
var Pages = []Page{
	{"preview-births", previewBirths}, {"doubts", doubts}, {"doubts-settled", doubtsSettled}, {"doubt", doubt}, {"doubt-meanwhile", doubtMeanwhile}, {"undo-roster", undoRoster}, {"undo-roster-nothing", undoRosterNothing},
	{"sign-in", signIn}, {"sign-in-refused", signInRefused}, {"link", link}, {"account", account}, {"help", help}, {"guide", guide}, {"keyboard", keyboard},
	{"home", home}, {"home-empty", homeEmpty},
	{"pictures", pictures}, {"pictures-none", picturesNone}, {"pictures-refused", picturesRefused}, {"equity", equity},
	{"trail", trail}, {"trail-none", trailNone}, {"children", children}, {"children-none", childrenNone}, {"child", child}, {"child-new", childNew},
	{"rosters", rosters}, {"columns", columns}, {"preview", preview}, {"preview-applying", previewApplying},
	{"bulk-list", bulkList}, {"bulk-none", bulkNone}, {"bulk-chosen", bulkChosen}, {"bulk-confirm", bulkConfirm}, {"bulk-asks", bulkAsks}, {"bulk-running", bulkRunning}, {"bulk-done", bulkDone},
	{"imports", importList}, {"imports-none", importListNone}, {"new-import", newImport}, {"import", importChecked}, {"import-received", importReceived},
	{"import-applying", importApplying}, {"import-applied", importApplied}, {"import-columns", importColumns}, {"undo-import", undoImport}, {"undo-blocked", undoBlocked}, {"sources", sources},
	{"deposits", deposits}, {"owner", owner}, {"statement", statement}, {"programs", programs},
	{"rule-books", ruleBooks}, {"rule-books-none", ruleBooksNone}, {"rule-draft", ruleDraft}, {"rule-submitted", ruleSubmitted},
	{"explanation", explanation}, {"excesses", excesses}, {"excesses-none", excessesNone},
	{"trial", trial}, {"trial-running", trialRunning}, {"rule-form", ruleForm}, {"rule-text", ruleText}, {"rule-text-stale", ruleTextStale},
	{"forecast", foreseen}, {"forecast-none", forecastNone}, {"forecast-running", forecastRunning}, {"forecast-refused", forecastRefused}, {"forecast-cost", forecastCost},
	{"findings", findings}, {"findings-clean", findingsClean}, {"findings-never", findingsNever},
	{"asks", asks}, {"asks-none", asksNone}, {"ask", askOne},
	{"notices", notices}, {"notice", notice}, {"wording", wording}, {"news", news},
	{"letters", letters}, {"letters-none", lettersNone}, {"letters-ready", lettersReady},
	{"classes", classes}, {"classes-none", classesNone}, {"class", class}, {"class-unsound", classUnsound},
	{"sign-in-ways", signInWays}, {"code", code}, {"code-refused", codeRefused}, {"step-up", stepUp}, {"step-up-elsewhere", stepUpElsewhere}, {"bounce", bounce}, {"enrol", enrol}, {"security", security},
	{"facts", facts}, {"facts-none", factsNone},
	{"child-family", childFamily}, {"child-file", childFile}, {"child-timeline", childTimeline}, {"child-do", childDo}, {"child-look", childLook}, {"child-refused", childRefused}, {"child-record", childRecord},
	{"child-facts", childFacts}, {"child-facts-masked", childFactsMasked},
	{"staff", staff}, {"invite", invite}, {"member", member}, {"one-time", oneTime},
	{"approvals", approvals}, {"approvals-none", approvalsNone}, {"request", request}, {"request-renewed", requestRenewed}, {"request-own", requestOwn},
	{"request-done", requestDone}, {"transaction", transaction}, {"correct", correct}, {"correct-preview", correctPreview},
	{"receipt", receipt}, {"new-fund", newFund}, {"limits", limits},
	{"keys", keys}, {"keys-refused", keysRefused}, {"key-made", keyMade},
	{"custody", custody}, {"custody-none", custodyNone}, {"bank-file-held", bankFileHeld}, {"custodian-new", custodianNew},
	{"bank-lines", bankLines}, {"bank-line-out", bankLineOut}, {"bank-lines-none", bankLinesNone}, {"recon-day", reconDay}, {"recon-certificate", reconCertificate}, {"interest", interest},
	{"withdrawals", withdrawals}, {"withdrawals-none", withdrawalsNone}, {"withdrawal-open", withdrawalOpen}, {"withdrawal-returned", withdrawalReturned},
	{"payees", payeeList}, {"payees-none", payeeNone}, {"payee", payeeOne}, {"payments", paymentDesk}, {"batch", batchPage},
	{"duplicates", duplicates}, {"duplicates-none", duplicatesNone}, {"pair", pair}, {"pair-waiting", pairWaiting},
	{"join-ask", joinAsk}, {"join-approve", joinApprove}, {"join-own", joinOwn}, {"part-ask", partAsk}, {"child-joined", childJoined},
	{"funds", funds}, {"jobs", jobs}, {"run", run}, {"run-failed", runFailed}, {"books", books}, {"journal", journal}, {"journal-searched", journalSearched}, {"journal-none", journalNone}, {"ledger", ledgerPage}, {"fund", fundSample}, {"fund-new", fundNew}, {"settings", settings}, {"periods", periods}, {"periods-closed", periodsClosed}, {"books-verified", booksVerified}, {"books-unsound", booksUnsound},
}

// Frame is a page's frame as the console makes it.
func Frame(lang string, assets parts.Assets) *parts.Page {
	p := &parts.Page{Words: i18n.For(lang), Assets: assets, Home: "/"}
	for _, l := range i18n.Languages {
		if l.Code != lang {
			p.Switch = append(p.Switch, parts.LanguageLink{Code: l.Code, Name: l.Name, To: "?lang=" + l.Code})
		}
	}
	return p
}

const base = "/p/riverbend"

// in dresses a page for someone signed in, at one of the main places.
func in(p *parts.Page, here, title string) {
	p.Organization, p.Person, p.Program = "City of Riverbend", "Ana Ruiz", "Riverbend Starts"
	p.Help, p.Out, p.Me = "/help", "/sign-out", "/account"
	p.Nav = nav(p, here)
	p.Title = title
	if here != "home" {
		p.Trail = []parts.Link{{Text: p.T("console.nav.home"), To: "/"}}
	}
}

// nav is the navigation of who may do everything.
func nav(p *parts.Page, here string) []parts.Section {
	out := []parts.Section{{Link: parts.Link{Text: p.T("console.nav.home"), To: base, Current: here == "home"}}}
	for _, names := range [][]string{
		{"approvals", "approvals", "limits"}, {"children", "children", "new_child", "duplicates", "letters"}, {"imports", "imports", "rosters", "facts"},
		{"money", "funds", "deposits", "custody", "excesses"}, {"books", "books", "journal", "periods", "findings"}, {"rules", "rules", "classes"}, {"jobs", "jobs"},
		{"reports", "pictures", "equity", "forecast"}, {"settings", "staff", "keys", "trail"},
	} {
		section := parts.Section{Link: parts.Link{Text: p.T("console.nav." + names[0]), To: base + "/" + names[1]}}
		for _, name := range names[1:] {
			section.Places = append(section.Places, parts.Link{Text: p.T("console.nav." + name), To: base + "/" + name, Current: name == here})
			section.Current = section.Current || name == here
		}
		out = append(out, section)
	}
	return out
}

func money(s string) ledger.Amount {
	a, err := ledger.ParseAmount(s)
	if err != nil {
		panic(err)
	}
	return a
}

func day(s string) ledger.Date {
	d, err := ledger.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

var noon = time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)

func signIn(p *parts.Page) templ.Component {
	p.Title, p.Lead = p.T("console.sign_in.title"), p.T("console.sign_in.lead")
	return pages.SignInPage(p, pages.SignIn{})
}

func signInRefused(p *parts.Page) templ.Component {
	p.Problems = []parts.Problem{{Field: "email", Text: p.T("web.field.missing")}, {Text: p.T("auth.wrong")}}
	return signIn(p)
}

func link(p *parts.Page) templ.Component {
	p.Title = p.T("console.link.title")
	return pages.LinkPage(p, pages.Link{Token: "token"})
}

func account(p *parts.Page) templ.Component {
	in(p, "", p.T("console.account.title"))
	p.Notice = p.T("console.notice.password_set")
	return pages.AccountPage(p, pages.Account{Name: "Ana Ruiz", Organization: "City of Riverbend",
		Roles: []string{p.T("console.role.operator"), p.T("console.role.program_manager")},
		Sessions: []pages.Session{
			{ID: 1, Began: noon.Add(-2 * time.Hour), Seen: noon, ThisOne: true, By: p.T("console.opened_by.passkey")},
			{ID: 2, Began: noon.Add(-5 * time.Hour), Seen: noon.Add(-20 * time.Minute), By: p.T("console.opened_by.password")},
		}})
}

func help(p *parts.Page) templ.Component {
	in(p, "", p.T("console.help.title"))
	p.Lead = p.T("console.help.lead")
	return pages.HelpPage(p, []parts.Link{{Text: p.T("guide.administrator.title"), To: "/help/guides/administrator"}, {Text: p.T("guide.keyboard.title"), To: "/help/keyboard"}})
}

func guide(p *parts.Page) templ.Component {
	in(p, "", p.T("guide.approver.title"))
	p.Lead = p.T("guide.approver.lead")
	return pages.GuidePage(p, pages.Guide{Chapters: []pages.Chapter{
		{ID: "inbox", Title: p.T("guide.approver.inbox_title"), Steps: strings.Split(strings.TrimSpace(p.T("guide.approver.inbox")), "\n")},
		{ID: "limits", Title: p.T("guide.approver.limits_title"), Steps: strings.Split(strings.TrimSpace(p.T("guide.approver.limits")), "\n")},
	}})
}

func keyboard(p *parts.Page) templ.Component {
	in(p, "", p.T("guide.keyboard.title"))
	p.Lead = p.T("guide.keyboard.lead")
	return pages.KeyboardPage(p, pages.Keyboard{Keys: []parts.Row{{Term: "/", Value: p.T("guide.keyboard.search")}, {Term: "g c", Value: p.T("console.nav.children")}}})
}

func chart(p *parts.Page) parts.Chart {
	c := parts.Chart{ID: "growth", Title: "Money added to children's accounts, by month",
		Summary: "Families saved most in September, when schools held cash days.",
		Parts:   []string{"Families", "Matches", "Seeds and bonuses"}, Period: p.T("console.jobs.period")}
	for i := range 12 {
		d := day("2025-10-01").AddMonths(i)
		c.Bars = append(c.Bars, parts.Bar{Label: p.Month(d), Short: p.MonthShort(d), Amounts: []ledger.Amount{
			ledger.Minor(int64(610000 + i*31000 + i%3*97000)), ledger.Minor(int64(240000 + i*9000)), ledger.Minor(int64(i % 6 * 320000)),
		}})
	}
	return c
}

func home(p *parts.Page) templ.Component {
	in(p, "home", "Riverbend Starts")
	p.Lead = p.Time(noon)
	return pages.HomePage(p, pages.Home{
		Program: "Riverbend Starts", Base: base, Children: 1947, Savers: 412,
		Total: money("201384.50"), Own: money("78214.50"), Awarded: money("123170.00"), Coming: money("6120.75"),
		Work: []pages.Task{
			{Text: "2 rosters wait to be applied", Note: "960 and 12 children", To: base + "/rosters", Tone: parts.Info},
			{Text: "7 deposits without an owner", Note: "$412.00 in suspense", To: base + "/deposits", Tone: parts.Caution},
			{Text: "The statements job failed", Note: "September, at step 14", To: base + "/jobs/88", Tone: parts.Bad},
		},
		Chart: chart(p), Funds: fundLines(), Runs: runs()[:3],
	})
}

func homeEmpty(p *parts.Page) templ.Component {
	in(p, "home", "Riverbend Starts")
	return pages.HomePage(p, pages.Home{Base: base, Funds: fundLines()[:1]})
}

func fundLines() []pages.FundLine {
	return []pages.FundLine{
		{Name: "City seed fund", Funder: "City of Riverbend", To: base + "/funds", Available: money("76830.00"), Designated: money("97350.00")},
		{Name: "Match fund", Funder: "Riverbend Community Foundation", To: base + "/funds", Available: money("8214.25"), Designated: money("25820.00")},
	}
}

func choices(texts ...string) []parts.Choice {
	var out []parts.Choice
	for _, s := range texts {
		out = append(out, parts.Choice{Value: url.QueryEscape(s), Text: s})
	}
	return out
}

func children(p *parts.Page) templ.Component {
	in(p, "children", p.T("console.children.title"))
	v := pages.Children{Base: base, Add: base + "/children/new", Query: "garcia", Filtered: true, Count: p.N("console.children.count", 1947), First: base + "/children", Next: base + "/children?after=25",
		Schools: choices("All schools", "Lincoln Elementary", "Cesar Chavez Elementary"), Grades: choices("All grades", "Kindergarten", "1", "2"),
		States: choices("All", "Enrolled", "Not eligible", "Left", "Opted out"), Languages: choices("All languages", "English", "Español"), Abouts: choices("Everybody", "Family has saved"),
		Chips: []parts.Link{{Text: "garcia", To: base + "/children"}, {Text: "Kindergarten", To: base + "/children?q=garcia"}},
		Views: []pages.ViewLink{{Link: parts.Link{Text: "Kindergarten, not saving yet", To: base + "/children?grade=KG&about=not_saving"}, Remove: base + "/children/views/1/remove"},
			{Link: parts.Link{Text: "At no school", To: base + "/children?about=no_school", Current: true}, Shared: true}},
		Files: []parts.Link{{Text: p.T("childlist.file.children_csv"), To: base + "/children.csv"}, {Text: p.T("childlist.file.children_named_xlsx"), To: base + "/children-named.xlsx"}}, ViewQuery: "grade=KG",
		Columns: []parts.Column{{Name: "Name"}, {Name: "Account"}, {Name: "School"}, {Name: "Grade"}, {Name: "Status"}, {Name: "On the account", Number: true}}}
	for _, name := range []string{"account", "born", "school", "grade", "state", "own", "total"} {
		v.AllColumns = append(v.AllColumns, pages.Box{Value: name, Text: p.T("childlist.column." + name), Checked: name != "born" && name != "own"})
	}
	names := []string{"García López, María José", "Nguyen, Anh", "Washington-Okonkwo, Chukwuemeka", "O’Brien, Síle", "Garcia, Luis", "Yang, Mai", "Brown, Zoë", "Martínez de la Cruz, Guadalupe"}
	states := []parts.Status{{Text: "Enrolled", Tone: parts.Good}, {Text: "Not eligible", Tone: parts.Quiet}, {Text: "To look at", Tone: parts.Caution}}
	line := func(i int, name string) parts.TableRow {
		return parts.TableRow{Cells: []parts.Cell{parts.Linked(name, fmt.Sprintf("%s/children/%d", base, i)), parts.Text(fmt.Sprintf("%07d%d", i*137+12, i%10)),
			parts.Text("Lincoln Elementary"), parts.Text("K"), parts.Tagged(states[i%3%len(states)]), p.MoneyCell(ledger.Minor(int64(5000 + i*1725)))}}
	}
	for i, name := range names {
		v.Rows = append(v.Rows, line(i, name))
	}
	for i := range v.Rows {
		v.Rows[i].Value, v.Rows[i].Choose = fmt.Sprint(i), p.T("bulk.choose", map[string]any{"child": names[i]})
		v.Bulk.Shown = append(v.Bulk.Shown, fmt.Sprint(i))
	}
	v.Rows[1].Chosen = true
	v.Bulk.Post, v.Bulk.List, v.Bulk.Key, v.Bulk.Page = base+"/bulk", base+"/bulk", "key", p.N("bulk.page", len(names))
	v.Similar = []parts.TableRow{line(8, "Garza, Luisa"), line(9, "Gracia, Ana")}
	return pages.ChildrenPage(p, v)
}

func childrenNone(p *parts.Page) templ.Component {
	in(p, "children", p.T("console.children.title"))
	return pages.ChildrenPage(p, pages.Children{Base: base, Query: "xyzzy", Filtered: true, Schools: choices("All"), Grades: choices("All"), States: choices("All")})
}

func child(p *parts.Page) templ.Component {
	in(p, "children", "María José García López")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.children"), To: base + "/children"})
	v := pages.Child{ChildFrame: childFrame(p, ""), Commands: childCommands(p), Funds: childFunds(p), FactsTo: base + "/children/4/facts", State: parts.Status{Text: "Enrolled", Tone: parts.Good}, Own: money("62.00"), Awarded: money("81.00"), Coming: money("19.00"), AsOf: day("2026-10-05"),
		Facts: []parts.Row{{Term: "Account", Value: "00000121"}, {Term: "Born", Value: p.Date(day("2021-03-14"))}, {Term: "School", Value: "Lincoln Elementary"},
			{Term: "Grade", Value: "Kindergarten"}, {Term: "Language", Value: "Español"}, {Term: "Guardian", Value: "Carmen López"}},
		Awards: []pages.AwardLine{
			{Benefit: "Seed", Period: "once", Amount: money("50.00"), State: parts.Status{Text: "Paid", Tone: parts.Good}, Why: "Enrolled on September 1, 2025, in kindergarten at a Riverbend public school.", To: base + "/children/0/awards/seed/once"},
			{Benefit: "Match", Period: "2026", Amount: money("50.00"), State: parts.Status{Text: "On its way", Tone: parts.Info}, Why: "This gives $50.00. $31.00 is paid; the rest is paid after the quarter ends.", How: []string{"$62.00 was saved from January 1 to October 5.", "$62.00 is matched 1 to 1.", "At most $50.00 a year."}},
			{Benefit: "Savings habit bonus", Period: "2026", Amount: ledger.Amount{}, State: parts.Status{Text: "Nothing yet", Tone: parts.Quiet}, Why: "Saved in 4 of 6 months. 2 more months with a deposit earn $20.00.", Note: p.T("console.child.found_other", map[string]any{"on": day("2026-10-04"), "found": money("20.00")})},
		},
		Lines: []pages.MoneyLine{
			{On: day("2026-10-02"), What: "Deposit", Note: "Cash day, R-20261002-14", Amount: money("12.00"), After: money("143.00")},
			{On: day("2026-09-14"), What: "Returned deposit", Note: "R01, insufficient funds", Amount: money("-25.00"), After: money("131.00")},
			{On: day("2026-09-10"), What: "Deposit", Note: "Bank transfer", Amount: money("25.00"), After: money("156.00"), Reversed: true},
			{On: day("2026-07-01"), What: "Match for the second quarter", Note: "Match fund", Amount: money("31.00"), After: money("131.00")},
			{On: day("2025-09-01"), What: "Seed", Note: "City seed fund", Amount: money("50.00"), After: money("50.00")},
		}, OlderLines: base + "/children/0?before=5",
		Statements: []pages.StatementLine{{Name: p.Period(ledger.Period{First: day("2026-07-01"), Last: day("2026-09-30")}), Issued: day("2026-10-01"), Closing: money("131.00"),
			Page: base + "/children/0/statements/2026-Q3", PDFs: []parts.Link{{Text: "PDF, English", To: "#en"}, {Text: "PDF, español", To: "#es"}}}},
	}
	return pages.ChildPage(p, v)
}

func childNew(p *parts.Page) templ.Component {
	in(p, "children", "00000121")
	return pages.ChildPage(p, pages.Child{FactsTo: base + "/children/4/facts", Masked: true, State: parts.Status{Text: "Not eligible", Tone: parts.Quiet}})
}

func files() []pages.FileLine {
	return []pages.FileLine{
		{Name: "riverbend-usd-2026-09.zip", Received: noon, By: "Ana Ruiz", State: parts.Status{Text: "Waits to be applied", Tone: parts.Info}, Rows: 2832, To: base + "/rosters/3"},
		{Name: "a-charter-school-with-a-very-long-file-name-that-nobody-shortened-2026-08-31-final-FINAL.csv", Received: noon.AddDate(0, -1, 0), By: "Ana Ruiz", State: parts.Status{Text: "Applied", Tone: parts.Good}, Rows: 118, To: base + "/rosters/2"},
		{Name: "lincoln.csv", Received: noon.AddDate(0, -2, 0), By: "Tom Baker", State: parts.Status{Text: "Discarded", Tone: parts.Quiet}, Rows: 40, To: base + "/rosters/1"},
	}
}

func rosters(p *parts.Page) templ.Component {
	in(p, "rosters", p.T("console.rosters.title"))
	return pages.RostersPage(p, pages.Rosters{Base: base, May: true, Files: files(), Source: "Riverbend USD", EnrollOn: day("2026-10-05")})
}

func columns(p *parts.Page) templ.Component {
	in(p, "rosters", p.T("console.columns.title"))
	p.Lead = p.T("console.columns.lead", map[string]any{"file": "lincoln.csv"})
	v := pages.Columns{Post: base + "/rosters/columns/x", Header: []string{"First", "Last", "DOB", "Grade", ""}, DateFormats: choices("YYYY-MM-DD", "M/D/YYYY"),
		Sample: [][]string{{"María", "García", "3/14/2021", "K", ""}, {"Anh", "Nguyen", "11/2/2020", "1", "x"}}}
	for _, f := range rosterfile.Fields {
		v.Fields = append(v.Fields, pages.ColumnField{Name: string(f), Label: p.T(string(f.Key()))})
	}
	v.Fields[0].Column, v.Fields[1].Column = "First", "Last"
	p.Problems = []parts.Problem{{Field: "born_on", Text: p.T("roster.unmapped_field", map[string]any{"field": rosterfile.BornOn.Key()})}}
	return pages.ColumnsPage(p, v)
}

func preview(p *parts.Page) templ.Component {
	in(p, "rosters", "riverbend-usd-2026-09.zip")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.rosters"), To: base + "/rosters"})
	return pages.PreviewPage(p, previewView(p))
}

func previewView(p *parts.Page) pages.Preview {
	return pages.Preview{
		State: parts.Status{Text: "Waits to be applied", Tone: parts.Info}, Summary: "2,832 people in the file: 960 children and 1,872 adults. Adults are left out.",
		Figures: []parts.Figure{{Label: p.T("console.preview.new"), Value: "942", Major: true}, {Label: p.T("console.preview.changed"), Value: "11"},
			{Label: p.T("console.preview.unchanged"), Value: "3"}, {Label: p.T("console.preview.open"), Value: "4", Note: "2 without a birth date, 2 that may be known already"}},
		Cost: []pages.CostLine{{Benefit: "Seed", Fund: "City seed fund", Children: 942, Amount: money("47100.00"), Left: money("29730.00")},
			{Benefit: "Equity bonus", Fund: "Match fund", Children: 310, Amount: money("15500.00"), Left: money("-7285.75"), Short: true}},
		Reasons: []parts.Row{{Term: p.T("console.count.ineligible"), Value: "12"}},
		Schools: []pages.SchoolLine{{Name: "Lincoln Elementary", Children: 320, New: 316, Changed: 2, Unchanged: 1, Open: 1}, {Name: "Cesar Chavez Elementary", Children: 640, New: 626, Changed: 9, Unchanged: 2, Open: 3}},
		Problems: []pages.ProblemLine{{File: "users.csv", Line: 118, Column: "birthDate", Text: "There is no birth date.", Tone: parts.Caution, Status: "Set aside"},
			{File: "users.csv", Line: 1204, Column: "grades", Text: "“13” is not a grade we know.", Tone: parts.Caution, Status: "Set aside"}},
		Doubts: parts.Link{Text: p.N("settling.to_open", 4), To: base + "/rosters/3/doubts"}, Again: base + "/imports/new/rosters",
		Rejected:    []parts.Link{{Text: p.T("console.imports.rejected_as.csv"), To: base + "/rosters/3/rejected.csv"}, {Text: p.T("console.imports.rejected_as.xlsx"), To: base + "/rosters/3/rejected.xlsx"}},
		AllProblems: base + "/rosters/3/problems.csv", Commit: base + "/rosters/3/commit", Confirm: "Enroll 942 children and set aside $47,100.00", Discard: base + "/rosters/3/discard",
	}
}

func previewBirths(p *parts.Page) templ.Component {
	in(p, "rosters", "births-2026-08.csv")
	v := previewView(p)
	v.Schools, v.Problems, v.Rejected, v.Doubts, v.Commit, v.Discard = nil, nil, nil, parts.Link{}, "", ""
	v.Clocks = []parts.Row{{Term: p.T("births.late"), Value: p.T("births.late_of", map[string]any{"n": 4, "of": 942})}, {Term: p.T("births.oldest"), Value: p.Date(day("2026-03-02"))},
		{Term: p.T("births.tell_by"), Value: p.Date(day("2026-09-30"))}}
	v.Told = parts.Status{Text: p.N("births.overdue", 12, map[string]any{"on": day("2026-09-30")}), Tone: parts.Bad}
	v.Letters = base + "/letters"
	v.Undo = parts.Link{Text: p.T("rosterundo.offer", map[string]any{"until": day("2026-11-04")}), To: base + "/rosters/3/undo"}
	return pages.PreviewPage(p, v)
}

func previewApplying(p *parts.Page) templ.Component {
	in(p, "rosters", "riverbend-usd-2026-09.zip")
	v := previewView(p)
	v.Commit, v.Discard, v.Problems, v.Schools = "", "", nil, nil
	v.State = parts.Status{Text: "Being applied", Tone: parts.Info}
	v.Work = &parts.Work{ID: "work", Label: "Enrolling children", Done: 412, Of: 942, Says: "412 of 942 children", Running: true, Watch: base + "/rosters/3"}
	return pages.PreviewPage(p, v)
}

func deposits(p *parts.Page) templ.Component {
	in(p, "deposits", p.T("console.deposits.title"))
	return pages.DepositsPage(p, pages.Deposits{Base: base, May: true, Held: money("37.50"), Suspense: []pages.SuspenseLine{
		{Reference: "R-20261002-31", On: day("2026-10-02"), Channel: "Cash day", Amount: money("12.50"), To: base + "/deposits/31"},
		{Reference: "ACH 9910023", On: day("2026-09-28"), Channel: "Bank transfer", Amount: money("25.00"), To: base + "/deposits/32"},
	}})
}

func owner(p *parts.Page) templ.Component {
	in(p, "deposits", p.T("console.owner.title", map[string]any{"reference": "R-20261002-31"}))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.deposits"), To: base + "/deposits"})
	p.Problems = []parts.Problem{{Field: "account", Text: p.T("savings.account_no")}}
	return pages.OwnerPage(p, pages.Owner{Account: "123", Post: base + "/deposits/31", On: day("2026-10-05"),
		Deposit: pages.SuspenseLine{Reference: "R-20261002-31", On: day("2026-10-02"), Channel: "Cash day", Amount: money("12.50")}})
}

func statement(p *parts.Page) templ.Component {
	in(p, "children", p.T("statement.heading", map[string]any{"period": p.Period(ledger.Period{First: day("2026-07-01"), Last: day("2026-09-30")})}))
	return pages.StatementPage(p, pages.Statement{Name: "María José García López",
		Account: p.T("statement.account", map[string]any{"account": "00000121", "first": day("2026-07-01"), "last": day("2026-09-30")}),
		Figures: []parts.Figure{{Label: p.T("statement.closing", map[string]any{"last": day("2026-09-30")}), Value: p.Money(money("131.00")), Major: true}},
		Own:     []pages.MoneyLine{{On: day("2026-09-10"), What: p.T("statement.line.deposit"), Note: p.T("statement.channel.ach"), Amount: money("25.00")}},
		Coming:  []parts.Row{{Term: p.Money(money("19.00")), Value: p.T("statement.promised")}},
		Code:    p.T("statement.checked", map[string]any{"code": "K7F2-9QRM", "no": 18233})})
}

func programs(p *parts.Page) templ.Component {
	in(p, "", p.T("console.programs.title"))
	return pages.ProgramsPage(p, []parts.Link{{Text: "Riverbend Starts", To: base}, {Text: "Riverbend Reads", To: "/p/reads"}})
}

func funds(p *parts.Page) templ.Component {
	in(p, "funds", p.T("console.funds.title"))
	position := []parts.Row{{Term: "At the program's bank", Value: "$20,000.00"}, {Term: "At the custodian", Value: "$154,180.00"}, {Term: "Pledged, not paid", Value: "$0.00"}}
	return pages.FundsPage(p, pages.Funds{Base: base, Period: "2026-Q3", Periods: []parts.Choice{{Value: "2026-Q3", Text: p.Period(ledger.Period{First: day("2026-07-01"), Last: day("2026-09-30")})}},
		In: ledger.Period{First: day("2026-07-01"), Last: day("2026-09-30")}, Funds: []pages.RollForward{
			{Name: "City seed fund", Funder: "City of Riverbend", Purpose: "Seeds for kindergartners of Riverbend's public schools.", Opening: money("98330.00"), Received: money("25000.00"), Awarded: money("-46600.00"), GivenBack: money("100.00"), Closing: money("76830.00"), Position: position},
			{Name: "Match fund", Funder: "Riverbend Community Foundation", Purpose: "Matches of families' savings.", Opening: money("15034.25"), Awarded: money("-6820.00"), Closing: money("8214.25"), Position: position},
		}})
}

func runs() []pages.Run {
	return []pages.Run{
		{Job: "Awards", Period: "October 5, 2026", Began: noon, State: parts.Status{Text: "Done", Tone: parts.Good}, Says: "31 awards of $402.50", To: base + "/jobs/90"},
		{Job: "Statements", Period: "September 2026", Began: noon.Add(-time.Hour), State: parts.Status{Text: "Failed", Tone: parts.Bad}, Says: "1,400 of 1,947", To: base + "/jobs/88"},
		{Job: "Eligibility", Period: "October 5, 2026", Began: noon.Add(-2 * time.Hour), State: parts.Status{Text: "Running", Tone: parts.Info}, Says: "600 of 1,947", To: base + "/jobs/87"},
		{Job: "Awards", Period: "October 4, 2026", Began: noon.AddDate(0, 0, -1), State: parts.Status{Text: "Done", Tone: parts.Good}, Says: "No awards", To: base + "/jobs/86", DryRun: true},
	}
}

func jobs(p *parts.Page) templ.Component {
	in(p, "jobs", p.T("console.jobs.title"))
	return pages.JobsPage(p, pages.Jobs{Base: base, May: true, Names: choices("Awards", "Eligibility", "Statements"), Today: day("2026-10-05"), Runs: runs(), Next: base + "/jobs?after=86", Calendar: calendar(p)})
}

func run(p *parts.Page) templ.Component {
	in(p, "jobs", "Awards, 2026-10-05")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.jobs"), To: base + "/jobs"})
	r := runs()[2]
	return pages.RunPageOf(p, pages.RunPage{Run: r, Cancel: base + "/jobs/87/cancel", Log: runLog(p),
		Work:  parts.Work{ID: "work", Label: "Working out awards", Done: 600, Of: 1947, Says: "600 of 1,947 children", Running: true, Watch: base + "/jobs/87"},
		Facts: []parts.Row{{Term: "As of", Value: p.Date(day("2026-10-05"))}, {Term: "Awards so far", Value: "31"}, {Term: "Amount so far", Value: "$402.50"}}})
}

func booksView(p *parts.Page) pages.Books {
	line := func(code, fund, debit, credit string, entries int) pages.TrialLine {
		return pages.TrialLine{Name: code + " " + p.T("console.chart."+code), To: base + "/books/" + code + "/7", Fund: fund, Debit: money(debit), Credit: money(credit), Entries: entries}
	}
	return pages.Books{Base: base, Known: 18233, Verify: base + "/books/verify", Debit: money("285550.75"), Credit: money("285550.75"), Moment: p.T("money.moment.now"),
		Journal: base + "/journal", Periods: base + "/periods", Files: moneyFiles(p, "/books"), Funds: []parts.Choice{{Text: p.T("money.journal.any_fund")}, {Value: "7", Text: "SEED"}},
		Lines: []pages.TrialLine{
			line("1010", "SEED", "85165.00", "0.00", 12), line("1100", "SEED", "122170.50", "0.00", 411), line("1100", "FAMILY", "78215.25", "0.00", 5210),
			line("2100", "FAMILY", "0.00", "78177.75", 5204), line("2900", "FAMILY", "0.00", "37.50", 6), line("3100", "SEED", "0.00", "85044.75", 2380),
			line("3151", "SEED", "0.00", "122290.75", 1947),
		}}
}

func books(p *parts.Page) templ.Component {
	in(p, "books", p.T("console.books.title"))
	return pages.BooksPage(p, booksView(p))
}

func checks(p *parts.Page) []pages.Check {
	return []pages.Check{{Name: p.T("console.verify.transactions"), Checked: 18233}, {Name: p.T("console.verify.entries"), Checked: 43100}, {Name: p.T("console.verify.blocks"), Checked: 412}}
}

func booksVerified(p *parts.Page) templ.Component {
	in(p, "books", p.T("console.books.title"))
	v := booksView(p)
	v.Verified = &pages.Verification{At: noon, Sound: true, Checks: checks(p)}
	return pages.BooksPage(p, v)
}

func booksUnsound(p *parts.Page) templ.Component {
	in(p, "books", p.T("console.books.title"))
	v := booksView(p)
	v.Verified = &pages.Verification{At: noon, Checks: checks(p), More: 3,
		Wrong: []string{"transaction 17002: sums to 0.01 in fund SEED (balance)", "block 412: is not what was sealed (hash)"}}
	return pages.BooksPage(p, v)
}

// Named is a child's page with one word wherever a person or a file can put
// words, addresses among them.
func Named(p *parts.Page, word string) templ.Component {
	in(p, "children", word)
	p.Notice = word
	p.Problems = []parts.Problem{{Text: word}}
	return pages.ChildPage(p, pages.Child{FactsTo: base + "/children/4/facts", Name: word, State: parts.Status{Text: word, Tone: parts.Good},
		Facts:      []parts.Row{{Term: word, Value: word, To: word}},
		Awards:     []pages.AwardLine{{Benefit: word, Period: word, State: parts.Status{Text: word, Tone: parts.Good}, Why: word, Note: word, How: []string{word}}},
		Lines:      []pages.MoneyLine{{On: day("2026-10-02"), What: word, Note: word}},
		OlderLines: word})
}

func trail(p *parts.Page) templ.Component {
	in(p, "", p.T("trail.title"))
	v := pages.Trail{Filtered: true, CSV: "/trail.csv", Workbook: "/trail.xlsx", Next: "/trail?before=7", People: choices("Anybody", "Ana Ruiz", "Ben Ochoa"), Verbs: choices("Anything", "Roster applied", "Deposit corrected"), Kinds: choices(p.T("trail.anything"), p.T("trail.kind.child"), p.T("trail.kind.roster"))}
	v.Rows = []parts.TableRow{
		{Cells: []parts.Cell{{Text: "October 5, 2026, 2:05 PM", Note: "network 3fa2c1, reference QK7RT2M4XB"}, parts.Text("Ana Ruiz"), parts.Text("Roles set"), parts.Text("Account 12"),
			{More: pages.Differences([]pages.Difference{{Name: "roles", Before: "support", After: "operator"}})}}},
		{Cells: []parts.Cell{{Text: "October 5, 2026, 1:58 PM"}, parts.Text("Nightly work"), parts.Text("Roster applied"), parts.Linked("Roster 3", base+"/rosters/3"), {More: pages.Differences(nil)}}},
	}
	return pages.TrailPage(p, v)
}

func trailNone(p *parts.Page) templ.Component {
	in(p, "", p.T("trail.title"))
	return pages.TrailPage(p, pages.Trail{CSV: "/trail.csv", Workbook: "/trail.xlsx"})
}
