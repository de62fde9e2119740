package web

import (
	"io/fs"
	"path"
)

// templates shows only the folders and .templ files of a tree.
type templates struct{ fs.FS }

func (t templates) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(t.FS, name)
	var kept []fs.DirEntry
	for _, d := range all {
		if d.IsDir() && d.Name() != "static" && d.Name() != "testdata" || path.Ext(d.Name()) == ".templ" {
			kept = append(kept, d)
		}
	}
	return kept, err
}
