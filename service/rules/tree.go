package rules

import (
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// tree turns the library's nodes into ours.
type tree struct{ problems Problems }

func (t *tree) node(from ast.Node, path string, depth int) *node {
	n := &node{path: path}
	if tk := from.GetToken(); tk != nil {
		n.line, n.column = tk.Position.Line, tk.Position.Column
	}
	if depth > maxDepth {
		t.report(n, "too_deep")
		return n
	}
	switch v := from.(type) {
	case *ast.MappingNode:
		n.flow = v.IsFlowStyle
		t.mapping(n, v.Values, depth)
	case *ast.MappingValueNode:
		t.mapping(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		n.kind, n.flow = list, v.IsFlowStyle
		for i, item := range v.Values {
			n.items = append(n.items, t.node(item, path+"["+strconv.Itoa(i)+"]", depth+1))
		}
	case *ast.NullNode:
	case *ast.StringNode:
		n.kind, n.text = scalar, v.Value
		n.quoted = v.Token.Type == token.SingleQuoteType || v.Token.Type == token.DoubleQuoteType
	case *ast.LiteralNode:
		n.kind, n.text = scalar, v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n.kind, n.text = scalar, v.GetToken().Value
	default:
		t.report(n, "yaml_feature")
	}
	return n
}

func (t *tree) mapping(n *node, values []*ast.MappingValueNode, depth int) {
	n.kind = mapping
	seen := make(map[string]int, len(values))
	for _, v := range values {
		tk := v.Key.GetToken()
		if tk == nil {
			t.report(n, "yaml_feature")
			continue
		}
		key := &node{kind: scalar, text: tk.Value, line: tk.Position.Line, column: tk.Position.Column}
		key.path = joinPath(n.path, key.text)
		if len(n.keys) == 0 {
			n.line, n.column = key.line, key.column
		}
		if first, twice := seen[key.text]; twice {
			t.problems = append(t.problems, Problem{key.line, key.column, key.path, "duplicate_key", map[string]any{"key": key.text, "first": first}})
			continue
		}
		seen[key.text] = key.line
		n.keys = append(n.keys, keyed{key, t.node(v.Value, key.path, depth+1)})
	}
}

func (t *tree) report(n *node, code string) {
	args := map[string]any(nil)
	if code == "yaml_feature" {
		args = map[string]any{"what": n.text}
	}
	t.problems = append(t.problems, Problem{n.line, n.column, n.path, code, args})
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// get returns the value of a mapping's key, or nil.
func (n *node) get(key string) *node {
	for _, k := range n.keys {
		if k.key.text == key {
			return k.value
		}
	}
	return nil
}

// overlaid is a mapping with some of its keys' values replaced, as by_version
// and tiers do.
func (n *node) overlaid(with *node) *node {
	out := *n
	out.keys = nil
	for _, k := range n.keys {
		if with.get(k.key.text) == nil {
			out.keys = append(out.keys, k)
		}
	}
	out.keys = append(out.keys, with.keys...)
	return &out
}
