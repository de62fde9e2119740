package console

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/sheet"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// eventsAPage is how many events a page of the trail shows.
const eventsAPage = 50

// trailSearch is the trail's address, read.
type trailSearch struct {
	audit.Filter
	from, until ledger.Date
}

func readTrail(g *gin.Context, v visit) (trailSearch, error) {
	f := web.ReadQuery(g)
	s := trailSearch{Filter: audit.Filter{Actor: f.Optional("who"), Verb: f.Optional("what"), Kind: f.Optional("kind"), Request: f.Optional("request")}}
	if f.Optional("subject") != "" {
		s.Subject = int64(f.Int("subject", 1, 1<<62))
	}
	if f.Optional("before") != "" {
		s.Before = int64(f.Int("before", 1, 1<<62))
	}
	if f.Optional("from") != "" {
		s.from = f.Date("from")
		s.From = startOf(s.from, v.at.Location())
	}
	if f.Optional("until") != "" {
		s.until = f.Date("until")
		s.Until = startOf(s.until.AddDays(1), v.at.Location())
	}
	return s, f.Err()
}

// startOf is the first instant of a day in a zone.
func startOf(d ledger.Date, zone *time.Location) time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, zone)
}

// address is the trail's address, from the first page; ending is "" or that of a
// file.
func (s trailSearch) address(ending string) string {
	q := url.Values{}
	for name, v := range map[string]string{"who": s.Actor, "what": s.Verb, "kind": s.Kind, "request": s.Request, "from": s.from.String(), "until": s.until.String()} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if s.Subject != 0 {
		q.Set("subject", strconv.FormatInt(s.Subject, 10))
	}
	return "/trail" + ending + "?" + q.Encode()
}

// names are the people of the staff, by their name in the trail.
type names map[string]string

func (c *Console) staffNames(ctx context.Context, q sqlx.QueryerContext, v visit) (names, error) {
	members, err := auth.Members(ctx, q, c.Keys, v.Tenant, 0)
	if err != nil {
		return nil, err
	}
	out := names{}
	for _, m := range members {
		out["staff/"+strconv.FormatInt(int64(m.Staff), 10)] = m.Name
	}
	return out, nil
}

// of is who an actor is, in words.
func (n names) of(v visit, actor string) string {
	if name := n[actor]; name != "" {
		return name
	}
	kind, id, _ := strings.Cut(actor, "/")
	if key := "trail.actor." + kind; v.words.Has(key) {
		return v.words.T(key, map[string]any{"id": id})
	}
	return actor
}

// trail shows who did or saw what, the newest first.
func (c *Console) trail(g *gin.Context, v visit) error {
	s, err := readTrail(g, v)
	if err != nil {
		return err
	}
	s.Limit = eventsAPage + 1
	var events []audit.Recorded
	var people names
	var verbs []string
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if events, err = audit.Trail(ctx, q, s.Filter); err != nil {
			return err
		}
		if people, err = c.staffNames(ctx, q, v); err != nil {
			return err
		}
		verbs, err = audit.Verbs(ctx, q)
		return err
	})
	if err != nil {
		return err
	}
	view := s.view(v, people, verbs)
	if s.Before != 0 {
		view.First = s.address("")
	}
	if len(events) > eventsAPage {
		events = events[:eventsAPage]
		view.Next = s.address("") + "&before=" + strconv.FormatInt(events[eventsAPage-1].ID, 10)
	}
	for _, e := range events {
		view.Rows = append(view.Rows, trailRow(v, people, e))
	}
	return c.show(g, pages.TrailPage(c.page(g, v, v.words.T("trail.title")), view))
}

// view offers the filters.
func (s trailSearch) view(v visit, people names, verbs []string) pages.Trail {
	view := pages.Trail{Who: s.Actor, What: s.Verb, Kind: s.Kind, Request: s.Request, From: s.from.String(), Until: s.until.String(),
		CSV: s.address(".csv"), Workbook: s.address(".xlsx"), Filtered: s.address("") != "/trail?",
		People: []parts.Choice{{Text: v.words.T("trail.anybody")}}, Verbs: []parts.Choice{{Text: v.words.T("trail.anything")}}, Kinds: s.kinds(v)}
	if s.Subject != 0 {
		view.Subject = strconv.FormatInt(s.Subject, 10)
	}
	for _, actor := range slices.SortedFunc(maps.Keys(people), func(a, b string) int { return strings.Compare(people[a], people[b]) }) {
		view.People = append(view.People, parts.Choice{Value: actor, Text: people[actor]})
	}
	for _, verb := range verbs {
		view.Verbs = append(view.Verbs, parts.Choice{Value: verb, Text: verbText(v, verb)})
	}
	return view
}

// subjects are the kinds of things that the trail is searched for.
var subjects = []string{"account", "approval", "child", "deposit", "deposit_file", "fund", "program", "roster", "rule_book", "trail"}

