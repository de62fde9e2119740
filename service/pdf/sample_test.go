package pdf_test

import (
	"fmt"
	"time"

	"seedbook/service/pdf"
)

// words are what the sample statement says in one language.
type words struct {
	lang, title, who, period, total, own, program, when, coming, match, matchDay string
	history, caption                                                             string
	columns                                                                      [4]string
	dates                                                                        []string
	deposit, cash, award, why, sum                                               string
	rights, ask, check, code, page                                               string
}

var english = words{
	lang: "en-US", title: "Savings statement", who: "For ", period: ", July 1 to September 30, 2026",
	total: "All together on September 30", own: "Your money", program: "Program money",
	when: "Yours when it is used for school after high school", coming: "On its way",
	match: "Match for September", matchDay: "We add it by October 15",
	history: "What happened", caption: "Every movement, oldest first",
	columns: [4]string{"Date", "What", "Amount", "Balance"},
	dates:   []string{"Jul 4, 2026", "Jul 31, 2026", "Aug 15, 2026", "Sep 30, 2026"},
	deposit: "Your deposit", cash: "Cash day at Lincoln School", award: "Match for your savings",
	why: "One dollar for each dollar you saved, up to $25 a month", sum: "Change in these months",
	rights: "Your money is yours at any time. You can ask for it at your school or by telephone.",
	ask:    "Questions? Call (555) 010-0199 or visit ", check: "Is this statement real?",
	code: "Scan the square, or type code 7KD2-M9QX at the address above.", page: "Page %d of %d",
}

var spanish = words{
	lang: "es", title: "Estado de cuenta de ahorros", who: "Para ", period: ", del 1 de julio al 30 de septiembre de 2026",
	total: "Todo junto al 30 de septiembre", own: "Su dinero", program: "Dinero del programa",
	when: "Será suyo cuando se use para estudiar después de la preparatoria", coming: "En camino",
	match: "Aporte igual de septiembre", matchDay: "Lo agregamos antes del 15 de octubre",
	history: "Qué pasó", caption: "Cada movimiento, del más antiguo al más nuevo",
	columns: [4]string{"Fecha", "Qué", "Cantidad", "Saldo"},
	dates:   []string{"4 jul 2026", "31 jul 2026", "15 ago 2026", "30 sep 2026"},
	deposit: "Su depósito", cash: "Día de ahorro en la escuela Lincoln", award: "Aporte igual a sus ahorros",
	why: "Un dólar por cada dólar que usted ahorró, hasta $25 al mes", sum: "Cambio en estos meses",
	rights: "Su dinero es suyo en todo momento. Puede pedirlo en su escuela o por teléfono.",
	ask:    "¿Preguntas? Llame al (555) 010-0199 o visite ", check: "¿Es auténtico este estado de cuenta?",
	code: "Escanee el cuadro o escriba el código 7KD2-M9QX en la dirección de arriba.", page: "Página %d de %d",
}

var arabic = words{
	lang: "ar", title: "كشف حساب التوفير", who: "إلى ", period: "، من 1 يوليو إلى 30 سبتمبر 2026",
	total: "المجموع في 30 سبتمبر", own: "مالكم", program: "مال البرنامج",
	when: "يصبح لكم عند استعماله للدراسة بعد المدرسة الثانوية", coming: "في الطريق",
	match: "المبلغ المقابل لسبتمبر", matchDay: "نضيفه قبل 15 أكتوبر",
	history: "ماذا حدث", caption: "كل حركة، من الأقدم إلى الأحدث",
	columns: [4]string{"التاريخ", "الوصف", "المبلغ", "الرصيد"},
	dates:   []string{"4 يوليو 2026", "31 يوليو 2026", "15 أغسطس 2026", "30 سبتمبر 2026"},
	deposit: "إيداعكم", cash: "يوم التوفير في مدرسة Lincoln", award: "مبلغ مقابل لتوفيركم",
	why: "دولار عن كل دولار توفرونه، حتى \u2068$25\u2069 في الشهر", sum: "التغير في هذه الأشهر",
	rights: "مالكم لكم في كل وقت. يمكنكم طلبه في مدرستكم أو بالهاتف.",
	ask:    "هل لديكم أسئلة؟ اتصلوا بالرقم \u2068(555) 010-0199\u2069 أو زوروا ", check: "هل هذا الكشف صحيح؟",
	code: "امسحوا المربع أو اكتبوا الرمز \u20687KD2-M9QX\u2069 في العنوان أعلاه.", page: "صفحة %d من %d",
}

// sample is a statement with everything that statements have.
func sample(w words, child string) *pdf.Document {
	d := pdf.New(pdf.Options{
		Title: w.title + ": " + child, Lang: w.lang, Author: "Harbor City Children’s Savings",
		Created: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC),
		Head: func(page, _ int) (string, string) {
			if page == 1 {
				return "", ""
			}
			return w.title, child
		},
		Foot: func(page, pages int) (string, string) {
			return "Harbor City Children’s Savings", fmt.Sprintf(w.page, page, pages)
		},
	})
	d.H1(w.title)
	d.P(pdf.Plain(w.who), pdf.Bold(child), pdf.Plain(w.period))
	d.Panels(
		pdf.Panel{Pairs: []pdf.Pair{
			{Label: w.total, Value: "$1,240.10", Strong: true},
			{Label: w.own, Value: "$340.00"},
			{Label: w.program, Value: "$900.10", Note: w.when},
		}},
		pdf.Panel{Title: w.coming, Pairs: []pdf.Pair{{Label: w.match, Value: "$25.00", Note: w.matchDay}}},
	)
	d.H2(w.history)
	t := pdf.Table{
		Caption: w.caption, RowHeader: true,
		Columns: []pdf.Column{
			{Header: w.columns[0], Width: 1.5}, {Header: w.columns[1], Width: 4},
			{Header: w.columns[2], Align: pdf.Number, Width: 1.2}, {Header: w.columns[3], Align: pdf.Number, Width: 1.2},
		},
	}
	for _, date := range w.dates {
		t.Rows = append(t.Rows,
			[]pdf.Cell{{Text: date}, {Text: w.deposit, Note: w.cash}, {Text: "$25.00"}, {Text: "$1,190.10"}},
			[]pdf.Cell{{Text: date}, {Text: w.award, Note: w.why}, {Text: "−$12.50"}, {Text: "$1,177.60"}})
	}
	t.Foot = [][]pdf.Cell{{{Text: w.sum, Span: 2}, {Text: "$50.00"}, {Text: "$1,240.10"}}}
	d.Table(t)
	d.Bullets([]pdf.Span{pdf.Plain(w.rights)},
		[]pdf.Span{pdf.Plain(w.ask), {Text: "example.org/help", Link: "https://example.org/help"}, pdf.Plain(".")})
	d.Matrix(pdf.Matrix{
		Modules: checkered(25), Alt: w.check,
		Beside: [][]pdf.Span{{pdf.Bold(w.check)}, {pdf.Plain(w.code)}},
	})
	d.Rule()
	d.Note(pdf.Span{Text: "English: ask us for this statement in your language. ", Lang: "en"},
		pdf.Span{Text: "Español: pídanos este estado de cuenta en su idioma.", Lang: "es"})
	return d
}

// checkered is a pattern that looks a little like a QR code.
func checkered(n int) [][]bool {
	m := make([][]bool, n)
	for y := range m {
		m[y] = make([]bool, n)
		for x := range m[y] {
			m[y][x] = (x*x+y*y*3+x*y)%5 < 2
		}
	}
	return m
}
