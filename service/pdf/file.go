package pdf

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
)

// file is a PDF file being written: version 1.7 with object streams, so that
// the thousand small objects of a structure tree take little room.
type file struct {
	w    *workspace
	out  []byte
	refs []reference // by object number
	pack pack
	sum  [16]byte // of everything but the fonts
}

// reference says where an object is: at an offset, or in an object stream.
type reference struct {
	kind   byte // 0 free, 1 at an offset, 2 in a stream
	where  uint32
	within uint16
}

// pack collects small objects for the next object stream.
type pack struct {
	number int
	index  []byte
	body   []byte
	count  int
}

// packSize is how many objects go into one stream: many enough to compress
// well, few enough for a reader to open one quickly.
const packSize = 200

func (w *workspace) newFile() *file {
	f := &file{w: w, out: w.scratch[:0], refs: append(w.refs[:0], reference{}), pack: w.pack}
	// Four bytes above 127 tell transfer programs that the file is binary.
	f.out = append(f.out, "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"...)
	return f
}

// reserve returns the number of an object that will be written later.
func (f *file) reserve() int {
	f.refs = append(f.refs, reference{})
	return len(f.refs) - 1
}

// object writes a small object.
func (f *file) object(n int, body []byte) {
	if f.pack.count == 0 {
		f.pack.number = f.reserve()
	}
	f.refs[n] = reference{2, uint32(f.pack.number), uint16(f.pack.count)}
	f.pack.index = append(strconv.AppendInt(f.pack.index, int64(n), 10), ' ')
	f.pack.index = append(strconv.AppendInt(f.pack.index, int64(len(f.pack.body)), 10), ' ')
	f.pack.body = append(append(f.pack.body, body...), '\n')
	if f.pack.count++; f.pack.count == packSize {
		f.flush()
	}
}

// flush writes the object stream.
func (f *file) flush() {
	if f.pack.count == 0 {
		return
	}
	dict := fmt.Sprintf("/Type/ObjStm/N %d/First %d", f.pack.count, len(f.pack.index))
	n := f.pack.number
	data := append(f.pack.index, f.pack.body...)
	f.pack.count = 0
	f.stream(n, dict, data)
	f.pack.index, f.pack.body = data[:0], f.pack.body[:0]
}

// stream compresses data and writes it with the entries of its dictionary.
func (f *file) stream(n int, dict string, data []byte) {
	f.packed(n, dict+"/Filter/FlateDecode", f.w.compress(data))
}

// packed writes a stream as it is.
func (f *file) packed(n int, dict string, data []byte) {
	f.refs[n] = reference{1, uint32(len(f.out)), 0}
	f.out = strconv.AppendInt(f.out, int64(n), 10)
	f.out = append(append(append(f.out, " 0 obj\n<<"...), dict...), "/Length "...)
	f.out = strconv.AppendInt(f.out, int64(len(data)), 10)
	f.out = append(append(append(f.out, ">>stream\n"...), data...), "\nendstream\nendobj\n"...)
}

// packFrom is the size from which a cross-reference table is worth compressing.
const packFrom = 2000

// finish writes the cross-reference stream and returns the file, which is valid
// until the workspace is given back. The file's identifier is a hash of its
// content from the given offset on.
func (f *file) finish(root, info, from int) []byte {
	f.flush()
	sum := sha256.Sum256(f.out[from:])
	n := f.reserve()
	start := len(f.out)
	f.refs[n] = reference{1, uint32(start), 0}
	f.refs[0].within = 65535
	table := make([]byte, 0, 7*len(f.refs))
	for _, r := range f.refs {
		table = append(table, r.kind)
		table = binary.BigEndian.AppendUint32(table, r.where)
		table = binary.BigEndian.AppendUint16(table, r.within)
	}
	dict := fmt.Sprintf("/Type/XRef/Size %d/W[1 4 2]/Root %d 0 R/Info %d 0 R/ID[<%X><%X>]",
		len(f.refs), root, info, sum[:16], sum[:16])
	if len(table) < packFrom {
		f.packed(n, dict, table)
	} else {
		f.stream(n, dict, table)
	}
	f.out = append(f.out, "startxref\n"...)
	f.out = strconv.AppendInt(f.out, int64(start), 10)
	f.out = append(f.out, "\n%%EOF\n"...)
	w := f.w
	w.scratch, w.refs, w.pack = f.out, f.refs, f.pack // to be used again
	return f.out
}
