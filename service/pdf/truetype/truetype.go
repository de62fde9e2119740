// Package truetype cuts TrueType fonts down to the glyphs that a document
// shows, and builds the small font of boxes that stands in for letters no font
// has.
//
// It works on bytes alone. Hinting is removed: screens and printers of this
// century smooth outlines, and the instructions are half of a font's size. It
// reads fonts that come with the program or that the operator chose, so it
// reports damage as errors, but it does not defend against hostile fonts.
package truetype

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
)

var (
	// ErrFormat reports bytes that are not a TrueType font with glyf outlines.
	ErrFormat = errors.New("not a TrueType font with glyf outlines")
	// ErrGlyph reports a glyph that the font does not have or that is damaged.
	ErrGlyph = errors.New("no such glyph, or a damaged one")
)

// Font gives access to the tables of one TrueType file. It is safe for
// concurrent use.
type Font struct {
	// UnitsPerEm is the number of font units to the em, as every length in the
	// font is given in font units.
	UnitsPerEm int
	// Metrics are the measures a PDF font descriptor needs, in font units.
	Metrics Metrics

	glyphs   int // number of glyphs
	hMetrics int // number of full horizontal metrics
	longLoca bool
	head     []byte
	hhea     []byte
	hmtx     []byte
	loca     []byte
	glyf     []byte
}

// Metrics are the measures of a face, in font units, y upwards.
type Metrics struct {
	Box                        [4]int // left, bottom, right, top
	Ascent, Descent, CapHeight int
}

// Parse reads a TrueType file. The font keeps data, which must not change.
func Parse(data []byte) (*Font, error) {
	tables, err := directory(data)
	if err != nil {
		return nil, err
	}
	f := &Font{
		head: tables["head"], hhea: tables["hhea"], hmtx: tables["hmtx"],
		loca: tables["loca"], glyf: tables["glyf"],
	}
	maxp := tables["maxp"]
	if len(f.head) < 54 || len(f.hhea) < 36 || len(maxp) < 6 || f.glyf == nil {
		return nil, ErrFormat
	}
	f.UnitsPerEm = u16(f.head, 18)
	f.longLoca = u16(f.head, 50) == 1
	f.glyphs = u16(maxp, 4)
	f.hMetrics = u16(f.hhea, 34)
	if f.UnitsPerEm == 0 || f.hMetrics == 0 || len(f.hmtx) < 4*f.hMetrics+2*max(0, f.glyphs-f.hMetrics) {
		return nil, ErrFormat
	}
	f.Metrics = metrics(f, tables["OS/2"])
	return f, nil
}

func metrics(f *Font, os2 []byte) Metrics {
	m := Metrics{Ascent: i16(f.hhea, 4), Descent: i16(f.hhea, 6)}
	for i := range m.Box {
		m.Box[i] = i16(f.head, 36+2*i)
	}
	m.CapHeight = m.Ascent * 7 / 10
	if len(os2) >= 90 && u16(os2, 0) >= 2 {
		m.CapHeight = i16(os2, 88)
	}
	return m
}

// directory returns the tables of a font file, or of the first font of a
// collection.
func directory(data []byte) (map[string][]byte, error) {
	at := 0
	if len(data) >= 16 && string(data[:4]) == "ttcf" {
		at = int(binary.BigEndian.Uint32(data[12:]))
	}
	if at < 0 || len(data) < at+12 {
		return nil, ErrFormat
	}
	n := u16(data, at+4)
	if len(data) < at+12+16*n {
		return nil, ErrFormat
	}
	tables := make(map[string][]byte, n)
	for i := range n {
		entry := data[at+12+16*i:]
		offset := uint64(binary.BigEndian.Uint32(entry[8:]))
		length := uint64(binary.BigEndian.Uint32(entry[12:]))
		if offset+length > uint64(len(data)) {
			return nil, fmt.Errorf("table %q ends beyond the file: %w", entry[:4], ErrFormat)
		}
		tables[string(entry[:4])] = data[offset : offset+length]
	}
	return tables, nil
}

// Advance returns the width of a glyph in font units; 0 for a glyph the font
// does not have.
func (f *Font) Advance(glyph int) int {
	if glyph < 0 || glyph >= f.glyphs {
		return 0
	}
	return u16(f.hmtx, 4*min(glyph, f.hMetrics-1))
}

func (f *Font) leftSideBearing(glyph int) int {
	switch {
	case glyph < 0 || glyph >= f.glyphs:
		return 0
	case glyph < f.hMetrics:
		return i16(f.hmtx, 4*glyph+2)
	}
	return i16(f.hmtx, 4*f.hMetrics+2*(glyph-f.hMetrics))
}

// outline returns the glyf entry of a glyph, empty for a blank one.
func (f *Font) outline(glyph int) ([]byte, error) {
	if glyph < 0 || glyph >= f.glyphs {
		return nil, fmt.Errorf("glyph %d of %d: %w", glyph, f.glyphs, ErrGlyph)
	}
	size := 2
	if f.longLoca {
		size = 4
	}
	if len(f.loca) < size*(glyph+2) {
		return nil, fmt.Errorf("glyph %d: %w", glyph, ErrGlyph)
	}
	from, to := f.location(glyph), f.location(glyph+1)
	if from > to || to > len(f.glyf) {
		return nil, fmt.Errorf("glyph %d: %w", glyph, ErrGlyph)
	}
	return f.glyf[from:to], nil
}

func (f *Font) location(glyph int) int {
	if f.longLoca {
		return int(binary.BigEndian.Uint32(f.loca[4*glyph:]))
	}
	return 2 * u16(f.loca, 2*glyph)
}

// assemble writes a font file from its tables.
func assemble(tables map[string][]byte) []byte {
	tags := make([]string, 0, len(tables))
	size := 12
	for tag, t := range tables {
		tags = append(tags, tag)
		size += 16 + (len(t)+3)&^3
	}
	sort.Strings(tags)
	file := append(make([]byte, 0, size), 0, 1, 0, 0)
	file = search(file, len(tags))
	at := len(file) + 16*len(tags)
	for _, tag := range tags {
		t := tables[tag]
		file = append(file, tag...)
		file = binary.BigEndian.AppendUint32(file, checksum(t))
		file = binary.BigEndian.AppendUint32(file, uint32(at))
		file = binary.BigEndian.AppendUint32(file, uint32(len(t)))
		at += (len(t) + 3) &^ 3
	}
	headAt := 0
	for _, tag := range tags {
		if tag == "head" {
			headAt = len(file)
		}
		file = append(file, tables[tag]...)
		for len(file)%4 != 0 {
			file = append(file, 0)
		}
	}
	// The checksum of the whole file is kept such that it adds up to a constant
	// (OpenType, table head).
	binary.BigEndian.PutUint32(file[headAt+8:], 0xB1B0AFBA-checksum(file))
	return file
}

// search appends the table count and the three numbers for a binary search
// that the file header repeats.
func search(file []byte, n int) []byte {
	power, log := 1, 0
	for power*2 <= n {
		power, log = power*2, log+1
	}
	for _, v := range []int{n, 16 * power, log, 16 * (n - power)} {
		file = binary.BigEndian.AppendUint16(file, uint16(v))
	}
	return file
}

func checksum(t []byte) (sum uint32) {
	for len(t) >= 4 {
		sum += binary.BigEndian.Uint32(t)
		t = t[4:]
	}
	var last [4]byte
	copy(last[:], t)
	return sum + binary.BigEndian.Uint32(last[:])
}

func u16(b []byte, at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
func i16(b []byte, at int) int { return int(int16(binary.BigEndian.Uint16(b[at:]))) }
