package depositfile

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/tabular"
)

const header = "reference,account,student id,date,amount,channel\n"

var today = Options{AsOf: ledger.NewDate(2026, 11, 24)}

func read(t *testing.T, text string, o Options) *File {
	t.Helper()
	f, err := Read("deposits.csv", strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// found writes problems as "line severity code what", and phrases each in both
// languages.
func found(f *File) []string {
	var out []string
	for _, p := range f.Problems {
		for _, lang := range []string{"en", "es"} {
			i18n.For(lang).T(p.Code, p.Args())
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", p.Line, p.Severity, p.Code[strings.LastIndex(p.Code, ".")+1:], p.What)))
	}
	return out
}

func TestABadDepositFileIsRefusedWhole(t *testing.T) {
	for _, test := range []struct {
		name, text string
		o          Options
		want       *fault.Fault
		args       string
	}{
		{"nothing", "", Options{}, tabular.ErrEmpty, ""},
		{"no reference", "account,date,amount\n", Options{}, tabular.ErrMissingColumn, "column=reference"},
		{"no account", "reference,date,amount\n", Options{}, tabular.ErrMissingColumn, "column=account"},
		{"no date", "reference,account,amount\n", Options{}, tabular.ErrMissingColumn, "column=date"},
		{"no amount", "reference,account,date,amont\n", Options{}, tabular.ErrMissingColumn, "column=amount file=deposits.csv nearest=amont"},
		{"an odd date format", header, Options{DateFormat: "D/M/YY"}, ErrDateFormat, ""},
		{"an open quote", header + "1,\"2,3,2026-01-01,5,cash\n", Options{}, tabular.ErrOpenQuote, "line=2"},
		{"too many rows", header + strings.Repeat("1,2,3,4,5,6\n", 3), Options{Limits: tabular.Limits{Bytes: 1 << 20, Rows: 2, Columns: 9, Cell: 99, Record: 999}}, tabular.ErrTooManyRows, ""},
	} {
		_, err := Read("/tmp/../deposits.csv", strings.NewReader(test.text), test.o)
		if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.args) {
			t.Errorf("%s: %v, want %s %s", test.name, err, test.want.Key, test.args)
		}
	}
}

func TestARowIsADepositARepetitionOrQuarantined(t *testing.T) {
	const good = "R1,A-01,0007,2026-11-02,25.00,cash\n"
	for _, test := range []struct {
		name, rows string
		want       Totals
		found      []string
	}{
		{"good", "", Totals{Rows: 1, Accepted: 1}, nil},
		{"said twice", good, Totals{Rows: 2, Accepted: 1, Repeated: 1}, []string{"3 note repeated"}},
		{"one reference for two", "R1,A-01,0007,2026-11-02,26.00,cash\n", Totals{Rows: 2, Quarantined: 2}, []string{"2 quarantine reference_clash 3", "3 quarantine reference_clash 2"}},
		{"said twice and then otherwise", good + "R1,A-02,0007,2026-11-02,25.00,cash\n", Totals{Rows: 3, Quarantined: 3},
			[]string{"2 quarantine reference_clash 4", "3 quarantine reference_clash 4", "4 quarantine reference_clash 2"}},
		{"no reference", ",A-01,0007,2026-11-02,25.00,cash\n", Totals{Rows: 2, Accepted: 1, Quarantined: 1}, []string{"3 quarantine reference_missing"}},
		{"a long reference", strings.Repeat("R", 101) + ",A-01,,2026-11-02,25.00,cash\n", Totals{Rows: 2, Accepted: 1, Quarantined: 1}, []string{"3 quarantine reference_long"}},
		{"no date", "R2,A-01,,,25.00,cash\n", Totals{Rows: 2, Accepted: 1, Quarantined: 1}, []string{"3 quarantine date_missing"}},
		{"an American date", "R2,A-01,,11/2/2026,25.00,cash\n", Totals{Rows: 2, Accepted: 1, Quarantined: 1}, []string{"3 quarantine date_unreadable"}},
		{"tomorrow", "R2,A-01,,2026-11-25,25.00,cash\n", Totals{Rows: 2, Accepted: 1, Quarantined: 1}, []string{"3 quarantine date_future"}},
		{"everything wrong", ",A-01,,x,y,cash\n", Totals{Rows: 2, Accepted: 1, Quarantined: 1},
			[]string{"3 quarantine reference_missing", "3 quarantine date_unreadable", "3 quarantine amount_unreadable"}},
		{"a cell too few", "R2,A-01,2026-11-02,25.00,cash\n", Totals{Rows: 2, Accepted: 1, Quarantined: 1}, []string{"3 quarantine cells 6"}},
		{"nobody", "R2,,,2026-11-02,5,cash\n", Totals{Rows: 2, Accepted: 2}, []string{"3 note no_owner"}},
		{"an odd channel", "R2,A-01,,2026-11-02,5,#1!\n", Totals{Rows: 2, Accepted: 2}, []string{"3 note channel_unknown"}},
		{"blank lines", "\n,,,,,\n", Totals{Rows: 1, Accepted: 1}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := read(t, header+good+test.rows, today)
			var sum ledger.Amount
			for _, d := range f.Deposits {
				sum = sum.Add(d.Amount)
			}
			if f.Amount != sum {
				t.Errorf("total %s of deposits over %s", f.Amount, sum)
			}
			f.Totals.Amount = ledger.Amount{}
			if f.Totals != test.want || !slices.Equal(found(f), test.found) || len(f.SetAside) != f.Quarantined {
				t.Errorf("%+v %q, want %+v %q", f.Totals, found(f), test.want, test.found)
			}
		})
	}
}

func TestADepositIsReadExactly(t *testing.T) {
	f := read(t, header+"R1,A-01,0007,2026-11-02,25.5,Bill Pay\n", today)
	want := Deposit{2, "R1", "A-01", "0007", ledger.NewDate(2026, 11, 2), ledger.Minor(2550), "billpay"}
	if len(f.Deposits) != 1 || f.Deposits[0] != want || f.Amount.String() != "25.50" {
		t.Errorf("%+v, total %s", f.Deposits, f.Amount)
	}
	f = read(t, "Referencia;Fecha;Monto;Cuenta o estudiante;Canal\nR1;2/11/2026;25;0007;Efectivo\nR2;3/11/2026;1;0008;cash_branch\nR3;3/11/2026;1;0008;\n", Options{DateFormat: "D/M/YYYY", Channel: "gift"})
	if got := fmt.Sprint(f.Deposits); got != "[{2 R1 0007 0007 2026-11-02 25.00 cash} {3 R2 0008 0008 2026-11-03 1.00 cash_branch} {4 R3 0008 0008 2026-11-03 1.00 gift}]" || f.Amount.String() != "27.00" {
		t.Errorf("%s, total %s", got, f.Amount)
	}
	f = read(t, "ref,child,date,amount\nR1,7,2026-11-02,1\n", Options{})
	if f.Deposits[0].Channel != "other" || f.Deposits[0].Account != "7" || f.Deposits[0].Student != "" {
		t.Errorf("%+v", f.Deposits)
	}
}

func TestMoneyIsWrittenExactlyOrNotRead(t *testing.T) {
	for in, want := range map[string]string{
		"25": "25.00", "25.5": "25.50", "0.01": "0.01", "10000000": "10000000.00", "007.00": "7.00",
		"": "amount_missing", " ": "amount_missing",
		"$5": "amount_currency", "5 €": "amount_currency", "USD 5": "amount_currency", "$1,000.00": "amount_currency",
		"1,000.00": "amount_grouped", "1.000,00": "amount_grouped", "1'000.00": "amount_grouped", "1 000": "amount_grouped", "12,345": "amount_grouped",
		"5,00": "amount_comma", "1,00,0": "amount_comma",
		"1e3": "amount_exponent", "1E+02": "amount_exponent", "1.005": "amount_decimals", "1.000": "amount_decimals",
		" 5": "amount_spaces", "5 ": "amount_spaces", "5\u00a0": "amount_spaces",
		"0": "amount_not_positive", "0.00": "amount_not_positive", "-0": "amount_not_positive", "-25.00": "amount_not_positive", "(25.00)": "amount_not_positive", "25-": "amount_not_positive",
		"10000000.01": "amount_large", "999999999999.99": "amount_large",
		"NaN": "amount_unreadable", "Infinity": "amount_unreadable", "0x10": "amount_unreadable", "１２": "amount_unreadable", "+5": "amount_unreadable",
		"5.": "amount_unreadable", ".5": "amount_unreadable", "five": "amount_unreadable", "1234567890123": "amount_unreadable", "null": "amount_unreadable", "1/2": "amount_unreadable",
	} {
		a, code := parseAmount(in)
		got := strings.TrimPrefix(code, "depositfile.problem.")
		if code == "" {
			got = a.String()
		}
		if got != want {
			t.Errorf("parseAmount(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestNoSumOfAFileOverflows(t *testing.T) {
	var b strings.Builder
	b.WriteString(header)
	for i := range 1000 {
		fmt.Fprintf(&b, "R%d,A,,2026-11-02,10000000.00,cash\nX%d,A,,2026-11-02,999999999999.99,cash\n", i, i)
	}
	f := read(t, b.String(), today)
	if f.Amount.String() != "10000000000.00" || f.Quarantined != 1000 {
		t.Errorf("%+v", f.Totals)
	}
}

func TestNaughtyReferencesComeBackByteForByteOrAreTold(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "hostile/naughty_strings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(raw, &naughty); err != nil {
		t.Fatal(err)
	}
	for i, s := range naughty {
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.WriteAll([][]string{{"reference", "account", "date", "amount"}, {tabular.EscapeFormula(s), "1", "2026-11-02", "1"}})
		f := read(t, b.String(), today)
		told := slices.ContainsFunc(f.Problems, func(p tabular.Problem) bool { return p.Code != tabular.NoteUnquoted })
		if f.Accepted == 1 && f.Deposits[0].Reference != s && !told || f.Accepted == 0 && !told {
			t.Errorf("string %d %q: %+v %q", i, s, f.Totals, found(f))
		}
	}
}

func TestHowADepositFileIsWrittenDoesNotMatter(t *testing.T) {
	columns := []string{"reference", "account", "student id", "date", "amount", "channel"}
	rows := [][]string{{"R1", "A", "", "2026-11-02", "5", "cash"}, {"R2", "", "7", "2026-11-03", "x", "ach"}, {"R1", "A", "", "2026-11-02", "5", "cash"}, {"R3", "é,;", "7", "2026-11-03", "2", "ach"}}
	write := func(order []int, comma, end string, quote bool) string {
		var b strings.Builder
		for _, row := range append([][]string{columns}, rows...) {
			for i, column := range order {
				cell := row[column]
				if quote || strings.ContainsAny(cell, comma+"\"") {
					cell = `"` + cell + `"`
				}
				b.WriteString(cell)
				if i < len(order)-1 {
					b.WriteString(comma)
				}
			}
			b.WriteString(end)
		}
		return b.String()
	}
	order := []int{0, 1, 2, 3, 4, 5}
	result := func(text string) string {
		f := read(t, text, today)
		return fmt.Sprint(f.Deposits, f.Totals, found(f))
	}
	want := result(write(order, ",", "\n", false))
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom([]string{"", "\ufeff"}).Draw(rt, "mark") + write(rapid.Permutation(order).Draw(rt, "columns"),
			rapid.SampledFrom([]string{",", ";", "\t"}).Draw(rt, "comma"), rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(rt, "end"), rapid.Bool().Draw(rt, "quote"))
		if got := result(text); got != want {
			rt.Fatalf("%q gave %s, want %s", text, got, want)
		}
	})
}

// FuzzRead holds that reading never panics, counts every row, and accepts
// nothing incomplete, no money that is not above zero, and no reference twice.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"R1,A,7,2026-11-02,25.00,cash\n", "R1,A,7,2026-11-02,25.00,cash\nR1,A,7,2026-11-02,26,\n", ",,,,,\nx\n\"\",\"a\nb\",c,d,1e9,f\n", "\x00,\xff,é,,,,\n"} {
		f.Add(header + seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read("d.csv", strings.NewReader(text), today)
		if err != nil {
			if _, ok := fault.Of(err); !ok {
				t.Fatalf("%v is no fault", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, d := range file.Deposits {
			if d.Amount.Sign() <= 0 || d.On.IsZero() || d.Reference == "" || d.Channel == "" || seen[d.Reference] {
				t.Fatalf("accepted %+v", d)
			}
			seen[d.Reference] = true
		}
		if !file.Balanced() || len(file.SetAside) != file.Quarantined {
			t.Fatalf("%+v, %d set aside", file.Totals, len(file.SetAside))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	const rows = 100_000
	var text strings.Builder
	text.WriteString(header)
	for i := range rows {
		fmt.Fprintf(&text, "REF-%09d,A-%06d,%07d,%s,%d.%02d,cash\n", i, i%5000, i%5000, ledger.NewDate(2026, 1, 1).AddDays(i%300), i%100+1, i%100)
	}
	b.ReportAllocs()
	for b.Loop() {
		f, err := Read("d.csv", strings.NewReader(text.String()), today)
		if err != nil || f.Accepted != rows {
			b.Fatal(err, f.Totals)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
