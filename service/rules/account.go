package rules

import (
	"slices"

	"seedbook/ledger"
)

// Account says what kind of account a child's money lies on, whose it is by
// title, and what may be paid into it.
type Account struct {
	Structure string
	Growth    string
	// Earnings says whose earnings are.
	Earnings string
	// ProgramTitle and FamilyTitle say who holds either money by title.
	ProgramTitle string
	FamilyTitle  string
	Deposits     *DepositLimits
}

// DepositLimits bound what an account may take; nil is no bound.
type DepositLimits struct {
	Limits
	MaxBalance *ledger.Amount
	// Until is the last moment at which anything may be paid in.
	Until     Moment
	NotBefore ledger.Date
	// Year is the year that MaxYear is of.
	Year PeriodKind
	// Exempt are channels that the limits are not for.
	Exempt    []string
	ByChannel []Limits
	// Over says what becomes of what is over: see the words of overChoices.
	Over string

	until *moment
}

// Limits bound the deposits of some channels.
type Limits struct {
	Channels    []string // the only ones that may be used; of ByChannel, those it is for
	Min         *ledger.Amount
	MaxDay      *ledger.Amount
	MaxMonth    *ledger.Amount
	MaxYear     *ledger.Amount // of a year; DepositLimits says which
	MaxLifetime *ledger.Amount
}

// What becomes of a deposit that is over a limit.
const (
	overRefuse = "refuse"    // none of it is taken
	overPark   = "park"      // what fits is taken; the rest waits until somebody decides
	overPart   = "take_part" // what fits is taken; the rest is refused
)

var (
	structures = []string{"omnibus_bank", "master_529", "master_trust", "individual_529", "ira", "external_linked", "notional"}
	growths    = []string{"none", "bank_interest", "nav_units", "index_linked"}
	titles     = []string{"org", "org_fbo_child", "family", "none"}
)

func (c *compiler) account(b *Book, n *node) Account {
	o := c.object(n, "account")
	a := Account{
		Structure: choice(c.decoder, o.may("structure"), structures...),
		Growth:    choice(c.decoder, o.may("growth"), growths...),
		Earnings:  choice(c.decoder, o.may("earnings"), "shared", string(OwnProgram), string(OwnFamily)),
	}
	title := c.object(o.may("title"), "title")
	a.ProgramTitle = choice(c.decoder, title.may("program_money"), titles...)
	a.FamilyTitle = choice(c.decoder, title.may("family_money"), titles...)
	title.done()
	a.Deposits = c.depositLimits(b, o.may("deposits"))
	o.done()
	return a
}

func (c *compiler) depositLimits(b *Book, n *node) *DepositLimits {
	o := c.object(n, "deposits")
	l := DepositLimits{
		Limits:     c.limits(n, o),
		MaxBalance: c.amount(o.may("max_balance")),
		NotBefore:  c.date(o.may("not_before")),
		Exempt:     c.codes(o.may("exempt_channels")),
		Over:       choice(c.decoder, o.may("over"), overRefuse, overPark, overPart),
		until:      c.deadline(b, o, "until"),
		Year:       choice(c.decoder, o.may("year"), CalendarYear, SchoolYear, FiscalYear, BenefitYear, BirthdayYear),
	}
	c.checkYear(b, n, l.Year)
	c.each(o.may("by_channel"), func(item *node) {
		p := c.object(item, "channel_limits")
		l.ByChannel = append(l.ByChannel, c.limits(item, p))
		p.done()
		if item.get("channels") == nil {
			c.report(item, "missing_key", map[string]any{"key": "channels"})
		}
	})
	o.done()
	if len(l.ByChannel) > maxItems {
		c.report(n.get("by_channel"), "item_count", map[string]any{"least": 1, "most": maxItems})
	}
	if n == nil {
		return nil
	}
	if l.Over == "" {
		l.Over = overRefuse
	}
	if l.Year == "" {
		l.Year = CalendarYear
	}
	if l.until != nil {
		l.Until = l.until.Moment
	}
	return &l
}

// limits reads what the whole account and one channel have in common.
func (d *decoder) limits(n *node, o *object) Limits {
	l := Limits{
		Channels:    d.codes(o.may("channels")),
		Min:         d.amount(o.may("min")),
		MaxDay:      d.amount(o.may("max_day")),
		MaxMonth:    d.amount(o.may("max_month")),
		MaxYear:     d.amount(o.may("max_year")),
		MaxLifetime: d.amount(o.may("max_lifetime")),
	}
	bounds := []*ledger.Amount{l.Min, l.MaxDay, l.MaxMonth, l.MaxYear, l.MaxLifetime}
	bounds = slices.DeleteFunc(bounds, func(a *ledger.Amount) bool { return a == nil })
	for i, longer := range bounds {
		if i > 0 && longer.Less(*bounds[i-1]) {
			d.report(n, "limits_order", nil)
			break
		}
	}
	return l
}
