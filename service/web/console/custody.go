package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/custody"
	"seedbook/service/custody/bankfile"
	"seedbook/service/i18n"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// bankFiles is how many files of custodians a page lists.
const bankFiles = 50

// custodyBook is what the page of custodians reads.
type custodyBook struct {
	custodians []custody.Custodian
	positions  []custody.Position
	gaps       []custody.Gap
	files      []custody.File
}

func (c *Console) openCustody(g *gin.Context, v visit) (b custodyBook, err error) {
	before, _ := strconv.ParseInt(g.Query("before"), 10, 64) // nonsense is the first page
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if b.custodians, err = custody.All(ctx, q, v.program.ID); err != nil {
			return err
		}
		if b.positions, err = custody.Positions(ctx, q, v.program.ID, v.today()); err != nil {
			return err
		}
		if b.gaps, err = custody.Gaps(ctx, q, v.program.ID); err != nil {
			return err
		}
		b.files, err = custody.Files(ctx, q, v.program.ID, custody.FileID(before), bankFiles)
		return err
	})
	return b, err
}

// named is a custodian's name, of which other tables know the code.
func (b custodyBook) named(code string) string {
	for _, one := range b.custodians {
		if one.Code == code {
			return one.Name
		}
	}
	return code
}

func bankFilePath(v visit, id custody.FileID) string {
	return v.base() + "/custody/files/" + strconv.FormatInt(int64(id), 10)
}

// custody shows who holds the money, what each had, and what they sent.
func (c *Console) custody(g *gin.Context, v visit) error {
	return c.showCustody(g, v, http.StatusOK, "", nil)
}

func (c *Console) showCustody(g *gin.Context, v visit, status int, chosen string, problems []parts.Problem) error {
	b, err := c.openCustody(g, v)
	if err != nil {
		return err
	}
	view := pages.Custody{Chosen: chosen, Accounts: b.accounts(v)}
	for _, gap := range b.gaps {
		view.Gaps = append(view.Gaps, pages.CustodyGap{Custodian: b.named(gap.Custodian), Ends: gap.Ends, After: gap.After, Day: gap.Day, Said: gap.Said, Found: gap.Found, Apart: gap.Difference()})
	}
	for _, f := range b.files {
		view.Files = append(view.Files, pages.BankFileLine{Name: f.Name, To: bankFilePath(v, f.ID), Custodian: b.named(f.Custodian), Format: formatName(v.words, string(f.Format)),
			At: f.ReceivedAt.In(v.at.Location()), State: bankState(v.words, f), Lines: f.Counts.Lines, New: f.Counts.New, Aside: len(f.Problems.Quarantined)})
	}
	if len(b.files) == bankFiles {
		view.Next = v.base() + "/custody?before=" + strconv.FormatInt(int64(b.files[bankFiles-1].ID), 10)
	}
	if v.May(auth.TakeBankFiles) {
		view.Upload = v.base() + "/custody"
		for _, one := range b.custodians {
			view.Choices = append(view.Choices, parts.Choice{Value: one.Code, Text: one.Name})
		}
	}
	if len(b.custodians) > 0 {
		view.Lines = v.base() + "/custody/lines"
	}
	if v.May(auth.ManageCustody) {
		view.Add = v.base() + "/custody/new"
	}
	p := c.page(g, v, v.words.T("console.custody.title"))
	p.Lead, p.Problems = v.words.T("console.custody.lead"), problems
	return c.hall.Show(g, status, pages.CustodyPage(p, view))
}

// accounts are the custodians' accounts with what the bank had on each.
func (b custodyBook) accounts(v visit) (out []pages.CustodyAccount) {
	for _, one := range b.custodians {
		for _, at := range b.positions {
			if at.Custodian != one.ID {
				continue
			}
			state := parts.Status{Text: v.words.T("console.custody.current"), Tone: parts.Good}
			if n := custody.Missing(one, at.Stated, v.today()); n > 0 {
				state = parts.Status{Text: v.words.N("console.custody.missing", n), Tone: parts.Caution}
			}
			to := ""
			if one.Kind == custody.Omnibus || one.Kind == custody.Master {
				to = dayPath(v, one.Code)
			}
			out = append(out, pages.CustodyAccount{To: to, Custodian: one.Name, Kind: v.words.T("console.custody.is." + string(one.Kind)), Ends: at.Ends,
				Stated: at.Stated, Balance: at.Balance(), Transit: at.Transit, State: state})
		}
	}
	return out
}

