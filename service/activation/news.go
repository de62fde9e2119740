package activation

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/notify"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of news.
var (
	// ErrNobody reports news that nobody would get.
	ErrNobody = fault.New(fault.Conflict, "activation.nobody")
	// ErrConfirm reports a number of recipients that is not the one that was shown.
	ErrConfirm = fault.New(fault.Conflict, "activation.confirm")
)

// newsFor is how long news are worth sending.
const newsFor = 7 * 24 * time.Hour

// News is a message to all guardians of a program or of a school.
type News struct {
	Program program.Program
	School  program.SchoolID  // 0: all
	Texts   map[string]string // by language
	// Reference names the form: sent again, it sends nothing more.
	Reference string
}

// NewsOutlook is what sending news would do.
type NewsOutlook struct {
	Recipients int // messages, one a contact
	Segments   int // text messages they are billed as
	ByChannel  map[notify.Channel]int
	ByLang     map[string]int
	Samples    map[string]notify.Message // by language; to nobody
	Unwanted   int                       // contacts of guardians who want none

	messages []notify.Message
}

// ForeseeNews says who would get what, and sends nothing: guardians of children
// who take part and live, who may be told of the child and want news, each
// contact once.
func ForeseeNews(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, n News, at time.Time) (out NewsOutlook, err error) {
	out = NewsOutlook{ByChannel: map[notify.Channel]int{}, ByLang: map[string]int{}, Samples: map[string]notify.Message{}}
	for _, l := range i18n.Languages {
		if out.Samples[l.Code], err = n.sample(ctx, q, l.Code); err != nil {
			return out, err
		}
	}
	all, err := newsReaders(ctx, q, n, at)
	if err != nil {
		return out, err
	}
	zones, err := zonesOf(ctx, q, who, keys, n.Program, all)
	if err != nil {
		return out, err
	}
	for _, r := range all {
		if !(notify.Wishes{SMS: r.SMS, Email: r.Email, News: r.News}).Wants("news", r.Kind) {
			out.Unwanted++
			continue
		}
		to, err := keys.Open(contactPlace(who.Tenant, r.Account), r.Sealed)
		if err != nil {
			return out, fmt.Errorf("open a contact of guardian %d: %w", r.Account, err)
		}
		m := out.Samples[i18n.For(r.Lang).Lang()]
		m.Key, m.Channel, m.To, m.Account, m.Child, m.Until = fmt.Sprintf("/%x", r.Hash[:12]), r.Kind, string(to), int64(r.Account), int64(r.Child), at.Add(newsFor)
		if r.Kind == notify.SMS {
			m.Due = notify.Allowed(at, zones[r.Child])
			out.Segments += notify.Segments(m.Text)
		}
		out.Recipients++
		out.ByChannel[m.Channel]++
		out.ByLang[m.Lang]++
		out.messages = append(out.messages, m)
	}
	return out, nil
}

// sample phrases the news in a language.
func (n News) sample(ctx context.Context, q sqlx.QueryerContext, lang string) (notify.Message, error) {
	wording, err := notify.WordingOf(ctx, q, "news", lang)
	if err != nil {
		return notify.Message{}, err
	}
	return wording.Message(i18n.Args{"program": n.Program.Name, "text": n.Texts[lang]})
}

// reader is a contact that may get news.
type reader struct {
	Account AccountID      `db:"account_id"`
	Child   family.ChildID `db:"child_id"`
	Kind    notify.Channel `db:"kind"`
	Hash    []byte         `db:"contact_hash"`
	Sealed  []byte         `db:"sealed"`
	Lang    string         `db:"language"`
	SMS     bool           `db:"sms"`
	Email   bool           `db:"email"`
	News    bool           `db:"news"`
}

