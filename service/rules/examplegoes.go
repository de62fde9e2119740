package rules

// goes reads what an event says of money that leaves: a withdrawal's purpose
// and whose money it asks for, and what was chosen.
func (d *decoder) goes(o *object, e *Event) {
	e.Purpose = choice(d, o.may("purpose"), Qualified, Nonqualified, Emergency)
	e.From = choice(d, o.may("from"), OwnFamily, OwnProgram)
	if c := o.may("choice"); c != nil {
		e.Choice = d.name(c)
	}
}
