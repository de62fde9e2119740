package browser_test

import (
	"testing"

	"seedbook/service/auth"
)

func TestARuleBookGoesFromTheFormIntoEffectInABrowser(t *testing.T) {
	browser(t)
	writes, approves := []auth.Role{auth.ProgramManager}, []auth.Role{auth.Approver}
	address, links := city(t, writes, approves, writes, approves)
	script(t, "rules.mjs", append([]string{address}, links...)...)
}
