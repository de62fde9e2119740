package rules

import (
	"testing"

	"seedbook/ledger"
)

// saver is a child of the city program with deposits in one school year.
func saver(t testing.TB, deposits int) Child {
	c := Child{
		ID: 1, BornOn: day(t, "2020-03-14"),
		Facts: []Fact{
			{Name: "zip", Value: "06103"}, {Name: "city", Value: "Riverbend"}, {Name: "language", Value: "en"},
			{Name: "school", Value: "R07", From: day(t, "2026-08-20")}, {Name: "grade", Value: "KG", From: day(t, "2026-08-20")},
		},
		Events: []Event{{Key: "enrollment/1", Kind: Enrolled, On: day(t, "2026-09-01")}},
	}
	for i := range deposits {
		c.Events = append(c.Events, Event{
			Key: "deposit/" + string(rune('a'+i)), Kind: Deposit, On: day(t, "2026-09-05").AddMonths(i), Seq: int64(i), Amount: ledger.Minor(1500),
		})
	}
	return c
}

func BenchmarkEvaluate(b *testing.B) {
	book, asOf := pack(b, "city"), day(b, "2027-06-30")
	for name, deposits := range map[string]int{"NoDeposit": 0, "SixDeposits": 6} {
		c := saver(b, deposits)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Evaluate(book, c, asOf)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "children/s")
		})
	}
}

// BenchmarkEvaluateSimplest is a seed and a match of one for one, nothing else.
func BenchmarkEvaluateSimplest(b *testing.B) {
	book := small(b, `
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, funding: {sources: [{fund: A}]}}
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1}, caps: {per_period: 100.00}, period: calendar_year, funding: {sources: [{fund: A}]}}
`)
	c, asOf := saver(b, 2), day(b, "2026-12-31")
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(book, c, asOf)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "children/s")
}

func BenchmarkWhyJSON(b *testing.B) {
	out := Evaluate(pack(b, "city"), saver(b, 6), day(b, "2027-06-30"))
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range out {
			if _, err := e.Why.JSON(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	src, err := Pack("city")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}
