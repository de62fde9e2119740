package pdf

import (
	"math"
	"testing"
)

// TestColorsOfTextAreReadable computes contrast as WCAG 2.1 defines it.
func TestColorsOfTextAreReadable(t *testing.T) {
	white := color{0xFF, 0xFF, 0xFF}
	for _, test := range []struct {
		name        string
		text, under color
	}{
		{"text on paper", ink, white}, {"headings on paper", heading, white}, {"notes on paper", muted, white},
		{"links on paper", linked, white}, {"text in panels", ink, ground}, {"headings in panels", heading, ground},
		{"notes in panels", muted, ground},
	} {
		if c := contrast(test.text, test.under); c < 4.5 {
			t.Errorf("%s: contrast %.2f, want at least 4.5", test.name, c)
		}
	}
}

func contrast(a, b color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color) float64 {
	part := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*part(c.r) + 0.7152*part(c.g) + 0.0722*part(c.b)
}

func TestNumbersAreWrittenShort(t *testing.T) {
	for _, test := range []struct {
		in   float64
		want string
	}{
		{0, "0"}, {1, "1"}, {-1, "-1"}, {0.5, "0.5"}, {12.345, "12.35"}, {-0.004, "0"}, {-0.05, "-0.05"}, {100.10, "100.1"},
	} {
		if got := string(appendNumber(nil, test.in)); got != test.want {
			t.Errorf("appendNumber(%v) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestDirectionOfLanguages(t *testing.T) {
	for lang, want := range map[string]bool{
		"en": false, "es-US": false, "ar": true, "AR-eg": true, "fa": true, "ur-PK": true, "he": true, "ks-Arab": true,
		"az-Latn": false, "ar-Latn": false, "": false, "zh-Hans": false, "ht": false,
	} {
		if got := readsRightToLeft(lang); got != want {
			t.Errorf("readsRightToLeft(%q) = %v", lang, got)
		}
	}
}
