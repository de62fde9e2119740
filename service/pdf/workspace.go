package pdf

import (
	"bytes"
	"compress/zlib"
	"sync"

	"seedbook/service/pdf/typeset"
)

// workspace is the memory in which a document is made. Documents take one from
// the pool and give it back when they are finished: a statement run makes
// hundreds of thousands of them.
type workspace struct {
	setter  *typeset.Setter
	spans   []typeset.Span
	lines   []typeset.Line
	at      []int
	used    fontsInUse
	tree    tree
	refs    []reference
	pack    pack
	buffers [][]byte // for the drawing instructions of pages
	deflate *zlib.Writer
	packed  bytes.Buffer
	scratch []byte
}

var workspaces = sync.Pool{New: func() any {
	w := &workspace{}
	w.deflate, _ = zlib.NewWriterLevel(&w.packed, zlib.BestSpeed) // the level is known to be right
	return w
}}

// builtin are the fonts of documents that name no others.
var builtin = sync.OnceValue(func() *Fonts {
	f, err := typeset.NewFonts()
	if err != nil {
		panic(err) // without files there is nothing to fail
	}
	return f
})

func takeWorkspace(fonts *Fonts) *workspace {
	w := workspaces.Get().(*workspace)
	w.setter = fonts.Setter()
	w.used.reset(fonts)
	w.lines = w.lines[:0]
	return w
}

// give returns the workspace to the pool. Nothing made in it may be used again.
// Texts that it refers to are let go, since they are people's.
func (w *workspace) give() {
	clear(w.tree.elements)
	clear(w.tree.annots)
	clear(w.spans[:cap(w.spans)])
	w.used.reset(nil)
	w.setter.Release()
	w.setter = nil
	workspaces.Put(w)
}

// buffer returns an empty buffer for a page.
func (w *workspace) buffer() []byte {
	n := len(w.buffers)
	if n == 0 {
		return make([]byte, 0, 16<<10)
	}
	b := w.buffers[n-1]
	w.buffers = w.buffers[:n-1]
	return b[:0]
}

// maxBuffers bounds the page buffers that a workspace keeps.
const maxBuffers = 8

func (w *workspace) reuse(b []byte) {
	if len(w.buffers) < maxBuffers {
		w.buffers = append(w.buffers, b)
	}
}

// compress returns data as a zlib stream, valid until the next call. The best
// speed is taken: the default is several times slower and saves little.
func (w *workspace) compress(data []byte) []byte {
	w.packed.Reset()
	w.deflate.Reset(&w.packed)
	w.deflate.Write(data) // a bytes.Buffer does not fail
	w.deflate.Close()
	return w.packed.Bytes()
}
