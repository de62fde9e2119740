package api

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/goccy/go-yaml"
)

//go:embed openapi.yaml
var contract []byte

// document sends the contract as it is.
func document(g *gin.Context) error {
	g.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	g.Data(http.StatusOK, "application/yaml; charset=utf-8", contract)
	return nil
}

// readable shows the contract to people: a page of our own, made of the document
// itself, so that both say the same.
func (a *API) readable(g *gin.Context) error {
	doc, err := reference()
	if err != nil {
		return err
	}
	p := a.hall.Page(g, a.hall.Words(g).T("api.page.title"))
	p.Lead = a.hall.Words(g).T("api.page.lead")
	return a.hall.Show(g, http.StatusOK, ReferencePage(p, doc))
}

// Reference is the contract laid out to be read.
type Reference struct {
	Intro  []Paragraph
	Groups []Group
	Types  []Type
}

// Group is the operations on one kind of thing.
type Group struct {
	Name, Text string
	Operations []Operation
}

// Operation is one thing that can be asked.
type Operation struct {
	ID, Method, Path, Summary string
	Text                      []Paragraph
	Fields                    []Field // parameters
	Sends                     string  // what its body is; "" for none
	SendsType                 string  // its type, where that is described below
	Status                    string  // of a good answer
	Answers                   string
	AnswersType               string
}

// Type is an object that is sent or answered.
type Type struct {
	Name   string
	Fields []Field
}

// Field is a field of an object, or a parameter.
type Field struct {
	Name, Type, Text string
	Required         bool
}

// Paragraph is a run of text with code in it.
type Paragraph []Piece

// Piece is a part of a paragraph: plain, code or strong.
type Piece struct {
	Text         string
	Code, Strong bool
}

// The parts of an OpenAPI document that the page shows.
type openAPI struct {
	Info       struct{ Description string }
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]operation
	Components struct {
		Parameters map[string]parameter
		Schemas    map[string]schema
	}
}

type operation struct {
	ID          string `yaml:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Parameters  []parameter
	Body        struct {
		Content map[string]struct{ Schema schema }
	} `yaml:"requestBody"`
	Responses map[string]struct {
		Description string
		Content     map[string]struct{ Schema schema }
	}
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      schema
}

type schema struct {
	Ref         string `yaml:"$ref"`
	Type        string
	Format      string
	Description string
	Enum        []string
	Required    []string
	Properties  map[string]schema
	Items       *schema
}

// reference reads the contract once.
var reference = sync.OnceValues(func() (Reference, error) {
	var doc openAPI
	if err := yaml.Unmarshal(contract, &doc); err != nil {
		return Reference{}, fmt.Errorf("read openapi.yaml: %w", err)
	}
	ref := Reference{Intro: paragraphs(doc.Info.Description)}
	for _, tag := range doc.Tags {
		group := Group{Name: tag.Name, Text: tag.Description}
		for _, r := range routes {
			op, there := doc.Paths[r.openAPIPath()][strings.ToLower(r.method)]
			if there && slices.Contains(op.Tags, tag.Name) {
				group.Operations = append(group.Operations, doc.operation(r, op))
			}
		}
		ref.Groups = append(ref.Groups, group)
	}
	for name, s := range doc.Components.Schemas {
		if len(s.Properties) > 0 {
			ref.Types = append(ref.Types, Type{name, s.fields()})
		}
	}
	slices.SortFunc(ref.Types, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	return ref, nil
})

// openAPIPath is a route's path as the contract writes it.
func (r route) openAPIPath() string {
	parts := strings.Split(prefix+r.path, "/")
	for i, part := range parts {
		if name, variable := strings.CutPrefix(part, ":"); variable {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

func (doc *openAPI) operation(r route, op operation) Operation {
	out := Operation{ID: op.ID, Method: r.method, Path: r.openAPIPath(), Summary: op.Summary, Text: paragraphs(op.Description)}
	for _, p := range op.Parameters {
		if p.Ref != "" {
			p = doc.Components.Parameters[lastPart(p.Ref)]
		}
		out.Fields = append(out.Fields, Field{p.Name, p.Schema.kind(), p.Description, p.Required})
	}
	for media, content := range op.Body.Content {
		out.Sends, out.SendsType = media, lastPart(content.Schema.Ref)
	}
	for status, answer := range op.Responses {
		for media, content := range answer.Content {
			if strings.HasPrefix(status, "2") {
				out.Status, out.Answers, out.AnswersType = status, media, lastPart(content.Schema.Ref)
			}
		}
	}
	return out
}

func lastPart(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// fields are an object's fields: the required ones in their order, then the
// others by name.
func (s schema) fields() (out []Field) {
	var rest []string
	for name := range s.Properties {
		if !slices.Contains(s.Required, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for i, name := range slices.Concat(s.Required, rest) {
		p := s.Properties[name]
		out = append(out, Field{name, p.kind(), p.Description, i < len(s.Required)})
	}
	return out
}

// kind is a schema in a few words.
func (s schema) kind() string {
	switch {
	case s.Ref != "":
		return lastPart(s.Ref)
	case len(s.Enum) > 0:
		return strings.Join(s.Enum, ", ")
	case s.Items != nil:
		return "[ " + s.Items.kind() + " ]"
	case len(s.Properties) > 0:
		var names []string
		for _, f := range s.fields() {
			names = append(names, f.Name)
		}
		return "{ " + strings.Join(names, ", ") + " }"
	case s.Format != "" && s.Format != "int64":
		return s.Format
	}
	return s.Type
}

// paragraphs splits the document's prose, which uses two marks of Markdown.
func paragraphs(text string) (out []Paragraph) {
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		var p Paragraph
		for i, part := range strings.Split(strings.Join(strings.Fields(block), " "), "`") {
			for j, piece := range strings.Split(part, "**") {
				if piece != "" {
					p = append(p, Piece{piece, i%2 == 1, i%2 == 0 && j%2 == 1})
				}
			}
		}
		if len(p) > 0 {
			out = append(out, p)
		}
	}
	return out
}
