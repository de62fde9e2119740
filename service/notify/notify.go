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
	"github.com/lib/pq"

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
	// Due is the instant from which it may be sent; none: at once.
	Due time.Time `json:"-"`

	About   string `json:"-"` // which message it is; "" for a code
	Wording int    `json:"-"` // version of its words
	Account int64  `json:"-"` // the guardian's account it is for; 0: none
	Child   int64  `json:"-"` // whose death stops it; 0: it is about no child
	Send    SendID `json:"-"` // the sending to many that it is part of; 0: it is alone
}

// SendID identifies a sending to many within its organization.
type SendID int64

// segments are the text messages that a message is billed as.
func (m Message) segments() int {
	if m.Channel != SMS {
		return 0
	}
	return Segments(m.Text)
}

// LogValue keeps people and codes out of logs.
func (m Message) LogValue() slog.Value { return slog.StringValue("[message " + m.Key + "]") }

func place(tenant int32, key string) string {
	return strconv.Itoa(int(tenant)) + "|outbox|" + key
}

// Enqueue has messages sent once the transaction is committed. A key that was
// used before is left alone: one cause, one message.
func Enqueue(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, m Message, at time.Time) error {
	return EnqueueAll(ctx, tx, who, keys, []Message{m}, at)
}

// EnqueueAll is Enqueue for many, in one statement.
func EnqueueAll(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, all []Message, at time.Time) error {
	var c columns
	for _, m := range all {
		plain, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("enqueue %s: %w", m.Key, err)
		}
		due := at
		if m.Due.After(at) {
			due = m.Due
		}
		c.keys, c.channels, c.sealed = append(c.keys, m.Key), append(c.channels, string(m.Channel)), append(c.sealed, keys.Seal(place(who.Tenant, m.Key), plain))
		c.due, c.until = append(c.due, due), append(c.until, m.Until)
		c.abouts, c.wordings, c.langs = append(c.abouts, m.About), append(c.wordings, int64(m.Wording)), append(c.langs, m.Lang)
		c.accounts, c.children, c.sends = append(c.accounts, m.Account), append(c.children, m.Child), append(c.sends, int64(m.Send))
		c.segments = append(c.segments, int64(m.segments()))
	}
	const query = `
		INSERT INTO outbox (tenant_id, message_key, channel, sealed, enqueued_at, due_at, expires_at, about, wording, language, account_id, child_id, send_id, segments)
		SELECT $1, m.key, m.channel, m.sealed, $2, m.due, m.until, m.about, m.wording, m.lang, nullif(m.account, 0), nullif(m.child, 0), nullif(m.send, 0), m.segments
		FROM unnest(CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS bytea[]), CAST($6 AS timestamptz[]), CAST($7 AS timestamptz[]), CAST($8 AS text[]),
		            CAST($9 AS integer[]), CAST($10 AS text[]), CAST($11 AS bigint[]), CAST($12 AS bigint[]), CAST($13 AS bigint[]), CAST($14 AS integer[]))
		     AS m (key, channel, sealed, due, until, about, wording, lang, account, child, send, segments)
		ON CONFLICT ON CONSTRAINT outbox_message_key DO NOTHING`
	_, err := tx.ExecContext(ctx, query, who.Tenant, at, pq.Array(c.keys), pq.Array(c.channels), pq.Array(c.sealed), pq.Array(c.due), pq.Array(c.until), pq.Array(c.abouts),
		pq.Array(c.wordings), pq.Array(c.langs), pq.Array(c.accounts), pq.Array(c.children), pq.Array(c.sends), pq.Array(c.segments))
	if err != nil {
		return fmt.Errorf("enqueue %d messages: %w", len(all), err)
	}
	return nil
}

// columns are messages of one insert, column by column.
type columns struct {
	keys, channels, abouts, langs                 []string
	sealed                                        [][]byte
	due, until                                    []time.Time
	wordings, accounts, children, sends, segments []int64
}
