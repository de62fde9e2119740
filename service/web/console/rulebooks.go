package console

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/forecast"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rulebook"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// bookFile is everything a rule book's pages are made of.
type bookFile struct {
	program.RuleBook
	parsed   *rules.Book    // nil while the text is no rule book
	supply   rules.Supply   // what the program has of what the book asks for
	problems []*fault.Fault // why it is none
	steps    []program.Step
	names    rulebook.Names
	funds    []fund.Fund
	schools  []program.School
	// The book in effect; nil where there is none or this is it.
	inEffect *program.RuleBook
	before   *rules.Book
}

// ruleBooks lists a program's rule books.
func (c *Console) ruleBooks(g *gin.Context, v visit) error {
	var books []program.RuleBook
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		books, err = program.RuleBooks(ctx, q, v.program.ID, v.today())
		return err
	})
	if err != nil {
		return err
	}
	view := pages.RuleBooks{Classes: v.base() + "/classes"}
	for _, b := range books {
		view.Books = append(view.Books, pages.RuleLine{Name: bookName(v, b.No), To: bookPath(v, b.No), State: bookState(v, b.State), Says: bookSays(v, b),
			By: actor(v, b.LastBy), At: b.LastAt.In(v.at.Location())})
	}
	if v.May(auth.DraftRules) {
		view.Begin, view.Starts = v.base()+"/rules", starts(v, books)
	}
	return c.show(g, pages.RuleBooksPage(c.page(g, v, v.words.T("console.rules.title")), view))
}

func bookName(v visit, no program.BookNo) string {
	return v.words.T("console.rules.name", i18n.Args{"no": int(no)})
}

func bookPath(v visit, no program.BookNo) string {
	return v.base() + "/rules/" + strconv.Itoa(int(no))
}

// bookState is where a rule book is on its way, as a tag.
func bookState(v visit, s program.State) parts.Status {
	tone := map[program.State]parts.Tone{
		program.Drafted: parts.Info, program.Submitted: parts.Caution, program.Approved: parts.Info, program.Effective: parts.Good, program.Returned: parts.Bad,
	}[s]
	if tone == "" {
		tone = parts.Quiet
	}
	return parts.Status{Text: v.words.T("console.rules.states." + string(s)), Tone: tone}
}

// bookSays is where a rule book stands, in a sentence.
func bookSays(v visit, b program.RuleBook) string {
	args := i18n.Args{"on": b.EffectiveOn, "by": actor(v, b.LastBy), "at": b.LastAt.In(v.at.Location()), "note": b.LastNote}
	key := "console.rules.stands." + string(b.State)
	if b.State == program.Withdrawn && b.LastNote == "" {
		key += "_quietly"
	}
	return v.words.T(key, args)
}

// starts are what a new draft may begin from: the program's own books, the
// newest first, an empty one, and those that ship with Seedbook.
func starts(v visit, books []program.RuleBook) []parts.Choice {
	var out []parts.Choice
	add := func(value, text string) { out = append(out, parts.Choice{Value: value, Text: text}) }
	for _, b := range books {
		if b.State == program.Effective {
			add("book:"+strconv.Itoa(int(b.No)), v.words.T("console.rules.from_effective", i18n.Args{"book": bookName(v, b.No)}))
		}
	}
	add("empty", v.words.T("console.rules.from_empty"))
	for _, name := range rules.Packs() {
		add("pack:"+name, v.words.T("console.rules.from_pack", i18n.Args{"name": packName(name)}))
	}
	for _, b := range books {
		if b.State != program.Effective {
			add("book:"+strconv.Itoa(int(b.No)), v.words.T("console.rules.from_book", i18n.Args{"book": bookName(v, b.No), "state": v.words.T("console.rules.states." + string(b.State))}))
		}
	}
	return out
}

// packName is what a book that ships with Seedbook calls its program.
func packName(name string) string {
	source, err := rules.Pack(name)
	if err != nil {
		return name
	}
	book, err := rules.Parse(source)
	if err != nil {
		return name
	}
	return book.Program.Name
}

// beginRuleBook makes a draft from what was chosen and opens an editor on it.
func (c *Console) beginRuleBook(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	from, then := f.Text("from"), f.Choice("then", "form", "text")
	if err := f.Err(); err != nil {
		return err
	}
	kind, which, _ := strings.Cut(from, ":")
	switch kind {
	case "book":
		no, err := strconv.ParseInt(which, 10, 32)
		if err != nil {
			return program.ErrNoBook
		}
		return c.beginWith(g, v, program.BookNo(no), "", then)
	case "pack":
		if !slices.Contains(rules.Packs(), which) {
			return program.ErrNoBook
		}
		source, err := rules.Pack(which)
		if err != nil {
			return err
		}
		return c.beginWith(g, v, 0, rulebook.ForProgram(string(source), ownProgram(v)), then)
	}
	return c.beginEmpty(g, v, then)
}

// beginEmpty begins with the smallest book, paid by the program's first fund.
func (c *Console) beginEmpty(g *gin.Context, v visit, then string) error {
	var funds []fund.Fund
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		funds, err = fund.All(ctx, q, v.program.ID)
		return err
	})
	if err != nil {
		return err
	}
	code := "FUND"
	if len(funds) > 0 {
		code = funds[0].Code
	}
	return c.beginWith(g, v, 0, rulebook.Empty(ownProgram(v), v.today(), code), then)
}

