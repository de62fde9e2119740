package tabular

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"

	"seedbook/migrations/pgtest"
	"seedbook/service/fault"
)

// readAll returns the good rows' cells and the flaws as "line: code column".
func readAll(text string, limits Limits) (rows [][]string, flaws []string, err error) {
	t, err := Open("f.csv", text, limits)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, err := t.Next()
		if err == io.EOF {
			return rows, flaws, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if row.Flaw != nil {
			flaws = append(flaws, strings.TrimSpace(fmt.Sprintf("%d: %s %s", row.Line, strings.TrimPrefix(row.Flaw.Code, "tabular.flaw."), row.Flaw.Column)))
			continue
		}
		rows = append(rows, slices.Clone(row.Cells))
	}
}

func TestABadFileIsRefusedWholeWithOneReason(t *testing.T) {
	small := Limits{Bytes: 1 << 20, Rows: 3, Columns: 4, Cell: 10, Record: 100}
	for _, test := range []struct {
		name, text string
		want       *fault.Fault
		args       string
	}{
		{"nothing", "", ErrEmpty, ""},
		{"blank lines only", "\n\n ,,\n", ErrEmpty, ""},
		{"one column twice", "a,First Name,first_name\n", ErrDuplicateColumn, "column=first_name"},
		{"five columns of four", "a,b,c,d,e\n", ErrTooManyColumns, "limit=4"},
		{"five quoted columns of four", `"a","b","c","d","e"` + "\n", ErrTooManyColumns, "limit=4"},
		{"four rows of three", "a\n1\n2\n3\n4\n", ErrTooManyRows, "limit=3"},
		{"a NUL in the header", "a,b\x00\n1,2\n", ErrHeader, ""},
		{"bytes in the header", "a,\xc3(é\n1,2\n", ErrHeader, ""},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", ErrNotText, ""},
		{"a quote to the end", "a,b\n1,2\n3,\"4\n5,6\n", ErrOpenQuote, "line=3"},
		{"a quote closed by a later row's", "a,b\n1,\"2\n3,\"4\"\n5,6\n", ErrOpenQuote, "line=2"},
		{"a quote that swallows a row", "a,b\n\"1,2\n3,4\"\n5,6\n", ErrOpenQuote, "line=2"},
		{"a quote longer than a record", "a,b\n1,\"" + strings.Repeat("x\n", 60) + "\"\n", ErrOpenQuote, "line=2"},
		{"too many bytes", strings.Repeat("a", 1<<20+1), ErrTooLarge, "limit=1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := readAll(test.text, small)
			if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.args) {
				t.Errorf("reading %.40q: %v, want %s %s", test.text, err, test.want.Key, test.args)
			}
		})
	}
}

func TestABadRowIsFlawedAndTheRestGoesOn(t *testing.T) {
	small := Limits{Bytes: 1 << 20, Rows: 100, Columns: 4, Cell: 10, Record: 40}
	for _, test := range []struct{ name, bad, want string }{
		{"too few cells", "1,2", "2: cells"},
		{"too many cells", "1,2,3,4", "2: cells"},
		{"far too many cells", strings.Repeat(",9", 9), "2: cells"},
		{"text after a quote", `1,"2"x,3`, "2: quote b"},
		{"a long cell", "1,2,12345678901", "2: long_cell c"},
		{"a long quoted cell", `1,"12345678901",3`, "2: long_cell b"},
		{"a long row", "1,2," + strings.Repeat("3", 50), "2: long_row"},
		{"NUL", "1,2\x00,3", "2: control b"},
		{"escape", "1,\x1b[31m,3", "2: control b"},
		{"C1 control", "1,\u0085,3", "2: control b"},
		{"broken UTF-8", "1,2,é\xc3", "2: bytes c"},
		{"overlong UTF-8", "1,2,é\xc0\xaf", "2: bytes c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rows, flaws, err := readAll("a,b,c\n"+test.bad+"\n7,8,9\n", small)
			if err != nil || len(rows) != 1 || rows[0][0] != "7" || !slices.Equal(flaws, []string{test.want}) {
				t.Errorf("%q: rows %q, flaws %q, %v, want flaw %q", test.bad, rows, flaws, err, test.want)
			}
		})
	}
}

