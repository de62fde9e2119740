package web

import (
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/web/parts"
)

// Faults of single fields.
var (
	errMissing = fault.New(fault.Invalid, "web.field.missing")
	errTooLong = fault.New(fault.Invalid, "web.field.too_long")
	errControl = fault.New(fault.Invalid, "web.field.control")
	errNumber  = fault.New(fault.Invalid, "web.field.number")
	errAmount  = fault.New(fault.Invalid, "web.field.amount")
	errDate    = fault.New(fault.Invalid, "web.field.date")
	errChoice  = fault.New(fault.Invalid, "web.field.choice")
	errFile    = fault.New(fault.Invalid, "web.field.file")
	errTwice   = fault.New(fault.Invalid, "web.field.twice")
	errBadForm = fault.New(fault.Invalid, "web.field.form")
)

// maxTextSize bounds a line of text, in characters.
const maxTextSize = 4000

// Form reads a form's fields by type and gathers what is wrong with them, so
// that a person mends everything at once. Each field is read once; a field sent
// twice is refused, and a field that is not read is not looked at.
type Form struct {
	values url.Values
	files  map[string][]*multipart.FileHeader
	faults []*fault.Fault
}

// ReadForm reads a request's body, urlencoded or multipart.
func ReadForm(g *gin.Context) (*Form, error) {
	f := &Form{}
	kind, _, _ := strings.Cut(g.GetHeader("Content-Type"), ";")
	if kind == "multipart/form-data" {
		// Kept in memory: a file with children's names is not left in /tmp.
		if err := g.Request.ParseMultipartForm(maxUpload + maxForm); err != nil {
			return nil, badForm(err)
		}
		f.values, f.files = g.Request.MultipartForm.Value, g.Request.MultipartForm.File
		return f, nil
	}
	if err := g.Request.ParseForm(); err != nil {
		return nil, badForm(err)
	}
	f.values = g.Request.PostForm
	return f, nil
}

// ReadQuery reads a page's address as a form: searches and filters.
func ReadQuery(g *gin.Context) *Form { return &Form{values: g.Request.URL.Query()} }

// FormOf reads an address's query that came by another way.
func FormOf(query string) *Form {
	values, _ := url.ParseQuery(query) // what cannot be read is not there
	return &Form{values: values}
}

func badForm(err error) error {
	if plain(err) != err {
		return err // too large
	}
	return fault.Because(errBadForm, err)
}

func (f *Form) fail(name string, what *fault.Fault) { f.faults = append(f.faults, what.At(name)) }

// Fail adds what a handler itself found wrong with a field.
func (f *Form) Fail(name string, what *fault.Fault) { f.fail(name, what) }

// raw is a field as sent, without the spaces around it.
func (f *Form) raw(name string) string {
	sent := f.values[name]
	if len(sent) > 1 {
		f.fail(name, errTwice)
	}
	if len(sent) == 0 {
		return ""
	}
	return strings.TrimSpace(sent[0])
}

// Optional is a line of text that may be empty.
func (f *Form) Optional(name string) string {
	s := f.raw(name)
	switch {
	case utf8.RuneCountInString(s) > maxTextSize:
		f.fail(name, errTooLong.With(i18n.Args{"n": maxTextSize}))
		return ""
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		f.fail(name, errControl)
		return ""
	}
	return s
}

// Text is a line of text.
func (f *Form) Text(name string) string {
	s := f.Optional(name)
	if s == "" && !f.failed(name) {
		f.fail(name, errMissing)
	}
	return s
}

