package fund

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/program"
	"seedbook/service/store"
)

// needsApproval refuses what a person does by hand without another one, unless
// the limits of their roles say that they may.
func needsApproval(ctx context.Context, tx *sqlx.Tx, who store.Who, kind approval.Kind, total ledger.Amount, ref string) error {
	if ref != "" {
		return nil
	}
	alone, err := approval.Alone(ctx, tx, who, kind, 0, total)
	if err == nil && !alone {
		err = approval.ErrNeeded
	}
	return err
}

// Entering is a receipt as it waits for approval.
type Entering struct {
	Fund      string        `json:"fund"` // its code
	Kind      Promise       `json:"kind"`
	Amount    ledger.Amount `json:"amount"`
	On        ledger.Date   `json:"on"`
	Reference string        `json:"reference"`
	Document  DocumentID    `json:"document,omitempty"` // 0: none
}

// ReceiptContent is what recording a receipt would do; what could not be
// recorded is refused as Receive would.
func ReceiptContent(ctx context.Context, q sqlx.QueryerContext, p program.Program, e Entering) (out approval.Content, err error) {
	f, err := ByCode(ctx, q, p.ID, e.Fund)
	if err != nil {
		return out, err
	}
	if err := (Receipt{Fund: f, Kind: e.Kind, Amount: e.Amount, On: e.On, Reference: e.Reference}).check(); err != nil {
		return out, err
	}
	if err := hasDocument(ctx, q, p.ID, e.Document); err != nil {
		return out, err
	}
	const query = `SELECT EXISTS (SELECT FROM fund_receipts WHERE fund_id = $1 AND reference = $2)`
	var used bool
	if err := sqlx.GetContext(ctx, q, &used, query, f.ID, e.Reference); err != nil {
		return out, fmt.Errorf("look up receipt %s: %w", e.Reference, err)
	}
	if used {
		return out, ErrReferenceUsed.At("reference").With(map[string]any{"Reference": e.Reference})
	}
	out = approval.Content{Total: e.Amount, Difference: e.Amount, Effects: []approval.Effect{{What: "fund", Fund: e.Fund, After: e.Amount}}}
	out.Details, err = json.Marshal(e)
	return out, err
}

// ProposeReceipt has a receipt wait for another person.
func ProposeReceipt(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, e Entering, reason string, at time.Time) (approval.ID, error) {
	e.Reference = strings.TrimSpace(e.Reference)
	content, err := ReceiptContent(ctx, tx, p, e)
	if err != nil {
		return 0, err
	}
	f, err := ByCode(ctx, tx, p.ID, e.Fund)
	if err != nil {
		return 0, err
	}
	subject := "receipt/" + strconv.Itoa(int(f.ID)) + "/" + e.Reference
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: int64(p.ID), Kind: approval.Receipt, Subject: subject, Reason: reason, Content: content}, at)
}

// ReceiveApproved records a receipt that another person approved.
func ReceiveApproved(ctx context.Context, tx *sqlx.Tx, maker store.Who, p program.Program, e Entering, ref string, at time.Time) error {
	f, err := ByCode(ctx, tx, p.ID, e.Fund)
	if err != nil {
		return err
	}
	return Receive(ctx, tx, maker, p, Receipt{Fund: f, Kind: e.Kind, Amount: e.Amount, On: e.On, Reference: e.Reference, Document: e.Document, Approval: ref}, at)
}

// Opening is a fund as it waits for approval.
type Opening struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Funder  string `json:"funder"`
	Purpose string `json:"purpose"`
	// Document is the letter that the restriction rests on; 0 for none.
	Document DocumentID `json:"document,omitempty"`
}

// codes are what funds are called by rule books.
var codes = regexp.MustCompile(`^[A-Z][A-Z0-9-]{0,19}$`)

// FundContent is what entering a fund would do; what could not be entered is
// refused as Add would.
func FundContent(ctx context.Context, q sqlx.QueryerContext, p program.Program, o Opening) (out approval.Content, err error) {
	switch {
	case !codes.MatchString(o.Code):
		return out, ErrField.At("code")
	case strings.TrimSpace(o.Name) == "":
		return out, ErrField.At("name")
	case strings.TrimSpace(o.Funder) == "":
		return out, ErrField.At("funder")
	case strings.TrimSpace(o.Purpose) == "":
		return out, ErrField.At("purpose")
	}
	if err := hasDocument(ctx, q, p.ID, o.Document); err != nil {
		return out, err
	}
	if _, err := ByCode(ctx, q, p.ID, o.Code); !errors.Is(err, ErrNone) {
		if err == nil {
			err = ErrCodeTaken.At("code").With(map[string]any{"Code": o.Code})
		}
		return out, err
	}
	out.Details, err = json.Marshal(o)
	return out, err
}

// ProposeFund has a new fund and its restriction wait for another person.
func ProposeFund(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, o Opening, reason string, at time.Time) (approval.ID, error) {
	content, err := FundContent(ctx, tx, p, o)
	if err != nil {
		return 0, err
	}
	subject := "fund/" + strconv.FormatInt(int64(p.ID), 10) + "/" + o.Code
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: int64(p.ID), Kind: approval.Fund, Subject: subject, Reason: reason, Content: content}, at)
}

// AddApproved enters a fund that another person approved.
func AddApproved(ctx context.Context, tx *sqlx.Tx, maker store.Who, p program.Program, o Opening, ref string, at time.Time) error {
	_, err := Add(ctx, tx, maker, p, Fund{Code: o.Code, Name: o.Name, Funder: o.Funder, Purpose: o.Purpose, Document: o.Document, Approval: ref}, at)
	return err
}
