package rules

// Expiry says until when money may be used, and where it goes then.
type Expiry struct {
	At     Moment
	When   string // CEL, judged at the moment; "" is always
	Action string
	What   string

	at   *moment
	when *predicate
}

// Where expired money goes.
const (
	expiryToPool   = "to_pool"
	expiryToFunder = "to_funder"
	expiryToState  = "to_state"
	expiryConvert  = "convert" // it becomes the child's own
)

// What expires.
const (
	expiresProgram = "program_money"
	expiresAll     = "everything"
)

// expiries reads one expiry or a list of them.
func (c *compiler) expiries(b *Book, n *node) (out []Expiry) {
	if n == nil {
		return nil
	}
	if n.kind == mapping {
		return []Expiry{c.expiry(b, n)}
	}
	c.each(n, func(item *node) { out = append(out, c.expiry(b, item)) })
	if len(out) == 0 || len(out) > maxItems {
		c.report(n, "item_count", map[string]any{"least": 1, "most": maxItems})
	}
	return out
}

func (c *compiler) expiry(b *Book, n *node) Expiry {
	o := c.object(n, "expiry")
	if n.get("at") == nil {
		o.must("at")
	}
	e := Expiry{
		at:     c.deadline(b, o, "at"),
		Action: choice(c.decoder, o.must("action"), expiryToPool, expiryToFunder, expiryToState, expiryConvert),
		What:   choice(c.decoder, o.may("what"), expiresProgram, expiresAll),
	}
	if when := o.may("when"); when != nil {
		e.when = c.predicate(when)
		e.When = when.text
		c.noPeriods(when, e.when)
	}
	o.done()
	if e.at != nil {
		e.At = e.at.Moment
	}
	if e.What == "" {
		e.What = expiresProgram
	}
	return e
}
