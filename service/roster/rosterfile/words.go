package rosterfile

import (
	"regexp"
	"strings"

	"golang.org/x/text/language"
)

var gradeNumber = regexp.MustCompile(`^(?:grade|grado|gr\.?)?\s*0?(1[0-3]|[0-9])\s*(?:st|nd|rd|th|º|°|o|er|ro|do|to|mo|vo|no)?\.?\s*(?:grade|grado)?$`)

// gradeNames are the spellings of grades without a number of their own. A zero
// is kindergarten and −1 the year before, as school systems count.
var gradeNames = map[string]string{
	"kg": "KG", "k": "KG", "kdg": "KG", "kinder": "KG", "kindergarten": "KG", "kindergarden": "KG", "kínder": "KG", "-1": "PK",
	"pk": "PK", "prek": "PK", "pre-k": "PK", "prekindergarten": "PK", "pre-kindergarten": "PK", "prekínder": "PK", "prekinder": "PK",
	"tk": "TK", "it": "IT", "pr": "PR", "preschool": "PR", "ug": "UG", "ungraded": "UG",
	"ps": "PS", "ps1": "PS", "ps2": "PS", "ps3": "PS", "ps4": "PS", "postsecondary": "PS", "undergraduate": "PS", "graduate": "PS", "postgraduate": "PS",
}

// parseGrade brings a grade to its CEDS code (Entry Grade Level): PK, KG, 01 to
// 13 and a few others.
func parseGrade(s string) (code string, ok bool) {
	s = strings.ToLower(s)
	if code, ok := gradeNames[s]; ok || s == "" {
		return code, true
	}
	m := gradeNumber.FindStringSubmatch(s)
	switch {
	case m == nil:
		return "", false
	case m[1] == "0":
		return "KG", true
	}
	return ("0" + m[1])[len(m[1])-1:], true
}

// grade reads a grade, or a list of them with one in it.
func (g *reading) grade(column int) string {
	text := g.text(column)
	if text == "" {
		return ""
	}
	if code, ok := g.in.grades[text]; ok {
		return code
	}
	code, many, ok := oneGrade(text)
	switch {
	case !ok:
		g.note(gradeUnknown, column)
	case many:
		g.note(gradeMany, column)
	case len(g.in.grades) < 100: // a real file has a dozen spellings
		if g.in.grades == nil {
			g.in.grades = make(map[string]string)
		}
		g.in.grades[strings.Clone(text)] = code
	}
	return code
}

// oneGrade reads a comma-separated list of grades. Several different ones are
// none.
func oneGrade(list string) (code string, many, ok bool) {
	for part := range strings.SplitSeq(list, ",") {
		next, known := parseGrade(strings.TrimSpace(part))
		switch {
		case !known:
			return "", false, false
		case code != "" && next != "" && next != code:
			return "", true, true
		case next != "":
			code = next
		}
	}
	return code, false, true
}

// languages are the names of languages that programs write letters in
// (domain/people.md, F7); codes of any language are understood besides.
var languages = map[string]string{}

func init() {
	const known = `en english inglés ingles|es spanish español espanol castellano|zh chinese chino mandarin cantonese
		|vi vietnamese vietnamita|ar arabic árabe arabe|fil tagalog filipino|ru russian ruso|ht haitian kreyòl creole
		|pt portuguese portugués portugues|so somali somalí|fr french francés frances|bn bengali bengalí|ur urdu
		|ko korean coreano|sm samoan samoano|hmn hmong`
	for line := range strings.SplitSeq(known, "|") {
		names := strings.Fields(line)
		for _, name := range names[1:] {
			languages[name] = names[0]
		}
	}
}

// language reads the family's language: a name, a code or a tag such as es-US.
func (g *reading) language(column int) string {
	text := strings.ToLower(g.text(column))
	if text == "" {
		return ""
	}
	if code, ok := languages[text]; ok {
		return code
	}
	tag, err := language.Parse(text)
	base, sure := tag.Base()
	if err != nil || sure == language.No {
		g.note(languageUnknown, column)
		return ""
	}
	return base.String()
}

var zipCode = regexp.MustCompile(`^([0-9]{5})(?:-?[0-9]{4})?$`)

// zip reads five digits, with or without four more. Others are kept as written,
// with a note: a spreadsheet may have eaten a leading zero.
func (g *reading) zip(column int) string {
	text := g.text(column)
	if m := zipCode.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	if text != "" {
		g.note(zipUnclear, column)
	}
	return text
}
