package likeness

import (
	"slices"
	"testing"

	"seedbook/ledger"
)

func born(t *testing.T, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// town is a caseload of 20,000 in which nobody's name stands out.
var town = Caseload{Children: 20_000}

// maria is a child of whom much is known.
func maria(t *testing.T) Person {
	return Person{Given: "María José", Family: "Núñez García", BornOn: born(t, "2016-03-14"), Street: "12 Oak Street, Apt 4", City: "Riverbend",
		ZIP: "60601", Guardians: []string{"Lucía García"}, Phones: []string{"(312) 555-0142"}}
}

func TestEveryFieldsOddsAddUp(t *testing.T) {
	for f, rows := range weights {
		var child, strangers, family int
		for _, o := range rows {
			child, strangers, family = child+o.child, strangers+o.strangers, family+o.family
		}
		if child != 100_000 || strangers != 100_000 || family != 100_000 {
			t.Errorf("%s: %d, %d, %d, want 100000 each", f, child, strangers, family)
		}
	}
}

func TestLogarithmsAreExactToAHundredth(t *testing.T) {
	for n, want := range map[int]int{1: 0, 2: 100, 3: 158, 10: 332, 1000: 996, 65536: 1600, 100_000: 1660} {
		if got := log2(n); got != want {
			t.Errorf("log2(%d) = %d, want %d", n, got, want)
		}
	}
}

// TestPairs is what a director would say of pairs of records.
func TestPairs(t *testing.T) {
	const (
		certainly = "certain"
		proposed  = "proposed"
		apart     = "apart"
	)
	for _, test := range []struct {
		name    string
		change  func(p *Person)
		want    string
		caution Caution
	}{
		{"the same record", func(p *Person) {}, certainly, None},
		{"no accents, capitals, one hyphen", func(p *Person) { p.Given, p.Family = "MARIA JOSE", "NUNEZ-GARCIA" }, certainly, None},
		{"names in the other order", func(p *Person) { p.Given, p.Family = p.Family, p.Given }, certainly, None},
		{"one of two surnames", func(p *Person) { p.Family = "Núñez" }, certainly, None},
		{"one of two first names", func(p *Person) { p.Given = "María" }, proposed, None},
		{"day and month exchanged", func(p *Person) { p.BornOn = born(t, "2016-04-13") }, proposed, None},
		{"a digit of the year wrong", func(p *Person) { p.BornOn = born(t, "2015-03-14") }, proposed, None},
		{"a digit of the day wrong", func(p *Person) { p.BornOn = born(t, "2016-03-15") }, proposed, None},
		{"moved, with another telephone", func(p *Person) { p.Street, p.ZIP, p.Phones = "9 Elm Ave", "60614", []string{"3125550199"} }, proposed, None},
		{"nothing known but name and birth date", func(p *Person) { *p = Person{Given: p.Given, Family: p.Family, BornOn: p.BornOn} }, proposed, None},
		{"no birth date", func(p *Person) { p.BornOn = ledger.Date{} }, proposed, None},
		{"a twin", func(p *Person) { p.Given = "Ana Lucía" }, apart, Twin},
		{"a twin whose name rhymes", func(p *Person) { p.Given = "Mario José" }, apart, Twin},
		{"a twin of one letter", func(p *Person) { p.Given = "Dana José" }, apart, Twin},
		{"a brother", func(p *Person) { p.Given, p.BornOn = "Daniel", born(t, "2018-11-02") }, apart, None},
		{"the generation left out", func(p *Person) { p.Family += ", III" }, proposed, Junior},
		{"a stranger of the same name", func(p *Person) {
			*p = Person{Given: p.Given, Family: p.Family, BornOn: born(t, "2013-11-02"), Street: "9 Elm Ave", City: "Riverbend", ZIP: "60614"}
		}, apart, None},
		{"a stranger born on the same day", func(p *Person) {
			*p = Person{Given: "Wren", Family: "Kowalski", BornOn: p.BornOn, City: "Riverbend", ZIP: "60601"}
		}, apart, Twin},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := maria(t), maria(t)
			test.change(&b)
			l, turned := Compare(Prepare(a), Prepare(b), town), Compare(Prepare(b), Prepare(a), town)
			got := apart
			switch {
			case l.Certain():
				got = certainly
			case l.Worthy():
				got = proposed
			}
			if got != test.want || l.Caution != test.caution {
				t.Errorf("%s (%d) with caution %q, want %s with %q\n%+v", got, l.Score, l.Caution, test.want, test.caution, l.Evidence)
			}
			if turned.Score != l.Score || turned.Caution != l.Caution {
				t.Errorf("the other way round it is %d, not %d", turned.Score, l.Score)
			}
		})
	}
}

func TestJuniorsAreTwoPeople(t *testing.T) {
	father := Person{Given: "Robert", Family: "Kim Jr.", BornOn: born(t, "2016-03-14"), Street: "12 Oak St", ZIP: "60601"}
	son := father
	son.Family = "Kim III"
	l := Compare(Prepare(father), Prepare(son), town)
	if l.Certain() || l.Caution != Junior {
		t.Errorf("Jr. and III: score %d, caution %q", l.Score, l.Caution)
	}
}

func TestACommonNameSaysLess(t *testing.T) {
	a := Prepare(Person{Given: "José", Family: "García", BornOn: born(t, "2016-03-14")})
	common := Caseload{Children: 20_000, Bearers: map[string]int{"given|jose": 600, "family|garcia": 900}}
	scarce := Caseload{Children: 20_000, Bearers: map[string]int{"given|jose": 2, "family|garcia": 2}}
	often, seldom := Compare(a, a, common).Score, Compare(a, a, scarce).Score
	if often >= 200 || seldom < 500 || seldom-often < 500 {
		t.Errorf("name and birth date alone: %d where many are called so, %d where two are", often, seldom)
	}
}

