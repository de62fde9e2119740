package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
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

// Mail is a sink for e-mail: an SMTP server. What leaves this machine is
// encrypted, and a password is never sent in the open.
type Mail struct {
	Server   string // host:port
	From     string
	User     string // "" where the server asks for none
	Password string
}

var errNotMail = errors.New("is no e-mail that can be sent")

// Send hands an e-mail to the server. What the server refuses for good is
// ErrBounced.
func (s Mail) Send(ctx context.Context, m Message, at time.Time) error {
	if m.Channel != Email || strings.ContainsAny(m.To+s.From, "\r\n") {
		return errNotMail
	}
	out := mail.NewMsg()
	if err := errors.Join(out.From(s.From), out.To(m.To)); err != nil {
		return errors.Join(errNotMail, ErrBounced)
	}
	out.Subject(m.Subject)
	out.SetDateWithValue(at.UTC())
	out.SetGenHeader("Content-Language", m.Lang)
	out.SetGenHeader("Auto-Submitted", "auto-generated") // no answering machine answers it
	out.SetBodyString(mail.TypeTextPlain, m.Text)
	client, err := s.client()
	if err != nil {
		return fmt.Errorf("set up e-mail: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, out)
	var refused *mail.SendError
	if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500 {
		return fmt.Errorf("%w (code %d)", ErrBounced, refused.ErrorCode())
	}
	if err != nil {
		return errors.New("send an e-mail: " + plainly(err, m.To))
	}
	return nil
}

// plainly is an error without whom it is about, for the log.
func plainly(err error, to string) string { return strings.ReplaceAll(err.Error(), to, "[address]") }

func (s Mail) client() (*mail.Client, error) {
	host, port, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	options := []mail.Option{mail.WithPort(number), mail.WithTimeout(20 * time.Second), mail.WithTLSPolicy(mail.TLSMandatory)}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() || host == "localhost" {
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	}
	if number == 465 {
		options = append(options, mail.WithSSL())
	}
	if s.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	return mail.NewClient(host, options...)
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
