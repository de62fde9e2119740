package payout

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/fund"
)

// happening is what happens to a payment, and how it is written into the books.
type happening struct {
	kind     string
	from, to ledger.Chart
	child    [2]bool // which of the two accounts is of the child
	// cash is where money that came back from a state lies: a funder's fund at the
	// program's own bank, the families' with the custodian who holds it.
	cash bool
}

var (
	issued    = happening{kind: "payment_issued", from: ledger.WithdrawalsPayable, to: ledger.DisbursementsTransit, child: [2]bool{true, true}}             // P30
	cleared   = happening{kind: "payment_cleared", from: ledger.DisbursementsTransit, to: ledger.CustodialCash, child: [2]bool{true, false}}                // P31
	arrived   = happening{kind: "transfer_cleared", from: ledger.TransfersTransit, to: ledger.CustodialCash, child: [2]bool{true, false}}                   // P34
	bounced   = happening{kind: "payment_returned", from: ledger.DisbursementsTransit, to: ledger.WithdrawalsPayable, child: [2]bool{true, true}}           // P32
	staled    = happening{kind: "check_stale", from: ledger.DisbursementsTransit, to: ledger.UnclaimedProperty, child: [2]bool{true, true}}                 // P41
	revived   = happening{kind: "check_reissued", from: ledger.UnclaimedProperty, to: ledger.WithdrawalsPayable, child: [2]bool{true, true}}                // P41 back
	remitted  = happening{kind: "unclaimed_remitted", from: ledger.UnclaimedProperty, to: ledger.CustodialCash, child: [2]bool{true, false}}                // P42
	reclaimed = happening{kind: "unclaimed_reclaimed", from: ledger.RestrictedCash, to: ledger.WithdrawalsPayable, child: [2]bool{false, true}, cash: true} // P43
)

// share is what of a payment is of one fund.
type share struct {
	Payment PaymentID     `db:"payment_id"`
	Fund    ledger.FundID `db:"fund_id"`
	Family  bool          `db:"family"`
	Child   int64         `db:"child_id"`
	Amount  ledger.Amount `db:"amount"`
}

// payments writes what happened to payments into the books, one transaction a
// payment, all in one batch.
func (p poster) payments(ctx context.Context, tx *sqlx.Tx, payments []Payment, h happening) error {
	if len(payments) == 0 {
		return nil
	}
	ids := make([]int64, len(payments))
	for i, one := range payments {
		ids[i] = int64(one.ID)
	}
	const query = `
		SELECT y.id AS payment_id, x.fund_id, f.kind = 'family' AS family, a.child_id, sum(x.amount) AS amount
		FROM payments y
		JOIN withdrawal_parts x ON x.tenant_id = y.tenant_id AND x.withdrawal_id = y.withdrawal_id
		JOIN ledger_accounts a ON a.book_id = $2 AND a.id = x.account_id
		JOIN funds f ON f.tenant_id = y.tenant_id AND f.id = x.fund_id
		WHERE y.id = ANY ($1)
		GROUP BY y.id, x.fund_id, f.kind, a.child_id ORDER BY y.id, x.fund_id, a.child_id`
	var shares []share
	if err := sqlx.SelectContext(ctx, tx, &shares, query, pq.Array(ids), p.w.Program.Book); err != nil {
		return fmt.Errorf("shares of %d payments: %w", len(ids), err)
	}
	accounts := make([]ledger.Account, 0, 2*len(shares))
	for _, s := range shares {
		accounts = append(accounts, h.account(0, h.from, s), h.account(1, h.to, s))
	}
	at, err := ledger.EnsureAccounts(ctx, tx, p.w.Program.Book, accounts)
	if err != nil {
		return err
	}
	sums := map[PaymentID][]ledger.Entry{}
	for i, s := range shares {
		sums[s.Payment] = add(add(sums[s.Payment], at[2*i], s.Amount.Neg()), at[2*i+1], s.Amount)
	}
	return p.postEach(ctx, tx, payments, h, sums)
}

