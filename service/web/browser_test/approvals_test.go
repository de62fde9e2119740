package browser_test

import (
	"testing"

	"seedbook/service/auth"
)

func TestACorrectionIsAskedForAndApprovedByAnotherPersonByKeyboard(t *testing.T) {
	browser(t)
	makes, checks := []auth.Role{auth.Operator}, []auth.Role{auth.Approver}
	address, links := city(t, makes, checks, makes, checks)
	script(t, "approvals.mjs", append([]string{address}, links...)...)
}
