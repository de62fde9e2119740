package rosterfile

import (
	"io"
	"strings"

	"seedbook/service/tabular"
)

// names are what districts call the fields, in English and Spanish.
var names = map[Field]string{
	SourceID:      "sourcedid|source id|state file number|state file no|file number|certificate number|número de acta|sis id|person id|unique id",
	StudentNumber: "student number|student id|studentid|pupil id|local id|osis|ssid|state id|student|número de estudiante|id de estudiante|matrícula|id",
	Given:         "first name|given name|givenname|first|forename|student first name|nombre|nombres|primer nombre",
	Middle:        "middle name|middle|middle initial|segundo nombre",
	Family:        "last name|family name|surname|last|student last name|apellido|apellidos",
	Preferred:     "preferred name|preferred first name|nickname|goes by|nombre preferido|apodo",
	BornOn:        "birth date|date of birth|dob|born|birthday|birthdate|fecha de nacimiento|nacimiento",
	Grade:         "grade|grade level|gradelevel|current grade|grado|curso",
	SchoolCode:    "school id|school code|school number|school sis id|school sourcedid|building|building code|campus id|código de escuela|id de escuela",
	SchoolName:    "school|school name|campus|building name|escuela|nombre de la escuela|colegio",
	Role:          "role|rol",
	Status:        "status|enrollment status|estatus|situación",
	Language:      "language|home language|primary language|preferred language|idioma|lengua|idioma del hogar",
	Street:        "street|address|street address|address 1|address line 1|home address|calle|dirección|domicilio",
	City:          "city|town|ciudad",
	State:         "state|estado",
	ZIP:           "zip|zip code|zipcode|postal code|postcode|código postal",

	County:     "county|county of birth|condado",
	Plurality:  "plurality|pluralidad",
	BirthOrder: "birth order|order of birth|orden de nacimiento",
	DiedOn:     "death date|date of death|died on|died|death flag|fecha de defunción",

	GuardianID:           "guardian id|parent id|contact id|guardian 1 id|parent 1 id|contact 1 id",
	GuardianGiven:        "guardian first name|parent first name|contact first name|guardian 1 first name|parent 1 first name|contact 1 first name|mother first name|nombre del tutor|nombre de la madre",
	GuardianFamily:       "guardian last name|parent last name|contact last name|guardian 1 last name|parent 1 last name|contact 1 last name|mother last name|apellido del tutor|apellido de la madre",
	GuardianPhone:        "guardian phone|parent phone|contact phone|guardian 1 phone|parent 1 phone|contact 1 phone|phone|home phone|telephone|teléfono",
	GuardianEmail:        "guardian email|parent email|contact email|guardian 1 email|parent 1 email|contact 1 email|email|correo electrónico|correo",
	GuardianRelationship: "relationship|relation|guardian relationship|guardian 1 relationship|parent 1 relationship|contact 1 relationship|parentesco|relación",

	SecondID:           "guardian 2 id|parent 2 id|contact 2 id",
	SecondGiven:        "guardian 2 first name|parent 2 first name|contact 2 first name|father first name|nombre del padre",
	SecondFamily:       "guardian 2 last name|parent 2 last name|contact 2 last name|father last name|apellido del padre",
	SecondPhone:        "guardian 2 phone|parent 2 phone|contact 2 phone",
	SecondEmail:        "guardian 2 email|parent 2 email|contact 2 email",
	SecondRelationship: "guardian 2 relationship|parent 2 relationship|contact 2 relationship",
}

// Suggest guesses a mapping from the names of columns, in English and Spanish.
// Sample rows let it propose a date format where only one fits. It is a
// proposal: a person looks at it before anything is read with it.
func Suggest(header []string, sample ...[]string) Mapping {
	m := Mapping{Columns: make(map[Field]string)}
	t, err := tabular.Open("", heading(header), tabular.Default)
	if err != nil {
		return m
	}
	taken := make(map[int]bool)
	for _, f := range Fields {
		at := t.Column(strings.Split(names[f], "|")...)
		if at >= 0 && !taken[at] {
			taken[at] = true
			m.Columns[f] = t.Header[at]
		}
	}
	if formats := tabular.FormatsOf(column(sample, t.Column(m.Columns[BornOn]))); len(formats) == 1 {
		m.DateFormat = formats[0]
	}
	return m
}

// heading writes column names as the first line of a table.
func heading(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.ReplaceAll(name, `"`, `""`) + `"`)
	}
	return b.String()
}

// column is what the rows say in one column, without blanks.
func column(rows [][]string, at int) []string {
	var values []string
	for _, row := range rows {
		if at >= 0 && at < len(row) && strings.TrimSpace(row[at]) != "" {
			values = append(values, strings.TrimSpace(row[at]))
		}
	}
	return values
}

// Peek returns the header of a CSV and its first good rows, for a person to say
// which column is what.
func Peek(name string, r io.Reader, rows int, limits tabular.Limits) (header []string, sample [][]string, err error) {
	name = base(name)
	text, err := tabular.Slurp(r, name, limits.Bytes)
	if err != nil {
		return nil, nil, err
	}
	plain, err := tabular.Plain(name, text, limits)
	if err != nil {
		return nil, nil, err
	}
	limits.Bytes = max(limits.Bytes, len(plain.Text)) // a zip's one table has been measured
	t, err := tabular.Open(plain.Name, plain.Text, limits)
	if err != nil {
		return nil, nil, err
	}
	for len(sample) < rows {
		row, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if row.Flaw == nil {
			sample = append(sample, append([]string(nil), row.Cells...))
		}
	}
	return t.Header, sample, nil
}
