package payout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/custody"
	"seedbook/service/enroll"
)

// Payer is from which account a program pays, as whom, and how long it waits
// for what comes of it.
type Payer struct {
	Custodian       custody.ID        `db:"custodian_id"`
	Account         custody.AccountID `db:"account_id"`
	BankRouting     string            `db:"bank_routing"`
	BankName        string            `db:"bank_name"`    // at most 23 letters
	CompanyName     string            `db:"company_name"` // at most 16 letters
	CompanyID       string            `db:"company_id"`   // ten places, as the bank gave it
	NextCheck       int64             `db:"next_check"`
	AnswerDays      int               `db:"answer_days"`      // business days for the bank's answer
	StaleDays       int               `db:"stale_days"`       // of a check
	UnclaimedMonths int               `db:"unclaimed_months"` // after issue
	SetBy           string            `db:"set_by"`
}

const originColumns = `custodian_id, account_id, bank_routing, bank_name, company_name, company_id, next_check, answer_days, stale_days, unclaimed_months, set_by`

func (o Payer) check(c custody.Custodian) error {
	switch {
	case !slices.ContainsFunc(c.Accounts, func(a custody.Account) bool { return a.ID == o.Account && a.Holds == "cash" }):
		return field("account")
	case !Routing(o.BankRouting):
		return ErrRouting.At("bank_routing")
	case strings.TrimSpace(o.BankName) == "" || len(o.BankName) > 23:
		return field("bank_name")
	case strings.TrimSpace(o.CompanyName) == "" || len(o.CompanyName) > 16:
		return field("company_name")
	case len(o.CompanyID) != 10 || strings.Trim(o.CompanyID, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return field("company_id")
	case o.NextCheck < 1:
		return field("next_check")
	case o.AnswerDays < 1 || o.AnswerDays > 10:
		return field("answer_days")
	case o.StaleDays < 30 || o.StaleDays > 1000:
		return field("stale_days")
	case o.UnclaimedMonths < 6 || o.UnclaimedMonths > 240:
		return field("unclaimed_months")
	}
	return nil
}

// SetPayer says from which account a program pays. The number of the next check
// never goes back.
func SetPayer(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, c custody.Custodian, o Payer) error {
	if err := o.check(c); err != nil {
		return err
	}
	const query = `
		INSERT INTO payment_origins AS p (tenant_id, custodian_id, account_id, bank_routing, bank_name, company_name, company_id, next_check, answer_days, stale_days, unclaimed_months, set_by, set_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT ON CONSTRAINT payment_origins_pkey DO UPDATE
		SET account_id = EXCLUDED.account_id, bank_routing = EXCLUDED.bank_routing, bank_name = EXCLUDED.bank_name, company_name = EXCLUDED.company_name,
		    company_id = EXCLUDED.company_id, next_check = greatest(p.next_check, EXCLUDED.next_check), answer_days = EXCLUDED.answer_days,
		    stale_days = EXCLUDED.stale_days, unclaimed_months = EXCLUDED.unclaimed_months, set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at`
	_, err := tx.ExecContext(ctx, query, w.Who.Tenant, c.ID, o.Account, o.BankRouting, strings.ToUpper(strings.TrimSpace(o.BankName)), strings.ToUpper(strings.TrimSpace(o.CompanyName)), o.CompanyID, o.NextCheck,
		o.AnswerDays, o.StaleDays, o.UnclaimedMonths, w.Who.Actor, w.At)
	if err != nil {
		return fmt.Errorf("origin of custodian %s: %w", c.Code, err)
	}
	return audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "payout.origin_set", Kind: "custodian", Subject: int64(c.ID), Program: int32(w.Program.ID),
		After: map[string]any{"routing": o.BankRouting, "account": o.Account}}}, w.At)
}

// PayerOf returns how a program pays from a custodian, or ErrNoPayer.
func PayerOf(ctx context.Context, q sqlx.QueryerContext, c custody.ID) (o Payer, err error) {
	err = sqlx.GetContext(ctx, q, &o, `SELECT `+originColumns+` FROM payment_origins WHERE custodian_id = $1`, c)
	if errors.Is(err, sql.ErrNoRows) {
		return o, ErrNoPayer
	}
	if err != nil {
		return o, fmt.Errorf("origin of custodian %d: %w", c, err)
	}
	return o, nil
}

// checks takes the numbers of the next checks.
func checks(ctx context.Context, tx *sqlx.Tx, c custody.ID, n int) (first int64, err error) {
	const query = `UPDATE payment_origins SET next_check = next_check + $2 WHERE custodian_id = $1 RETURNING next_check - $2`
	if err := tx.GetContext(ctx, &first, query, c, n); err != nil {
		return 0, fmt.Errorf("%d check numbers: %w", n, err)
	}
	return first, nil
}
