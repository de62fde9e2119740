package ledger

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func TestOnlyPlainAmountsAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"25": "25.00", "25.5": "25.50", "25.05": "25.05", "-0.01": "-0.01", "0": "0.00", "000": "0.00",
		"007.10": "7.10", "999999999999.99": "999999999999.99", "-999999999999.99": "-999999999999.99",
	} {
		got, err := ParseAmount(text)
		if err != nil || got.String() != want {
			t.Errorf("ParseAmount(%q) = %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "NaN", "nan", "Infinity", "-Infinity", "inf", "1e9", "1E1000000000", "1e-400", "1e308", "0x10", "１２", "٣", "1,000.00", "1.000,00",
		"1.005", "-0", "-0.00", " 5", "5 ", "5\n", "\t5", "+1", ".5", "1.", "-", "--1", "1_000", "$5", "5 USD", "1/2", "null", "true",
		strings.Repeat("9", 40), "9999999999999", "1\x00", "\u00a05",
	} {
		if got, err := ParseAmount(text); !errors.Is(err, ErrAmount) {
			t.Errorf("ParseAmount(%q) = %s, %v, want ErrAmount", text, got, err)
		}
	}
}

func TestAmountsTravelInJSONAsStrings(t *testing.T) {
	out, err := json.Marshal(map[string]Amount{"amount": Minor(-123450)})
	if err != nil || string(out) != `{"amount":"-1234.50"}` {
		t.Errorf("marshal = %s, %v", out, err)
	}
	var in struct{ Amount Amount }
	if err := json.Unmarshal([]byte(`{"Amount":"1234.5"}`), &in); err != nil || in.Amount != Minor(123450) {
		t.Errorf("unmarshal = %s, %v", in.Amount, err)
	}
	for _, text := range []string{`12`, `12.5`, `null`, `true`, `"1e3"`, `"NaN"`, `["1"]`, `{}`, `'1'`, "`1`", `""`} {
		in.Amount = Minor(7)
		if err := json.Unmarshal([]byte(`{"Amount":`+text+`}`), &in); err == nil {
			t.Errorf("unmarshal of %s gave %s, want an error", text, in.Amount)
		}
	}
}

func TestRoundingIsWhatThePolicySays(t *testing.T) {
	for _, test := range []struct {
		exact                  string
		halfUp, halfEven, down string
	}{
		{"16.665", "16.67", "16.66", "16.66"},
		{"16.675", "16.68", "16.68", "16.67"},
		{"-16.665", "-16.67", "-16.66", "-16.66"},
		{"-16.675", "-16.68", "-16.68", "-16.67"},
		{"0.005", "0.01", "0.00", "0.00"},
		{"0.0049999999999999999999", "0.00", "0.00", "0.00"},
		{"-0.001", "0.00", "0.00", "0.00"},
	} {
		d := decimal.RequireFromString(test.exact)
		for policy, want := range map[Rounding]string{HalfUp: test.halfUp, HalfEven: test.halfEven, Down: test.down} {
			if got := Round(d, policy); got.String() != want {
				t.Errorf("Round(%s, %s) = %s, want %s", test.exact, policy, got, want)
			}
		}
	}
	if got := Minor(33).Times(decimal.RequireFromString("0.5"), HalfEven); got != Minor(16) {
		t.Errorf("0.33 at one half, half to even = %s, want 0.16", got)
	}
	if Rounding("up").Valid() || !HalfUp.Valid() {
		t.Error("Valid knows the three policies and no other")
	}
}

func TestAmountsNeverWrap(t *testing.T) {
	most := Minor(maxMinor)
	for name, do := range map[string]func(){
		"most and a cent":       func() { most.Add(Minor(1)) },
		"most and most":         func() { most.Add(most) },
		"least less a cent":     func() { most.Neg().Sub(Minor(1)) },
		"one more minor unit":   func() { Minor(maxMinor + 1) },
		"a product too large":   func() { most.Times(decimal.NewFromInt(2), HalfUp) },
		"a product far too big": func() { most.Times(decimal.New(1, 30), HalfUp) },
		"an unknown rounding":   func() { Round(decimal.Zero, "up") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not stop", name)
				}
			}()
			do()
		}()
	}
	if got := most.Add(most.Neg()); !got.IsZero() {
		t.Errorf("most less most = %s", got)
	}
}

func TestScanReadsWhatPostgreSQLWrites(t *testing.T) {
	for src, want := range map[any]Amount{"12.30": Minor(1230), "-0.01": Minor(-1), "12": Minor(1200), "1.2300": Minor(123), int64(-3): Minor(-300),
		"9999999999999999.99": Minor(maxMinor)} {
		var got Amount
		if err := got.Scan(src); err != nil || got != want {
			t.Errorf("Scan(%v) = %s, %v, want %s", src, got, err, want)
		}
	}
	for _, src := range []any{nil, "NaN", "1.234", "10000000000000000.00", 1.5, int64(1 << 60)} {
		var got Amount
		if err := got.Scan(src); err == nil {
			t.Errorf("Scan(%v) = %s, want an error", src, got)
		}
	}
}

func TestAmountsAddUp(t *testing.T) {
	if got := Sum(Minor(1), Minor(2), Minor(-4)); got != Minor(-1) {
		t.Errorf("Sum = %s", got)
	}
	a, b := Minor(-5), Minor(3)
	if a.Min(b) != a || a.Max(b) != b || !a.Less(b) || a.Cmp(b) != -1 || b.Cmp(a) != 1 || a.Cmp(a) != 0 || a.Sign() != -1 || b.Sign() != 1 || a.Abs() != Minor(5) {
		t.Error("comparison of -0.05 and 0.03 is off")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-99_999_999_999_999, 99_999_999_999_999).Draw(t, "minor")
		a := Minor(n)
		if back, err := ParseAmount(a.String()); err != nil || back != a {
			t.Fatalf("%s came back as %s, %v", a, back, err)
		}
		if !a.Decimal().Equal(decimal.RequireFromString(a.String())) {
			t.Fatalf("%s as decimal is %s", a, a.Decimal())
		}
	})
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"25.00", "-1", "NaN", "1e9", "１２", "1,000.00", "-0"} {
		f.Add(s)
	}
	grammar := regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,2})?$`)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAmount(s)
		if err != nil {
			return
		}
		if !grammar.MatchString(s) {
			t.Fatalf("accepted %q as %s", s, a)
		}
		if !a.Decimal().Equal(decimal.RequireFromString(s)) {
			t.Fatalf("%q was read as %s", s, a)
		}
	})
}
