package migrations

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

func TestCompareSaysWhatToDo(t *testing.T) {
	for _, test := range []struct {
		name  string
		needs []int64
		has   []int64
		kind  error
		words string
	}{
		{"the same", []int64{1, 2}, []int64{1, 2}, nil, ""},
		{"empty", []int64{1, 2}, nil, ErrOlder, "run csa migrate"},
		{"behind", []int64{1, 2, 3}, []int64{1}, ErrOlder, "lacks 2 migrations, the first is 0002; make a backup, then run csa migrate"},
		{"ahead", []int64{1}, []int64{1, 2}, ErrNewer, "migration 0002"},
		{"both", []int64{1, 3}, []int64{1, 2}, ErrNewer, "migration 0002"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := compare(test.needs, set(test.has))
			if !errors.Is(err, test.kind) || test.kind != nil && !strings.Contains(err.Error(), test.words) {
				t.Errorf("compare(%v, %v) = %v, want %v saying %q", test.needs, test.has, err, test.kind, test.words)
			}
		})
	}
}

func TestAReleasedMigrationThatComesLateIsRefused(t *testing.T) {
	for _, test := range []struct {
		released int64
		has      []int64
		fails    bool
	}{
		{0, []int64{1, 3}, false}, // drafts arrive in any order
		{1, []int64{1, 3}, false}, // 2 is still a draft
		{2, []int64{1, 3}, true},  // 2 should have been there before 3
		{2, []int64{1}, false},
		{3, nil, false},
	} {
		err := orderly([]int64{1, 2, 3}, set(test.has), test.released)
		if (err != nil) != test.fails {
			t.Errorf("released %d, database has %v: %v", test.released, test.has, err)
		}
	}
}

func set(all []int64) map[int64]bool {
	m := map[int64]bool{}
	for _, n := range all {
		m[n] = true
	}
	return m
}

var fileName = regexp.MustCompile(`^\d{4}_[a-z_]+\.sql$`)

func TestMigrationFilesAreNumberedOnceAndGoForwardOnly(t *testing.T) {
	seen := map[int64]string{}
	for i, n := range numbers() {
		name := names()[i]
		if !fileName.MatchString(name) {
			t.Errorf("%s: name it NNNN_subject.sql", name)
		}
		if other, twice := seen[n]; twice {
			t.Errorf("%s and %s have the same number: take the next free one", other, name)
		}
		seen[n] = name
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for what, why := range map[string]string{
			"+goose Down":           "migrations go forward only: correct a mistake with the next number",
			"+goose NO TRANSACTION": "it could be applied by half",
			"+goose ENVSUB":         "a migration is the same everywhere",
		} {
			if strings.Contains(string(text), what) {
				t.Errorf("%s: no %q, because %s", name, what, why)
			}
		}
		if !strings.HasPrefix(string(text), "-- ") {
			t.Errorf("%s: begin with a comment that says why it is there", name)
		}
	}
}
