package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/store"
)

// Faults of wordings.
var (
	// ErrAbout reports a message that there is not.
	ErrAbout = fault.New(fault.NotFound, "notify.fault.about")
	// ErrPlaceholder reports a placeholder that the message does not have.
	ErrPlaceholder = fault.New(fault.Invalid, "notify.fault.placeholder")
	// ErrEmpty reports words that say nothing.
	ErrEmpty = fault.New(fault.Invalid, "notify.fault.empty")
	// ErrProgram reports words that do not begin with the program's name.
	ErrProgram = fault.New(fault.Invalid, "notify.fault.program")
)

// Abouts are the messages that families get, in the order people are shown them.
var Abouts = []string{"news", "request_asked", "request_back", "request_approved", "request_done", "request_refused", "payee_asked", "contact_asked", "contact_new",
	"heard_stop", "heard_start", "heard_help"}

// urgent are messages that keep an account safe: they come at any hour, by every
// contact, whatever the guardian wishes.
var urgent = []string{"payee_asked", "contact_asked", "contact_new"}

// Urgent reports a message that keeps an account safe.
func Urgent(about string) bool { return slices.Contains(urgent, about) }

// Wording is the words of a message in a language.
type Wording struct {
	About    string    `db:"about"`
	Language string    `db:"language"`
	Version  int       `db:"version"` // 0: the catalogue's
	Subject  string    `db:"subject"`
	Words    string    `db:"words"`
	MadeBy   string    `db:"made_by"`
	MadeAt   time.Time `db:"made_at"`
}

// catalogued are the words that a message has without a program's own.
func catalogued(about, lang string) (Wording, error) {
	if !slices.Contains(Abouts, about) || !i18n.Speaks(lang) {
		return Wording{}, ErrAbout
	}
	w := i18n.For(lang)
	return Wording{About: about, Language: lang, Subject: w.Source("notice.subject." + about), Words: w.Source("notice.text." + about)}, nil
}

// WordingOf is the wording in use for a message in a language.
func WordingOf(ctx context.Context, q sqlx.QueryerContext, about, lang string) (Wording, error) {
	all, err := Wordings(ctx, q, about, lang)
	if err != nil {
		return Wording{}, err
	}
	return all[0], nil
}

// Wordings are all of a message in a language, the one in use first and the
// catalogue's last.
func Wordings(ctx context.Context, q sqlx.QueryerContext, about, lang string) (out []Wording, err error) {
	first, err := catalogued(about, lang)
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT about, language, version, subject, words, made_by, made_at FROM notice_wordings
		WHERE about = $1 AND language = $2 ORDER BY version DESC LIMIT 50`
	if err := sqlx.SelectContext(ctx, q, &out, query, about, lang); err != nil {
		return nil, fmt.Errorf("wordings of %s in %s: %w", about, lang, err)
	}
	return append(out, first), nil
}

// Places are the placeholders that a message's words may have.
func Places(about string) []string {
	w := i18n.For("en")
	names := slices.Concat(i18n.Placeholders(w.Source("notice.subject."+about)), i18n.Placeholders(w.Source("notice.text."+about)))
	slices.Sort(names)
	return slices.Compact(names)
}

// Check finds what is wrong with a wording: a text begins with the program's
// name, so that nobody takes it for a stranger's, and has no placeholder but
// the message's own.
func (t Wording) Check() error {
	places := Places(t.About)
	for field, text := range map[string]string{"subject": t.Subject, "words": t.Words} {
		if strings.TrimSpace(text) == "" {
			return ErrEmpty.At(field)
		}
		if _, err := i18n.For("en").Fill(text, sample(places)); err != nil {
			return ErrPlaceholder.With(map[string]any{"places": "{{." + strings.Join(places, "}}, {{.") + "}}"}).At(field)
		}
	}
	if !strings.HasPrefix(strings.TrimSpace(t.Words), "{{.program}}") {
		return ErrProgram.At("words")
	}
	return nil
}

func sample(places []string) i18n.Args {
	args := i18n.Args{}
	for _, name := range places {
		args[name] = ""
	}
	return args
}

// Reword puts a new version of a wording into use.
func Reword(ctx context.Context, tx *sqlx.Tx, who store.Who, t Wording, at time.Time) error {
	now, err := WordingOf(ctx, tx, t.About, t.Language)
	if err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return err
	}
	if now.Subject == t.Subject && now.Words == t.Words {
		return nil
	}
	const query = `
		INSERT INTO notice_wordings (tenant_id, about, language, version, subject, words, made_by, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	_, err = tx.ExecContext(ctx, query, who.Tenant, t.About, t.Language, now.Version+1, strings.TrimSpace(t.Subject), strings.TrimSpace(t.Words), who.Actor, at)
	if err != nil {
		return fmt.Errorf("reword %s in %s: %w", t.About, t.Language, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "notify.reworded", Kind: "notice", After: map[string]any{"about": t.About, "language": t.Language, "version": now.Version + 1}}}, at)
}

// Message phrases a message of a wording.
func (t Wording) Message(args i18n.Args) (Message, error) {
	w := i18n.For(t.Language)
	m := Message{About: t.About, Wording: t.Version, Lang: t.Language}
	var err error
	if m.Subject, err = w.Fill(t.Subject, args); err == nil {
		m.Text, err = w.Fill(t.Words, args)
	}
	if err != nil {
		return m, fmt.Errorf("wording %d of %s in %s: %w", t.Version, t.About, t.Language, err)
	}
	return m, nil
}
