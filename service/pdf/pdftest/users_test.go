package pdftest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever makes documents reads them with this package: otherwise nobody would
// notice that one of them is closed to a screen reader.
func TestWhoeverMakesDocumentsReadsThem(t *testing.T) {
	makes, reads := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.Contains(path, "/pdf/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			test := strings.HasSuffix(path, "_test.go")
			switch {
			case i.Path.Value == `"seedbook/service/pdf"` && !test:
				makes[filepath.Dir(path)] = true
			case i.Path.Value == `"seedbook/service/pdf/pdftest"` && test:
				reads[filepath.Dir(path)] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range makes {
		if !reads[room] {
			t.Errorf("%s makes documents, and no test of its reads them with pdftest", room)
		}
	}
	if len(makes) < 2 {
		t.Errorf("only %v make documents", makes)
	}
}
