package payout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/payout/achfile"
	"seedbook/service/store"
)

// SendBatch does what was approved: the batch's file is written, once and for
// ever, and what it pays is on its way (P30). The walk is the checker's; maker
// asked for it.
func SendBatch(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, r approval.Request, maker store.Who) error {
	id := BatchID(r.Number())
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return fmt.Errorf("send batch %d: %w", id, err)
	}
	b, err := lockBatch(ctx, tx, w.Program.ID, id)
	if err != nil {
		return err
	}
	payments, err := PaymentsIn(ctx, tx, id)
	if err != nil {
		return err
	}
	f := filing{w: w, batch: b, payments: payments}
	if err := f.open(ctx, tx); err != nil {
		return err
	}
	made, err := f.write(ctx, tx)
	if err != nil {
		return err
	}
	if err := f.keep(ctx, tx, made); err != nil {
		return err
	}
	p := poster{w, maker, r.ID.Ref() + " " + w.Who.Actor}
	if b.Method != ByPlan { // a transfer is in transit from its approval on
		if err := p.payments(ctx, tx, payments, issued); err != nil {
			return err
		}
	}
	ids := make([]ID, len(payments))
	for i, one := range payments {
		ids[i] = one.Withdrawal
	}
	if err := move(ctx, tx, w.Who, ids, []State{Scheduled}, Sent, "", w.At); err != nil {
		return err
	}
	return recordBatch(ctx, tx, w, "payout.batch_sent", b)
}

// filing is a file being written.
type filing struct {
	w         enroll.Walk
	batch     Batch
	payments  []Payment
	custodian custody.Custodian
	origin    Payer
	names     map[PayeeID]Payee
	routes    map[PayeeID]Route
}

// written is a file as a bank is handed it.
type written struct {
	name   string
	text   []byte
	hash   string
	traces []string // of the payments, in their order
}

// open reads who is paid, and from where.
func (f *filing) open(ctx context.Context, q sqlx.QueryerContext) (err error) {
	if f.origin, err = PayerOf(ctx, q, f.batch.Custodian); err != nil {
		return err
	}
	all, err := custody.All(ctx, q, f.w.Program.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(c custody.Custodian) bool { return c.ID == f.batch.Custodian })
	if i < 0 {
		return custody.ErrNone
	}
	f.custodian = all[i]
	var ids []int64
	for _, p := range f.payments {
		ids = append(ids, int64(p.Payee))
	}
	known, err := payees(ctx, q, f.w.Who, f.w.Keys, `SELECT id, kind, coalesce(child_id, 0) AS child_id, name_key, name_sealed, added_by FROM payees WHERE id = ANY ($1)`, pq.Array(ids))
	if err != nil {
		return err
	}
	f.names, f.routes = map[PayeeID]Payee{}, map[PayeeID]Route{}
	for _, p := range known {
		f.names[p.ID] = p
	}
	return f.openRoutes(ctx, q, ids)
}

// openRoutes opens how the payees are paid, by the entries that were approved.
func (f *filing) openRoutes(ctx context.Context, q sqlx.QueryerContext, ids []int64) error {
	var sealed []struct {
		Payee  PayeeID `db:"payee_id"`
		N      int     `db:"n"`
		Digest []byte  `db:"digest"`
		Sealed []byte  `db:"sealed"`
	}
	if err := sqlx.SelectContext(ctx, q, &sealed, `SELECT payee_id, n, digest, sealed FROM payee_details WHERE payee_id = ANY ($1)`, pq.Array(ids)); err != nil {
		return fmt.Errorf("open details of payees: %w", err)
	}
	n := map[PayeeID]int{}
	for _, p := range f.payments {
		n[p.Payee] = p.Details
	}
	for _, s := range sealed {
		if n[s.Payee] != s.N {
			continue
		}
		plain, err := f.w.Keys.Open(routePlace(f.w.Who.Tenant, s.Payee, s.Digest), s.Sealed)
		if err != nil {
			return fmt.Errorf("details of payee %d: %w", s.Payee, err)
		}
		var r Route
		if err := json.Unmarshal(plain, &r); err != nil {
			return fmt.Errorf("details of payee %d are damaged", s.Payee)
		}
		f.routes[s.Payee] = r
	}
	return nil
}

func (f *filing) write(ctx context.Context, tx *sqlx.Tx) (written, error) {
	switch f.batch.Method {
	case ByACH:
		return f.ach(ctx, tx)
	case ByCheck:
		return f.register(ctx, tx)
	}
	return f.transfers()
}

func (f *filing) fileName(kind, ending string) string {
	return fmt.Sprintf("%s-%s-%s-%d.%s", f.w.Program.Code, kind, f.w.AsOf, f.batch.ID, ending)
}

