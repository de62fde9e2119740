package pdf

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"

	"seedbook/service/pdf/typeset"
)

// file writes everything: fonts first, then pages, then the structure tree and
// what holds it all together.
func (d *Document) file() []byte {
	f := d.newFile()
	fonts := d.writeFonts(f)
	own := len(f.out)
	o := d.plan(f)
	d.writePages(f, o, fonts)
	d.writeTree(f, o)
	d.writeCatalog(f, o)
	return bytes.Clone(f.finish(o.catalog, o.info, own))
}

// objects are the numbers of the objects of a document. Pages, their contents,
// elements and annotations are numbered in a row.
type objects struct {
	catalog, info, metadata, pages, root, parents int
	page, content, element, annot                 int
}

func (d *Document) plan(f *file) objects {
	row := func(n int) int {
		first := len(f.refs)
		f.refs = append(f.refs, make([]reference, n)...)
		return first
	}
	first := row(6)
	return objects{
		catalog: first, info: first + 1, metadata: first + 2, pages: first + 3, root: first + 4, parents: first + 5,
		page: row(len(d.pages)), content: row(len(d.pages)),
		element: row(len(d.tree.elements)), annot: row(len(d.tree.annots)),
	}
}

// writer appends the parts of one object.
type writer struct{ b []byte }

func (w *writer) text(s string) { w.b = append(w.b, s...) }
func (w *writer) int(n int)     { w.b = strconv.AppendInt(w.b, int64(n), 10) }
func (w *writer) ref(n int)     { w.int(n); w.text(" 0 R") }

func (d *Document) writePages(f *file, o objects, fonts string) {
	links := make([][]int, len(d.pages)) // annotations by page
	for i, a := range d.tree.annots {
		links[a.page] = append(links[a.page], i)
	}
	width, height := d.options.Page.points()
	var w writer
	for i, p := range d.pages {
		f.packed(o.content+i, "/Filter/FlateDecode", p.packed)
		w.b = w.b[:0]
		w.text("<</Type/Page/Parent ")
		w.ref(o.pages)
		w.text("/Contents ")
		w.ref(o.content + i)
		w.text("/Tabs/S/StructParents ")
		w.int(i)
		if len(links[i]) > 0 {
			w.text("/Annots[")
			for _, a := range links[i] {
				w.ref(o.annot + a)
				w.text(" ")
			}
			w.text("]")
		}
		w.text(">>")
		f.object(o.page+i, w.b)
	}
	w.b = append(w.b[:0], "<</Type/Pages/MediaBox[0 0 "...)
	w.b = append(appendNumber(w.b, width), ' ')
	w.b = appendNumber(w.b, height)
	w.text("]/Resources<</Font<<" + fonts + ">>>>/Count ")
	w.int(len(d.pages))
	w.text("/Kids[")
	for i := range d.pages {
		w.ref(o.page + i)
		w.text(" ")
	}
	w.text("]>>")
	f.object(o.pages, w.b)
}

func (d *Document) writeTree(f *file, o objects) {
	var w writer
	for i := range d.tree.elements {
		w.b = w.b[:0]
		d.element(&w, o, i)
		f.object(o.element+i, w.b)
	}
	for i := range d.tree.annots {
		w.b = w.b[:0]
		d.annotation(&w, o, i)
		f.object(o.annot+i, w.b)
	}
	w.b = append(w.b[:0], "<</Type/StructTreeRoot/K "...)
	w.ref(o.element)
	w.text("/ParentTree ")
	w.ref(o.parents)
	w.text("/ParentTreeNextKey ")
	w.int(len(d.pages) + len(d.tree.annots))
	w.text(">>")
	f.object(o.root, w.b)
	w.b = w.b[:0]
	d.parentTree(&w, o)
	f.object(o.parents, w.b)
}

func (d *Document) element(w *writer, o objects, i int) {
	e := &d.tree.elements[i]
	w.text("<</S/")
	w.text(e.tag)
	w.text("/P ")
	if e.parent == noNode {
		w.ref(o.root)
	} else {
		w.ref(o.element + int(e.parent))
	}
	if e.page >= 0 {
		w.text("/Pg ")
		w.ref(o.page + int(e.page))
	}
	w.text(e.attributes)
	if e.lang != "" {
		w.b = appendText(append(w.b, "/Lang"...), e.lang)
	}
	if e.alt != "" {
		w.b = appendText(append(w.b, "/Alt"...), typeset.Clean(e.alt))
	}
	if e.first >= 0 {
		w.text("/K")
		d.children(w, o, e)
	}
	w.text(">>")
}