// Block is text of several lines, taken as typed but for the line ends, which
// browsers send as CR LF. It may be empty and is at most so many characters.
func (f *Form) Block(name string, most int) string {
	sent := f.values[name]
	if len(sent) > 1 {
		f.fail(name, errTwice)
	}
	if len(sent) == 0 {
		return ""
	}
	s := lineEnds.Replace(sent[0])
	switch {
	case utf8.RuneCountInString(s) > most:
		f.fail(name, errTooLong.With(i18n.Args{"n": most}))
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		f.fail(name, errControl)
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Secret is a password: taken as typed, spaces and all.
func (f *Form) Secret(name string) string {
	sent := f.values[name]
	if len(sent) != 1 || sent[0] == "" {
		f.fail(name, errMissing)
		return ""
	}
	return sent[0]
}

// Int is a whole number between two bounds.
func (f *Form) Int(name string, least, most int) int {
	n, err := strconv.Atoi(f.Text(name))
	if !f.failed(name) && (err != nil || n < least || n > most) {
		f.fail(name, errNumber.With(i18n.Args{"least": least, "most": most}))
	}
	return n
}

// Amount is money, written like 25 or 25.00. A dollar sign and separators
// between thousands are forgiven.
func (f *Form) Amount(name string) ledger.Amount {
	a, err := ledger.ParseAmount(money.Replace(f.Text(name)))
	if err != nil && !f.failed(name) {
		f.fail(name, errAmount)
	}
	return a
}

var money = strings.NewReplacer("$", "", ",", "", " ", "")

// Date is a day, as the browser's own date field sends it: 2026-09-01.
func (f *Form) Date(name string) ledger.Date {
	d, err := ledger.ParseDate(f.Text(name))
	if err != nil && !f.failed(name) {
		f.fail(name, errDate)
	}
	return d
}

// Choice is one of the values offered.
func (f *Form) Choice(name string, offered ...string) string {
	s := f.raw(name)
	if !slices.Contains(offered, s) && !f.failed(name) {
		f.fail(name, errChoice)
		return ""
	}
	return s
}

// Choices are the values chosen of those offered, in the order of the offer.
func (f *Form) Choices(name string, offered ...string) (out []string) {
	for _, s := range f.values[name] {
		if !slices.Contains(offered, s) {
			f.fail(name, errChoice)
			return nil
		}
	}
	for _, s := range offered {
		if slices.Contains(f.values[name], s) {
			out = append(out, s)
		}
	}
	return out
}

// Checked is a checkbox.
func (f *Form) Checked(name string) bool { return f.raw(name) == "yes" }

// Attached reports that a file came along.
func (f *Form) Attached(name string) bool {
	return len(f.files[name]) == 1 && f.files[name][0].Size > 0
}

// File is a file with its name, without any folder it may carry. The content is
// at most maxUpload.
func (f *Form) File(name string) (content []byte, filename string, err error) {
	sent := f.files[name]
	if len(sent) != 1 || sent[0].Size == 0 {
		f.fail(name, errFile)
		return nil, "", nil
	}
	file, err := sent[0].Open()
	if err != nil {
		return nil, "", fmt.Errorf("open upload: %w", err)
	}
	defer file.Close()
	content, err = io.ReadAll(file)
	if err != nil {
		return nil, "", fmt.Errorf("read upload: %w", err)
	}
	filename = sent[0].Filename
	if i := strings.LastIndexAny(filename, `/\`); i >= 0 {
		filename = filename[i+1:]
	}
	return content, strings.Map(printable, strings.ToValidUTF8(filename, "")), nil
}

func printable(r rune) rune {
	if unicode.IsControl(r) || !unicode.IsPrint(r) {
		return -1
	}
	return r
}

// Has reports whether a field was sent at all.
func (f *Form) Has(name string) bool { return len(f.values[name]) > 0 }

// All is every value sent under one name, for lists of checkboxes.
func (f *Form) All(name string) []string { return f.values[name] }

// Peek is a field as sent, without anything found wrong with it.
func (f *Form) Peek(name string) string { return strings.TrimSpace(f.values.Get(name)) }

// Carry is everything sent but some fields, to be sent again with another form.
func (f *Form) Carry(but ...string) (all []parts.Carried) {
	for _, name := range slices.Sorted(maps.Keys(f.values)) {
		if slices.Contains(but, name) {
			continue
		}
		for _, value := range f.values[name] {
			all = append(all, parts.Carried{Name: name, Value: value})
		}
	}
	return all
}

func (f *Form) failed(name string) bool {
	return slices.ContainsFunc(f.faults, func(x *fault.Fault) bool { return x.Field == name })
}

// Err is everything found wrong, or nil.
func (f *Form) Err() error {
	if len(f.faults) == 0 {
		return nil
	}
	return ErrForm.Among(f.faults...)
}

// Download sends a file to be saved. name is ours and plain.
func Download(g *gin.Context, kind, name string, content []byte) error {
	attach(g, name)
	g.Data(http.StatusOK, kind, content)
	return nil
}
