// Package notify carries messages out: a row in the transaction of what caused
// it, a loop that sends, and a sink that is the outside world.
//
// A message is sent at least once and, unless the program dies between handing
// it over and noting that, exactly once. What it says is sealed while it waits
// and gone afterwards. The package phrases nothing, chooses no recipient and
// reads no clock.
package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// Channel is how a message travels.
type Channel string

// The channels.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// Message is one message to one recipient, phrased already.
type Message struct {
	Key     string  `json:"-"` // unique for ever within the organization: what caused it
	Channel Channel `json:"-"`
	To      string  `json:"to"`
	Lang    string  `json:"lang"`
	Subject string  `json:"subject,omitempty"` // of an e-mail
	Text    string  `json:"text"`
	// Until is the instant from which it is of no use, like a code that has run out.
	Until time.Time `json:"-"`
}

// LogValue keeps people and codes out of logs.
func (m Message) LogValue() slog.Value { return slog.StringValue("[message " + m.Key + "]") }

func place(tenant int32, key string) string {
	return strconv.Itoa(int(tenant)) + "|outbox|" + key
}

// Enqueue has messages sent once the transaction is committed. A key that was
// used before is left alone: one cause, one message.
func Enqueue(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, m Message, at time.Time) error {
	plain, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", m.Key, err)
	}
	const query = `
		INSERT INTO outbox (tenant_id, message_key, channel, sealed, enqueued_at, due_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $5, $6)
		ON CONFLICT ON CONSTRAINT outbox_message_key DO NOTHING`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, m.Key, m.Channel, keys.Seal(place(who.Tenant, m.Key), plain), at, m.Until); err != nil {
		return fmt.Errorf("enqueue %s: %w", m.Key, err)
	}
	return nil
}
