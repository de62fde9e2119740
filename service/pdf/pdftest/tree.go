package pdftest

import (
	"slices"
	"strings"
)

// readTree reads the structure tree and joins it with what the pages show.
func (d *Document) readTree() {
	f := d.file
	at := f.dict(f.trailer["Root"])["StructTreeRoot"].(ref)
	root := f.dict(at)
	if root["Type"] != name("StructTreeRoot") {
		d.fault("has no structure tree")
	}
	used := map[[2]int]bool{}
	d.root = d.readElement(root["K"].(ref), at, used)
	for _, p := range d.pages {
		for id := range p.text {
			if !used[[2]int{p.number, id}] {
				d.fault("marked content %d of page object %d is in no element", id, p.number)
			}
		}
	}
}

func (d *Document) readElement(at, parent ref, used map[[2]int]bool) *Element {
	o := d.file.dict(at)
	if o["P"] != parent {
		d.fault("element %d has another parent than %d", at, parent)
	}
	e := &Element{Tag: string(o["S"].(name)), number: int(at)}
	if s, ok := o["Lang"].(bytestr); ok {
		e.Lang = s.text()
	}
	if s, ok := o["Alt"].(bytestr); ok {
		e.Alt = s.text()
	}
	if a, ok := o["A"].(dict); ok {
		e.attributes = append(e.attributes, a)
		if s, ok := a["Scope"].(name); ok {
			e.Scope = string(s)
		}
	}
	kids, ok := o["K"].([]any)
	if !ok && o["K"] != nil {
		kids = []any{o["K"]}
	}
	own, _ := o["Pg"].(ref)
	for _, k := range kids {
		e.Kids = append(e.Kids, d.readKid(k, at, own, used))
	}
	return e
}

func (d *Document) readKid(k any, at, own ref, used map[[2]int]bool) Kid {
	switch k := k.(type) {
	case ref:
		return Kid{Element: d.readElement(k, at, used)}
	case float64:
		return d.content(own, int(k), at, used)
	case dict:
		if k["Type"] == name("MCR") {
			return d.content(k["Pg"].(ref), int(k["MCID"].(float64)), at, used)
		}
		return d.readLink(k, at)
	}
	fail("element %d has a child %v", at, k)
	return Kid{}
}

// content returns the text of marked content, once.
func (d *Document) content(on ref, id int, owner ref, used map[[2]int]bool) Kid {
	for i, p := range d.pages {
		if p.number != int(on) {
			continue
		}
		text, ok := p.text[id]
		switch {
		case !ok:
			d.fault("element %d holds content %d, which its page does not have", owner, id)
		case used[[2]int{p.number, id}]:
			d.fault("content %d is in two elements", id)
		case p.owners[id] != owner:
			d.fault("content %d belongs to element %v, its parent tree says %v", id, owner, p.owners[id])
		}
		used[[2]int{p.number, id}] = true
		return Kid{Text: text, Page: i + 1}
	}
	d.fault("element %d is on no page", owner)
	return Kid{}
}

func (d *Document) readLink(k dict, at ref) Kid {
	if k["Type"] != name("OBJR") {
		fail("element %d has a child %v", at, k)
	}
	annot := d.file.dict(k["Obj"])
	if s, ok := annot["Contents"].(bytestr); !ok || s == "" {
		d.fault("a link says nothing")
	}
	key, ok := annot["StructParent"].(float64)
	if !ok || d.parents()[int(key)] != at {
		d.fault("a link does not lead back to its element")
	}
	listed := false
	for _, p := range d.pages {
		for _, a := range p.annots {
			listed = listed || p.number == int(k["Pg"].(ref)) && a == k["Obj"]
		}
	}
	if !listed {
		d.fault("a link is not on its page")
	}
	return Kid{Address: string(d.file.dict(annot["A"])["URI"].(bytestr))}
}

// children are the tags that may stand below a tag; tags that are not named
// here are blocks, and hold text, spans and links.
var children = map[string]string{
	"Table": "Caption THead TBody TFoot TR", "THead": "TR", "TBody": "TR", "TFoot": "TR", "TR": "TH TD",
	"L": "LI", "LI": "Lbl LBody",
	"TD": "P Span Link", "TH": "P Span Link", "LBody": "Span Link", "P": "Span Link", "Caption": "Span Link",
	"H1": "Span Link", "H2": "Span Link", "H3": "Span Link", "Lbl": "", "Span": "", "Link": "", "Figure": "",
	"Document": blocks + " Sect", "Sect": blocks,
}

const blocks = "H1 H2 H3 P L Table Figure"

func (d *Document) checkTree() {
	if d.root.Tag != "Document" {
		d.fault("the tree begins with %s", d.root.Tag)
	}
	level := 0
	for _, e := range d.All() {
		d.checkElement(e)
		if len(e.Tag) == 2 && e.Tag[0] == 'H' {
			n := int(e.Tag[1] - '0')
			if n > level+1 {
				d.fault("heading %q skips from level %d to %d", e.Text(), level, n)
			}
			level = n
		}
	}
}

func (d *Document) checkElement(e *Element) {
	allowed, ok := children[e.Tag]
	if !ok {
		d.fault("%s is not one of our tags", e.Tag)
	}
	for _, k := range e.Kids {
		if k.Element != nil && !slices.Contains(strings.Fields(allowed), k.Element.Tag) {
			d.fault("%s in %s", k.Element.Tag, e.Tag)
		}
	}
	switch e.Tag {
	case "TH":
		if e.Scope != "Row" && e.Scope != "Column" {
			d.fault("header cell %q has no scope", e.Text())
		}
	case "Figure":
		if e.Alt == "" || len(e.attributes) == 0 || e.attributes[0]["BBox"] == nil {
			d.fault("a figure has no alternative text or no bounds")
		}
	case "L":
		if len(e.attributes) == 0 || e.attributes[0]["ListNumbering"] == nil {
			d.fault("a list does not say how it is numbered")
		}
	case "Link":
		d.checkLink(e)
	case "Table":
		d.checkTable(e)
	}
}

func (d *Document) checkLink(e *Element) {
	for _, k := range e.Kids {
		if k.Address != "" {
			return
		}
	}
	d.fault("link %q leads nowhere", e.Text())
}

// checkTable wants the same number of cells in every row.
func (d *Document) checkTable(e *Element) {
	columns := 0
	for _, k := range e.Kids {
		rows := []Kid{k}
		if k.Element != nil && k.Element.Tag != "TR" {
			rows = k.Element.Kids
		}
		for _, r := range rows {
			if r.Element == nil || r.Element.Tag != "TR" {
				continue
			}
			n := cells(r.Element)
			if columns == 0 {
				columns = n
			}
			if n != columns {
				d.fault("a row of %d cells in a table of %d columns", n, columns)
			}
		}
	}
}

// cells counts the columns that a row's cells cover.
func cells(row *Element) (n int) {
	for _, k := range row.Kids {
		n++
		for _, a := range k.Element.attributes {
			if span, ok := a["ColSpan"].(float64); ok {
				n += int(span) - 1
			}
		}
	}
	return n
}
