package pdf

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// unicodeMap is a CMap that translates character codes to text (ISO 32000-1,
// 9.10.3). Codes are added in rising order.
type unicodeMap struct {
	ranges []codeRange
}

// codeRange is codes from first to last that mean consecutive characters from
// the one that text is; or one code of any text.
type codeRange struct {
	first, last uint16
	text        string
	next        rune // the character that would continue the range; 0 for none
}

func (m *unicodeMap) add(code uint16, text string) {
	r, size := utf8.DecodeRuneInString(text)
	single := size == len(text) && r < 0xFFFF
	if n := len(m.ranges); n > 0 && single {
		// A range may not cross from one high byte of the code or of the
		// character to the next.
		last := &m.ranges[n-1]
		if last.next == r && last.last+1 == code && code&0xFF != 0 && r&0xFF != 0 {
			last.last, last.next = code, r+1
			return
		}
	}
	c := codeRange{first: code, last: code, text: text}
	if single {
		c.next = r + 1
	}
	m.ranges = append(m.ranges, c)
}

func (m *unicodeMap) bytes() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n" +
		"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n")
	for rest := m.ranges; len(rest) > 0; {
		n := min(100, len(rest)) // the most a block may hold
		fmt.Fprintf(&b, "%d beginbfrange\n", n)
		for _, r := range rest[:n] {
			fmt.Fprintf(&b, "<%04X><%04X><%s>\n", r.first, r.last, utf16Hex(r.text))
		}
		b.WriteString("endbfrange\n")
		rest = rest[n:]
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end\n")
	return b.Bytes()
}
