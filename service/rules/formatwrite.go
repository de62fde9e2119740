package rules

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// formatter writes a tree in the order and layout of every book.
type formatter struct {
	notes
	out bytes.Buffer
}

func (f *formatter) book(root *node) {
	for _, k := range shapes()["book"].order(root.keys) {
		if f.out.Len() > 0 {
			f.out.WriteByte('\n')
		}
		f.lines(f.above[k.key], 0)
		f.entry(k, "book", 0)
	}
	if len(f.end) > 0 {
		f.out.WriteByte('\n')
		f.lines(f.end, 0)
	}
}

// lines writes comments and the empty lines between them.
func (f *formatter) lines(lines []string, indent int) {
	for _, l := range lines {
		if l != "" {
			f.indent(indent)
			f.out.WriteString(l)
		}
		f.out.WriteByte('\n')
	}
}

func (f *formatter) indent(n int) {
	for range n {
		f.out.WriteByte(' ')
	}
}

// entry writes "key: value", the cursor standing where the key begins.
func (f *formatter) entry(k keyed, kind string, indent int) {
	s := shapes()[kind]
	behind, under := "", false
	if s != nil {
		behind, under = s.behind[k.key.text], s.each[k.key.text]
	}
	f.out.WriteString(k.key.text + ":")
	f.value(k.key, k.value, behind, under, indent, len(k.key.text)+1)
}

// value writes what stands behind a key or hyphen, up to the line's end. Used
// is how much of the line is taken beyond the indent.
func (f *formatter) value(owner, n *node, kind string, under bool, indent, used int) {
	if inline, ok := f.inline(n, kind, under, indent+used+1); ok {
		f.out.WriteString(" " + inline)
		f.endLine(owner)
		return
	}
	if n.kind == scalar {
		f.paragraph(owner, n.text, kind == "condition", indent)
		return
	}
	f.endLine(owner)
	if n.kind == list {
		f.items(n, kind, indent+2)
		return
	}
	f.keys(n, kind, under, indent+2)
}

func (f *formatter) endLine(owner *node) {
	if c := f.after[owner]; c != "" {
		f.out.WriteString(" " + c)
	}
	f.out.WriteByte('\n')
}

// keys writes a mapping in lines of its own.
func (f *formatter) keys(n *node, kind string, under bool, indent int) {
	for i, k := range f.ordered(n, kind, under) {
		f.lead(k.key, i == 0, indent)
		f.indent(indent)
		f.key(k, kind, under, indent)
	}
}

func (f *formatter) ordered(n *node, kind string, under bool) []keyed {
	if under {
		return n.keys
	}
	return shapes()[kind].order(n.keys)
}

// key is entry for a mapping whose keys may be names of the author's own.
func (f *formatter) key(k keyed, kind string, under bool, indent int) {
	if !under {
		f.entry(k, kind, indent)
		return
	}
	f.out.WriteString(k.key.text + ":")
	f.value(k.key, k.value, kind, false, indent, len(k.key.text)+1)
}

// items writes a list in lines of its own.
func (f *formatter) items(n *node, kind string, indent int) {
	for i, item := range n.items {
		f.lead(item, i == 0, indent)
		_, fits := f.inline(item, kind, false, indent+2)
		if item.kind != mapping || fits {
			f.indent(indent)
			f.out.WriteByte('-')
			f.value(item, item, kind, false, indent, 1)
			continue
		}
		if c := f.after[item]; c != "" {
			f.lines([]string{c}, indent)
		}
		for j, k := range f.ordered(item, kind, false) {
			f.lead(k.key, j == 0, indent+2*min(j, 1))
			f.indent(indent)
			f.out.WriteString([]string{"- ", "  "}[min(j, 1)])
			f.key(k, kind, false, indent+2)
		}
	}
}

// lead writes what stands above a key or item.
func (f *formatter) lead(n *node, first bool, indent int) {
	if f.apart[n] && !first {
		f.out.WriteByte('\n')
	}
	f.lines(f.above[n], indent)
}

// inline is a value on the rest of a line that begins at a column, where that
// is how it should stand and where it has room.
func (f *formatter) inline(n *node, kind string, under bool, column int) (string, bool) {
	switch {
	case n.kind == scalar && (strings.Contains(n.text, "\n") && paragraphText(n.text)):
		return "", false
	case n.kind == scalar:
		s := scalarText(n, false)
		return s, kind != "condition" || column+len(s) <= formatWidth || folded(n.text, formatWidth-column) == nil
	case n.kind == nothing:
		return "null", true
	case len(n.items)+len(n.keys) > 0 && (!n.flow || f.hasNotes(n)):
		return "", false
	}
	s := f.flow(n, kind, under)
	return s, column+utf8.RuneCountInString(s) <= formatWidth || len(n.items)+len(n.keys) == 0
}

