package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rulebook"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// Faults of the form's fields.
var (
	errRatio  = fault.New(fault.Invalid, "console.ruleform.ratio_fault")
	errGrades = fault.New(fault.Invalid, "console.ruleform.grades_fault")
	errNoFund = fault.New(fault.Invalid, "console.ruleform.fund_fault")
	errQuote  = fault.New(fault.Invalid, "console.ruleform.quote_fault")
)

// formGrades are the grades that conditions know, in order.
var formGrades = []string{"PK", "KG", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"}

// ruleForm is the form for the common cases. A book beyond it opens as text.
func (c *Console) ruleForm(g *gin.Context, v visit) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	if f.State != program.Drafted {
		return program.ErrFrozen
	}
	form, err := rulebook.ReadForm(f.Source)
	if err != nil {
		return c.beyondForm(g, v, f, err)
	}
	return c.showRuleForm(g, v, f, form, http.StatusOK, nil, formValues(form), f.Revision)
}

// beyondForm opens the text of a book that the form cannot hold, and says so.
func (c *Console) beyondForm(g *gin.Context, v visit, f *bookFile, why error) error {
	note := v.words.T("console.ruleform.unreadable")
	if errors.Is(why, rulebook.ErrBeyond) {
		note = v.words.T("console.ruleform.beyond")
	}
	return c.showRuleText(g, v, f, http.StatusOK, nil, pages.RuleText{Text: f.Source, Revision: f.Revision, FormNote: note})
}

// formValues are a form's fields as its inputs have them.
func formValues(f *rulebook.Form) map[string]string {
	v := map[string]string{}
	put := func(name string, a ledger.Amount) {
		if !a.IsZero() {
			v[name] = a.String()
		}
	}
	if f.Who != nil {
		v["cities"], v["schools"] = strings.Join(f.Who.Cities, ", "), strings.Join(f.Who.Schools, ", ")
		v["grade_from"], v["grade_to"] = f.Who.GradeFrom, f.Who.GradeTo
		v["born_from"], v["born_to"] = f.Who.BornFrom.String(), f.Who.BornTo.String()
	}
	if f.OptOutDays != nil && *f.OptOutDays > 0 {
		v["opt_out_days"] = strconv.Itoa(*f.OptOutDays)
	}
	if s := f.Seed; s != nil {
		put("seed_amount", s.Amount)
		v["seed_fund"] = s.Fund
	}
	if m := f.Match; m != nil {
		v["match_ratio"], v["match_period"] = m.Ratio.String(), m.Period
		put("match_least", m.Least)
		put("match_period_cap", m.PeriodCap)
		put("match_life_cap", m.LifeCap)
		for i, s := range m.Funds {
			n := strconv.Itoa(i + 1)
			v["match_fund_"+n], v["match_schools_"+n] = s.Fund, strings.Join(s.Schools, ", ")
		}
	}
	if b := f.Bonus; b != nil {
		put("bonus_at", b.At)
		put("bonus_pay", b.Pay)
		v["bonus_period"], v["bonus_fund"] = b.Period, b.Fund
	}
	return v
}

func (c *Console) showRuleForm(g *gin.Context, v visit, f *bookFile, form *rulebook.Form, status int, problems []parts.Problem, values map[string]string, revision int) error {
	w := v.words
	p := c.page(g, v, w.T("console.rules.editing", i18n.Args{"book": bookName(v, f.No)}),
		parts.Link{Text: w.T("console.nav.rules"), To: v.base() + "/rules"}, parts.Link{Text: bookName(v, f.No), To: bookPath(v, f.No)})
	p.Problems = problems
	none := parts.Choice{Text: w.T("console.ruleform.none")}
	view := pages.RuleForm{Post: bookPath(v, f.No) + "/form", Text: bookPath(v, f.No) + "/text", Revision: revision, Values: values,
		Who: form.Who != nil, Joining: form.OptOutDays != nil, Funds: []parts.Choice{none}, Grades: []parts.Choice{none}, MostFunds: rulebook.MostFunds}
	for _, x := range f.funds {
		view.Funds = append(view.Funds, parts.Choice{Value: x.Code, Text: x.Name})
	}
	for _, s := range f.schools {
		view.Schools = append(view.Schools, s.Code+" "+s.Name)
	}
	for _, code := range formGrades {
		text := code
		if key := "rulebook.grade." + strings.ToLower(code); w.Has(key) {
			text = w.T(key)
		}
		view.Grades = append(view.Grades, parts.Choice{Value: code, Text: text})
	}
	for _, kind := range rulebook.Periods {
		view.Periods = append(view.Periods, parts.Choice{Value: kind, Text: w.T("rulebook.each." + kind)})
	}
	if len(form.Others) > 0 {
		view.Others = w.T("console.ruleform.others", i18n.Args{"benefits": w.List(form.Others)})
	}
	return c.hall.Show(g, status, pages.RuleFormPage(p, view))
}

