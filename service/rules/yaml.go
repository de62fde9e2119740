package rules

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The shape of YAML that a rule book may have. Measured: past some thousand
// keys in one map the library's time grows with their square, and its nested
// calls with the depth; both are refused before it sees them.
const (
	maxTokens = 50_000
	maxLines  = 20_000
	maxDepth  = 20
	maxIndent = 100
)

// node is a piece of YAML as it stands in the source, with its place. Scalars
// keep their text: no number of a rule book passes through a float.
type node struct {
	kind   nodeKind
	line   int
	column int
	path   string
	text   string  // of a scalar
	items  []*node // of a list
	keys   []keyed // of a mapping, in the order written
	flow   bool    // of a list or mapping: it stands in brackets
	quoted bool    // of a scalar: it stands in quotes
}

type nodeKind int8

const (
	nothing nodeKind = iota // a key without a value, or null
	scalar
	list
	mapping
)

type keyed struct {
	key   *node
	value *node
}

// readYAML reads one document of plain YAML: no anchors, aliases, tags,
// merges, directives or second documents.
func readYAML(src []byte) (*node, Problems) {
	if p := refuseSource(src); p != nil {
		return nil, Problems{*p}
	}
	tokens, p := tokenize(string(src))
	if p != nil {
		return nil, Problems{*p}
	}
	file, p := parse(tokens)
	if p != nil {
		return nil, Problems{*p}
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, Problems{{Line: 1, Column: 1, Code: "documents"}}
	}
	var t tree
	root := t.node(file.Docs[0].Body, "", 0)
	return root, t.problems
}

// refuseSource is what can be said without reading the text.
func refuseSource(src []byte) *Problem {
	switch {
	case len(src) > maxSource:
		return &Problem{Code: "too_large", Args: map[string]any{"limit": maxSource >> 10}}
	case bytes.Count(src, []byte("\n")) > maxLines || brackets(src) > maxTokens:
		return &Problem{Line: 1, Column: 1, Code: "too_many_parts", Args: map[string]any{"limit": maxLines}}
	case !utf8.Valid(src):
		return &Problem{Code: "not_text"}
	}
	odd := bytes.IndexFunc(src, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f || r == '\ufeff' })
	if odd >= 0 {
		return &Problem{Line: 1 + bytes.Count(src[:odd], []byte("\n")), Column: 1, Code: "not_text"}
	}
	return nil
}

func brackets(src []byte) (n int) {
	for _, c := range src {
		if c == '[' || c == '{' || c == ',' {
			n++
		}
	}
	return n
}

// tokenize cuts the text and refuses what would cost too much to parse.
func tokenize(src string) (tokens token.Tokens, p *Problem) {
	defer func() {
		if recover() != nil { // the library's bug, not ours; the text is at fault all the same
			p = &Problem{Line: 1, Column: 1, Code: "syntax", Args: map[string]any{"what": "unreadable"}}
		}
	}()
	tokens = lexer.Tokenize(src)
	if len(tokens) > maxTokens {
		return nil, &Problem{Line: tokens[maxTokens].Position.Line, Column: 1, Code: "too_many_parts", Args: map[string]any{"limit": maxTokens}}
	}
	depth, dashes, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			line, dashes = tk.Position.Line, 0
			if depth == 0 && tk.Position.Column > maxIndent {
				return nil, problemAt(tk, "too_deep")
			}
		}
		switch tk.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			dashes++
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.DirectiveType, token.MappingKeyType:
			return nil, withWhat(problemAt(tk, "yaml_feature"), strings.TrimSpace(tk.Value))
		}
		if depth > maxDepth || dashes > maxDepth {
			return nil, problemAt(tk, "too_deep")
		}
	}
	return tokens, nil
}

func parse(tokens token.Tokens) (file *ast.File, p *Problem) {
	defer func() {
		if recover() != nil {
			file, p = nil, &Problem{Line: 1, Column: 1, Code: "syntax", Args: map[string]any{"what": "unreadable"}}
		}
	}()
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err == nil {
		return file, nil
	}
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		return nil, withWhat(problemAt(at.GetToken(), slipOf(at.GetMessage())), at.GetMessage())
	}
	return nil, &Problem{Line: 1, Column: 1, Code: "syntax", Args: map[string]any{"what": "unreadable"}}
}

// slipOf is the code of a slip in YAML that many make.
func slipOf(message string) string {
	switch {
	case strings.Contains(message, "must be specified"):
		return "syntax_quotes"
	case strings.Contains(message, "\t"):
		return "syntax_tab"
	case strings.Contains(message, "not allowed in this context"):
		return "syntax_indent"
	}
	return "syntax"
}

func problemAt(tk *token.Token, code string) *Problem {
	return &Problem{Line: tk.Position.Line, Column: tk.Position.Column, Code: code}
}

func withWhat(p *Problem, what string) *Problem {
	p.Args = map[string]any{"what": what}
	return p
}
