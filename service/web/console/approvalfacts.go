package console

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/bulk"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/payout"
	"seedbook/service/roster"
	"seedbook/service/statement"
	"seedbook/service/web/parts"
)

// facts are what a request says of itself, and of what its kind needs.
func (f *requestFile) facts(v visit) []parts.Row {
	w := v.words
	rows := []parts.Row{{Term: w.T("console.approval.asked_by"), Value: actor(v, f.MakerWho(v.Tenant).Actor)}, {Term: w.T("console.approval.asked_at"), Value: w.Time(f.MadeAt.In(v.at.Location()))}}
	add := func(key, value, to string) {
		if value != "" {
			rows = append(rows, parts.Row{Term: w.T("console.approval.fact." + key), Value: value, To: to})
		}
	}
	addPaper := func(id fund.DocumentID) {
		if id != 0 {
			add("paper", w.T("console.receipt.paper_no", map[string]any{"no": strconv.FormatInt(int64(id), 10)}), fundDocumentPath(v, id))
		}
	}
	switch f.Kind {
	case approval.Correction:
		f.correctionFacts(v, add)
	case approval.Roster:
		f.rosterFacts(v, add)
	case approval.Undo:
		f.undoneFacts(v, add)
	case approval.Receipt:
		var e fund.Entering
		if json.Unmarshal(f.says.Details, &e) == nil {
			add("fund", f.funds[e.Fund].Name, v.base()+"/funds")
			add("receipt", w.T("console.receipt.kinds."+string(e.Kind)), "")
			add("amount", w.Money(e.Amount), "")
			add("day", w.Date(e.On), "")
			add("reference", e.Reference, "")
			addPaper(e.Document)
		}
	case approval.Bulk:
		f.bulkFacts(v, add)
	case approval.Reconciliation:
		f.dayFacts(v, add)
	case approval.Period, approval.Reopen:
		f.periodFacts(v, add)
	case approval.Fund:
		var o fund.Opening
		if json.Unmarshal(f.says.Details, &o) == nil {
			add("code", o.Code, "")
			add("name", o.Name, "")
			add("funder", o.Funder, "")
			add("purpose", o.Purpose, "")
			addPaper(o.Document)
		}
	case approval.Settings:
		f.settingFacts(v, add)
	case approval.Forfeiture:
		f.settlingFacts(v, add)
	case approval.Withdrawal:
		f.withdrawalFacts(v, add)
	case approval.Payee:
		var e payout.PayeeEntry
		if json.Unmarshal(f.says.Details, &e) == nil {
			add("payee", w.T("payments.payee.is."+string(e.Kind)), payeePath(v, e.Payee))
			add("how", w.T("payments.payee.by."+string(e.Method))+ends(e.Ends), "")
		}
	case approval.Payments:
		var a payout.BatchAgreement
		if json.Unmarshal(f.says.Details, &a) == nil {
			add("batch", w.T("payments.pay.no", i18n.Args{"no": int64(a.Batch)}), batchPath(v, a.Batch))
			add("how", w.T("payments.payee.by."+string(a.Method)), "")
			add("rows", w.Int(len(a.Payments)), "")
			add("day", w.Date(a.PayOn), "")
		}
	case approval.Run:
		var o jobs.Ordering
		if json.Unmarshal(f.says.Details, &o) == nil {
			add("job", jobName(v, o.Job), "")
			add("day", w.Date(o.AsOf), "")
			add("dry_run", strconv.FormatInt(o.DryRun, 10), runPath(v, o.DryRun))
		}
	case approval.Limits:
		var l approval.Limit
		if json.Unmarshal(f.says.Details, &l) == nil {
			add("limit", limitName(v, l), "/approvals/limits")
			add("children", limitChildren(v, l.Children), "")
			add("amount", limitAmount(v, l.Amount, "any"), "")
			add("double", limitAmount(v, l.DoubleAbove, "never"), "")
		}
	}
	rows = append(rows, parts.Row{Term: w.T("console.approval.fingerprint"), Value: hex.EncodeToString(f.Hash)[:12]})
	if f.Revision > 1 {
		rows = append(rows, parts.Row{Term: w.T("console.approval.revision"), Value: w.Int(f.Revision)})
	}
	return rows
}

