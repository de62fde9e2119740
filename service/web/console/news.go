package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/notify"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errPrice reports what is no price of a text message.
var errPrice = fault.New(fault.Invalid, "notify.fault.price")

// news is a message to many as it was typed.
type news struct {
	activation.News
	price   decimal.Decimal
	typed   map[string]string
	schools []program.School
}

func (c *Console) openNews(g *gin.Context, v visit) (n news, err error) {
	n = news{News: activation.News{Program: v.program, Texts: map[string]string{}, Reference: formKey()}, typed: map[string]string{"price": "0.0083"}}
	return n, c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		n.schools, err = program.Schools(ctx, q)
		return err
	})
}

// askNews asks what shall be written to many.
func (c *Console) askNews(g *gin.Context, v visit) error {
	n, err := c.openNews(g, v)
	if err != nil {
		return err
	}
	return c.showNews(g, v, http.StatusOK, n, nil, "", nil)
}

// sendNews shows to how many it goes and what it costs, and sends it once their
// number is typed.
func (c *Console) sendNews(g *gin.Context, v visit) error {
	n, err := c.openNews(g, v)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	step, confirm := f.Peek("step"), f.Peek("confirm")
	n.read(f)
	err = f.Err()
	var out activation.NewsOutlook
	if err == nil {
		err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
			out, err = activation.ForeseeNews(ctx, q, v.Who(), c.Keys, n.News, v.at)
			return err
		})
		if err == nil && out.Recipients == 0 {
			err = activation.ErrNobody
		}
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showNews(g, v, web.Status(err), n, nil, "", problems)
	}
	if err != nil {
		return err
	}
	if step != "send" {
		return c.showNews(g, v, http.StatusOK, n, &out, "", nil)
	}
	many, _ := strconv.Atoi(confirm) // anything else than the number is not the number
	var id notify.SendID
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err = activation.SendNews(ctx, tx, v.Who(), c.Keys, n.News, many, v.at)
		return err
	})
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showNews(g, v, web.Status(err), n, &out, confirm, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, "/notices?send="+strconv.FormatInt(int64(id), 10), "news_sent", out.Recipients)
}

func (n *news) read(f *web.Form) {
	n.Reference = f.Text("key")
	for _, l := range i18n.Languages {
		name := "text_" + l.Code
		n.typed[name] = strings.TrimSpace(f.Block(name, 500))
		n.Texts[l.Code] = n.typed[name]
		if n.typed[name] == "" {
			f.Fail(name, notify.ErrEmpty)
		}
	}
	n.typed["school"], n.typed["price"] = f.Optional("school"), f.Text("price")
	school, err := strconv.ParseInt("0"+n.typed["school"], 10, 64)
	if err == nil {
		n.School = program.SchoolID(school)
	}
	n.price, err = decimal.NewFromString(n.typed["price"])
	if err != nil || n.price.IsNegative() || n.price.GreaterThan(decimal.NewFromInt(1)) || len(n.typed["price"]) > 8 {
		f.Fail("price", errPrice)
	}
}

// cost is what text messages cost, rounded up to the cent.
func (n news) cost(segments int) ledger.Amount {
	cents := n.price.Mul(decimal.NewFromInt(int64(segments))).Mul(decimal.NewFromInt(100)).Ceil()
	return ledger.Minor(cents.IntPart())
}

func (c *Console) showNews(g *gin.Context, v visit, status int, n news, out *activation.NewsOutlook, confirm string, problems []parts.Problem) error {
	w := v.words
	view := pages.News{Post: v.base() + "/notices/new", Key: n.Reference, School: n.typed["school"], Price: n.typed["price"], Schools: []parts.Choice{{Text: w.T("notify.news.everybody")}}, Typed: confirm}
	for _, s := range n.schools {
		view.Schools = append(view.Schools, parts.Choice{Value: strconv.FormatInt(int64(s.ID), 10), Text: s.Name})
	}
	for _, l := range i18n.Languages {
		view.Texts = append(view.Texts, parts.Field{Name: "text_" + l.Code, Label: w.T("notify.news.text", i18n.Args{"language": l.Name}), Value: n.typed["text_"+l.Code], MaxLength: 500})
	}
	if out != nil {
		n.look(v, *out, &view)
	}
	p := c.page(g, v, w.T("notify.news.title"), parts.Link{Text: w.T("notify.page.title"), To: "/notices"})
	p.Lead, p.Problems = w.T("notify.news.lead"), problems
	return c.hall.Show(g, status, pages.NewsPage(p, view))
}

// look is what sending would do.
func (n news) look(v visit, out activation.NewsOutlook, view *pages.News) {
	w := v.words
	view.Previews = true
	view.Figures = []parts.Figure{
		{Label: w.T("notify.news.recipients"), Value: w.Int(out.Recipients), Major: true}, {Label: w.T("notify.channel.sms"), Value: w.Int(out.ByChannel[notify.SMS])},
		{Label: w.T("notify.channel.email"), Value: w.Int(out.ByChannel[notify.Email])}, {Label: w.T("notify.page.segments"), Value: w.Int(out.Segments)},
		{Label: w.T("notify.news.cost"), Value: w.Money(n.cost(out.Segments))}, {Label: w.T("notify.news.unwanted"), Value: w.Int(out.Unwanted)},
	}
	for _, l := range i18n.Languages {
		if out.ByLang[l.Code] == 0 {
			continue
		}
		text := out.Samples[l.Code].Text
		view.Samples = append(view.Samples, pages.NewsSample{Lang: l.Code, Name: l.Name + ": " + w.N("notify.news.readers", out.ByLang[l.Code]), Text: text, Segments: w.N("notify.page.as_texts", notify.Segments(text))})
	}
	view.Confirm = w.T("notify.news.confirm", i18n.Args{"n": out.Recipients})
	view.Hidden = []parts.Carried{{Name: "key", Value: n.Reference}, {Name: "school", Value: n.typed["school"]}, {Name: "price", Value: n.typed["price"]}}
	for _, l := range i18n.Languages {
		view.Hidden = append(view.Hidden, parts.Carried{Name: "text_" + l.Code, Value: n.typed["text_"+l.Code]})
	}
}
