package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/countersign"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// txFile is everything a transaction's page is made of.
type txFile struct {
	entries []ledger.Movement
	people  map[family.ChildID]family.Child
	funds   map[ledger.FundID]fund.Fund
	book    *rules.Book
	deposit savings.DepositState // that it booked
	refused *fault.Fault         // why it is not corrected by hand
	request approval.Request     // that waits about it
	proof   *ledger.Proof        // nil: not sealed yet
	sound   bool                 // the proof, worked out anew
}

func txPath(v visit, no ledger.TxNo) string {
	return v.base() + "/journal/" + strconv.FormatInt(int64(no), 10)
}

func txNo(g *gin.Context) (ledger.TxNo, error) {
	no, err := strconv.ParseInt(g.Param("tx"), 10, 64)
	if err != nil || no < 1 {
		return 0, web.ErrNoPage
	}
	return ledger.TxNo(no), nil
}

func (c *Console) openTx(ctx context.Context, q sqlx.QueryerContext, v visit, no ledger.TxNo) (f txFile, err error) {
	if f.entries, err = ledger.Transaction(ctx, q, v.program.Book, no); err != nil {
		return f, err
	}
	if len(f.entries) == 0 {
		return f, web.ErrNoPage
	}
	var effects []approval.Effect
	for _, e := range f.entries {
		effects = append(effects, approval.Effect{Child: e.Child})
	}
	if f.people, err = c.peopleIn(ctx, q, v, effects); err != nil {
		return f, err
	}
	funds, err := fund.All(ctx, q, v.program.ID)
	if err != nil {
		return f, err
	}
	f.funds = map[ledger.FundID]fund.Fund{}
	for _, one := range funds {
		f.funds[one.ID] = one
	}
	if f.book, err = rulesOrNone(ctx, q, v); err != nil {
		return f, err
	}
	return f, f.correctable(ctx, q, v)
}

// correctable finds the deposit that the transaction booked, and why it is not
// to be corrected by hand.
func (f *txFile) correctable(ctx context.Context, q sqlx.QueryerContext, v visit) (err error) {
	f.deposit, err = savings.DepositOf(ctx, q, v.program, f.entries[0])
	if errors.Is(err, savings.ErrNotOurs) || errors.Is(err, savings.ErrNoDeposit) {
		f.refused = savings.ErrNotOurs
		return nil
	}
	if err != nil {
		return err
	}
	if f.deposit.State != "posted" && f.deposit.State != "suspense" {
		f.refused = savings.ErrDepositState.With(map[string]any{"State": f.deposit.State})
	}
	f.request, err = approval.Open(ctx, q, approval.Correction, enroll.CorrectionSubject(f.deposit.ID))
	if errors.Is(err, approval.ErrNone) {
		return nil
	}
	return err
}

func (f txFile) children() []family.ChildID {
	r := requestFile{people: f.people}
	return r.children()
}

// transaction shows one transaction: what, why, its entries, its approval and
// its proof.
func (c *Console) transaction(g *gin.Context, v visit) error {
	no, err := txNo(g)
	if err != nil {
		return err
	}
	var f txFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if f, err = c.openTx(ctx, q, v, no); err != nil {
			return err
		}
		f.proof, f.sound, err = c.proofOf(ctx, q, v, no)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "transaction.viewed", f.children()); err != nil {
		return err
	}
	view := f.view(v, no)
	rows, outside := c.proofView(v, no, f.proof, f.sound)
	view.Proof, view.Outside = append(view.Proof, rows...), outside
	p := c.page(g, v, v.words.T("console.tx.title", map[string]any{"no": strconv.FormatInt(int64(no), 10)}), parts.Link{Text: v.words.T("console.nav.books"), To: v.base() + "/books"}, parts.Link{Text: v.words.T("money.journal.title"), To: v.base() + "/journal"})
	return c.show(g, pages.TransactionPage(p, view))
}

