package ledger

import "slices"

// Chart is a code of the chart of accounts (domain/money.md).
type Chart int16

// The chart of accounts.
const (
	OperatingCash        Chart = 1000
	RestrictedCash       Chart = 1010
	CustodialCash        Chart = 1100
	CustodialUnits       Chart = 1110
	UnrealisedGains      Chart = 1115
	CustodianClearing    Chart = 1120
	BagInTransit         Chart = 1130
	ProcessorPrefund     Chart = 1140
	PledgesReceivable    Chart = 1200
	PledgeAllowance      Chart = 1205
	GrantsReceivable     Chart = 1210
	DueFromFunds         Chart = 1300
	ReturnedReceivable   Chart = 1400
	OverpaidReceivable   Chart = 1500
	FamilyPrincipal      Chart = 2100
	FamilyEarnings       Chart = 2110
	AwardsPayable        Chart = 2300
	WithdrawalsPayable   Chart = 2400
	DisbursementsTransit Chart = 2410
	TransfersTransit     Chart = 2420
	RefundableAdvances   Chart = 2500
	RefundsPayable       Chart = 2510
	UnclaimedProperty    Chart = 2600
	FeesPayable          Chart = 2700
	DueToFunds           Chart = 2800
	Suspense             Chart = 2900
	ReturnedClearing     Chart = 2910
	Uncommitted          Chart = 3100
	Accrued              Chart = 3140
	DesignatedSeed       Chart = 3151
	DesignatedMatch      Chart = 3152
	DesignatedIncentive  Chart = 3153
	DesignatedCommunity  Chart = 3154
	DesignatedEarnings   Chart = 3155
	Unrestricted         Chart = 3200
	MatchReserve         Chart = 3210
	Forfeitures          Chart = 3300
	RoundingCarry        Chart = 3400
	Contributions        Chart = 4100
	Fundraising          Chart = 4110
	Interest             Chart = 4200
	Gains                Chart = 4210
	Released             Chart = 4900
	SeedExpense          Chart = 5100
	MatchExpense         Chart = 5110
	IncentiveExpense     Chart = 5120
	CommunityExpense     Chart = 5130
	Fees                 Chart = 5200
	Losses               Chart = 5300
	Distributions        Chart = 5900
	MemoExposure         Chart = 9100
	MemoExposureContra   Chart = 9101
	MemoPledges          Chart = 9200
	MemoPledgesContra    Chart = 9201
	MemoUnvested         Chart = 9300
	MemoUnvestedContra   Chart = 9301
)

// ChartLine is one line of the chart: what every account of that code shares.
type ChartLine struct {
	Chart Chart
	Name  string // in English, for an accountant
	// Journal is the line's place in an exported journal, below assets,
	// liabilities, equity, income or expenses.
	Journal string
	// Debit reports an account that normally has a debit balance, which the
	// books write as a negative amount.
	Debit bool
	// Floored reports an account that no entry may take below zero: money that
	// belongs to somebody or is restricted to a purpose. Cash, clearing,
	// receivables, income and expenses may stand on either side.
	Floored bool
}

