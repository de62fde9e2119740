package main

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"seedbook/service/rules"
)

func TestBenchRulesMeasuresEveryBookAndSize(t *testing.T) {
	status, out, errs := csa(t, "bench", "rules", "--children", "10,200")
	if status != 0 || !strings.HasPrefix(out, "seed 7, ") || strings.Count(out, " 200 ") < 1 || !strings.Contains(out, "peak memory") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	if status, _, errs := csa(t, "bench", "rules", "--children", "many"); status != 1 || !strings.Contains(errs, "write numbers") {
		t.Errorf("status %d, %s", status, errs)
	}
	if status, _, errs := csa(t, "bench", "rules", "--book", "testdata/rules/untidy.yaml"); status != 1 || !bytes.Contains([]byte(errs), []byte("takes part")) {
		t.Errorf("a book without examples: status %d, %s", status, errs)
	}
}

// TestBenchChildrenComeFromTheSeedAlone: the same children each time, and ones
// that the book gives something to.
func TestBenchChildrenComeFromTheSeedAlone(t *testing.T) {
	books, err := benchBooks(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range books {
		cast, asOf, err := castOf(b.book)
		if err != nil {
			t.Fatal(err)
		}
		drawn := func() (out []rules.Child) {
			draw := rand.New(rand.NewPCG(7, 50))
			for i := range 50 {
				out = append(out, synthetic(cast, int64(i), draw))
			}
			return out
		}
		children, given := drawn(), 0
		if !reflect.DeepEqual(children, drawn()) {
			t.Errorf("%s: the same seed draws other children", b.name)
		}
		for _, c := range children {
			for _, e := range rules.Evaluate(b.book, c, asOf) {
				given += e.Amount.Sign()
			}
		}
		if given == 0 {
			t.Errorf("%s: none of the children is given anything", b.name)
		}
	}
}
