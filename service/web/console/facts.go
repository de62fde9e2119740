package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// reportsShown bounds the list of what was reported.
const reportsShown = 200

// facts shows what the rule book asks for and what is on record. Files of facts
// come in as imports do.
func (c *Console) facts(g *gin.Context, v visit) error {
	var on []enroll.OnRecord
	var book *rules.Book
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if book, err = rulesOrNone(ctx, q, v); err != nil {
			return err
		}
		on, err = enroll.Reports(ctx, q, v.program.ID, reportsShown)
		return err
	})
	if err != nil {
		return err
	}
	view := pages.Facts{Base: v.base(), May: v.May(auth.ImportFacts)}
	for _, f := range asked(book) {
		view.Asked = append(view.Asked, askedLine(v, f, on))
	}
	for _, r := range on {
		line := pages.FactReport{Name: factName(v, book, r.Name), Code: r.Name, Event: r.Event, Source: r.Source, Reports: r.Reports, Children: r.Children,
			FirstFrom: r.FirstFrom, LastFrom: r.LastFrom, FirstKnown: r.FirstKnown, LastKnown: r.LastKnown, By: actor(v, r.By), At: r.At.In(v.at.Location())}
		view.Reports = append(view.Reports, line)
	}
	p := c.page(g, v, v.words.T("console.facts.title"))
	p.Lead = v.words.T("console.facts.lead")
	return c.show(g, pages.FactsPage(p, view))
}

// asked are the facts that a book reads and no roster brings.
func asked(book *rules.Book) []rules.FactDecl {
	return slices.DeleteFunc(factsRead(book), func(f rules.FactDecl) bool { return slices.Contains(rules.Supplied, f.Name) })
}

// factsRead are the facts that a book reads; of no book none.
func factsRead(book *rules.Book) []rules.FactDecl {
	if book.Hash() == "" {
		return nil
	}
	return book.FactsRead()
}

func askedLine(v visit, f rules.FactDecl, on []enroll.OnRecord) pages.FactAsked {
	line := pages.FactAsked{Name: f.In(v.words), Code: f.Name, Kind: v.words.T("console.facts.types." + string(f.Type))}
	if len(f.OneOf) > 0 {
		line.Kind = v.words.List(f.OneOf)
	}
	for _, r := range on {
		if r.Name == f.Name && !r.Event {
			line.Reports += r.Reports
			if line.LastKnown.Before(r.LastKnown) {
				line.LastKnown = r.LastKnown
			}
		}
	}
	return line
}

// factName is what people call a fact or event, as the book has it.
func factName(v visit, book *rules.Book, code string) string {
	for _, f := range book.Facts {
		if f.Name == code {
			return f.In(v.words)
		}
	}
	for _, e := range book.Events {
		if string(e.Name) == code && e.Says.En != "" {
			return e.Says.In(v.words.Lang())
		}
	}
	return rules.FactDecl{Name: code}.In(v.words)
}

// factSample sends a file to begin with: a row for each fact that the rule book
// asks for.
func (c *Console) factSample(g *gin.Context, v visit) error {
	var book *rules.Book
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		book, err = rulesOrNone(ctx, q, v)
		return err
	})
	if err != nil {
		return err
	}
	rows := [][]string{{"student", "fact", "value", "from", "reference"}}
	for i, f := range asked(book) {
		value := map[rules.FactType]string{rules.YesNoFact: "yes", rules.NumberFact: "2", rules.MoneyFact: "1000.00", rules.DateFact: v.today().String()}[f.Type]
		if len(f.OneOf) > 0 {
			value = f.OneOf[0]
		}
		rows = append(rows, []string{"100" + strconv.Itoa(i+1), f.Name, cmp.Or(value, "text"), v.today().String(), "A-" + strconv.Itoa(i+1)})
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		return err
	}
	return web.Download(g, "text/csv; charset=utf-8", "facts-sample.csv", b.Bytes())
}

// openly are the facts that everybody sees who sees children: a list says them
// too.
var openly = []string{"school", "district", "grade"}

// childFacts shows what the rule book reads about one child, and since when it
// is known. Looking is noted on its own: what agencies report is sealed.
func (c *Console) childFacts(g *gin.Context, v visit) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	var f childFile
	var known []rules.Child
	var reported []family.Fact
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if err := c.open(ctx, q, v, id, &f); err != nil {
			return err
		}
		if known, err = enroll.Facts(ctx, q, v.Who(), c.Keys, v.program.ID, []family.ChildID{id}); err != nil {
			return err
		}
		reported, err = family.FactsOf(ctx, q, v.Who(), c.Keys, []family.ChildID{id})
		return err
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "facts.viewed", []family.ChildID{id}); err != nil {
		return err
	}
	view := pages.ChildFacts{Masked: !v.May(auth.SeeNames)}
	for _, decl := range factsRead(f.book) {
		lines := factLines(v, decl, known[0], reported)
		if len(lines) == 0 {
			lines = []pages.ChildFact{{Name: decl.In(v.words), Unknown: true}}
		}
		view.Facts = append(view.Facts, lines...)
	}
	p := c.page(g, v, v.words.T("console.facts.child_title"), parts.Link{Text: v.words.T("console.nav.children"), To: v.base() + "/children"}, parts.Link{Text: f.title(v), To: childPath(v, id)})
	p.Lead = v.words.T("console.facts.child_lead")
	return c.show(g, pages.ChildFactsPage(p, view))
}

// factLines are the values of one fact over time, the newest first.
func factLines(v visit, decl rules.FactDecl, child rules.Child, reported []family.Fact) (out []pages.ChildFact) {
	line := func(value any, from, known ledger.Date, source string) {
		text := factValue(v, value)
		if !v.May(auth.SeeNames) && !slices.Contains(openly, decl.Name) {
			text = v.words.T("console.facts.hidden")
		}
		out = append(out, pages.ChildFact{Name: decl.In(v.words), Value: text, From: from, Known: known, Source: source})
	}
	fromFile := false
	for _, f := range reported {
		if f.Name == decl.Name {
			line(f.Value, f.From, f.Known, f.Source)
			fromFile = true
		}
	}
	if decl.Name == "born_on" && !child.BornOn.IsZero() {
		line(child.BornOn, ledger.Date{}, ledger.Date{}, v.words.T("console.facts.roster"))
	}
	for _, f := range child.Facts {
		if f.Name == decl.Name && !fromFile {
			line(f.Value, f.From, f.Known, v.words.T("console.facts.roster"))
		}
	}
	slices.Reverse(out)
	return out
}

// factValue is a fact's value as people of the language write it.
func factValue(v visit, value any) string {
	switch x := value.(type) {
	case string:
		return x
	case bool:
		return v.words.T("forecast.value." + strconv.FormatBool(x))
	case int:
		return v.words.Int(x)
	case ledger.Amount:
		return v.words.Money(x)
	case ledger.Date:
		return v.words.Date(x)
	}
	return v.words.T("console.facts.not_known")
}
