package bankcsv

import (
	"errors"
	"strings"
	"testing"

	"seedbook/service/custody/bankfile"
	"seedbook/service/fault"
)

var profile = Profile{Date: "Posted", Amount: "Amount", Reference: "Ref", Description: "Text", Balance: "Balance", DateFormat: "M/D/YYYY", Account: "55", Currency: "USD", Grouped: true}

func read(t *testing.T, p Profile, text string) *bankfile.File {
	t.Helper()
	f, err := Read("bank.csv", strings.NewReader(text), p, bankfile.Default)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAListIsReadByItsProfile(t *testing.T) {
	rows := []string{"9/1/2026,\"1,000.00\",A1,PAYROLL,\"1,100.00\"", "9/1/2026,(50.00),A2,FEE,1050.00", "9/1/2026,0.50,A3,INTEREST,\"1,050.50\""}
	head := "Posted,Amount,Ref,Text,Balance\n"
	for _, order := range [][]string{rows, {rows[2], rows[1], rows[0]}} {
		f := read(t, profile, head+strings.Join(order, "\n"))
		s := f.Statements[0]
		if len(f.Differs) != 0 || len(s.Lines) != 3 || s.Opening.Amount.String() != "100.00" || s.Closing.Amount.String() != "1050.50" {
			t.Errorf("%+v", f)
		}
		if l := s.Lines[1]; l.Amount.String() != "-50.00" || l.Reference != "A2" || l.Booked.String() != "2026-09-01" {
			t.Errorf("%+v", l)
		}
	}
	f := read(t, profile, head+strings.Join(rows[:2], "\n")+"\n9/2/2026,0.50,A3,INTEREST,1050.60")
	if len(f.Differs) != 1 || f.Differs[0].Line != 4 || f.Differs[0].Said != "1050.60" || f.Differs[0].Found != "1050.50" {
		t.Errorf("%+v", f.Differs)
	}
}

func TestCreditsAndDebitsMayHaveTheirColumns(t *testing.T) {
	p := Profile{Date: "Fecha", Credit: "Abono", Debit: "Cargo", Account: "55", Currency: "USD", Comma: true, DateFormat: "D.M.YYYY"}
	f := read(t, p, "Fecha;Abono;Cargo\n1.9.2026;12,50;\n2.9.2026;;3,00\n3.9.2026;0,00;-4,00\n4.9.2026;1,00;2,00\n5.9.2026;1.000,00;\n")
	s := f.Statements[0]
	if len(s.Lines) != 3 || s.Net().String() != "5.50" {
		t.Errorf("%+v", s)
	}
	if len(f.Quarantined) != 2 || f.Quarantined[0].Line != 5 || f.Quarantined[1].Line != 6 {
		t.Errorf("set aside %+v", f.Quarantined)
	}
}

func TestRowsThatCannotBeReadAreSetAside(t *testing.T) {
	head := "Posted,Amount,Ref,Text,Balance\n9/1/2026,1.00,A,T,1.00\n"
	for row, code := range map[string]string{
		"2026-13-01,1.00,A,T,1.00": bankfile.BadDate, "1/9/26,1.00,A,T,1.00": bankfile.BadDate,
		"9/1/2026,$1.00,A,T,1.00": bankfile.BadAmount, "9/1/2026,1e2,A,T,1.00": bankfile.BadAmount, "9/1/2026,,A,T,1.00": bankfile.BadAmount,
		`9/1/2026,"1,00",A,T,1.00`: bankfile.BadAmount, `9/1/2026,"1234,567.00",A,T,1.00`: bankfile.BadAmount, "9/1/2026,(1.00,A,T,1.00": bankfile.BadAmount,
		"9/1/2026,1.00,A,T,x": bankfile.BadAmount, "9/1/2026,1.00": "tabular.flaw.cells",
	} {
		f := read(t, profile, head+row+"\n")
		if len(f.Statements[0].Lines) != 1 || len(f.Quarantined) != 1 || f.Quarantined[0].Code != code || f.Quarantined[0].Line != 3 {
			t.Errorf("%s: %+v", row, f.Quarantined)
		}
	}
}

func TestAProfileThatCannotBeUsedIsRefused(t *testing.T) {
	for field, change := range map[string]func(*Profile){
		"date": func(p *Profile) { p.Date = "" }, "amount": func(p *Profile) { p.Amount = "" }, "account": func(p *Profile) { p.Account = "" },
		"currency": func(p *Profile) { p.Currency = "dollars" }, "date_format": func(p *Profile) { p.DateFormat = "whenever" },
	} {
		p := profile
		change(&p)
		_, err := Read("x", strings.NewReader(""), p, bankfile.Default)
		if f, ok := fault.Of(err); !ok || !errors.Is(err, ErrProfile) || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := Read("x", strings.NewReader("Posted,Amount\n"), profile, bankfile.Default); err == nil {
		t.Error("a file without the profile's columns is read")
	}
	if _, err := Read("x", strings.NewReader("Posted,Amount,Ref,Text,Balance\n"), profile, bankfile.Default); !errors.Is(err, bankfile.ErrRefused) {
		t.Errorf("a file without rows: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Posted,Amount,Ref,Text,Balance\n9/1/2026,\"1,000.00\",A1,PAYROLL,\"1,100.00\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Read("x", strings.NewReader(text), profile, bankfile.Limits{Bytes: 1 << 20, Lines: 1000})
		if _, known := fault.Of(err); err != nil && !known {
			t.Fatalf("%v", err)
		}
	})
}
