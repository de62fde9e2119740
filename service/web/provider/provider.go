// Package provider asks an organization's own sign-in who somebody is, by
// OpenID Connect: code flow with PKCE, state and nonce, and an ID token that is
// compared to the letter.
//
// It speaks to the network and to nothing else: what becomes of an identity is
// service/auth's, and what a browser keeps meanwhile is the console's. It
// follows no redirect, waits for nobody longer than a few seconds, and reads no
// clock.
package provider

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"seedbook/service/auth"
	"seedbook/service/fault"
)

// Faults of an organization's own sign-in.
var (
	// ErrDown reports a sign-in that does not answer, or not as one.
	ErrDown = fault.New(fault.Busy, "provider.down")
	// ErrRefused reports somebody whom the organization's sign-in did not let in.
	ErrRefused = fault.New(fault.Invalid, "provider.refused")
	// ErrAnswer reports an answer that is not to our question: too old, of
	// another browser, of another sign-in, or altered.
	ErrAnswer = fault.New(fault.Invalid, "provider.answer")
)

// Settings are what the organization's sign-in and we agreed upon.
type Settings struct {
	Issuer       string
	ClientID     string
	ClientSecret string   // "" for a client without one
	Redirect     string   // where the browser comes back to
	AMR          []string // any of these methods is a second factor; none: no method is
	ACR          []string // any of these classes is one, too
}

// Provider is an organization's own sign-in.
type Provider struct {
	settings Settings
	mu       sync.Mutex
	found    *discovered
}

// New returns a sign-in. Nothing is asked of it yet: the console starts without.
func New(s Settings) (*Provider, error) {
	u, err := url.Parse(s.Issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Scheme != "https" && !local(u) {
		return nil, fmt.Errorf("issuer %q: write its address with https, without a query", s.Issuer)
	}
	if s.ClientID == "" || s.Redirect == "" {
		return nil, errors.New("a client and the address of the console are needed")
	}
	return &Provider{settings: s}, nil
}

// local reports an address on this machine, which needs no TLS.
func local(u *url.URL) bool {
	return u.Scheme == "http" && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
}

// Begun is what a browser keeps until it comes back.
type Begun struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"`
	At       time.Time `json:"t"`
	Anew     bool      `json:"a,omitempty"` // the person has to show again who they are
}

// Life is how long somebody may take to sign in over there.
const Life = 10 * time.Minute

// Begin returns the address that somebody signs in at. Anew asks for a sign-in
// that just happened, not one that is remembered.
func (p *Provider) Begin(ctx context.Context, anew bool, at time.Time) (address string, b Begun, err error) {
	d, err := p.discover(ctx, at)
	if err != nil {
		return "", Begun{}, err
	}
	b = Begun{State: random(), Nonce: random(), Verifier: oauth2.GenerateVerifier(), At: at, Anew: anew}
	options := []oauth2.AuthCodeOption{oidc.Nonce(b.Nonce), oauth2.S256ChallengeOption(b.Verifier)}
	if anew {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	if len(p.settings.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(p.settings.ACR, " ")))
	}
	return p.client(d).AuthCodeURL(b.State, options...), b, nil
}

