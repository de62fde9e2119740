package i18n

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// A text is a phrase cut at its placeholders: literal, name, literal, name, …
// ending in a literal. Cutting at load keeps a phrase under 100 ns, where a
// text/template takes a microsecond and statements need dozens.
type text []string

// phrase is a message in the forms its language counts in; other is always
// there, and alone where the phrase does not count.
type phrase struct {
	other text
	forms map[string]text // by CLDR form: "one", "many", …
}

var placeholder = regexp.MustCompile(`\{\{\.([a-zA-Z][a-zA-Z0-9_]*)\}\}`)

var errPlaceholder = errors.New("a placeholder is written {{.name}}")

// formNames are CLDR's.
var formNames = []string{"zero", "one", "two", "few", "many", "other"}

// compile cuts the forms of a phrase; "other" is always among them.
func compile(forms map[string]string) (phrase, error) {
	p := phrase{}
	for form, src := range forms {
		t, err := cut(src)
		if err != nil {
			return phrase{}, err
		}
		if form == "other" {
			p.other = t
			continue
		}
		if p.forms == nil {
			p.forms = map[string]text{}
		}
		p.forms[form] = t
	}
	if strings.Join(p.other, "") == "" {
		return phrase{}, errors.New("has no text")
	}
	return p, nil
}

// cut splits a message's source at its placeholders.
func cut(src string) (text, error) {
	var t text
	end := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(src, -1) {
		t = append(t, src[end:at[0]], src[at[2]:at[3]])
		end = at[1]
	}
	t = append(t, src[end:])
	for i := 0; i < len(t); i += 2 {
		if strings.Contains(t[i], "{{") || strings.Contains(t[i], "}}") {
			return nil, errPlaceholder
		}
	}
	return t, nil
}

// names lists a text's placeholders, sorted, each once.
func (t text) names() []string {
	seen := map[string]bool{}
	var names []string
	for i := 1; i < len(t); i += 2 {
		if !seen[t[i]] {
			seen[t[i]] = true
			names = append(names, t[i])
		}
	}
	sort.Strings(names)
	return names
}

// form chooses the text for the count in args.
func (p phrase) form(l *Language, args Args) text {
	if p.forms == nil {
		return p.other
	}
	n, ok := wholeNumber(args["n"])
	if !ok {
		missing("count", "n")
	}
	if t, ok := p.forms[l.formOf(n)]; ok {
		return t
	}
	return p.other
}

func (w *Words) write(key string, t text, args Args) string {
	if len(t) == 1 {
		return t[0]
	}
	var room [256]byte
	b := append(room[:0], t[0]...)
	for i := 1; i < len(t); i += 2 {
		value, ok := args[t[i]]
		if !ok {
			missing("argument "+t[i]+" for", key)
		}
		b = w.append(b, value)
		b = append(b, t[i+1]...)
	}
	return string(b)
}

// append writes one argument as its kind is written in the language.
func (w *Words) append(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return append(b, v...)
	case Key:
		return append(b, w.T(string(v))...)
	case ledger.Amount:
		return w.AppendMoney(b, v)
	case ledger.Date:
		return w.AppendDate(b, v)
	case ledger.Period:
		return append(b, w.Period(v)...)
	case time.Time:
		return append(b, w.Time(v)...)
	case decimal.Decimal:
		return append(b, w.Decimal(v)...)
	case nil:
		return b
	case fmt.Stringer:
		return append(b, v.String()...)
	}
	if n, ok := wholeNumber(value); ok {
		return w.appendInt(b, n)
	}
	return fmt.Append(b, value)
}

// wholeNumber reads any integer type, named ones too.
func wholeNumber(value any) (int64, bool) {
	switch v := value.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case nil:
		return 0, false
	}
	v := reflect.ValueOf(value)
	switch {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return int64(v.Uint()), true
	}
	return 0, false
}

// Source is a phrase as the catalogue has it, with its placeholders.
func (w *Words) Source(key string) string {
	p, ok := w.phrases[key]
	if !ok {
		missing("phrase", key)
	}
	var b strings.Builder
	for i, part := range p.other {
		if i%2 == 1 {
			part = "{{." + part + "}}"
		}
		b.WriteString(part)
	}
	return b.String()
}

// Placeholders lists the placeholders of a text that is not of a catalogue,
// sorted, each once; none where one is not written as it should be.
func Placeholders(src string) []string {
	t, err := cut(src)
	if err != nil {
		return nil
	}
	return t.names()
}

// Fill fills in a text that is not of a catalogue, like one that a program wrote
// itself. A placeholder without an argument is an error.
func (w *Words) Fill(src string, args Args) (string, error) {
	t, err := cut(src)
	if err != nil {
		return "", err
	}
	for _, name := range t.names() {
		if _, ok := args[name]; !ok {
			return "", errPlaceholder
		}
	}
	return w.write("", t, args), nil
}
