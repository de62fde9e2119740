package pages

import (
	"time"

	"seedbook/service/web/parts"
)

// Letters is where letters to families are made, and the log of those that were.
type Letters struct {
	Base               string
	Schools, Languages []parts.Choice
	School, Lang       string
	Everybody          bool
	May                bool // make them
	Count              int  // how many the choice would make; -1 before anybody asked
	Most               int
	Runs               []LetterRun
}

// LetterRun is a run of letters in the log.
type LetterRun struct {
	At       time.Time
	By       string
	School   string
	Language string
	Whom     string
	Letters  int
	File     string // its fingerprint
}

// LettersReady leads to letters that were just made.
type LettersReady struct {
	Letters int
	To      string
}
