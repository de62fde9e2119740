package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"seedbook/service/apikey"
)

// once makes a handler that writes answer a repeated request as it answered the
// first, without doing anything.
func once(do func(*API, *gin.Context, call) (reply, error)) func(*API, *gin.Context, call) (reply, error) {
	return func(a *API, g *gin.Context, c call) (reply, error) {
		r, err := requestOf(g)
		if err != nil {
			return reply{}, err
		}
		before, done, err := apikey.Begin(g.Request.Context(), a.DB, c.Caller, r, c.at)
		if err != nil {
			return reply{}, err
		}
		if done {
			g.Header("Idempotent-Replayed", "true")
			return reply{status: before.Status, location: before.Location, value: json.RawMessage(before.Body)}, nil
		}
		// What was begun is ended whether its sender still waits or not.
		ctx := context.WithoutCancel(g.Request.Context())
		answer, err := do(a, g, c)
		if err != nil {
			return reply{}, orElse(apikey.GaveUp(ctx, a.DB, c.Caller, r), err)
		}
		raw, err := bodyOf(answer)
		if err != nil {
			return reply{}, err
		}
		answer.value = json.RawMessage(raw)
		kept := apikey.Answer{Status: answer.status, Location: answer.location, Body: string(raw)}
		return answer, apikey.Answered(ctx, a.DB, c.Caller, r, kept, c.at)
	}
}

// orElse keeps the error that its sender has to know.
func orElse(_, err error) error { return err }

// requestOf reads what identifies a request, and leaves its body to be read.
func requestOf(g *gin.Context) (apikey.Request, error) {
	keys := g.Request.Header.Values("Idempotency-Key")
	if len(keys) != 1 || keys[0] == "" || utf8.RuneCountInString(keys[0]) > 200 || !utf8.ValidString(keys[0]) {
		return apikey.Request{}, refused(http.StatusBadRequest, errNoKey.At("Idempotency-Key"))
	}
	body, err := io.ReadAll(g.Request.Body)
	if err != nil {
		return apikey.Request{}, err
	}
	g.Request.Body = io.NopCloser(bytes.NewReader(body))
	h := sha256.New()
	for _, part := range []string{g.Request.Method, g.Request.URL.Path, g.Request.URL.RawQuery, string(body)} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	return apikey.Request{Key: keys[0], Fingerprint: [32]byte(h.Sum(nil))}, nil
}
