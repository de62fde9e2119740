package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/payout"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// batchesPerPage is how many batches a page lists.
const batchesPerPage = 25

func batchPath(v visit, id payout.BatchID) string {
	return v.base() + "/payments/" + strconv.FormatInt(int64(id), 10)
}

// paymentDesk is what the page of payments reads.
type paymentDesk struct {
	walk       enroll.Walk
	due        []payout.Due
	batches    []payout.Batch
	custodians []custody.Custodian
	payers     map[custody.ID]payout.Payer
	unclaimed  []payout.Claimable
}

func (c *Console) openPayments(g *gin.Context, v visit) (d paymentDesk, err error) {
	before, _ := strconv.ParseInt(g.Query("before"), 10, 64) // nonsense is the first page
	d.payers = map[custody.ID]payout.Payer{}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if d.walk, err = c.walk(ctx, q, v); err != nil {
			return err
		}
		if d.due, err = payout.WhatIsDue(ctx, q, d.walk); err != nil {
			return err
		}
		if d.batches, err = payout.Batches(ctx, q, v.program.ID, payout.BatchID(before), batchesPerPage); err != nil {
			return err
		}
		if d.custodians, err = custody.All(ctx, q, v.program.ID); err != nil {
			return err
		}
		for _, one := range d.custodians { // as many as a program has banks
			payer, err := payout.PayerOf(ctx, q, one.ID)
			if errors.Is(err, payout.ErrNoPayer) {
				continue
			}
			if err != nil {
				return err
			}
			d.payers[one.ID] = payer
		}
		d.unclaimed, err = payout.Unclaimeds(ctx, q, d.walk)
		return err
	})
	return d, err
}

// payments shows what is due, what went out, and what nobody claimed.
func (c *Console) payments(g *gin.Context, v visit) error {
	return c.showPayments(g, v, http.StatusOK, map[string]string{"pay_on": v.today().String()}, nil)
}

func (c *Console) showPayments(g *gin.Context, v visit, status int, typed map[string]string, problems []parts.Problem) error {
	d, err := c.openPayments(g, v)
	if err != nil {
		return err
	}
	w := v.words
	view := pages.Payments{Batches: d.batchTable(v), Payers: d.payerTable(v)}
	view.Due, view.Stopped = d.dueTables(v)
	if len(d.batches) == batchesPerPage {
		view.Batches.Next = v.base() + "/payments?before=" + strconv.FormatInt(int64(d.batches[batchesPerPage-1].ID), 10)
	}
	if v.May(auth.MakePayments) && len(view.Due.Rows) > 0 && len(d.payers) > 0 {
		view.Make = &pages.BatchForm{Post: v.base() + "/payments", Typed: typed}
		for _, m := range payout.Methods {
			view.Make.Methods = append(view.Make.Methods, parts.Choice{Value: string(m), Text: w.T("payments.payee.by." + string(m))})
		}
		for _, one := range d.custodians {
			if _, ok := d.payers[one.ID]; ok {
				view.Make.Custodians = append(view.Make.Custodians, parts.Choice{Value: one.Code, Text: one.Name})
			}
		}
	}
	if len(d.unclaimed) > 0 {
		view.Stale = d.staleTable(v)
	}
	p := c.page(g, v, w.T("payments.pay.title"), parts.Link{Text: w.T("payments.out.title"), To: v.base() + "/withdrawals"})
	p.Lead, p.Problems = w.T("payments.pay.lead"), problems
	return c.hall.Show(g, status, pages.PaymentsPage(p, view))
}

// dueTables are what can be paid now, and what something keeps from it.
func (d paymentDesk) dueTables(v visit) (due, stopped parts.Table) {
	w := v.words
	columns := []parts.Column{{Name: w.T("payments.out.no")}, {Name: w.T("payments.payee.how")}, {Name: w.T("console.child.amount"), Number: true}}
	due = parts.Table{Caption: w.T("payments.pay.due"), Columns: columns}
	stopped = parts.Table{Caption: w.T("payments.pay.stopped"), Columns: []parts.Column{columns[0], {Name: w.T("payments.pay.because")}, columns[2]}}
	var sum ledger.Amount
	for _, one := range d.due {
		no := parts.Linked(one.ID.String(), withdrawalPath(v, one.ID))
		if x, ok := fault.Of(one.Why); ok {
			stopped.Rows = append(stopped.Rows, parts.TableRow{Cells: []parts.Cell{no, parts.Text(w.Fault(x)), parts.Text(w.Money(one.Amount))}})
			continue
		}
		sum = sum.Add(one.Amount)
		due.Rows = append(due.Rows, parts.TableRow{Cells: []parts.Cell{no, parts.Text(w.T("payments.payee.by." + string(one.Method))), parts.Text(w.Money(one.Amount))}})
	}
	due.Foot = []parts.TableRow{{Strong: true, Cells: []parts.Cell{parts.Text(w.T("console.total")), {}, parts.Text(w.Money(sum))}}}
	return due, stopped
}

