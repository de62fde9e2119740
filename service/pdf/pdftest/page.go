package pdftest

import "strings"

// page is what one page shows.
type page struct {
	number        int // of its object
	width, height float64
	text          map[int]string // by marked content id
	artifacts     []string
	owners        []any // the entry of the parent tree
	annots        []any
}

// Artifacts returns what a page shows that is not read: page numbers and
// repeated headers, in the order drawn. Pages count from 1.
func (d *Document) Artifacts(pageNumber int) []string { return d.pages[pageNumber-1].artifacts }

func (d *Document) checkCatalog() {
	f := d.file
	c := f.dict(f.trailer["Root"])
	if f.dict(c["MarkInfo"])["Marked"] != true {
		d.fault("is not marked as tagged")
	}
	if lang, _ := c["Lang"].(bytestr); lang != "" {
		d.Lang = lang.text()
	} else {
		d.fault("has no language")
	}
	if f.dict(c["ViewerPreferences"])["DisplayDocTitle"] != true {
		d.fault("does not show its title")
	}
	if title, _ := f.dict(f.trailer["Info"])["Title"].(bytestr); title != "" {
		d.Title = title.text()
	} else {
		d.fault("has no title")
	}
	m, ok := f.get(c["Metadata"]).(stream)
	xmp := string(m.data)
	if !ok || m.dict["Filter"] != nil || !strings.Contains(xmp, "<pdfuaid:part>1</pdfuaid:part>") {
		d.fault("does not claim to be PDF/UA-1")
	}
	plain := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "\n", "&#xA;")
	if !strings.Contains(xmp, plain.Replace(d.Title)+"</rdf:li></rdf:Alt></dc:title>") {
		d.fault("has another title in its metadata: %s", xmp)
	}
}

func (d *Document) readPages() {
	f := d.file
	c := f.dict(f.trailer["Root"])
	pages := f.dict(c["Pages"])
	fonts := map[string]*font{}
	for key, v := range f.dict(f.dict(pages["Resources"])["Font"]) {
		fonts[key] = d.readFont(v)
	}
	parents := d.parents()
	box := f.list(pages["MediaBox"])
	for i, v := range f.list(pages["Kids"]) {
		p := page{
			number: int(v.(ref)), text: map[int]string{},
			width: box[2].(float64), height: box[3].(float64),
		}
		o := f.dict(v)
		if o["Tabs"] != name("S") {
			d.fault("page %d: tabs do not follow the structure", i+1)
		}
		p.owners = parents[int(o["StructParents"].(float64))].([]any)
		if o["Annots"] != nil {
			p.annots = f.list(o["Annots"])
		}
		run := interpreter{d: d, page: &p, fonts: fonts, id: outside}
		run.all(f.get(o["Contents"]).(stream).inflated())
		if len(p.text) != len(p.owners) {
			d.fault("page %d: %d pieces of marked content, %d in the parent tree", i+1, len(p.text), len(p.owners))
		}
		d.pages = append(d.pages, p)
	}
	d.Pages = len(d.pages)
}

// parents reads the parent tree.
func (d *Document) parents() map[int]any {
	f := d.file
	root := f.dict(f.dict(f.trailer["Root"])["StructTreeRoot"])
	nums := f.list(f.dict(root["ParentTree"])["Nums"])
	tree := map[int]any{}
	for i := 0; i < len(nums); i += 2 {
		if i > 0 && nums[i].(float64) <= nums[i-2].(float64) {
			d.fault("the parent tree is not in order")
		}
		v := nums[i+1]
		if list, ok := f.get(v).([]any); ok {
			v = list
		}
		tree[int(nums[i].(float64))] = v
	}
	return tree
}

// Where an operator stands: outside of marked content, in an artifact, or in
// content with an id.
const (
	outside  = -2
	artifact = -1
)

