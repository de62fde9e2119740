package savings

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
)

// DepositID identifies a deposit within its organization.
type DepositID int64

// Deposit is money that a family, or somebody for a child, paid in.
type Deposit struct {
	Reference string         // the bank's or file's own; unique in the program, for ever
	Child     family.ChildID // 0: nobody knows whose it is
	Amount    ledger.Amount  // positive
	On        ledger.Date    // value date in the program's zone; counts for matches
	Channel   string         // cash, check, ach, payroll, billpay, gift, …
	Custodian int32          // who holds it, as the dimension of its accounts; 0: the program's first custodian
	corrects  DepositID      // the wrong one that it stands for; 0: none
	root      DepositID      // the first of its reference, which was undone; 0: none
}

// Outcome says what became of one deposit of a set.
type Outcome string

// The outcomes.
const (
	Posted   Outcome = "posted"   // on the child's account
	Suspense Outcome = "suspense" // kept aside until somebody finds the child
	Repeated Outcome = "repeated" // recorded before with the same content; nothing happened
	Clash    Outcome = "clash"    // its reference stands for another deposit; nothing happened
)

// PostDeposits records a set of deposits in one batch: the known ones on the
// children's accounts, the others in suspense (P9, P11). The outcomes are in
// the order given. A reference is posted once however often it comes, in one
// set or in many; file is the file they came in, or 0. A deposit whose day is
// in a closed period is posted on the first open one and still counts for its
// own. A child that is not the organization's refuses the whole set
// (ErrNoChild).
func PostDeposits(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, deposits []Deposit, file int64, at time.Time) ([]Outcome, error) {
	for _, d := range deposits {
		if err := d.check(); err != nil {
			return nil, err
		}
	}
	// The book's lock makes look-up and posting one step for every writer.
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return nil, fmt.Errorf("post deposits: %w", err)
	}
	outcomes, fresh, err := sortOut(ctx, tx, p.ID, deposits)
	if err != nil || len(fresh) == 0 {
		return outcomes, err
	}
	posted, err := postDeposits(ctx, tx, who, p, fresh, "", at)
	if err != nil {
		return nil, err
	}
	if err := insertDeposits(ctx, tx, who, p.ID, fresh, posted, file, at); err != nil {
		return nil, err
	}
	return outcomes, recordDeposits(ctx, tx, who, p.ID, fresh, posted, file, at)
}

// check refuses what no program could post.
func (d Deposit) check() error {
	switch {
	case strings.TrimSpace(d.Reference) == "":
		return ErrReference
	case d.Amount.Sign() <= 0:
		return ErrAmount.With(map[string]any{"Reference": d.Reference})
	}
	return nil
}

// recordDeposits leaves one event of a set in the trail.
func recordDeposits(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, deposits []Deposit, posted []ledger.Posted, file int64, at time.Time) error {
	var total ledger.Amount
	unknown := 0
	for _, d := range deposits {
		total = total.Add(d.Amount)
		if d.Child == 0 {
			unknown++
		}
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "savings.deposits_posted", Kind: "program", Subject: int64(p), Program: int32(p),
		After: map[string]any{"deposits": len(deposits), "amount": total, "suspense": unknown, "file": file,
			"first_tx": posted[0].No, "last_tx": posted[len(posted)-1].No},
	}}, at)
}

// sortOut gives every deposit its outcome and returns the ones to be posted.
func sortOut(ctx context.Context, q sqlx.QueryerContext, p program.ID, deposits []Deposit) ([]Outcome, []Deposit, error) {
	known, err := byReference(ctx, q, p, deposits)
	if err != nil {
		return nil, nil, err
	}
	outcomes := make([]Outcome, len(deposits))
	var fresh []Deposit
	for i, d := range deposits {
		before, used := known[d.Reference]
		switch {
		case used && !before.undone && before.same(d):
			outcomes[i] = Repeated
		case used && !before.undone:
			outcomes[i] = Clash
		default:
			outcomes[i] = Posted
			if d.Child == 0 {
				outcomes[i] = Suspense
			}
			known[d.Reference] = earlier{Deposit: d}
			fresh = append(fresh, d.again(before))
		}
	}
	return outcomes, fresh, nil
}

// same reports the same money. A deposit that has been identified since, or
// that came in by another channel's file, is still the same money.
func (d Deposit) same(e Deposit) bool {
	return d.Amount == e.Amount && d.On == e.On && (d.Child == e.Child || d.Child == 0 || e.Child == 0)
}

