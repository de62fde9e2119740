package i18n

import (
	"testing"

	"seedbook/ledger"
)

func TestLargeAmountsAreSpelled(t *testing.T) {
	for _, test := range []struct {
		minor  int64
		en, es string
	}{
		{0, "zero and 00/100", "cero con 00/100"},
		{121, "one and 21/100", "un con 21/100"},
		{100_00, "one hundred and 00/100", "cien con 00/100"},
		{10_500_07, "ten thousand five hundred and 07/100", "diez mil quinientos con 07/100"},
		{21_021_50, "twenty-one thousand twenty-one and 50/100", "veintiún mil veintiún con 50/100"},
		{1_101_00, "one thousand one hundred one and 00/100", "mil ciento un con 00/100"},
		{48_736_99, "forty-eight thousand seven hundred thirty-six and 99/100", "cuarenta y ocho mil setecientos treinta y seis con 99/100"},
		{1_000_000_00, "one million and 00/100", "un millón con 00/100"},
		{2_315_016_05, "two million three hundred fifteen thousand sixteen and 05/100", "dos millones trescientos quince mil dieciséis con 05/100"},
		{-5_00, "minus five and 00/100", "menos cinco con 00/100"},
	} {
		for lang, want := range map[string]string{"en": test.en, "es": test.es} {
			if got := For(lang).Spell(ledger.Minor(test.minor)); got != want {
				t.Errorf("%d in %s: %q, want %q", test.minor, lang, got, want)
			}
		}
	}
}
