package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the repository, from this package's folder.
const root = "../.."

// floors are the house: a package imports only packages that stand lower
// (service/README.md). The tens are design's floors; a room's own parts stand a
// step beside it.
var floors = map[string]int{
	"migrations/localpg": 0, "migrations": 1, "migrations/pgtest": 2,
	"service/fault": 10, "ledger": 10, "service/i18n": 11,
	"service/store": 20, "service/rules": 20, "service/vault": 20, "service/tabular": 20,
	"service/suppress": 20, "service/paper": 20,
	"service/sheet": 21, "service/likeness": 21, "service/likeness/trial": 22,
	"service/pdf/truetype": 20, "service/pdf/typeset": 21, "service/pdf": 22, "service/pdf/pdftest": 23,
	"service/roster/rosterfile": 25, "service/savings/depositfile": 25, "service/enroll/factfile": 25,
	"service/custody/bankfile": 24, "service/custody/bankfile/bai2": 25, "service/custody/bankfile/camt": 25, "service/custody/bankfile/ofx": 25,
	"service/custody/bankfile/nacha": 25, "service/custody/bankfile/bankcsv": 25,
	"service/audit": 30, "service/savedview": 30, "service/approval": 31, "service/notify": 31, "service/rulebook": 30,
	"service/auth": 40, "service/program": 40, "service/fund": 41, "service/family": 41,
	"service/apikey":   42,
	"service/request":  65,
	"service/disclose": 68,
	"service/savings":  50, "service/activation": 55,
	"service/enroll": 60, "service/custody": 60, "service/statement": 60,
	"service/duplicate":      65,
	"service/payout/achfile": 25, "service/payout": 66,
	"service/period": 70, "service/roster": 70, "service/report": 70, "service/forecast": 70,
	"service/reconcile": 65,
	"service/imports":   75, "service/bulk": 75,
	"service/web/parts": 79, "service/web": 80, "service/web/provider": 80, "service/demo": 80,
	"service/web/console/pages/samples": 88, "service/web/console/pages": 87, "service/web/portal/pages": 87,
	"jobs":                85, // the clock's verbs are what the doors ask it to do
	"service/countersign": 86, // has the clock's verbs done, too
	"service/web/console": 90, "service/web/portal": 90, "service/web/api": 90,
	"cmd/csa": 100,
}

func floorOf(t *testing.T, pkg string) int {
	t.Helper()
	floor, ok := floors[pkg]
	if !ok {
		t.Fatalf("package %s stands on no floor: give it one in house_test.go and in service/README.md", pkg)
	}
	return floor
}

func TestEveryPackageImportsOnlyLowerFloors(t *testing.T) {
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		pkg := filepath.ToSlash(filepath.Dir(f.path))
		own := floorOf(t, pkg)
		for _, spec := range f.syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imported, ours := strings.CutPrefix(path, "seedbook/")
			if ours && floorOf(t, imported) >= own {
				t.Errorf("%s imports %s, which does not stand below it", f.path, imported)
			}
		}
	}
}

func TestOnlyDoorsKnowHTTPAndTheClock(t *testing.T) {
	// The web hall reads the clock to say how long a request took; pgtest and
	// localpg wait for a server.
	clock := regexp.MustCompile(`^(cmd/csa|jobs|service/web|service/web/console|service/web/portal|service/web/api|migrations/localpg|migrations/pgtest|migrations)$`)
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		pkg := filepath.ToSlash(filepath.Dir(f.path))
		for _, spec := range f.syntax.Imports {
			switch path := strings.Trim(spec.Path.Value, `"`); {
			case path != "net/http" && path != "github.com/gin-gonic/gin":
			case !strings.HasPrefix(pkg, "service/web") && pkg != "cmd/csa":
				t.Errorf("%s imports %s: rooms do not know the doors", f.path, path)
			}
		}
		if clock.MatchString(pkg) {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if ok && isIdent(call.X, "time") && (call.Sel.Name == "Now" || call.Sel.Name == "Since" || call.Sel.Name == "Until") {
				t.Errorf("%s reads the clock: time is an argument below the doors", f.at(call))
			}
			if ok && isIdent(call.X, "os") && (call.Sel.Name == "Getenv" || call.Sel.Name == "LookupEnv") {
				t.Errorf("%s reads the environment: only cmd/csa does", f.at(call))
			}
			return true
		})
	}
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

var (
	ownerOf = regexp.MustCompile(`(?s)Owner:\s+([a-z/]+)\.\s*\nCREATE TABLE (\w+)`)
	tableOf = regexp.MustCompile(`CREATE TABLE (\w+)`)
	writeTo = regexp.MustCompile(`(?i)\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY|TRUNCATE(?:\s+TABLE)?)\s+([a-z_]+)`)
	// ON CONFLICT … DO UPDATE SET and FOR UPDATE name no table.
	notAWrite = regexp.MustCompile(`(?i)(DO\s+UPDATE|FOR\s+(NO\s+KEY\s+)?UPDATE)`)
)

// owners reads which package writes each table from the migrations.
func owners(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "migrations", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	out := map[string]string{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range ownerOf.FindAllStringSubmatch(string(raw), -1) {
			out[m[2]] = m[1]
		}
		for _, m := range tableOf.FindAllStringSubmatch(string(raw), -1) {
			if out[m[1]] == "" {
				t.Errorf("%s: table %s names no owner in the comment above it", filepath.Base(file), m[1])
			}
		}
	}
	return out
}

func TestEveryTableIsWrittenByItsOwnerOnly(t *testing.T) {
	owner := owners(t)
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		pkg := filepath.ToSlash(filepath.Dir(f.path))
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			for _, m := range writeTo.FindAllStringSubmatch(notAWrite.ReplaceAllString(text, ""), -1) {
				if by := owner[m[1]]; by != "" && by != pkg {
					t.Errorf("%s writes %s, which belongs to %s", f.at(lit), m[1], by)
				}
			}
			return true
		})
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]bool{}
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		pkg := filepath.Dir(f.path)
		seen[pkg] = true
		if f.syntax.Doc != nil && len(f.syntax.Doc.Text()) > 120 {
			documented[pkg] = true
		}
	}
	for pkg := range seen {
		if !documented[pkg] {
			t.Errorf("package %s has no doc comment that tells a newcomer what it is for and what it may not do", pkg)
		}
	}
}

type goFile struct {
	path   string // from the repository's root
	syntax *ast.File
	set    *token.FileSet
}

func (f goFile) at(n ast.Node) string {
	p := f.set.Position(n.Pos())
	return f.path + ":" + strconv.Itoa(p.Line)
}

// goFiles parses every Go file of the repository.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (slices.Contains([]string{"node_modules", ".git", "testdata", "bin"}, d.Name())) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		files = append(files, goFile{rel, syntax, set})
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("read the repository: %v", err)
	}
	return files
}
