// Package forecast tells what rule books would do before anybody approves
// them, and what the approved one is going to cost.
//
// Try runs a draft over the live caseload and its whole history; Expose follows
// the caseload into the future along its own pattern of saving; Explain lays
// open every amount of one child. All of it reads, in transactions that cannot
// write, and everything between reading and answering is pure: the same books,
// caseload, day and seed give the same answer, in whatever order and in however
// many pieces the children are taken.
package forecast

import (
	"runtime"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/savings"
)

// ErrTooMuch reports a forecast of more months, futures, children or changes than
// an answer can be waited for.
var ErrTooMuch = fault.New(fault.Limit, "forecast.too_much")

// horizon is how many months ahead a year's cost looks.
const horizon = 12

// Progress is told how many children of how many are done. Nil is nobody.
type Progress func(done, of int)

func (p Progress) say(done, of int) {
	if p != nil {
		p(done, of)
	}
}

// workers is how many children are evaluated at a time, at least one.
func workers(asked int) int {
	if asked < 1 {
		asked = runtime.GOMAXPROCS(0)
	}
	return max(1, asked)
}

// chunk is how many children one transaction reads: enough to spread the cost
// of its statements, few enough that progress moves and a cancelled try ends at
// once.
const chunk = 1000

// Pupil names a child without saying who it is.
type Pupil struct {
	Child   family.ChildID
	Account savings.Account
}

// yearAfter is the last day of the twelve months after a day.
func yearAfter(day ledger.Date) ledger.Date { return day.AddMonths(horizon) }