// earlier is the deposit that stands under a reference.
type earlier struct {
	Deposit
	id     DepositID // the first of the reference
	undone bool      // its import was undone: the money may come again
	lives  int       // how often it came again before
}

// again is a deposit under a reference of which an import was undone: the books
// keep keys for ever, so it has the reference with a number.
func (d Deposit) again(before earlier) Deposit {
	if before.undone {
		d.root = before.id
		d.Reference += fmt.Sprintf(" ~%d.%d", before.id, before.lives+2)
	}
	return d
}

func byReference(ctx context.Context, q sqlx.QueryerContext, p program.ID, deposits []Deposit) (map[string]earlier, error) {
	references := make([]string, len(deposits))
	for i, d := range deposits {
		references[i] = d.Reference
	}
	const query = `
		SELECT o.reference, coalesce(d.child_id, o.child_id, 0), coalesce(d.amount, o.amount), coalesce(d.on_day, o.on_day),
		       o.id, o.state = 'undone' AND d.id IS NULL, coalesce(l.n, 0)
		FROM deposits o
		LEFT JOIN LATERAL (
			SELECT id, child_id, amount, on_day FROM deposits
			WHERE tenant_id = o.tenant_id AND root_id = o.id AND state <> 'undone') d ON o.state = 'undone'
		LEFT JOIN LATERAL (
			SELECT count(*) AS n FROM deposits WHERE tenant_id = o.tenant_id AND root_id = o.id) l ON o.state = 'undone'
		WHERE o.program_id = $1 AND o.reference = ANY ($2)`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(references))
	if err != nil {
		return nil, fmt.Errorf("look up %d references: %w", len(references), err)
	}
	defer rows.Close()
	known := make(map[string]earlier)
	for rows.Next() {
		var d earlier
		if err := rows.Scan(&d.Reference, &d.Child, &d.Amount, &d.On, &d.id, &d.undone, &d.lives); err != nil {
			return nil, fmt.Errorf("look up references: %w", err)
		}
		known[d.Reference] = d
	}
	return known, rows.Err()
}