func (f txFile) view(v visit, no ledger.TxNo) pages.Transaction {
	view := pages.Transaction{Facts: f.facts(v), Why: f.why(v)}
	for _, e := range f.entries {
		line := pages.JournalEntry{Account: chartName(v, e.Chart), Lines: v.base() + "/journal?account=" + strconv.FormatInt(int64(e.ID), 10), Fund: f.funds[e.Fund].Name,
			Debit: e.Amount.Neg().Max(ledger.Amount{}), Credit: e.Amount.Max(ledger.Amount{}), After: e.BalanceAfter}
		if id := family.ChildID(e.Child); e.Child != 0 {
			line.Who, line.To = listName(v, enroll.Row{Person: f.people[id].Person, Erased: f.people[id].Erased}), childPath(v, id)
		}
		view.Entries = append(view.Entries, line)
	}
	first := f.entries[0]
	view.Proof = []parts.Row{
		{Term: v.words.T("console.tx.key"), Value: first.Key},
		{Term: v.words.T("console.tx.number"), Value: strconv.FormatInt(int64(no), 10)},
		{Term: v.words.T("console.tx.checked"), Value: v.words.T("console.tx.verify"), To: v.base() + "/books"},
	}
	switch {
	case !v.May(auth.Correct):
	case f.request.ID != 0:
		view.Request = parts.Link{Text: requestName(v, f.request), To: requestPath(f.request.ID)}
	case f.refused != nil:
		view.Refused = v.words.Fault(f.refused)
	default:
		view.Correct = txPath(v, no) + "/correct"
	}
	return view
}

func (f txFile) facts(v visit) []parts.Row {
	w, m := v.words, f.entries[0]
	var rows []parts.Row
	add := func(key, value, to string) {
		if value != "" {
			rows = append(rows, parts.Row{Term: w.T("console.tx.fact." + key), Value: value, To: to})
		}
	}
	add("kind", named(v, "console.move.", m.Kind), "")
	add("on", w.Date(m.Effective), "")
	add("concerns", w.Date(m.Concerns), "")
	add("posted", w.Time(m.PostedAt.In(v.at.Location())), "")
	add("maker", actor(v, m.Maker), "")
	text, to := f.approved(v, m.Approval)
	add("approval", text, to)
	add("source", m.Source, "")
	if m.Reverses != 0 {
		add("reverses", strconv.FormatInt(int64(m.Reverses), 10), txPath(v, m.Reverses))
	}
	if m.ReversedBy != 0 {
		add("reversed", strconv.FormatInt(int64(m.ReversedBy), 10), txPath(v, m.ReversedBy))
	}
	return rows
}

// approved is what a transaction rests on, and where that is to be seen.
func (f txFile) approved(v visit, ref string) (text, to string) {
	name, by, _ := strings.Cut(ref, " ")
	if number, ok := strings.CutPrefix(name, "approval/"); ok {
		return v.words.T("console.tx.approved_by", map[string]any{"no": number, "by": actor(v, by)}), "/approvals/" + number
	}
	if strings.HasPrefix(name, "award_excesses/") {
		return actor(v, by), v.base() + "/excesses"
	}
	return ref, ""
}

// why is the explanation that the posting carries.
func (f txFile) why(v visit) []string {
	facts := f.entries[0].Facts
	if facts == "" {
		return nil
	}
	if why, err := rules.ParseWhy(facts); err == nil && why.Reason != "" {
		return rules.Explain(v.words, why)
	}
	return nil
}

// askCorrection asks how a posting should have been booked.
func (c *Console) askCorrection(g *gin.Context, v visit) error {
	f, view, err := c.correctable(g, v)
	if err != nil {
		return err
	}
	d := f.deposit
	view.Mistake, view.Amount, view.On, view.Nobody = string(savings.WrongChild), d.Amount.String(), d.On.String(), d.Child == 0
	return c.showCorrection(g, v, http.StatusOK, view, nil)
}

// correctable opens the transaction of the address for correction.
func (c *Console) correctable(g *gin.Context, v visit) (f txFile, view pages.Correct, err error) {
	no, err := txNo(g)
	if err != nil {
		return f, view, err
	}
	var account savings.Account
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if f, err = c.openTx(ctx, q, v, no); err != nil || f.refused != nil || f.deposit.Child == 0 {
			return err
		}
		e, err := enroll.Of(ctx, q, v.program.ID, f.deposit.Child)
		account = e.ID.Account()
		return err
	})
	if err == nil && f.refused != nil {
		err = f.refused
	}
	if err != nil {
		return f, view, err
	}
	if err := c.viewed(g, v, "transaction.viewed", f.children()); err != nil {
		return f, view, err
	}
	d := f.deposit
	view.Post = txPath(v, no) + "/correct"
	if d.Child != 0 {
		view.Account = account.String()
	}
	for _, m := range savings.Mistakes {
		view.Mistakes = append(view.Mistakes, parts.Choice{Value: string(m), Text: v.words.T("console.correct.mistakes." + string(m))})
	}
	who, to := v.words.T("console.correct.suspense"), ""
	if d.Child != 0 {
		who, to = listName(v, enroll.Row{Person: f.people[d.Child].Person, Erased: f.people[d.Child].Erased}), childPath(v, d.Child)
	}
	view.Booked = []parts.Row{
		{Term: v.words.T("console.tx.child"), Value: who, To: to}, {Term: v.words.T("console.deposits.amount"), Value: v.words.Money(d.Amount)},
		{Term: v.words.T("console.deposits.day"), Value: v.words.Date(d.On)}, {Term: v.words.T("console.deposits.channel"), Value: channel(v, d.Channel)},
		{Term: v.words.T("console.deposits.reference"), Value: d.Reference},
	}
	return f, view, nil
}

