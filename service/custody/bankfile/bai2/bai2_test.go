package bai2

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seedbook/service/custody/bankfile"
	"seedbook/service/fault"
)

const fixtures = "../../../../../shared/fixtures/bank"

func fixture(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func read(t *testing.T, text string) *bankfile.File {
	t.Helper()
	f, err := Read(strings.NewReader(text), bankfile.Default)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestBanksFilesGiveTheirTotals(t *testing.T) {
	var expected []struct {
		File     string
		Accounts []struct {
			Account, Ccy     string
			Details          int
			Debit, Credit    int64
			Control, Records string
		}
		Details int
	}
	if err := json.Unmarshal([]byte(fixture(t, "expected_ach_bai2.json")), &expected); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range expected {
		if !strings.HasPrefix(e.File, "bai2/") {
			continue
		}
		f := read(t, fixture(t, e.File))
		if len(f.Statements) != len(e.Accounts) || f.Lines() != e.Details || len(f.Quarantined) != 0 {
			t.Fatalf("%s: %d accounts, %d lines, set aside %v", e.File, len(f.Statements), f.Lines(), f.Quarantined)
		}
		for i, a := range e.Accounts {
			s := f.Statements[i]
			credit, debit, _, _ := s.Totals()
			if s.Account != a.Account || s.Currency != a.Ccy || len(s.Lines) != a.Details || credit.Minor() != a.Credit || debit.Minor() != a.Debit {
				t.Errorf("%s: account %s %s has %d lines, %s in, %s out; want %+v", e.File, s.Account, s.Currency, len(s.Lines), credit, debit, a)
			}
			seen++
		}
		for _, d := range f.Differs {
			if d.Field == "49" || d.Field == "98" || d.Field == "99" {
				t.Errorf("%s: its own control totals differ: %+v", e.File, d)
			}
		}
	}
	if seen != 7 {
		t.Errorf("compared %d accounts", seen)
	}
}

func TestControlTotalsThatDoNotTieAreNamed(t *testing.T) {
	text := fixture(t, "bai2/sample1.txt")
	changed := strings.Replace(text, "16,409,000000000002500,V,060316,,,,RETURNED", "16,409,000000000002600,V,060316,,,,RETURNED", 1)
	f := read(t, changed)
	var fields []string
	for _, d := range f.Differs {
		fields = append(fields, d.Field+" "+d.Said+"/"+d.Found)
	}
	want := "49 834000/834100,400 2085.00/2086.00,98 1280000/1280100,99 1280000/1280100"
	if got := strings.Join(fields, ","); got != want {
		t.Errorf("differs: %s\nwant     %s", got, want)
	}
	without := strings.Replace(text, "16,409,000000000002500,V,060316,,,,RETURNED CHEQUE     /\n", "", 1)
	if f := read(t, without); len(f.Differs) != 8 {
		t.Errorf("a lost line is told in %d ways: %+v", len(f.Differs), f.Differs)
	}
}

// head begins a file of one group.
const head = "01,BANK,CSA,260901,0600,7,80,,2/\n02,CSA,091000019,1,260831,2359,USD,2/\n"

func account(lines string) string { return head + lines + "98,0,1,9/\n99,0,1,9/\n" }

func TestLinesAreReadWhateverTheirFundsAndText(t *testing.T) {
	for _, test := range []struct {
		name, text             string
		amount, value          string
		ref, trace, says, code string
		later                  int
	}{
		{"plain", "16,165,1234,0,REF1,TRACE,PAYROLL ACME/", "12.34", "2026-08-31", "REF1", "TRACE", "PAYROLL ACME", "", 0},
		{"text with commas and slashes", "16,475,1234,0,REF1,,CHECK 12, PAID 1/2", "-12.34", "2026-08-31", "REF1", "", "CHECK 12, PAID 1/2", "", 0},
		{"text over three lines", "16,165,1234,Z,R,C,ONE/\n88,TWO, AND/\n88,THREE", "12.34", "2026-08-31", "R", "C", "ONE TWO, AND THREE", "", 0},
		{"text only in the continuation", "16,165,1234,,R,C,/\n88,LATE", "12.34", "2026-08-31", "R", "C", "LATE", "", 0},
		{"cut inside the fields", "16,165/\n88,1234,V/\n88,260902,,R,C,TEXT/", "12.34", "2026-09-02", "R", "C", "TEXT", "", 0},
		{"next day", "16,165,1234,1,R,,/", "12.34", "2026-09-01", "R", "", "", "", 0},
		{"a value date with an hour", "16,165,1234,V,260903,1200,R,C,X/", "12.34", "2026-09-03", "R", "C", "X", "", 0},
		{"spread over three days", "16,165,1234,S,1000,200,34,R,C,X/", "12.34", "2026-08-31", "R", "C", "X", "", 2},
		{"distributed", "16,165,1234,D,2,0,1000,5,234,R,C,X/", "12.34", "2026-08-31", "R", "C", "X", "", 1},
		{"a return names its reason", "16,555,1234,0,R,C,ACH RETURN R01 NSF/", "-12.34", "2026-08-31", "R", "C", "ACH RETURN R01 NSF", "R01", 0},
		{"a bank's own debit", "16,961,1234,0,R,C,/", "-12.34", "2026-08-31", "R", "C", "", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := read(t, account("03,12345,,010,100,,/\n"+test.text+"\n49,0,9/\n"))
			if len(f.Statements) != 1 || len(f.Statements[0].Lines) != 1 {
				t.Fatalf("%+v", f)
			}
			l := f.Statements[0].Lines[0]
			if l.Amount.String() != test.amount || l.Value.String() != test.value || l.Reference != test.ref || l.Trace != test.trace ||
				l.Description != test.says || l.Return != test.code || len(l.Later) != test.later {
				t.Errorf("%+v", l)
			}
		})
	}
}

func TestBalancesMustBeMadeByTheLines(t *testing.T) {
	text := head + "03,1,USD,010,1000000,,,015,1012345,,/\n16,165,12345,0,A,,X/\n49,2024690,3/\n98,2024690,1,5/\n99,2024690,1,7/\n"
	f := read(t, text)
	if len(f.Differs) != 0 || f.Statements[0].Closing.Amount.String() != "10123.45" {
		t.Fatalf("%+v", f)
	}
	f = read(t, strings.Replace(text, "015,1012345", "015,1012346", 1))
	var balance []bankfile.Problem
	for _, d := range f.Differs {
		if d.Code == bankfile.BalanceDiffers {
			balance = append(balance, d)
		}
	}
	if len(balance) != 1 || balance[0].Said != "10123.46" || balance[0].Found != "10123.45" || balance[0].Line != 3 {
		t.Errorf("%+v", f.Differs)
	}
}

func TestUnusableFilesAreRefusedWithLineAndReason(t *testing.T) {
	for _, test := range []struct{ name, text, code, where string }{
		{"empty", "", bankfile.Unended, "line 0"},
		{"another format", "<OFX>", bankfile.NotThis, "line 1"},
		{"version 1", "01,A,B,260901,0600,7,80,,1/\n99,0,0,2/", bankfile.NotThis, "line 1"},
		{"cut short", head + "03,1,USD/\n16,165,1,0,,,/\n", bankfile.Unended, "line 4"},
		{"a detail outside accounts", head + "16,165,1,0,,,/\n", bankfile.Structure, "line 3"},
		{"an account in an account", head + "03,1,USD/\n03,2,USD/\n", bankfile.Structure, "line 4"},
		{"after the end", "01,A,B,260901,0600,7,80,,2/\n99,0,0,2/\n02,C,B,1,260831,,USD,2/", bankfile.Structure, "line 3"},
		{"an amount with a point", account("03,1,USD/\n16,165,12.34,0,,,/\n49,0,3/\n"), bankfile.BadAmount, "line 4"},
		{"an amount in words", account("03,1,USD,010,NaN,,/\n49,0,3/\n"), bankfile.BadAmount, "line 3"},
		{"an amount beyond reason", account("03,1,USD/\n16,165,9999999999999999,0,,,/\n49,0,3/\n"), bankfile.BadAmount, "line 4"},
		{"30 February", account("03,1,USD/\n16,165,1234,V,260230,,,,/\n49,0,3/\n"), bankfile.BadDate, "line 4"},
		{"no such funds type", account("03,1,USD/\n16,165,1234,Q,,,/\n49,0,3/\n"), bankfile.BadCode, "line 4"},
		{"no control total", account("03,1,USD/\n49,,3/\n"), bankfile.BadAmount, "line 4"},
		{"no account", account("03,,USD/\n49,0,2/\n"), bankfile.Missing, "line 3"},
		{"a line without end", strings.Repeat("x", 1<<20), bankfile.LongLine, "line 1"},
		{"binary", "\x00\x01\x02", bankfile.NotThis, "line 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.text), bankfile.Default)
			f, ok := fault.Of(err)
			if !ok || !errors.Is(err, bankfile.ErrRefused) || len(f.Details) == 0 {
				t.Fatalf("error is %v", err)
			}
			if d := f.Details[0]; d.Key != test.code || d.Field != test.where {
				t.Errorf("refused for %v", d)
			}
		})
	}
	if _, err := Read(strings.NewReader(fixture(t, "bai2/sample1.txt")), bankfile.Limits{Bytes: 1 << 20, Lines: 20}); !errors.Is(err, bankfile.ErrTooLarge) {
		t.Errorf("more lines than the limit: %v", err)
	}
}

