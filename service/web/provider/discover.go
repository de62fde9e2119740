package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// How long we wait for an answer, how long we believe what a sign-in said of
// itself, and how much it may say.
const (
	patience  = 5 * time.Second
	believed  = time.Hour
	mostBytes = 1 << 20
)

// web is how we ask: by TLS as the system trusts it, without following
// redirects, and reading no more than we should have to.
var web = &http.Client{Timeout: patience, Transport: bounded{},
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("a sign-in does not redirect our questions")
	}}

type bounded struct{}

// RoundTrip asks, and ends an answer that does not end.
func (bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, mostBytes), answer.Body}
	return answer, nil
}

// discovered is what a sign-in says of itself.
type discovered struct {
	*oidc.Provider
	AuthURL    string   `json:"authorization_endpoint"`
	TokenURL   string   `json:"token_endpoint"`
	Methods    []string `json:"token_endpoint_auth_methods_supported"`
	SaysIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	until      time.Time
}

// signatures are what we take. All of them have a public key, so nobody signs
// with what everybody can read; "none" is not among them.
var signatures = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

func (d *discovered) verifier(client string, at time.Time) *oidc.IDTokenVerifier {
	return d.VerifierContext(oidc.ClientContext(context.Background(), web),
		&oidc.Config{ClientID: client, SupportedSigningAlgs: signatures, Now: func() time.Time { return at }})
}

// discover reads what the sign-in says of itself, or remembers it. What was
// believed stays so while the sign-in is silent.
func (p *Provider) discover(ctx context.Context, at time.Time) (*discovered, error) {
	p.mu.Lock()
	d := p.found
	p.mu.Unlock()
	if d != nil && at.Before(d.until) {
		return d, nil
	}
	fresh, err := p.ask(ctx, at)
	if err != nil && d == nil {
		return nil, errors.Join(ErrDown, err)
	}
	if err != nil {
		return d, nil
	}
	p.mu.Lock()
	p.found = fresh
	p.mu.Unlock()
	return fresh, nil
}

func (p *Provider) ask(ctx context.Context, at time.Time) (*discovered, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, web), p.settings.Issuer)
	if err != nil {
		return nil, err
	}
	d := &discovered{Provider: found, until: at.Add(believed)}
	if err := found.Claims(d); err != nil {
		return nil, err
	}
	for _, address := range []string{d.AuthURL, d.TokenURL} {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" && !local(u) {
			return nil, fmt.Errorf("%s is not an address with https", address)
		}
	}
	return d, nil
}
