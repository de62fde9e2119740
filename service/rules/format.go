package rules

import (
	"errors"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// formatWidth is how long a line may be before what stands in brackets is
// spread over several.
const formatWidth = 120

// errLayout keeps a layout that would say something else from ever leaving.
var errLayout = errors.New("rules: the layout cannot be put in order without changing what the book says")

// Format lays a rule book out as everybody's are: keys in the reference's order,
// amounts with two decimals, conditions on one line or folded at && and ||,
// short lists and mappings in brackets where the author wrote them so, comments
// where they stood. What the book says, and so its hash, stays the same; doing
// it again changes nothing. A book with problems is not touched: they are
// returned as Problems.
func Format(src []byte) ([]byte, error) {
	book, root, err := parseTree(src)
	if err != nil {
		return nil, err
	}
	written, _ := readYAML(src)
	keepWritten(root, written)
	f := formatter{notes: notesOf(src, root)}
	f.book(root)
	again, err := Parse(f.out.Bytes())
	if err != nil || again.Hash() != book.Hash() {
		return nil, errLayout
	}
	return f.out.Bytes(), nil
}

// parseTree is Parse that also hands out the tree, whose scalars are the texts
// that the decoder left.
func parseTree(src []byte) (*Book, *node, error) {
	root, problems := readYAML(src)
	if root == nil {
		return nil, nil, orNotRead(problems)
	}
	d := &decoder{problems: problems}
	b := d.book(root)
	if len(d.problems) > 0 {
		return nil, nil, d.problems.sorted()
	}
	b.finish(root)
	return b, root, nil
}

// keepWritten takes back what people read better as it was written: 50% for
// 0.5.
func keepWritten(n, written *node) {
	if n.kind == scalar && strings.HasSuffix(written.text, "%") && ratioText.MatchString(written.text) {
		n.text = written.text
	}
	for i, k := range n.keys {
		keepWritten(k.value, written.keys[i].value)
	}
	for i, item := range n.items {
		keepWritten(item, written.items[i])
	}
}

// notes are what stands beside the tree: comments and empty lines.
type notes struct {
	above map[*node][]string // lines above a key or item; "" is an empty line
	after map[*node]string   // at the end of its line
	apart map[*node]bool     // an empty line stands above all of it
	end   []string           // below everything
}

// spot is a place to which a comment can belong.
type spot struct {
	n      *node
	inside int // the line of the bracket in which it stands, or 0
}

// notesOf finds out to what each comment belongs: one on a line of its own to
// the next key or item, one behind something to that.
func notesOf(src []byte, root *node) notes {
	spots := appendSpots(nil, root, 0)
	notes := notes{above: map[*node][]string{}, after: map[*node]string{}, apart: map[*node]bool{}}
	lines := strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	var last *token.Token // that is no comment
	for _, tk := range lexer.Tokenize(string(src)) {
		line := tk.Position.Line
		if tk.Type != token.CommentType {
			last = tk
			continue
		}
		text := strings.TrimRight("#"+tk.Value, " \t\r")
		if last != nil && line == last.Position.Line && !opens(spots, last) {
			notes.behind(spots, line, text)
			continue
		}
		empty := line > 1 && line-2 < len(lines) && strings.TrimSpace(lines[line-2]) == ""
		notes.own(spots, line, text, empty)
	}
	notes.readEmptyLines(spots, lines)
	return notes
}

// opens reports a hyphen or bracket on whose line nothing else begins: a
// comment behind it speaks of what comes.
func opens(spots []spot, tk *token.Token) bool {
	_, begins := spotAt(spots, tk.Position.Line)
	switch tk.Type {
	case token.SequenceEntryType, token.MappingStartType, token.SequenceStartType:
		return !begins
	}
	return false
}

// spotAt is the first spot on a line or, where there is none, after it.
func spotAt(spots []spot, line int) (int, bool) {
	return slices.BinarySearchFunc(spots, line, func(p spot, line int) int { return p.n.line - line })
}

// own takes a comment on a line of its own.
func (s *notes) own(spots []spot, line int, text string, empty bool) {
	i, _ := spotAt(spots, line)
	add := func(to []string) []string {
		if empty && len(to) > 0 && to[len(to)-1] != "" {
			to = append(to, "")
		}
		return append(to, text)
	}
	if i == len(spots) {
		s.end = add(s.end)
		return
	}
	n := spots[i].n
	if len(s.above[n]) == 0 && empty {
		s.apart[n] = true
	}
	s.above[n] = add(s.above[n])
}

// behind takes a comment at the end of a line.
func (s *notes) behind(spots []spot, line int, text string) {
	end, _ := spotAt(spots, line+1)
	i := end - 1
	for i > 0 && spots[i].inside == line && spots[i].n.line == line {
		i--
	}
	if i < 0 {
		s.own(spots, line, text, false)
		return
	}
	n := spots[i].n
	if _, taken := s.after[n]; taken {
		s.above[n] = append(s.above[n], text)
		return
	}
	s.after[n] = text
}

// readEmptyLines notes where an empty line stands directly above something.
func (s *notes) readEmptyLines(spots []spot, lines []string) {
	for i, p := range spots {
		line := p.n.line
		if i > 0 && spots[i-1].n.line == line || line < 2 || line-2 >= len(lines) || strings.TrimSpace(lines[line-2]) != "" {
			continue
		}
		if above := s.above[p.n]; len(above) > 0 {
			s.above[p.n] = append(above, "")
		} else if p.inside == 0 {
			s.apart[p.n] = true
		}
	}
}

// appendSpots lists keys and items in the order of the source.
func appendSpots(spots []spot, n *node, inside int) []spot {
	if n.flow && inside == 0 {
		inside = n.line
	}
	for _, k := range n.keys {
		spots = appendSpots(append(spots, spot{k.key, inside}), k.value, inside)
	}
	for _, item := range n.items {
		spots = appendSpots(append(spots, spot{item, inside}), item, inside)
	}
	return spots
}