// ownProgram is what a rule book of the visitor's program says of it.
func ownProgram(v visit) rules.Program {
	return rules.Program{ID: strings.ReplaceAll(v.program.Code, "-", "_"), Name: v.program.Name, Currency: v.program.Currency, TimeZone: v.program.TimeZone, Rounding: v.program.Rounding}
}

// copyRuleBook makes a new draft of a book that is none any more.
func (c *Console) copyRuleBook(g *gin.Context, v visit) error {
	no, err := bookNo(g)
	if err != nil {
		return err
	}
	return c.beginWith(g, v, no, "", "form")
}

// beginWith begins a draft with a text, or with that of another book.
func (c *Console) beginWith(g *gin.Context, v visit, basedOn program.BookNo, source, then string) error {
	var no program.BookNo
	err := c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		if basedOn != 0 {
			b, err := program.RuleBookOf(ctx, tx, v.program.ID, basedOn, v.today())
			if err != nil {
				return err
			}
			source = b.Source
		}
		var err error
		no, err = program.Begin(ctx, tx, v.Who(), v.program.ID, basedOn, source, v.at)
		return err
	})
	if err != nil {
		return err
	}
	return web.See(g, bookPath(v, no)+"/"+then, "rules_begun", 0)
}

func bookNo(g *gin.Context) (program.BookNo, error) {
	no, err := strconv.ParseInt(g.Param("id"), 10, 32)
	if err != nil || no < 1 {
		return 0, web.ErrNoPage
	}
	return program.BookNo(no), nil
}

// openBook reads a rule book's file.
func (c *Console) openBook(g *gin.Context, v visit) (f *bookFile, err error) {
	no, err := bookNo(g)
	if err != nil {
		return nil, err
	}
	f = &bookFile{}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if f.RuleBook, err = program.RuleBookOf(ctx, q, v.program.ID, no, v.today()); err != nil {
			return err
		}
		if f.steps, err = program.Steps(ctx, q, v.program.ID, no); err != nil {
			return err
		}
		if err := f.openNames(ctx, q, v.program.ID); err != nil {
			return err
		}
		if f.parse(f.Source); f.parsed != nil {
			if f.supply, err = forecast.Supply(ctx, q, v.program, f.parsed, v.at); err != nil {
				return err
			}
		}
		return f.openEffective(ctx, q, v.program.ID, v.today())
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *bookFile) openNames(ctx context.Context, q sqlx.QueryerContext, id program.ID) (err error) {
	if f.funds, err = fund.All(ctx, q, id); err != nil {
		return err
	}
	if f.schools, err = program.Schools(ctx, q); err != nil {
		return err
	}
	f.names = rulebook.Names{Funds: map[string]string{}, Schools: map[string]string{}}
	for _, x := range f.funds {
		f.names.Funds[x.Code] = x.Name
	}
	for _, s := range f.schools {
		f.names.Schools[s.Code] = s.Name
	}
	return nil
}

// openEffective reads the book in effect, to compare with.
func (f *bookFile) openEffective(ctx context.Context, q sqlx.QueryerContext, id program.ID, on ledger.Date) error {
	b, err := program.RuleBookOn(ctx, q, id, on)
	if errors.Is(err, program.ErrNoRules) || err == nil && b.No == f.No {
		return nil
	}
	if err != nil {
		return err
	}
	f.inEffect = &b
	f.before, err = program.RulesByHash(ctx, q, id, b.Hash)
	return err
}

// parse reads the book's text, or a text that is to take its place.
func (f *bookFile) parse(source string) {
	book, err := rules.Parse([]byte(source))
	if err == nil {
		f.parsed, f.problems = book, nil
		return
	}
	f.parsed, f.problems = nil, nil
	if x, ok := fault.Of(err); ok {
		f.problems = x.Details
		if len(x.Details) == 0 {
			f.problems = []*fault.Fault{x}
		}
	}
}

// lineOf is the line that a problem of a text is at; 0 where it is about all.
func lineOf(x *fault.Fault) int {
	line, _ := x.Args["line"].(int)
	return line
}

// textProblems are a text's problems, each leading to its line.
func (f *bookFile) textProblems(v visit) []parts.Problem {
	var out []parts.Problem
	for _, x := range f.problems {
		p := parts.Problem{Field: "source", Text: v.words.Fault(x)}
		if line := lineOf(x); line > 0 {
			p.Field = "L" + strconv.Itoa(line)
		}
		out = append(out, p)
	}
	return out
}

// lines are a text's lines, those with a problem marked.
func (f *bookFile) lines(source string) []pages.SourceLine {
	bad := map[int]bool{}
	for _, x := range f.problems {
		bad[lineOf(x)] = true
	}
	var out []pages.SourceLine
	for i, text := range strings.Split(strings.TrimSuffix(source, "\n"), "\n") {
		out = append(out, pages.SourceLine{No: i + 1, Text: text, Faulty: bad[i+1]})
	}
	return out
}
