package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// settings come from the environment, once. Every one has a default that works
// on a laptop.
type settings struct {
	// DatabaseURL names a PostgreSQL to use. Without it the program runs its own.
	DatabaseURL string `env:"DATABASE_URL"`
	// Data is the folder of the program's own PostgreSQL and of the keys.
	Data string `env:"CSA_DATA"`
	// Addr is where the console listens.
	Addr string `env:"CSA_ADDR" envDefault:"127.0.0.1:8080"`
	// Keys is the file with the keys that seal personal data. Default: keys.json in CSA_DATA.
	Keys string `env:"CSA_KEYS"`
	// PGBin is the folder with PostgreSQL's own programs, where it is not found by itself.
	PGBin string `env:"CSA_PG_BINDIR"`
	// Tenant is the organization that commands work for, by name or number. Default: the only one.
	Tenant string `env:"CSA_TENANT"`
	// TrustedProxies are the networks whose X-Forwarded-For is believed, separated by commas.
	TrustedProxies []string `env:"CSA_TRUSTED_PROXIES"`
	// URL is the address that browsers know the console by. Passkeys and
	// organizations' own sign-ins belong to it; with https, cookies insist on TLS.
	URL string `env:"CSA_URL"`
	// OIDC is an organization's own sign-in.
	OIDC oidc `envPrefix:"CSA_OIDC_"`
	// LinkGrace is how long a sign-in link that this program printed stands for a
	// second factor that is not set up yet; 0s: it does not.
	LinkGrace time.Duration `env:"CSA_LINK_GRACE" envDefault:"12h"`
	// Outbox is the folder where messages to families are written that nothing else sends. Default: outbox in CSA_DATA.
	Outbox string `env:"CSA_OUTBOX"`
	// Mail is an SMTP server (host:port) of this machine or network that e-mail goes through.
	Mail string `env:"CSA_MAIL"`
	// MailUser is the name with which the SMTP server is signed in to, where it asks for one.
	MailUser string `env:"CSA_MAIL_USER"`
	// MailPassword is the password for it.
	MailPassword string `env:"CSA_MAIL_PASSWORD"`
	// MailFrom is the address that e-mail comes from.
	MailFrom string `env:"CSA_MAIL_FROM"`
	// Lang is the language of what commands print: en or es.
	Lang string `env:"CSA_LANG" envDefault:"en"`
}

// oidc is an organization's own sign-in, by OpenID Connect. It is registered
// there with the address CSA_URL/sign-in/provider/answer.
type oidc struct {
	// Issuer is its address. Without it there is none.
	Issuer string `env:"ISSUER"`
	// ClientID and ClientSecret are what it knows the console by.
	ClientID     string `env:"CLIENT_ID"`
	ClientSecret string `env:"CLIENT_SECRET"`
	// Tenant is the organization whose staff it lets in, by name or number. Default: CSA_TENANT, or the only one.
	Tenant string `env:"TENANT"`
	// AMR and ACR are the methods and classes, separated by commas, that count as
	// a second factor; without one of them in its answer our own follows.
	AMR []string `env:"AMR"`
	ACR []string `env:"ACR"`
}

// readSettings reads and checks the environment; an error names the variable.
func readSettings(lookup func(string) (string, bool)) (settings, error) {
	vars := map[string]string{}
	for _, name := range settingNames() {
		if v, ok := lookup(name); ok && v != "" {
			vars[name] = v
		}
	}
	var s settings
	if err := env.ParseWithOptions(&s, env.Options{Environment: vars}); err != nil {
		return settings{}, fmt.Errorf("settings: %w", err)
	}
	if s.Data == "" {
		s.Data = defaultData(lookup)
	}
	if s.Keys == "" {
		s.Keys = filepath.Join(s.Data, "keys.json")
	}
	if s.Outbox == "" {
		s.Outbox = filepath.Join(s.Data, "outbox")
	}
	if (s.Mail == "") != (s.MailFrom == "") {
		return settings{}, fmt.Errorf("CSA_MAIL and CSA_MAIL_FROM go together: an SMTP server like 127.0.0.1:25, and the address that e-mail comes from")
	}
	_, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return settings{}, fmt.Errorf("CSA_ADDR is %q: write host:port, like 127.0.0.1:8080", s.Addr)
	}
	if s.Lang != "en" && s.Lang != "es" {
		return settings{}, fmt.Errorf("CSA_LANG is %q: write en or es", s.Lang)
	}
	if s.URL, err = originOf(s.URL); err != nil {
		return settings{}, err
	}
	return s, s.OIDC.check(s.URL)
}

// check says which setting is missing.
func (o oidc) check(console string) error {
	switch {
	case o.Issuer == "" && (o.ClientID != "" || o.ClientSecret != "" || o.Tenant != ""):
		return fmt.Errorf("CSA_OIDC_ISSUER is missing: write the address of the organization's sign-in, like https://login.example.org")
	case o.Issuer == "":
		return nil
	case o.ClientID == "":
		return fmt.Errorf("CSA_OIDC_CLIENT_ID is missing: the sign-in at %s has to know the console by a name", o.Issuer)
	case console == "":
		return fmt.Errorf("CSA_URL is missing: the sign-in at %s has to know where to send people back to", o.Issuer)
	}
	return nil
}

// originOf is the scheme, host and port of an address, and nothing more.
func originOf(address string) (string, error) {
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost") {
		return "", fmt.Errorf("CSA_URL is %q: write the console's address with https, like https://csa.example.org", address)
	}
	return u.Scheme + "://" + u.Host, nil
}

// settingNames lists the variables, from the struct itself, so that README's
// test can hold the document against the program.
func settingNames() []string {
	fields, err := env.GetFieldParams(&settings{})
	if err != nil {
		panic(err) // the struct above is well formed
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Key
	}
	return names
}

// defaultData is a folder that PostgreSQL's own user can reach, which a home of
// mode 0700 is not: root's programs keep their data in /var/lib.
func defaultData(lookup func(string) (string, bool)) string {
	if os.Geteuid() == 0 {
		return "/var/lib/seedbook"
	}
	if dir, ok := lookup("XDG_DATA_HOME"); ok && strings.HasPrefix(dir, "/") {
		return filepath.Join(dir, "seedbook")
	}
	home, _ := lookup("HOME")
	return filepath.Join(home, ".local", "share", "seedbook")
}