// account is one side of what happens.
func (h happening) account(side int, chart ledger.Chart, s share) ledger.Account {
	if h.cash && side == 0 && s.Family {
		chart = ledger.CustodialCash
	}
	a := ledger.Account{Chart: chart, Fund: s.Fund}
	if h.child[side] {
		a.Child = s.Child
	}
	return a
}

func add(entries []ledger.Entry, id ledger.AccountID, amount ledger.Amount) []ledger.Entry {
	if i := slices.IndexFunc(entries, func(e ledger.Entry) bool { return e.Account == id }); i >= 0 {
		entries[i].Amount = entries[i].Amount.Add(amount)
		return entries
	}
	return append(entries, ledger.Entry{Account: id, Amount: amount})
}

func (p poster) postEach(ctx context.Context, tx *sqlx.Tx, payments []Payment, h happening, entries map[PaymentID][]ledger.Entry) error {
	days, err := fund.OpenDays(ctx, tx, p.w.Program)
	if err != nil {
		return err
	}
	effective, concerns := days.Place(p.w.AsOf)
	postings := make([]ledger.Posting, len(payments))
	for i, one := range payments {
		postings[i] = ledger.Posting{Key: h.key(one.ID), Kind: h.kind, Effective: effective, Concerns: concerns, Entries: entries[one.ID],
			Maker: p.maker.Actor, Approval: p.approval, Source: strings.TrimSpace(one.Withdrawal.String() + " " + one.Trace)}
	}
	if _, err := ledger.Post(ctx, tx, p.w.Program.Book, p.w.At, postings); err != nil {
		return translate(fmt.Errorf("post %d payments as %s: %w", len(postings), h.kind, err))
	}
	return nil
}

func (h happening) key(id PaymentID) string { return h.kind + "/" + strconv.FormatInt(int64(id), 10) }

// lockPayments takes the book's lock and reads payments for what happens to them.
func lockPayments(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, ids []PaymentID) ([]Payment, error) {
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return nil, fmt.Errorf("payments of %s: %w", w.Program.Code, err)
	}
	all, err := selectPayments(ctx, tx, `SELECT `+paymentColumns+paymentsFrom+`WHERE p.program_id = $1 AND p.id = ANY ($2) ORDER BY p.id FOR UPDATE OF p`, w.Program.ID, pq.Array(ids))
	if err == nil && len(all) != len(ids) {
		err = ErrNone
	}
	return all, err
}

func numbers(payments []Payment) (ids []int64, of []ID) {
	for _, p := range payments {
		ids, of = append(ids, int64(p.ID)), append(of, p.Withdrawal)
	}
	return ids, of
}

// Clear says that payees have their money (P31): source is what the bank's line
// is known by. Payments that are cleared already are left alone, so that a line
// that comes twice clears once; any other state is ErrState.
func Clear(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, ids []PaymentID, on ledger.Date, source string) error {
	all, err := lockPayments(ctx, tx, w, ids)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(p Payment) bool { return p.State == "cleared" })
	for _, p := range all {
		if p.State != "sent" || on.Before(p.SentOn) {
			return ErrState.With(map[string]any{"state": p.State})
		}
	}
	if len(all) == 0 {
		return nil
	}
	w.AsOf = on
	p := poster{w: w, maker: w.Who}
	for _, h := range []happening{cleared, arrived} {
		of := slices.DeleteFunc(slices.Clone(all), func(x Payment) bool { return (x.Method == ByPlan) != (h.kind == arrived.kind) })
		if err := p.payments(ctx, tx, of, h); err != nil {
			return err
		}
	}
	numbers, withdrawals := numbers(all)
	const query = `UPDATE payments SET state = 'cleared', cleared_on = $2, cleared_tx = $3 WHERE id = ANY ($1)`
	if _, err := tx.ExecContext(ctx, query, pq.Array(numbers), on, source); err != nil {
		return fmt.Errorf("clear %d payments: %w", len(numbers), err)
	}
	return move(ctx, tx, w.Who, withdrawals, []State{Sent}, Cleared, source, w.At)
}

