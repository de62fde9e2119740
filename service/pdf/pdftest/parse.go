package pdftest

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// The objects of a PDF file. Numbers are float64, arrays []any.
type (
	name     string
	bytestr  string // a string object
	dict     map[string]any
	ref      int
	operator string // a word of a content stream
	stream   struct {
		dict
		data []byte
	}
)

// lexer reads objects from bytes.
type lexer struct {
	data []byte
	at   int
}

const delimiters = "()<>[]{}/%"

func (l *lexer) space() {
	for l.at < len(l.data) {
		switch c := l.data[l.at]; {
		case c == '%':
			for l.at < len(l.data) && l.data[l.at] != '\n' {
				l.at++
			}
		case bytes.IndexByte([]byte(" \t\r\n\f\x00"), c) >= 0:
			l.at++
		default:
			return
		}
	}
}

// next reads an object; nil, false at the end.
func (l *lexer) next() (any, bool) {
	l.space()
	if l.at >= len(l.data) {
		return nil, false
	}
	rest := l.data[l.at:]
	switch {
	case bytes.HasPrefix(rest, []byte("<<")):
		l.at += 2
		return l.dict(), true
	case rest[0] == '<':
		return l.hex(), true
	case rest[0] == '(':
		return l.literal(), true
	case rest[0] == '[':
		l.at++
		return l.array("]"), true
	case rest[0] == '/':
		l.at++
		return name(l.word()), true
	case rest[0] == ']' || bytes.HasPrefix(rest, []byte(">>")):
		fail("unexpected %q at %d", rest[:1], l.at)
	}
	return l.plain(), true
}

func (l *lexer) word() string {
	start := l.at
	for l.at < len(l.data) && l.data[l.at] > ' ' && strings.IndexByte(delimiters, l.data[l.at]) < 0 {
		l.at++
	}
	if l.at == start {
		fail("unexpected byte %q at %d", l.data[l.at], l.at)
	}
	return string(l.data[start:l.at])
}

// plain reads a number, a reference, true, false, null or an operator.
func (l *lexer) plain() any {
	l.space()
	if c := l.data[l.at]; c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') {
		switch w := l.word(); w {
		case "true", "false":
			return w == "true"
		case "null":
			return nil
		default:
			return operator(w)
		}
	}
	w := l.word()
	v, err := strconv.ParseFloat(w, 64)
	if err != nil {
		fail("number %q", w)
	}
	mark := l.at
	if n, err := strconv.Atoi(w); err == nil && l.reference() {
		return ref(n)
	}
	l.at = mark
	return v
}

// reference reads the rest of "12 0 R".
func (l *lexer) reference() bool {
	rest := l.data[l.at:]
	if len(rest) >= 4 && string(rest[:4]) == " 0 R" && (len(rest) == 4 || rest[4] <= ' ' || strings.IndexByte(delimiters, rest[4]) >= 0) {
		l.at += 4
		return true
	}
	return false
}

func (l *lexer) array(end string) []any {
	list := []any{}
	for {
		l.space()
		if l.at >= len(l.data) {
			fail("no %q", end)
		}
		if bytes.HasPrefix(l.data[l.at:], []byte(end)) {
			l.at += len(end)
			return list
		}
		v, _ := l.next()
		list = append(list, v)
	}
}

func (l *lexer) dict() dict {
	list := l.array(">>")
	if len(list)%2 != 0 {
		fail("a dictionary of %d parts", len(list))
	}
	d := dict{}
	for i := 0; i < len(list); i += 2 {
		key, ok := list[i].(name)
		if !ok {
			fail("dictionary key %v", list[i])
		}
		if _, twice := d[string(key)]; twice {
			fail("key %s twice in a dictionary", key)
		}
		d[string(key)] = list[i+1]
	}
	return d
}

func (l *lexer) hex() bytestr {
	end := bytes.IndexByte(l.data[l.at:], '>')
	if end < 0 {
		fail("no >")
	}
	b, err := hex.DecodeString(string(l.data[l.at+1 : l.at+end]))
	if err != nil {
		fail("hexadecimal string: %v", err)
	}
	l.at += end + 1
	return bytestr(b)
}

func (l *lexer) literal() bytestr {
	var b []byte
	depth := 0
	for ; l.at < len(l.data); l.at++ {
		c := l.data[l.at]
		switch c {
		case '\\':
			l.at++
			if c = l.data[l.at]; c == 'r' {
				c = '\r'
			}
		case '(':
			if depth++; depth == 1 {
				continue
			}
		case ')':
			if depth--; depth == 0 {
				l.at++
				return bytestr(b)
			}
		}
		b = append(b, c)
	}
	fail("no )")
	return ""
}

