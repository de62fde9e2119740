package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/store"
)

// Wishes are what a guardian wants to be written.
type Wishes struct {
	SMS   bool `db:"sms"`
	Email bool `db:"email"`
	News  bool `db:"news"`
}

// WishesOf are those of an account: everything, until it says otherwise.
func WishesOf(ctx context.Context, q sqlx.QueryerContext, account int64) (w Wishes, err error) {
	err = sqlx.GetContext(ctx, q, &w, `SELECT sms, email, news FROM notice_wishes WHERE account_id = $1`, account)
	if errors.Is(err, sql.ErrNoRows) {
		return Wishes{true, true, true}, nil
	}
	if err != nil {
		return w, fmt.Errorf("wishes of guardian %d: %w", account, err)
	}
	return w, nil
}

// Wants reports whether a message by a channel is wanted. What keeps an account
// safe comes in any case, but never as a text message to who said STOP: its
// carrier would not deliver it.
func (w Wishes) Wants(about string, by Channel) bool {
	switch {
	case by == SMS && !w.SMS:
		return false
	case Urgent(about):
		return true
	case about == "news" && !w.News:
		return false
	}
	return by == SMS || w.Email
}

// Wish writes down what a guardian wants.
func Wish(ctx context.Context, tx *sqlx.Tx, who store.Who, account int64, w Wishes, at time.Time) error {
	const query = `
		INSERT INTO notice_wishes (tenant_id, account_id, sms, email, news, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT ON CONSTRAINT notice_wishes_pkey DO UPDATE
		SET sms = EXCLUDED.sms, email = EXCLUDED.email, news = EXCLUDED.news, changed_by = EXCLUDED.changed_by, changed_at = EXCLUDED.changed_at`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, account, w.SMS, w.Email, w.News, who.Actor, at); err != nil {
		return fmt.Errorf("wishes of guardian %d: %w", account, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "notify.wished", Kind: "guardian", Subject: account, After: map[string]any{"sms": w.SMS, "email": w.Email, "news": w.News}}}, at)
}

// Heard is what somebody who answers a text message wants.
type Heard string

// What may be heard.
const (
	Stop  Heard = "stop"
	Start Heard = "start"
	Help  Heard = "help"
	Other Heard = "" // a person has to read it
)

// heard are the words of carriers (CTIA) and those of Spanish.
var heard = map[string]Heard{
	"STOP": Stop, "STOPALL": Stop, "UNSUBSCRIBE": Stop, "CANCEL": Stop, "END": Stop, "QUIT": Stop, "ALTO": Stop, "PARAR": Stop, "CANCELAR": Stop,
	"START": Start, "UNSTOP": Start, "YES": Start, "COMENZAR": Start, "INICIO": Start, "SI": Start, "SÍ": Start,
	"HELP": Help, "INFO": Help, "AYUDA": Help,
}

// Hear reads an answer to a text message.
func Hear(text string) Heard {
	return heard[strings.ToUpper(strings.Trim(text, " .!\r\n\t"))]
}
