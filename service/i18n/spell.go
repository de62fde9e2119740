package i18n

import (
	"fmt"
	"strings"

	"seedbook/ledger"
)

// Spell is an amount in words, as on a check: "one thousand two hundred five and
// 07/100". Whoever reads a large amount twice sees a misplaced comma.
func (w *Words) Spell(a ledger.Amount) string {
	n := a.Minor()
	sign := ""
	if n < 0 {
		sign, n = w.language.spelling.minus+" ", -n
	}
	return fmt.Sprintf("%s%s %s %02d/100", sign, w.language.spelling.whole(n/100), w.language.spelling.with, n%100)
}

// spelling is how a language says numbers.
type spelling struct {
	minus, with string
	whole       func(n int64) string
}

var englishSpelling = spelling{"minus", "and", englishWhole}

var englishSmall = strings.Fields(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
	sixteen seventeen eighteen nineteen`)

var englishTens = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")

// englishWhole is a number from zero to less than a quadrillion.
func englishWhole(n int64) string {
	for _, scale := range []struct {
		n    int64
		name string
	}{{1_000_000_000_000, "trillion"}, {1_000_000_000, "billion"}, {1_000_000, "million"}, {1000, "thousand"}, {100, "hundred"}} {
		if n >= scale.n {
			return rest(englishWhole(n/scale.n)+" "+scale.name, n%scale.n, englishWhole)
		}
	}
	switch {
	case n < 20:
		return englishSmall[n]
	case n%10 == 0:
		return englishTens[n/10]
	}
	return englishTens[n/10] + "-" + englishSmall[n%10]
}

func rest(said string, n int64, whole func(int64) string) string {
	if n == 0 {
		return said
	}
	return said + " " + whole(n)
}

var spanishSpelling = spelling{"menos", "con", spanishWhole}

var spanishSmall = strings.Fields(`cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince
	dieciséis diecisiete dieciocho diecinueve veinte veintiún veintidós veintitrés veinticuatro veinticinco veintiséis
	veintisiete veintiocho veintinueve`)

var spanishTens = strings.Fields("- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa")

var spanishHundreds = strings.Fields("- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos")

// spanishWhole is a number of dollars from zero to less than a trillion, before
// the noun: "un", "veintiún".
func spanishWhole(n int64) string {
	switch {
	case n >= 1_000_000:
		millions := "millones"
		if n/1_000_000 == 1 {
			millions = "millón"
		}
		return rest(spanishWhole(n/1_000_000)+" "+millions, n%1_000_000, spanishWhole)
	case n >= 2000:
		return rest(spanishWhole(n/1000)+" mil", n%1000, spanishWhole)
	case n >= 1000:
		return rest("mil", n%1000, spanishWhole)
	case n == 100:
		return "cien"
	case n > 100:
		return rest(spanishHundreds[n/100], n%100, spanishWhole)
	case n < 30:
		return spanishSmall[n]
	case n%10 == 0:
		return spanishTens[n/10]
	}
	return spanishTens[n/10] + " y " + spanishSmall[n%10]
}
