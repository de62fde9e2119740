package rulebook

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTextsAreComparedLineByLine(t *testing.T) {
	lines := func(all []TextLine) string {
		var b strings.Builder
		for _, l := range all {
			b.WriteString(string(l.Sign) + l.Text + "\n")
		}
		return b.String()
	}
	for _, test := range []struct{ name, before, after, want string }{
		{"the same", "a\nb", "a\nb", ""},
		{"one line is another", "a\nb\nc", "a\nx\nc", " a\n-b\n+x\n c\n"},
		{"only what is near", "1\n2\n3\n4\nb\n5\n6\n7", "1\n2\n3\n4\n5\n6\n7", " 3\n 4\n-b\n 5\n 6\n"},
		{"from nothing", "", "a", "-\n+a\n"},
	} {
		if got := lines(DiffText(test.before, test.after)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Taking away what is new gives the older text, and the other way round.
func TestNoLineOfEitherTextIsLostInTheMiddle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", ""}), 1, 12)
		a, b := text.Draw(t, "before"), text.Draw(t, "after")
		var before, after []string
		for _, l := range middle(a, b) {
			if l.Sign != '+' {
				before = append(before, l.Text)
			}
			if l.Sign != '-' {
				after = append(after, l.Text)
			}
		}
		if strings.Join(before, "|") != strings.Join(a, "|") || strings.Join(after, "|") != strings.Join(b, "|") {
			t.Fatalf("%q and %q became %q and %q", a, b, before, after)
		}
	})
}
