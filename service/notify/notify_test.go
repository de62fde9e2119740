package notify_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/notify"
	"seedbook/service/store"
	"seedbook/service/vault"
)

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

type post struct {
	t    *testing.T
	db   *store.DB
	keys *vault.Keyring
	who  store.Who
}

func open(t *testing.T) post {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p := post{t, db, vault.Random(), store.Who{Actor: "test"}}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.Get(&p.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var errMind = errors.New("changed my mind")

func (p post) enqueue(key string, then error) {
	p.t.Helper()
	m := notify.Message{Key: key, Channel: notify.SMS, To: "+12025550123", Lang: "es", Text: "Su código es 12345678", Until: noon.Add(10 * time.Minute)}
	err := p.db.InTx(p.t.Context(), p.who, func(tx *sqlx.Tx) error {
		if err := notify.Enqueue(p.t.Context(), tx, p.who, p.keys, m, noon); err != nil {
			return err
		}
		return then
	})
	if !errors.Is(err, then) {
		p.t.Fatal(err)
	}
}

func (p post) deliver(sink notify.Sink, at time.Time) int {
	n, _ := notify.Deliver(p.t.Context(), p.db, p.who, p.keys, sink, at) // what single messages met shows in their rows
	return n
}

func (p post) left() (n int) {
	p.t.Helper()
	err := p.db.InTx(p.t.Context(), p.who, func(tx *sqlx.Tx) error { return tx.Get(&n, `SELECT count(*) FROM outbox WHERE sealed IS NOT NULL`) })
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// sinkFunc is a sink made of a function.
type sinkFunc func(notify.Message) error

func (f sinkFunc) Send(_ context.Context, m notify.Message, _ time.Time) error { return f(m) }

func TestAMessageExistsWithItsCauseAndIsSentOnce(t *testing.T) {
	t.Parallel()
	p := open(t)
	dir := filepath.Join(t.TempDir(), "outbox")
	p.enqueue("code/1", nil)
	p.enqueue("code/1", nil) // repeated
	p.enqueue("code/2", errMind)
	if n := p.deliver(notify.Folder(dir), noon); n != 1 {
		t.Errorf("sent %d, want 1", n)
	}
	if n := p.deliver(notify.Folder(dir), noon.Add(time.Hour)); n != 0 || p.left() != 0 {
		t.Errorf("sent %d again, %d left sealed", n, p.left())
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %d files", err, len(files))
	}
	text, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
	if err != nil || !strings.Contains(string(text), "Su código es 12345678") {
		t.Errorf("%v: %s", err, text)
	}
	if info, _ := files[0].Info(); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestWhatFailsIsTriedAgainLaterAndGivenUpWhenItIsOfNoUse(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.enqueue("code/1", nil)
	tries := 0
	refuse := sinkFunc(func(notify.Message) error { tries++; return errMind })
	p.deliver(refuse, noon)
	p.deliver(refuse, noon.Add(time.Second)) // not yet
	p.deliver(refuse, noon.Add(time.Minute))
	if tries != 2 || p.left() != 1 {
		t.Errorf("%d tries, %d left", tries, p.left())
	}
	p.deliver(refuse, noon.Add(11*time.Minute))
	if tries != 2 || p.left() != 0 {
		t.Errorf("late: %d tries, %d left", tries, p.left())
	}
}

func TestOneWhoDiedWhileSendingIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.enqueue("code/1", nil)
	ctx, cancel := context.WithCancel(t.Context())
	dies := sinkFunc(func(notify.Message) error { cancel(); return nil })
	if _, err := notify.Deliver(ctx, p.db, p.who, p.keys, dies, noon); err == nil {
		t.Error("nobody noticed")
	}
	sent := 0
	works := sinkFunc(func(notify.Message) error { sent++; return nil })
	p.deliver(works, noon.Add(time.Second))
	if sent != 0 {
		t.Error("the lease was not respected")
	}
	p.deliver(works, noon.Add(3*time.Minute))
	if sent != 1 || p.left() != 0 {
		t.Errorf("sent %d, left %d", sent, p.left())
	}
}

func TestMailRefusesWhatCouldForgeAHeader(t *testing.T) {
	s := notify.Mail{Server: "127.0.0.1:1", From: "csa@riverbend.example"}
	for _, m := range []notify.Message{
		{Channel: notify.Email, To: "a@b.example\r\nBcc: eve@evil.example"},
		{Channel: notify.SMS, To: "+12025550123"},
	} {
		if err := s.Send(t.Context(), m, noon); err == nil || strings.Contains(err.Error(), "dial") {
			t.Errorf("%v was not refused: %v", m.To, err)
		}
	}
}
