package console

import (
	"bytes"
	"encoding/json"

	"github.com/gin-gonic/gin"

	"seedbook/service/pdf"
	"seedbook/service/reconcile"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// certificatePDF is a signed day as accessible paper.
func (c *Console) certificatePDF(g *gin.Context, v visit) error {
	one, s, err := c.certificateOf(g, v)
	if err != nil {
		return err
	}
	view, err := certificateView(v, one, s)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := writeCertificate(&b, v, view, s); err != nil {
		return err
	}
	return web.Download(g, "application/pdf", "reconciliation-"+one.Code+"-"+s.On.String()+".pdf", b.Bytes())
}

func writeCertificate(out *bytes.Buffer, v visit, view pages.ReconCertificate, s reconcile.Certificate) error {
	w := v.words
	title := w.T("lines.certificate_title", map[string]any{"custodian": view.Name, "day": s.On})
	doc := pdf.New(pdf.Options{Title: title, Lang: w.Lang() + "-US", Author: view.Program, Created: s.At, Foot: func(page, pages int) (string, string) {
		return view.Program, w.T("statement.page", map[string]any{"page": page, "pages": pages})
	}})
	doc.Note(pdf.Plain(view.Program))
	doc.H1(title)
	table := func(heading string, rows []parts.Row) {
		doc.H2(heading)
		t := pdf.Table{RowHeader: true, Columns: []pdf.Column{{Header: w.T("lines.what"), Width: 2}, {Header: w.T("lines.figure"), Width: 3, Align: pdf.End}}}
		for _, r := range rows {
			t.Rows = append(t.Rows, []pdf.Cell{{Text: r.Term}, {Text: r.Value}})
		}
		doc.Table(t)
	}
	table(w.T("lines.about"), view.Facts)
	table(w.T("lines.equation"), append(append([]parts.Row{}, view.Terms...), view.Totals...))
	if len(view.Breaks) > 0 {
		doc.H2(w.T("lines.breaks"))
		t := pdf.Table{RowHeader: true, Columns: []pdf.Column{{Header: w.T("lines.difference"), Width: 3}, {Header: w.T("lines.since"), Width: 2}, {Header: w.T("lines.owner"), Width: 2}, {Header: w.T("lines.amount"), Align: pdf.Number, Width: 2}}}
		for _, b := range view.Breaks {
			t.Rows = append(t.Rows, []pdf.Cell{{Text: b.Name, Note: b.What}, {Text: w.Date(b.Since), Note: b.Age}, {Text: b.Owner, Note: b.Note}, {Text: w.Money(b.Amount)}})
		}
		doc.Table(t)
	}
	table(w.T("lines.signatures"), view.Signatures)
	_, err := doc.WriteTo(out)
	return err
}

// dayFacts are what a request to sign a day says of itself.
func (f *requestFile) dayFacts(v visit, add func(key, value, to string)) {
	var d reconcile.Day
	if json.Unmarshal(f.says.Details, &d) != nil {
		return
	}
	w := v.words
	add("custodian", d.Custodian, "")
	add("day", w.Date(d.On), dayOn(v, d.Custodian, d.On))
	add("bank", w.Money(d.Bank), "")
	add("books", w.Money(d.Cash), "")
	add("differences", w.Int(len(d.Breaks)), dayOn(v, d.Custodian, d.On))
	add("unexplained", w.Money(d.Unexplained()), "")
}
