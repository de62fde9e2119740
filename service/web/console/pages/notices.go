package pages

import (
	"time"

	"seedbook/service/web/parts"
)

// Notices is the log of what was written to families.
type Notices struct {
	State, About   string
	States, Abouts []parts.Choice
	Filtered       bool
	Rows           []NoticeLine
	First, Next    string
	Words          []NoticeWords // the messages that there are
	Sends          []parts.Link  // where something is sent to many, by program
}

// NoticeLine is a message in the log.
type NoticeLine struct {
	What, To string
	For      string // the account
	By       string // channel and language
	Segments int
	At       time.Time
	State    parts.Status
}

// NoticeWords is a message with the languages it is worded in.
type NoticeWords struct {
	What  string
	Langs []parts.Link
}

// Notice is one message and what became of it.
type Notice struct {
	State parts.Status
	Facts []parts.Row
	Post  string // where it is looked after; "" where nobody has to
}

// Wording is the words of a message in one language.
type Wording struct {
	Post            string
	Subject, Words  string // as typed
	Places          string
	Preview         bool
	ShownAs, Shown  string // subject and text, filled in
	Segments        string
	Try             string // where to send a test
	May             bool
	Versions        []WordingVersion
	Language, Other string
}

// WordingVersion is one of the versions there were.
type WordingVersion struct {
	No    string
	Words string
	By    string
	At    time.Time
}

// News is a message to many.
type News struct {
	Post, Key string
	School    string
	Schools   []parts.Choice
	Texts     []parts.Field
	Price     string
	// After a look:
	Figures  []parts.Figure
	Samples  []NewsSample
	Hidden   []parts.Carried
	Confirm  string // the sentence that asks for the number
	Typed    string
	Previews bool
}

// NewsSample is the message as it arrives in a language.
type NewsSample struct{ Lang, Name, Text, Segments string }