// text decodes a text string.
func (s bytestr) text() string {
	if !strings.HasPrefix(string(s), "\xFE\xFF") {
		return string(s)
	}
	return utf16Text(s[2:])
}

func utf16Text(s bytestr) string {
	units := make([]uint16, len(s)/2)
	for i := range units {
		units[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	return string(utf16.Decode(units))
}

// file is a parsed file.
type file struct {
	data    []byte
	trailer dict
	offsets map[int]int // of objects outside object streams
	packed  map[int][2]int
	objects map[int]any
	streams map[int]map[int]any
}

// open reads the cross-reference stream.
func open(data []byte) *file {
	f := &file{
		data: data, offsets: map[int]int{}, packed: map[int][2]int{},
		objects: map[int]any{}, streams: map[int]map[int]any{},
	}
	if !bytes.HasPrefix(data, []byte("%PDF-1.7\n")) || !bytes.HasSuffix(data, []byte("%%EOF\n")) {
		fail("not a whole file of version 1.7")
	}
	at := bytes.LastIndex(data, []byte("startxref\n"))
	l := &lexer{data: data, at: at + len("startxref\n")}
	start, _ := l.next()
	x, ok := f.at(int(start.(float64))).(stream)
	if !ok || x.dict["Type"] != name("XRef") {
		fail("no cross-reference stream")
	}
	f.trailer = x.dict
	f.table(x.inflated())
	return f
}

func (f *file) table(rows []byte) {
	for n := 0; n*7 < len(rows); n++ {
		row := rows[n*7 : n*7+7]
		where := int(row[1])<<24 | int(row[2])<<16 | int(row[3])<<8 | int(row[4])
		switch row[0] {
		case 1:
			f.offsets[n] = where
		case 2:
			f.packed[n] = [2]int{where, int(row[5])<<8 | int(row[6])}
		default:
			if n != 0 {
				fail("object %d is free", n)
			}
		}
	}
	if size := f.trailer["Size"]; size != float64(len(rows)/7) {
		fail("Size is %v, there are %d objects", size, len(rows)/7)
	}
}

// at reads the indirect object at an offset.
func (f *file) at(offset int) any {
	l := &lexer{data: f.data, at: offset}
	l.next() // its number
	l.next() // 0
	if word, _ := l.next(); word != operator("obj") {
		fail("no object at %d", offset)
	}
	v, _ := l.next()
	d, ok := v.(dict)
	if !ok || !bytes.HasPrefix(f.data[l.at:], []byte("stream\n")) {
		return v
	}
	from := l.at + len("stream\n")
	length := int(d["Length"].(float64))
	if !bytes.HasPrefix(f.data[from+length:], []byte("\nendstream\nendobj\n")) {
		fail("the stream at %d does not end where it says", offset)
	}
	return stream{d, f.data[from : from+length]}
}

func (s stream) inflated() []byte {
	if s.dict["Filter"] != name("FlateDecode") {
		return s.data
	}
	z, err := zlib.NewReader(bytes.NewReader(s.data))
	if err != nil {
		fail("stream: %v", err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		fail("stream: %v", err)
	}
	return b
}

// get follows references.
func (f *file) get(v any) any {
	n, ok := v.(ref)
	if !ok {
		return v
	}
	if known, ok := f.objects[int(n)]; ok {
		return known
	}
	if offset, ok := f.offsets[int(n)]; ok {
		f.objects[int(n)] = f.at(offset)
	} else if place, ok := f.packed[int(n)]; ok {
		f.objects[int(n)] = f.unpack(place[0])[int(n)]
	} else {
		fail("no object %d", n)
	}
	return f.objects[int(n)]
}

// unpack reads an object stream.
func (f *file) unpack(number int) map[int]any {
	if known, ok := f.streams[number]; ok {
		return known
	}
	s := f.at(f.offsets[number]).(stream)
	data := s.inflated()
	index := &lexer{data: data}
	objects := map[int]any{}
	for range int(s.dict["N"].(float64)) {
		n, _ := index.next()
		offset, _ := index.next()
		l := &lexer{data: data, at: int(s.dict["First"].(float64) + offset.(float64))}
		objects[int(n.(float64))], _ = l.next()
	}
	f.streams[number] = objects
	return objects
}

func (f *file) dict(v any) dict {
	switch o := f.get(v).(type) {
	case dict:
		return o
	case stream:
		return o.dict
	}
	fail("%v is not a dictionary", v)
	return nil
}

func (f *file) list(v any) []any {
	list, ok := f.get(v).([]any)
	if !ok {
		fail("%v is not an array", v)
	}
	return list
}