func (d *Document) children(w *writer, o objects, e *element) {
	if e.first == e.last && d.tree.kids[e.first].kind == kidContent {
		w.text(" ")
		w.int(int(d.tree.kids[e.first].number))
		return
	}
	w.text("[")
	for i := e.first; i >= 0; i = d.tree.kids[i].next {
		d.child(w, o, e, &d.tree.kids[i])
		w.text(" ")
	}
	w.text("]")
}

func (d *Document) child(w *writer, o objects, e *element, k *kid) {
	switch {
	case k.kind == kidElement:
		w.ref(o.element + int(k.number))
	case k.kind == kidAnnot:
		w.text("<</Type/OBJR/Pg ")
		w.ref(o.page + int(k.page))
		w.text("/Obj ")
		w.ref(o.annot + int(k.number))
		w.text(">>")
	case k.page == e.page:
		w.int(int(k.number))
	default:
		w.text("<</Type/MCR/Pg ")
		w.ref(o.page + int(k.page))
		w.text("/MCID ")
		w.int(int(k.number))
		w.text(">>")
	}
}

func (d *Document) annotation(w *writer, o objects, i int) {
	a := &d.tree.annots[i]
	w.text("<</Type/Annot/Subtype/Link/F 4/Border[0 0 0]/Rect[")
	for _, v := range []float64{a.x0, a.y0, a.x1, a.y1} {
		w.b = append(appendNumber(w.b, v), ' ')
	}
	w.text("]/StructParent ")
	w.int(len(d.pages) + i)
	w.b = appendText(append(w.b, "/Contents"...), typeset.Clean(a.says))
	w.b = appendAddress(append(w.b, "/A<</S/URI/URI"...), a.address)
	w.text(">>>>")
}

// parentTree leads from marked content and annotations back to their elements.
func (d *Document) parentTree(w *writer, o objects) {
	w.text("<</Nums[")
	for i, p := range d.pages {
		w.int(i)
		w.text("[")
		for _, e := range p.content {
			w.ref(o.element + int(e))
			w.text(" ")
		}
		w.text("]")
	}
	for i, a := range d.tree.annots {
		w.int(len(d.pages) + i)
		w.text(" ")
		w.ref(o.element + int(a.owner))
		w.text(" ")
	}
	w.text("]>>")
}

func (d *Document) writeCatalog(f *file, o objects) {
	f.packed(o.metadata, "/Type/Metadata/Subtype/XML", d.options.metadata())
	f.object(o.info, d.options.info())
	var w writer
	w.text("<</Type/Catalog/Pages ")
	w.ref(o.pages)
	w.text("/StructTreeRoot ")
	w.ref(o.root)
	w.text("/Metadata ")
	w.ref(o.metadata)
	w.b = appendText(append(w.b, "/MarkInfo<</Marked true>>/Lang"...), d.options.Lang)
	w.text("/ViewerPreferences<</DisplayDocTitle true")
	if readsRightToLeft(d.options.Lang) {
		w.text("/Direction/R2L")
	}
	w.text(">>>>")
	f.object(o.catalog, w.b)
}

// writeFonts writes the fonts in use and returns their names as a resource
// dictionary has them. The core fonts come first and are always the same bytes
// under the same numbers for the same choice of them, so they are copied.
func (d *Document) writeFonts(f *file) string {
	choice := 0
	for i := len(d.used.core) - 1; i >= 0; i-- {
		choice = choice*int(extents) + int(d.used.core[i])
	}
	ready := readyFonts[choice]()
	at := len(f.out)
	f.out = append(f.out, ready.bytes...)
	for _, offset := range ready.offsets {
		f.refs = append(f.refs, reference{1, uint32(at + offset), 0})
	}
	names := ready.names
	if d.used.full {
		d.fail(ErrTooMany)
	}
	for _, of := range d.used.order {
		s, err := d.used.embed(d.workspace, of)
		if err != nil {
			d.fail(err)
			continue
		}
		names += fmt.Sprintf("/F%d %d 0 R", of, writeFont(f, &s))
	}
	return names
}

// ready is a choice of core fonts as it stands in a file.
type ready struct {
	bytes   []byte
	offsets []int
	names   string
}

// readyFonts are all choices, made when they are first needed: a digit to base
// extents for each core font.
var readyFonts = func() (all [extents * extents * extents]func() ready) {
	for choice := range all {
		all[choice] = sync.OnceValue(func() ready { return makeReady(choice) })
	}
	return all
}()

func makeReady(choice int) (r ready) {
	f := &file{refs: make([]reference, 1)}
	for of := typeset.CoreRegular; of.IsCore(); of++ {
		if much := extent(choice % int(extents)); much != unused {
			s := coreSubset(of, much)
			r.names += fmt.Sprintf("/F%d %d 0 R", of, writeFont(f, &s))
		}
		choice /= int(extents)
	}
	for _, ref := range f.refs[1:] {
		r.offsets = append(r.offsets, int(ref.where))
	}
	r.bytes = f.out
	return r
}
