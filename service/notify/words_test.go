package notify_test

import (
	"bufio"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/i18n"
	"seedbook/service/notify"
)

func TestSegmentsAreCountedAsCarriersBillThem(t *testing.T) {
	for _, test := range []struct {
		text string
		want int
	}{
		{"", 1}, {strings.Repeat("a", 160), 1}, {strings.Repeat("a", 161), 2}, {strings.Repeat("a", 306), 2}, {strings.Repeat("a", 307), 3},
		{strings.Repeat("ñé¿", 53) + "a", 1}, // of the GSM alphabet
		{strings.Repeat("€", 80), 1}, {strings.Repeat("€", 81), 2},
		{strings.Repeat("a", 69) + "ó", 1}, {strings.Repeat("a", 70) + "ó", 2}, // one ó makes it UCS-2
		{strings.Repeat("a", 68) + "🌱", 1}, {strings.Repeat("a", 69) + "🌱", 2}, // two places of UTF-16
	} {
		if got := notify.Segments(test.text); got != test.want {
			t.Errorf("%d characters %.12q…: %d, want %d", len([]rune(test.text)), test.text, got, test.want)
		}
	}
}

func TestTextsWaitForDaytimeWhereTheFamilyLives(t *testing.T) {
	ohio, _ := time.LoadLocation("America/New_York")
	for _, test := range []struct{ zip, at, want string }{
		{"43085", "2026-10-05T13:00:00Z", "2026-10-05T13:00:00Z"}, // nine in the morning in Ohio
		{"43085", "2026-10-05T12:59:00Z", "2026-10-05T13:00:00Z"},
		{"43085", "2026-10-06T00:30:00Z", "2026-10-06T13:00:00Z"}, // half past eight in the evening
		{"96813", "2026-10-05T13:00:00Z", "2026-10-05T19:00:00Z"}, // three at night in Honolulu
		{"85001", "2026-07-05T15:00:00Z", "2026-07-05T16:00:00Z"}, // Phoenix has no summer time
		{"", "2026-11-01T05:30:00Z", "2026-11-01T14:00:00Z"},      // the night the clocks go back
	} {
		at, _ := time.Parse(time.RFC3339, test.at)
		if got := notify.Allowed(at, notify.ZoneOf(test.zip, ohio)).UTC().Format(time.RFC3339); got != test.want {
			t.Errorf("%s at %s: %s, want %s", test.zip, test.at, got, test.want)
		}
	}
}

func TestAnswersAreHeardInBothLanguages(t *testing.T) {
	for text, want := range map[string]notify.Heard{"STOP": notify.Stop, " alto. ": notify.Stop, "Ayuda": notify.Help, "help": notify.Help, "comenzar": notify.Start, "please stop": notify.Other, "": notify.Other} {
		if got := notify.Hear(text); got != want {
			t.Errorf("%q is heard as %q, want %q", text, got, want)
		}
	}
}

func TestAProgramsOwnWordsAreVersionedAndChecked(t *testing.T) {
	t.Parallel()
	p := open(t)
	reword := func(words string) error {
		return p.db.InTx(t.Context(), p.who, func(tx *sqlx.Tx) error {
			return notify.Reword(t.Context(), tx, p.who, notify.Wording{About: "request_done", Language: "es", Subject: "{{.program}}: listo", Words: words}, noon)
		})
	}
	for words, want := range map[string]error{"{{.program}}: hola {{.child}}": notify.ErrPlaceholder, "hola": notify.ErrProgram, " ": notify.ErrEmpty, "{{.program}}: {{no}}": notify.ErrPlaceholder} {
		if err := reword(words); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", words, err, want)
		}
	}
	for range 2 { // the same words again are no new version
		if err := reword("{{.program}}: la {{.no}} está lista."); err != nil {
			t.Fatal(err)
		}
	}
	var all []notify.Wording
	err := p.db.Read(t.Context(), p.who, func(q sqlx.QueryerContext) (err error) {
		all, err = notify.Wordings(t.Context(), q, "request_done", "es")
		return err
	})
	if err != nil || len(all) != 2 || all[0].Version != 1 || all[1].Version != 0 {
		t.Fatalf("%v: %+v", err, all)
	}
	m, err := all[0].Message(i18n.Args{"program": "Riverbend", "no": 7})
	if err != nil || m.Text != "Riverbend: la 7 está lista." || m.Wording != 1 {
		t.Errorf("%v: %+v", err, m)
	}
}

// smtpSink is an SMTP server that keeps what it gets and refuses who is gone.
type smtpSink struct {
	mu   sync.Mutex
	mail []string
}

func (s *smtpSink) listen(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return l.Addr().String()
}

func (s *smtpSink) talk(c net.Conn) {
	defer c.Close()
	say := func(line string) { _, _ = c.Write([]byte(line + "\r\n")) }
	say("220 sink")
	in := bufio.NewScanner(c)
	for in.Scan() {
		switch line := strings.ToUpper(in.Text()); {
		case strings.HasPrefix(line, "EHLO"), strings.HasPrefix(line, "HELO"), strings.HasPrefix(line, "MAIL"), strings.HasPrefix(line, "RSET"), strings.HasPrefix(line, "NOOP"):
			say("250 ok")
		case strings.HasPrefix(line, "RCPT") && strings.Contains(line, "GONE@"):
			say("550 no such user")
		case strings.HasPrefix(line, "RCPT"):
			say("250 ok")
		case strings.HasPrefix(line, "DATA"):
			say("354 go on")
			var text []string
			for in.Scan() && in.Text() != "." {
				text = append(text, in.Text())
			}
			s.mu.Lock()
			s.mail = append(s.mail, strings.Join(text, "\n"))
			s.mu.Unlock()
			say("250 ok")
		default:
			say("221 bye")
			return
		}
	}
}

func TestMailGoesOverSMTPAndWhatBouncesIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	p := open(t)
	server := &smtpSink{}
	sink := notify.Mail{Server: server.listen(t), From: "csa@riverbend.example"}
	err := p.db.InTx(t.Context(), p.who, func(tx *sqlx.Tx) error {
		return notify.EnqueueAll(t.Context(), tx, p.who, p.keys, []notify.Message{
			{Key: "a", About: "news", Channel: notify.Email, To: "ana@example.org", Lang: "es", Subject: "Riverbend: está listo", Text: "Riverbend: su solicitud está lista.", Until: noon.Add(time.Hour)},
			{Key: "b", About: "news", Channel: notify.Email, To: "gone@example.org", Lang: "en", Subject: "Riverbend", Text: "Riverbend: hello", Until: noon.Add(time.Hour)},
		}, noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := p.deliver(sink, noon); n != 1 {
		t.Errorf("sent %d, want 1", n)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if len(server.mail) != 1 || !strings.Contains(server.mail[0], "Content-Language: es") || !strings.Contains(server.mail[0], "Auto-Submitted") {
		t.Errorf("the server got %q", server.mail)
	}
	var missed []notify.Sent
	err = p.db.InTx(t.Context(), p.who, func(tx *sqlx.Tx) (err error) {
		if missed, err = notify.List(t.Context(), tx, notify.Filter{State: notify.Missed, Limit: 9}); err != nil || len(missed) != 1 {
			return err
		}
		return notify.LookAfter(t.Context(), tx, p.who, missed[0].ID, noon)
	})
	if err != nil || len(missed) != 1 || missed[0].State() != notify.Bounced || missed[0].Tries != 1 {
		t.Errorf("%v: missed %+v", err, missed)
	}
	if p.left() != 0 {
		t.Error("the bounced one is tried again")
	}
}
