package request

import (
	"slices"

	"seedbook/service/family"
)

// Kind is what a family asks for.
type Kind string

// The kinds.
const (
	School    Kind = "school"    // money for a school, paid to it
	Emergency Kind = "emergency" // the family's own money back
	Own529    Kind = "own_529"   // the money moved to a 529 account of the family's own
	Move      Kind = "move"      // a new address
	Guardian  Kind = "guardian"  // another adult on record
	Name      Kind = "name"      // a name that is not right
	Contact   Kind = "contact"   // another phone or e-mail to sign in with
	Dispute   Kind = "dispute"   // a line that is not right
	OptOut    Kind = "opt_out"   // to take part no more
	Erase     Kind = "erase"     // to be forgotten
)

// Kinds are all of them, in the order families are offered them.
var Kinds = []Kind{School, Emergency, Own529, Move, Guardian, Name, Contact, Dispute, OptOut, Erase}

// Field is something that a request of a kind says.
type Field struct {
	Name     string
	As       As
	Optional bool
	Choices  []string // of a Choice
}

// As is how a field is written.
type As string

// The ways.
const (
	Line   As = "line"
	Block  As = "block"
	Amount As = "amount"
	Day    As = "day"
	Choice As = "choice"
	Reach  As = "contact" // a telephone number or an e-mail address
)

// terms are what is known of a kind.
type terms struct {
	right  family.Right
	act    family.Act // what a hold may keep from being done; "" for nothing
	days   int        // within which the family has an answer
	waits  bool       // agreed to after three days at the earliest
	signs  bool       // takes a name typed below what it does
	paper  bool       // not agreed to without a paper
	fields []Field
}

// why is a field for what the family wants to say.
var why = Field{Name: "why", As: Block, Optional: true}

var kinds = map[Kind]terms{
	School: {right: family.MayRequest, act: family.ToWithdraw, days: 21, waits: true, signs: true, paper: true, fields: []Field{
		{Name: "institution", As: Line}, {Name: "student_id", As: Line, Optional: true},
		{Name: "expense", As: Choice, Choices: []string{"tuition", "fees", "books", "housing", "tools", "other"}},
		{Name: "amount", As: Amount}, {Name: "needed_by", As: Day, Optional: true}, why}},
	Emergency: {right: family.MayRequest, act: family.ToWithdraw, days: 10, waits: true, signs: true, fields: []Field{
		{Name: "amount", As: Amount}, {Name: "payee", As: Line}, {Name: "pay_to", As: Block}, why}},
	Own529: {right: family.MayRequest, act: family.ToWithdraw, days: 30, waits: true, signs: true, paper: true, fields: []Field{
		{Name: "plan", As: Line}, {Name: "plan_account", As: Line}, {Name: "plan_owner", As: Line}, {Name: "amount", As: Amount}, why}},
	Move: {right: family.MayChange, act: family.ToChange, days: 7, fields: []Field{
		{Name: "street", As: Line}, {Name: "town", As: Line}, {Name: "state", As: Line}, {Name: "zip", As: Line}, {Name: "moved_on", As: Day, Optional: true}, why}},
	Guardian: {right: family.MayChange, act: family.ToChange, days: 10, fields: []Field{
		{Name: "given", As: Line}, {Name: "surname", As: Line}, {Name: "relationship", As: Line}, {Name: "contact", As: Reach, Optional: true}, why}},
	Name: {right: family.MayChange, act: family.ToChange, days: 10, fields: []Field{
		{Name: "given", As: Line}, {Name: "middle", As: Line, Optional: true}, {Name: "surname", As: Line}, why}},
	Contact: {right: family.MayView, act: family.ToChange, days: 7, waits: true, fields: []Field{
		{Name: "contact", As: Reach}, {Name: "old", As: Choice, Choices: []string{"keep", "drop"}}, why}},
	Dispute: {right: family.MayView, days: 10, fields: []Field{
		{Name: "line", As: Line, Optional: true}, {Name: "wrong", As: Block}}},
	OptOut: {right: family.MayChange, act: family.ToChange, days: 10, signs: true, fields: []Field{why}},
	Erase:  {right: family.MayChange, act: family.ToChange, days: 30, signs: true, fields: []Field{why}},
}

// Known reports a kind that there is.
func (k Kind) Known() bool { return slices.Contains(Kinds, k) }

// Fields are what a request of the kind says.
func (k Kind) Fields() []Field { return kinds[k].fields }

// Money reports a kind that asks for money.
func (k Kind) Money() bool { return k == School || k == Emergency || k == Own529 }

// Signs reports a kind that takes a name typed below what it does.
func (k Kind) Signs() bool { return kinds[k].signs }

// NeedsPaper reports a kind that is not agreed to without a paper.
func (k Kind) NeedsPaper() bool { return kinds[k].paper }

// Waits reports a kind that is agreed to after three days at the earliest: it
// changes where money or messages go.
func (k Kind) Waits() bool { return kinds[k].waits }

// Days is within how many days the family has an answer.
func (k Kind) Days() int { return kinds[k].days }
