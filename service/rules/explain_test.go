package rules

import "seedbook/service/i18n"

// The house's own words can phrase every reason.
var _ Words = i18n.For("en")