// ach writes an ACH file. Which file of the custodian's day it is stands in it.
func (f *filing) ach(ctx context.Context, q sqlx.QueryerContext) (out written, err error) {
	var today int
	const query = `SELECT count(*) FROM payment_batches WHERE custodian_id = $1 AND method = 'ach' AND sent_at IS NOT NULL AND (sent_at AT TIME ZONE $2)::date = $3`
	if err := sqlx.GetContext(ctx, q, &today, query, f.batch.Custodian, f.w.Program.TimeZone, f.w.AsOf); err != nil {
		return out, fmt.Errorf("files of today: %w", err)
	}
	if today >= len(modifiers) {
		return out, ErrNothingDue
	}
	file := achfile.File{Made: f.w.At.In(f.w.Program.Zone()), Modifier: modifiers[today], PayOn: f.batch.PayOn,
		Origin: achfile.Origin{BankRouting: f.origin.BankRouting, BankName: f.origin.BankName, CompanyName: f.origin.CompanyName, CompanyID: f.origin.CompanyID}}
	for _, p := range f.payments {
		r, class := f.routes[p.Payee], achfile.Person
		if f.names[p.Payee].Kind == Institution {
			class = achfile.Institution
		}
		file.Entries = append(file.Entries, achfile.Entry{Class: class, Routing: r.Routing, Account: r.Account, Savings: r.Savings, Amount: p.Amount,
			ID: p.Withdrawal.String(), Name: f.names[p.Payee].Name, Number: int64(p.ID)})
	}
	made, err := achfile.Write(file)
	if err != nil {
		return out, fmt.Errorf("write batch %d: %w", f.batch.ID, err)
	}
	return written{f.fileName("ach", "ach"), []byte(made.Text), made.Hash, made.Traces}, nil
}

const modifiers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// register writes the checks of a batch as the bank is told them (positive pay):
// it cashes no check that is not in it, or that says something else.
func (f *filing) register(ctx context.Context, tx *sqlx.Tx) (out written, err error) {
	number, err := custody.Number(ctx, tx, f.w.Who, f.w.Keys, f.custodian, f.origin.Account)
	if err != nil {
		return out, err
	}
	first, err := checks(ctx, tx, f.batch.Custodian, len(f.payments))
	if err != nil {
		return out, err
	}
	rows := [][]string{{"account", "check_number", "issue_date", "amount", "payee", "void"}}
	sum := int64(0)
	for i, p := range f.payments {
		check := first + int64(i)
		sum += check
		out.traces = append(out.traces, strconv.FormatInt(check, 10))
		rows = append(rows, []string{number, strconv.FormatInt(check, 10), f.batch.PayOn.String(), p.Amount.String(), achfile.Name(f.names[p.Payee].Name), "N"})
	}
	rows = append(rows, []string{"TOTAL", strconv.Itoa(len(f.payments)), "", f.batch.Total.String(), "", ""})
	out.name, out.hash = f.fileName("checks", "csv"), strconv.FormatInt(sum, 10)
	out.text, err = table(rows)
	return out, err
}

// transfers lists what goes to which plan.
func (f *filing) transfers() (out written, err error) {
	rows := [][]string{{"reference", "plan", "account", "owner", "amount"}}
	for _, p := range f.payments {
		r := f.routes[p.Payee]
		out.traces = append(out.traces, p.Withdrawal.String()+"-"+strconv.Itoa(p.Attempt))
		rows = append(rows, []string{out.traces[len(out.traces)-1], r.Plan, r.Account, f.names[p.Payee].Name, p.Amount.String()})
	}
	rows = append(rows, []string{"TOTAL", strconv.Itoa(len(f.payments)), "", "", f.batch.Total.String()})
	out.name, out.hash = f.fileName("transfers", "csv"), strconv.Itoa(len(f.payments))
	out.text, err = table(rows)
	return out, err
}

func table(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range rows {
		for i, cell := range row { // a spreadsheet must not take a payee for a formula
			if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") || strings.HasPrefix(cell, "@") || strings.HasPrefix(cell, "-") {
				row[i] = "'" + cell
			}
		}
	}
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

func filePlace(tenant int32, id BatchID) string {
	return fmt.Sprintf("%d|payment_batches|%d", tenant, id)
}

// keep stores the file, sealed, and by what the bank will name each payment.
func (f *filing) keep(ctx context.Context, tx *sqlx.Tx, made written) error {
	sum := sha256.Sum256(made.text)
	answer := f.custodian.Calendar().Add(f.custodian.Calendar().Counts(f.w.At, f.w.Program.Zone(), f.custodian.CutOff), f.origin.AnswerDays)
	const query = `
		UPDATE payment_batches SET state = 'sent', file_name = $2, sealed = $3, sha256 = $4, entry_hash = $5, sent_by = $6, sent_at = $7, answer_by = $8
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, f.batch.ID, made.name, f.w.Keys.Seal(filePlace(f.w.Who.Tenant, f.batch.ID), made.text), sum[:], made.hash, f.w.Who.Actor, f.w.At, answer); err != nil {
		return fmt.Errorf("keep the file of batch %d: %w", f.batch.ID, err)
	}
	ids := make([]int64, len(f.payments))
	for i, p := range f.payments {
		ids[i] = int64(p.ID)
	}
	const traces = `
		UPDATE payments p SET state = 'sent', trace = t.trace, sent_on = $3
		FROM unnest(CAST($1 AS bigint[]), CAST($2 AS text[])) AS t (id, trace) WHERE p.id = t.id`
	if _, err := tx.ExecContext(ctx, traces, pq.Array(ids), pq.Array(made.traces), f.w.AsOf); err != nil {
		return fmt.Errorf("traces of batch %d: %w", f.batch.ID, err)
	}
	return nil
}

// BatchFile opens the file of a batch: the same bytes whenever it is asked for.
func BatchFile(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, id BatchID) (Batch, []byte, error) {
	b, err := BatchByID(ctx, q, w.Program.ID, id)
	if err != nil {
		return b, nil, err
	}
	if b.FileName == "" {
		return b, nil, ErrNoFile
	}
	var sealed []byte
	if err := sqlx.GetContext(ctx, q, &sealed, `SELECT sealed FROM payment_batches WHERE id = $1`, id); err != nil {
		return b, nil, fmt.Errorf("file of batch %d: %w", id, err)
	}
	plain, err := w.Keys.Open(filePlace(w.Who.Tenant, id), sealed)
	return b, plain, err
}
