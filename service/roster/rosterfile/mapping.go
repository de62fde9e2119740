package rosterfile

import (
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/tabular"
)

var (
	// ErrUnmapped reports a mapping without fields that it needs; the details
	// name them.
	ErrUnmapped = fault.New(fault.Invalid, "roster.unmapped")
	errUnmapped = fault.New(fault.Invalid, "roster.unmapped_field")
	// ErrField reports a mapping of something we do not know.
	ErrField = fault.New(fault.Invalid, "roster.field_unknown")
	// ErrDateFormat reports a date format that we do not read.
	ErrDateFormat = fault.New(fault.Invalid, "roster.date_format")
)

// Field is something a roster can say of a child.
type Field string

// The fields of a plain CSV.
const (
	SourceID      Field = "source_id" // the source's own, stable id
	StudentNumber Field = "student_number"
	Given         Field = "given"
	Middle        Field = "middle"
	Family        Field = "family"
	Preferred     Field = "preferred"
	BornOn        Field = "born_on"
	Grade         Field = "grade"
	SchoolCode    Field = "school_code"
	SchoolName    Field = "school_name"
	Role          Field = "role"
	Status        Field = "status"
	Language      Field = "language"
	Street        Field = "street"
	City          Field = "city"
	State         Field = "state"
	ZIP           Field = "zip"

	// Of birth records.
	County     Field = "county"
	Plurality  Field = "plurality"   // how many were born together
	BirthOrder Field = "birth_order" // which of them this one is
	DiedOn     Field = "died_on"

	GuardianID           Field = "guardian_id"
	GuardianGiven        Field = "guardian_given"
	GuardianFamily       Field = "guardian_family"
	GuardianPhone        Field = "guardian_phone"
	GuardianEmail        Field = "guardian_email"
	GuardianRelationship Field = "guardian_relationship"

	SecondID           Field = "second_id"
	SecondGiven        Field = "second_given"
	SecondFamily       Field = "second_family"
	SecondPhone        Field = "second_phone"
	SecondEmail        Field = "second_email"
	SecondRelationship Field = "second_relationship"
)

// Fields are all fields, in the order in which a form shows them.
var Fields = []Field{
	Given, Family, BornOn, SchoolCode, SchoolName, SourceID, StudentNumber, Grade, Middle, Preferred, Language, Street, City, State, ZIP,
	GuardianGiven, GuardianFamily, GuardianPhone, GuardianEmail, GuardianRelationship, GuardianID,
	SecondGiven, SecondFamily, SecondPhone, SecondEmail, SecondRelationship, SecondID, Role, Status,
	County, Plurality, BirthOrder, DiedOn,
}

// Key is the catalogue key of the field's name.
func (f Field) Key() i18n.Key { return i18n.Key("roster.field." + string(f)) }

// Mapping says which column of a district's CSV is what. It is saved under its
// name and used for every later file of that district.
type Mapping struct {
	Name    string           `json:"name"`
	Columns map[Field]string `json:"columns"` // column header by field
	// Defaults hold for the fields without a column: the school, when a file is
	// one school's.
	Defaults   map[Field]string   `json:"defaults,omitempty"`
	DateFormat tabular.DateFormat `json:"date_format,omitempty"` // besides year-month-day
	Mode       Mode               `json:"mode,omitempty"`        // Bulk if empty; of birth records Delta
	// Births says that the rows are birth records: they have a state file number
	// and no school, and who is not among them has not left.
	Births bool `json:"births,omitempty"`
}

// Check reports what the mapping lacks: names, a birth date, and a school.
func (m Mapping) Check() error {
	var missing []*fault.Fault
	for _, f := range []Field{Given, Family, BornOn} {
		if m.Columns[f] == "" {
			missing = append(missing, unmapped(f))
		}
	}
	if m.Births && m.Columns[SourceID] == "" {
		missing = append(missing, unmapped(SourceID))
	}
	if !m.Births && m.says(SchoolCode) == "" && m.says(SchoolName) == "" {
		missing = append(missing, unmapped(SchoolCode))
	}
	if missing != nil {
		return ErrUnmapped.Among(missing...)
	}
	if !m.DateFormat.Valid() {
		return ErrDateFormat
	}
	for _, said := range []map[Field]string{m.Columns, m.Defaults} {
		for f := range said {
			if !f.known() {
				return ErrField.At(string(f))
			}
		}
	}
	return nil
}

func unmapped(f Field) *fault.Fault {
	return errUnmapped.At(string(f)).With(map[string]any{"field": f.Key()})
}

func (f Field) known() bool {
	for _, known := range Fields {
		if f == known {
			return true
		}
	}
	return false
}

// says is the column or the default of a field, "" for neither.
func (m Mapping) says(f Field) string {
	if column := m.Columns[f]; column != "" {
		return column
	}
	return m.Defaults[f]
}

// find finds the columns of a table. A column that is mapped must be there.
func (m Mapping) find(t *tabular.Table) (map[Field]int, error) {
	at := make(map[Field]int, len(Fields))
	for _, f := range Fields {
		at[f] = -1
		if column := m.Columns[f]; column != "" {
			if err := t.Require(column); err != nil {
				return nil, err
			}
			at[f] = t.Column(column)
		}
	}
	return at, nil
}