func batchState(v visit, b payout.Batch) parts.Status {
	tone := map[payout.BatchState]parts.Tone{payout.BatchWaiting: parts.Caution, payout.BatchSent: parts.Info, payout.BatchAcknowledged: parts.Good, payout.BatchRefused: parts.Bad, payout.BatchDissolved: parts.Quiet}[b.State]
	if b.Late(v.today()) {
		return parts.Status{Text: v.words.T("payments.pay.late"), Tone: parts.Bad}
	}
	return parts.Status{Text: v.words.T("payments.pay.batch_is." + string(b.State)), Tone: tone}
}

func (d paymentDesk) batchTable(v visit) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("payments.pay.batches"), Columns: []parts.Column{{Name: w.T("payments.pay.batch")}, {Name: w.T("payments.payee.how")}, {Name: w.T("payments.pay.pay_on")}, {Name: w.T("payments.out.state")}, {Name: w.T("payments.pay.payments"), Number: true}, {Name: w.T("console.total"), Number: true}}}
	for _, b := range d.batches {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{{Text: w.T("payments.pay.no", i18n.Args{"no": int64(b.ID)}), To: batchPath(v, b.ID), Note: d.custodian(b.Custodian)}, parts.Text(w.T("payments.payee.by." + string(b.Method))), parts.Text(w.DateShort(b.PayOn)),
			parts.Tagged(batchState(v, b)), parts.Text(w.Int(b.Payments)), parts.Text(w.Money(b.Total))}})
	}
	return t
}

func (d paymentDesk) custodian(id custody.ID) string {
	for _, one := range d.custodians {
		if one.ID == id {
			return one.Name
		}
	}
	return ""
}

func (d paymentDesk) payerTable(v visit) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("payments.pay.payers"), Columns: []parts.Column{{Name: w.T("console.custody.custodian")}, {Name: w.T("payments.pay.as")}, {Name: w.T("payments.pay.next_check")}}}
	for _, one := range d.custodians {
		cell := parts.Text(one.Name)
		if v.May(auth.ManageCustody) {
			cell.To = v.base() + "/payments/setup/" + one.Code
		}
		row := []parts.Cell{cell, parts.Text(w.T("payments.pay.not_set")), {}}
		if payer, ok := d.payers[one.ID]; ok {
			row[1], row[2] = parts.Text(payer.CompanyName+" · "+payer.BankName), parts.Text(strconv.FormatInt(payer.NextCheck, 10))
		}
		t.Rows = append(t.Rows, parts.TableRow{Cells: row})
	}
	return t
}

func (d paymentDesk) staleTable(v visit) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("payments.pay.stale"), Columns: []parts.Column{{Name: w.T("payments.out.no")}, {Name: w.T("payments.pay.trace")}, {Name: w.T("payments.pay.sent_on")}, {Name: w.T("payments.pay.goes_on")}, {Name: w.T("console.child.amount"), Number: true}}}
	for _, u := range d.unclaimed {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Linked(u.Withdrawal.String(), withdrawalPath(v, u.Withdrawal)), parts.Text(u.Trace), parts.Text(w.DateShort(u.SentOn)), parts.Text(w.DateShort(u.GoesOn)), parts.Text(w.Money(u.Amount))}})
	}
	return t
}