func TestWhatIsMissingSaysNothing(t *testing.T) {
	full := Prepare(maria(t))
	bare := maria(t)
	bare.Street, bare.City, bare.ZIP, bare.Guardians, bare.Phones = "", "", "", nil, nil
	for _, e := range Compare(full, Prepare(bare), town).Evidence {
		if e.Level == Missing && e.Weight != 0 {
			t.Errorf("%s is missing and weighs %d", e.Field, e.Weight)
		}
	}
}

func TestNicknamesAndSounds(t *testing.T) {
	for _, p := range [][2]string{{"Robert", "Bob"}, {"José", "Pepe"}, {"Guadalupe", "Lupita"}, {"Elizabeth", "Beth"}, {"Muhammad", "Mohamed"}, {"Alex", "Alejandra"}} {
		a, b := Profile{}, Profile{}
		a.given, _ = nameWords(p[0])
		b.given, _ = nameWords(p[1])
		if got := compareGiven(a, b); got != Short {
			t.Errorf("%s and %s are %s", p[0], p[1], got)
		}
	}
	for _, p := range [][2]string{{"vasquez", "basquez"}, {"jimenez", "gimenez"}, {"cruz", "crus"}, {"llamas", "yamas"}, {"castillo", "castilo"}, {"phillips", "filips"}, {"hernandez", "ernandes"}} {
		if sound(p[0]) != sound(p[1]) {
			t.Errorf("%s sounds %s and %s sounds %s", p[0], sound(p[0]), p[1], sound(p[1]))
		}
	}
}

func TestSlips(t *testing.T) {
	for _, test := range []struct {
		a, b       string
		slips, jaw int
	}{
		{"martha", "marhta", 1, 961}, {"dwayne", "duane", 2, 840}, {"dixon", "dicksonx", 4, 813},
		{"", "abc", 3, 0}, {"abc", "abc", 0, 1000}, {"ca", "ac", 1, 0}, {"ñandú", "nandu", 2, 733},
	} {
		if got := slips(test.a, test.b); got != test.slips {
			t.Errorf("slips(%q, %q) = %d, want %d", test.a, test.b, got, test.slips)
		}
		if got := jaroWinkler(test.a, test.b); got < test.jaw-3 || got > test.jaw+3 {
			t.Errorf("jaroWinkler(%q, %q) = %d, want %d", test.a, test.b, got, test.jaw)
		}
	}
}

func TestKeysMeetInSpiteOfAMistake(t *testing.T) {
	a := Prepare(maria(t)).Keys()
	for name, change := range map[string]func(p *Person){
		"a slip in the surname":        func(p *Person) { p.Family = "Muñez García" },
		"a birth date that is wrong":   func(p *Person) { p.BornOn = born(t, "2011-12-31") },
		"another name, the same home":  func(p *Person) { p.Given, p.BornOn = "Guadalupe", ledger.Date{} },
		"another surname":              func(p *Person) { p.Family = "Smith" },
		"moved, date exchanged":        func(p *Person) { p.Street, p.ZIP, p.BornOn = "", "", born(t, "2016-04-13") },
		"names exchanged, no birthday": func(p *Person) { p.Given, p.Family, p.BornOn = p.Family, p.Given, ledger.Date{} },
	} {
		p := maria(t)
		change(&p)
		if keys := Prepare(p).Keys(); !slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(a, k) }) {
			t.Errorf("%s: the two do not meet", name)
		}
	}
	if keys := Prepare(Person{}).Keys(); len(keys) != 0 {
		t.Errorf("nobody meets under %q", keys)
	}
}

func TestATwinsSecondRecordIsNotItsBrothers(t *testing.T) {
	ana, eva := maria(t), maria(t)
	ana.Given, eva.Given = "Ana", "Eva"
	again := eva // of another office, after the family moved
	again.Family, again.Street, again.ZIP = "Nuñez", "9 Elm Ave", "60614"
	people := []Profile{Prepare(ana), Prepare(eva), Prepare(again)}
	var pairs []Pair
	for a := range people {
		for b := a + 1; b < len(people); b++ {
			pairs = append(pairs, Pair{int64(a), int64(b), Compare(people[a], people[b], town)})
		}
	}
	kept := Sift(pairs)
	if len(kept) != 1 || kept[0].A != 1 || kept[0].B != 2 {
		t.Errorf("kept %+v, want Eva and her second record alone", kept)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("María", "Núñez", "12 Oak", "60601", "Maria", "Nunez III", "", "60610")
	f.Add("", "de la", "", "", "x", "", "Jr.", "1")
	f.Fuzz(func(t *testing.T, g1, f1, s1, z1, g2, f2, s2, z2 string) {
		a := Prepare(Person{Given: g1, Middle: z1, Family: f1, Street: s1, ZIP: z1, City: s2, Guardians: []string{f2}, Phones: []string{z2}, Emails: []string{s1}})
		b := Prepare(Person{Given: g2, Middle: z2, Family: f2, Street: s2, ZIP: z2, City: s1, Guardians: []string{f1}, Phones: []string{z1}, Emails: []string{s2}})
		if l, r := Compare(a, b, town), Compare(b, a, town); l.Score != r.Score {
			t.Errorf("%d one way, %d the other", l.Score, r.Score)
		}
		a.Keys()
	})
}