func TestWhatABankDeletesOrTestsIsNotUsed(t *testing.T) {
	text := strings.Replace(fixture(t, "bai2/sample1.txt"), "02,12345,0004,1,", "02,12345,0004,2,", 1)
	f := read(t, text)
	if len(f.Statements) != 0 || len(f.Differs) != 1 || f.Differs[0].Code != bankfile.Deletion {
		t.Errorf("%+v", f)
	}
}

func TestTwoLinesOfOneReferenceAreTwoLines(t *testing.T) {
	lines := "16,165,100,0,R1,,A/\n16,165,100,0,R1,,A/\n16,165,200,0,R1,,A/\n"
	f := read(t, account("03,1,USD/\n"+lines+"49,0,9/\n"))
	if n := len(f.Statements[0].Lines); n != 3 {
		t.Errorf("%d lines: the control totals decide, not the reference", n)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"bai2/sample1.txt", "bai2/sample2.txt"} {
		f.Add(fixture(f, name))
	}
	f.Add(account("03,1,USD,010,100,,/\n16,165,1234,D,2,0,1000,5,234,R,C,X/\n49,0,9/\n"))
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read(strings.NewReader(text), bankfile.Limits{Bytes: 1 << 20, Lines: 10_000})
		if _, known := fault.Of(err); err != nil && !known {
			t.Fatalf("%v", err)
		}
		if err != nil {
			return
		}
		for _, s := range file.Statements {
			s.Net()
			for _, l := range s.Lines {
				if l.Booked.IsZero() || l.Value.IsZero() {
					t.Fatalf("%+v has no day", l)
				}
			}
		}
	})
}
