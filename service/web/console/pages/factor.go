package pages

import (
	"time"

	"seedbook/service/web/parts"
)

// Code asks for a second factor.
type Code struct {
	Post   string
	Carry  []parts.Carried // what was typed before, to be carried on
	App    bool            // the reader has an app that makes codes
	Ask    string          // the question for a passkey, as JSON; "" for none
	Again  bool            // the reader has no factor here, and signs in again
	Over   string          // where the reader shows it at the organization's own sign-in; "" where that is no help
	Cancel string          // where the reader goes who does not want to; "" for nowhere
}

// Enrol shows an app's secret, to be scanned and confirmed.
type Enrol struct {
	QR     parts.QR
	Secret string // in groups of four
	Next   string
	Offer  string // what a browser needs to make a passkey, as JSON; "" where it cannot
	Name   string // the passkey's, as typed before
	Must   bool   // nothing else works before
}

// Security is where a person keeps password, app and passkeys.
type Security struct {
	App      bool
	Passkeys []Passkey
	Offer    string
	Name     string
	Provider Connection
	Nowhere  string // where passkeys would work, if they do not here
}

// Passkey is one of a person's passkeys.
type Passkey struct {
	ID          int64
	Name        string
	Added, Used time.Time // Used is zero where it never was
}

// Connection is the organization's own sign-in, as a person's account knows it.
type Connection struct {
	Name string // the organization's; "" where it has none
	On   bool   // it opens the account
}
