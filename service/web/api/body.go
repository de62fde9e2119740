package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"seedbook/ledger"
	"seedbook/service/fault"
)

// input reads a request's JSON by type and gathers what is wrong with it, so
// that its author mends everything at once. What has the wrong form (unknown
// fields, numbers for money) is 400; what has the right form and cannot be meant
// is 422.
type input struct {
	malformed []*fault.Fault
	wrong     []*fault.Fault
}

// object is a JSON object of a request. Each field is read once; what is left
// over is unknown.
type object struct {
	in     *input
	path   string // "" or "deposits[3]."
	fields map[string]json.RawMessage
}

// maxText bounds a line of text, in characters.
const maxText = 200

// readBody reads a request's body as one JSON object.
func readBody(g *gin.Context) (*input, object, error) {
	if kind, _, err := mime.ParseMediaType(g.GetHeader("Content-Type")); err != nil || kind != "application/json" {
		return nil, object{}, refused(http.StatusUnsupportedMediaType, errMedia.With(map[string]any{"media": "application/json"}))
	}
	raw, err := io.ReadAll(g.Request.Body)
	if err != nil {
		return nil, object{}, err // too large, or the sender left
	}
	in := &input{}
	o := in.object("", raw)
	return in, o, in.form()
}

// object reads the fields of an object. A field that comes twice is refused:
// two readers might take different ones.
func (in *input) object(path string, raw json.RawMessage) object {
	o := object{in, path, map[string]json.RawMessage{}}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') || !utf8.Valid(raw) {
		in.malformed = append(in.malformed, errBody.At(strings.TrimSuffix(path, ".")))
		return o
	}
	for d.More() {
		t, err := d.Token()
		name, text := t.(string)
		var value json.RawMessage
		if err != nil || !text || d.Decode(&value) != nil {
			in.malformed = append(in.malformed, errBody.At(strings.TrimSuffix(path, ".")))
			return o
		}
		if _, twice := o.fields[name]; twice {
			in.malformed = append(in.malformed, errTwice.At(path+name))
		}
		o.fields[name] = value
	}
	if _, err := d.Token(); err != nil {
		in.malformed = append(in.malformed, errBody.At(strings.TrimSuffix(path, ".")))
	} else if _, err := d.Token(); err != io.EOF {
		in.malformed = append(in.malformed, errBody.At(strings.TrimSuffix(path, ".")))
	}
	return o
}

func (o object) malformed(name string, f *fault.Fault) {
	o.in.malformed = append(o.in.malformed, f.At(o.path+name))
}
func (o object) wrong(name string, f *fault.Fault) {
	o.in.wrong = append(o.in.wrong, f.At(o.path+name))
}

// take removes a field and returns it.
func (o object) take(name string) (json.RawMessage, bool) {
	raw, there := o.fields[name]
	delete(o.fields, name)
	return raw, there
}

// optional is a line of text that may be left out; money says how to write it
// where somebody sends a number.
func (o object) optional(name string, money bool) (string, bool) {
	raw, there := o.take(name)
	if !there {
		return "", false
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		f := errText
		if money {
			f = errNumber
		}
		o.malformed(name, f)
		return "", false
	}
	switch {
	case utf8.RuneCountInString(s) > maxText:
		o.wrong(name, errLong.With(map[string]any{"n": maxText}))
	case strings.ContainsFunc(s, unicode.IsControl):
		o.wrong(name, errControl)
	}
	return strings.TrimSpace(s), true
}

// text is a line of text, "" where it is left out.
func (o object) text(name string) string {
	s, _ := o.optional(name, false)
	return s
}

// required is a line of text of at most so many characters.
func (o object) required(name string, most int) string {
	before := len(o.in.malformed)
	s, _ := o.optional(name, false)
	switch {
	case len(o.in.malformed) > before:
	case s == "":
		o.wrong(name, errMissing)
	case utf8.RuneCountInString(s) > most:
		o.wrong(name, errLong.With(map[string]any{"n": most}))
	}
	return s
}