func TestTheSameTableInEveryDressReadsTheSame(t *testing.T) {
	const plain = "id,name,born\n007,José Núñez,2015-03-01\n008,\"O'Brien, Ann\",\n009,\"two\nlines\",x\n"
	want := [][]string{{"007", "José Núñez", "2015-03-01"}, {"008", "O'Brien, Ann", ""}, {"009", "two\nlines", "x"}}
	utf16Text := func(big bool) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(plain)) {
			if big {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		return string(b)
	}
	ansi, err := charmap.Windows1252.NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	semicolons := strings.NewReplacer(`"O'Brien, Ann"`, "O'Brien\x00 Ann", ",", ";").Replace(plain)
	for _, test := range []struct {
		name, text string
		encoding   Encoding
		comma      byte
	}{
		{"plain", plain, UTF8, ','},
		{"no last line end", strings.TrimSuffix(plain, "\n"), UTF8, ','},
		{"byte order mark", "\ufeff" + plain, UTF8, ','},
		{"blank lines", strings.Replace("\n\n"+plain+"\n,,\n", "\n008", "\n\n008", 1), UTF8, ','},
		{"separators too many", strings.Replace(plain, "2015-03-01", "2015-03-01,,", 1), UTF8, ','},
		{"all quoted", "\"id\",\"name\",\"born\"\n\"007\",\"José Núñez\",\"2015-03-01\"\n\"008\",\"O'Brien, Ann\",\"\"\n\"009\",\"two\nlines\",\"x\"", UTF8, ','},
		{"semicolons", strings.ReplaceAll(semicolons, "\x00", ","), UTF8, ';'},
		{"tabs", strings.ReplaceAll(strings.NewReplacer(`"O'Brien, Ann"`, "O'Brien\x00 Ann", ",", "\t").Replace(plain), "\x00", ","), UTF8, '\t'},
		{"UTF-16 LE with mark", "\xff\xfe" + utf16Text(false), UTF16LE, ','},
		{"UTF-16 BE with mark", "\xfe\xff" + utf16Text(true), UTF16BE, ','},
		{"UTF-16 LE", utf16Text(false), UTF16LE, ','},
		{"UTF-16 BE", utf16Text(true), UTF16BE, ','},
		{"Windows-1252", ansi, Windows1252, ','},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n", "\r"} {
				text := test.text
				if end != "\n" {
					if test.encoding == UTF16LE || test.encoding == UTF16BE {
						continue
					}
					text = strings.ReplaceAll(text, "\n", end)
				}
				table, err := Open("f", text, Default)
				if err != nil {
					t.Fatal(err)
				}
				rows, flaws, err := readAll(text, Default)
				for i := range rows {
					rows[i][1] = strings.ReplaceAll(rows[i][1], end, "\n")
				}
				if err != nil || flaws != nil || !slices.EqualFunc(rows, want, slices.Equal) {
					t.Errorf("with %q: %q %q %v", end, rows, flaws, err)
				}
				if table.Encoding != test.encoding || table.Comma != test.comma {
					t.Errorf("with %q: took it for %s separated by %q", end, table.Encoding, table.Comma)
				}
			}
		})
	}
}

func TestLinesAreCountedAsAnEditorCountsThem(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r"} {
		text := strings.ReplaceAll("a,b\n\n1,\"x\ny\nz\"\n2\n\"3\",\"4\"5\n6,7\n8", "\n", end)
		_, flaws, err := readAll(text, Default)
		want := []string{"6: cells", "7: quote b", "9: cells"}
		if err != nil || !slices.Equal(flaws, want) {
			t.Errorf("with %q: %q %v, want %q", end, flaws, err, want)
		}
	}
}

func TestDamagedUTF8IsNotTakenForWindows1252(t *testing.T) {
	rows, flaws, err := readAll("name\nJosé\nJos\xe9\n", Default)
	if err != nil || len(rows) != 1 || !slices.Equal(flaws, []string{"3: bytes name"}) {
		t.Errorf("rows %q, flaws %q, %v", rows, flaws, err)
	}
}

func TestColumnsAreFoundByAnySpelling(t *testing.T) {
	table, err := Open("f.csv", "SIS ID,Código Postal,birth_date,\n1,2,3,\n", Default)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"sisId": 0, "codigo postal": 1, "Birth Date": 2, "city": -1, "": -1} {
		if got := table.Column(name); got != want {
			t.Errorf("Column(%q) = %d, want %d", name, got, want)
		}
	}
	err = table.Require("SIS ID", "birthDay")
	if f, _ := fault.Of(err); !errors.Is(err, ErrMissingColumn) || f.Args["column"] != "birthDay" || f.Args["nearest"] != "birth_date" {
		t.Errorf("Require(birthDay) = %v", err)
	}
}

