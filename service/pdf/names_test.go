package pdf_test

import (
	"fmt"
	"strings"
	"testing"

	"seedbook/service/pdf"
)

// hardNames are names and texts that have broken documents elsewhere.
var hardNames = []struct {
	what, text string
	rtl        bool   // runs right to left
	poppler    string // what poppler 22 gets wrong of it
}{
	{what: "plain", text: "Ana Maria Lopez"},
	{what: "composed", text: "María Peña Núñez"},
	{what: "decomposed", text: "Mari\u0301a Pen\u0303a Nu\u0301n\u0303ez"},
	{what: "Vietnamese", text: "Nguyễn Thị Phượng Đặng"},
	{what: "Vietnamese decomposed", text: "Nguye\u0302\u0303n Thi\u0323 Phu\u031bo\u031b\u0323ng"},
	{what: "okina", text: "Kahoʻolawe Keliʻi"},
	{what: "apostrophe", text: "O’Brien D'Angelo"},
	{what: "one letter", text: "Ø"},
	{what: "one name", text: "Suharto"},
	{what: "stacked marks", text: "X\u0301\u0323\u0308 a\u0328\u0301"},
	{what: "marks without a composed form", text: "m\u0300 n\u030d s\u0329"},
	{what: "mark no font has", text: "a\U0001E8D0b"},
	{what: "Turkish", text: "İbrahim Işık"},
	{what: "Yoruba", text: "Adébáyọ̀ Ọlásẹ̀hìndé"},
	{what: "Navajo", text: "Diné bizaad Ąąʼ łį́"},
	{what: "Polish, Czech, Latvian", text: "Łukasz Dvořák Ķēniņš"},
	{what: "Greek", text: "Γιώργος Παπαδόπουλος"},
	{what: "Cyrillic", text: "Сергій Шевченко"},
	{what: "Hebrew", text: "שרה לוי", rtl: true},
	{what: "Hebrew with points", text: "שָׂרָה לֵוִי", rtl: true},
	{what: "Arabic", text: "محمد عبد الله", rtl: true},
	{what: "Arabic lam alef", text: "سلام علاء الإسلام", rtl: true},
	{what: "Arabic with vowels", text: "مُحَمَّد", rtl: true},
	{what: "Persian", text: "پریسا گلچین‌زاده", rtl: true},
	{what: "Urdu", text: "ٹیپو سلطان", rtl: true},
	{what: "Arabic and English", text: "محمد Ali عمر", rtl: true},
	{what: "English and Hebrew", text: "David דוד Levi", rtl: true},
	{what: "Arabic and digits", text: "شقة 12 شارع 345", rtl: true},
	{what: "Armenian", text: "Արամ Խաչատրյան"},
	{what: "Georgian", text: "ნინო გიორგაძე"},
	{what: "Han", text: "王小明 歐陽"},
	{what: "Japanese", text: "さくら サクラ 髙橋"},
	{what: "Hangul", text: "김민준"},
	{what: "Hangul jamo", text: "\u1112\u1161\u11ab"},
	{what: "Devanagari", text: "क्षितिज शर्मा"},
	{what: "Bengali", text: "রবীন্দ্রনাথ"},
	{what: "Thai", text: "สมชาย"},
	{what: "Amharic", text: "አበበ"},
	{what: "Khmer", text: "សុខា"},
	{what: "Cherokee", text: "ᏣᎳᎩ"},
	{what: "emoji", text: "Ana 😀 👩‍👧‍👦 🇲🇽 👍🏽"},
	{what: "ligature letters", text: "ﬁnn oﬀice eﬃcient"},
	{what: "letters that join", text: "Griffin Affleck fi fl ffi"},
	{what: "soft hyphen and joiners", text: "Anna\u00adlena a\u200db c\u200cd e\u2060f"},
	{what: "direction marks", text: "\u200eAli\u200f", rtl: true},
	{what: "isolates", text: "\u2068علي\u2069 (Ali)", rtl: true, poppler: "turns the text in brackets round"},
	{what: "override", text: "abc\u202edef\u202cghi"},
	{what: "spaces", text: "a\u00a0b\u2009c\u202fd\u3000e"},
	{what: "signs", text: "€ £ ¥ ¢ − × ÷ ½ ¼ © ® ™ § ¶ † ‡ • … – — → ≤ ≥ ≠ ✓"},
	{what: "brackets and slashes", text: `(a) [b] {c} <d> \e/ (( \( ))`},
	{what: "quotes", text: `"a" 'b' “c” ‘d’ «e» ‹f›`},
	{what: "mathematical letters", text: "𝒜𝓃𝒶 𝐀𝐧𝐚"},
	{what: "private use", text: "A\ue000B"},
	{what: "unassigned", text: "A\U000378B0B"},
	{what: "replacement", text: "A\ufffdB"},
	{what: "leading mark", text: "\u0301abc"},
	{what: "three hundred letters", text: strings.Repeat("Wolfeschlegelsteinhausen", 13)[:300]},
	{what: "three hundred Arabic letters", text: strings.Repeat("محمد", 75), rtl: true},
	{what: "three hundred Han letters", text: strings.Repeat("王", 300)},
	{what: "twelve marks", text: "a" + strings.Repeat("\u0301", 12)},
	{what: "three hundred marks", text: "a" + strings.Repeat("\u0301", 300), poppler: "takes repeated text at one place for a shadow"},
}

