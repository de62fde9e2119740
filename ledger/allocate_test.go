package ledger

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"seedbook/migrations/pgtest"
)

func weights(texts ...string) []decimal.Decimal {
	ws := make([]decimal.Decimal, len(texts))
	for i, s := range texts {
		ws[i] = decimal.RequireFromString(s)
	}
	return ws
}

func TestAllocationGivesTheLastCentsToTheLargestFractions(t *testing.T) {
	for _, test := range []struct {
		total   string
		weights []decimal.Decimal
		want    []string
	}{
		{"10.00", weights("100", "100", "100"), []string{"3.34", "3.33", "3.33"}},
		{"0.02", weights("1", "1", "1"), []string{"0.01", "0.01", "0.00"}},
		{"123.45", weights("100050", "25000", "7", "0"), []string{"98.76", "24.68", "0.01", "0.00"}},
		{"-10.00", weights("100", "100", "100"), []string{"-3.33", "-3.33", "-3.34"}},
		{"0.10", weights("110", "70", "60"), []string{"0.05", "0.03", "0.02"}},
		{"1.00", weights("0.0000001", "0.0000002", "1e3"), []string{"0.00", "0.00", "1.00"}},
		{"0.00", weights("0", "0"), []string{"0.00", "0.00"}},
		{"0.00", nil, nil},
	} {
		total, err := ParseAmount(test.total)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, part := range Allocate(total, test.weights) {
			got = append(got, part.String())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("Allocate(%s, %v) = %v, want %v", test.total, test.weights, got, test.want)
		}
	}
}

func TestAllocationMatchesPublishedCases(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "rules", "allocation_cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Amount   int64             `json:"amount_minor"`
		Weights  []decimal.Decimal `json:"weights"`
		Expected []int64           `json:"expected"`
		Source   string            `json:"source"`
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		var got []int64
		for _, part := range Allocate(Minor(c.Amount), c.Weights) {
			got = append(got, part.Minor())
		}
		if !slices.Equal(got, c.Expected) {
			t.Errorf("Allocate(%d, %v) = %v, want %v (%s)", c.Amount, c.Weights, got, c.Expected, c.Source)
		}
	}
	if len(cases) == 0 {
		t.Error("no cases in the file")
	}
}

func TestAllocatedPartsSumToTheTotalAndStayWithinACent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := Minor(rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(t, "total"))
		ints := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 40).Draw(t, "weights")
		ints[0]++ // one of them counts
		var ws []decimal.Decimal
		sum := decimal.Zero
		for _, n := range ints {
			ws = append(ws, decimal.New(n, -3))
			sum = sum.Add(ws[len(ws)-1])
		}
		parts := Allocate(total, ws)
		if Sum(parts...) != total {
			t.Fatalf("parts sum to %s, not %s", Sum(parts...), total)
		}
		for i, part := range parts {
			exact := total.Decimal().Mul(ws[i]).DivRound(sum, 12)
			if part.Decimal().Sub(exact).Abs().GreaterThanOrEqual(decimal.RequireFromString("0.01")) {
				t.Fatalf("part %d is %s, exactly %s", i, part, exact)
			}
			if ws[i].IsZero() && !part.IsZero() {
				t.Fatalf("weight 0 got %s", part)
			}
		}
	})
}

func TestAllocationWithoutAnyoneStops(t *testing.T) {
	for name, do := range map[string]func(){
		"no weights":        func() { Allocate(Minor(1), nil) },
		"only zero weights": func() { Allocate(Minor(1), weights("0", "0")) },
		"a negative weight": func() { Allocate(Minor(1), weights("2", "-1")) },
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
}
