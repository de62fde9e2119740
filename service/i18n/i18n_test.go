package i18n

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/message"
	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/service/fault"
)

func day(t *testing.T, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMoneyDaysAndNumbersAreWrittenAsReadersWriteThem(t *testing.T) {
	en, es := For("en"), For("es-US")
	quarter := ledger.Period{First: day(t, "2026-07-01"), Last: day(t, "2026-09-30")}
	years := ledger.Period{First: day(t, "2026-12-01"), Last: day(t, "2027-01-31")}
	afternoon := time.Date(2026, 9, 1, 14, 5, 0, 0, time.UTC)
	for _, test := range []struct{ name, got, want string }{
		{"money", en.Money(ledger.Minor(123450)), "$1,234.50"},
		{"money in Spanish", es.Money(ledger.Minor(123450)), "$1,234.50"},
		{"nothing", en.Money(ledger.Amount{}), "$0.00"},
		{"a cent owed", en.Money(ledger.Minor(-1)), "−$0.01"},
		{"millions", es.Money(ledger.Minor(-123456789012)), "−$1,234,567,890.12"},
		{"a day", en.Date(day(t, "2026-09-01")), "September 1, 2026"},
		{"a day in Spanish", es.Date(day(t, "2026-09-01")), "1 de septiembre de 2026"},
		{"no day", es.Date(ledger.Date{}), ""},
		{"a short day", en.DateShort(day(t, "2026-12-24")), "Dec 24, 2026"},
		{"a short day in Spanish", es.DateShort(day(t, "2026-12-24")), "24 dic 2026"},
		{"a month", en.Month(day(t, "2026-09-01")), "September 2026"},
		{"a month in Spanish", es.Month(day(t, "2026-09-01")), "septiembre de 2026"},
		{"a month's short name", es.MonthShort(day(t, "2026-09-01")), "sep"},
		{"a quarter", en.Period(quarter), "July 1 – September 30, 2026"},
		{"a quarter in Spanish", es.Period(quarter), "1 de julio – 30 de septiembre de 2026"},
		{"over New Year", en.Period(years), "December 1, 2026 – January 31, 2027"},
		{"an instant", en.Time(afternoon), "September 1, 2026, 2:05\u00a0PM"},
		{"an instant in Spanish", es.Time(afternoon), "1 de septiembre de 2026, 2:05\u00a0p.\u00a0m."},
		{"a count", en.Int(12431), "12,431"},
		{"a count in Spanish", es.Int(-12431), "−12,431"},
		{"a percentage", en.Percent(decimal.RequireFromString("0.125")), "12.5%"},
		{"a percentage in Spanish", es.Percent(decimal.RequireFromString("0.125")), "12.5\u00a0%"},
		{"a rate", en.Decimal(decimal.RequireFromString("-1234567.0015")), "−1,234,567.0015"},
		{"a list", en.List([]string{"a", "b", "c"}), "a, b and c"},
		{"a list in Spanish", es.List([]string{"padres", "hijos"}), "padres e hijos"},
	} {
		if test.got != test.want {
			t.Errorf("%s = %q, want %q", test.name, test.got, test.want)
		}
	}
}

// x/text is right about numbers in both regions, and slow; ours must agree.
func TestWholeNumbersAgreeWithCLDR(t *testing.T) {
	for _, l := range Languages {
		printer := message.NewPrinter(l.Tag)
		w := For(l.Code)
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.Int().Draw(t, "n")
			want := strings.ReplaceAll(printer.Sprint(n), "-", minus)
			if got := w.Int(n); got != want {
				t.Errorf("%s: Int(%d) = %q, want %q", l.Code, n, got, want)
			}
		})
	}
}

func TestReadersGetTheLanguageTheyAskFor(t *testing.T) {
	for _, test := range []struct{ header, want string }{
		{"", "en"},
		{"es", "es"},
		{"es-MX,es;q=0.9,en;q=0.8", "es"},
		{"es-ES", "es"},
		{"en-GB,es;q=0.9", "en"},
		{"fr-CA,es;q=0.5", "es"},
		{"zh-Hans", "en"},
		{"*", "en"},
		{"not a header \x00;;q=", "en"},
		{strings.Repeat("es,", 100_000), "en"},
	} {
		if got := Match(test.header); got != test.want {
			t.Errorf("Match(%.40q) = %q, want %q", test.header, got, test.want)
		}
	}
	for _, test := range []struct{ tag, want string }{{"es-US", "es"}, {"en", "en"}, {"ht", "en"}, {"", "en"}} {
		if got := For(test.tag).Lang(); got != test.want {
			t.Errorf("For(%q) speaks %q, want %q", test.tag, got, test.want)
		}
	}
}

