package likeness

import "math/bits"

// odds are how often a field looks like this, in 100,000: between two records
// of one child, between strangers, between brothers and sisters.
type odds struct {
	level                    Level
	child, strangers, family int
}

// weights are what each field can say. They come from thinking about children
// in a program, not from a set of records: each says where its numbers are from.
// A column of a field adds up to 100,000.
var weights = map[Field][]odds{
	// First names are written alike in three of four pairs; schools write
	// nicknames and slips of the hand; one in twenty is another name altogether
	// (the middle name, a translation, a name change). The commonest first names
	// have about one child in a hundred, and two strangers share theirs in one
	// pair of two hundred. Parents give no name twice, but like them to rhyme: what
	// rhymes is Similar and no slip (see rhymes).
	Given: {
		{Same, 76000, 500, 30},
		{Short, 5000, 400, 200},
		{Near, 11000, 600, 200},
		{Similar, 3000, 2500, 6000},
		{Different, 5000, 96000, 93570},
	},
	// Middle names are often an initial or missing, and the same handful of
	// names is popular: they tell half of what first names tell.
	Middle: {
		{Same, 78000, 2000, 2500},
		{Short, 12000, 6000, 6000}, // the initial
		{Near, 3000, 500, 500},
		{Similar, 1000, 2500, 2500},
		{Different, 6000, 89000, 88500},
	},
	// Surnames: García alone is more than one child in a hundred of some cities.
	// Marriage, two parents and double surnames change or shorten one in ten.
	// Brothers and sisters share theirs unless the parents' differ, and one hand
	// writes them at one time: a slip between them is rare.
	Family: {
		{Same, 80000, 800, 84500},
		{Short, 4000, 600, 3000}, // one of two surnames
		{Near, 9000, 500, 1000},
		{Similar, 2000, 1500, 1500},
		{Different, 5000, 96600, 10000},
	},
	// Forms ask for given and family name in both orders; that strangers agree
	// only crosswise is as rare as that they agree, and we tried twice. One hand
	// writes brothers and sisters in one order.
	Order: {
		{Different, 2500, 10000, 1500},
		{Same, 97500, 90000, 98500},
	},
	// Jr. and III are left out as often as not, so only the meeting of two
	// different ones says anything: they are two people.
	Generation: {
		{Same, 99000, 60000, 60000},
		{Different, 1000, 40000, 40000},
	},
	// A program's children are born in some three years, a thousand days; a slip
	// (one digit, two changed places, day and month exchanged) leads to one date
	// in seventy of those. One birth in thirty is a twin's.
	Born: {
		{Same, 90000, 100, 2500},
		{Near, 6000, 1500, 1500},
		{Similar, 2500, 6000, 6000}, // two of year, month and day, or two wrong digits
		{Different, 1500, 92400, 90000},
	},
	// A third of families move between two records, and another hand writes an
	// address in another way. Neighbours share a street, seldom the number;
	// brothers and sisters share both, written alike.
	Street: {
		{Same, 38000, 60, 80000},
		{Near, 24000, 60, 6000},     // the same home in other words
		{Similar, 6000, 1000, 6000}, // the street, and another number or none
		{Different, 32000, 98880, 8000},
	},
	// A city has a dozen ZIP codes, and families often move within one.
	Place: {
		{Same, 76000, 10000, 93000},
		{Near, 6000, 8000, 1000},
		{Different, 18000, 82000, 6000},
	},
	// Most children of a program live in the city it is for.
	City: {
		{Same, 78000, 40000, 93500},
		{Near, 10000, 1000, 1500},
		{Different, 12000, 59000, 5000},
	},
	// Records name one of two guardians, and not always the same one. A guardian's
	// surname is mostly the child's and says nothing new; that one of two first
	// names agrees by chance is likelier than that a child's does.
	Guardian: {
		{Same, 66000, 1500, 80000},
		{Near, 9000, 2500, 3000},
		{Different, 25000, 96000, 17000},
	},
	// Telephones and e-mails change every few years; strangers do not share them.
	Contact: {
		{Same, 66000, 20, 85000},
		{Near, 4000, 30, 1000},
		{Different, 30000, 99950, 14000},
	},
}

// What a pair is worth before anything is compared. About one child in twenty
// is on record twice where several schools and agencies send lists (hospitals,
// who counted, find eight to twelve in a hundred: AHIMA, Perspectives in HIM
// 2016), so among n children one pair in 10·n is one child; and for one such
// pair there are twelve of brothers and sisters.
const siblingPrior = -358

// Caseload is what the records that are searched have in common: how many
// children there are, and how many bear each name, as Profile.Names has it. A
// name that is not counted is taken for an ordinary one.
type Caseload struct {
	Children int
	Bearers  map[string]int
}

// prior is the logarithm of the odds that two of the children are one.
func (c Caseload) prior() int { return -332 - log2(max(c.Children, 2)) }

// rare bounds what a rare name says: a quarter as often as an ordinary one.
const rare = 4

// against are the weights of a level against strangers and against brothers and
// sisters. Where two share a name, strangers do so as often as it is borne: José
// García says less than Wren Kowalski (Winkler, 1989).
func (c Caseload) against(f finding) (strangers, family int) {
	w := logarithms[place(f.field)][rank(f.level)]
	if n := c.Bearers[f.name]; f.name != "" && n > 0 && c.Children > 0 {
		return w.child - log2(max(n*100_000/c.Children, w.odds.strangers/rare)), w.child - w.family
	}
	return w.child - w.strangers, w.child - w.family
}

// logged is a level's odds as logarithms.
type logged struct {
	child, strangers, family int
	odds                     odds
}

// limits are what fields say at most.
type limits struct{ strangers, siblings int }

// logarithms are the weights by the place of the field and the rank of the
// level, best is what a field can say at most and most what all fields can.
var logarithms, best, most = func() (all [fields][levels]logged, best [fields]limits, most limits) {
	for f, rows := range weights {
		at := place(f)
		for _, o := range rows {
			w := logged{log2(o.child), log2(o.strangers), log2(o.family), o}
			all[at][rank(o.level)] = w
			rarest := w.strangers
			if (f == Given || f == Family) && o.level == Same {
				rarest = log2(o.strangers / rare)
			}
			best[at].strangers, best[at].siblings = max(best[at].strangers, w.child-rarest), max(best[at].siblings, w.child-w.family)
		}
		most.strangers, most.siblings = most.strangers+best[at].strangers, most.siblings+best[at].siblings
	}
	return all, best, most
}()

// log2 is 100 times the binary logarithm of a positive number, rounded down, in
// whole numbers: the fraction is found digit by digit by squaring.
func log2(n int) int {
	whole := bits.Len(uint(n)) - 1
	// x is n as 1 to 2 with 31 binary places.
	x := uint64(n) << 31 >> whole
	fraction := 0
	for range 10 {
		x = x * x >> 31
		fraction <<= 1
		if x >= 1<<32 {
			fraction |= 1
			x >>= 1
		}
	}
	return whole*100 + fraction*100>>10
}
