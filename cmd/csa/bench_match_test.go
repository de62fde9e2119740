package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"seedbook/migrations/pgtest"
)

func TestBenchMatchPrintsRecallAndPrecision(t *testing.T) {
	list := filepath.Join(pgtest.Fixtures(t), "linkage", "febrl1.csv")
	var out, errs bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	if code := run(t.Context(), []string{"bench", "match", list}, none, streams{nil, &out, &errs}); code != 0 {
		t.Fatalf("status %d: %s", code, errs.String())
	}
	for _, want := range []string{"records 1000, pairs of one child 500", "recall 0.9", "precision 1.000", "wrong 0"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if code := run(t.Context(), []string{"bench", "match", filepath.Join(pgtest.Fixtures(t), "linkage", "naive_baselines.csv")}, none, streams{nil, &out, &errs}); code == 0 {
		t.Error("a list without an answer was measured")
	}
}
