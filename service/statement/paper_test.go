package statement

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/pdf/pdftest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fullStatement is one with everything that a statement may hold.
func fullStatement(t testing.TB) Drawn {
	w := newWorld(t, 2)
	w.award("2026-07-02")
	w.deposit("D0", 0, "12.50", "2026-07-15", "cash")
	w.deposit("D1", 0, "45", "2026-07-16", "ach")
	w.award("2026-07-20")
	w.issue("2026-07", "2026-08-01")
	w.deposit("D2", 0, "5", "2026-07-28", "gift") // known late
	w.award("2026-08-01")
	w.deposit("D3", 0, "10", "2026-08-05", "payroll")
	w.award("2026-08-12")
	w.deposit("D4", -1, "1025.75", "2026-08-13", "cash")
	w.bounce("D1", "2026-08-20")
	w.identify("D4", 0, "2026-08-25")
	w.award("2026-08-31")
	w.issue("2026-08", "2026-09-02")
	return w.drawn(0, "2026-08")
}

func written(t testing.TB, d Drawn, lang string) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := WritePDF(&buf, d, lang); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// poppler runs one of Debian's poppler-utils.
func poppler(t testing.TB, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	if err != nil {
		t.Skipf("%s is not installed: apt-get install poppler-utils", name)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func TestAStatementIsPaperInTwoLanguages(t *testing.T) {
	t.Parallel()
	d := fullStatement(t)
	for lang, title := range map[string]string{
		"en": "Riverbend Children's Savings: account statement, August 2026",
		"es": "Riverbend Children's Savings: estado de cuenta, agosto de 2026",
	} {
		path := filepath.Join(t.TempDir(), lang+".pdf")
		paper := written(t, d, lang)
		if again := written(t, d, lang); !bytes.Equal(paper, again) {
			t.Errorf("%s: the same statement gives other bytes", lang)
		}
		if err := os.WriteFile(path, paper, 0o600); err != nil {
			t.Fatal(err)
		}
		info := poppler(t, "pdfinfo", path)
		for _, want := range []string{`Title: +` + regexp.QuoteMeta(title), `Author: +Riverbend Children's Savings`, `Tagged: +yes`, `Pages: +2\b`, `Encrypted: +no`} {
			if !regexp.MustCompile(want).MatchString(info) {
				t.Errorf("%s: pdfinfo does not say %s:\n%s", lang, want, info)
			}
		}
		// Open fails the test where a screen reader would stumble.
		read := pdftest.Open(t, paper)
		if read.Lang != lang+"-US" || len(read.All("H1")) != 1 || len(read.All("TH")) < 6 {
			t.Errorf("%s: language %s, outline\n%s", lang, read.Lang, read.Outline())
		}
		golden(t, "statement."+lang+".golden", poppler(t, "pdftotext", "-layout", path, "-"))
	}
}

// golden compares what people read with the file that somebody has read.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it and run with -update if it is right:\n%s", name, got)
	}
}

func TestAnEmptyAndAnErasedStatementAreWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.issue("2026-Q3", "2026-10-01")
	d := w.drawn(0, "2026-Q3")
	path := filepath.Join(t.TempDir(), "empty.pdf")
	d.Erased = true
	if err := os.WriteFile(path, written(t, d, "en"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := poppler(t, "pdftotext", "-layout", path, "-")
	for _, want := range []string{"Name erased at the family's request", "Nothing came in or went out in this time.", "$0.00"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
}

// BenchmarkPaper draws statements from the ledger and writes them as PDF.
func BenchmarkPaper(b *testing.B) {
	w := newWorld(b, 500)
	for i := range w.child {
		w.deposit(fmt.Sprint("D", i), i, "15", "2026-08-05", "ach")
	}
	w.award("2026-08-06")
	w.issue("2026-Q3", "2026-10-01")
	if err := w.db.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		err := w.db.Read(b.Context(), w.who, func(q sqlx.QueryerContext) error {
			issued, err := Batch(context.Background(), q, w.program.ID, w.span("2026-Q3"), 0, 500)
			if err != nil {
				return err
			}
			drawn, err := Draw(context.Background(), q, w.who, w.keys, w.program, issued)
			for _, d := range drawn {
				written(b, d, "es")
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(500*b.N)/b.Elapsed().Seconds(), "PDFs/s")
}
