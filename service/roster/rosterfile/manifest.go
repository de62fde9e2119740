package rosterfile

import (
	"strings"

	"seedbook/service/tabular"
)

// pack is an archive of tables with what its manifest says of them.
type pack struct {
	*tabular.Archive
	modes    map[string]Mode // by lower-case table name; present tables only
	manifest bool
}

// tables are the ones we read, in the order of reading: people last, when all
// that is said of them elsewhere is known.
var tables = []string{"orgs", "academicSessions", "classes", "roles", "relationships", "enrollments", "demographics", "users"}

// readArchive tells the packages apart by their tables.
func (in *reader) readArchive(name, text string) error {
	a, err := tabular.OpenArchive(text)
	if err != nil {
		return err
	}
	switch {
	case a.IsWorkbook():
		return in.readPlain(name, text)
	case a.Has("manifest.csv"):
		return in.readOneRoster(a)
	case a.Has("users.csv"):
		return in.readSDS(a)
	case a.Has("Student.csv"):
		return in.readClassic(a)
	case len(a.Tables()) == 1:
		return in.readOnly(a)
	}
	return missingFile("users.csv")
}

func missingFile(name string) error { return ErrMissingFile.With(map[string]any{"file": name}) }

// readOnly reads the only table of a zip as a plain CSV.
func (in *reader) readOnly(a *tabular.Archive) error {
	name := a.Tables()[0]
	text, err := a.Unpack(name)
	if err != nil {
		return err
	}
	return in.readPlain(a.Called(name), text)
}

// readPlain reads one table, in a workbook or a CSV.
func (in *reader) readPlain(name, text string) error {
	plain, err := tabular.Plain(name, text, in.options.Limits)
	if err != nil {
		return err
	}
	return in.readCSV(plain.Name, plain.Text)
}

func (in *reader) readOneRoster(a *tabular.Archive) error {
	p := &pack{Archive: a, modes: make(map[string]Mode), manifest: true}
	if err := in.readManifest(p); err != nil {
		return err
	}
	in.file.Kind = OneRoster
	return in.readPeople(p)
}

// readSDS reads School Data Sync folders with OneRoster's tables and no
// manifest: each is the whole list.
func (in *reader) readSDS(a *tabular.Archive) error {
	p := &pack{Archive: a, modes: make(map[string]Mode)}
	for _, name := range tables {
		if a.Has(name + ".csv") {
			p.modes[strings.ToLower(name)] = Bulk
		}
	}
	in.file.Kind, in.file.Version = SDS, "2"
	if a.Has("roles.csv") {
		in.file.Version = "2.1"
	}
	return in.readPeople(p)
}

// readManifest reads which tables a OneRoster package has and whether each is
// the whole list or changes.
func (in *reader) readManifest(p *pack) error {
	t, err := in.open(p.Archive, "manifest.csv", 1)
	if err != nil {
		return err
	}
	if err := t.Require("propertyName", "value"); err != nil {
		return err
	}
	said := make(map[string]string)
	name, value := t.Column("propertyName"), t.Column("value")
	err = in.each(t, Bulk, func(g *reading) {
		said[strings.ToLower(g.text(name))] = strings.ToLower(g.text(value))
	})
	if err != nil {
		return err
	}
	in.file.Version = said["oneroster.version"]
	if in.file.Version != "1.1" && in.file.Version != "1.2" {
		return ErrVersion
	}
	for _, table := range tables {
		if err := in.declare(p, table, said["file."+strings.ToLower(table)]); err != nil {
			return err
		}
	}
	return nil
}

func (in *reader) declare(p *pack, table, mode string) error {
	file := table + ".csv"
	switch Mode(mode) {
	case Bulk, Delta:
		if !p.Has(file) {
			return missingFile(file)
		}
		p.modes[strings.ToLower(table)] = Mode(mode)
	case "absent", "":
		if p.Has(file) {
			in.report.Add(Problem{File: file, Code: fileUndeclared, Severity: tabular.Note})
		}
	default:
		return ErrManifest.With(map[string]any{"property": "file." + table})
	}
	return nil
}

// open unpacks a table. Tables with several rows a person may be times longer
// than those with one.
func (in *reader) open(a *tabular.Archive, file string, times int) (*tabular.Table, error) {
	text, err := a.Unpack(file)
	if err != nil {
		return nil, err
	}
	limits := in.options.Limits
	limits.Bytes, limits.Rows = tabular.MaxEntry, limits.Rows*times
	return tabular.Open(file, text, limits)
}

// wholeList reports a package of which every table about people is the whole
// list; nothing may then be missing in it.
func (p *pack) wholeList() bool {
	for _, mode := range p.modes {
		if mode == Delta {
			return false
		}
	}
	return true
}

// mode is what a missing child means.
func (p *pack) mode() Mode {
	if p.modes["users"] == Bulk {
		return Bulk
	}
	return Delta
}

// needs refuses a whole list without the tables that make it one.
func (in *reader) needs(p *pack) error {
	if !p.wholeList() {
		return nil
	}
	need := []string{"users", "orgs"}
	if in.file.Version == "1.2" {
		need = append(need, "roles") // before 1.2, users.csv has the role
	}
	for _, table := range need {
		if p.modes[table] == "" {
			return missingFile(table + ".csv")
		}
	}
	return nil
}
