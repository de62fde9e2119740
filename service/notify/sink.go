package notify

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/smtp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Folder is a sink for development: each message is a file that nobody but its
// owner may read.
type Folder string

var notPlain = regexp.MustCompile(`[^A-Za-z0-9-]+`)

// Send writes a message into the folder, which it makes where it is missing.
func (f Folder) Send(_ context.Context, m Message, at time.Time) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("make the outbox folder: %w", err)
	}
	name := at.UTC().Format("20060102-150405") + "-" + string(m.Channel) + "-" + notPlain.ReplaceAllString(m.Key, "-") + ".txt"
	text := "To: " + m.To + "\nLanguage: " + m.Lang + "\nSubject: " + m.Subject + "\n\n" + m.Text + "\n"
	if err := os.WriteFile(filepath.Join(string(f), name), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write a message: %w", err)
	}
	return nil
}

// Mail is a sink for e-mail: an SMTP server on this machine or network, without
// a password. Anything else it refuses.
type Mail struct {
	Server string // host:port
	From   string
}

var errNotMail = errors.New("is no e-mail that can be sent")

// Send hands an e-mail to the server.
func (s Mail) Send(_ context.Context, m Message, at time.Time) error {
	if m.Channel != Email || strings.ContainsAny(m.To+s.From, "\r\n") {
		return errNotMail
	}
	head := "From: " + s.From + "\r\nTo: " + m.To + "\r\nSubject: " + mime.QEncoding.Encode("utf-8", m.Subject) +
		"\r\nDate: " + at.UTC().Format(time.RFC1123Z) + "\r\nContent-Language: " + m.Lang +
		"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	body := strings.ReplaceAll(m.Text, "\n", "\r\n")
	if err := smtp.SendMail(s.Server, nil, s.From, []string{m.To}, []byte(head+body+"\r\n")); err != nil {
		return fmt.Errorf("send an e-mail: %w", err)
	}
	return nil
}

// Sorted sends each channel's messages its own way.
type Sorted map[Channel]Sink

// Send passes a message to its channel's sink.
func (s Sorted) Send(ctx context.Context, m Message, at time.Time) error {
	sink, ok := s[m.Channel]
	if !ok {
		return fmt.Errorf("nothing sends %s", m.Channel)
	}
	return sink.Send(ctx, m, at)
}