func (c *Console) showCorrection(g *gin.Context, v visit, status int, view pages.Correct, problems []parts.Problem) error {
	p := c.page(g, v, v.words.T("console.correct.title", map[string]any{"no": g.Param("tx")}),
		parts.Link{Text: v.words.T("console.nav.books"), To: v.base() + "/books"}, parts.Link{Text: v.words.T("console.tx.title", map[string]any{"no": g.Param("tx")}), To: strings.TrimSuffix(view.Post, "/correct")})
	p.Lead, p.Problems = v.words.T("console.correct.lead"), problems
	return c.hall.Show(g, status, pages.CorrectPage(p, view))
}

// correct shows what a correction would do, and then has it wait for another
// person.
func (c *Console) correct(g *gin.Context, v visit) error {
	f, view, err := c.correctable(g, v)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	x := savings.Correction{Deposit: f.deposit.ID}
	step := form.Choice("step", "preview", "ask")
	view.Mistake = form.Choice("mistake", string(savings.WrongChild), string(savings.WrongAmount), string(savings.WrongDate))
	view.Nobody, view.Account = form.Checked("nobody"), form.Optional("account")
	view.Amount, view.On, view.Reason = form.Optional("amount"), form.Optional("on"), form.Block("reason", 4000)
	x.Mistake, x.Amount, x.On = savings.Mistake(view.Mistake), form.Amount("amount"), form.Date("on")
	if x.On.After(v.today()) {
		form.Fail("on", errFutureDay)
	}
	if strings.TrimSpace(view.Reason) == "" {
		form.Fail("reason", approval.ErrReason)
	}
	var id approval.ID
	if err = form.Err(); err == nil {
		id, err = c.proposeCorrection(g, v, x, step, &view)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showCorrection(g, v, web.Status(err), view, problems)
	}
	if notFound, ok := fault.Of(err); ok && errors.Is(err, savings.ErrNoChild) {
		return c.showCorrection(g, v, http.StatusUnprocessableEntity, view, []parts.Problem{{Field: "account", Text: v.words.Fault(notFound)}})
	}
	if err != nil {
		return err
	}
	if step == "preview" {
		return c.showCorrection(g, v, http.StatusOK, view, nil)
	}
	return web.See(g, requestPath(id), "request_asked", 0)
}

// errFutureDay reports a day that has not come.
var errFutureDay = fault.New(fault.Invalid, "console.correct.future")

// proposeCorrection works out what a correction would do, into the view, and has
// it wait for another person where that is the step.
func (c *Console) proposeCorrection(g *gin.Context, v visit, x savings.Correction, step string, view *pages.Correct) (id approval.ID, err error) {
	var account savings.Account
	if !view.Nobody {
		if account, err = savings.ParseAccount(view.Account); err != nil {
			return 0, savings.ErrAccountNo.At("account")
		}
	}
	work := func(ctx context.Context, q sqlx.QueryerContext) error {
		if !view.Nobody {
			children, err := savings.Holders(ctx, q, v.program.ID, []savings.Account{account})
			if err != nil {
				return err
			}
			if children[0] == 0 {
				return errNoAccount.At("account")
			}
			x.Child = children[0]
		}
		content, err := countersign.PreviewCorrection(ctx, q, c.desk(v), v.program, x)
		if err != nil {
			return err
		}
		people, err := c.peopleIn(ctx, q, v, content.Effects)
		if err != nil {
			return err
		}
		book, err := rulesOrNone(ctx, q, v)
		if err != nil {
			return err
		}
		view.Effects, view.Total, view.Ready = effectLines(v, content.Effects, people, nil, book), content.Total, true
		view.Reissue, err = c.reissue(ctx, q, v, content)
		return err
	}
	if step == "preview" {
		return 0, c.read(g, v, work)
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := work(ctx, tx); err != nil {
			return err
		}
		id, err = countersign.ProposeCorrection(ctx, tx, c.desk(v), v.program, x, view.Reason)
		return err
	})
	return id, err
}
