package rules

import (
	"encoding/json"

	"seedbook/ledger"
)

// Reason is the code of what decided an entitlement, a catalogue key under
// rules.reason.
type Reason string

// Outcome sorts reasons by what a family may expect.
type Outcome string

// The outcomes.
const (
	Given    Outcome = "given"      // there is an amount, and it is payable
	OnTheWay Outcome = "on_the_way" // there is an amount, payable later
	Open     Outcome = "open"       // nothing yet, but it can still be earned
	Nothing  Outcome = "nothing"    // nothing
)

// Why is the reason of an amount, zero included, as data. It holds no name and
// no value of a fact beyond what the caller passed in; JSON leaves values out.
type Why struct {
	Reason  Reason        `json:"reason"`
	Outcome Outcome       `json:"outcome"`
	Amount  ledger.Amount `json:"amount"`
}

// JSON is the stable, compact form that is stored with each award.
func (w Why) JSON() (string, error) {
	b, err := json.Marshal(w)
	return string(b), err
}
