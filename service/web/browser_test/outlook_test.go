package browser_test

import (
	"testing"

	"seedbook/service/auth"
)

func TestWhatRulesCostAndReadIsAskedInABrowser(t *testing.T) {
	browser(t)
	director := []auth.Role{auth.Operator, auth.ProgramManager}
	address, links := city(t, director, director)
	script(t, "outlook.mjs", append([]string{address, t.TempDir()}, links...)...)
}
