package console

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/reconcile"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func dayPath(v visit, code string) string { return v.base() + "/custody/days/" + code }

func dayOn(v visit, code string, on ledger.Date) string {
	return dayPath(v, code) + "?on=" + on.String()
}

// dayFile is what the page of a custodian's day reads.
type dayFile struct {
	reconcile.Custodian
	on     ledger.Date
	day    reconcile.Day
	waits  approval.Request
	signed []reconcile.Certificate
}

// openDay reads a day; without one, the newest that the bank's statements reach.
func (c *Console) openDay(ctx context.Context, q sqlx.QueryerContext, v visit, code, on string) (f dayFile, err error) {
	if f.Custodian, err = reconcile.CustodianByCode(ctx, q, v.program.ID, code); err != nil {
		return f, err
	}
	if f.on, err = ledger.ParseDate(on); err != nil {
		if f.on, err = lastStated(ctx, q, v, f.ID); err != nil {
			return f, err
		}
	}
	if f.day, err = reconcile.Reconcile(ctx, q, v.program, f.Custodian, f.on); err != nil {
		return f, err
	}
	if f.signed, err = reconcile.Certificates(ctx, q, f.Custodian, 12); err != nil {
		return f, err
	}
	f.waits, err = reconcile.Waits(ctx, q, f.Custodian, f.on)
	if errors.Is(err, approval.ErrNone) {
		err = nil
	}
	return f, err
}

func lastStated(ctx context.Context, q sqlx.QueryerContext, v visit, id custody.ID) (on ledger.Date, err error) {
	positions, err := custody.Positions(ctx, q, v.program.ID, v.today())
	on = v.today()
	for _, p := range positions {
		if p.Custodian == id && !p.Stated.IsZero() {
			on = p.Stated
		}
	}
	return on, err
}

// reconDay shows the bank against the books at the end of a day.
func (c *Console) reconDay(g *gin.Context, v visit) error {
	return c.showReconDay(g, v, http.StatusOK, g.Query("on"), nil, "", "")
}

func (c *Console) showReconDay(g *gin.Context, v visit, status int, on string, problems []parts.Problem, reason, why string) error {
	var f dayFile
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		f, err = c.openDay(ctx, q, v, g.Param("custodian"), on)
		return err
	})
	if err != nil {
		return err
	}
	view := f.view(v)
	view.Reason, view.Why = reason, why
	p := c.page(g, v, v.words.T("lines.day_title", map[string]any{"custodian": f.Name, "day": f.on}), parts.Link{Text: v.words.T("console.custody.title"), To: v.base() + "/custody"})
	p.Problems = problems
	return c.hall.Show(g, status, pages.ReconDayPage(p, view))
}

func (f dayFile) view(v visit) pages.ReconDay {
	w, d := v.words, f.day
	view := pages.ReconDay{Self: dayPath(v, f.Code), Name: f.Name, On: f.on.String(), Queue: v.base() + "/custody/lines", State: dayState(v, d), Terms: termRows(v, d)}
	if !d.Stated.IsZero() {
		view.Stated = w.T("lines.stated", map[string]any{"on": d.Stated})
	}
	view.Cash = parts.Row{Term: w.T("lines.cash"), Value: w.Money(d.Cash)}
	view.Apart = parts.Row{Term: w.T("lines.apart"), Value: w.Money(d.Apart())}
	view.Bank = parts.Row{Term: w.T("lines.bank"), Value: w.Money(d.Bank), To: v.base() + "/custody"}
	sums, counts := map[string]ledger.Amount{}, map[string]int{}
	for _, b := range d.Breaks {
		view.Breaks = append(view.Breaks, breakLine(v, b, f.on))
		sums[b.Bucket(f.on)], counts[b.Bucket(f.on)] = sums[b.Bucket(f.on)].Add(b.Amount), counts[b.Bucket(f.on)]+1
	}
	for _, bucket := range reconcile.Buckets {
		if counts[bucket] > 0 {
			view.Ages = append(view.Ages, parts.Figure{Label: w.T("lines.age." + bucket), Value: w.Int(counts[bucket]), Note: w.Money(sums[bucket])})
		}
	}
	for _, s := range f.signed {
		view.Certificates = append(view.Certificates, parts.Link{Text: w.Date(s.On), To: certificatePath(v, f.Code, s.On)})
		if s.On == f.on {
			view.Certificate = certificatePath(v, f.Code, s.On)
		}
	}
	if f.waits.ID != 0 {
		view.Waits = parts.Link{Text: requestName(v, f.waits), To: requestPath(f.waits.ID)}
	}
	if v.May(auth.ClearLines) {
		view.Match = dayPath(v, f.Code) + "/match"
		if f.waits.ID == 0 {
			view.Sign = dayPath(v, f.Code) + "/sign"
		}
	}
	return view
}

