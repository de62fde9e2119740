package trial

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"seedbook/ledger"
	"seedbook/service/likeness"
)

// town makes up a caseload that is like Febrl's in nothing: American and
// Mexican names of very uneven frequency, one city with nine ZIP codes, five
// school years, families of one to four children, twins, a father's name given
// on, guardians and telephones; and the mistakes of school offices: nicknames,
// one of two surnames, lost accents, dates exchanged, families that moved.
type town struct {
	*rand.Rand
	records []Record
	twins   map[[2]string]bool // children who are twins
}

var (
	townGiven = strings.Fields(`María José Sofía Mateo Camila Santiago Valentina Diego Isabella Sebastián Emily Daniel Daniela Alexander
		Ashley Anthony Natalie Christopher Samantha Joshua Elizabeth Matthew Victoria Andrew Gabriela Gabriel Andrea Andrés Mia Liam Emma Noah
		Olivia Ethan Ava Jayden Kayden Aiden Zoe Luis Carlos Juan Miguel Ángel Jesús Guadalupe Francisco Roberto Alejandro Alejandra Ximena
		Nayeli Itzel Citlali Axel Iker Leonardo Ramón Tenzin Aaliyah DeShawn Latoya Nguyên Thảo Mohammed Fatima Zeynep Siobhán Björn Wren`)
	townFamily = strings.Fields(`García Hernández Martínez López González Rodríguez Pérez Sánchez Ramírez Torres Flores Rivera Gómez Díaz Cruz
		Morales Reyes Gutiérrez Ortiz Chávez Ramos Ruiz Mendoza Álvarez Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Thomas
		Taylor Moore Jackson Nguyen Tran Kim O'Brien Washington Abdi Castañeda Núñez Ibáñez Zavala Quiroz Villaseñor Kowalski Haddad`)
	townStreets = strings.Fields(`Oak Maple Washington Mission Cesar-Chavez Elm Main Lincoln Jefferson Rosewood Alameda Sunset Hillcrest
		Guadalupe River Orchard Union Station Prospect Fremont Cedar Highland Juniper Larkspur Manzanita`)
)

// often draws the first of a list far more often than the last, and half of the
// time a name that few bear.
func (t *town) often(from []string) string {
	if t.chance(50) {
		return t.rare()
	}
	n := len(from)
	return from[min(t.IntN(n), t.IntN(n))]
}

// rare makes a name up of syllables.
func (t *town) rare() string {
	const heads, tails = "BCDFGHJKLMNPRSTVWZ", "aeiou"
	middles := strings.Fields("lan rin mer vel dan sha ton ric bel nor gan fer mon tal rus ko ya li")
	name := string(heads[t.IntN(len(heads))]) + string(tails[t.IntN(len(tails))]) + middles[t.IntN(len(middles))]
	if t.chance(80) {
		name += middles[t.IntN(len(middles))]
	}
	return name
}

func (t *town) chance(percent int) bool { return t.IntN(100) < percent }

func newTown(seed uint64, families int) *town {
	t := &town{Rand: rand.New(rand.NewPCG(seed, 7)), twins: map[[2]string]bool{}}
	for f := range families {
		t.family(f)
	}
	return t
}

func (t *town) home() (street, zip string) {
	return fmt.Sprintf("%d %s %s", 1+t.IntN(3900), t.often(townStreets), []string{"St", "Ave", "Rd", "Ln"}[t.IntN(4)]), fmt.Sprintf("9%04d", 4100+t.IntN(9))
}

func (t *town) phone() string { return fmt.Sprintf("(510) %07d", 2000000+t.IntN(8000000)) }

func (t *town) birth() ledger.Date {
	return ledger.NewDate(2014, 9, 1).AddDays(t.IntN(5 * 365))
}