// ClearBatch clears what of a batch is sent: the bank took its total.
func ClearBatch(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id BatchID, on ledger.Date, source string) (int, error) {
	b, err := BatchByID(ctx, tx, w.Program.ID, id)
	if err != nil {
		return 0, err
	}
	payments, err := PaymentsIn(ctx, tx, b.ID)
	if err != nil {
		return 0, err
	}
	var ids []PaymentID
	for _, p := range payments {
		if p.State == "sent" {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return 0, ErrState.With(map[string]any{"state": string(b.State)})
	}
	if on.IsZero() || on.After(w.AsOf) {
		return 0, field("on")
	}
	if strings.TrimSpace(source) == "" || len(source) > 200 {
		return 0, field("source")
	}
	return len(ids), Clear(ctx, tx, w, ids, on, source)
}

// back is a payment that comes back, and why.
type back struct {
	Payment
	code   string
	ret    int64 // the bank's return; 0: somebody says so
	cameOn ledger.Date
}

// comeBack opens withdrawals again whose payments came back (P32). One that was
// cleared is taken back first: the bank has the money again.
func comeBack(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, all []back) error {
	p := poster{w: w, maker: w.Who}
	var plain []Payment
	var reversals []ledger.Reversal
	var ids, returns []int64
	var codes, days []string
	for _, b := range all {
		ids, returns, codes, days = append(ids, int64(b.ID)), append(returns, b.ret), append(codes, b.code), append(days, b.cameOn.String())
		h := cleared
		if b.Method == ByPlan {
			h = arrived
		} else {
			plain = append(plain, b.Payment)
		}
		if b.State == "cleared" {
			no, err := ledgerNo(ctx, tx, w, h.key(b.ID))
			if err != nil {
				return err
			}
			reversals = append(reversals, ledger.Reversal{Key: h.key(b.ID) + "/returned", Of: no, Effective: w.AsOf, Maker: w.Who.Actor, Reason: b.code})
		}
	}
	if _, err := ledger.ReverseAll(ctx, tx, w.Program.Book, w.At, reversals); err != nil {
		return translate(fmt.Errorf("take back %d clearings: %w", len(reversals), err))
	}
	if err := p.payments(ctx, tx, plain, bounced); err != nil {
		return err
	}
	const query = `
		UPDATE payments p SET state = 'returned', returned_on = r.came, return_code = r.code, bank_return_id = nullif(r.ret, 0)
		FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bigint[]), CAST($3 AS text[]), CAST($4 AS date[])) AS r (id, ret, code, came) WHERE p.id = r.id`
	if _, err := tx.ExecContext(ctx, query, pq.Array(ids), pq.Array(returns), pq.Array(codes), pq.Array(days)); err != nil {
		return fmt.Errorf("%d payments came back: %w", len(ids), err)
	}
	for _, b := range all { // as many as a bank returns in a day
		if err := move(ctx, tx, w.Who, []ID{b.Withdrawal}, []State{Sent, Cleared}, Returned, b.code, w.At); err != nil {
			return err
		}
	}
	return nil
}

func ledgerNo(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, key string) (no ledger.TxNo, err error) {
	const query = `SELECT no FROM ledger_transactions WHERE book_id = $1 AND key = $2`
	if err := sqlx.GetContext(ctx, q, &no, query, w.Program.Book, key); err != nil {
		return 0, fmt.Errorf("transaction %s: %w", key, err)
	}
	return no, nil
}

// TakeReturns answers what the bank sent back through the ACH network since: each
// return of a payment of ours opens its withdrawal again. It returns how many
// there were, and may be repeated.
func TakeReturns(ctx context.Context, tx *sqlx.Tx, w enroll.Walk) (int, error) {
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return 0, fmt.Errorf("returns of %s: %w", w.Program.Code, err)
	}
	const query = `SELECT ` + paymentColumns + `, r.code AS said, r.id AS ret, coalesce(r.on_day, $2) AS came` + paymentsFrom + `
		JOIN bank_returns r ON r.tenant_id = p.tenant_id AND r.custodian_id = b.custodian_id AND r.trace = p.trace AND r.kind = 'returned' AND NOT r.debit AND r.amount = p.amount
		WHERE p.program_id = $1 AND b.method = 'ach' AND p.state IN ('sent', 'cleared') AND p.bank_return_id IS NULL
		  AND NOT EXISTS (SELECT FROM payments o WHERE o.tenant_id = r.tenant_id AND o.bank_return_id = r.id)
		ORDER BY p.id, r.id`
	var rows []struct {
		Payment
		Said string      `db:"said"`
		Ret  int64       `db:"ret"`
		Came ledger.Date `db:"came"`
	}
	if err := sqlx.SelectContext(ctx, tx, &rows, query, w.Program.ID, w.AsOf); err != nil {
		return 0, fmt.Errorf("returns of %s: %w", w.Program.Code, err)
	}
	var all []back
	for _, r := range rows {
		if !slices.ContainsFunc(all, func(b back) bool { return b.ID == r.ID || b.ret == r.Ret }) {
			all = append(all, back{r.Payment, r.Said, r.Ret, r.Came})
		}
	}
	if len(all) == 0 {
		return 0, nil
	}
	return len(all), comeBack(ctx, tx, w, all)
}

