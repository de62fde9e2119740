package browser_test

import (
	"testing"

	"seedbook/service/auth"
)

var twoPersons = [][]auth.Role{{auth.Operator}, {auth.Approver}}

func TestTwoRecordsAreJoinedAndPartedByKeyboard(t *testing.T) {
	browser(t)
	address, links := city(t, twoPersons...)
	script(t, "joining.mjs", append([]string{address}, links...)...)
}

func TestAMonthIsClosedByItsChecklistByKeyboard(t *testing.T) {
	browser(t)
	address, links := city(t, twoPersons...)
	script(t, "closing.mjs", append([]string{address}, links...)...)
}

func TestAnOptOutAndADeathStopTheMailByKeyboard(t *testing.T) {
	browser(t)
	address, links := city(t, twoPersons...)
	script(t, "leaving.mjs", append([]string{address}, links...)...)
}
