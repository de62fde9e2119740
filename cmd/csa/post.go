package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/auth"
	"seedbook/service/demo"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/notify"
	"seedbook/service/store"
)

// How often the outbox is looked at, since somebody waits for a code, and what
// is over is swept away.
const (
	postEvery  = 2 * time.Second
	sweepEvery = time.Hour
)

// post sends messages while the program serves.
type post struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (p *post) stop() {
	p.cancel()
	p.done.Wait()
}

// startPost begins to send what is enqueued. Text messages go to the outbox
// folder until a provider is set up; e-mail does too without a mail server.
func (s *session) startPost(log *slog.Logger) *post {
	folder := notify.Folder(s.settings.Outbox)
	sinks := notify.Sorted{notify.SMS: folder, notify.Email: folder}
	if s.settings.Mail != "" {
		sinks[notify.Email] = notify.Mail{Server: s.settings.Mail, From: s.settings.MailFrom, User: s.settings.MailUser, Password: s.settings.MailPassword}
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &post{cancel: cancel}
	p.done.Go(func() {
		ticker := time.NewTicker(postEvery)
		defer ticker.Stop()
		swept := time.Time{}
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := s.deliver(ctx, sinks); err != nil && ctx.Err() == nil {
				log.Error("messages", "error", err.Error())
			}
			if s.now().Sub(swept) < sweepEvery {
				continue
			}
			swept = s.now()
			if err := activation.Sweep(ctx, s.db, swept); err != nil && ctx.Err() == nil {
				log.Error("sweep", "error", err.Error())
			}
		}
	})
	return p
}

// deliver sends a round of every organization's messages.
func (s *session) deliver(ctx context.Context, sink notify.Sink) error {
	all, err := auth.Tenants(ctx, s.db)
	if err != nil {
		return err
	}
	for _, t := range all {
		if _, err := notify.Deliver(ctx, s.db, store.Who{Tenant: t.ID, Actor: "job/post"}, s.keys, sink, s.now()); err != nil {
			return err
		}
	}
	return nil
}

// greetFamily prints what one family of the demonstration types to come in, as
// its letter would: a family that saves.
func (s *session) greetFamily(ctx context.Context, addr string, made demo.Made) error {
	var child family.Child
	err := s.db.Read(ctx, made.Who, func(q sqlx.QueryerContext) error {
		ids, err := enroll.Caseload(ctx, q, made.Program.ID, []enroll.State{enroll.Enrolled}, 0, 50)
		if err != nil {
			return err
		}
		money, err := enroll.MoneyOf(ctx, q, made.Program, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if money[id].Own.Sign() > 0 {
				all, err := family.Load(ctx, q, made.Who, s.keys, []family.ChildID{id})
				child = all[0]
				return err
			}
		}
		return nil
	})
	if err != nil || child.ID == 0 || child.Erased {
		return err
	}
	code, err := activation.One(ctx, s.db, store.Who{Tenant: made.Who.Tenant, Actor: "cli"}, s.keys, child.ID, s.now())
	if err != nil {
		return err
	}
	s.printf("Come in once as a family of the demonstration: http://%s/family/activate#%s\n", addr, code)
	s.printf("  code %s, born %s; the code for your phone is written to %s\n", code, i18n.For("en").Month(child.Person.BornOn), s.settings.Outbox)
	return nil
}
