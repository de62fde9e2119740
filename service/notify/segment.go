package notify

import "unicode/utf16"

// gsm are the characters of the GSM 7-bit alphabet (3GPP TS 23.038), and gsmTwo
// those of its extension, which take two places. Of Spanish é, ñ, ü and ¿ are
// among them; á, í, ó and ú are not.
const (
	gsm    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwo = "\f^{}\\[~]|€"
)

var gsmPlaces = func() map[rune]int {
	out := map[rune]int{}
	for _, r := range gsm {
		out[r] = 1
	}
	for _, r := range gsmTwo {
		out[r] = 2
	}
	return out
}()

// Segments counts the text messages that a text is billed as: 160 places of the
// GSM alphabet in one, 153 in each of several; one character outside it, and
// it is 70 and 67 places of UCS-2.
func Segments(text string) int {
	places, plain := 0, true
	for _, r := range text {
		n, ok := gsmPlaces[r]
		places, plain = places+n, plain && ok
	}
	one, each := 160, 153
	if !plain {
		places, one, each = len(utf16.Encode([]rune(text))), 70, 67
	}
	if places <= one {
		return 1
	}
	return (places + each - 1) / each
}
