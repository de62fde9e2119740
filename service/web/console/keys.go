package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/apikey"
	"seedbook/service/auth"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// keyFile is what the pages of keys read.
type keyFile struct {
	keys    []apikey.Key
	funds   []fund.Fund // restricted ones
	schools []program.School
}

func (c *Console) openKeys(g *gin.Context, v visit) (f keyFile, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if f.keys, err = apikey.All(ctx, q, v.program.ID); err != nil {
			return err
		}
		if f.funds, err = fund.All(ctx, q, v.program.ID); err != nil {
			return err
		}
		f.schools, err = program.Schools(ctx, q)
		return err
	})
	return f, err
}

func keyPath(v visit, id apikey.ID) string {
	return v.base() + "/keys/" + strconv.FormatInt(int64(id), 10)
}

// inZone is an instant as the program's clocks show it; none stays none.
func inZone(v visit, at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.In(v.at.Location())
}

// apiKeys lists the keys of other programs.
func (c *Console) apiKeys(g *gin.Context, v visit) error {
	return c.showKeys(g, v, http.StatusOK, pages.KeyForm{Days: "90"}, nil)
}

func (c *Console) showKeys(g *gin.Context, v visit, status int, form pages.KeyForm, problems []parts.Problem) error {
	f, err := c.openKeys(g, v)
	if err != nil {
		return err
	}
	var view pages.Keys
	for _, k := range f.keys {
		view.Keys = append(view.Keys, pages.KeyLine{Name: k.Name, Public: apikey.Shown(k.PublicID), To: keyPath(v, k.ID), State: keyState(v, k), Bound: f.bound(v, k),
			Expires: k.ExpiresAt.In(v.at.Location()), Used: inZone(v, k.UsedAt)})
	}
	if v.May(auth.ManageKeys) {
		f.offer(v, &form)
		view.Form = &form
	}
	p := c.page(g, v, v.words.T("console.keys.title"))
	p.Lead, p.Problems = v.words.T("console.keys.lead"), problems
	return c.hall.Show(g, status, pages.KeysPage(p, view))
}

// offer fills in what can be chosen; what was chosen already stays so.
func (f keyFile) offer(v visit, form *pages.KeyForm) {
	form.Post, form.Document = v.base()+"/keys", "/v1"
	for _, days := range []int{30, 90, 180, apikey.MaxDays} {
		form.Lives = append(form.Lives, parts.Choice{Value: strconv.Itoa(days), Text: v.words.N("console.keys.days", days)})
	}
	chosen := slices.Concat(form.Scopes, form.Funds)
	ticked := func(name string) bool {
		return slices.ContainsFunc(chosen, func(t pages.KeyTick) bool { return t.Name == name && t.Checked })
	}
	form.Scopes, form.Funds = nil, nil
	for _, s := range apikey.Scopes {
		form.Scopes = append(form.Scopes, pages.KeyTick{Name: scopeField(s), Text: scopeName(v.words, s), Checked: ticked(scopeField(s))})
	}
	for _, one := range f.funds {
		if one.Kind == fund.Restricted {
			form.Funds = append(form.Funds, pages.KeyTick{Name: fundField(one), Text: one.Name, Checked: ticked(fundField(one))})
		}
	}
	form.Schools = []parts.Choice{{Text: v.words.T("console.keys.no_school")}}
	for _, s := range f.schools {
		form.Schools = append(form.Schools, parts.Choice{Value: strconv.FormatInt(int64(s.ID), 10), Text: s.Name})
	}
}

func scopeField(s apikey.Scope) string { return "scope_" + scopeCode(s) }
func fundField(f fund.Fund) string     { return "fund_" + f.Code }

// scopeCode is a scope as fields and catalogues name it.
func scopeCode(s apikey.Scope) string { return strings.ReplaceAll(string(s), ":", "_") }

func scopeName(w *i18n.Words, s apikey.Scope) string {
	return w.T("console.keys.scope." + scopeCode(s))
}

// bound is to what a key is bound, in words.
func (f keyFile) bound(v visit, k apikey.Key) string {
	var names []string
	for _, one := range f.funds {
		if slices.Contains(k.Funds, one.ID) {
			names = append(names, one.Name)
		}
	}
	for _, s := range f.schools {
		if s.ID == k.School {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return v.words.T("console.keys.whole")
	}
	return strings.Join(names, ", ")
}

func keyState(v visit, k apikey.Key) parts.Status {
	switch {
	case !k.RevokedAt.IsZero():
		return parts.Status{Text: v.words.T("console.keys.revoked"), Tone: parts.Quiet}
	case !k.Live(v.at):
		return parts.Status{Text: v.words.T("console.keys.expired"), Tone: parts.Quiet}
	case k.ExpiresAt.Before(v.at.AddDate(0, 0, 14)):
		return parts.Status{Text: v.words.T("console.keys.expiring"), Tone: parts.Caution}
	}
	return parts.Status{Text: v.words.T("console.keys.live"), Tone: parts.Good}
}

// makeKey makes a key and shows it once.
func (c *Console) makeKey(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	file, err := c.openKeys(g, v)
	if err != nil {
		return err
	}
	form := pages.KeyForm{Name: f.Optional("name"), Days: f.Optional("days"), School: f.Optional("school"), Networks: f.Block("networks", 2000)}
	n := apikey.New{Name: form.Name, Networks: strings.FieldsFunc(form.Networks, func(r rune) bool { return strings.ContainsRune(" ,;\n\t", r) })}
	n.Days, _ = strconv.Atoi(form.Days) // 0 is refused as a life
	school, err := strconv.ParseInt(form.School, 10, 64)
	if form.School != "" && err != nil {
		school = -1 // no school
	}
	n.School = program.SchoolID(school)
	for _, s := range apikey.Scopes {
		if f.Checked(scopeField(s)) {
			n.Scopes = append(n.Scopes, s)
			form.Scopes = append(form.Scopes, pages.KeyTick{Name: scopeField(s), Checked: true})
		}
	}
	for _, one := range file.funds {
		if f.Checked(fundField(one)) {
			n.Funds = append(n.Funds, one.Code)
			form.Funds = append(form.Funds, pages.KeyTick{Name: fundField(one), Checked: true})
		}
	}
	if err = f.Err(); err == nil {
		err = c.keep(g, v, n)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showKeys(g, v, web.Status(err), form, problems)
	}
	return err
}

// keep makes a key and leads to the page that shows it.
func (c *Console) keep(g *gin.Context, v visit, n apikey.New) error {
	var made apikey.Made
	err := c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		made, err = apikey.Make(ctx, tx, v.Who(), c.Keys, v.program, n, v.at)
		return err
	})
	if err != nil {
		return err
	}
	once := c.tokens.keep(v, madeKey{made.ID, made.Token})
	return web.See(g, keyPath(v, made.ID)+"?once="+once, "", 0)
}

