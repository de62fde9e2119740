// Package parts holds the pieces every page is made of: the layout, tables,
// forms, status tags, money panels, charts.
//
// A part is a templ component that takes plain values and the reader's words.
// It decides nothing but how to show what it is given, works without
// JavaScript, and carries no inline script or style, which the security policy
// would refuse. parts knows no room, no request and no session.
package parts

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"seedbook/service/i18n"
)

// Page is what the layout needs to know of a page and of who reads it.
type Page struct {
	*i18n.Words
	Title  string // the h1, and the first words of the window's title
	Lead   string // a sentence below the h1; "" for none
	Assets Assets
	// Switch lists the other languages with the address of this same page in
	// them.
	Switch []LanguageLink
	// Organization and Person are shown to the signed in; "" for nobody.
	Organization, Person string
	// Program is the one that the page is about; "" for none.
	Program   string
	Nav       []Section
	Trail     []Link // the way here from home, without this page
	Notice    string // what was just done; "" for nothing
	Problems  []Problem
	Meanwhile []Kept // what somebody else saved since the form was opened
	// Reload makes the page load itself again after so many seconds, for work
	// in progress where there is no JavaScript; 0 for never.
	Reload int
	// Light is a page for old phones and dear lines: it loads no typefaces, and no
	// script but our own small one.
	Light bool
	Home  string // where the name in the header leads
	Help  string // where "Help" leads, the same place on every page
	Out   string // where "Sign out" posts to
	Me    string // where the person's name leads
	Keys  string // where the keyboard's help is; "" where no single key does anything
}

// Assets are the addresses of the files that pages load.
type Assets struct {
	Style   string   // the stylesheet
	Mark    string   // the seedling
	Scripts []string // in order; none where the design system is not built
	Own     string   // the one among them that light pages load
}

// Link is somewhere to go.
type Link struct {
	Text    string
	To      string
	Current bool // the page being read, or the section it belongs to
	// Key is the letter that leads there after "g"; "" for none.
	Key string
}

// Section is one of the main places, with the pages that belong to it.
type Section struct {
	Link
	Places []Link
}

// here is the section that a page belongs to, where it has several pages.
func (p *Page) here() []Section {
	for _, s := range p.Nav {
		if s.Current && len(s.Places) > 1 {
			return []Section{s}
		}
	}
	return nil
}

// keyed tells our script which letter leads there.
func (l Link) keyed() templ.Attributes {
	if l.Key == "" {
		return nil
	}
	return templ.Attributes{"data-go": l.Key}
}

// LanguageLink leads to the same page in another language.
type LanguageLink struct {
	Code string
	Name string // in that language
	To   string
}

// Problem is something to mend in a form.
type Problem struct {
	Field string // the input's name; "" where it is not about one
	Text  string
}

// Kept is a field that somebody else saved while a form was open, beside what was
// typed.
type Kept struct {
	Field, Now, Typed string
}

// Carried is a field of a form that is sent again with another.
type Carried struct {
	Name, Value string
}

// fault returns what is wrong with a field, or "".
func (p *Page) fault(field string) string {
	for _, problem := range p.Problems {
		if problem.Field == field && field != "" {
			return problem.Text
		}
	}
	return ""
}

// Fault is what is wrong with a field, or "", for fields that pages make
// themselves.
func (p *Page) Fault(field string) string { return p.fault(field) }

// window is the window's title: what the page is, what it belongs to, and of which
// program. Pages of two children side by side are told apart by it.
func (p *Page) window() string {
	title := p.Title
	add := func(s string) {
		if s != "" && s != p.Title {
			title += " – " + s
		}
	}
	if n := len(p.Trail); n > 1 { // beyond home
		add(p.Trail[n-1].Text)
	}
	add(p.Program)
	add(p.T("web.seedbook"))
	if len(p.Problems) > 0 {
		return p.T("web.error_prefix") + " " + title
	}
	return title
}

// scripts are those that the page loads: a light one only our own.
func (p *Page) scripts() []string {
	if p.Light && p.Assets.Own != "" {
		return []string{p.Assets.Own}
	}
	return p.Assets.Scripts
}

func (p *Page) dir() string {
	for _, l := range i18n.Languages {
		if l.Code == p.Lang() && l.RTL {
			return "rtl"
		}
	}
	return "ltr"
}

// Field is an input with its label.
type Field struct {
	Name         string
	Label        string
	Hint         string
	Type         string // "text" unless said otherwise
	Value        string
	Autocomplete string
	InputMode    string
	Optional     bool
	MaxLength    int // 0 for none
	Wide         bool
	Fragment     bool // the script fills it with what stands behind the # of the address
}

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// describedBy lists the ids that explain a field.
func (p *Page) describedBy(name, hint string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, name+"-hint")
	}
	if p.fault(name) != "" {
		ids = append(ids, name+"-error")
	}
	return strings.Join(ids, " ")
}

// Choice is one of a select's options.
type Choice struct {
	Value, Text string
}

// Tone is how a status tag or a message looks. It never stands alone: the words
// say the same.
type Tone string

// The tones.
const (
	Quiet   Tone = "quiet"
	Info    Tone = "info"
	Good    Tone = "good"
	Caution Tone = "caution"
	Bad     Tone = "bad"
)

// Status is a state in one or two words.
type Status struct {
	Text string
	Tone Tone
}

// Figure is a number with its name, for summary panels.
type Figure struct {
	Label string
	Value string // as written in the reader's language
	Note  string // where it comes from, or what it does not contain
	To    string // "" for no link
	Major bool   // the one to read first
}

// Row is a line of a list of facts.
type Row struct {
	Term  string
	Value string
	To    string // "" for no link
}

func itoa(n int) string { return strconv.Itoa(n) }
