package rules

import (
	"embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed packs/*.yaml
var packs embed.FS

// Packs names the rule books that ship with Seedbook, as starting points.
func Packs() []string {
	files, err := packs.ReadDir("packs")
	if err != nil {
		panic(err) // embedded: it is there or the build is broken
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Pack is the text of a rule book that ships with Seedbook, by its name: a copy
// that the caller may change.
func Pack(name string) ([]byte, error) {
	src, err := packs.ReadFile("packs/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("rule book %q: there are %s", name, strings.Join(Packs(), ", "))
	}
	return src, nil
}