func TestTidyChangesOnlyWhatNobodySees(t *testing.T) {
	for _, test := range []struct {
		in, want string
		done     Change
	}{
		{"Nguyễn", "Nguyễn", 0},
		{"Nguye\u0302\u0303n", "Nguye\u0302\u0303n", 0}, // decomposed stays decomposed
		{"ʻOkina", "ʻOkina", 0},
		{"می\u200cخواهم", "می\u200cخواهم", 0},
		{"  Ann ", "Ann", Trimmed},
		{"\u00a0Ann", "Ann", Trimmed},
		{"Ann\r\nMarie\tLee", "Ann Marie Lee", Joined},
		{"Ann\u202eeiraM", "AnneiraM", Stripped},
		{"\u200b\ufeff", "", Stripped},
		{"'=1+1", "=1+1", Unquoted},
		{"'-5", "-5", Unquoted},
		{"'n Dorp", "'n Dorp", 0},
		{"Jos\ufffd", "Jos\ufffd", Lost},
	} {
		if got, done := Tidy(test.in); got != test.want || done != test.done {
			t.Errorf("Tidy(%q) = %q, %b, want %q, %b", test.in, got, done, test.want, test.done)
		}
	}
}

func TestEveryTextSurvivesExportAndReimport(t *testing.T) {
	check := func(t interface{ Errorf(string, ...any) }, s string) {
		escaped := EscapeFormula(s)
		if got := UnescapeFormula(escaped); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
		if trimmed := strings.TrimLeft(escaped, " \u00a0\""); trimmed != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(trimmed)[0]) {
			t.Errorf("%q is exported as a formula: %q", s, escaped)
		}
	}
	for _, s := range []string{"=1", "'=1", "''=1", " =1", " '＝1", "\t=1", "-Amina", "'n", "", "'", "\"=1"} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.StringOfN(rapid.SampledFrom([]rune("=+-@'\" \t\rax＝\u00a0")), 0, 6, -1).Draw(t, "text"))
	})
}

func TestNaughtyStringsComeBackByteForByteOrAreRefused(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "hostile/naughty_strings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(raw, &naughty); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write([]string{"n", "text"})
	for i, s := range naughty {
		w.Write([]string{fmt.Sprint(i), EscapeFormula(s)})
	}
	w.Flush()
	table, err := Open("naughty.csv", b.String(), Default)
	if err != nil {
		t.Fatal(err)
	}
	var same, changed, refused int
	for i := range naughty {
		row, err := table.Next()
		if err != nil {
			t.Fatal(err)
		}
		if row.Flaw != nil {
			refused++
			continue
		}
		got, done := Tidy(row.Cells[1])
		switch {
		case UnescapeFormula(row.Cells[1]) != naughty[i]:
			t.Errorf("%q was read as %q", naughty[i], row.Cells[1])
		case got == naughty[i]:
			same++
		case done&^(Unquoted) == 0:
			t.Errorf("%q was tidied to %q without a word", naughty[i], got)
		default:
			changed++
		}
	}
	if same+changed+refused != len(naughty) || refused > 6 || changed > 15 {
		t.Errorf("%d same, %d changed with a note, %d refused of %d", same, changed, refused, len(naughty))
	}
}

func TestADayIsNeverGuessed(t *testing.T) {
	for _, test := range []struct {
		format DateFormat
		in     string
		want   string
	}{
		{"", "2015-03-01", "2015-03-01"},
		{"", "3/1/2015", ""},
		{"M/D/YYYY", "3/1/2015", "2015-03-01"},
		{"D/M/YYYY", "3/1/2015", "2015-01-03"},
		{"M/D/YYYY", "03/01/2015", "2015-03-01"},
		{"M/D/YYYY", "13/1/2015", ""},
		{"M/D/YYYY", "2/29/2015", ""},
		{"M/D/YYYY", "3/1/15", ""},
		{"M/D/YYYY", "2015-03-01", "2015-03-01"},
		{"M/D/YYYY", "3/1/2015 0:00", ""},
		{"YYYYMMDD", "20150301", "2015-03-01"},
		{"YYYYMMDD", "2015031", ""},
		{"D.M.YYYY", "1.3.2015", "2015-03-01"},
		{"M/D/YYYY", "3/1/0015", ""},
		{"nonsense", "3/1/2015", ""},
	} {
		got, err := test.format.Parse(test.in)
		if got.String() != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%q.Parse(%q) = %q, %v, want %q", test.format, test.in, got, err, test.want)
		}
	}
	for _, test := range []struct {
		in   string
		want []DateFormat
	}{
		{"4/2/2000 11/12/1999", []DateFormat{"M/D/YYYY", "D/M/YYYY"}},
		{"4/2/2000 12/19/1997", []DateFormat{"M/D/YYYY"}},
		{"2000-04-02 1997-12-19", []DateFormat{"YYYY-MM-DD"}},
		{"yesterday", nil},
		{"", nil},
	} {
		if got := FormatsOf(strings.Fields(test.in)); !slices.Equal(got, test.want) {
			t.Errorf("FormatsOf(%s) = %v, want %v", test.in, got, test.want)
		}
	}
}

