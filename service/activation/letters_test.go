package activation

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/pdf/pdftest"
)

const address = "https://csa.riverbend.example/family"

func (w *town) print(c Choice) (Printed, error) {
	w.t.Helper()
	return Print(w.t.Context(), w.db, w.who, w.keys, w.program, c, address, w.at)
}

func TestLettersGoToWhoIsNotInYetAndTheirCodesOpen(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	if _, err := w.activate(w.letters(w.children[1])[0], phone, e164, pin); err != nil {
		t.Fatal(err)
	}
	out, err := w.print(Choice{School: w.school, Lang: "es"})
	if err != nil || out.Letters != 1 {
		t.Fatalf("%v: %d letters, want Ana's alone: Leo's family is in, Mia's reads English", err, out.Letters)
	}
	text := pdfText(t, out.PDF)
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(text)
	for _, want := range []string{"A la familia de Ana Peña", "Harbor View", "csa.riverbend.example/family", "2 de enero de 2027"} {
		if !strings.Contains(text, want) {
			t.Errorf("the letter does not say %q:\n%s", want, text)
		}
	}
	w.at = w.at.Add(time.Hour)
	if s, err := w.activate(code, "abuela@example.org", "abuela@example.org", "718204"); err != nil || s.Held[0].Child != w.children[0] {
		t.Errorf("the printed code %q: %v", code, err)
	}
	w.do(func(tx *sqlx.Tx) error {
		runs, err := Runs(t.Context(), tx, w.program.ID, 10)
		if err != nil || len(runs) != 1 || runs[0].School != "Harbor View" || runs[0].Letters != 1 || runs[0].By != "test" || len(runs[0].SHA256) != 64 {
			t.Errorf("%v: the log says %+v", err, runs)
		}
		n, err := Count(t.Context(), tx, w.program.ID, Choice{Lang: "es", Everybody: true})
		if n != 2 {
			t.Errorf("of everybody %d letters, want 2", n)
		}
		return err
	})
	if _, err := w.print(Choice{School: w.school, Lang: "es"}); !errors.Is(err, ErrNoLetters) {
		t.Errorf("when all are in: %v", err)
	}
}

// needPoppler asks for one of Debian's poppler-utils: in CI it must be there.
func needPoppler(t *testing.T, name string) {
	t.Helper()
	_, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	if err != nil {
		t.Skipf("%s is not installed: apt-get install poppler-utils", name)
	}
}

func pdfText(t *testing.T, file []byte) string {
	t.Helper()
	needPoppler(t, "pdftotext")
	path := filepath.Join(t.TempDir(), "letters.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

// Each letter is a sheet of its own, tagged, in the language's own words, and
// fits whatever a child is called.
func TestALetterIsOneSheetAndTagged(t *testing.T) {
	m := Mailing{Program: "Riverbend Savings", Address: address, Lang: "es", At: time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)}
	for _, name := range []string{"Ana", "Nguyễn Thị Ánh", "ʻIolani", strings.Repeat("Maximiliana ", 25)} {
		m.To = append(m.To, Addressee{Child: family.ChildID(1), Given: strings.TrimSpace(name), Name: name + " Peña", School: "Harbor View", Grade: "KG", Code: "7KQ2-M4XT-9BWC"})
	}
	var b, again bytes.Buffer
	if err := errors.Join(WriteLetters(&b, m), WriteLetters(&again, m)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("the same letters are other bytes")
	}
	// Open fails the test where a screen reader would stumble.
	if read := pdftest.Open(t, b.Bytes()); read.Lang != "es-US" || len(read.All("H1")) != len(m.To) || len(read.All("Figure")) != len(m.To) {
		t.Errorf("language %s, outline\n%s", read.Lang, read.Outline())
	}
	needPoppler(t, "pdfinfo")
	path := filepath.Join(t.TempDir(), "letters.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("LETTERS"); keep != "" {
		if err := os.WriteFile(keep, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	info, err := exec.Command("pdfinfo", path).Output()
	if err != nil || !regexp.MustCompile(`Tagged:\s+yes`).Match(info) || !regexp.MustCompile(`Pages:\s+[78]\n`).Match(info) {
		t.Errorf("%v: %s", err, info)
	}
	tree, err := exec.Command("pdfinfo", "-struct-text", path).Output()
	for _, want := range []string{"H1", "Figure", "LI", "7KQ2-M4XT-9BWC", "Nguyễn Thị Ánh", "ʻIolani"} {
		if err != nil || !strings.Contains(string(tree), want) {
			t.Errorf("%v: the tree has no %q", err, want)
		}
	}
}
