package payout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/store"
)

// poster writes what was agreed into the books: who asked is the maker, and the
// approval stands beside.
type poster struct {
	w        enroll.Walk
	maker    store.Who
	approval string
}

// drawn is money taken from one account.
type drawn struct {
	ledger.Balance
	part ledger.Amount
}

// split finds the accounts that hold what the rules say leaves. Money of a child
// with several records may lie under any of them. Where the books hold less than
// the rules say, nothing is posted (ErrDiffers).
func (p poster) split(ctx context.Context, tx *sqlx.Tx, child family.ChildID, parts []Part) ([]drawn, error) {
	records, err := family.Records(ctx, tx, []family.ChildID{child})
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, id := range family.WithRecords([]family.ChildID{child}, records) {
		ids = append(ids, int64(id))
	}
	funds, err := fund.All(ctx, tx, p.w.Program.ID)
	if err != nil {
		return nil, err
	}
	code := map[string]ledger.FundID{"": 0}
	for _, f := range funds {
		code[f.Code] = f.ID
		if f.Kind == fund.Family {
			code[""] = f.ID
		}
	}
	charts := append(ledger.Designated(), ledger.FamilyPrincipal, ledger.FamilyEarnings)
	there, err := ledger.Balances(ctx, tx, p.w.Program.Book, ledger.Query{Charts: charts, Children: ids})
	if err != nil {
		return nil, fmt.Errorf("money of child %d: %w", child, err)
	}
	own := func(b ledger.Balance) bool { return b.Child == int64(child) }
	slices.SortStableFunc(there, func(a, b ledger.Balance) int { return truth(own(b)) - truth(own(a)) })
	var out []drawn
	for _, part := range parts {
		for _, earned := range []bool{false, true} {
			want := part.Amount.Sub(part.Earnings)
			if earned {
				want = part.Earnings
			}
			for i := range there {
				b := &there[i]
				if want.Sign() <= 0 || b.Amount.Sign() <= 0 || !part.in(b.Account, code[part.Fund], earned) {
					continue
				}
				take := want.Min(b.Amount)
				b.Amount, want = b.Amount.Sub(take), want.Sub(take)
				out = append(out, drawn{*b, take})
			}
			if want.Sign() > 0 {
				return nil, ErrDiffers.With(map[string]any{"missing": want})
			}
		}
	}
	return out, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// in reports an account that holds money of the part's origin.
func (p Part) in(a ledger.Account, f ledger.FundID, earned bool) bool {
	switch {
	case a.Fund != f:
		return false
	case p.Benefit == "":
		return a.Chart == ledger.FamilyPrincipal && !earned || a.Chart == ledger.FamilyEarnings && earned
	case earned:
		return a.Chart == ledger.DesignatedEarnings
	}
	return a.Chart != ledger.DesignatedEarnings && a.Benefit == p.Benefit
}

// expense is where money of a line of the chart is spent.
var expense = map[ledger.Chart]ledger.Chart{
	ledger.DesignatedSeed: ledger.SeedExpense, ledger.DesignatedMatch: ledger.MatchExpense, ledger.DesignatedIncentive: ledger.IncentiveExpense,
	ledger.DesignatedCommunity: ledger.CommunityExpense, ledger.DesignatedEarnings: ledger.Distributions,
}

// kinds names the postings of a withdrawal, of the family's part and of the
// program's.
var kinds = map[Purpose][2]string{
	Qualified:    {"withdrawal_own", "withdrawal_program"},  // P28, P29
	Nonqualified: {"withdrawal_own", "withdrawal_program"},  // P28
	Emergency:    {"emergency_own", "emergency_program"},    // P35
	Transfer:     {"transfer_own", "transfer_program"},      // P34
	OnExit:       {"exit_payment_own", "exit_payment_used"}, // P37, and what a child leaves with
}

// payable is where money stands that is owed to a payee.
func payable(p Purpose) ledger.Chart {
	if p == Transfer {
		return ledger.TransfersTransit
	}
	return ledger.WithdrawalsPayable
}

// withdraw takes the money off the child's accounts: it is owed to the payee
// now. The family's own and the program's are two transactions; what of the
// program's is used is released and spent at the same time.
func (p poster) withdraw(ctx context.Context, tx *sqlx.Tx, o Withdrawal, parts []Part) error {
	all, err := p.split(ctx, tx, o.Child, parts)
	if err != nil {
		return err
	}
	var postings []ledger.Posting
	var groups [][]drawn
	for i, layer := range []bool{true, false} { // the family's, the program's
		var group []drawn
		for _, d := range all {
			if (d.Chart.Layer() == ledger.LayerFamily) == layer {
				group = append(group, d)
			}
		}
		if len(group) == 0 {
			continue
		}
		entries, err := p.entries(ctx, tx, group, payable(o.Purpose), !layer)
		if err != nil {
			return err
		}
		posting, err := p.posting(ctx, tx, key("withdrawal", p.w.Program.ID, o.ID, strconv.Itoa(i)), kinds[o.Purpose][i], o.ID.String(), entries)
		if err != nil {
			return err
		}
		postings, groups = append(postings, posting), append(groups, group)
	}
	posted, err := ledger.Post(ctx, tx, p.w.Program.Book, p.w.At, postings)
	if err != nil {
		return translate(fmt.Errorf("post withdrawal %d: %w", o.ID, err))
	}
	return p.keep(ctx, tx, o.ID, groups, posted)
}

// entries move money from a child's accounts to one line of the chart, fund by
// fund; spent says that it is an expense of the fund, too.
func (p poster) entries(ctx context.Context, tx *sqlx.Tx, group []drawn, to ledger.Chart, spent bool) (out []ledger.Entry, err error) {
	var accounts []ledger.Account
	for _, d := range group {
		accounts = append(accounts, ledger.Account{Chart: to, Fund: d.Fund, Child: d.Child})
		if spent {
			accounts = append(accounts, ledger.Account{Chart: expense[d.Chart], Fund: d.Fund}, ledger.Account{Chart: ledger.Released, Fund: d.Fund})
		}
	}
	ids, err := ledger.EnsureAccounts(ctx, tx, p.w.Program.Book, accounts)
	if err != nil {
		return nil, err
	}
	sums, order := map[ledger.AccountID]ledger.Amount{}, []ledger.AccountID{}
	add := func(id ledger.AccountID, amount ledger.Amount) {
		if _, met := sums[id]; !met {
			order = append(order, id)
		}
		sums[id] = sums[id].Add(amount)
	}
	for _, d := range group {
		add(d.ID, d.part.Neg())
		add(ids[0], d.part)
		if ids = ids[1:]; spent {
			add(ids[0], d.part.Neg())
			add(ids[1], d.part)
			ids = ids[2:]
		}
	}
	for _, id := range order {
		out = append(out, ledger.Entry{Account: id, Amount: sums[id]})
	}
	return out, nil
}

// posting is a transaction of the day of the walk, or of the first open day
// behind it.
func (p poster) posting(ctx context.Context, q sqlx.QueryerContext, key, kind, source string, entries []ledger.Entry) (ledger.Posting, error) {
	days, err := fund.OpenDays(ctx, q, p.w.Program)
	if err != nil {
		return ledger.Posting{}, err
	}
	effective, concerns := days.Place(p.w.AsOf)
	return ledger.Posting{Key: key, Kind: kind, Effective: effective, Concerns: concerns, Entries: entries, Rule: p.w.Rules.Hash(), Maker: p.maker.Actor, Approval: p.approval, Source: source}, nil
}

// keep writes down what came from which account.
func (p poster) keep(ctx context.Context, tx *sqlx.Tx, id ID, groups [][]drawn, posted []ledger.Posted) error {
	var accounts, charts, funds, numbers []int64
	var benefits, amounts []string
	for i, group := range groups {
		for _, d := range group {
			accounts, charts, funds = append(accounts, int64(d.ID)), append(charts, int64(d.Chart)), append(funds, int64(d.Fund))
			numbers, benefits, amounts = append(numbers, int64(posted[i].No)), append(benefits, d.Benefit), append(amounts, d.part.String())
		}
	}
	const query = `
		INSERT INTO withdrawal_parts (tenant_id, withdrawal_id, n, account_id, chart, fund_id, benefit, amount, tx_no)
		SELECT $1, $2, p.n, p.account, p.chart, p.fund, p.benefit, p.amount, p.tx
		FROM unnest(CAST($3 AS bigint[]), CAST($4 AS bigint[]), CAST($5 AS bigint[]), CAST($6 AS text[]), CAST($7 AS numeric[]), CAST($8 AS bigint[]))
		     WITH ORDINALITY AS p (account, chart, fund, benefit, amount, tx, n)`
	_, err := tx.ExecContext(ctx, query, p.w.Who.Tenant, id, pq.Array(accounts), pq.Array(charts), pq.Array(funds), pq.Array(benefits), pq.Array(amounts), pq.Array(numbers))
	if err != nil {
		return fmt.Errorf("parts of withdrawal %d: %w", id, err)
	}
	return nil
}

// forfeit sends a child's program money back to the funds that it came from
// (P26, P27, P38): through the pool of what was forfeited, and on to what the
// same fund can award, its earnings with it.
func (p poster) forfeit(ctx context.Context, tx *sqlx.Tx, child family.ChildID, key string, parts []Part) error {
	parts = slices.DeleteFunc(slices.Clone(parts), func(x Part) bool { return x.Benefit == "" })
	if len(parts) == 0 {
		return nil
	}
	all, err := p.split(ctx, tx, child, parts)
	if err != nil {
		return err
	}
	gone, err := p.entries(ctx, tx, all, ledger.Forfeitures, false)
	if err != nil {
		return err
	}
	lost, err := p.posting(ctx, tx, key, "forfeiture", "", gone)
	if err != nil {
		return err
	}
	var accounts []ledger.Account
	for _, d := range all {
		accounts = append(accounts, ledger.Account{Chart: ledger.Forfeitures, Fund: d.Fund, Child: d.Child}, ledger.Account{Chart: ledger.Uncommitted, Fund: d.Fund})
	}
	ids, err := ledger.EnsureAccounts(ctx, tx, p.w.Program.Book, accounts)
	if err != nil {
		return err
	}
	sums := map[ledger.AccountID]ledger.Amount{}
	for i, d := range all {
		sums[ids[2*i]] = sums[ids[2*i]].Sub(d.part)
		sums[ids[2*i+1]] = sums[ids[2*i+1]].Add(d.part)
	}
	back := lost
	back.Key, back.Kind, back.Entries = key+"/back", "forfeiture_returned", nil
	for _, id := range ids {
		if amount, left := sums[id]; left {
			back.Entries = append(back.Entries, ledger.Entry{Account: id, Amount: amount})
			delete(sums, id)
		}
	}
	if _, err := ledger.Post(ctx, tx, p.w.Program.Book, p.w.At, []ledger.Posting{lost, back}); err != nil {
		return translate(fmt.Errorf("forfeit of child %d: %w", child, err))
	}
	return nil
}

// Cancel takes a withdrawal back that was not paid: before it is approved nothing
// was posted; afterwards the money is on the account again as it was (P33). One
// that waits for approval, or is on its way, is not cancelled.
func Cancel(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, why string) error {
	o, err := Load(ctx, tx, w.Program.ID, id)
	if err != nil {
		return err
	}
	if o.State.Before() {
		return shut(ctx, tx, w, id, Cancelled, why)
	}
	if why == "" {
		return ErrReason.At("why")
	}
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return fmt.Errorf("cancel withdrawal %d: %w", id, err)
	}
	if o, err = lock(ctx, tx, w.Program.ID, id); err != nil {
		return err
	}
	if !o.State.Goes(Cancelled) {
		return ErrState.With(map[string]any{"state": string(o.State)})
	}
	taken, err := TakenBy(ctx, tx, id)
	if err != nil {
		return err
	}
	var back []ledger.Reversal
	for _, t := range taken {
		k := key("withdrawal", w.Program.ID, id, "cancelled", strconv.FormatInt(int64(t.Tx), 10))
		if !slices.ContainsFunc(back, func(r ledger.Reversal) bool { return r.Key == k }) {
			back = append(back, ledger.Reversal{Key: k, Of: t.Tx, Effective: w.AsOf, Maker: w.Who.Actor, Reason: o.ID.String()})
		}
	}
	if _, err := ledger.ReverseAll(ctx, tx, w.Program.Book, w.At, back); err != nil {
		return translate(fmt.Errorf("cancel withdrawal %d: %w", id, err))
	}
	if err := move(ctx, tx, w.Who, []ID{id}, []State{o.State}, Cancelled, why, w.At); err != nil {
		return err
	}
	return record(ctx, tx, w, "payout.cancelled", o)
}

// translate gives the ledger's refusals the words of this room.
func translate(err error) error {
	switch {
	case errors.Is(err, ledger.ErrPeriodClosed):
		return fault.Because(ErrClosed, err)
	case errors.Is(err, ledger.ErrOverdrawn):
		return fault.Because(ErrDiffers, err)
	}
	return err
}
