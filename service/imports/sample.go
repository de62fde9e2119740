package imports

import (
	"io"

	"seedbook/service/sheet"
)

// samples are files as we like to get them, by kind: the header and rows that
// would be taken.
var samples = map[Kind][][]string{
	Rosters: {
		{"student_id", "first_name", "last_name", "birth_date", "school", "grade", "language", "street", "city", "state", "zip", "guardian_first_name", "guardian_last_name", "guardian_phone", "guardian_email"},
		{"0012345", "Ana", "Peña", "2020-03-14", "Elm Street School", "KG", "es", "12 Elm St", "Riverbend", "IL", "60601", "Rosa", "Peña", "312-555-0100", "rosa@example.org"},
		{"0012346", "Linh", "Nguyễn", "2020-11-02", "Elm Street School", "KG", "vi", "7 Oak Ave", "Riverbend", "IL", "60601", "Minh", "Nguyễn", "", ""},
	},
	Births: {
		{"state_file_number", "first_name", "middle_name", "last_name", "birth_date", "county", "plurality", "birth_order", "death_date", "language", "street", "city", "state", "zip", "mother_first_name", "mother_last_name", "father_first_name", "father_last_name"},
		{"2026-001234", "Maya", "", "Brooks", "2026-08-03", "Cook", "2", "1", "", "en", "9 Pine Rd", "Riverbend", "IL", "60601", "Dana", "Brooks", "", ""},
		{"2026-001235", "Milo", "", "Brooks", "2026-08-03", "Cook", "2", "2", "", "en", "9 Pine Rd", "Riverbend", "IL", "60601", "Dana", "Brooks", "", ""},
	},
	Deposits: {
		{"reference", "account", "student", "date", "amount", "channel"},
		{"B-20260903-001", "10017", "", "2026-09-03", "25.00", "cash"},
		{"B-20260903-002", "", "0012345", "2026-09-03", "10.50", "ach"},
	},
	Evidence: {
		{"student", "event", "period", "date", "quantity", "verified", "document"},
		{"0012345", "viewed_online", "2026-09", "", "", "yes", "portal log 2026-09"},
		{"0012346", "claimed", "2026-09", "2026-09-14", "", "no", ""},
	},
	Facts: {
		{"student", "fact", "event", "value", "from", "reference"},
		{"0012345", "residence", "", "in_area", "2026-09-01", "county-2026-09-0001"},
		{"0012346", "", "claimed", "", "2026-09-14", "portal-2026-09-0002"},
	},
}

// Sample writes a file of a kind to begin with.
func Sample(w io.Writer, f sheet.Format, k Kind) error {
	rows := samples[k]
	if rows == nil {
		return ErrNone
	}
	columns := make([]sheet.Column, len(rows[0]))
	for i, name := range rows[0] {
		columns[i].Name = name
	}
	out, err := sheet.New(w, f, string(k), columns)
	if err != nil {
		return err
	}
	for _, row := range rows[1:] {
		cells := make([]any, len(row))
		for i, text := range row {
			cells[i] = text
		}
		if err := out.Row(cells...); err != nil {
			return err
		}
	}
	return out.Close()
}
