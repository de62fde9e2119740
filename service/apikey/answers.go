package apikey

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of repeated requests.
var (
	// ErrOtherRequest reports an idempotency key that stands for another request.
	ErrOtherRequest = fault.New(fault.Invalid, "apikey.other_request")
	// ErrInFlight reports a request that is being worked on.
	ErrInFlight = fault.New(fault.Conflict, "apikey.in_flight")
)

// abandoned is how long a request may be worked on. After it, its repetition
// takes it up: all work below is done once by keys of its own.
const abandoned = time.Minute

// Request is a request that writes, as its sender names it.
type Request struct {
	Key         string   // the sender's Idempotency-Key
	Fingerprint [32]byte // of method, address and body
}

// Answer is what a request was answered.
type Answer struct {
	Status   int    `db:"status"`
	Location string `db:"location"`
	Body     string `db:"body"`
}

// holder is whose idempotency keys these are: both keys of a name share them.
func (c Caller) holder() string {
	return strconv.FormatInt(int64(c.Key.Program), 10) + "/" + c.Name
}

// Begin notes that a request is being worked on. ok reports one that was
// answered before, with that answer. ErrOtherRequest reports a key that stands
// for another request, ErrInFlight one that somebody works on right now.
func Begin(ctx context.Context, db *store.DB, c Caller, r Request, at time.Time) (before Answer, ok bool, err error) {
	err = db.InTx(ctx, c.Who(), func(tx *sqlx.Tx) error {
		before, ok, err = begin(ctx, tx, c, r, at)
		return err
	})
	return before, ok, err
}

func begin(ctx context.Context, tx *sqlx.Tx, c Caller, r Request, at time.Time) (Answer, bool, error) {
	const query = `
		INSERT INTO api_answers (tenant_id, holder, idem_key, fingerprint, key_id, began_at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT ON CONSTRAINT api_answers_pkey DO NOTHING`
	done, err := tx.ExecContext(ctx, query, c.Tenant, c.holder(), r.Key, r.Fingerprint[:], c.ID, at)
	if err != nil {
		return Answer{}, false, fmt.Errorf("begin request: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return Answer{}, false, err
	}
	return repeated(ctx, tx, c, r, at)
}

// repeated is a request whose key was used before.
func repeated(ctx context.Context, tx *sqlx.Tx, c Caller, r Request, at time.Time) (Answer, bool, error) {
	var known struct {
		Fingerprint []byte       `db:"fingerprint"`
		BeganAt     time.Time    `db:"began_at"`
		AnsweredAt  sql.NullTime `db:"answered_at"`
		Answer
	}
	const query = `
		SELECT fingerprint, began_at, answered_at, coalesce(status, 0) AS status, location, body
		FROM api_answers WHERE holder = $1 AND idem_key = $2 FOR UPDATE`
	err := tx.GetContext(ctx, &known, query, c.holder(), r.Key)
	switch {
	case errors.Is(err, sql.ErrNoRows): // given up just now
		return Answer{}, false, ErrInFlight
	case err != nil:
		return Answer{}, false, fmt.Errorf("find request: %w", err)
	case string(known.Fingerprint) != string(r.Fingerprint[:]):
		return Answer{}, false, ErrOtherRequest.At("Idempotency-Key")
	case known.AnsweredAt.Valid:
		return known.Answer, true, nil
	case at.Sub(known.BeganAt) < abandoned:
		return Answer{}, false, ErrInFlight.At("Idempotency-Key")
	}
	const again = `UPDATE api_answers SET began_at = $3 WHERE holder = $1 AND idem_key = $2`
	if _, err := tx.ExecContext(ctx, again, c.holder(), r.Key, at); err != nil {
		return Answer{}, false, fmt.Errorf("take up request: %w", err)
	}
	return Answer{}, false, nil
}

// Answered keeps the answer to a request that was done.
func Answered(ctx context.Context, db *store.DB, c Caller, r Request, a Answer, at time.Time) error {
	return db.InTx(ctx, c.Who(), func(tx *sqlx.Tx) error {
		const query = `
			UPDATE api_answers SET answered_at = $3, status = $4, location = $5, body = $6
			WHERE holder = $1 AND idem_key = $2 AND answered_at IS NULL`
		if _, err := tx.ExecContext(ctx, query, c.holder(), r.Key, at, a.Status, a.Location, a.Body); err != nil {
			return fmt.Errorf("keep answer: %w", err)
		}
		return nil
	})
}

// GaveUp frees the key of a request that was refused: nothing was done, and its
// sender may mend it and send it again.
func GaveUp(ctx context.Context, db *store.DB, c Caller, r Request) error {
	return db.InTx(ctx, c.Who(), func(tx *sqlx.Tx) error {
		const query = `DELETE FROM api_answers WHERE holder = $1 AND idem_key = $2 AND answered_at IS NULL`
		if _, err := tx.ExecContext(ctx, query, c.holder(), r.Key); err != nil {
			return fmt.Errorf("free request: %w", err)
		}
		return nil
	})
}
