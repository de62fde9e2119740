package demo

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strconv"

	"seedbook/ledger"
)

// pupil is a child on the demonstration's class lists.
type pupil struct {
	id, guardians  string
	given, family  string
	born           ledger.Date
	grade, school  string
	zip            string
	guardianGivens [2]string
}

// classList makes pupils of an age that fits their grade. About one in four
// has a sibling on the list.
func classList(r *rand.Rand, n int) []pupil {
	out := make([]pupil, n)
	for i := range out {
		grade := r.IntN(len(grades))
		p := pupil{
			id: fmt.Sprintf("%06d", 100000+i), given: pick(r, givenNames), family: pick(r, familyNames),
			// Five years old by the first of September of their kindergarten year.
			born:  ledger.NewDate(2020-grade, 9, 1).AddDays(-r.IntN(365)),
			grade: grades[grade], school: schoolCode(r.IntN(len(schoolNames))),
			zip:       fmt.Sprintf("%05d", 6100+r.IntN(8)),
			guardians: fmt.Sprintf("G%06d", i), guardianGivens: [2]string{pick(r, givenNames), pick(r, givenNames)},
		}
		if i > 0 && r.IntN(4) == 0 {
			p.shareHome(out[i-1])
		}
		out[i] = p
	}
	return out
}

// shareHome makes a pupil the sibling of another. Twins differ in their given
// names, as twins do.
func (p *pupil) shareHome(q pupil) {
	p.family, p.guardians, p.guardianGivens, p.school, p.zip = q.family, q.guardians, q.guardianGivens, q.school, q.zip
	if p.given == q.given {
		p.given += " Marie"
	}
}

func schoolCode(i int) string { return fmt.Sprintf("R%02d", i+1) }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// oneRoster writes the class lists as a school information system exports them:
// a OneRoster 1.2 bulk zip.
func oneRoster(pupils []pupil) ([]byte, error) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, t := range []struct {
		name string
		rows [][]string
	}{
		{"manifest.csv", manifest()}, {"academicSessions.csv", sessions()}, {"orgs.csv", orgs()},
		{"users.csv", users(pupils)}, {"roles.csv", roles(pupils)}, {"demographics.csv", demographics(pupils)},
	} {
		f, err := z.Create(t.name)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", t.name, err)
		}
		if err := csv.NewWriter(f).WriteAll(t.rows); err != nil {
			return nil, fmt.Errorf("write %s: %w", t.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write roster: %w", err)
	}
	return buf.Bytes(), nil
}

func manifest() [][]string {
	rows := [][]string{{"propertyName", "value"}, {"manifest.version", "1.0"}, {"oneroster.version", "1.2"}}
	bulk := map[string]bool{"academicSessions": true, "orgs": true, "users": true, "roles": true, "demographics": true}
	for _, file := range []string{
		"academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics", "enrollments",
		"lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs", "resources", "resultLearningObjectiveIds", "results",
		"resultScoreScales", "roles", "scoreScales", "userProfiles", "userResources", "users",
	} {
		mode := "absent"
		if bulk[file] {
			mode = "bulk"
		}
		rows = append(rows, []string{"file." + file, mode})
	}
	return append(rows, []string{"source.systemName", "Riverbend schools"}, []string{"source.systemCode", "RIVERBEND"})
}

func sessions() [][]string {
	return [][]string{
		{"sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"},
		{"SY2026", "", "", "2025-2026", "schoolYear", "2025-08-25", "2026-06-12", "", "2026"},
	}
}

func orgs() [][]string {
	rows := [][]string{
		{"sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"},
		{"RIVERBEND", "", "", "Riverbend School District", "district", "RIVERBEND", ""},
	}
	for i, name := range schoolNames {
		rows = append(rows, []string{schoolCode(i), "", "", name, "school", schoolCode(i), "RIVERBEND"})
	}
	return rows
}

func users(pupils []pupil) [][]string {
	rows := [][]string{{
		"sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName", "familyName", "middleName",
		"identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password", "userMasterIdentifier",
		"preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns",
	}}
	written := map[string]bool{}
	for i, p := range pupils {
		a, b := p.guardians+"A", p.guardians+"B"
		rows = append(rows, []string{p.id, "", "", "true", "s" + p.id, "", p.given, p.family, "", p.id, "", "", "", a + "," + b, p.grade, "", "", "", "", "", p.school, ""})
		if written[p.guardians] {
			continue
		}
		written[p.guardians] = true
		phone := "+1503555" + fmt.Sprintf("%04d", i%10000)
		for j, id := range []string{a, b} {
			rows = append(rows, []string{id, "", "", "true", id, "", p.guardianGivens[j], p.family, "", "", "", "", phone, "", "", "", "", "", "", "", p.school, ""})
		}
	}
	return rows
}

func roles(pupils []pupil) [][]string {
	rows := [][]string{{"sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId", "userProfileSourcedId"}}
	add := func(user, role, school string) {
		rows = append(rows, []string{"R" + strconv.Itoa(len(rows)), "", "", user, "primary", role, "2025-08-25", "", school, ""})
	}
	written := map[string]bool{}
	for _, p := range pupils {
		add(p.id, "student", p.school)
		if !written[p.guardians] {
			written[p.guardians] = true
			add(p.guardians+"A", "parent", p.school)
			add(p.guardians+"B", "parent", p.school)
		}
	}
	return rows
}

func demographics(pupils []pupil) [][]string {
	rows := [][]string{{
		"sourcedId", "status", "dateLastModified", "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
		"nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity", "countryOfBirthCode",
		"stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus",
	}}
	for _, p := range pupils {
		rows = append(rows, []string{p.id, "", "", p.born.String(), "", "", "", "", "", "", "", "", "", "", "", ""})
	}
	return rows
}