func formatName(w *i18n.Words, format string) string { return w.T("console.custody.format." + format) }

func bankState(w *i18n.Words, f custody.File) parts.Status {
	tone := map[custody.State]parts.Tone{custody.Booked: parts.Good, custody.Held: parts.Caution, custody.Refused: parts.Quiet}[f.State]
	return parts.Status{Text: w.T("console.custody.became." + string(f.State)), Tone: tone}
}

// takeBankFile takes a file in and leads to its page. One that cannot be read
// has a page, too: it says every line and reason.
func (c *Console) takeBankFile(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	content, name, err := f.File("file")
	if err != nil {
		return err
	}
	code := f.Text("custodian")
	var one custody.Custodian
	if err = f.Err(); err == nil {
		err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
			one, err = custody.ByCode(ctx, q, v.program.ID, code)
			return err
		})
	}
	var in custody.Intake
	if err == nil {
		in, err = custody.Take(g.Request.Context(), c.DB, v.Who(), c.Keys, v.program, one, name, content, v.at)
	}
	if err == nil && in.State == custody.Booked {
		if err := c.bookLines(g, v); err != nil {
			return err
		}
	}
	if err == nil || errors.Is(err, bankfile.ErrRefused) {
		return web.See(g, bankFilePath(v, in.File), "", 0)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showCustody(g, v, web.Status(err), code, problems)
	}
	return err
}

func (c *Console) bankFileOf(g *gin.Context, v visit) (f custody.File, err error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil {
		return f, web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		f, err = custody.FileByID(ctx, q, v.program.ID, custody.FileID(id))
		return err
	})
	return f, err
}

// bankFile shows a file: what it held and what is wrong with it.
func (c *Console) bankFile(g *gin.Context, v visit) error {
	f, err := c.bankFileOf(g, v)
	if err != nil {
		return err
	}
	return c.showBankFile(g, v, http.StatusOK, f, "", nil)
}

func (c *Console) showBankFile(g *gin.Context, v visit, status int, f custody.File, reason string, problems []parts.Problem) error {
	w := v.words
	view := pages.BankFile{State: bankState(w, f), Why: w.T("console.custody.why." + string(f.State)), Reason: reason}
	view.Facts = []parts.Row{
		{Term: w.T("console.custody.custodian"), Value: f.Custodian}, {Term: w.T("console.custody.form"), Value: formatName(w, string(f.Format))},
		{Term: w.T("console.custody.came"), Value: w.Time(f.ReceivedAt.In(v.at.Location())) + ", " + actor(v, f.ReceivedBy)},
		{Term: w.T("console.custody.statements"), Value: w.Int(f.Counts.Statements)}, {Term: w.T("console.custody.lines"), Value: w.Int(f.Counts.Lines)},
		{Term: w.T("console.custody.new"), Value: w.Int(f.Counts.New)}, {Term: w.T("console.custody.returns"), Value: w.Int(f.Counts.Returns + f.Counts.Changes)},
	}
	if f.ReleasedAt != nil {
		view.Facts = append(view.Facts, parts.Row{Term: w.T("console.custody.released"), Value: w.Time(f.ReleasedAt.In(v.at.Location())) + ", " + actor(v, f.ReleasedBy) + ": " + f.Reason})
	}
	add := func(all []bankfile.Problem, status string, tone parts.Tone) {
		for _, p := range all {
			view.Problems = append(view.Problems, pages.ProblemLine{Line: p.Line, Column: p.Field, Text: bankProblem(w, p), Status: w.T("console.custody.found_as." + status), Tone: tone})
		}
	}
	add(f.Problems.Refused, "refused", parts.Caution)
	add(f.Problems.Differs, "differs", parts.Caution)
	add(f.Problems.Quarantined, "aside", parts.Caution)
	if f.State == custody.Held && v.May(auth.ReleaseBankFiles) && v.Who().Actor != f.ReceivedBy {
		view.Release = bankFilePath(v, f.ID) + "/release"
	}
	p := c.page(g, v, f.Name, parts.Link{Text: w.T("console.custody.title"), To: v.base() + "/custody"})
	p.Problems = problems
	return c.hall.Show(g, status, pages.BankFilePage(p, view))
}