func (f *requestFile) correctionFacts(v visit, add func(key, value, to string)) {
	c, err := enroll.ReadCorrection(f.Request)
	if err != nil {
		return
	}
	add("mistake", v.words.T("console.correct.mistakes."+string(c.Mistake)), "")
	add("deposit", strconv.FormatInt(int64(c.Deposit), 10), "")
	says := func(child family.ChildID, amount ledger.Amount, on ledger.Date) string {
		name := v.words.T("console.correct.suspense")
		if child != 0 {
			name = listName(v, enroll.Row{Person: f.people[child].Person, Erased: f.people[child].Erased})
		}
		return v.words.T("console.correct.booking", i18n.Args{"child": name, "amount": amount, "on": on})
	}
	add("booked", says(c.Booked.Child, c.Booked.Amount, c.Booked.On), "")
	add("should", says(c.Child, c.Amount, c.On), "")
}

// settlingFacts tell who left, why and when, and what leaves the account.
func (f *requestFile) settlingFacts(v visit, add func(key, value, to string)) {
	s, err := enroll.ReadSettling(f.Request)
	if err != nil {
		return
	}
	w := v.words
	add("child", w.T("childfile.tab.child"), childPath(v, s.Child))
	add("cause", w.T("childfile.reason."+string(s.Cause)), "")
	add("day", w.Date(s.On), "")
	for _, p := range s.Parts {
		what := w.T("childfile.deposits")
		if p.Benefit != "" {
			what = benefitName(v, f.book, p.Benefit)
		}
		add("leaves", w.Money(p.Amount)+" · "+what+" · "+w.T("childfile.to."+string(p.Destination)), "")
	}
}

// bulkFacts tell what is done with how many.
func (f *requestFile) bulkFacts(v visit, add func(key, value, to string)) {
	var a bulk.Agreement
	if json.Unmarshal(f.says.Details, &a) != nil {
		return
	}
	told := bulkFile{book: f.book, schools: f.schools}
	add("bulk", told.says(v, a.Order), bulkPath(v, a.Bulk))
	if !a.Order.On.IsZero() {
		add("day", v.words.Date(a.Order.On), "")
	}
	add("hold_why", a.Order.Why, "")
	add("whom", a.Whom[:12], "")
}

// withdrawalFacts tell what is paid, to whom and from whose money.
func (f *requestFile) withdrawalFacts(v visit, add func(key, value, to string)) {
	a, err := payout.ReadAgreement(f.Request)
	if err != nil {
		return
	}
	w := v.words
	add("withdrawal", a.Withdrawal.String(), withdrawalPath(v, a.Withdrawal))
	add("child", w.T("childfile.tab.child"), childPath(v, a.Child))
	add("purpose", strings.TrimSuffix(w.T("payments.out.for."+string(a.Purpose))+" · "+expenseName(v, a.Expense), " · "), "")
	add("payee", strconv.FormatInt(int64(a.Payee), 10), payeePath(v, a.Payee))
	for _, p := range a.Parts {
		what := w.T("childfile.deposits")
		if p.Benefit != "" {
			what = benefitName(v, f.book, p.Benefit)
		}
		add("leaves", strings.TrimSuffix(w.Money(p.Amount)+" · "+what+" · "+p.Fund, " · "), "")
	}
}

func (f *requestFile) rosterFacts(v visit, add func(key, value, to string)) {
	var a roster.Commitment
	if json.Unmarshal(f.says.Details, &a) != nil {
		return
	}
	w := v.words
	add("roster", strconv.FormatInt(int64(a.Batch), 10), rosterPath(v, a.Batch))
	add("rows", w.Int(a.Counts.Rows), "")
	add("new", w.Int(a.Counts.By[roster.New]), "")
	add("changed", w.Int(a.Counts.By[roster.Changed]), "")
	add("eligible", w.Int(a.Preview.Eligible), "")
	add("file", a.SHA256[:12], "")
}

// reissue lists the issued statements that a correction makes out of date.
func (c *Console) reissue(ctx context.Context, q sqlx.QueryerContext, v visit, says approval.Content) ([]parts.Link, error) {
	var x enroll.Correcting
	if err := json.Unmarshal(says.Details, &x); err != nil {
		return nil, err
	}
	var out []parts.Link
	for _, child := range x.Children() {
		issued, err := statement.Of(ctx, q, v.program.ID, child)
		if err != nil {
			return nil, err
		}
		for _, s := range issued {
			if s.Last.Before(x.Booked.On) && s.Last.Before(x.On) {
				continue
			}
			out = append(out, parts.Link{Text: statement.PeriodName(v.words, s.Span()), To: childPath(v, s.Child) + "/statements/" + s.Period})
		}
	}
	return out, nil
}
