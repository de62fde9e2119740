package rules

import (
	_ "embed"
	"slices"
)

//go:embed rulebook.schema.json
var schema []byte

// Schema is the JSON Schema of rule books, for editors and other programs: a
// copy. It knows the shape; Parse knows the sense as well.
func Schema() []byte { return slices.Clone(schema) }
