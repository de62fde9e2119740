package achfile

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
	"seedbook/service/custody/bankfile/nacha"
)

func sample() File {
	return File{
		Origin: Origin{BankRouting: "091000019", BankName: "FIRST BANK", CompanyName: "CITY SAVES", CompanyID: "1234567890"},
		Made:   time.Date(2026, 9, 10, 10, 4, 0, 0, time.UTC), Modifier: 'A', PayOn: ledger.NewDate(2026, 9, 11),
		Entries: []Entry{
			{Class: Institution, Routing: "021000021", Account: "123456789", Amount: ledger.Minor(90_00), ID: "W-2", Name: "Riverbend College", Number: 12},
			{Class: Person, Routing: "091000019", Account: "55500", Savings: true, Amount: ledger.Minor(10_50), ID: "W-1", Name: "José Núñez-O’Brien", Number: 11},
			{Class: Person, Routing: "121000358", Account: "1", Amount: ledger.Minor(1), ID: "W-3", Name: "王小明", Number: 30_000_009},
		},
	}
}

func TestAFileIsWrittenRecordByRecord(t *testing.T) {
	got, err := Write(sample())
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/two_batches.ach")
	if os.Getenv("UPDATE") != "" {
		want, err = []byte(got.Text), os.WriteFile("testdata/two_batches.ach", []byte(got.Text), 0o644)
	}
	if err != nil || got.Text != string(want) {
		t.Errorf("%v\n got\n%s\nwant\n%s", err, got.Text, want)
	}
	if got.Hash != "0023300038" || got.Total != ledger.Minor(100_51) || strings.Join(got.Traces, " ") != "091000010000012 091000010000011 091000010000009" {
		t.Errorf("hash %s, total %s, traces %v", got.Hash, got.Total, got.Traces)
	}
}

// The reader of what the network sends back was written apart from this package,
// against files of the network's own.
func TestTheNetworksReaderFindsTheTotalsRight(t *testing.T) {
	for n := 1; n <= 23; n++ { // every filling of the last block
		f := sample()
		f.Entries = nil
		for i := range n {
			e := sample().Entries[i%3]
			e.Number, e.Amount = int64(1000+i), ledger.Minor(int64(i+1)*101)
			f.Entries = append(f.Entries, e)
		}
		out, err := Write(f)
		if err != nil {
			t.Fatal(err)
		}
		read, err := nacha.Read(strings.NewReader(out.Text), bankfile.Default)
		if err != nil || len(read.Differs) > 0 {
			t.Errorf("%d entries: %v %+v", n, err, read)
		}
		if lines := strings.Count(out.Text, "\n"); lines%10 != 0 {
			t.Errorf("%d entries: %d lines", n, lines)
		}
	}
}

// A parser that is none of ours reads the file, too, where npm has brought it.
func TestAForeignParserAddsUpToTheSameControls(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "node_modules/@midlandsbank/node-nacha")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("npm ci was not run")
		}
		t.Skip("npm ci brings the parser")
	}
	out, err := exec.CommandContext(t.Context(), "node", "testdata/read.cjs", "testdata/two_batches.ach", root).CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "right 3 10051" {
		t.Errorf("%v %s", err, got)
	}
	spoilt := filepath.Join(t.TempDir(), "spoilt.ach")
	raw, err := os.ReadFile("testdata/two_batches.ach")
	if err == nil {
		err = os.WriteFile(spoilt, []byte(strings.Replace(string(raw), "0000009000W-2", "0000009001W-2", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "node", "testdata/read.cjs", spoilt, root).CombinedOutput(); err != nil || strings.HasPrefix(string(out), "right") {
		t.Errorf("a spoilt file: %v %s", err, out)
	}
}

func TestWhatNoBankTakesIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*File)
		want   error
	}{
		"nothing":         {func(f *File) { f.Entries = nil }, ErrEmpty},
		"no amount":       {func(f *File) { f.Entries[0].Amount = ledger.Amount{} }, ErrAmount},
		"too much":        {func(f *File) { f.Entries[0].Amount = ledger.Minor(10_000_000_000) }, ErrAmount},
		"a short routing": {func(f *File) { f.Entries[1].Routing = "12345678" }, ErrEntry},
		"no account":      {func(f *File) { f.Entries[2].Account = "" }, ErrEntry},
	} {
		f := sample()
		test.change(&f)
		if _, err := Write(f); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestNamesAreWrittenInTheNetworksLetters(t *testing.T) {
	for in, want := range map[string]string{"José Núñez-O’Brien": "JOSE NUNEZ-OBRIEN", "王小明": "PAYEE", "  A\tB ": "A B", "Smith & Sons, Inc.": "SMITH & SONS, INC."} {
		if got := Name(in); got != want {
			t.Errorf("Name(%q) = %q, want %q", in, got, want)
		}
	}
}
