package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"seedbook/service/activation"
	"seedbook/service/auth"
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
		sinks[notify.Email] = notify.Mail{Server: s.settings.Mail, From: s.settings.MailFrom}
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