func (t *town) family(n int) {
	surname := t.often(townFamily)
	if t.chance(35) {
		surname += " " + t.often(townFamily)
	}
	street, zip := t.home()
	base := likeness.Person{Family: surname, Street: street, City: "Riverbend", ZIP: zip, Phones: []string{t.phone()},
		Guardians: []string{t.often(townGiven) + " " + surname, t.often(townGiven) + " " + t.often(townFamily)}}
	children := 1 + min(t.IntN(4), t.IntN(4))
	var before likeness.Person
	named := map[string]bool{}
	for c := range children {
		p := base
		p.Given, p.BornOn = t.often(townGiven), t.birth()
		for named[p.Given] {
			p.Given = t.often(townGiven)
		}
		named[p.Given] = true
		name := fmt.Sprintf("%d/%d", n, c)
		if c > 0 && t.chance(3) { // one birth in thirty is a twin's
			p.BornOn = before.BornOn
			t.twins[[2]string{fmt.Sprintf("%d/%d", n, c-1), name}] = true
		}
		if t.chance(30) {
			p.Middle = t.often(townGiven)
		}
		before = p
		t.records = append(t.records, Record{Person: p, Child: name})
		if t.chance(7) {
			t.records = append(t.records, Record{Person: t.again(p), Child: name})
		}
	}
}

// again is how another office writes the same child down.
func (t *town) again(p likeness.Person) likeness.Person {
	p.Guardians, p.Phones = slices.Clone(p.Guardians), slices.Clone(p.Phones)
	for _, m := range []struct {
		percent int
		make    func()
	}{
		{15, func() { p.Given = t.slip(p.Given) }},
		{12, func() { p.Family = t.slip(p.Family) }},
		{25, func() { p.Given, p.Family = plain(p.Given), plain(p.Family) }},
		{50, func() { p.Family = strings.Fields(p.Family)[0] }},
		{6, func() { p.Given, p.Family = p.Family, p.Given }},
		{8, func() { p.Given = short(p.Given) }},
		{6, func() { p.BornOn = t.misdate(p.BornOn) }},
		{3, func() { p.BornOn = ledger.Date{} }},
		{30, func() { p.Street, p.ZIP = t.home() }},
		{10, func() { p.Street = "" }},
		{35, func() { p.Phones = []string{t.phone()} }},
		{20, func() { p.Phones = nil }},
		{50, func() { p.Guardians = p.Guardians[1:] }},
		{20, func() { p.Guardians = nil }},
		{40, func() { p.Middle = "" }},
		{30, func() { p.City = "" }},
	} {
		if t.chance(m.percent) {
			m.make()
		}
	}
	return p
}

func (t *town) slip(s string) string {
	r := []rune(s)
	i := 1 + t.IntN(max(len(r)-2, 1))
	switch t.IntN(3) {
	case 0:
		return string(slices.Delete(r, i, i+1))
	case 1:
		r[i] = rune('a' + t.IntN(26))
		return string(r)
	}
	r[i-1], r[i] = r[i], r[i-1]
	return string(r)
}

func (t *town) misdate(d ledger.Date) ledger.Date {
	switch {
	case t.chance(40) && d.Day() <= 12:
		return ledger.NewDate(d.Year(), timeMonth(d.Day()), int(d.Month()))
	case t.chance(50):
		return ledger.NewDate(d.Year()-1, d.Month(), min(d.Day(), 28))
	}
	return d.AddDays([]int{-10, 1, 10}[t.IntN(3)])
}

func plain(s string) string {
	return strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "Á", "A", "ê", "e", "ả", "a", "ö", "o").Replace(s)
}

func short(given string) string {
	for long, s := range map[string]string{"José": "Pepe", "Francisco": "Paco", "Guadalupe": "Lupita", "Alexander": "Alex", "Elizabeth": "Beth",
		"Roberto": "Beto", "Matthew": "Matt", "Samantha": "Sam", "Christopher": "Chris", "Daniel": "Danny", "Jesús": "Chuy"} {
		if given == long {
			return s
		}
	}
	return given
}