// The tests of texts from hand to hand: whatever is put in is what a screen
// reader gets, wherever it stands and in whatever language the document is.
func TestHardNamesAreReadAsTheyWereWritten(t *testing.T) {
	for _, lang := range []string{"en-US", "ar"} {
		t.Run(lang, func(t *testing.T) {
			d := pdf.New(pdf.Options{Title: "Names", Lang: lang})
			table := pdf.Table{Columns: []pdf.Column{{Header: "Name"}, {Header: "Again"}}, RowHeader: true}
			for _, n := range hardNames {
				d.P(pdf.Plain(n.text))
				d.P(pdf.Span{Text: n.text, Italic: true}, pdf.Bold(n.text))
				table.Rows = append(table.Rows, []pdf.Cell{{Text: n.text}, {Text: n.text, Bold: true, Note: n.text}})
			}
			d.Table(table)
			got := check(t, d)
			for i, e := range got.All("Document")[0].Kids[:2*len(hardNames)] {
				want := strings.Repeat(hardNames[i/2].text, i%2+1)
				if text := e.Element.Text(); text != want {
					t.Errorf("%s:\n got %+q\nwant %+q", hardNames[i/2].what, text, want)
				}
			}
			for i, e := range got.All("TBody")[0].Kids {
				cells := e.Element.Kids
				text := fmt.Sprint(cells[0].Element.Text(), "|", cells[1].Element.Kids[0].Element.Text(), "|", cells[1].Element.Kids[1].Element.Text())
				if want := fmt.Sprint(hardNames[i].text, "|", hardNames[i].text, "|", hardNames[i].text); text != want {
					t.Errorf("%s in a table:\n got %+q\nwant %+q", hardNames[i].what, text, want)
				}
			}
		})
	}
}

func TestControlCharactersBecomeReadable(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"a\tb", "a b"},
		{"a\r\nb\nc", "a b c"},
		{"a\x00b\x1bc", "a\ufffdb\ufffdc"},
		{"a\xffb", "a\ufffdb"},
		{"\ufeffAna", "Ana"},
		{"a\ufffeb", "a\ufffdb"},
		{"a\u2028b", "a b"},
	} {
		d := pdf.New(pdf.Options{Title: test.in, Lang: "en"})
		d.P(pdf.Plain(test.in))
		if got := check(t, d).All("P")[0].Text(); got != test.want {
			t.Errorf("%+q reads %+q, want %+q", test.in, got, test.want)
		}
	}
}
