package rules

import (
	"os"
	"testing"
)

// BenchmarkStanding is a child with a year of deposits that leaves and does not
// answer.
func BenchmarkStanding(b *testing.B) {
	src, err := os.ReadFile("testdata/books/k2c_leaving.yaml")
	if err != nil {
		b.Fatal(err)
	}
	book := mustParse(b, string(src))
	c := Child{Events: []Event{{Key: "e", Kind: Enrolled, On: day(b, "2023-09-01")}}}
	for i := range 12 {
		c.Events = append(c.Events, Event{Key: string(rune('a' + i)), Kind: Deposit, On: day(b, "2023-09-05").AddMonths(i), Amount: amount(b, "1")})
	}
	c.Events = append(c.Events, Event{Key: "l", Kind: LeavesSchool, On: day(b, "2025-03-01")})
	on := day(b, "2026-03-20")
	for b.Loop() {
		StandingOf(book, c, on)
	}
}
