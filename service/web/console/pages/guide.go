package pages

import "seedbook/service/web/parts"

// Guide is a guide of the console.
type Guide struct{ Chapters []Chapter }

// Chapter is one thing to do, in steps. Picture is the address of the page that
// shows it; "" for none.
type Chapter struct {
	ID, Title string
	Steps     []string
	Picture   string
}

// Keyboard is what single keys do: the key as the term.
type Keyboard struct{ Keys []parts.Row }
