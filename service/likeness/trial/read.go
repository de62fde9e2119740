package trial

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"seedbook/ledger"
	"seedbook/service/likeness"
)

// ErrAnswer reports a list that does not say which records are of one child.
var ErrAnswer = errors.New("no column says which records are of one child: true_child, cluster, or a rec_id such as rec-7-dup-0")

// columns are the names under which lists write each field.
var columns = map[string][]string{
	"given":    {"given_name", "first_name", "firstname", "fname", "given"},
	"middle":   {"middle_name", "middlename", "middle"},
	"family":   {"family_name", "surname", "last_name", "lastname", "lname", "family"},
	"born":     {"birth_date", "date_of_birth", "dob", "birthdate", "born"},
	"number":   {"street_number", "house_number"},
	"street":   {"street", "address", "address_1", "address1", "street_address"},
	"street2":  {"address_2", "address2"},
	"city":     {"city", "suburb", "town"},
	"zip":      {"zip", "postcode", "postal_code", "zip_code", "zipcode"},
	"phone":    {"phone", "telephone", "phone_number", "mobile"},
	"email":    {"email", "e_mail"},
	"guardian": {"guardian", "guardian_name", "parent", "parent_name"},
	"answer":   {"true_child", "cluster", "entity", "entity_id"},
	"id":       {"rec_id", "student_id", "record_id", "unique_id", "id"},
}

// Read reads a list with a heading, as CSV.
func Read(r io.Reader) ([]Record, error) {
	in := csv.NewReader(r)
	in.TrimLeadingSpace = true
	in.FieldsPerRecord = -1
	heading, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read the list: %w", err)
	}
	at := places(heading)
	var out []Record
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the list: %w", err)
		}
		rec, err := record(row, at)
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
}

func places(heading []string) map[string]int {
	at := map[string]int{}
	for i, name := range heading {
		name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))), " ", "_")
		for field, names := range columns {
			for _, n := range names {
				if n == name {
					at[field] = i
				}
			}
		}
	}
	return at
}

// entity is what Febrl's record names have in common: rec-7-org, rec-7-dup-0.
var entity = regexp.MustCompile(`^(.+?)-(org|dup)(-\d+)?$`)

func record(row []string, at map[string]int) (Record, error) {
	get := func(field string) string {
		if i, ok := at[field]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	rec := Record{Child: get("answer"), ID: get("id")}
	if rec.Child == "" {
		m := entity.FindStringSubmatch(rec.ID)
		if m == nil {
			return Record{}, ErrAnswer
		}
		rec.Child = m[1]
	}
	rec.Person = likeness.Person{
		Given: get("given"), Middle: get("middle"), Family: get("family"), BornOn: day(get("born")),
		Street: strings.TrimSpace(get("number") + " " + get("street") + " " + get("street2")), City: get("city"), ZIP: get("zip"),
		Guardians: listed(get("guardian")), Phones: listed(get("phone")), Emails: listed(get("email")),
	}
	return rec, nil
}

func listed(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ";")
}

// day reads a birth date as lists write it; what is none is not known.
func day(s string) ledger.Date {
	if len(s) == 8 && !strings.ContainsAny(s, "-/.") {
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	}
	d, err := ledger.ParseDate(s)
	if err != nil {
		return ledger.Date{}
	}
	return d
}