// saveRuleForm writes the form's fields into the draft's text; what the form has
// no field for stays as it is written.
func (c *Console) saveRuleForm(g *gin.Context, v visit) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	in, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	form, err := rulebook.ReadForm(f.Source)
	if err != nil {
		return c.beyondForm(g, v, f, err)
	}
	values := map[string]string{}
	revision := in.Int("revision", 1, 1<<31-1)
	r := fieldReader{in, values, f}
	r.overlay(form)
	if err = in.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := program.Save(ctx, tx, v.Who(), v.program.ID, f.No, revision, rulebook.WithExamples(form.Text()), v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil && f.State == program.Drafted {
		if errors.Is(err, program.ErrStale) {
			revision = f.Revision // saving once more is done knowingly
		}
		return c.showRuleForm(g, v, f, form, web.Status(err), problems, values, revision)
	}
	if err != nil {
		return err
	}
	return web.See(g, bookPath(v, f.No), "rules_saved", 0)
}

// fieldReader reads the form's fields and keeps them as they were typed.
type fieldReader struct {
	in     *web.Form
	values map[string]string
	book   *bookFile
}

func (r fieldReader) text(name string) string {
	r.values[name] = r.in.Optional(name)
	return r.values[name]
}

func (r fieldReader) amount(name string) (a ledger.Amount) {
	if r.text(name) != "" {
		a = r.in.Amount(name)
	}
	return a
}

func (r fieldReader) date(name string) (d ledger.Date) {
	if r.text(name) != "" {
		d = r.in.Date(name)
	}
	return d
}

// list reads names with commas between them. A quotation mark would end the
// condition that they become.
func (r fieldReader) list(name string) (out []string) {
	text := r.text(name)
	if strings.ContainsAny(text, `"\`) || strings.Contains(text, "&&") {
		r.in.Fail(name, errQuote)
		return nil
	}
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one != "" && !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// fund is one of the program's funds; needed says that there must be one.
func (r fieldReader) fund(name string, needed bool) string {
	code := r.text(name)
	known := slices.ContainsFunc(r.book.funds, func(x fund.Fund) bool { return x.Code == code })
	if code != "" && !known || code == "" && needed {
		r.in.Fail(name, errNoFund)
	}
	return code
}

// overlay puts what was typed in the place of what the form had.
func (r fieldReader) overlay(f *rulebook.Form) {
	if f.Who != nil {
		f.Who = r.who()
	}
	if f.OptOutDays != nil {
		days := 0
		if r.text("opt_out_days") != "" {
			days = r.in.Int("opt_out_days", 0, 365)
		}
		f.OptOutDays = &days
	}
	r.seed(f)
	r.match(f)
	r.bonus(f)
}

func (r fieldReader) who() *rulebook.Condition {
	c := &rulebook.Condition{Cities: r.list("cities"), Schools: r.list("schools"), GradeFrom: r.text("grade_from"), GradeTo: r.text("grade_to"),
		BornFrom: r.date("born_from"), BornTo: r.date("born_to")}
	from, to := slices.Index(formGrades, c.GradeFrom), slices.Index(formGrades, c.GradeTo)
	if (c.GradeFrom != "" || c.GradeTo != "") && (from < 0 || to < from) {
		r.in.Fail("grade_to", errGrades)
	}
	return c
}

func (r fieldReader) seed(f *rulebook.Form) {
	amount := r.amount("seed_amount")
	fund := r.fund("seed_fund", !amount.IsZero())
	if amount.Sign() <= 0 {
		f.Seed = nil
		return
	}
	if f.Seed == nil {
		f.Seed = rulebook.NewSeed()
	}
	f.Seed.Amount, f.Seed.Fund = amount, fund
}

func (r fieldReader) match(f *rulebook.Form) {
	typed := r.text("match_ratio")
	m := f.Match
	if m == nil {
		m = rulebook.NewMatch()
	}
	m.Least, m.PeriodCap, m.LifeCap = r.amount("match_least"), r.amount("match_period_cap"), r.amount("match_life_cap")
	m.Period = r.period("match_period")
	m.Funds = nil
	for i := range rulebook.MostFunds {
		n := strconv.Itoa(i + 1)
		code, schools := r.fund("match_fund_"+n, i == 0 && typed != ""), r.list("match_schools_"+n)
		if code != "" {
			m.Funds = append(m.Funds, rulebook.FundForm{Fund: code, Schools: schools})
		}
	}
	if f.Match = m; typed == "" {
		f.Match = nil
		return
	}
	ratio, err := decimal.NewFromString(typed)
	if err != nil || ratio.Sign() <= 0 || ratio.Cmp(decimal.New(10, 0)) > 0 || ratio.Exponent() < -6 {
		r.in.Fail("match_ratio", errRatio)
		return
	}
	m.Ratio = ratio
}

func (r fieldReader) bonus(f *rulebook.Form) {
	b := f.Bonus
	if b == nil {
		b = rulebook.NewBonus()
	}
	b.At, b.Pay, b.Period = r.amount("bonus_at"), r.amount("bonus_pay"), r.period("bonus_period")
	b.Fund = r.fund("bonus_fund", !b.Pay.IsZero())
	if f.Bonus = b; b.Pay.Sign() <= 0 || b.At.Sign() <= 0 {
		f.Bonus = nil
	}
}

func (r fieldReader) period(name string) string {
	r.values[name] = r.in.Choice(name, rulebook.Periods...)
	return r.values[name]
}