func newsReaders(ctx context.Context, q sqlx.QueryerContext, n News, at time.Time) (all []reader, err error) {
	const query = `
		SELECT DISTINCT ON (k.contact_hash) a.id AS account_id, c.child_id, k.kind, k.contact_hash, k.sealed, a.language,
		       coalesce(w.sms, true) AS sms, coalesce(w.email, true) AS email, coalesce(w.news, true) AS news
		FROM enrollments e
		JOIN guardian_children c ON c.tenant_id = e.tenant_id AND c.child_id = e.child_id AND c.ended_at IS NULL AND c.paused_at IS NULL
		JOIN guardian_accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id AND a.disabled_at IS NULL
		JOIN guardian_contacts k ON k.tenant_id = a.tenant_id AND k.account_id = a.id
		LEFT JOIN notice_wishes w ON w.tenant_id = a.tenant_id AND w.account_id = a.id
		WHERE e.program_id = $1 AND e.state = 'enrolled' AND guardian_may(c.tenant_id, c.child_id, c.guardian_id, 'notify', $3)
		  AND ($2 = 0 OR EXISTS (SELECT FROM schoolings s WHERE s.tenant_id = e.tenant_id AND s.child_id = e.child_id AND s.school_id = $2 AND s.to_on IS NULL))
		  AND NOT EXISTS (SELECT FROM child_holds h WHERE h.tenant_id = e.tenant_id AND h.child_id = e.child_id AND h.kind = 'death' AND h.lifted_at IS NULL)
		ORDER BY k.contact_hash, c.child_id`
	if err := sqlx.SelectContext(ctx, q, &all, query, n.Program.ID, n.School, n.Program.Day(at)); err != nil {
		return nil, fmt.Errorf("readers of news: %w", err)
	}
	return all, nil
}

// zonesOf is where each reader's child lives, as far as the clock is concerned.
func zonesOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.Program, all []reader) (map[family.ChildID]*time.Location, error) {
	ids := make([]family.ChildID, len(all))
	for i, r := range all {
		ids[i] = r.Child
	}
	people, err := family.Load(ctx, q, who, keys, ids)
	zones := map[family.ChildID]*time.Location{}
	for _, c := range people {
		zones[c.ID] = notify.ZoneOf(c.Person.ZIP, p.Zone())
	}
	return zones, err
}

// SendNews sends news to as many as were confirmed, each contact once. Where
// others would get it than were shown, it sends nothing (ErrConfirm).
func SendNews(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, n News, confirmed int, at time.Time) (notify.SendID, error) {
	out, err := ForeseeNews(ctx, tx, who, keys, n, at)
	if err != nil {
		return 0, err
	}
	switch {
	case out.Recipients == 0:
		return 0, ErrNobody
	case out.Recipients != confirmed:
		return 0, ErrConfirm.With(map[string]any{"n": out.Recipients}).At("confirm")
	}
	id, before, err := notify.RecordSending(ctx, tx, who, notify.Sending{Program: int32(n.Program.ID), Reference: n.Reference, About: "news", Recipients: out.Recipients, Segments: out.Segments}, at)
	if err != nil || before {
		return id, err
	}
	for i := range out.messages {
		out.messages[i].Send, out.messages[i].Key = id, fmt.Sprintf("news/%d%s", id, out.messages[i].Key)
	}
	return id, notify.EnqueueAll(ctx, tx, who, keys, out.messages, at)
}

// Answered takes what somebody wrote back to a text message: STOP and ALTO end
// text messages to the telephone, START and COMENZAR begin them again, HELP and
// AYUDA are answered. It says what was heard; of a number that nobody signs in
// with, nothing happens.
func Answered(ctx context.Context, db *store.DB, keys *vault.Keyring, from, text string, at time.Time) (notify.Heard, error) {
	heard := notify.Hear(text)
	folded, kind, err := foldContact(from)
	if err != nil || kind != notify.SMS || heard == notify.Other {
		return heard, err
	}
	var c contact
	err = db.InTx0(ctx, "texts", func(tx *sqlx.Tx) error {
		c, err = contactOf(ctx, tx, contactHash(keys, folded))
		return err
	})
	if err != nil || c.Account == 0 {
		return heard, err
	}
	who := whoIs(c.Tenant, c.Account)
	return heard, db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		var lang string
		if err := tx.GetContext(ctx, &lang, `SELECT language FROM guardian_accounts WHERE id = $1`, c.Account); err != nil {
			return fmt.Errorf("language of guardian %d: %w", c.Account, err)
		}
		wishes, err := notify.WishesOf(ctx, tx, int64(c.Account))
		if err != nil {
			return err
		}
		if heard != notify.Help {
			wishes.SMS = heard == notify.Start
			if err := notify.Wish(ctx, tx, who, int64(c.Account), wishes, at); err != nil {
				return err
			}
		}
		m := notify.Message{Key: fmt.Sprintf("heard/%d/%s/%d", c.Account, heard, at.Unix()), Channel: notify.SMS, To: folded, Account: int64(c.Account)}
		return tell(ctx, tx, who, keys, m, lang, Word{About: "heard_" + string(heard)}, at)
	})
}