// interpreter follows the drawing instructions of a page.
type interpreter struct {
	d      *Document
	page   *page
	fonts  map[string]*font
	font   *font
	size   float64
	x, y   float64
	id     int
	open   bool // between BT and ET
	shown  strings.Builder
	nested int
}

func (r *interpreter) fault(format string, args ...any) {
	r.d.fault("page %d: "+format, append([]any{len(r.d.pages) + 1}, args...)...)
}

func (r *interpreter) all(content []byte) {
	l := &lexer{data: content}
	var args []any
	for {
		v, ok := l.next()
		if !ok {
			break
		}
		if op, ok := v.(operator); ok {
			r.do(string(op), args)
			args = args[:0]
			continue
		}
		args = append(args, v)
	}
	if r.nested != 0 || r.open {
		r.fault("marked content or text is left open")
	}
}

func (r *interpreter) do(op string, args []any) {
	switch op {
	case "BDC":
		r.begin(args)
	case "EMC":
		r.end()
	case "BT", "ET":
		if r.open == (op == "BT") {
			r.fault("%s out of place", op)
		}
		r.open = op == "BT"
	case "Tf":
		r.font, r.size = r.fonts[string(args[0].(name))], args[1].(float64)
		if r.font == nil {
			fail("font %v is not among the resources", args[0])
		}
	case "Tm":
		r.x, r.y = args[4].(float64), args[5].(float64)
	case "TJ":
		r.show(args[0].([]any))
	case "re", "rg", "Ts":
	case "f":
		if r.id == outside {
			r.fault("a shape outside of marked content")
		}
	default:
		r.fault("operator %s is not one of ours", op)
	}
}

func (r *interpreter) begin(args []any) {
	r.nested++
	if r.nested > 1 {
		r.fault("marked content within marked content")
	}
	properties, _ := args[1].(dict)
	id, marked := properties["MCID"].(float64)
	r.shown.Reset()
	switch {
	case marked:
		r.id = int(id)
		if _, twice := r.page.text[r.id]; twice {
			r.fault("marked content %d twice", r.id)
		}
		r.page.text[r.id] = ""
	case args[0] == name("Artifact"):
		r.id = artifact
	default:
		r.fault("content %v is neither marked nor an artifact", args[0])
	}
}

func (r *interpreter) end() {
	if r.nested--; r.nested < 0 {
		r.fault("EMC without BDC")
	}
	if r.id == artifact && r.shown.Len() > 0 {
		r.page.artifacts = append(r.page.artifacts, r.shown.String())
	}
	if r.id >= 0 {
		r.page.text[r.id] = r.shown.String()
	}
	r.id = outside
}

func (r *interpreter) show(parts []any) {
	if r.id == outside || !r.open {
		r.fault("text outside of marked content")
	}
	for _, part := range parts {
		if n, ok := part.(float64); ok {
			r.x -= n * r.size / 1000
			continue
		}
		codes := []byte(part.(bytestr))
		if len(codes)%2 != 0 {
			fail("codes of odd length")
		}
		for i := 0; i < len(codes); i += 2 {
			r.code(uint16(codes[i])<<8 | uint16(codes[i+1]))
		}
	}
}

func (r *interpreter) code(code uint16) {
	text, ok := r.font.text[code]
	if !ok || strings.ContainsAny(text, "\x00\ufeff\ufffe") || text == "" {
		r.fault("code %d means no text", code)
	}
	r.shown.WriteString(text)
	glyph, width := r.font.glyph(code), r.font.widths[code]
	if glyph == 0 {
		r.fault("%q is shown as no glyph", text)
	}
	if own := r.font.advance(glyph); own < width-1 || own > width+1 {
		r.fault("%q is %v wide in the document and %v in the font", text, width, own)
	}
	left, right := r.x, r.x+width*r.size/1000
	if strings.TrimSpace(text) != "" && (left < 0 || right > r.page.width || r.y < 0 || r.y > r.page.height) {
		r.fault("%q lies beyond the page", text)
	}
	r.x = right
}