// words builds a catalogue of one language from sources, without the files.
func words(t testing.TB, lang string, source map[string]any) *Words {
	t.Helper()
	w := &Words{language: For(lang).language, phrases: map[string]phrase{}}
	if err := w.add("x", source); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestPhrasesAreFilledInTheLanguagesWay(t *testing.T) {
	w := words(t, "es", map[string]any{
		"plain": "Niños",
		"full":  "{{.amount}} el {{.day}} para {{.n}} niños: {{.why}}{{.id}}",
		"count": map[string]any{"one": "{{.n}} niño", "other": "{{.n}} niños", "many": "{{.n}} de niños"},
		"kind":  map[string]any{"one": "Uno", "other": "Otro", "seed": "Aporte"}, // names that look like forms
	})
	type txNo int64
	for _, test := range []struct{ name, got, want string }{
		{"no placeholder", w.T("x.plain"), "Niños"},
		{"every kind of argument", w.T("x.full", Args{"amount": ledger.Minor(2500), "day": day(t, "2026-09-01"),
			"n": 1200, "why": Key("x.plain"), "id": txNo(7)}), "$25.00 el 1 de septiembre de 2026 para 1,200 niños: Niños7"},
		{"markup is text", w.T("x.full", Args{"amount": "<b>", "day": "", "n": 0, "why": "{{.n}}", "id": ""}), "<b> el  para 0 niños: {{.n}}"},
		{"a name that looks like a form", w.T("x.kind.other") + w.T("x.kind.seed"), "OtroAporte"},
		{"one", w.N("x.count", 1), "1 niño"},
		{"none", w.N("x.count", 0), "0 niños"},
		{"many", w.N("x.count", 2_000_000), "2,000,000 de niños"},
		{"a fault", w.Fault(fault.New(fault.Invalid, "x.count").With(Args{"n": 12})), "12 niños"},
	} {
		if test.got != test.want {
			t.Errorf("%s = %q, want %q", test.name, test.got, test.want)
		}
	}
}

func TestAMissingPhraseStopsATestAndNotAReader(t *testing.T) {
	defer func() { strict = true }()
	w := words(t, "en", map[string]any{"hello": "Hello {{.name}}!"})
	for _, call := range []func() string{
		func() string { return w.T("x.nobody") },
		func() string { return w.T("x.hello") },
	} {
		strict = true
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic in a test")
				}
			}()
			call()
		}()
	}
	strict = false
	if got := w.T("x.nobody") + w.T("x.hello"); got != "x.nobodyHello !" {
		t.Errorf("a reader sees %q", got)
	}
}

func TestOnlyPlainPlaceholdersAreAccepted(t *testing.T) {
	for _, src := range []string{"{{.a", "{{ .a }}", "{{if .a}}x{{end}}", "a}}", "{{.a.b}}", "{{}}", "{{html .a}}"} {
		if _, err := cut(src); err == nil {
			t.Errorf("cut(%q) accepted it", src)
		}
	}
}

func BenchmarkPhraseWithThreeArguments(b *testing.B) {
	w := words(b, "es", map[string]any{"m": "You saved {{.amount}} by {{.day}}: {{.n}} deposits"})
	args := Args{"amount": ledger.Minor(123456), "day": ledger.NewDate(2026, 9, 1), "n": 12}
	b.ReportAllocs()
	for b.Loop() {
		_ = w.T("x.m", args)
	}
}

func BenchmarkPlural(b *testing.B) {
	w := words(b, "en", map[string]any{"m": map[string]any{"one": "{{.n}} child", "other": "{{.n}} children"}})
	b.ReportAllocs()
	for b.Loop() {
		_ = w.N("x.m", 12)
	}
}

func BenchmarkMoney(b *testing.B) {
	w := For("es")
	a := ledger.Minor(123456)
	b.ReportAllocs()
	for b.Loop() {
		_ = w.Money(a)
	}
}