// hasNotes reports comments inside a value.
func (f *formatter) hasNotes(n *node) bool {
	of := func(n *node) bool { return len(f.above[n]) > 0 || f.after[n] != "" }
	for _, k := range n.keys {
		if of(k.key) || f.hasNotes(k.value) {
			return true
		}
	}
	for _, item := range n.items {
		if of(item) || f.hasNotes(item) {
			return true
		}
	}
	return false
}

// flow is a value in brackets.
func (f *formatter) flow(n *node, kind string, under bool) string {
	var parts []string
	switch n.kind {
	case nothing:
		return "null"
	case scalar:
		return scalarText(n, true)
	case list:
		for _, item := range n.items {
			parts = append(parts, f.flow(item, kind, false))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	for _, k := range f.ordered(n, kind, under) {
		behind, names := kind, false
		if s := shapes()[kind]; !under {
			behind = ""
			if s != nil {
				behind, names = s.behind[k.key.text], s.each[k.key.text]
			}
		}
		parts = append(parts, k.key.text+": "+f.flow(k.value, behind, names))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

var (
	plainText   = regexp.MustCompile(`^[\p{L}\p{N}(/.$€+<][^\n]*$`)
	numberLike  = regexp.MustCompile(`^[-+]?\.?[0-9][0-9a-fA-FxXoO_.,:eE+-]*$`)
	leadingZero = regexp.MustCompile(`^0[0-9]+$`)
	asIs        = regexp.MustCompile(`^[0-9]+(\.[0-9]{2})?$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[0-9]{2}-[0-9]{2}$`)
	otherWords  = map[string]bool{"null": true, "~": true, "true": true, "false": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true}
)

// scalarText is a scalar on one line, in quotes where YAML, or a reader of
// YAML, would take it for something else without.
func scalarText(n *node, inBrackets bool) string {
	s := n.text
	switch {
	case leadingZero.MatchString(s):
		return `"` + s + `"`
	case n.quoted && (numberLike.MatchString(s) && !asIs.MatchString(s) || otherWords[strings.ToLower(s)]):
		return quoted(s)
	case strings.ToLower(s) == "null" || !plainText.MatchString(s) || !printable(s) || strings.HasSuffix(s, " ") || strings.HasSuffix(s, ":"):
		return quoted(s)
	case strings.Contains(s, ": ") || strings.Contains(s, " #") || inBrackets && strings.ContainsAny(s, ",[]{}:"):
		return quoted(s)
	}
	return s
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r != ' ' && !unicode.IsGraphic(r) || r == '\u00a0' || r == utf8.RuneError }) < 0 && !strings.ContainsAny(s, "\u2028\u2029\u0085\t")
}

// quoted prefers the quotes that need no escapes.
func quoted(s string) string {
	if strings.ContainsAny(s, `"\`) && !strings.Contains(s, "'") && printable(s) {
		return "'" + s + "'"
	}
	if !strings.ContainsAny(s, `"\`) && printable(s) {
		return `"` + s + `"` // JSON would write < and > as numbers
	}
	return string(appendJSON(nil, s))
}

// paragraph writes a text over several lines.
func (f *formatter) paragraph(owner *node, text string, condition bool, indent int) {
	lines, mark := strings.Split(text, "\n"), "|-"
	if condition && len(lines) == 1 {
		lines, mark = folded(text, formatWidth-indent-2), ">-"
	}
	f.out.WriteString(" " + mark)
	f.endLine(owner)
	for _, l := range lines {
		f.indent(indent + 2)
		f.out.WriteString(l + "\n")
	}
}

// paragraphText reports a text that YAML gives back as it stands, line by line.
func paragraphText(s string) bool {
	for _, l := range strings.Split(s, "\n") {
		if l == "" || strings.TrimSpace(l) != l || !printable(l) {
			return false
		}
	}
	return true
}

// folded breaks a condition after its ands and ors, or is nil where that would
// not give it back.
func folded(s string, width int) (lines []string) {
	if tidyCel(s) != s || strings.ContainsAny(s, "\n\\") || strings.Contains(s, "//") || !printable(s) {
		return nil
	}
	var line string
	for _, part := range atOperators(s) {
		if line != "" && len(line)+len(part) > width {
			lines = append(lines, strings.TrimSuffix(line, " "))
			line = ""
		}
		line += part
	}
	lines = append(lines, line)
	if len(lines) == 1 {
		return nil
	}
	return lines
}

// atOperators cuts a condition after each && and || that stands outside quotes.
func atOperators(s string) (parts []string) {
	var quote byte
	from := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(s[i:], "&& ") || strings.HasPrefix(s[i:], "|| "):
			parts = append(parts, s[from:i+3])
			from, i = i+3, i+2
		}
	}
	return append(parts, s[from:])
}
