package pdf

import (
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf16"
)

const hexDigits = "0123456789ABCDEF"

// appendText appends a text string: in its own letters when it is printable
// ASCII, else in UTF-16 (ISO 32000-1, 7.9.2.2).
func appendText(out []byte, text string) []byte {
	if !isASCII(text) {
		return append(append(append(out, "<FEFF"...), utf16Hex(text)...), '>')
	}
	out = append(out, '(')
	for i := 0; i < len(text); i++ {
		out = appendEscaped(out, text[i])
	}
	return append(out, ')')
}

func isASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < 0x20 || text[i] > 0x7E {
			return false
		}
	}
	return true
}

// utf16Hex is text in UTF-16, high byte first, in hexadecimal.
func utf16Hex(text string) string {
	units := utf16.Encode([]rune(text))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = append(b, byte(u>>8), byte(u))
	}
	return strings.ToUpper(hex.EncodeToString(b))
}

// appendAddress appends a URI: ASCII, with every other byte percent-encoded.
func appendAddress(out []byte, address string) []byte {
	out = append(out, '(')
	for i := 0; i < len(address); i++ {
		switch b := address[i]; {
		case b <= 0x20 || b >= 0x7F || b == '<' || b == '>' || b == '"':
			out = append(out, '%', hexDigits[b>>4], hexDigits[b&15])
		default:
			out = appendEscaped(out, b)
		}
	}
	return append(out, ')')
}

// pdfDate writes an instant in UTC (ISO 32000-1, 7.9.4).
func pdfDate(t time.Time) string { return t.UTC().Format("D:20060102150405") + "+00'00'" }