func dayState(v visit, d reconcile.Day) parts.Status {
	switch {
	case d.Stated.Before(d.On):
		return parts.Status{Text: v.words.T("lines.state.unstated"), Tone: parts.Quiet}
	case d.Explained():
		return parts.Status{Text: v.words.T("lines.state.holds"), Tone: parts.Good}
	}
	return parts.Status{Text: v.words.T("lines.state.differs", map[string]any{"amount": d.Unexplained()}), Tone: parts.Caution}
}

// termRows are the books' side, each figure a link to its lines.
func termRows(v visit, d reconcile.Day) (rows []parts.Row) {
	for _, t := range d.Terms {
		name := v.words.T("lines.term." + t.Name)
		if t.Fund != "" && (t.Name == "program" || t.Name == "uncommitted" || t.Name == "to_be_wired") {
			name += " (" + t.Fund + ")"
		}
		row := parts.Row{Term: name, Value: v.words.Money(t.Amount)}
		if v.May(auth.SeeBooks) && t.FundID != 0 {
			row.To = linesOf(v, t.Charts[0], t.FundID, ledger.Period{Last: d.On}, 0, "")
			if len(t.Charts) > 1 {
				row.To = linesOf(v, 0, t.FundID, ledger.Period{Last: d.On}, 0, "")
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func breakLine(v visit, b reconcile.Break, on ledger.Date) pages.BreakLine {
	w := v.words
	line := pages.BreakLine{Name: w.T("lines.kind." + string(b.Kind)), Since: b.Since, Amount: b.Amount, Note: b.Note, Owner: lineOwner(v, b.Owner), Age: w.N("lines.days", max(on.DaysSince(b.Since), 0))}
	switch b.Kind {
	case reconcile.InBank:
		line.What, line.Box, line.Value = natureName(w, custody.Nature(b.What)), "line", text64(int64(b.Line))
		line.To = linesPath(v, reconcile.Place{Day: b.Since, Line: b.Line, Deposit: -1}.String())
	case reconcile.InBooks:
		line.What, line.Box, line.Value, line.To = movementName(v, b.What), "tx", text64(int64(b.Tx)), txPath(v, b.Tx)
	case reconcile.Timing:
		line.What, line.Box, line.Value, line.To = w.T("lines.until", map[string]any{"on": b.Until}), "match_id", text64(int64(b.Match)), txPath(v, b.Tx)
	}
	return line
}

// matchLines matches by hand, takes apart, or notes who sees to it.
func (c *Console) matchLines(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	on, why, act := f.Optional("on"), f.Optional("why"), f.Optional("act")
	var lines []custody.LineID
	var entries []ledger.TxNo
	for _, s := range f.All("line") {
		lines = append(lines, custody.LineID(number64(s)))
	}
	for _, s := range f.All("tx") {
		entries = append(entries, ledger.TxNo(number64(s)))
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			if err != nil {
				return err
			}
			one, err := reconcile.CustodianByCode(ctx, tx, v.program.ID, g.Param("custodian"))
			if err != nil {
				return err
			}
			return handMatch(ctx, tx, w, one, act, lines, entries, f.All("match_id"), why)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		for i := range problems {
			if problems[i].Field == "reason" {
				problems[i].Field = "why"
			}
		}
		return c.showReconDay(g, v, web.Status(err), on, problems, "", why)
	}
	if err != nil {
		return err
	}
	return web.See(g, dayPath(v, g.Param("custodian"))+"?on="+on, "line_"+act, 0)
}

func handMatch(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, c reconcile.Custodian, act string, lines []custody.LineID, entries []ledger.TxNo, matches []string, why string) error {
	switch act {
	case "unmatch":
		for _, m := range matches {
			if err := reconcile.Unmatch(ctx, tx, w, c, reconcile.MatchID(number64(m)), why); err != nil {
				return err
			}
		}
		if len(matches) == 0 {
			return reconcile.ErrNothing
		}
		return nil
	case "note":
		for _, l := range lines {
			if err := reconcile.Decide(ctx, tx, w, reconcile.Decision{Line: l, Act: reconcile.ActNote, Reason: why, Owner: w.Who.Actor}); err != nil {
				return err
			}
		}
		for _, no := range entries {
			if err := reconcile.Assign(ctx, tx, w, c, no, w.Who.Actor, why); err != nil {
				return err
			}
		}
		if len(lines)+len(entries) == 0 {
			return reconcile.ErrNothing
		}
		return nil
	}
	return reconcile.Match(ctx, tx, w, c, lines, entries, why)
}

// signDay has the signature of a day wait for another person.
func (c *Console) signDay(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	text, reason := f.Optional("on"), f.Block("reason", 4000)
	var id approval.ID
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			one, err := reconcile.CustodianByCode(ctx, tx, v.program.ID, g.Param("custodian"))
			if err != nil {
				return err
			}
			on, err := ledger.ParseDate(text)
			if err != nil || on.After(v.today()) {
				return web.ErrNoPage
			}
			id, err = reconcile.Propose(ctx, tx, v.Who(), v.program, one, on, reason, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showReconDay(g, v, web.Status(err), text, problems, reason, "")
	}
	if err != nil {
		return err
	}
	return web.See(g, requestPath(id), "request_asked", 0)
}

func certificatePath(v visit, code string, on ledger.Date) string {
	return dayPath(v, code) + "/" + on.String() + "/certificate"
}

// certificateOf is the signed day that an address names.
func (c *Console) certificateOf(g *gin.Context, v visit) (one reconcile.Custodian, s reconcile.Certificate, err error) {
	on, err := ledger.ParseDate(g.Param("day"))
	if err != nil {
		return one, s, web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if one, err = reconcile.CustodianByCode(ctx, q, v.program.ID, g.Param("custodian")); err != nil {
			return err
		}
		var ok bool
		if s, ok, err = reconcile.CertificateOf(ctx, q, one, on); err == nil && !ok {
			err = web.ErrNoPage
		}
		return err
	})
	return one, s, err
}

func certificateView(v visit, one reconcile.Custodian, s reconcile.Certificate) (view pages.ReconCertificate, err error) {
	d, err := s.Day()
	if err != nil {
		return view, err
	}
	w := v.words
	view = pages.ReconCertificate{Program: v.program.Name, Name: one.Name, On: w.Date(s.On), PDF: certificatePath(v, one.Code, s.On) + ".pdf", Terms: termRows(v, d)}
	view.Totals = []parts.Row{{Term: w.T("lines.cash"), Value: w.Money(d.Cash)}, {Term: w.T("lines.apart"), Value: w.Money(d.Apart())}, {Term: w.T("lines.bank"), Value: w.Money(d.Bank)}}
	view.Facts = []parts.Row{{Term: w.T("lines.program"), Value: v.program.Name}, {Term: w.T("lines.custodian"), Value: one.Name}, {Term: w.T("lines.day"), Value: w.Date(s.On)},
		{Term: w.T("lines.stated_on"), Value: w.Date(d.Stated)}, {Term: w.T("lines.state_name"), Value: dayState(v, d).Text}}
	for _, b := range d.Breaks {
		view.Breaks = append(view.Breaks, breakLine(v, b, s.On))
	}
	view.Signatures = []parts.Row{{Term: w.T("lines.prepared"), Value: actor(v, s.Prepared)}, {Term: w.T("lines.reason"), Value: s.Reason}, {Term: w.T("lines.agreed"), Value: actor(v, s.Signed)},
		{Term: w.T("lines.agreed_at"), Value: w.Time(s.At.In(v.at.Location()))}, {Term: w.T("lines.request"), Value: s.Approval}, {Term: w.T("lines.fingerprint"), Value: hex.EncodeToString(s.Hash)}}
	return view, nil
}

// certificate shows a signed day as it prints.
func (c *Console) certificate(g *gin.Context, v visit) error {
	one, s, err := c.certificateOf(g, v)
	if err != nil {
		return err
	}
	view, err := certificateView(v, one, s)
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("lines.certificate_title", map[string]any{"custodian": one.Name, "day": s.On}),
		parts.Link{Text: v.words.T("console.custody.title"), To: v.base() + "/custody"}, parts.Link{Text: one.Name, To: dayOn(v, one.Code, s.On)})
	return c.show(g, pages.ReconCertificatePage(p, view))
}
