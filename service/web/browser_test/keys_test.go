package browser_test

import (
	"testing"

	"seedbook/service/auth"
)

func TestSingleKeysLeadWhereTheySayAndGuidesShowRealPages(t *testing.T) {
	browser(t)
	address, links := city(t, []auth.Role{auth.Operator, auth.ProgramManager})
	script(t, "keys.mjs", append([]string{address}, links...)...)
}
