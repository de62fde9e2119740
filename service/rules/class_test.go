package rules

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

const classDay = "2025-10-01"

// pupils are children who joined in September, with a fact each.
func pupils(t testing.TB, n int, fact func(i int) Fact) []Child {
	out := make([]Child, n)
	for i := range out {
		out[i] = Child{
			ID: int64(i + 1), Facts: []Fact{fact(i)},
			Events: []Event{{Key: "enrollment", Kind: Enrolled, On: day(t, "2025-09-01")}},
		}
	}
	return out
}

func classBook(t testing.TB, amount string) *Book {
	return small(t, `
facts: [{name: building, type: text}, {name: contributed, type: money}]
benefits:
  - {id: astoria, kind: community, trigger: class(2025-10-01), when: "!known(building) || building == 'ASTORIA'", amount: `+amount+`, period: once, funding: {sources: [{fund: ASTORIA}]}}
`)
}

// TestAScholarshipForABuildingOf184Children is T-NYC-03.
func TestAScholarshipForABuildingOf184Children(t *testing.T) {
	b, on := classBook(t, "{split: 184000.00}"), day(t, classDay)
	children := pupils(t, 200, func(i int) Fact {
		return Fact{Name: "building", Value: map[bool]string{true: "ASTORIA", false: "OTHER"}[i < 184]}
	})
	class := b.Classes()[0]
	first, err := NameClass(b, class, children, nil, on)
	if err != nil || len(first.Members) != 184 || len(first.Hash) != 64 {
		t.Fatalf("%d members, hash %q, %v", len(first.Members), first.Hash, err)
	}
	for _, m := range first.Members {
		if m.Amount != amount(t, "1000.00") || m.On != on {
			t.Fatalf("%+v", m)
		}
	}
	children[190].Facts = append(children[190].Facts, Fact{Name: "building", Value: "ASTORIA", From: day(t, "2025-08-01"), Known: day(t, "2026-01-15")})
	again, err := NameClass(b, class, children, first.Members, day(t, "2026-01-14"))
	if err != nil || !reflect.DeepEqual(again, first) {
		t.Fatalf("before anything is known: %d members, %v", len(again.Members), err)
	}
	later, err := NameClass(b, class, children, first.Members, day(t, "2026-01-15"))
	if err != nil || len(later.Members) != 185 || later.Hash == first.Hash {
		t.Fatalf("%d members, %v", len(later.Members), err)
	}
	late := later.Members[184]
	if late != (Member{191, amount(t, "1000.00"), day(t, "2026-01-15")}) || !reflect.DeepEqual(later.Members[:184], first.Members) {
		t.Fatalf("%+v", late)
	}
	wants := make([]Want, 0, 185)
	for _, m := range later.Members {
		c := children[m.Child-1]
		c.Events = append(c.Events, m.Event(class))
		for _, e := range Evaluate(b, c, day(t, "2026-02-01")) {
			w, asks := b.Want(c.ID, e, day(t, "2026-02-01"), ledger.Amount{}, ledger.Amount{})
			if !asks {
				t.Fatalf("child %d asks for nothing: %+v", c.ID, e)
			}
			wants = append(wants, w)
		}
	}
	grants := Fund(wants, money("ASTORIA", 184_000_00))
	for i, g := range grants[:184] {
		if g.Sum() != amount(t, "1000.00") || g.Waits.Sign() != 0 {
			t.Fatalf("child %d is given %+v", wants[i].Child, g)
		}
	}
	if grants[184].Waits != amount(t, "1000.00") {
		t.Fatalf("the 185th is given %+v", grants[184])
	}
	if e := Evaluate(b, children[190], day(t, "2026-02-01"))[0]; e.Amount.Sign() != 0 || e.Why.Reason != ReasonNotNamed {
		t.Fatalf("who was not named is given %s: %s", e.Amount, e.Why.Reason)
	}
}

