package console

import "maps"

func init() { maps.Copy(addresses, payAddresses) }

// payAddresses is where the routes of money that goes out lead.
var payAddresses = map[string]string{
	"/p/:program/withdrawals": "{p}/withdrawals", "/p/:program/withdrawals.csv": "{p}/withdrawals.csv", "/p/:program/withdrawals.xlsx": "{p}/withdrawals.xlsx",
	"/p/:program/withdrawals/new": "{p}/withdrawals/new?child={child}", "/p/:program/withdrawals/:id": "{p}/withdrawals/" + nothing, "/p/:program/withdrawals/:id/paper": "{p}/withdrawals/" + nothing + "/paper",
	"/p/:program/withdrawals/:id/payee": "{p}/withdrawals/" + nothing + "/payee", "/p/:program/withdrawals/:id/review": "{p}/withdrawals/" + nothing + "/review", "/p/:program/withdrawals/:id/act": "{p}/withdrawals/" + nothing + "/act",
	"/p/:program/payees": "{p}/payees", "/p/:program/payees/new": "{p}/payees/new", "/p/:program/payees/:id": "{p}/payees/" + nothing, "/p/:program/payees/:id/change": "{p}/payees/" + nothing + "/change",
	"/p/:program/payments": "{p}/payments", "/p/:program/payments/setup/:custodian": "{p}/payments/setup/none", "/p/:program/payments/:id": "{p}/payments/" + nothing,
	"/p/:program/payments/:id/file": "{p}/payments/" + nothing + "/file", "/p/:program/payments/:id/act": "{p}/payments/" + nothing + "/act",
}
