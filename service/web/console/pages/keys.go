package pages

import (
	"time"

	"seedbook/service/web/parts"
)

// Keys lists a program's keys for other programs, and makes a new one.
type Keys struct {
	Keys []KeyLine
	Form *KeyForm // nil where the reader may not
}

// KeyLine is a key in a list.
type KeyLine struct {
	Name    string
	Public  string
	To      string
	State   parts.Status
	Bound   string // to which funds or school
	Expires time.Time
	Used    time.Time // zero: never
}

// KeyForm asks what a new key is for.
type KeyForm struct {
	Post     string
	Name     string
	Days     string
	Lives    []parts.Choice
	Scopes   []KeyTick
	Funds    []KeyTick
	School   string
	Schools  []parts.Choice
	Networks string
	Document string // where the API is described
}

// KeyTick is one of several things to choose.
type KeyTick struct {
	Name, Text, Hint string
	Checked          bool
}

// Key is one key. Token is the key itself, shown once.
type Key struct {
	Token  string
	State  parts.Status
	Facts  []parts.Row
	Revoke string // where withdrawing posts to; "" where it cannot be, or the reader may not
	Second string // where making the second key of the name posts to
}
