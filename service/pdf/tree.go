package pdf

// node is an element of the structure tree, by number; the root is 0.
type node int32

const noNode node = -1

// tree is the logical structure of a document: what a screen reader walks.
type tree struct {
	elements []element
	kids     []kid
	annots   []annot
}

// element is one structure element, such as a heading or a table cell.
type element struct {
	tag         string
	parent      node
	first, last int32 // indexes in kids; -1 for none
	page        int32 // of its first marked content; -1 for none
	// attributes are further entries of its dictionary, as they are written.
	attributes string
	lang, alt  string
}

// kid is a child of an element: an element, marked content, or an annotation.
type kid struct {
	next   int32 // the next child of the same parent; -1 for none
	kind   kidKind
	number int32 // node, marked content id, or index in annots
	page   int32
}

type kidKind uint8

const (
	kidElement kidKind = iota
	kidContent
	kidAnnot
)

// annot is a link on a page.
type annot struct {
	owner          node
	page           int32
	x0, y0, x1, y1 float64
	address, says  string
}

func (t *tree) start(lang string) {
	t.elements = append(t.elements[:0], element{tag: "Document", parent: noNode, first: -1, last: -1, page: -1})
	t.kids, t.annots = t.kids[:0], t.annots[:0]
	t.elements[0].lang = lang
}

// add appends an element to its parent's children.
func (t *tree) add(parent node, tag string) node {
	n := node(len(t.elements))
	t.elements = append(t.elements, element{tag: tag, parent: parent, first: -1, last: -1, page: -1})
	t.adopt(parent, kid{kind: kidElement, number: int32(n), page: -1})
	return n
}

func (t *tree) with(n node, attributes string) node {
	t.elements[n].attributes = attributes
	return n
}

func (t *tree) adopt(parent node, k kid) {
	k.next = -1
	at := int32(len(t.kids))
	t.kids = append(t.kids, k)
	e := &t.elements[parent]
	if e.first < 0 {
		e.first = at
	} else {
		t.kids[e.last].next = at
	}
	e.last = at
	if k.kind != kidElement && e.page < 0 {
		e.page = k.page
	}
}

// link puts an annotation on a page into an element.
func (t *tree) link(a annot) {
	t.adopt(a.owner, kid{kind: kidAnnot, number: int32(len(t.annots)), page: a.page})
	t.annots = append(t.annots, a)
}
