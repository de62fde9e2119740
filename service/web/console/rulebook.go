package console

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rulebook"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// maxBookNote bounds a note about a rule book, in characters.
const maxBookNote = 4000

// decided is a step as its form was sent.
type decided struct {
	key      string // of the form: submit, approve, return, withdraw or revoke
	hash     string
	revision int
	note     string
	on       string
}

// ruleBook shows one rule book and what may be done with it.
func (c *Console) ruleBook(g *gin.Context, v visit) error {
	return c.showRuleBook(g, v, http.StatusOK, nil, decided{})
}

func (c *Console) showRuleBook(g *gin.Context, v visit, status int, problems []parts.Problem, typed decided) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	p := c.page(g, v, bookName(v, f.No), parts.Link{Text: v.words.T("console.nav.rules"), To: v.base() + "/rules"})
	p.Problems = problems
	view := pages.RuleBook{State: bookState(v, f.State), Says: bookSays(v, f.RuleBook), Source: f.lines(f.Source), Download: bookPath(v, f.No) + "/rules.yaml", Steps: f.stepLines(v)}
	view.Checks = c.checks(v, f)
	if err := c.tried(g, v, f, &view.Checks); err != nil {
		return err
	}
	f.actions(v, &view, typed)
	if f.parsed != nil {
		view.Sections = sections(rulebook.Describe(v.words, f.parsed, f.names))
		view.Changes = f.changes(v)
	}
	return c.hall.Show(g, status, pages.RuleBookPage(p, view))
}

func sections(told []rulebook.Section) []pages.RuleSection {
	out := make([]pages.RuleSection, len(told))
	for i, s := range told {
		out[i].Title = s.Title
		for _, c := range s.Clauses {
			out[i].Rows = append(out[i].Rows, pages.RuleClause{Term: c.Term, Value: c.Value, Code: c.Code})
		}
	}
	return out
}

// changes are what the book changes of the one in effect; nil where there is
// none to compare with.
func (f *bookFile) changes(v visit) *pages.RuleChanges {
	if f.before == nil {
		return nil
	}
	out := &pages.RuleChanges{Against: bookName(v, f.inEffect.No), To: bookPath(v, f.inEffect.No)}
	for _, c := range rulebook.Compare(v.words, f.before, f.parsed, f.names) {
		out.Rows = append(out.Rows, pages.RuleChange{Section: c.Section, Term: c.Term, Before: c.Before, After: c.After})
	}
	return out
}

func (f *bookFile) stepLines(v visit) []pages.RuleStep {
	out := make([]pages.RuleStep, len(f.steps))
	for i, s := range f.steps {
		out[i] = pages.RuleStep{What: v.words.T("console.rules.steps." + s.Step), By: actor(v, s.By), Note: s.Note, At: s.At.In(v.at.Location())}
		if s.Hash != "" {
			out[i].Hash = v.words.T("console.rules.hash", i18n.Args{"hash": s.Hash[:12]})
		}
	}
	return out
}

// hand reports that the visitor had a hand in the book's text.
func (f *bookFile) hand(v visit) bool {
	return slices.ContainsFunc(f.steps, func(s program.Step) bool {
		return s.By == v.Who().Actor && (s.Step == "drafted" || s.Step == "saved" || s.Step == "submitted")
	})
}

// actions are what the visitor may do with the book, and why not.
func (f *bookFile) actions(v visit, view *pages.RuleBook, typed decided) {
	path := bookPath(v, f.No)
	form := func(key, post string, needs bool) *pages.Decision {
		d := &pages.Decision{Post: path + "/" + post, Key: key, Needs: needs}
		if typed.key == key {
			d.Note, d.On = typed.note, typed.on
		}
		return d
	}
	drafts, approves := v.May(auth.DraftRules), v.May(auth.ApproveRules)
	if drafts && f.State != program.Drafted {
		view.Copy = path + "/copy"
	}
	switch {
	case f.State == program.Drafted && drafts:
		view.EditText, view.EditForm = path+"/text", path+"/form"
		if f.parsed != nil {
			view.Submit = form("submit", "submit", true)
			view.Submit.Revision = f.Revision
		}
		view.Withdraw = form("withdraw", "withdraw", false)
	case f.State == program.Submitted && approves && f.hand(v):
		view.Refused = v.words.Fault(program.ErrSamePerson)
	case f.State == program.Submitted && approves:
		view.Approve, view.Return = form("approve", "approve", false), form("return", "return", true)
		view.Approve.Hash, view.Return.Hash = f.Hash, f.Hash
		if view.Approve.On == "" {
			view.Approve.On = v.today().String()
		}
	case f.State == program.Submitted && drafts:
		view.Refused = v.words.T("console.rules.waits")
		view.Withdraw = form("withdraw", "withdraw", false)
	case f.State == program.Approved && approves:
		view.Withdraw = form("revoke", "revoke", true)
	}
}

