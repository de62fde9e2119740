package tabular

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Encoding is how a file writes its characters, named as people know it.
type Encoding string

// The encodings we read. A byte order mark is taken off.
const (
	UTF8        Encoding = "UTF-8"
	UTF16LE     Encoding = "UTF-16 LE"
	UTF16BE     Encoding = "UTF-16 BE"
	Windows1252 Encoding = "Windows-1252"
)

var errNotText = errors.New("not text")

// decode converts text to UTF-8. Only what cannot be UTF-8 at all is taken for
// Windows-1252: a file with both is a damaged UTF-8 file, whose damaged rows
// are flawed one by one, so that no wrong letter is stored silently.
func decode(text string) (string, Encoding, error) {
	switch {
	case strings.HasPrefix(text, "\xff\xfe\x00\x00"), strings.HasPrefix(text, "\x00\x00\xfe\xff"):
		return "", "", errNotText // UTF-32, which no school system writes
	case strings.HasPrefix(text, "\xef\xbb\xbf"):
		return text[3:], UTF8, nil
	case strings.HasPrefix(text, "\xff\xfe"):
		return decodeAs(text[2:], UTF16LE)
	case strings.HasPrefix(text, "\xfe\xff"):
		return decodeAs(text[2:], UTF16BE)
	}
	switch e := looksUTF16(text); {
	case e != "":
		return decodeAs(text, e)
	case utf8.ValidString(text):
		return text, UTF8, nil
	case looksWindows1252(text):
		return decodeAs(text, Windows1252)
	}
	return text, UTF8, nil
}

func decodeAs(text string, e Encoding) (string, Encoding, error) {
	var d *encoding.Decoder
	switch e {
	case UTF16LE:
		d = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()
	case UTF16BE:
		d = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()
	case Windows1252:
		d = charmap.Windows1252.NewDecoder()
	}
	out, err := d.String(text)
	return out, e, err
}

// looksUTF16 finds UTF-16 without a mark: in text of our languages nearly every
// other byte is then zero, while UTF-8 has none.
func looksUTF16(text string) Encoding {
	const sample = 4 << 10
	head := text[:min(len(text), sample)&^1]
	var zero [2]int
	for i := 0; i < len(head); i++ {
		if head[i] == 0 {
			zero[i&1]++
		}
	}
	most := len(head) / 2 * 8 / 10
	switch {
	case len(head) < 4:
		return ""
	case zero[1] > most && zero[0] == 0:
		return UTF16LE
	case zero[0] > most && zero[1] == 0:
		return UTF16BE
	}
	return ""
}

// looksWindows1252 reports bytes above ASCII of which none forms a UTF-8
// character and all mean something in Windows-1252.
func looksWindows1252(text string) bool {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		if _, size := utf8.DecodeRuneInString(text[i:]); size > 1 {
			return false
		}
		switch text[i] {
		case 0x81, 0x8d, 0x8f, 0x90, 0x9d:
			return false
		}
		i++
	}
	return true
}
