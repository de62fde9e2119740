// Package disclose hands a family everything that the program knows about it, as
// one file: what is on record, every line of money, every award, what was asked
// for, and the statements.
//
// A guardian gets what concerns the children it sees and itself. Where other
// adults see a child, too, nothing says where the child lives or who they are:
// neither of two parents learns the other's address by a download. The package
// changes nothing.
package disclose

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/notify"
	"seedbook/service/program"
	"seedbook/service/request"
	"seedbook/service/savings"
	"seedbook/service/sheet"
	"seedbook/service/statement"
	"seedbook/service/vault"
)

// Asked is whose file it is, and as of when.
type Asked struct {
	Guardian activation.Guardian
	Programs map[program.ID]program.Program
	Keys     *vault.Keyring
	Lang     string
	At       time.Time
}

// child is what family.json says of one child.
type child struct {
	Program   string            `json:"program"`
	Account   string            `json:"account"`
	Person    family.Person     `json:"on_record"`
	Language  string            `json:"language"`
	Schools   []family.School   `json:"schools"`
	Consents  []family.Consent  `json:"consents"`
	Documents []family.Document `json:"documents"`
	Adults    int               `json:"adults_who_see_it"`
	Left      string            `json:"left_out,omitempty"`
}

// asked is a request in family.json.
type asked struct {
	Request request.Request `json:"request"`
	Said    request.Said    `json:"said"`
	Steps   []request.Step  `json:"steps"`
}

// everything is family.json.
type everything struct {
	AsOf     time.Time     `json:"as_of"`
	Language string        `json:"language"`
	Wishes   notify.Wishes `json:"messages"`
	Children []child       `json:"children"`
	Requests []asked       `json:"requests"`
}

// Write writes the file.
func Write(ctx context.Context, q sqlx.QueryerContext, out io.Writer, a Asked) error {
	z := zip.NewWriter(out)
	w := i18n.For(a.Lang)
	all := everything{AsOf: a.At, Language: a.Guardian.Lang}
	var err error
	if all.Wishes, err = notify.WishesOf(ctx, q, int64(a.Guardian.Account)); err != nil {
		return err
	}
	for _, h := range a.Guardian.Held { // a family's, two or three
		c, err := a.child(ctx, q, h)
		if err != nil {
			return err
		}
		all.Children = append(all.Children, c)
		if err := a.money(ctx, q, z, w, h); err != nil {
			return err
		}
		if err := a.statements(ctx, q, z, h); err != nil {
			return err
		}
	}
	if all.Requests, err = a.requests(ctx, q); err != nil {
		return err
	}
	f, err := a.create(z, "family.json")
	if err != nil {
		return err
	}
	text := json.NewEncoder(f)
	text.SetIndent("", "  ")
	if err := text.Encode(all); err != nil {
		return fmt.Errorf("write family.json: %w", err)
	}
	if f, err = a.create(z, "README.txt"); err != nil {
		return err
	}
	if _, err := io.WriteString(f, w.T("disclose.readme", i18n.Args{"at": w.Time(a.At)})+"\r\n"); err != nil {
		return err
	}
	return z.Close()
}

func (a Asked) create(z *zip.Writer, name string) (io.Writer, error) {
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.At})
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return f, nil
}

func (a Asked) child(ctx context.Context, q sqlx.QueryerContext, h activation.Held) (c child, err error) {
	who := a.Guardian.Who()
	people, err := family.Load(ctx, q, who, a.Keys, []family.ChildID{h.Child})
	if err != nil {
		return c, err
	}
	c = child{Program: a.Programs[h.Program].Name, Account: h.Account.String(), Person: people[0].Person, Language: people[0].Language}
	if c.Schools, err = family.SchoolsOf(ctx, q, h.Child); err != nil {
		return c, err
	}
	if c.Consents, err = family.ConsentsOf(ctx, q, h.Child); err != nil {
		return c, err
	}
	if c.Adults, err = activation.Guardians(ctx, q, int64(h.Child)); err != nil || c.Adults <= 1 {
		if err == nil {
			c.Documents, err = family.DocumentsOf(ctx, q, who, a.Keys, h.Child)
		}
		return c, err
	}
	c.Left = "address and papers: other adults see this child, too"
	c.Person.Street, c.Person.City, c.Person.State, c.Person.ZIP, c.Person.Before, c.Schools = "", "", "", "", nil, nil
	return c, nil
}