// amount is money above zero.
func (o object) amount(name string) ledger.Amount {
	before := len(o.in.malformed)
	s, there := o.optional(name, true)
	a, err := ledger.ParseAmount(s)
	switch {
	case len(o.in.malformed) > before:
	case !there:
		o.wrong(name, errMissing)
	case err != nil || a.Sign() <= 0:
		o.wrong(name, errAmount)
	}
	return a
}

// date is a day, not after another.
func (o object) date(name string, last ledger.Date) ledger.Date {
	before := len(o.in.malformed)
	s, there := o.optional(name, false)
	d, err := ledger.ParseDate(s)
	switch {
	case len(o.in.malformed) > before:
	case !there:
		o.wrong(name, errMissing)
	case err != nil:
		o.wrong(name, errDate)
	case d.After(last):
		o.wrong(name, errFuture)
	}
	return d
}

// choice is one of the values offered.
func (o object) choice(name string, offered ...string) string {
	s := o.required(name, maxText)
	if s != "" && !slices.Contains(offered, s) {
		o.wrong(name, errChoice.With(map[string]any{"choices": strings.Join(offered, ", ")}))
	}
	return s
}

// list is a list of objects, with at least one and at most so many.
func (o object) list(name string, most int) []object {
	raw, there := o.take(name)
	var items []json.RawMessage
	switch {
	case !there:
		o.wrong(name, errMissing)
		return nil
	case raw[0] != '[' || json.Unmarshal(raw, &items) != nil:
		o.malformed(name, errList)
		return nil
	case len(items) < 1 || len(items) > most:
		o.wrong(name, errSize.With(map[string]any{"n": most}))
		return nil
	}
	out := make([]object, len(items))
	for i, item := range items {
		out[i] = o.in.object(fmt.Sprintf("%s%s[%d].", o.path, name, i), item)
	}
	return out
}

// end refuses what was not read.
func (o object) end() {
	names := make([]string, 0, len(o.fields))
	for name := range o.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if utf8.RuneCountInString(name) > 60 {
			name = string([]rune(name)[:60])
		}
		o.malformed(name, errUnknown)
	}
}

// maxErrors bounds the list of what is wrong.
const maxErrors = 100

// form is what is wrong with the form, or nil.
func (in *input) form() error {
	if len(in.malformed) == 0 {
		return nil
	}
	return refused(http.StatusBadRequest, errFields.Among(in.malformed[:min(len(in.malformed), maxErrors)]...))
}

// err is everything found wrong, or nil.
func (in *input) err() error {
	if err := in.form(); err != nil {
		return err
	}
	if len(in.wrong) == 0 {
		return nil
	}
	return errFields.Among(in.wrong[:min(len(in.wrong), maxErrors)]...)
}

// query reads an address's parameters as an object: strings all of them. Every
// parameter that is wrong or unknown is 400.
type query struct{ object }

func readQuery(g *gin.Context) query {
	q := query{object{&input{}, "", map[string]json.RawMessage{}}}
	for name, values := range g.Request.URL.Query() {
		if len(values) != 1 {
			q.malformed(name, errTwice)
		}
		raw, err := json.Marshal(strings.ToValidUTF8(values[0], "\uFFFD"))
		if err == nil {
			q.fields[name] = raw
		}
	}
	return q
}

// day is a day that may be left out, not after another.
func (q query) day(name string, last ledger.Date) ledger.Date {
	if _, there := q.fields[name]; !there {
		return ledger.Date{}
	}
	return q.date(name, last)
}

// int is a whole number that may be left out.
func (q query) int(name string, least, most, otherwise int) int {
	s, there := q.optional(name, false)
	if !there {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		q.wrong(name, errInt.With(map[string]any{"least": least, "most": most}))
		return otherwise
	}
	return n
}

// number is a keyset's last number; 0 where it is left out.
func (q query) number(name string) int64 {
	s, there := q.optional(name, false)
	if !there {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		q.wrong(name, errInt.With(map[string]any{"least": 0, "most": "9223372036854775807"}))
	}
	return n
}

// done refuses parameters that were not read, and is what is wrong, or nil.
func (q query) done() error {
	q.end()
	all := slices.Concat(q.in.malformed, q.in.wrong)
	if len(all) == 0 {
		return nil
	}
	return refused(http.StatusBadRequest, errFields.Among(all[:min(len(all), maxErrors)]...))
}