// bankProblem is a problem in words; a table's own codes come from elsewhere.
func bankProblem(w *i18n.Words, p bankfile.Problem) string {
	if !w.Has(p.Code) {
		return p.Code
	}
	args := p.Args()
	args["column"], args["what"], args["n"], args["file"] = p.Field, p.Found, 0, ""
	return w.T(p.Code, args)
}

// releaseBankFile lets a held file in.
func (c *Console) releaseBankFile(g *gin.Context, v visit) error {
	one, err := c.bankFileOf(g, v)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	reason := f.Block("reason", 4000)
	if err = f.Err(); err == nil {
		_, err = custody.Release(g.Request.Context(), c.DB, v.Who(), c.Keys, v.program, one.ID, reason, v.at)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showBankFile(g, v, web.Status(err), one, reason, problems)
	}
	if err == nil {
		err = c.bookLines(g, v)
	}
	if err != nil {
		return err
	}
	return web.See(g, bankFilePath(v, one.ID), "bank_file_released", 0)
}

// askCustodian asks who holds the money.
func (c *Console) askCustodian(g *gin.Context, v visit) error {
	return c.showNewCustodian(g, v, http.StatusOK, pages.NewCustodian{Currency: v.program.Currency, CutOff: "17:00", Days: "1", Federal: true}, nil)
}

func (c *Console) showNewCustodian(g *gin.Context, v visit, status int, form pages.NewCustodian, problems []parts.Problem) error {
	form.Post = v.base() + "/custody/new"
	for _, k := range custody.Kinds {
		form.Kinds = append(form.Kinds, parts.Choice{Value: string(k), Text: v.words.T("console.custody.is." + string(k))})
	}
	for _, f := range bankfile.Formats {
		if f != bankfile.CSV { // its profile is a file, which the command line takes
			form.Formats = append(form.Formats, parts.Choice{Value: string(f), Text: formatName(v.words, string(f))})
		}
	}
	for _, r := range custody.Rhythms {
		form.Rhythms = append(form.Rhythms, parts.Choice{Value: r, Text: v.words.T("console.custody.each." + r)})
	}
	p := c.page(g, v, v.words.T("console.custody.add"), parts.Link{Text: v.words.T("console.custody.title"), To: v.base() + "/custody"})
	p.Problems = problems
	return c.hall.Show(g, status, pages.NewCustodianPage(p, form))
}

// addCustodian sets a custodian up.
func (c *Console) addCustodian(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	form := pages.NewCustodian{Name: f.Optional("name"), Code: f.Optional("code"), Kind: f.Optional("kind"), Account: f.Optional("account"), Currency: f.Optional("currency"),
		CutOff: f.Optional("cut_off"), Format: f.Optional("format"), Rhythm: f.Optional("expected"), Days: f.Optional("value_days"), Federal: f.Checked("federal")}
	one := custody.Custodian{Code: form.Code, Name: form.Name, Kind: custody.Kind(form.Kind), CutOff: form.CutOff, Federal: form.Federal,
		Accounts: []custody.Account{{Number: form.Account, Currency: strings.ToUpper(form.Currency)}},
		Files:    []custody.FileKind{{Gives: true, Format: form.Format, Expected: form.Rhythm}}}
	if one.ValueDays, err = strconv.Atoi(form.Days); err != nil {
		one.ValueDays = -1 // refused as a number of days
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := custody.Add(ctx, tx, v.Who(), c.Keys, v.program, one, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showNewCustodian(g, v, web.Status(err), form, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/custody", "custodian_added", 0)
}
