package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// ErrBounced reports an address that takes no messages: trying again is of no use.
var ErrBounced = errors.New("the address takes no messages")

// Sink hands a message over to the outside world: an SMTP server, a provider of
// text messages, a folder. An error is tried again, unless it is ErrBounced.
type Sink interface {
	Send(ctx context.Context, m Message, at time.Time) error
}

// How sending goes on: so many messages a round, so long for one to be handed
// over before another may try, and so often before it is given up.
const (
	round = 50
	lease = 2 * time.Minute
	most  = 6
)

// waiting is a message that this round has taken.
type waiting struct {
	ID      int64   `db:"id"`
	Key     string  `db:"message_key"`
	Channel Channel `db:"channel"`
	Sealed  []byte  `db:"sealed"`
	Tries   int     `db:"tries"`
}

// Deliver sends what is due in an organization, at most a round of it, and
// returns how many were handed over. Several may deliver at once: each takes
// messages that nobody else has. The error joins what single messages met.
func Deliver(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, sink Sink, at time.Time) (sent int, err error) {
	taken, err := take(ctx, db, who, at)
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, w := range taken {
		problem := w.hand(ctx, who, keys, sink, at)
		if problem == nil {
			sent++
		} else {
			problems = append(problems, problem)
		}
		if err := settle(ctx, db, who, w, problem, at); err != nil {
			return sent, err
		}
	}
	return sent, errors.Join(problems...)
}

// take leases what is due. What has run out meanwhile is given up.
func take(ctx context.Context, db *store.DB, who store.Who, at time.Time) (taken []waiting, err error) {
	err = db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		const late = `UPDATE outbox SET failed_at = $1, sealed = NULL, went = 'late' WHERE sealed IS NOT NULL AND due_at <= $1 AND expires_at <= $1`
		if _, err := tx.ExecContext(ctx, late, at); err != nil {
			return fmt.Errorf("give up what is late: %w", err)
		}
		// Nobody is written to about a child that died, also where the message was
		// enqueued before it was known.
		const stopped = `
			UPDATE outbox SET failed_at = $1, sealed = NULL, went = 'stopped', seen_by = 'job/post'
			WHERE sealed IS NOT NULL AND due_at <= $1 AND child_id IS NOT NULL
			  AND EXISTS (SELECT FROM child_holds h WHERE h.tenant_id = outbox.tenant_id AND h.child_id = outbox.child_id AND h.kind = 'death' AND h.lifted_at IS NULL)`
		if _, err := tx.ExecContext(ctx, stopped, at); err != nil {
			return fmt.Errorf("stop what is not to be sent any more: %w", err)
		}
		const query = `
			UPDATE outbox SET due_at = $2, tries = tries + 1
			WHERE id IN (SELECT id FROM outbox WHERE sealed IS NOT NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
			RETURNING id, message_key, channel, sealed, tries`
		taken = nil
		if err := tx.SelectContext(ctx, &taken, query, at, at.Add(lease), round); err != nil {
			return fmt.Errorf("take messages: %w", err)
		}
		return nil
	})
	return taken, err
}

func (w waiting) hand(ctx context.Context, who store.Who, keys *vault.Keyring, sink Sink, at time.Time) error {
	plain, err := keys.Open(place(who.Tenant, w.Key), w.Sealed)
	if err != nil {
		return fmt.Errorf("message %d: %w", w.ID, err)
	}
	m := Message{Key: w.Key, Channel: w.Channel}
	if err := json.Unmarshal(plain, &m); err != nil {
		return fmt.Errorf("message %d is damaged", w.ID)
	}
	if err := sink.Send(ctx, m, at); err != nil {
		return fmt.Errorf("message %d: %w", w.ID, err)
	}
	return nil
}

// settle notes what became of a message: sent, to be tried again later and
// later, or given up.
func settle(ctx context.Context, db *store.DB, who store.Who, w waiting, problem error, at time.Time) error {
	return db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		const again = `UPDATE outbox SET due_at = $3 WHERE tenant_id = $1 AND id = $2 AND sealed IS NOT NULL`
		const sent = `UPDATE outbox SET sent_at = $3, sealed = NULL WHERE tenant_id = $1 AND id = $2 AND sealed IS NOT NULL`
		const gone = `UPDATE outbox SET failed_at = $3, sealed = NULL, went = $4 WHERE tenant_id = $1 AND id = $2 AND sealed IS NOT NULL`
		query, args := again, []any{who.Tenant, w.ID, at.Add(time.Duration(w.Tries*w.Tries) * 10 * time.Second)}
		switch {
		case problem == nil:
			query, args[2] = sent, at
		case errors.Is(problem, ErrBounced):
			query, args = gone, []any{who.Tenant, w.ID, at, "bounced"}
		case w.Tries >= most:
			query, args = gone, []any{who.Tenant, w.ID, at, "failed"}
		}
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("note message %d: %w", w.ID, err)
		}
		return nil
	})
}