// money is every line and every award of a child.
func (a Asked) money(ctx context.Context, q sqlx.QueryerContext, z *zip.Writer, w *i18n.Words, h activation.Held) error {
	lines, err := statement.History(ctx, q, a.Programs[h.Program], h.Child)
	if err != nil {
		return err
	}
	f, err := a.create(z, h.Account.String()+"/lines.csv")
	if err != nil {
		return err
	}
	t, err := sheet.New(f, sheet.CSV, "lines", []sheet.Column{{Name: w.T("disclose.no"), Kind: sheet.Number}, {Name: w.T("statement.day"), Kind: sheet.Day},
		{Name: w.T("statement.what")}, {Name: w.T("disclose.whose")}, {Name: w.T("statement.amount"), Kind: sheet.Money}})
	if err != nil {
		return err
	}
	for _, l := range lines {
		whose := w.T("disclose.own")
		if l.Benefit != "" {
			whose = w.T("disclose.program")
		}
		if err := t.Row(int64(l.No), l.On, statement.LineName(w, l), whose, l.Amount); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	awards, err := savings.AwardsOf(ctx, q, h.Program, []family.ChildID{h.Child})
	if err != nil {
		return err
	}
	if f, err = a.create(z, h.Account.String()+"/awards.json"); err != nil {
		return err
	}
	return json.NewEncoder(f).Encode(awards)
}

func (a Asked) statements(ctx context.Context, q sqlx.QueryerContext, z *zip.Writer, h activation.Held) error {
	in := a.Programs[h.Program]
	issued, err := statement.Of(ctx, q, in.ID, h.Child)
	if err != nil {
		return err
	}
	if issued, err = statement.ForFamily(ctx, q, h.Child, issued); err != nil || len(issued) == 0 {
		return err
	}
	for _, one := range issued { // a draw is of one statement a child
		drawn, err := statement.Draw(ctx, q, a.Guardian.Who(), a.Keys, in, []statement.Issued{one})
		if err != nil {
			return err
		}
		d := drawn[0]
		f, err := a.create(z, h.Account.String()+"/statement-"+d.Period+".pdf")
		if err != nil {
			return err
		}
		if err := statement.WritePDF(f, d, a.Lang); err != nil {
			return err
		}
	}
	return nil
}

func (a Asked) requests(ctx context.Context, q sqlx.QueryerContext) (out []asked, err error) {
	mine, err := request.Of(ctx, q, a.Guardian)
	if err != nil {
		return nil, err
	}
	for _, one := range mine { // at most 100, of one guardian
		r, err := request.Own(ctx, q, a.Guardian, one.ID)
		if err != nil {
			return nil, err
		}
		said, err := r.Open(ctx, q, a.Guardian.Who(), a.Keys)
		if err != nil {
			return nil, err
		}
		steps, err := r.Steps(ctx, q, a.Guardian.Who(), a.Keys)
		if err != nil {
			return nil, err
		}
		out = append(out, asked{r, said, steps})
	}
	return out, nil
}

// Year is what a child's account did in a calendar year, for a tax return.
type Year struct {
	Year         int
	Own, Program []Sum // by what it was
	OwnTotal     ledger.Amount
	ProgramTotal ledger.Amount
}

// Sum is the sum of lines of one kind.
type Sum struct {
	What   string
	Lines  int
	Amount ledger.Amount
}

// Years are the calendar years in which something happened, the newest first.
func Years(lines []statement.Line) (out []int) {
	for i := len(lines) - 1; i >= 0; i-- {
		if y := lines[i].On.Year(); len(out) == 0 || out[len(out)-1] > y {
			out = append(out, y)
		}
	}
	return out
}

// YearOf sums up a year's lines by what they were, the family's own money and
// the program's apart.
func YearOf(w *i18n.Words, lines []statement.Line, year int) Year {
	y := Year{Year: year}
	for _, l := range lines {
		if l.On.Year() != year {
			continue
		}
		to, total := &y.Own, &y.OwnTotal
		if l.Benefit != "" {
			to, total = &y.Program, &y.ProgramTotal
		}
		*total = total.Add(l.Amount)
		add(to, statement.LineName(w, l), l.Amount)
	}
	return y
}

func add(to *[]Sum, what string, amount ledger.Amount) {
	for i := range *to {
		if s := &(*to)[i]; s.What == what {
			s.Lines++
			s.Amount = s.Amount.Add(amount)
			return
		}
	}
	*to = append(*to, Sum{what, 1, amount})
}