// madeKey is a key on its way to the one page that shows it.
type madeKey struct {
	id    apikey.ID
	token string
}

// keyIn finds the key of the address.
func (c *Console) keyIn(g *gin.Context, v visit) (k apikey.Key, err error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil {
		return k, web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		k, err = apikey.Load(ctx, q, v.program.ID, apikey.ID(id))
		return err
	})
	return k, err
}

// apiKey shows a key: what it may do and, once, itself.
func (c *Console) apiKey(g *gin.Context, v visit) error {
	k, err := c.keyIn(g, v)
	if err != nil {
		return err
	}
	f, err := c.openKeys(g, v)
	if err != nil {
		return err
	}
	view := pages.Key{State: keyState(v, k), Facts: f.facts(v, k)}
	if made, err := c.tokens.take(v, g.Query("once")); err == nil && made.id == k.ID {
		view.Token = made.token
	}
	if v.May(auth.ManageKeys) && k.Live(v.at) {
		view.Revoke, view.Second = keyPath(v, k.ID)+"/revoke", keyPath(v, k.ID)+"/second"
	}
	return c.show(g, pages.KeyPage(c.page(g, v, k.Name, parts.Link{Text: v.words.T("console.keys.title"), To: v.base() + "/keys"}), view))
}

func (f keyFile) facts(v visit, k apikey.Key) []parts.Row {
	w := v.words
	rows := []parts.Row{{Term: w.T("console.keys.begins"), Value: apikey.Shown(k.PublicID)}, {Term: w.T("console.keys.bound"), Value: f.bound(v, k)}}
	scopes, networks := make([]string, len(k.Scopes)), make([]string, len(k.Networks))
	for i, s := range k.Scopes {
		scopes[i] = scopeName(w, s)
	}
	for i, n := range k.Networks {
		networks[i] = n.String()
	}
	if len(networks) == 0 {
		networks = []string{w.T("console.keys.everywhere")}
	}
	used := w.T("console.keys.never")
	if !k.UsedAt.IsZero() {
		used = w.Time(inZone(v, k.UsedAt))
	}
	rows = append(rows, parts.Row{Term: w.T("console.keys.scopes"), Value: strings.Join(scopes, "; ")},
		parts.Row{Term: w.T("console.keys.networks"), Value: strings.Join(networks, ", ")},
		parts.Row{Term: w.T("console.keys.made_by"), Value: actor(v, k.MadeBy) + ", " + w.Time(inZone(v, k.MadeAt))},
		parts.Row{Term: w.T("console.keys.expires"), Value: w.Time(inZone(v, k.ExpiresAt))},
		parts.Row{Term: w.T("console.keys.used"), Value: used})
	if !k.RevokedAt.IsZero() {
		rows = append(rows, parts.Row{Term: w.T("console.keys.revoked"), Value: actor(v, k.RevokedBy) + ", " + w.Time(inZone(v, k.RevokedAt))})
	}
	return rows
}

// secondKey makes another key like one that is live, to take over from it.
func (c *Console) secondKey(g *gin.Context, v visit) error {
	k, err := c.keyIn(g, v)
	if err != nil {
		return err
	}
	f, err := c.openKeys(g, v)
	if err != nil {
		return err
	}
	n := apikey.New{Name: k.Name, School: k.School, Scopes: k.Scopes, Days: min(apikey.MaxDays, max(1, ledger.DateOf(k.ExpiresAt).DaysSince(ledger.DateOf(k.MadeAt))))}
	for _, one := range f.funds {
		if slices.Contains(k.Funds, one.ID) {
			n.Funds = append(n.Funds, one.Code)
		}
	}
	for _, network := range k.Networks {
		n.Networks = append(n.Networks, network.String())
	}
	return c.keep(g, v, n)
}

// revokeKey withdraws a key: its next request is refused.
func (c *Console) revokeKey(g *gin.Context, v visit) error {
	k, err := c.keyIn(g, v)
	if err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return apikey.Revoke(ctx, tx, v.Who(), v.program.ID, k.ID, v.at)
	})
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/keys", "key_revoked", 0)
}