// makeBatch puts what is due into a batch.
func (c *Console) makeBatch(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := map[string]string{}
	for _, name := range []string{"method", "custodian", "pay_on", "reason"} {
		typed[name] = f.Peek(name)
	}
	n := payout.NewBatch{Method: payout.Method(f.Choice("method", "ach", "check", "plan")), PayOn: f.Date("pay_on")}
	code, reason := f.Text("custodian"), f.Block("reason", 500)
	if reason == "" {
		f.Fail("reason", payout.ErrReason)
	}
	var id payout.BatchID
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			if err != nil {
				return err
			}
			if n.Custodian, err = custody.ByCode(ctx, tx, v.program.ID, code); err != nil {
				return err
			}
			id, _, err = payout.MakeBatch(ctx, tx, w, n, reason)
			return err
		})
	}
	if x, ok := fault.Of(err); ok && x.Kind != fault.NotFound {
		problems := web.Problems(v.words, err)
		if problems == nil {
			problems = []parts.Problem{{Field: x.Field, Text: v.words.Fault(x)}}
		}
		return c.showPayments(g, v, web.Status(err), typed, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, batchPath(v, id), "batch_made", 0)
}

func batchID(g *gin.Context) (payout.BatchID, error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, web.ErrNoPage
	}
	return payout.BatchID(id), nil
}

// batch shows one batch, how far it is and what is in it.
func (c *Console) batch(g *gin.Context, v visit) error {
	return c.showBatch(g, v, http.StatusOK, nil, nil)
}

func (c *Console) showBatch(g *gin.Context, v visit, status int, problems []parts.Problem, typed *web.Form) error {
	id, err := batchID(g)
	if err != nil {
		return err
	}
	var b payout.Batch
	var payments []payout.Payment
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if b, err = payout.BatchByID(ctx, q, v.program.ID, id); err == nil {
			payments, err = payout.PaymentsIn(ctx, q, id)
		}
		return err
	})
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("payments.pay.no", i18n.Args{"no": int64(id)}), parts.Link{Text: v.words.T("payments.pay.title"), To: v.base() + "/payments"})
	p.Problems = problems
	return c.hall.Show(g, status, pages.BatchPage(p, batchView(v, b, payments, typed)))
}

func batchView(v visit, b payout.Batch, payments []payout.Payment, typed *web.Form) pages.BatchFile {
	w := v.words
	view := pages.BatchFile{State: batchState(v, b), Stands: w.T("payments.pay.stands." + string(b.State))}
	counts := map[string]int{}
	for _, p := range payments {
		counts[p.State]++
	}
	done := counts["cleared"] + counts["returned"] + counts["stale"] + counts["unclaimed"] + counts["reclaimed"]
	view.Figures = []parts.Figure{{Label: w.T("console.total"), Value: w.Money(b.Total), Major: true}, {Label: w.T("payments.pay.payments"), Value: w.Int(b.Payments)}, {Label: w.T("payments.pay.is.cleared"), Value: w.Int(counts["cleared"])}, {Label: w.T("payments.pay.is.returned"), Value: w.Int(counts["returned"])}}
	if b.FileName != "" {
		view.Work = parts.Work{ID: "batch", Label: w.T("payments.pay.progress"), Done: done, Of: b.Payments, Says: w.T("payments.pay.progress_says", i18n.Args{"done": done, "of": b.Payments})}
		view.Facts = []parts.Row{{Term: w.T("payments.pay.file"), Value: b.FileName}, {Term: "SHA-256", Value: hexOf(b.SHA256)}, {Term: w.T("payments.pay.hash"), Value: b.EntryHash}, {Term: w.T("payments.pay.answer_by"), Value: w.Date(b.AnswerBy)}}
		if b.AnsweredAt != nil {
			view.Facts = append(view.Facts, parts.Row{Term: w.T("payments.pay.answered"), Value: w.Time(b.AnsweredAt.In(v.at.Location())) + ", " + actor(v, b.AnsweredBy) + ": " + b.Reference})
		}
		if v.May(auth.TakePayments) {
			view.File = parts.Link{Text: w.T("payments.pay.take"), To: batchPath(v, b.ID) + "/file"}
		}
	}
	view.Facts = append(view.Facts, parts.Row{Term: w.T("payments.pay.pay_on"), Value: w.Date(b.PayOn)}, parts.Row{Term: w.T("payments.payee.how"), Value: w.T("payments.payee.by." + string(b.Method))},
		parts.Row{Term: w.T("payments.pay.made"), Value: w.Time(b.MadeAt.In(v.at.Location())) + ", " + actor(v, b.MadeBy)})
	if b.Approval != 0 {
		view.Facts = append(view.Facts, parts.Row{Term: w.T("payments.out.approval"), Value: w.T("payments.out.to_request"), To: requestPath(b.Approval)})
	}
	if b.Late(v.today()) {
		view.Late = w.T("payments.pay.late_why", i18n.Args{"on": b.AnswerBy})
	}
	view.Acts = batchActs(v, b, counts, typed)
	view.Table = parts.Table{Caption: w.T("payments.pay.in_batch"), Columns: []parts.Column{{Name: w.T("payments.out.no")}, {Name: w.T("payments.pay.trace")}, {Name: w.T("payments.out.state")}, {Name: w.T("payments.pay.cleared_on")}, {Name: w.T("console.child.amount"), Number: true}}}
	for _, p := range payments {
		no := parts.Linked(p.Withdrawal.String(), withdrawalPath(v, p.Withdrawal))
		cleared := parts.Cell{}
		if !p.ClearedOn.IsZero() {
			cleared = parts.Text(w.DateShort(p.ClearedOn))
		}
		view.Table.Rows = append(view.Table.Rows, parts.TableRow{Cells: []parts.Cell{no, parts.Text(p.Trace), paymentState(v, p), cleared, parts.Text(w.Money(p.Amount))}})
	}
	return view
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(b))
	for _, x := range b {
		out = append(out, digits[x>>4], digits[x&15])
	}
	return string(out)
}

