// Package i18n holds every word that a person reads, in every language, and
// writes money, days and numbers the way readers of that language write them.
//
// Each room keeps its own pair of catalogues in locales, <room>.en.toml and
// <room>.es.toml. A key is the room and the phrase: "enroll.already". A phrase
// that counts is a table of its CLDR forms, one, other and so on, chosen by the
// argument n as go-i18n's rules say. Placeholders are {{.name}} and nothing more:
// no functions, no conditions, no markup.
//
// i18n returns plain text; templates escape it. It knows no page and no table.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/BurntSushi/toml"
	"seedbook/service/fault"
)

//go:embed locales/*.toml
var files embed.FS

// Args are the values of a phrase's placeholders. Amounts, days, periods,
// instants and whole numbers are written in the language's own way; strings are
// taken as they are; a Key is itself translated. A year is a string.
type Args = map[string]any

// Key names a phrase where another phrase's argument, or data, calls for one.
type Key string

// Words are the phrases of one language. They are safe for concurrent use.
type Words struct {
	language *Language
	phrases  map[string]phrase
}

// strict makes a missing phrase or argument stop a test, while a reader sees
// the key.
var strict = testing.Testing()

// catalogues are read once, at the first use.
var catalogues = sync.OnceValue(load)

// For returns the words of a language by its code or any tag of it: "es",
// "es-US", "es-MX". An unknown language is answered in English.
func For(tag string) *Words {
	base, _, _ := strings.Cut(tag, "-")
	if w, ok := catalogues()[base]; ok {
		return w
	}
	return catalogues()["en"]
}

// Lang is the language's code, as <html lang> wants it: "en".
func (w *Words) Lang() string { return w.language.Code }

// T phrases a key.
func (w *Words) T(key string, args ...Args) string {
	p, ok := w.phrases[key]
	if !ok {
		return missing("phrase", key)
	}
	var values Args
	if len(args) > 0 {
		values = args[0]
	}
	return w.write(key, p.form(w.language, values), values)
}

// N phrases a key that has several forms, for a count of n: {{.n}} in it is the
// count, written with the language's separators.
func (w *Words) N(key string, n int, args ...Args) string {
	values := Args{"n": n}
	if len(args) > 0 {
		for name, value := range args[0] {
			values[name] = value
		}
	}
	return w.T(key, values)
}

// Fault phrases a fault for the person who can act on it. The details it may
// carry are phrased one by one by whoever lists them.
func (w *Words) Fault(f *fault.Fault) string { return w.T(f.Key, f.Args) }

// Has reports whether the language has a phrase for a key.
func (w *Words) Has(key string) bool {
	_, ok := w.phrases[key]
	return ok
}

func missing(what, key string) string {
	if strict {
		panic(fmt.Sprintf("i18n: no %s %q", what, key))
	}
	return key
}

// load reads every catalogue. A catalogue that cannot be read is a bug of this
// build, so it panics, naming the file.
func load() map[string]*Words {
	all := make(map[string]*Words, len(Languages))
	for i := range Languages {
		l := &Languages[i]
		for n := range int64(smallCounts) {
			l.forms = append(l.forms, l.askForm(n))
		}
		all[l.Code] = &Words{l, map[string]phrase{}}
	}
	names, err := fs.Glob(files, "locales/*.toml")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		room, code, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, "locales/"), ".toml"), ".")
		w := all[code]
		if !ok || w == nil {
			panic(fmt.Sprintf("i18n: %s is not named <room>.<language>.toml", name))
		}
		if err := w.read(name, room); err != nil {
			panic(fmt.Sprintf("i18n: %v", err))
		}
	}
	return all
}

func (w *Words) read(name, room string) error {
	raw, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	var table map[string]any
	if err := toml.Unmarshal(raw, &table); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for top := range table {
		if top != room {
			return fmt.Errorf("%s: %q belongs to another room", name, top)
		}
	}
	if err := w.add(room, table[room]); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// add adds a phrase, the forms of one, or a table of phrases. A table is taken
// for the forms of one phrase where it has a singular and nothing but forms, so
// that every word may name a phrase. (go-i18n's own reader refuses tables that
// have "other" beside other names.)
func (w *Words) add(key string, value any) (err error) {
	switch v := value.(type) {
	case string:
		w.phrases[key], err = compile(map[string]string{"other": v})
	case map[string]any:
		if forms := formsIn(v); forms != nil {
			w.phrases[key], err = compile(forms)
			break
		}
		for name, inner := range v {
			if err := w.add(key+"."+name, inner); err != nil {
				return err
			}
		}
		return nil
	default:
		err = fmt.Errorf("is %T and not text", value)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

// formsIn returns the forms that a table holds, or nil where it is no phrase.
func formsIn(table map[string]any) map[string]string {
	forms := map[string]string{}
	for name, value := range table {
		text, ok := value.(string)
		if !ok || !slices.Contains(formNames, name) {
			return nil
		}
		forms[name] = text
	}
	if forms["one"] == "" || forms["other"] == "" {
		return nil
	}
	return forms
}