// TestHowATableIsWrittenDoesNotMatter writes random tables in random ways.
func TestHowATableIsWrittenDoesNotMatter(t *testing.T) {
	cell := rapid.StringOfN(rapid.SampledFrom([]rune("ab,;\t\"\n é'0 ")), 0, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 5).Draw(t, "width")
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, width, width), 0, 8).Draw(t, "rows")
		comma := rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(t, "comma")
		end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "end")
		always := rapid.Bool().Draw(t, "quote always")
		var b strings.Builder
		b.WriteString(rapid.SampledFrom([]string{"", "\ufeff"}).Draw(t, "mark"))
		write := func(cells []string) {
			for i, c := range cells {
				if i > 0 {
					b.WriteString(comma)
				}
				if always || strings.ContainsAny(c, comma+"\"\n\r") {
					c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
				}
				b.WriteString(c)
			}
			b.WriteString(end)
		}
		header := []string{"h1", "h2", "h3", "h4", "h5"}[:width]
		write(header)
		var want [][]string
		for _, cells := range rows {
			write(cells)
			if !isBlank(cells) {
				want = append(want, cells)
			}
		}
		got, flaws, err := readAll(b.String(), Default)
		if err != nil || flaws != nil || !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("%q read as %q, %q, %v, want %q", b.String(), got, flaws, err, want)
		}
	})
}

// FuzzTable holds that reading never panics, and that the rows, one after the
// other, are the whole file: nothing is dropped between them.
func FuzzTable(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a;b\r\n\"1\";\"2\"\r\n", "a\r1\r\r2", "a,b\n\"1\n2\",3\n\"", "\xff\xfea\x00\n\x00", "é\n\xe9\n", "a,b\n1,\"2\"3,4\n\"\"\"\",\"\"\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Open("f", text, Limits{Bytes: 1 << 20, Rows: 1000, Columns: 8, Cell: 32, Record: 64})
		if err != nil {
			if _, ok := fault.Of(err); !ok {
				t.Fatalf("%v is no fault", err)
			}
			return
		}
		for {
			from, line := table.pos, table.line
			row, err := table.Next()
			if err != nil {
				break
			}
			at := strings.Index(table.text[from:], row.Raw)
			if at < 0 || strings.Trim(table.text[from:from+at], "\r\n \""+string(table.Comma)) != "" {
				t.Fatalf("between the rows is %q", table.text[from:table.pos])
			}
			if rest := table.text[from+at+len(row.Raw) : table.pos]; strings.Trim(rest, "\r\n") != "" {
				t.Fatalf("after row %q is %q", row.Raw, rest)
			}
			if row.Line < line || table.line < row.Line {
				t.Fatalf("row of line %d between lines %d and %d", row.Line, line, table.line)
			}
			if row.Flaw == nil && len(row.Cells) != len(table.Header) {
				t.Fatalf("%d cells under %d columns", len(row.Cells), len(table.Header))
			}
		}
	})
}

func BenchmarkNext(b *testing.B) {
	row := "604821,active,,true,s604821,,Tyrone,Dyer,,604821,,,,\"C778393,C779017\",01,,,Ty,,Dye,255901107,\n"
	header := "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n"
	const rows = 100_000
	text := header + strings.Repeat(row, rows)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		table, err := Open("users.csv", text, Default)
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := table.Next(); err != nil {
				break
			}
		}
		if table.Rows != rows {
			b.Fatal(table.Rows)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
