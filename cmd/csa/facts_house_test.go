package main

import (
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A child is evaluated anew only when it was touched. So every table that is
// read to make a fact or an event for a rule book must touch the children it is
// about, in the database, where no code can forget it.

var (
	readFrom = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+([a-z_]+)`)
	touching = regexp.MustCompile(`touches_child\('(\w+)'|CREATE TRIGGER touch_updated AFTER UPDATE ON (\w+)`)
)

// touchers are the tables that touch children when they change.
func touchers(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "migrations", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range touching.FindAllStringSubmatch(string(raw), -1) {
			out[m[1]+m[2]] = true
		}
	}
	return out
}

// function is a function of one of our packages.
type function struct {
	pkg  string // its folder
	file goFile
	decl *ast.FuncDecl
}

// functions are those of the rooms in which facts are gathered, by
// "package.name". Methods are left out: none of them reads.
func functions(t *testing.T) map[string]function {
	t.Helper()
	out := map[string]function{}
	for _, f := range goFiles(t) {
		pkg := filepath.ToSlash(filepath.Dir(f.path))
		if strings.HasSuffix(f.path, "_test.go") || !slices.Contains([]string{"service/enroll", "service/savings", "service/family", "service/fund", "service/custody"}, pkg) {
			continue
		}
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && fn.Recv == nil {
				out[filepath.Base(pkg)+"."+fn.Name.Name] = function{pkg, f, fn}
			}
		}
	}
	return out
}

// makesFacts reports a function that makes a fact or an event of a rule book's
// child.
func makesFacts(fn *ast.FuncDecl) (makes bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok {
			if sel, ok := lit.Type.(*ast.SelectorExpr); ok && isIdent(sel.X, "rules") {
				makes = makes || sel.Sel.Name == "Fact" || sel.Sel.Name == "Event" || sel.Sel.Name == "Child"
			}
		}
		return true
	})
	return makes
}

// calls are the functions of ours that a function calls.
func (f function) calls(all map[string]function) (names []string) {
	ast.Inspect(f.decl, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fn := call.Fun.(type) {
		case *ast.Ident:
			names = append(names, filepath.Base(f.pkg)+"."+fn.Name)
		case *ast.SelectorExpr:
			if x, ok := fn.X.(*ast.Ident); ok {
				names = append(names, x.Name+"."+fn.Sel.Name)
			}
		}
		return true
	})
	return slices.DeleteFunc(names, func(name string) bool { _, ok := all[name]; return !ok })
}

func TestNoFactChangesWithoutTouchingItsChild(t *testing.T) {
	all, touch, owner := functions(t), touchers(t), owners(t)
	reached := map[string]bool{}
	var reach func(name string)
	reach = func(name string) {
		if reached[name] {
			return
		}
		reached[name] = true
		for _, called := range all[name].calls(all) {
			reach(called)
		}
	}
	// Whoever gathers facts, and whatever it calls. A caller of a maker gathers
	// too: it reads what the maker is given.
	for name, f := range all {
		if makesFacts(f.decl) {
			reach(name)
		}
	}
	reach("enroll.gather")
	reach("savings.WithDeposits")
	read := map[string]string{}
	for name := range reached {
		f := all[name]
		ast.Inspect(f.decl, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			for _, m := range readFrom.FindAllStringSubmatch(text, -1) {
				if owner[m[1]] != "" {
					read[m[1]] = f.file.at(lit)
				}
			}
			return true
		})
	}
	for _, table := range []string{"children", "families", "schoolings", "schools", "child_facts", "child_events", "enrollments", "deposits"} {
		if read[table] == "" {
			t.Errorf("%s is not among the tables that facts are read from: does this test still find the readers? It found %v", table, slices.Sorted(maps.Keys(read)))
		}
	}
	for table, place := range read {
		if !touch[table] {
			t.Errorf("%s reads facts from %s, which touches nobody: write SELECT touches_child('%s') in a migration", place, table, table)
		}
	}
}