var chart = []ChartLine{
	{OperatingCash, "Operating cash (unrestricted)", "assets:bank:operating", true, false},
	{RestrictedCash, "Restricted cash at program bank", "assets:bank:restricted", true, false},
	{CustodialCash, "Custodial omnibus cash", "assets:custodian:omnibus", true, false},
	{CustodialUnits, "Custodial 529 units at cost", "assets:custodian:units", true, false},
	{UnrealisedGains, "Unrealised gain or loss on units", "assets:custodian:unrealised", true, false},
	{CustodianClearing, "Custodian clearing, inbound in flight", "assets:clearing:custodian", true, false},
	{BagInTransit, "Cash-day bag in transit", "assets:clearing:bag", true, false},
	{ProcessorPrefund, "Payment processor prefund", "assets:processor:prefund", true, false},
	{PledgesReceivable, "Pledges receivable", "assets:receivable:pledges", true, false},
	{PledgeAllowance, "Allowance for pledges", "assets:receivable:allowance", false, false},
	{GrantsReceivable, "Grants receivable (reimbursement)", "assets:receivable:grants", true, false},
	{DueFromFunds, "Due from other funds", "assets:interfund:from", true, false},
	{ReturnedReceivable, "Returned-item receivable", "assets:receivable:returned", true, false},
	{OverpaidReceivable, "Overpayment receivable (program error)", "assets:receivable:overpaid", true, false},
	{FamilyPrincipal, "Family-owned principal", "liabilities:family:principal", false, true},
	{FamilyEarnings, "Family-owned earnings", "liabilities:family:earnings", false, true},
	{AwardsPayable, "Awards payable to individually owned accounts", "liabilities:payable:awards", false, true},
	{WithdrawalsPayable, "Withdrawals payable, approved", "liabilities:payable:withdrawals", false, true},
	{DisbursementsTransit, "Disbursements in transit", "liabilities:transit:disbursements", false, true},
	{TransfersTransit, "529 transfers in transit", "liabilities:transit:transfers", false, true},
	{RefundableAdvances, "Refundable advances (conditional grants)", "liabilities:advances", false, true},
	{RefundsPayable, "Refund due to funder", "liabilities:payable:refunds", false, true},
	{UnclaimedProperty, "Unclaimed property payable", "liabilities:payable:unclaimed", false, true},
	{FeesPayable, "Fees payable", "liabilities:payable:fees", false, true},
	{DueToFunds, "Due to other funds", "liabilities:interfund:to", false, true},
	{Suspense, "Unidentified deposits (suspense)", "liabilities:suspense", false, true},
	{ReturnedClearing, "Returned-item clearing", "liabilities:clearing:returned", false, false},
	{Uncommitted, "Net assets with restriction, uncommitted", "equity:restricted:uncommitted", false, true},
	{Accrued, "Awards accrued, not posted", "equity:restricted:accrued", false, true},
	{DesignatedSeed, "Designated to child, seed", "equity:designated:seed", false, true},
	{DesignatedMatch, "Designated to child, match", "equity:designated:match", false, true},
	{DesignatedIncentive, "Designated to child, incentive", "equity:designated:incentive", false, true},
	{DesignatedCommunity, "Designated to child, community", "equity:designated:community", false, true},
	{DesignatedEarnings, "Designated to child, earnings", "equity:designated:earnings", false, true},
	{Unrestricted, "Net assets without restriction", "equity:unrestricted", false, false},
	{MatchReserve, "Board-designated match reserve", "equity:reserve:match", false, true},
	{Forfeitures, "Forfeiture pool", "equity:forfeitures", false, true},
	{RoundingCarry, "Rounding carry", "equity:rounding", false, false},
	{Contributions, "Contributions, restricted", "income:contributions:restricted", false, false},
	{Fundraising, "Contributions, unrestricted and fund-raising", "income:contributions:unrestricted", false, false},
	{Interest, "Interest and dividends", "income:interest", false, false},
	{Gains, "Gains", "income:gains", false, false},
	{Released, "Net assets released from restriction", "income:released", false, false},
	{SeedExpense, "Seed award expense", "expenses:awards:seed", true, false},
	{MatchExpense, "Match award expense", "expenses:awards:match", true, false},
	{IncentiveExpense, "Incentive award expense", "expenses:awards:incentive", true, false},
	{CommunityExpense, "Community award expense", "expenses:awards:community", true, false},
	{Fees, "Bank and investment fees", "expenses:fees", true, false},
	{Losses, "Losses on errors", "expenses:losses", true, false},
	{Distributions, "Distributions to beneficiaries", "expenses:distributions", true, false},
	{MemoExposure, "Match exposure (memo)", "equity:memo:exposure", true, false},
	{MemoExposureContra, "Match exposure (memo), contra", "equity:memo:exposure-contra", false, false},
	{MemoPledges, "Conditional pledges (memo)", "equity:memo:pledges", true, false},
	{MemoPledgesContra, "Conditional pledges (memo), contra", "equity:memo:pledges-contra", false, false},
	{MemoUnvested, "Contingent awards unvested (memo)", "equity:memo:unvested", true, false},
	{MemoUnvestedContra, "Contingent awards unvested (memo), contra", "equity:memo:unvested-contra", false, false},
}

// Charts lists the chart of accounts in the order of its codes.
func Charts() []ChartLine { return slices.Clone(chart) }

// Line is the chart's line of a code; ok is false for a code it does not have.
func (c Chart) Line() (line ChartLine, ok bool) {
	i, ok := slices.BinarySearchFunc(chart, c, func(l ChartLine, c Chart) int { return int(l.Chart) - int(c) })
	if !ok {
		return ChartLine{}, false
	}
	return chart[i], true
}

// Memo reports a code of the memo ledger: contingent things that are kept
// balanced but never stand in a balance sheet.
func (c Chart) Memo() bool { return c >= 9000 }
