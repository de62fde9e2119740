package rules

import (
	"slices"

	"seedbook/ledger"
)

// Claim is what a family has to activate the account for, and until when.
type Claim struct {
	RequiredFor []string
	By          Moment // no text means that there is no end to it
	OnMiss      string

	by *moment
}

// What an account has to be claimed for.
const (
	claimView         = "view"         // to look at it
	claimIncentive    = "incentive"    // to receive anything but a seed
	claimDistribution = "distribution" // to use the program's money
	claimRetention    = "retention"    // to keep the program's money
)

var claimFor = []string{claimView, claimIncentive, claimDistribution, claimRetention}

// claimToPool is what becomes of the program's money that nobody claimed.
const claimToPool = "to_pool"

func (c *compiler) claim(b *Book, n *node) *Claim {
	if n == nil {
		return nil
	}
	o := c.object(n, "claim")
	cl := Claim{
		RequiredFor: c.oneOrMore(o.must("required_for"), claimFor),
		by:          c.deadline(b, o, "by"),
		OnMiss:      choice(c.decoder, o.may("on_miss"), claimToPool, undoNone),
	}
	o.done()
	if cl.by != nil {
		cl.By = cl.by.Moment
	}
	if cl.OnMiss == claimToPool && (cl.by == nil || !cl.needs(claimRetention)) {
		c.report(n.get("on_miss"), "claim_retention", nil)
	}
	return &cl
}

func (c *Claim) needs(what string) bool { return c != nil && slices.Contains(c.RequiredFor, what) }

// oneOrMore reads one word of some, or a list of them.
func (d *decoder) oneOrMore(n *node, allowed []string) (out []string) {
	if n != nil && n.kind == scalar {
		return []string{choice(d, n, allowed...)}
	}
	d.each(n, func(item *node) { out = append(out, choice(d, item, allowed...)) })
	return out
}

// claims looks once at whether the child's account was claimed in time.
type claims struct {
	looked bool
	on     ledger.Date // of the claim that was in time
	last   ledger.Date // the last day in time, or no day
}

// claimed is whether the account was claimed in time, by what is known.
func (e *evaluator) claimed() claims {
	if e.claim.looked {
		return e.claim
	}
	e.claim = claims{looked: true}
	if by := e.book.Enrollment.Claim.by; by != nil {
		if day, known := e.view.moment(by); known {
			e.claim.last = by.last(day)
		}
	}
	if on := e.view.firstEvent(Claimed); e.claim.last.IsZero() || !on.After(e.claim.last) {
		e.claim.on = on
	}
	return e.claim
}

// mustClaim reports a benefit that is not paid before the account is claimed.
func (e *evaluator) mustClaim(kind Kind) bool {
	return kind != Seed && e.book.Enrollment.Claim.needs(claimIncentive)
}

// unclaimed reports a span that gives nothing because the account is not
// claimed.
func (e *evaluator) unclaimed(s *span) bool {
	return e.mustClaim(s.plan.kind) && e.claimed().on.IsZero()
}
