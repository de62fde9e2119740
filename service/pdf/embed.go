package pdf

import "fmt"

// writeFont writes the objects of one embedded font (ISO 32000-1, 9.7) and
// returns the number of the one that pages refer to.
func writeFont(f *file, s *subset) int {
	font, cid, descriptor := f.reserve(), f.reserve(), f.reserve()
	program, unicode := f.reserve(), f.reserve()
	f.direct(font, fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H"+
		"/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", s.name, cid, unicode))
	toGID := "/Identity"
	if s.cidToGID != nil {
		n := f.reserve()
		f.packed(n, "/Filter/FlateDecode", s.cidToGID)
		toGID = fmt.Sprintf(" %d 0 R", n)
	}
	f.direct(cid, fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s"+
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"+
		"/FontDescriptor %d 0 R/CIDToGIDMap%s/DW 0/W%s>>", s.name, descriptor, toGID, s.widths))
	f.direct(descriptor, s.descriptor(program))
	f.packed(program, fmt.Sprintf("/Filter/FlateDecode/Length1 %d", s.size), s.file)
	f.packed(unicode, "/Filter/FlateDecode", s.toUnicode)
	return font
}

func (s *subset) descriptor(program int) string {
	thousandths := func(units int) int { return units * 1000 / s.em }
	angle := 0
	if s.italic {
		angle = -12
	}
	m := s.metrics
	return fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle %d"+
		"/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %d 0 R>>", s.name,
		thousandths(m.Box[0]), thousandths(m.Box[1]), thousandths(m.Box[2]), thousandths(m.Box[3]), angle,
		thousandths(m.Ascent), thousandths(m.Descent), thousandths(m.CapHeight), program)
}

// direct writes an object that is not a stream outside of object streams.
func (f *file) direct(n int, body string) {
	f.refs[n] = reference{1, uint32(len(f.out)), 0}
	f.out = append(f.out, fmt.Sprintf("%d 0 obj\n%s\nendobj\n", n, body)...)
}
