package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/apikey"
)

// route is an address, and the scope that a key needs for it.
type route struct {
	method, path string
	scope        apikey.Scope // "": any key
	do           func(*API, *gin.Context, call) (reply, error)
	bulk         bool // takes much
	heavy        bool // costs much: two at a time for a key
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// routes are all addresses under /v1. A scope stands beside every path.
var routes = []route{
	{get, "/key", "", (*API).key, false, false},
	{get, "/programs", "", (*API).programs, false, false},
	{get, "/programs/:program", "", (*API).program, false, false},

	{get, "/children", apikey.ReadChildren, (*API).children, false, false},
	{get, "/children/:child", apikey.ReadChildren, (*API).child, false, false},
	{get, "/children/:child/balances", apikey.ReadBalances, (*API).balances, false, false},
	{get, "/children/:child/awards", apikey.ReadAwards, (*API).awards, false, false},

	{post, "/deposits", apikey.WriteDeposits, once((*API).postDeposit), false, false},
	{post, "/deposits/bulk", apikey.WriteDeposits, once((*API).postDeposits), true, false},
	{get, "/deposits/:deposit", apikey.ReadDeposits, (*API).deposit, false, false},

	{post, "/evidence", apikey.WriteEvidence, once((*API).postEvidence), true, true},

	{post, "/rosters", apikey.WriteRosters, once((*API).postRoster), true, true},
	{get, "/rosters/:roster", apikey.WriteRosters, (*API).roster, false, false},
	{post, "/rosters/:roster/apply", apikey.ApplyRosters, once((*API).applyRoster), false, false},

	{get, "/funds", apikey.ReadFunds, (*API).funds, false, false},
	{get, "/funds/:fund", apikey.ReadFunds, (*API).fund, false, false},
	{get, "/funds/:fund/roll-forward", apikey.ReadFunds, (*API).fundRollForward, false, true},
	{get, "/funds/:fund/roll-forward.csv", apikey.ReadFunds, (*API).rollForwardFeed, false, true},

	{get, "/journal", apikey.ReadJournal, (*API).journal, false, true},
	{get, "/journal/:transaction", apikey.ReadJournal, (*API).transaction, false, false},
	{get, "/reports/trial-balance", apikey.ReadReports, (*API).trialBalance, false, true},
	{get, "/reports/trial-balance.csv", apikey.ReadReports, (*API).trialBalanceFeed, false, true},
	{get, "/reports/roll-forward", apikey.ReadReports, (*API).rollForwards, false, true},

	{get, "/proofs/checkpoint", apikey.ReadProofs, (*API).checkpoint, false, false},
	{get, "/proofs/transactions/:transaction", apikey.ReadProofs, (*API).proof, false, false},
}
