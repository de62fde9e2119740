package ofx

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

func reasons(t *testing.T, text string) []string {
	t.Helper()
	_, err := Read(strings.NewReader(text), bankfile.Default)
	f, ok := fault.Of(err)
	if !ok || !errors.Is(err, bankfile.ErrRefused) {
		t.Fatalf("error is %v", err)
	}
	var out []string
	for _, d := range f.Details {
		out = append(out, d.Field+" "+d.Args["field"].(string)+" "+strings.TrimPrefix(d.Key, "bankfile.problem."))
	}
	return out
}

func TestBanksFilesGiveTheirTotals(t *testing.T) {
	var expected map[string]json.RawMessage
	if err := json.Unmarshal([]byte(fixture(t, "expected_ofx.json")), &expected); err != nil {
		t.Fatal(err)
	}
	for name, raw := range expected {
		var accounts []struct {
			Account, Currency string
			N                 int
			Sum               string
			LedgerBalance     string `json:"ledger_balance"`
			FITIDs            []string
		}
		if json.Unmarshal(raw, &accounts) != nil { // the file is refused
			if len(reasons(t, fixture(t, name))) == 0 {
				t.Errorf("%s is refused for nothing", name)
			}
			continue
		}
		f, err := Read(strings.NewReader(fixture(t, name)), bankfile.Default)
		if err != nil || len(f.Statements) != len(accounts) {
			t.Fatalf("%s: %v", name, err)
		}
		for i, want := range accounts {
			s := f.Statements[i]
			var ids []string
			for _, l := range s.Lines {
				ids = append(ids, l.Reference)
			}
			if s.Account != want.Account || !strings.EqualFold(s.Currency, want.Currency) || len(s.Lines) != want.N || s.Net().String() != want.Sum ||
				s.Closing.Amount.String() != want.LedgerBalance || strings.Join(ids, ",") != strings.Join(want.FITIDs, ",") {
				t.Errorf("%s: %+v, want %+v", name, s, want)
			}
		}
	}
}

func TestBadFilesSayEveryLineAndReason(t *testing.T) {
	for name, want := range map[string]string{
		"ofx/bad/date_missing.ofx":  "line 33 DTPOSTED missing; line 42 DTPOSTED missing; line 50 DTPOSTED date",
		"ofx/bad/decimal_error.ofx": "line 36 DTPOSTED date; line 37 TRNAMT amount",
		"ofx/bad/empty_balance.ofx": "line 38 BALAMT missing",
	} {
		if got := strings.Join(reasons(t, fixture(t, name)), "; "); got != want {
			t.Errorf("%s is refused for %q, want %q", name, got, want)
		}
	}
}

// xml is a version 2 file with one transaction's elements.
func xml(trn string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200" VERSION="211"?>
<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE></STATUS><DTSERVER>20260901</DTSERVER><LANGUAGE></LANGUAGE></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD</CURDEF><BANKACCTFROM><BANKID>1</BANKID><ACCTID>55</ACCTID></BANKACCTFROM><BANKTRANLIST>
<STMTTRN>` + trn + `</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1</BALAMT><DTASOF>20260901</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>`
}

func TestDaysAndAmountsAreReadAsBanksWriteThem(t *testing.T) {
	for _, test := range []struct{ date, amount, wantDate, want string }{
		{"20260901", "5", "2026-09-01", "5.00"},
		{"20260901003000.000[-5:EST]", "+5.50", "2026-09-01", "5.50"},
		{"20260831233000[+5.30:IST]", "-5,50", "2026-08-31", "-5.50"},
		{"202609010930", ".5", "2026-09-01", "0.50"},
		{"20260901093000[0]", "5.0000", "2026-09-01", "5.00"},
	} {
		text := xml("<TRNTYPE>CREDIT</TRNTYPE><DTPOSTED>" + test.date + "</DTPOSTED><TRNAMT>" + test.amount + "</TRNAMT><FITID>1</FITID><PAYEE><NAME>A &amp; B</NAME></PAYEE><MEMO>caf&#233;</MEMO>")
		f, err := Read(strings.NewReader(text), bankfile.Default)
		if err != nil {
			t.Errorf("%s %s: %v", test.date, test.amount, err)
			continue
		}
		l := f.Statements[0].Lines[0]
		if l.Booked.String() != test.wantDate || l.Amount.String() != test.want || l.Counterparty != "A & B" || l.Description != "café" {
			t.Errorf("%s %s: %+v", test.date, test.amount, l)
		}
	}
	for _, bad := range []string{"1,234.50", "1,234,50", "$5", "5e1", "NaN", "5.001", "--5", "5 0", ""} {
		if got := reasons(t, xml("<DTPOSTED>20260901</DTPOSTED><TRNAMT>"+bad+"</TRNAMT><FITID>1</FITID>")); len(got) != 1 || !strings.Contains(got[0], "TRNAMT") {
			t.Errorf("%q: %v", bad, got)
		}
	}
	for _, bad := range []string{"20260230", "2026-09-01", "260901", "20260901250000", "20260901[EST"} {
		if got := reasons(t, xml("<DTPOSTED>"+bad+"</DTPOSTED><TRNAMT>1</TRNAMT><FITID>1</FITID>")); len(got) != 1 || !strings.Contains(got[0], "DTPOSTED") {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestATransactionGivenTwiceIsUsedOnce(t *testing.T) {
	trn := "<DTPOSTED>20260901</DTPOSTED><TRNAMT>5</TRNAMT><FITID>1</FITID>"
	same, other := trn+"</STMTTRN><STMTTRN>"+trn, trn+"</STMTTRN><STMTTRN>"+strings.Replace(trn, ">5<", ">6<", 1)
	f, err := Read(strings.NewReader(xml(same)), bankfile.Default)
	if err != nil || len(f.Statements[0].Lines) != 1 || len(f.Differs) != 1 || f.Differs[0].Code != bankfile.Repeated {
		t.Errorf("%+v %v", f, err)
	}
	f, err = Read(strings.NewReader(xml(other)), bankfile.Default)
	if err != nil || len(f.Statements[0].Lines) != 0 || len(f.Quarantined) != 2 {
		t.Errorf("%+v %v", f, err)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	good := fixture(t, "ofx/checking.ofx")
	for name, text := range map[string]string{
		"not OFX": "BAI", "cut short": good[:len(good)/2], "no end": strings.Replace(good, "</OFX>", "", 1),
		"a lost line":     strings.Replace(good, "</STMTTRN>", "", 1),
		"a document type": strings.Replace(good, "<OFX>", "<!DOCTYPE x>\n<OFX>", 1),
		"no account":      strings.Replace(good, "<ACCTID>1452687~7", "<ACCTID>", 1),
		"no currency":     strings.Replace(good, "<CURDEF>USD", "", 1),
		"an open bracket": strings.Replace(good, "<MEMO>", "<MEMO", 1) + strings.Repeat("x", 300),
	} {
		if got := reasons(t, text); len(got) == 0 {
			t.Errorf("%s is accepted", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fixture(f, "ofx/checking.ofx"))
	f.Add(fixture(f, "ofx/bank_medium.ofx"))
	f.Add(xml("<DTPOSTED>20260901</DTPOSTED><TRNAMT>5</TRNAMT><FITID>1</FITID>"))
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read(strings.NewReader(text), bankfile.Limits{Bytes: 1 << 20, Lines: 10_000})
		if _, known := fault.Of(err); err != nil && !known {
			t.Fatalf("%v", err)
		}
		if err == nil {
			for _, s := range file.Statements {
				s.Net()
			}
		}
	})
}
