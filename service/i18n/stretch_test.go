package i18n

import (
	"testing"
	"unicode/utf8"
)

func TestStretchedWordsAreTwoFifthsLongerAndSayTheSame(t *testing.T) {
	plain, longer, n := 0, 0, 0
	s := Stretched("en")
	for key, p := range For("en").phrases {
		q := s.phrases[key]
		if len(p.other) != len(q.other) || len(p.forms) != len(q.forms) {
			t.Fatalf("%s lost a placeholder or a form", key)
		}
		for i := range p.other {
			if i%2 == 1 && p.other[i] != q.other[i] {
				t.Errorf("%s: {{.%s}} became {{.%s}}", key, p.other[i], q.other[i])
			}
			plain += utf8.RuneCountInString(p.other[i])
			longer += utf8.RuneCountInString(q.other[i])
		}
		n++
	}
	if by := float64(longer) / float64(plain); n < 1000 || by < 1.25 || by > 1.45 {
		t.Errorf("%d phrases are %.2f times as long", n, by)
	}
	if got := stretchWords("Approvals"); got != "Appprrovaalss" {
		t.Errorf("Approvals became %s", got)
	}
}