func postDeposits(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, deposits []Deposit, ref string, at time.Time) ([]ledger.Posted, error) {
	own, err := fund.ByCode(ctx, tx, p.ID, fund.FamilyCode)
	if err != nil {
		return nil, err
	}
	accounts := make([]ledger.Account, 0, 2*len(deposits))
	for _, d := range deposits {
		accounts = append(accounts, ledger.Account{Chart: ledger.CustodialCash, Fund: own.ID, Custodian: d.Custodian}, d.account(own.ID))
	}
	ids, err := ledger.EnsureAccounts(ctx, tx, p.Book, accounts)
	if err != nil {
		return nil, fmt.Errorf("open accounts for deposits: %w", err)
	}
	days, err := fund.OpenDays(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	postings := make([]ledger.Posting, len(deposits))
	for i, d := range deposits {
		effective, concerns := days.Place(d.On)
		postings[i] = ledger.Posting{
			Key:       key("deposit", p.ID, d.Reference),
			Kind:      depositKind(d),
			Effective: effective,
			Concerns:  concerns,
			Entries:   []ledger.Entry{{Account: ids[2*i], Amount: d.Amount.Neg()}, {Account: ids[2*i+1], Amount: d.Amount}},
			Maker:     who.Actor,
			Approval:  ref,
			Source:    d.Channel + " " + d.Reference,
		}
	}
	posted, err := ledger.Post(ctx, tx, p.Book, at, postings)
	if err != nil {
		return nil, translate(fmt.Errorf("post %d deposits: %w", len(deposits), err))
	}
	return posted, nil
}

// account is where a deposit's money is: the child's, or the custodian's suspense.
func (d Deposit) account(own ledger.FundID) ledger.Account {
	if d.Child == 0 {
		return suspenseAccount(own, d.Custodian)
	}
	return familyAccount(own, d.Child)
}

func depositKind(d Deposit) string {
	if d.Child == 0 {
		return "deposit_unidentified"
	}
	return "deposit"
}

func insertDeposits(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, deposits []Deposit, posted []ledger.Posted, file int64, at time.Time) error {
	n := len(deposits)
	references, amounts := make([]string, n), make([]string, n)
	days, channels := make([]string, n), make([]string, n)
	children, numbers, wrong, roots := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	custodians := make([]int64, n)
	for i, d := range deposits {
		references[i], amounts[i], days[i], channels[i] = d.Reference, d.Amount.String(), d.On.String(), d.Channel
		children[i], numbers[i], wrong[i] = int64(d.Child), int64(posted[i].No), int64(d.corrects)
		roots[i], custodians[i] = int64(d.root), int64(d.Custodian)
	}
	const query = `
		INSERT INTO deposits (tenant_id, program_id, reference, child_id, amount, on_day, channel, state, tx_no, file_id, posted_at, corrects, root_id, custodian_id)
		SELECT $1, $2, reference, nullif(child_id, 0), amount, on_day, channel,
		       CASE WHEN child_id = 0 THEN 'suspense' ELSE 'posted' END, tx_no, nullif(CAST($9 AS bigint), 0), $10, nullif(wrong, 0), nullif(root, 0), custodian
		FROM unnest(CAST($3 AS text[]), CAST($4 AS bigint[]), CAST($5 AS numeric[]), CAST($6 AS date[]),
		            CAST($7 AS text[]), CAST($8 AS bigint[]), CAST($11 AS bigint[]), CAST($12 AS bigint[]), CAST($13 AS integer[]))
		     AS d (reference, child_id, amount, on_day, channel, tx_no, wrong, root, custodian)`
	_, err := tx.ExecContext(ctx, query, who.Tenant, p, pq.Array(references), pq.Array(children), pq.Array(amounts),
		pq.Array(days), pq.Array(channels), pq.Array(numbers), file, at, pq.Array(wrong), pq.Array(roots), pq.Array(custodians))
	if store.Violates(err, "deposits_child_fkey") {
		return ErrNoChild
	}
	if err != nil {
		return fmt.Errorf("record %d deposits: %w", n, err)
	}
	return nil
}

// Identification says whose an unidentified deposit is.
type Identification struct {
	Deposit DepositID
	Child   family.ChildID
	On      ledger.Date // day it was found out; the deposit keeps its value date
}

// Identify moves a deposit from suspense to the child it belongs to (P12).
// Identifying it as the same child again changes nothing; as another child it
// is ErrDepositState.
func Identify(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, i Identification, at time.Time) error {
	d, err := lockDeposit(ctx, tx, p, i.Deposit)
	if err != nil {
		return err
	}
	if d.State == "posted" && d.Child == i.Child {
		return nil
	}
	if d.State != "suspense" {
		return ErrDepositState.With(map[string]any{"State": d.State})
	}
	if i.On.Before(d.On) {
		return ErrDay.At("on")
	}
	days, err := fund.OpenDays(ctx, tx, p)
	if err != nil {
		return err
	}
	effective, concerns := days.Place(i.On)
	own, err := fund.ByCode(ctx, tx, p.ID, fund.FamilyCode)
	if err != nil {
		return err
	}
	ids, err := ledger.EnsureAccounts(ctx, tx, p.Book, []ledger.Account{suspenseAccount(own.ID, d.Custodian), familyAccount(own.ID, i.Child)})
	if err != nil {
		return fmt.Errorf("identify deposit %d: %w", i.Deposit, err)
	}
	posted, err := ledger.Post(ctx, tx, p.Book, at, []ledger.Posting{{
		Key:       key("identify", p.ID, d.Reference),
		Kind:      "identification",
		Effective: effective,
		Concerns:  concerns,
		Entries:   []ledger.Entry{{Account: ids[0], Amount: d.Amount.Neg()}, {Account: ids[1], Amount: d.Amount}},
		Maker:     who.Actor,
		Source:    d.Channel + " " + d.Reference,
	}})
	if err != nil {
		return translate(fmt.Errorf("identify deposit %d: %w", i.Deposit, err))
	}
	const query = `UPDATE deposits SET child_id = $2, state = 'posted' WHERE id = $1`
	_, err = tx.ExecContext(ctx, query, i.Deposit, i.Child)
	if store.Violates(err, "deposits_child_fkey") {
		return ErrNoChild
	}
	if err != nil {
		return fmt.Errorf("identify deposit %d: %w", i.Deposit, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "savings.deposit_identified", Kind: "deposit", Subject: int64(i.Deposit), Program: int32(p.ID),
		Before: map[string]any{"state": d.State},
		After:  map[string]any{"state": "posted", "child": i.Child, "amount": d.Amount, "tx": posted[0].No},
	}}, at)
}
