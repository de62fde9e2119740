package depositfile

import (
	"cmp"
	"regexp"
	"strings"

	"seedbook/service/tabular"
)

// What keeps a row out.
const (
	referenceMissing  = "depositfile.problem.reference_missing"
	referenceLong     = "depositfile.problem.reference_long"
	referenceClash    = "depositfile.problem.reference_clash" // what: line of another
	dateMissing       = "depositfile.problem.date_missing"
	dateUnreadable    = "depositfile.problem.date_unreadable"
	dateFuture        = "depositfile.problem.date_future"
	amountMissing     = "depositfile.problem.amount_missing"
	amountCurrency    = "depositfile.problem.amount_currency"
	amountExponent    = "depositfile.problem.amount_exponent"
	amountDecimals    = "depositfile.problem.amount_decimals"
	amountGrouped     = "depositfile.problem.amount_grouped"
	amountComma       = "depositfile.problem.amount_comma"
	amountSpaces      = "depositfile.problem.amount_spaces"
	amountUnreadable  = "depositfile.problem.amount_unreadable"
	amountNotPositive = "depositfile.problem.amount_not_positive"
	amountLarge       = "depositfile.problem.amount_large"
)

// What somebody should know.
const (
	referenceRepeated = "depositfile.note.repeated"
	noOwner           = "depositfile.note.no_owner"
	channelUnknown    = "depositfile.note.channel_unknown"
)

// channels are other spellings of the channels that rule books usually name
// (domain/rulebooks.md, program.deposits), by slug.
var channels = map[string]string{
	"efectivo": "cash", "cheque": "check", "transferencia": "ach", "bank_transfer": "ach", "direct_deposit": "ach",
	"nómina": "payroll", "nomina": "payroll", "bill_pay": "billpay", "regalo": "gift", "otro": "other",
}

var slug = regexp.MustCompile(`^[a-zñáéíóúü][a-z0-9_ñáéíóúü]{0,29}$`)

// channelOf reads a row's channel. Which there are is the rule book's matter;
// what cannot be the name of one is "other".
func (in *reader) channelOf(r tabular.Row) string {
	text := strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(in.text(r, in.channel)))
	if text == "" {
		return cmp.Or(in.options.Channel, "other")
	}
	if channel, ok := channels[text]; ok {
		return channel
	}
	if slug.MatchString(text) {
		return text
	}
	in.add(r.Line, in.table.ColumnName(in.channel), channelUnknown, "", tabular.Note)
	return "other"
}
