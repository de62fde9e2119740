package vault

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestSealedDataOpensOnlyInItsPlaceAndWithItsKey(t *testing.T) {
	k := Random()
	key, wrapped, err := k.NewKey("1|families|7")
	if err != nil {
		t.Fatal(err)
	}
	sealed := key.Seal("1|children|9", []byte("José"))
	if _, err := key.Open("1|children|8", sealed); err == nil {
		t.Error("opened in another row")
	}
	if _, err := Random().Unwrap("1|families|7", wrapped); err == nil {
		t.Error("unwrapped by another installation")
	}
	if _, err := k.Unwrap("1|families|8", wrapped); err == nil {
		t.Error("unwrapped in another row")
	}
	again, err := k.Unwrap("1|families|7", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open("1|children|9", sealed); err != nil || string(got) != "José" {
		t.Errorf("Open = %q, %v", got, err)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := again.Open("1|children|9", sealed); err == nil {
		t.Error("opened altered bytes")
	}
}

func TestIndexDiffersByTenantAndField(t *testing.T) {
	k := Random()
	a := k.Index(1, "name", "garcia")
	if !bytes.Equal(a, k.Index(1, "name", "garcia")) {
		t.Error("the same value has two indexes")
	}
	for _, other := range [][]byte{k.Index(2, "name", "garcia"), k.Index(1, "email", "garcia"), Random().Index(1, "name", "garcia")} {
		if bytes.Equal(a, other) {
			t.Error("indexes of different fields or tenants meet")
		}
	}
}

func TestLoadKeepsTheKeysItMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	a, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Index(1, "f", "v"), b.Index(1, "f", "v")) {
		t.Error("a second start has other keys")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file mode = %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("damaged keys were accepted")
	}
}

func TestFoldBringsSpellingsTogether(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"Núñez-García,  José ", "nunez garcia jose"},
		{"NUN\u0303EZ", "nunez"},
		{"O’Brien", "obrien"}, {"O'Brien", "obrien"},
		{"Kaʻahumanu", "kaahumanu"},
		{"Nguyễn Đình", "nguyen dinh"},
		{"Straße", "strasse"},
		{"  ", ""},
		{"李小龙", "李小龙"},
	} {
		if got := Fold(test.in); got != test.want {
			t.Errorf("Fold(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}
