package console

import (
	"cmp"
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"seedbook/service/i18n"
	"seedbook/service/report"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// equityRates are the rates that the page for others tells.
var equityRates = []struct {
	name string
	of   func(report.Group) report.Share
}{
	{"activated", func(g report.Group) report.Share { return g.Activated }},
	{"savers", func(g report.Group) report.Share { return g.Savers }},
	{"matched", func(g report.Group) report.Share { return g.Matched }},
}

// cuts are how children are told apart there: by nothing that is sealed. The
// page takes no other filter, so that no two of its tables are about nearly the
// same children.
var cuts = []report.Grouping{report.ByLanguage, report.ByGrade, report.BySchool, report.ByDistrict}

// cut is one of them with what may be told.
type cut struct {
	by    report.Grouping
	names map[string]string
	report.Equity
}

func (c *Console) openEquity(g *gin.Context, v visit) (pic report.Picture, ok bool, all []cut, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if pic, ok, err = report.LastPicture(ctx, q, v.program); err != nil || !ok {
			return err
		}
		for _, by := range cuts {
			tallies, err := report.Tallies(ctx, q, pic, report.All, by)
			if err != nil {
				return err
			}
			one := cut{by: by, names: map[string]string{}}
			for _, t := range tallies {
				one.names[t.Key] = groupName(v, by, t)
			}
			if one.Equity, err = report.EquityOf(tallies, pic.Smallest); err != nil {
				return err
			}
			if by != report.ByDistrict || len(tallies) > 1 {
				all = append(all, one)
			}
		}
		return nil
	})
	return pic, ok, all, err
}

// groupName is what a group is called.
func groupName(v visit, by report.Grouping, t report.Tally) string {
	unknown := v.words.T("pictures.unknown")
	switch by {
	case report.ByLanguage:
		return languageName(t.Key)
	case report.ByGrade:
		if name := grade(v, t.Key); name != "" {
			return v.words.T("pictures.grade", i18n.Args{"grade": name})
		}
		return unknown
	case report.BySchool:
		return cmp.Or(t.Name, unknown)
	}
	return cmp.Or(t.Key, unknown)
}

// equity shows who takes part, as a page that may be handed on.
func (c *Console) equity(g *gin.Context, v visit) error {
	f := web.ReadQuery(g)
	rate := equityRates[0].name
	if f.Optional("rate") != "" {
		rate = f.Choice("rate", "activated", "savers", "matched")
	}
	problems := web.Problems(v.words, f.Err())
	pic, ok, all, err := c.openEquity(g, v)
	if err != nil {
		return err
	}
	w := v.words
	p := c.page(g, v, w.T("pictures.equity.title"), parts.Link{Text: w.T("pictures.title"), To: v.base() + "/pictures"})
	p.Lead, p.Problems = w.T("pictures.equity.lead"), problems
	status := http.StatusOK
	if len(problems) > 0 {
		rate, status = equityRates[0].name, http.StatusUnprocessableEntity
	}
	view := pages.PictureEquity{Self: v.base() + "/pictures/equity", Back: v.base() + "/pictures", None: !ok, Rate: rate}
	for _, r := range equityRates {
		view.Rates = append(view.Rates, parts.Choice{Value: r.name, Text: w.T("pictures.stage." + r.name)})
	}
	if ok {
		view.Says = w.T("pictures.equity.says", i18n.Args{"on": pic.AsOf, "at": pic.DrawnAt.In(v.at.Location())})
		view.Rule = w.T("pictures.equity.rule", i18n.Args{"n": pic.Smallest})
		view.Method = w.T("pictures.equity.method")
		for i, one := range all {
			view.Cuts = append(view.Cuts, equityCut(v, i, one, rate, pic.Smallest))
		}
		view.Files = fileLinks(v, []string{"equity"}, "")
	}
	return c.hall.Show(g, status, pages.PictureEquityPage(p, view))
}

func equityCut(v visit, n int, one cut, rate string, smallest int) pages.EquityCut {
	w := v.words
	out := pages.EquityCut{Title: w.T("pictures.by." + string(one.by))}
	if one.None {
		out.None = w.T("pictures.equity.none", i18n.Args{"n": smallest})
		return out
	}
	out.Drawn = parts.Ladder{ID: "equity-" + string(one.by), Title: w.T("pictures.equity.caption", i18n.Args{"rate": w.T("pictures.stage." + rate), "by": out.Title}), Summary: w.T("pictures.equity.drawn_as")}
	out.Table = parts.Table{Caption: out.Title, Quiet: true, Columns: []parts.Column{{Name: w.T("pictures.equity.group")}, {Name: w.T("pictures.stage.enrolled"), Number: true}}}
	for _, r := range equityRates {
		out.Table.Columns = append(out.Table.Columns, parts.Column{Name: w.T("pictures.stage." + r.name), Number: true})
	}
	row := func(g report.Group, strong bool) parts.TableRow {
		out := parts.TableRow{Strong: strong, Cells: []parts.Cell{one.cell(v, g), parts.Text(w.Int(g.Children))}}
		for _, r := range equityRates {
			out.Cells = append(out.Cells, shareCell(v, r.of(g)))
		}
		return out
	}
	for _, g := range one.Groups {
		out.Table.Rows = append(out.Table.Rows, row(g, false))
		for _, r := range equityRates {
			if r.name == rate {
				out.Drawn.Rungs = append(out.Drawn.Rungs, rung(v, one.cell(v, g).Text, r.of(g)))
			}
		}
	}
	out.Table.Foot = []parts.TableRow{row(one.Total, true)}
	return out
}

// cell names a group; small ones that were put together say which they are.
func (one cut) cell(v visit, g report.Group) parts.Cell {
	switch len(g.Names) {
	case 0:
		return parts.Text(v.words.T("pictures.total"))
	case 1:
		return parts.Text(one.names[g.Names[0]])
	}
	names := make([]string, len(g.Names))
	for i, key := range g.Names {
		names[i] = one.names[key]
	}
	return parts.Cell{Text: v.words.N("pictures.equity.together", len(names)), Note: v.words.List(names)}
}

func shareCell(v visit, s report.Share) parts.Cell {
	w := v.words
	if s.Hidden {
		return parts.Text(w.T("pictures.equity.hidden"))
	}
	out := parts.Cell{Text: w.T("pictures.count_share", i18n.Args{"n": s.Count, "share": points(v, s.Rate.Value)}),
		Note: w.T("pictures.equity.between", i18n.Args{"low": points(v, s.Rate.Low), "high": points(v, s.Rate.High)})}
	if s.HasGap {
		out.Note += " " + w.T("pictures.equity.gap", i18n.Args{"gap": points(v, s.Gap.Value), "low": points(v, s.Gap.Low), "high": points(v, s.Gap.High)})
	}
	return out
}

// points is a share or a difference of two in percent, to a tenth.
func points(v visit, share float64) string {
	return v.words.Percent(decimal.NewFromFloat(share).Round(3))
}

func rung(v visit, name string, s report.Share) parts.Rung {
	if s.Hidden {
		return parts.Rung{Label: name, Value: v.words.T("pictures.equity.hidden"), Hidden: true}
	}
	return parts.Rung{Label: name, Within: true, Share: decimal.NewFromFloat(s.Rate.Value), Low: decimal.NewFromFloat(s.Rate.Low), High: decimal.NewFromFloat(s.Rate.High),
		Value: v.words.T("pictures.equity.rate_between", i18n.Args{"rate": points(v, s.Rate.Value), "low": points(v, s.Rate.Low), "high": points(v, s.Rate.High)})}
}