// batchActs are what can be done with a batch where it is.
func batchActs(v visit, b payout.Batch, counts map[string]int, typed *web.Form) (out []pages.ActForm) {
	if !v.May(auth.MakePayments) {
		return nil
	}
	w := v.words
	add := func(what string, quiet, day bool) {
		a := pages.ActForm{Title: w.T("payments.pay.act." + what + ".title"), Lead: w.T("payments.pay.act." + what + ".lead"), Post: batchPath(v, b.ID) + "/act", What: what, Field: "ref-" + what,
			Label: w.T("payments.pay.act." + what + ".label"), Button: w.T("payments.pay.act." + what + ".do"), Quiet: quiet, Short: true}
		if day {
			a.On, a.OnLabel = v.today().String(), w.T("payments.pay.cleared_on")
		}
		if typed != nil && typed.Peek("what") == what {
			a.Value = typed.Peek("ref-" + what)
		}
		out = append(out, a)
	}
	if b.State == payout.BatchSent {
		add("acknowledge", false, false)
	}
	if counts["sent"] > 0 {
		add("clear", false, true)
	}
	if b.State == payout.BatchSent {
		add("refused", true, false)
	}
	if b.State == payout.BatchWaiting {
		add("dissolve", true, false)
	}
	return out
}

// actOnBatch notes the bank's answer, clears, or takes a batch apart.
func (c *Console) actOnBatch(g *gin.Context, v visit) error {
	id, err := batchID(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	what := f.Choice("what", "acknowledge", "clear", "refused", "dissolve")
	reference := f.Text("ref-" + what)
	var on ledger.Date
	if what == "clear" {
		on = f.Date("on-clear")
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			if err != nil {
				return err
			}
			switch what {
			case "acknowledge":
				return payout.Acknowledge(ctx, tx, w, id, reference)
			case "refused":
				return payout.RefusedByBank(ctx, tx, w, id, reference)
			case "dissolve":
				return payout.Dissolve(ctx, tx, w, id, reference)
			}
			_, err = payout.ClearBatch(ctx, tx, w, id, on, reference)
			return err
		})
	}
	if x, ok := fault.Of(err); ok && x.Kind != fault.NotFound {
		problems := web.Problems(v.words, err)
		if problems == nil {
			problems = []parts.Problem{{Field: x.Field, Text: v.words.Fault(x)}}
		}
		return c.showBatch(g, v, web.Status(err), problems, f)
	}
	if err != nil {
		return err
	}
	return web.See(g, batchPath(v, id), "batch_changed", 0)
}