// kinds offers them, and the one that an address named otherwise.
func (s trailSearch) kinds(v visit) []parts.Choice {
	out := []parts.Choice{{Text: v.words.T("trail.anything")}}
	for _, kind := range subjects {
		out = append(out, parts.Choice{Value: kind, Text: v.words.T("trail.kind." + kind)})
	}
	if s.Kind != "" && !slices.Contains(subjects, s.Kind) {
		out = append(out, parts.Choice{Value: s.Kind, Text: s.Kind})
	}
	return out
}

// verbText is what was done, in words where there are some.
func verbText(v visit, verb string) string {
	if key := "trail.verb." + strings.ReplaceAll(verb, ".", "_"); v.words.Has(key) {
		return v.words.T(key)
	}
	return verb
}

func trailRow(v visit, people names, e audit.Recorded) parts.TableRow {
	subject := parts.Cell{Text: subjectText(v, e), To: subjectPath(v, e)}
	return parts.TableRow{Cells: []parts.Cell{
		{Text: v.words.Time(e.At.In(v.at.Location())), Note: origin(v, e)},
		parts.Text(people.of(v, e.Actor)), parts.Text(verbText(v, e.Verb)), subject, {More: pages.Differences(changed(e))},
	}}
}

// origin is where a request came from, as far as it is kept.
func origin(v visit, e audit.Recorded) string {
	if len(e.Address) < 3 {
		return ""
	}
	return v.words.T("trail.network", map[string]any{"code": hex.EncodeToString(e.Address[:3]), "request": e.Request.String})
}

func subjectText(v visit, e audit.Recorded) string {
	kind := e.Kind
	if key := "trail.kind." + kind; v.words.Has(key) {
		kind = v.words.T(key)
	}
	if e.Subject == 0 {
		return kind
	}
	return kind + " " + strconv.FormatInt(e.Subject, 10)
}

// subjectPath leads to what an event is about, where it has a page.
func subjectPath(v visit, e audit.Recorded) string {
	places := map[string]string{"child": "/children/%d", "roster": "/rosters/%d", "bulk": "/bulk/%d", "rule_book": "/rules/%d"}
	place, ok := places[e.Kind]
	if !ok {
		return ""
	}
	for _, p := range v.all {
		if int32(p.ID) == e.Program.Int32 || !e.Program.Valid && len(v.all) == 1 {
			return "/p/" + url.PathEscape(p.Code) + fmt.Sprintf(place, e.Subject)
		}
	}
	return ""
}

// changed is what an event changed, field by field.
func changed(e audit.Recorded) (out []pages.Difference) {
	before, after := facts(e.Before.String), facts(e.After.String)
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, pages.Difference{Name: name, Before: before[name], After: after[name]})
	}
	return out
}

// facts are an event's facts as texts.
func facts(text string) map[string]string {
	var raw map[string]json.RawMessage
	out := map[string]string{}
	if json.Unmarshal([]byte(text), &raw) != nil {
		return out // there are none
	}
	for name, value := range raw {
		out[name] = strings.Trim(string(value), `"`)
	}
	return out
}

// exportTrail is a download of what the trail shows, all pages of it.
func exportTrail(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.exportTrail(g, v, f) }
}

func (c *Console) exportTrail(g *gin.Context, v visit, f sheet.Format) error {
	s, err := readTrail(g, v)
	if err != nil {
		return err
	}
	var people names
	if err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		people, err = c.staffNames(ctx, q, v)
		return err
	}); err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "trail.exported", Kind: "trail", After: map[string]any{"format": string(f), "filter": s.address("")}}}, v.at)
	})
	if err != nil {
		return err
	}
	w := v.words
	columns := []sheet.Column{{Name: w.T("trail.when"), Kind: sheet.Moment}, {Name: w.T("trail.who")}, {Name: w.T("trail.actor_code")}, {Name: w.T("trail.what")}, {Name: w.T("trail.verb_code")},
		{Name: w.T("trail.about")}, {Name: w.T("trail.before")}, {Name: w.T("trail.after")}, {Name: w.T("trail.request")}}
	return web.Stream(g, f.Type(), "trail-"+v.today().String()+"."+string(f), func(to io.Writer) error {
		out, err := sheet.New(to, f, w.T("trail.title"), columns)
		if err != nil {
			return err
		}
		for s.Limit = 1000; ; {
			var events []audit.Recorded
			err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
				events, err = audit.Trail(ctx, q, s.Filter)
				return err
			})
			if err != nil {
				return err
			}
			for _, e := range events {
				err := out.Row(e.At.In(v.at.Location()), people.of(v, e.Actor), e.Actor, verbText(v, e.Verb), e.Verb, subjectText(v, e), e.Before.String, e.After.String, e.Request.String)
				if err != nil {
					return err
				}
			}
			if len(events) < s.Limit {
				return out.Close()
			}
			s.Before = events[len(events)-1].ID
		}
	})
}
