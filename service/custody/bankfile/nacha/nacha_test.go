package nacha

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seedbook/service/custody/bankfile"
	"seedbook/service/fault"
)

const fixtures = "../../../../../shared/fixtures/bank"

func fixture(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func read(t *testing.T, text string) *bankfile.File {
	t.Helper()
	f, err := Read(strings.NewReader(text), bankfile.Default)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNetworksFilesGiveTheirTotals(t *testing.T) {
	var expected []struct {
		File          string
		Debit, Credit int64
		Returns       []struct {
			Code, Info    string
			OriginalTrace string `json:"original_trace"`
			OrigRDFI      string `json:"orig_rdfi"`
		}
		NOC []struct {
			Code, Corrected string
			OriginalTrace   string `json:"original_trace"`
		}
		Issues []any
	}
	if err := json.Unmarshal([]byte(fixture(t, "expected_ach_bai2.json")), &expected); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range expected {
		if !strings.HasPrefix(e.File, "ach/") {
			continue
		}
		seen++
		f := read(t, fixture(t, e.File))
		if len(f.Differs) != len(e.Issues) || len(f.Returns) != len(e.Returns) || len(f.Changes) != len(e.NOC) {
			t.Fatalf("%s: %+v", e.File, f)
		}
		var debit, credit int64
		for i, want := range e.Returns {
			r := f.Returns[i]
			if r.Code != want.Code || r.Trace != want.OriginalTrace || r.RDFI != want.OrigRDFI || r.Info != want.Info || r.Kind != bankfile.Returned {
				t.Errorf("%s: %+v, want %+v", e.File, r, want)
			}
			if r.Debit {
				debit += r.Amount.Minor()
			} else {
				credit += r.Amount.Minor()
			}
		}
		for i, want := range e.NOC {
			if c := f.Changes[i]; c.Code != want.Code || c.Trace != want.OriginalTrace || c.Corrected != want.Corrected {
				t.Errorf("%s: %+v, want %+v", e.File, c, want)
			}
		}
		if debit != e.Debit || credit != e.Credit {
			t.Errorf("%s: debits %d, credits %d", e.File, debit, credit)
		}
	}
	if seen != 2 {
		t.Errorf("compared %d files", seen)
	}
}

func TestControlsThatDoNotTieAreNamed(t *testing.T) {
	good := fixture(t, "ach/return-WEB.ach")
	for name, test := range map[string]struct{ old, new, want string }{
		"an amount":         {"0000012354MjMx", "0000012355MjMx", "8 debit,9 debit"},
		"a routing number":  {"626091400606", "626091400616", "8 entry hash,9 entry hash"},
		"a batch's number":  {"                         091000010000001", "                         091000010000009", "8 batch number"},
		"the file's blocks": {"9000002000001", "9000002000002", "9 block count"},
		"the file's count":  {"900000200000100000004", "900000200000100000005", "9 entry/addenda count"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(good, test.old, test.new, 1)
			if changed == good {
				t.Fatal("nothing changed")
			}
			var fields []string
			for _, d := range read(t, changed).Differs {
				fields = append(fields, d.Field)
			}
			if got := strings.Join(fields, ","); got != test.want {
				t.Errorf("differs in %q, want %q", got, test.want)
			}
		})
	}
}

func TestReturnsKnowTheirDayAndTheirQuarrels(t *testing.T) {
	good := fixture(t, "ach/return-WEB.ach")
	settled := strings.Replace(good, "WEBTRANSFER        000101   109", "WEBTRANSFER        000101290109", 1)
	if f := read(t, settled); f.Returns[0].On.String() != "2018-10-17" || f.Returns[1].On.String() != "2018-10-17" {
		t.Errorf("settled on %s and %s", f.Returns[0].On, f.Returns[1].On)
	}
	january := strings.NewReplacer("1341810170306", "1341901020306", "000101   109", "000101365109").Replace(good)
	if f := read(t, january); f.Returns[0].On.String() != "2018-12-31" {
		t.Errorf("a file of January settles on %s", f.Returns[0].On)
	}
	if f := read(t, strings.Replace(good, "799R03", "799R62", 1)); f.Returns[1].Kind != bankfile.Dishonored {
		t.Errorf("%+v", f.Returns[1])
	}
	if f := read(t, strings.Replace(good, "799R03", "799R72", 1)); f.Returns[1].Kind != bankfile.Contested {
		t.Errorf("%+v", f.Returns[1])
	}
}

func TestUnusableFilesAreRefusedWithLineAndReason(t *testing.T) {
	good := fixture(t, "ach/return-WEB.ach")
	lines := strings.Split(good, "\n")
	without := func(n int) string {
		return strings.Join(append(append([]string{}, lines[:n]...), lines[n+1:]...), "\n")
	}
	for _, test := range []struct{ name, text, code, where string }{
		{"empty", "", bankfile.Unended, "line 0"},
		{"another format", "OFXHEADER:100", bankfile.NotThis, "line 1"},
		{"cut short", strings.Join(lines[:6], "\n"), bankfile.Unended, "line 6"},
		{"no batch header", without(1), bankfile.Structure, "line 2"},
		{"no entry", without(2), bankfile.Structure, "line 3"},
		{"no batch control", without(4), bankfile.Structure, "line 5"},
		{"a record too long", strings.Replace(good, "Paul Jones ", "Paul Jones and Company ", 1), bankfile.Structure, "line 3"},
		{"an amount in letters", strings.Replace(good, "0000012354MjMx", "00000X2354MjMx", 1), bankfile.BadAmount, "line 3"},
		{"no such reason", strings.Replace(good, "799R01", "799R00", 1), bankfile.BadCode, "line 4"},
		{"no day", strings.Replace(good, "181017", "181317", 1), bankfile.BadDate, "line 1"},
		{"something after the end", strings.TrimRight(good, " \n9") + "9\n5200", bankfile.Structure, "line 11"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.text), bankfile.Default)
			f, ok := fault.Of(err)
			if !ok || !errors.Is(err, bankfile.ErrRefused) || len(f.Details) == 0 {
				t.Fatalf("error is %v", err)
			}
			if d := f.Details[0]; d.Key != test.code || d.Field != test.where {
				t.Errorf("refused for %v", d)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fixture(f, "ach/return-WEB.ach"))
	f.Add(fixture(f, "ach/cor-example.ach"))
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Read(strings.NewReader(text), bankfile.Limits{Bytes: 1 << 20, Lines: 10_000})
		if _, known := fault.Of(err); err != nil && !known {
			t.Fatalf("%v", err)
		}
	})
}