// GiveBack says that one payment came back: a check that was returned or voided.
func GiveBack(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id PaymentID, why string) error {
	if strings.TrimSpace(why) == "" || len(why) > 40 {
		return ErrReason.At("why")
	}
	all, err := lockPayments(ctx, tx, w, []PaymentID{id})
	if err != nil {
		return err
	}
	if s := all[0].State; s != "sent" && s != "cleared" {
		return ErrState.With(map[string]any{"state": s})
	}
	return comeBack(ctx, tx, w, []back{{all[0], why, 0, w.AsOf}})
}

// Acknowledge notes that the bank has a batch's file. Noted again it changes
// nothing.
func Acknowledge(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id BatchID, reference string) error {
	return answer(ctx, tx, w, id, BatchAcknowledged, reference)
}

// RefusedByBank notes that the bank does not take a batch's file: everything in
// it came back.
func RefusedByBank(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id BatchID, reference string) error {
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return fmt.Errorf("batch %d: %w", id, err)
	}
	if err := answer(ctx, tx, w, id, BatchRefused, reference); err != nil {
		return err
	}
	payments, err := PaymentsIn(ctx, tx, id)
	if err != nil {
		return err
	}
	var all []back
	for _, p := range payments {
		if p.State == "sent" {
			all = append(all, back{p, "file_refused", 0, w.AsOf})
		}
	}
	return comeBack(ctx, tx, w, all)
}

func answer(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id BatchID, to BatchState, reference string) error {
	if strings.TrimSpace(reference) == "" || len(reference) > 200 {
		return field("reference")
	}
	b, err := lockBatch(ctx, tx, w.Program.ID, id)
	switch {
	case err != nil:
		return err
	case b.State == to:
		return nil
	case b.State != BatchSent:
		return ErrState.With(map[string]any{"state": string(b.State)})
	}
	const query = `UPDATE payment_batches SET state = $2, answered_by = $3, answered_at = $4, bank_reference = $5 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, string(to), w.Who.Actor, w.At, reference); err != nil {
		return fmt.Errorf("answer to batch %d: %w", id, err)
	}
	return recordBatch(ctx, tx, w, "payout.batch_"+string(to), b)
}
