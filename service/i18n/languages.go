package i18n

import (
	"time"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"seedbook/ledger"
)

// Language is a language Seedbook speaks, with its habits of writing.
type Language struct {
	Code string       // "es": names its catalogues and goes into <html lang>
	Name string       // in the language itself: "Español"
	Tag  language.Tag // the region whose formats are used
	RTL  bool         // written from right to left

	months      [12]string
	monthsShort [12]string
	am, pm      string
	and         string
	percent     string   // what follows the number
	forms       []string // plural forms of the counts 0, 1, 2, …
	spelling    spelling
	day         func(b []byte, l *Language, d ledger.Date, short bool) []byte
	dayOfYear   func(b []byte, l *Language, d ledger.Date) []byte // without the year
	month       func(b []byte, l *Language, d ledger.Date) []byte
}

// Languages are those Seedbook speaks, in the order a reader is offered them.
// The first answers where none is wanted. To add one: its entry here, its
// catalogues in locales, and the lint test will say what is missing.
//
// Spanish is the Spanish of the United States: $1,234.50, not 1.234,50 $.
var Languages = []Language{
	{
		Code: "en", Name: "English", Tag: language.AmericanEnglish,
		months: [12]string{"January", "February", "March", "April", "May", "June",
			"July", "August", "September", "October", "November", "December"},
		monthsShort: [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		am:          "AM", pm: "PM", and: "and", percent: "%",
		spelling: englishSpelling, day: englishDay, dayOfYear: englishDayOfYear, month: englishMonth,
	},
	{
		Code: "es", Name: "Español", Tag: language.MustParse("es-US"),
		months: [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio",
			"julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		monthsShort: [12]string{"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"},
		am:          "a.\u00a0m.", pm: "p.\u00a0m.", and: "y", percent: "\u00a0%",
		spelling: spanishSpelling, day: spanishDay, dayOfYear: spanishDayOfYear, month: spanishMonth,
	},
}

// englishDay is "September 1, 2026" or "Sep 1, 2026".
func englishDay(b []byte, l *Language, d ledger.Date, short bool) []byte {
	y, m, day := d.Time().Date()
	b = append(b, l.monthName(m, short)...)
	b = appendPlain(append(b, ' '), day)
	return appendPlain(append(b, ", "...), y)
}

func englishDayOfYear(b []byte, l *Language, d ledger.Date) []byte {
	_, m, day := d.Time().Date()
	return appendPlain(append(append(b, l.monthName(m, false)...), ' '), day)
}

func englishMonth(b []byte, l *Language, d ledger.Date) []byte {
	y, m, _ := d.Time().Date()
	return appendPlain(append(append(b, l.monthName(m, false)...), ' '), y)
}

// spanishDay is "1 de septiembre de 2026" or "1 sep 2026".
func spanishDay(b []byte, l *Language, d ledger.Date, short bool) []byte {
	y, m, day := d.Time().Date()
	of := " de "
	if short {
		of = " "
	}
	b = append(appendPlain(b, day), of...)
	b = append(append(b, l.monthName(m, short)...), of...)
	return appendPlain(b, y)
}

func spanishDayOfYear(b []byte, l *Language, d ledger.Date) []byte {
	_, m, day := d.Time().Date()
	return append(append(appendPlain(b, day), " de "...), l.monthName(m, false)...)
}

func spanishMonth(b []byte, l *Language, d ledger.Date) []byte {
	y, m, _ := d.Time().Date()
	return appendPlain(append(append(b, l.monthName(m, false)...), " de "...), y)
}

func (l *Language) monthName(m time.Month, short bool) string {
	if short {
		return l.monthsShort[m-1]
	}
	return l.months[m-1]
}

// counting tells which CLDR plural form a count takes, by asking go-i18n, whose
// rules are CLDR's.
var counting = func() *goi18n.Bundle {
	b := goi18n.NewBundle(language.English)
	for _, l := range Languages {
		b.MustAddMessages(l.Tag, &goi18n.Message{ID: "form",
			Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"})
	}
	return b
}()

// smallCounts are the forms of the counts that pages are full of.
const smallCounts = 200

func (l *Language) formOf(n int64) string {
	if n >= 0 && int(n) < len(l.forms) {
		return l.forms[n]
	}
	return l.askForm(n)
}

func (l *Language) askForm(n int64) string {
	form, err := goi18n.NewLocalizer(counting, l.Tag.String()).Localize(&goi18n.LocalizeConfig{MessageID: "form", PluralCount: n})
	if err != nil {
		return "other"
	}
	return form
}

// matcher is over Languages, in their order.
var matcher = func() language.Matcher {
	tags := make([]language.Tag, len(Languages))
	for i, l := range Languages {
		tags[i] = l.Tag
	}
	return language.NewMatcher(tags)
}()

// Match returns the code of the language that serves a reader best, given an
// Accept-Language header. An unreadable or empty header is English.
func Match(acceptLanguage string) string {
	if len(acceptLanguage) > 1000 {
		acceptLanguage = ""
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return Languages[0].Code
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return Languages[0].Code
	}
	return Languages[i].Code
}

// Speaks reports whether code is the code of one of our languages.
func Speaks(code string) bool {
	for _, l := range Languages {
		if l.Code == code {
			return true
		}
	}
	return false
}

// NameOf is a language's name in itself; the code where we do not speak it.
func NameOf(code string) string {
	for _, l := range Languages {
		if l.Code == code {
			return l.Name
		}
	}
	return code
}