// checks reads the book's examples and what a second look finds.
func (c *Console) checks(v visit, f *bookFile) pages.RuleChecks {
	out := pages.RuleChecks{Problems: f.textProblems(v)}
	if f.parsed == nil {
		return out
	}
	report := rules.Test(f.parsed)
	out.Checked, out.Passed = true, report.Passed
	for _, x := range report.Failures {
		said := x.Explain(v.words)
		out.Failed = append(out.Failed, pages.FailedExample{Says: said[0], Line: x.Line, Why: said[1:]})
	}
	found, err := rules.Lint([]byte(f.Source), f.supply)
	if err != nil {
		return out // it could be read a moment ago
	}
	for _, x := range found {
		tone := parts.Info
		if x.Severity == rules.Risk {
			tone = parts.Caution
		}
		out.Findings = append(out.Findings, pages.Finding{Line: x.Line, Text: v.words.T("console.rules.at_line", i18n.Args{"line": x.Line, "text": x.Phrase(v.words)}), Status: parts.Status{Text: v.words.T("console.rules.severity." + string(x.Severity)), Tone: tone}})
	}
	return out
}

// tried says what the book's last trial found.
func (c *Console) tried(g *gin.Context, v visit, f *bookFile, out *pages.RuleChecks) error {
	if f.parsed == nil {
		return nil
	}
	out.Try = bookPath(v, f.No) + "/try"
	kept, ok, err := c.lastTrial(g, v, f.Hash)
	var x found
	if err != nil || !ok || json.Unmarshal([]byte(kept.Found), &x) != nil {
		return err
	}
	out.Tried = v.words.T("console.trial.summary", i18n.Args{"on": kept.AsOf, "difference": x.After.Sub(x.Before), "gain": x.Gain.Children, "lose": x.Lose.Children})
	return nil
}

// ruleFile sends a rule book's text as a file.
func (c *Console) ruleFile(g *gin.Context, v visit) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	return web.Download(g, "application/yaml; charset=utf-8", v.program.Code+"-rules-"+strconv.Itoa(int(f.No))+".yaml", []byte(f.Source))
}

// step takes a step with a book as its form asks, and shows the book again
// where that cannot be.
func (c *Console) step(g *gin.Context, v visit, key, done string, take func(ctx context.Context, tx *sqlx.Tx, no program.BookNo, d decided, f *web.Form) error) error {
	no, err := bookNo(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	d := decided{key: key, hash: f.Optional("hash"), note: f.Block(key+"_note", maxBookNote), on: f.Optional("effective_on")}
	if key == "submit" {
		d.revision = f.Int("revision", 1, 1<<31-1)
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error { return take(ctx, tx, no, d, f) })
	}
	if problems := web.Problems(v.words, err); problems != nil {
		for i := range problems {
			if problems[i].Field == "note" {
				problems[i].Field = key + "_note"
			}
		}
		return c.showRuleBook(g, v, web.Status(err), problems, d)
	}
	if err != nil {
		return err
	}
	return web.See(g, bookPath(v, no), done, 0)
}

func (c *Console) submitRules(g *gin.Context, v visit) error {
	return c.step(g, v, "submit", "rules_submitted", func(ctx context.Context, tx *sqlx.Tx, no program.BookNo, d decided, _ *web.Form) error {
		return program.Submit(ctx, tx, v.Who(), v.program.ID, no, d.revision, d.note, v.at)
	})
}

func (c *Console) approveRules(g *gin.Context, v visit) error {
	return c.step(g, v, "approve", "rules_approved", func(ctx context.Context, tx *sqlx.Tx, no program.BookNo, d decided, f *web.Form) error {
		on := f.Date("effective_on")
		if err := f.Err(); err != nil {
			return err
		}
		return program.ApproveBook(ctx, tx, v.Who(), v.program.ID, program.Approval{Book: no, Hash: d.hash, EffectiveOn: on, Note: d.note}, v.at)
	})
}

func (c *Console) returnRules(g *gin.Context, v visit) error {
	return c.step(g, v, "return", "rules_returned", func(ctx context.Context, tx *sqlx.Tx, no program.BookNo, d decided, _ *web.Form) error {
		return program.Return(ctx, tx, v.Who(), v.program.ID, no, d.hash, d.note, v.at)
	})
}

func (c *Console) withdrawRules(g *gin.Context, v visit) error {
	return c.step(g, v, "withdraw", "rules_withdrawn", func(ctx context.Context, tx *sqlx.Tx, no program.BookNo, d decided, _ *web.Form) error {
		return program.Withdraw(ctx, tx, v.Who(), v.program.ID, no, d.note, v.at)
	})
}

func (c *Console) revokeRules(g *gin.Context, v visit) error {
	return c.step(g, v, "revoke", "rules_withdrawn", func(ctx context.Context, tx *sqlx.Tx, no program.BookNo, d decided, _ *web.Form) error {
		return program.Revoke(ctx, tx, v.Who(), v.program.ID, no, d.note, v.at)
	})
}

// notDraft is ErrFrozen for a book that is no draft any more.
func (f *bookFile) notDraft() *fault.Fault {
	if f.State != program.Drafted {
		return program.ErrFrozen
	}
	return nil
}
