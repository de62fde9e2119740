package console

import (
	"io"
	"strings"

	"github.com/gin-gonic/gin"

	"seedbook/service/fault"
	"seedbook/service/report"
	"seedbook/service/sheet"
	"seedbook/service/web"
	"seedbook/service/web/parts"
)

// errNoFile reports a download that is not offered.
var errNoFile = fault.New(fault.NotFound, "pictures.no_file")

// pictureFiles are the downloads of the pictures, each what one of them shows.
var pictureFiles = []string{"funnel", "savings", "funds", "activity", "measures"}

func (k *gallery) files(v visit, names []string) []parts.Link { return fileLinks(v, names, k.query()) }

func fileLinks(v visit, names []string, query string) (out []parts.Link) {
	for _, name := range names {
		for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			out = append(out, parts.Link{Text: v.words.T("pictures.file."+name) + ", " + strings.ToUpper(string(f)), To: v.base() + "/pictures/files/" + name + "." + string(f) + query})
		}
	}
	return out
}

// table is a download's columns and rows.
type table struct {
	columns []sheet.Column
	rows    [][]any
}

func (t *table) add(cells ...any) { t.rows = append(t.rows, cells) }

// pictureFile sends what a picture shows as a table.
func (c *Console) pictureFile(g *gin.Context, v visit) error {
	name, ending, _ := strings.Cut(g.Param("file"), ".")
	f := sheet.Format(ending)
	if !f.Known() {
		return errNoFile
	}
	t, err := c.pictureTable(g, v, name)
	if err != nil {
		return err
	}
	title := v.words.T("pictures.file." + name)
	return web.Stream(g, f.Type(), name+"-"+v.program.Code+"-"+v.today().String()+"."+ending, func(w io.Writer) error {
		return t.write(w, f, title)
	})
}

func (c *Console) pictureTable(g *gin.Context, v visit, name string) (table, error) {
	if name == "equity" {
		_, ok, all, err := c.openEquity(g, v)
		if err == nil && !ok {
			err = errNoFile
		}
		return equityTable(v, all), err
	}
	k, problems, err := c.openGallery(g, v)
	if err != nil {
		return table{}, err
	}
	if !k.there || len(problems) > 0 {
		return table{}, errNoFile
	}
	switch name {
	case "funnel":
		return k.funnelTable(v), nil
	case "savings":
		return k.savingsTable(v), nil
	case "funds":
		return k.fundsTable(v), nil
	case "activity":
		return k.activityTable(v), nil
	case "measures":
		return k.measuresTable(v), nil
	}
	return table{}, errNoFile
}

func (k *gallery) funnelTable(v visit) (t table) {
	t.columns = []sheet.Column{{Name: v.words.T("pictures.cohort")}}
	for _, s := range stages {
		t.columns = append(t.columns, sheet.Column{Name: v.words.T("pictures.stage." + s.name), Kind: sheet.Number})
	}
	for _, c := range k.cohorts {
		row := []any{schoolYear(c.Key)}
		for _, s := range stages {
			row = append(row, s.count(c))
		}
		t.add(row...)
	}
	return t
}

func (k *gallery) savingsTable(v visit) (t table) {
	w := v.words
	t.columns = []sheet.Column{{Name: w.T("pictures.month"), Kind: sheet.Day}, {Name: w.T("pictures.whose")}, {Name: w.T("pictures.net"), Kind: sheet.Money}, {Name: w.T("pictures.balance"), Kind: sheet.Money}}
	for _, m := range k.months {
		for _, o := range report.Owners {
			t.add(m.First, w.T("pictures.owner."+string(o)), m.Moved[o], m.Balance[o])
		}
	}
	return t
}

func (k *gallery) fundsTable(v visit) (t table) {
	t.columns = []sheet.Column{{Name: v.words.T("pictures.funds.fund")}}
	for _, name := range exposedNames {
		t.columns = append(t.columns, sheet.Column{Name: v.words.T("pictures.funds." + name), Kind: sheet.Money})
	}
	for _, f := range k.exposure.Funds {
		row := []any{f.Name}
		for _, a := range exposed(f) {
			row = append(row, a)
		}
		t.add(row...)
	}
	return t
}

func (k *gallery) activityTable(v visit) (t table) {
	w := v.words
	t.columns = []sheet.Column{{Name: w.T("pictures.day"), Kind: sheet.Day}, {Name: w.T("pictures.channel")}, {Name: w.T("pictures.deposits"), Kind: sheet.Number}, {Name: w.T("pictures.amount"), Kind: sheet.Money}}
	for _, d := range k.shownDays() {
		t.add(d.On, named(v, "console.channel.", d.Channel), d.Deposits, d.Amount)
	}
	return t
}

func (k *gallery) measuresTable(v visit) (t table) {
	w := v.words
	t.columns = []sheet.Column{{Name: w.T("pictures.measures.measure")}, {Name: w.T("pictures.measures.value")}, {Name: w.T("pictures.measures.definition")}, {Name: w.T("pictures.measures.group")}}
	for _, m := range k.measures(v) {
		t.add(w.T("pictures.measure."+m.name+".name"), m.value, w.T("pictures.measure."+m.name+".definition"), w.T("pictures.cfpb."+m.group))
	}
	return t
}

// equityTable has no more in it than the page: what is hidden there is an empty
// cell here.
func equityTable(v visit, all []cut) (t table) {
	w := v.words
	t.columns = []sheet.Column{{Name: w.T("pictures.equity.cut")}, {Name: w.T("pictures.equity.group")}, {Name: w.T("pictures.stage.enrolled"), Kind: sheet.Number}}
	for _, r := range equityRates {
		t.columns = append(t.columns, sheet.Column{Name: w.T("pictures.stage." + r.name), Kind: sheet.Number})
	}
	for _, one := range all {
		if one.None {
			continue
		}
		for _, g := range append(one.Groups[:len(one.Groups):len(one.Groups)], one.Total) {
			name := one.cell(v, g)
			row := []any{w.T("pictures.by." + string(one.by)), name.Text, g.Children}
			if name.Note != "" {
				row[1] = name.Text + ": " + name.Note
			}
			for _, r := range equityRates {
				if s := r.of(g); s.Hidden {
					row = append(row, nil)
				} else {
					row = append(row, s.Count)
				}
			}
			t.add(row...)
		}
	}
	return t
}