// random is 256 bits that nobody guesses.
func random() string {
	var raw [32]byte
	rand.Read(raw[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func (p *Provider) client(d *discovered) *oauth2.Config {
	endpoint := oauth2.Endpoint{AuthURL: d.AuthURL, TokenURL: d.TokenURL, AuthStyle: oauth2.AuthStyleInHeader}
	if p.settings.ClientSecret == "" || len(d.Methods) > 0 && !slices.Contains(d.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: p.settings.ClientID, ClientSecret: p.settings.ClientSecret, Endpoint: endpoint,
		RedirectURL: p.settings.Redirect, Scopes: []string{oidc.ScopeOpenID, "email"}}
}

// Finish returns who came back with an answer to what was begun.
func (p *Provider) Finish(ctx context.Context, b Begun, answer url.Values, at time.Time) (auth.Identity, error) {
	code, err := p.codeOf(b, answer, at)
	if err != nil {
		return auth.Identity{}, err
	}
	d, err := p.discover(ctx, at)
	if err != nil {
		return auth.Identity{}, err
	}
	if given := answer.Get("iss"); given != p.settings.Issuer && (given != "" || d.SaysIssuer) {
		return auth.Identity{}, errors.Join(ErrAnswer, errors.New("the answer comes from another issuer"))
	}
	ctx = oidc.ClientContext(ctx, web)
	token, err := p.client(d).Exchange(ctx, code, oauth2.VerifierOption(b.Verifier))
	var said *oauth2.RetrieveError
	switch {
	case errors.As(err, &said) && said.Response.StatusCode < 500:
		return auth.Identity{}, errors.Join(ErrAnswer, fmt.Errorf("the code was not exchanged: %s", said.ErrorCode))
	case err != nil:
		return auth.Identity{}, errors.Join(ErrDown, err)
	}
	return p.identify(ctx, d, b, token, at)
}

// codeOf checks that an answer is to our question, and returns its code.
func (p *Provider) codeOf(b Begun, answer url.Values, at time.Time) (string, error) {
	for _, name := range []string{"state", "code", "iss", "error"} {
		if len(answer[name]) > 1 {
			return "", errors.Join(ErrAnswer, fmt.Errorf("%s is there twice", name))
		}
	}
	switch {
	case b.State == "" || subtle.ConstantTimeCompare([]byte(b.State), []byte(answer.Get("state"))) != 1:
		return "", errors.Join(ErrAnswer, errors.New("the state is another"))
	case at.Before(b.At) || at.Sub(b.At) >= Life:
		return "", errors.Join(ErrAnswer, errors.New("the answer is too late"))
	case answer.Get("error") != "":
		return "", ErrRefused
	case answer.Get("code") == "" || len(answer.Get("code")) > 4096:
		return "", errors.Join(ErrAnswer, errors.New("there is no code"))
	}
	return answer.Get("code"), nil
}

// skew is by how much two clocks may differ.
const skew = time.Minute

// claims are what we read of an ID token beside what go-oidc reads.
type claims struct {
	Email    string   `json:"email"`
	Verified flag     `json:"email_verified"`
	Methods  []string `json:"amr"`
	Class    string   `json:"acr"`
	AuthTime int64    `json:"auth_time"`
	Party    string   `json:"azp"`
}

// flag is a truth that some issuers write as text.
type flag bool

func (f *flag) UnmarshalJSON(raw []byte) error {
	text, err := strconv.Unquote(string(raw))
	if err != nil {
		text = string(raw)
	}
	*f = text == "true"
	return nil
}

// identify checks an ID token: signature, issuer, audience, times and nonce.
func (p *Provider) identify(ctx context.Context, d *discovered, b Begun, token *oauth2.Token, at time.Time) (auth.Identity, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return auth.Identity{}, errors.Join(ErrAnswer, errors.New("there is no ID token"))
	}
	id, err := d.verifier(p.settings.ClientID, at).Verify(ctx, raw)
	if err != nil {
		if strings.Contains(err.Error(), "fetching keys") {
			return auth.Identity{}, errors.Join(ErrDown, err)
		}
		return auth.Identity{}, errors.Join(ErrAnswer, err)
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return auth.Identity{}, errors.Join(ErrAnswer, err)
	}
	if err := p.agree(id, c, b, at); err != nil {
		return auth.Identity{}, errors.Join(ErrAnswer, err)
	}
	if c.Email == "" {
		c.Email, c.Verified = p.emailOf(ctx, d, token, id.Subject)
	}
	who := auth.Identity{Issuer: id.Issuer, Subject: id.Subject}
	if c.Verified {
		who.Email = c.Email
	}
	who.Strong = slices.Contains(p.settings.ACR, c.Class) || slices.ContainsFunc(c.Methods, func(m string) bool { return slices.Contains(p.settings.AMR, m) })
	if c.AuthTime != 0 {
		who.At = time.Unix(c.AuthTime, 0)
	}
	return who, nil
}

// agree compares what go-oidc leaves to us. Its audience check is content with
// one of several; we want to be the only one.
func (p *Provider) agree(id *oidc.IDToken, c claims, b Begun, at time.Time) error {
	since := time.Unix(c.AuthTime, 0)
	switch {
	case id.Issuer != p.settings.Issuer:
		return errors.New("the issuer is another")
	case len(id.Audience) != 1 || id.Audience[0] != p.settings.ClientID:
		return errors.New("the token is not for us alone")
	case c.Party != "" && c.Party != p.settings.ClientID:
		return errors.New("the token was made for another")
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(b.Nonce)) != 1:
		return errors.New("the nonce is another")
	case id.Subject == "" || len(id.Subject) > 255:
		return errors.New("the token names nobody")
	case id.IssuedAt.After(at.Add(skew)) || id.IssuedAt.Before(b.At.Add(-skew)):
		return errors.New("the token was not made for this sign-in")
	case c.AuthTime != 0 && since.After(at.Add(skew)):
		return errors.New("the sign-in is still to come")
	case b.Anew && (c.AuthTime == 0 || since.Before(b.At.Add(-skew))):
		return errors.New("the sign-in was not done anew")
	}
	return nil
}

// emailOf asks for the address where the token does not carry it. Without an
// answer there is none: it is needed for an invitation only.
func (p *Provider) emailOf(ctx context.Context, d *discovered, token *oauth2.Token, subject string) (string, flag) {
	info, err := d.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil || info.Subject != subject {
		return "", false
	}
	return info.Email, flag(info.EmailVerified)
}
