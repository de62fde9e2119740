package i18n

import (
	"bufio"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// repository is the root, from this package's folder.
const repository = "../.."

func TestEveryPhraseExistsInEveryLanguageWithTheSamePlaceholders(t *testing.T) {
	english := catalogues()["en"].phrases
	for _, l := range Languages[1:] {
		other := catalogues()[l.Code].phrases
		for _, key := range slices.Sorted(maps.Keys(english)) {
			translated, ok := other[key]
			if !ok {
				t.Errorf("%s has no %q", l.Code, key)
				continue
			}
			want, got := english[key].other.names(), translated.other.names()
			if !slices.Equal(want, got) {
				t.Errorf("%s in %s has placeholders %v, in English %v", key, l.Code, got, want)
			}
			if (english[key].forms == nil) != (translated.forms == nil) {
				t.Errorf("%s counts in one of en and %s only", key, l.Code)
			}
			checkForms(t, l.Code, key, translated)
		}
		for key := range other {
			if _, ok := english[key]; !ok {
				t.Errorf("English has no %q, which %s has", key, l.Code)
			}
		}
	}
	for key, p := range english {
		checkForms(t, "en", key, p)
	}
}

// checkForms sees to it that a phrase that counts has its singular, and that no
// form has a placeholder which the general form lacks.
func checkForms(t *testing.T, lang, key string, p phrase) {
	t.Helper()
	if p.forms == nil {
		return
	}
	if _, ok := p.forms["one"]; !ok {
		t.Errorf("%s: %s has no singular", lang, key)
	}
	for form, text := range p.forms {
		for _, name := range text.names() {
			if !slices.Contains(p.other.names(), name) {
				t.Errorf("%s: %s has {{.%s}} in %q only", lang, key, name, form)
			}
		}
	}
}

func TestNoTextIsLeftInEnglish(t *testing.T) {
	same := sameWords(t)
	english := catalogues()["en"].phrases
	for _, l := range Languages[1:] {
		for key, p := range catalogues()[l.Code].phrases {
			if !slices.Equal(p.other, english[key].other) {
				continue
			}
			for i := 0; i < len(p.other); i += 2 {
				for _, word := range strings.FieldsFunc(p.other[i], func(r rune) bool { return !unicode.IsLetter(r) }) {
					if !same[strings.ToLower(word)] {
						t.Errorf("%s: %s is the English text: if that is right, put %q into testdata/same_words.txt", l.Code, key, word)
					}
				}
			}
		}
	}
}

// sameWords are words that every language we speak writes alike.
func sameWords(t *testing.T) map[string]bool {
	f, err := os.Open("testdata/same_words.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	same := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if word := strings.TrimSpace(lines.Text()); word != "" && !strings.HasPrefix(word, "#") {
			same[strings.ToLower(word)] = true
		}
	}
	return same
}

var (
	// keyLiteral finds what may be a key: "room.key", or "room.key." before a
	// variable ending.
	keyLiteral = regexp.MustCompile("[\"'`]([a-z][a-z0-9_]*(?:\\.[a-z0-9_]+)*\\.?)[\"'`]")
	// keyUse finds what must be a key.
	keyUse = regexp.MustCompile(`(?:\.T\(|\.N\(|i18n\.Key\(|fault\.New\(fault\.\w+, )"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)"`)
)

func TestEveryPhraseIsUsedAndEveryUsedPhraseExists(t *testing.T) {
	literals, uses := map[string]bool{}, map[string]string{}
	for _, file := range sources(t) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range keyLiteral.FindAllSubmatch(raw, -1) {
			literals[string(m[1])] = true
		}
		for _, m := range keyUse.FindAllSubmatch(raw, -1) {
			uses[string(m[1])] = file
		}
	}
	english := catalogues()["en"].phrases
	for _, key := range slices.Sorted(maps.Keys(uses)) {
		if _, ok := english[key]; !ok {
			t.Errorf("%s uses %q, which no catalogue has", uses[key], key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(english)) {
		if !isUsed(key, literals) {
			t.Errorf("nothing uses %q", key)
		}
	}
}

// isUsed reports whether a source has the key itself or, for keys with a
// variable ending, its beginning: "award.reason." + code.
func isUsed(key string, literals map[string]bool) bool {
	if literals[key] {
		return true
	}
	for i := len(key) - 1; i > 0; i-- {
		if key[i] == '.' && strings.Count(key[:i], ".") > 0 && literals[key[:i+1]] {
			return true
		}
	}
	return false
}

// sources lists the program's own files in which keys may stand.
func sources(t *testing.T) []string {
	var found []string
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || name == "data" || strings.HasPrefix(name, ".") && path != repository) {
			return filepath.SkipDir
		}
		ext := filepath.Ext(name)
		if (ext == ".go" || ext == ".templ" || ext == ".sql") && !strings.HasSuffix(name, "_test.go") {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