// batchFile hands the file of a batch out, as it was approved.
func (c *Console) batchFile(g *gin.Context, v visit) error {
	id, err := batchID(g)
	if err != nil {
		return err
	}
	var b payout.Batch
	var content []byte
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		w, err := c.walk(ctx, tx, v)
		if err != nil {
			return err
		}
		if b, content, err = payout.BatchFile(ctx, tx, w, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: "payout.file_taken", Kind: "payment_batch", Subject: int64(id), Program: int32(v.program.ID)}}, v.at)
	})
	if err != nil {
		return err
	}
	return web.Stream(g, "application/octet-stream", b.FileName, func(out io.Writer) error {
		_, err := out.Write(content)
		return err
	})
}

// payerForm is how a custodian pays, as it was typed.
func (c *Console) custodianOf(g *gin.Context, v visit) (one custody.Custodian, payer payout.Payer, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if one, err = custody.ByCode(ctx, q, v.program.ID, g.Param("custodian")); err != nil {
			return err
		}
		payer, err = payout.PayerOf(ctx, q, one.ID)
		if errors.Is(err, payout.ErrNoPayer) {
			payer, err = payout.Payer{NextCheck: 1001, AnswerDays: 1, StaleDays: 180, UnclaimedMonths: 36}, nil
		}
		return err
	})
	return one, payer, err
}

var payerFields = []string{"bank_routing", "bank_name", "company_name", "company_id", "next_check", "answer_days", "stale_days", "unclaimed_months"}

// askPayer asks from which account a custodian pays, and as whom.
func (c *Console) askPayer(g *gin.Context, v visit) error {
	one, payer, err := c.custodianOf(g, v)
	if err != nil {
		return err
	}
	typed := map[string]string{"account": strconv.FormatInt(int64(payer.Account), 10), "bank_routing": payer.BankRouting, "bank_name": payer.BankName, "company_name": payer.CompanyName, "company_id": payer.CompanyID,
		"next_check": strconv.FormatInt(payer.NextCheck, 10), "answer_days": strconv.Itoa(payer.AnswerDays), "stale_days": strconv.Itoa(payer.StaleDays), "unclaimed_months": strconv.Itoa(payer.UnclaimedMonths)}
	return c.showPayer(g, v, http.StatusOK, one, typed, nil)
}

func (c *Console) showPayer(g *gin.Context, v visit, status int, one custody.Custodian, typed map[string]string, problems []parts.Problem) error {
	w := v.words
	account := pages.FormField{As: "select", Field: parts.Field{Name: "account", Label: w.T("payments.pay.field.account"), Value: typed["account"]}}
	for _, a := range one.Accounts {
		account.Choices = append(account.Choices, parts.Choice{Value: strconv.FormatInt(int64(a.ID), 10), Text: "…" + a.Ends})
	}
	view := pages.Form{Post: v.base() + "/payments/setup/" + one.Code, Submit: w.T("payments.pay.set"), Back: parts.Link{Text: w.T("payments.pay.title"), To: v.base() + "/payments"}, Fields: []pages.FormField{account}}
	for _, name := range payerFields {
		view.Fields = append(view.Fields, pages.FormField{Field: parts.Field{Name: name, Label: w.T("payments.pay.field." + name), Value: typed[name], MaxLength: 40}})
	}
	p := c.page(g, v, w.T("payments.pay.setup", i18n.Args{"name": one.Name}), parts.Link{Text: w.T("payments.pay.title"), To: v.base() + "/payments"})
	p.Lead, p.Problems = w.T("payments.pay.setup_lead"), problems
	return c.hall.Show(g, status, pages.FormPage(p, view))
}

// setPayer says how a custodian pays.
func (c *Console) setPayer(g *gin.Context, v visit) error {
	one, _, err := c.custodianOf(g, v)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := map[string]string{"account": f.Peek("account")}
	for _, name := range payerFields {
		typed[name] = f.Peek(name)
	}
	payer := payout.Payer{Account: custody.AccountID(f.Int("account", 1, 1<<62)), BankRouting: f.Text("bank_routing"), BankName: f.Text("bank_name"), CompanyName: f.Text("company_name"), CompanyID: f.Text("company_id"),
		NextCheck: int64(f.Int("next_check", 1, 1<<40)), AnswerDays: f.Int("answer_days", 1, 10), StaleDays: f.Int("stale_days", 30, 1000), UnclaimedMonths: f.Int("unclaimed_months", 6, 240)}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			if err == nil {
				err = payout.SetPayer(ctx, tx, w, one, payer)
			}
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showPayer(g, v, web.Status(err), one, typed, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/payments", "payer_set", 0)
}
