package pdftest

import (
	"bytes"
	"encoding/binary"
)

// font is an embedded font as far as text and glyphs go.
type font struct {
	text    map[uint16]string
	widths  map[uint16]float64
	toGID   []byte // nil: codes are glyphs
	program []byte
}

func (d *Document) readFont(v any) *font {
	f, o := &font{text: map[uint16]string{}, widths: map[uint16]float64{}}, d.file.dict(v)
	if o["Subtype"] != name("Type0") || o["Encoding"] != name("Identity-H") {
		d.fault("font %v is not of type 0 with Identity-H", o["BaseFont"])
	}
	cid := d.file.dict(d.file.list(o["DescendantFonts"])[0])
	descriptor := d.file.dict(cid["FontDescriptor"])
	if cid["BaseFont"] != o["BaseFont"] || descriptor["FontName"] != o["BaseFont"] {
		d.fault("font %v has several names", o["BaseFont"])
	}
	program, ok := d.file.get(descriptor["FontFile2"]).(stream)
	if !ok {
		d.fault("font %v is not embedded", o["BaseFont"])
		return f
	}
	f.program = program.inflated()
	if l := program.dict["Length1"]; l != float64(len(f.program)) {
		d.fault("font %v: Length1 is %v of %d", o["BaseFont"], l, len(f.program))
	}
	if m, ok := d.file.get(cid["CIDToGIDMap"]).(stream); ok {
		f.toGID = m.inflated()
	} else if cid["CIDToGIDMap"] != name("Identity") {
		d.fault("font %v has no CIDToGIDMap", o["BaseFont"])
	}
	f.readWidths(d.file.list(cid["W"]))
	f.readText(d.file.get(o["ToUnicode"]).(stream).inflated())
	return f
}

func (f *font) readWidths(w []any) {
	for i := 0; i+1 < len(w); i += 2 {
		first := uint16(w[i].(float64))
		for j, width := range w[i+1].([]any) {
			f.widths[first+uint16(j)] = width.(float64)
		}
	}
}

// readText reads a ToUnicode map.
func (f *font) readText(cmap []byte) {
	l := &lexer{data: cmap}
	inside := false
	for {
		v, ok := l.next()
		if !ok {
			return
		}
		switch v := v.(type) {
		case operator:
			inside = v == "beginbfrange"
		case bytestr:
			if !inside {
				continue
			}
			last, _ := l.next()
			text, _ := l.next()
			f.addRange(v, last.(bytestr), text.(bytestr))
		}
	}
}

func (f *font) addRange(first, last, text bytestr) {
	from, to := binary.BigEndian.Uint16([]byte(first)), binary.BigEndian.Uint16([]byte(last))
	b := []byte(text)
	for code := int(from); code <= int(to); code++ {
		f.text[uint16(code)] = utf16Text(bytestr(b))
		b = bytes.Clone(b)
		b[len(b)-1]++
	}
}

// glyph returns the glyph of a code; 0 is the box that stands for none.
func (f *font) glyph(code uint16) int {
	if f.toGID == nil {
		return int(code)
	}
	if 2*int(code)+2 > len(f.toGID) {
		return 0
	}
	return int(binary.BigEndian.Uint16(f.toGID[2*code:]))
}

// advance returns the width of a glyph in the font program, in thousandths of
// the em; -1 if there is no such glyph.
func (f *font) advance(glyph int) float64 {
	head, hhea, hmtx := f.table("head"), f.table("hhea"), f.table("hmtx")
	if glyph >= int(binary.BigEndian.Uint16(hhea[34:])) {
		return -1
	}
	units := binary.BigEndian.Uint16(hmtx[4*glyph:])
	return float64(units) * 1000 / float64(binary.BigEndian.Uint16(head[18:]))
}

func (f *font) table(tag string) []byte {
	for i := range int(binary.BigEndian.Uint16(f.program[4:])) {
		entry := f.program[12+16*i:]
		if string(entry[:4]) == tag {
			at, n := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
			return f.program[at : at+n]
		}
	}
	fail("a font program without %s", tag)
	return nil
}
