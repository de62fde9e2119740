package bankfile

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

func TestAmountsWithoutAPointHaveTheirCurrencysDigits(t *testing.T) {
	for _, test := range []struct{ text, currency, want string }{
		{"1234", "USD", "12.34"}, {"1234", "", "12.34"}, {"+00001234", "CAD", "12.34"}, {"-5", "USD", "-0.05"},
		{"1234", "JPY", "1234.00"}, {"12340", "KWD", "12.34"},
		{"12345", "KWD", ""}, {"", "USD", ""}, {"+", "USD", ""}, {"1.5", "USD", ""}, {"1 5", "USD", ""}, {"900000000000", "USD", ""}, {"99999999999999999999", "USD", ""},
	} {
		got, ok := Minor(test.text, test.currency)
		if ok != (test.want != "") || ok && got.String() != test.want {
			t.Errorf("Minor(%q, %s) = %s, %t", test.text, test.currency, got, ok)
		}
	}
}

func TestDecimalReadsBackWhatAnAmountWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := ledger.Minor(rapid.Int64Range(-mostMinor, mostMinor).Draw(t, "minor"))
		if got, ok := Decimal(a.String(), false); !ok || got != a {
			t.Fatalf("%s is read as %s", a, got)
		}
	})
}

func TestShortYearsHaveACentury(t *testing.T) {
	for text, want := range map[string]string{"260901": "2026-09-01", "990101": "1999-01-01", "060317": "2006-03-17", "261301": "", "2609": "", "26090a": ""} {
		if got, ok := ShortDay(text); got.String() != want || ok != (want != "") {
			t.Errorf("ShortDay(%q) = %s, %t", text, got, ok)
		}
	}
}

func TestTextIsFitToBeShown(t *testing.T) {
	for in, want := range map[string]string{
		"  PAYROLL   ACME\t1 ": "PAYROLL ACME 1", "a\x00b\u202ec": "abc", "caf\xe9": "café", "plain": "plain", "": "", " ": "",
		"a  b": "a b",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Text(strings.Repeat("é", 5000)); len(got) > mostText {
		t.Errorf("%d bytes are kept", len(got))
	}
}