func TestAClassIsNamedOnItsDayAndByItsBenefit(t *testing.T) {
	b := classBook(t, "{split: 100.00, by: contributed}")
	class, on := b.Classes()[0], day(t, classDay)
	children := pupils(t, 2, func(i int) Fact { return Fact{Name: "contributed", Value: ledger.Minor(100)} })
	for _, test := range []struct {
		name  string
		class ClassDay
		asOf  ledger.Date
		named []Member
	}{
		{"another benefit", ClassDay{"other", on}, on, nil},
		{"another day", ClassDay{"astoria", on.AddDays(1)}, on.AddDays(1), nil},
		{"before its day", class, on.AddDays(-1), nil},
		{"without those who shared the sum", class, on.AddDays(1), []Member{{Child: 77, Amount: ledger.Minor(100_00), On: on}}},
	} {
		if got, err := NameClass(b, test.class, children, test.named, test.asOf); err == nil {
			t.Errorf("%s: %+v", test.name, got)
		}
	}
	if got, err := NameClass(b, class, children, []Member{}, on.AddDays(5)); err != nil || len(got.Members) != 0 {
		t.Errorf("beside nobody there is no part: %+v, %v", got, err)
	}
	fixed := classBook(t, "{fixed: 10.00}")
	got, err := NameClass(fixed, class, children, []Member{}, on)
	if err != nil || fmt.Sprint(got.Members) != "[{1 10.00 2025-10-02} {2 10.00 2025-10-02}]" {
		t.Errorf("beside nobody a fixed amount is the same: %+v, %v", got, err)
	}
}

func TestAClassSharesTheWholeSumInWhateverOrder(t *testing.T) {
	equal, weighed := classBook(t, "{split: 1234.56}"), classBook(t, "{split: 1234.56, by: contributed}")
	rapid.Check(t, func(t *rapid.T) {
		on := ledger.NewDate(2025, 10, 1)
		children := make([]Child, rapid.IntRange(1, 40).Draw(t, "children"))
		for i := range children {
			children[i] = Child{ID: int64(i + 1), Facts: []Fact{
				{Name: "contributed", Value: ledger.Minor(rapid.Int64Range(0, 90_000).Draw(t, "contributed"))},
				{Name: "building", Value: rapid.SampledFrom([]string{"ASTORIA", "ASTORIA", "OTHER"}).Draw(t, "building")},
			}, Events: []Event{{Key: "e", Kind: Enrolled, On: on.AddDays(rapid.IntRange(-20, 5).Draw(t, "joined"))}}}
		}
		shuffled := rapid.Permutation(children).Draw(t, "order")
		for _, b := range []*Book{equal, weighed} {
			class, err := NameClass(b, b.Classes()[0], children, nil, on)
			again, _ := NameClass(b, b.Classes()[0], shuffled, nil, on)
			if err != nil || !reflect.DeepEqual(class, again) {
				t.Fatalf("%+v, and in another order %+v, %v", class, again, err)
			}
			var sum ledger.Amount
			for _, m := range class.Members {
				sum = sum.Add(m.Amount)
			}
			if len(class.Members) > 0 && sum != ledger.Minor(123_456) {
				t.Fatalf("%+v sum to %s", class.Members, sum)
			}
			later, err := NameClass(b, b.Classes()[0], shuffled, class.Members, on.AddDays(10))
			if err != nil || len(later.Members) < len(class.Members) {
				t.Fatalf("%+v, later %+v, %v", class, later, err)
			}
			checkKept(t, class.Members, later.Members)
		}
	})
}

// checkKept holds that nobody's part changed and that nobody was given more
// than those who shared the sum could be.
func checkKept(t *rapid.T, first, later []Member) {
	parts := map[int64]Member{}
	for _, m := range later {
		parts[m.Child] = m
	}
	for _, m := range first {
		if parts[m.Child] != m {
			t.Fatalf("%+v became %+v", m, parts[m.Child])
		}
	}
}
