package forecast

import (
	"fmt"
	"testing"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/rules"
)

// citizen is a child of the city pack with a year of history: one in four paid
// in now and then.
func citizen(t testing.TB, id int64) *pupil {
	on := func(s string) ledger.Date {
		d, err := ledger.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	p := &pupil{state: enroll.Enrolled}
	p.Child = rules.Child{
		ID: id, BornOn: on("2019-03-14").AddDays(int(id % 300)),
		Facts: []rules.Fact{
			{Name: "zip", Value: "43085"}, {Name: "city", Value: "Riverbend"}, {Name: "state", Value: "OH"}, {Name: "language", Value: "en"},
			{Name: "school", Value: fmt.Sprintf("R%02d", id%12), From: on("2025-09-01")}, {Name: "grade", Value: "KG", From: on("2025-09-01")},
		},
		Events: []rules.Event{{Key: "enrollment/1", Kind: rules.Enrolled, On: on("2025-10-01")}},
	}
	if id%4 == 0 {
		for m := range 5 {
			n := int64(m)
			p.Events = append(p.Events, rules.Event{Key: fmt.Sprint("deposit/", m), Kind: rules.Deposit, Seq: n, On: on("2025-11-05").AddMonths(2 * m), Amount: ledger.Minor(15_00), Channel: "ach"})
		}
	}
	return p
}

// city is the city pack with some keys changed.
func city(t testing.TB, changes ...string) *rules.Book {
	source, err := rules.Pack("city")
	if err != nil {
		t.Fatal(err)
	}
	book, err := rules.Parse(source)
	for _, change := range changes {
		var e Edit
		if err == nil {
			e, err = ParseEdit(change)
		}
		if err == nil {
			book, err = e.Apply(book)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// BenchmarkWeigh is a trial without the database: the thinking alone.
func BenchmarkWeigh(b *testing.B) {
	asOf := ledger.NewDate(2026, 9, 30)
	approved := city(b)
	for name, draft := range map[string]*rules.Book{"AMatchLess": city(b, "match.amount.ratio=0.75"), "ASeedMore": city(b, "seed.amount.fixed=60.00")} {
		pupils := make([]*pupil, 400)
		for i := range pupils {
			pupils[i] = citizen(b, int64(i))
		}
		b.Run(name, func(b *testing.B) {
			t := &trialOf{approved: approved, draft: draft, asOf: asOf, until: yearAfter(asOf), paths: &paths{}, homes: &homes{}, largest: 10}
			sum, n := newTally(), 0
			b.ReportAllocs()
			for b.Loop() {
				if n++; n%10_000 == 0 {
					sum = newTally()
				}
				t.weigh(pupils[n%len(pupils)], sum)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "children/s")
		})
	}
}

// BenchmarkFutures draws the futures of one child who saves.
func BenchmarkFutures(b *testing.B) {
	asOf := ledger.NewDate(2026, 9, 30)
	book := city(b)
	var patterns []pattern
	for id := range int64(400) {
		patterns = append(patterns, patternOf(&citizen(b, id).Child, asOf))
	}
	known := cohortsOf(patterns)
	const drawn = 100
	s := &simulation{book: book, cohorts: &known, asOf: asOf, until: yearAfter(asOf), seed: 1, paths: drawn, quarter: quartersOf(asOf.AddDays(1), yearAfter(asOf)),
		funds: &paths{}, asked: map[askKey][]int64{}, error: map[errorKey]*moments{}}
	c := citizen(b, 4).Child
	b.ReportAllocs()
	for b.Loop() {
		s.child(c, &patterns[4], 0)
	}
	b.ReportMetric(float64(b.N*drawn)/b.Elapsed().Seconds(), "futures/s")
}
