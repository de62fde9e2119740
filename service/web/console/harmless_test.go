package console

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"seedbook/service/auth"
)

// aFormula is what a spreadsheet may work out; a number is none.
var (
	aFormula = regexp.MustCompile(`^[\s\x{feff}]*[=+\-@＝＋－＠]`)
	aNumber  = regexp.MustCompile(`^[+-]?[0-9][0-9,]*(\.[0-9]+)?$`)
)

// TestWhatIsTakenOutIsHarmlessInASpreadsheet opens every list that can be taken
// out of a program in which children are called formulas.
func TestWhatIsTakenOutIsHarmlessInASpreadsheet(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	called := o.addNaughty(t)
	nasty := 0
	for _, s := range called {
		if aFormula.MatchString(s) {
			nasty++
		}
	}
	if nasty < 5 {
		t.Fatalf("only %d names are formulas", nasty)
	}
	approver := o.signedIn(t, auth.Approver)
	manager := o.signedIn(t, auth.TenantAdmin, auth.ProgramManager, auth.Operator)
	for _, list := range []struct {
		by    *browser
		path  string
		least int // rows
	}{
		{b, "/children", len(called)}, {approver, "/children-named", len(called)}, {manager, "/journal", 100}, {manager, "/books", 3},
	} {
		lines := csvOf(t, list.by.get(riverbend+list.path+".csv"), list.path)
		if len(lines) < list.least {
			t.Errorf("%s has %d rows, want %d", list.path, len(lines), list.least)
		}
		for _, line := range lines {
			for _, cell := range line {
				if aFormula.MatchString(cell) && !aNumber.MatchString(cell) {
					t.Errorf("%s.csv: the cell %q is a formula", list.path, cell)
				}
			}
		}
		checkWorkbook(t, list.by.get(riverbend+list.path+".xlsx"), list.path, list.least)
	}
}

func csvOf(t *testing.T, a answer, path string) [][]string {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("%s: %d", path, a.status)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff")))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return lines
}

func checkWorkbook(t *testing.T, a answer, path string, least int) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader([]byte(a.body)))
	if err != nil {
		t.Fatalf("%s.xlsx: %v", path, err)
	}
	defer book.Close()
	rows := 0
	for _, name := range book.GetSheetList() {
		all, err := book.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range all {
			rows++
			for c := range row {
				at, err := excelize.CoordinatesToCellName(c+1, r+1)
				if err != nil {
					t.Fatal(err)
				}
				kind, err := book.GetCellType(name, at)
				if f, _ := book.GetCellFormula(name, at); err != nil || f != "" || kind == excelize.CellTypeFormula {
					t.Errorf("%s.xlsx %s: the formula %q (%v)", path, at, f, err)
				}
				if linked, to, _ := book.GetCellHyperLink(name, at); linked {
					t.Errorf("%s.xlsx %s: leads to %q", path, at, to)
				}
			}
		}
	}
	if rows < least {
		t.Errorf("%s.xlsx has %d rows, want %d", path, rows, least)
	}
}
