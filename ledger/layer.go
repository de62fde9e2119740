package ledger

// Layer is whose money on a child's account is: the family's own, or one of the
// kinds of program money (domain/glossary.md, OwnershipLayer).
type Layer string

// The layers, in the order in which a cent that cannot be split goes to one.
const (
	LayerFamily    Layer = "family"
	LayerSeed      Layer = "seed"
	LayerMatch     Layer = "match"
	LayerIncentive Layer = "incentive"
	LayerCommunity Layer = "community"
	LayerEarnings  Layer = "earnings" // growth of program money
)

// Layer is the ownership layer that accounts of a chart's line hold, or "" for
// a line that is no child's money.
func (c Chart) Layer() Layer {
	switch c {
	case FamilyPrincipal, FamilyEarnings:
		return LayerFamily
	case DesignatedSeed:
		return LayerSeed
	case DesignatedMatch:
		return LayerMatch
	case DesignatedIncentive:
		return LayerIncentive
	case DesignatedCommunity:
		return LayerCommunity
	case DesignatedEarnings:
		return LayerEarnings
	}
	return ""
}

// Designated lists the lines of program money that is set aside for a child.
func Designated() []Chart {
	return []Chart{DesignatedSeed, DesignatedMatch, DesignatedIncentive, DesignatedCommunity, DesignatedEarnings}
}
