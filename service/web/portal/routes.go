package portal

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/activation"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// open are the pages of who is not signed in.
var open = []struct {
	method, path string
	do           func(*Portal, *gin.Context) error
}{
	{get, "/family", (*Portal).welcome},
	{get, "/family/activate", (*Portal).askLetter},
	{post, "/family/activate", (*Portal).takeLetter},
	{get, "/family/find", (*Portal).askFacts},
	{post, "/family/find", (*Portal).takeFacts},
	{get, "/family/contact", (*Portal).askContact},
	{post, "/family/contact", (*Portal).takeContact},
	{get, "/family/code", (*Portal).askCode},
	{post, "/family/code", (*Portal).takeCode},
	{get, "/family/pin", (*Portal).askPIN},
	{post, "/family/pin", (*Portal).takePIN},
	{get, "/family/sign-in", (*Portal).askSignIn},
	{post, "/family/sign-in", (*Portal).beginSignIn},
	{get, "/family/sign-in/pin", (*Portal).askSignInPIN},
	{post, "/family/sign-in/pin", (*Portal).signIn},
	{get, "/verify", (*Portal).askVerify},
	{post, "/verify", (*Portal).verify},
	{get, "/gift/:token", (*Portal).gift},
}

// route is a page of a guardian. One whose path names an account is of a child
// that the guardian sees, and anybody else's is a page that does not exist.
type route struct {
	method, path string
	do           func(*Portal, *gin.Context, visit, activation.Held) error
}

var routes = []route{
	{get, "/family/home", (*Portal).home},
	{get, "/family/help", (*Portal).help},
	{get, "/family/account", (*Portal).account},
	{get, "/family/account/messages", (*Portal).askWishes},
	{post, "/family/account/messages", (*Portal).takeWishes},
	{post, "/family/sign-out", (*Portal).signOut},
	{post, "/family/sign-out/everywhere", (*Portal).signOutEverywhere},
	{get, "/family/children/:account", (*Portal).child},
	{get, "/family/children/:account/lines/:no", (*Portal).explainLine},
	{get, "/family/children/:account/awards/:benefit/:period", (*Portal).explainAward},
	{get, "/family/children/:account/statements/:period", (*Portal).statement},
	{get, "/family/children/:account/statements/:period/:lang", (*Portal).statementPDF},
	{get, "/family/children/:account/invite", (*Portal).askInvite},
	{post, "/family/children/:account/invite", (*Portal).invite},

	{get, "/family/children/:account/ownership", (*Portal).ownership},
	{get, "/family/children/:account/ownership/:lang", (*Portal).ownershipPDF},
	{get, "/family/children/:account/years/:year", (*Portal).taxYear},
	{get, "/family/children/:account/what-if", (*Portal).whatIf},
	{get, "/family/children/:account/gift", (*Portal).askGift},
	{post, "/family/children/:account/gift", (*Portal).makeGift},
	{get, "/family/children/:account/goal", (*Portal).askGoal},
	{post, "/family/children/:account/goal", (*Portal).setGoal},
	{get, "/family/account/download", (*Portal).download},

	{get, "/family/children/:account/ask", (*Portal).askWhat},
	{get, "/family/children/:account/ask/:kind", (*Portal).askFor},
	{post, "/family/children/:account/ask/:kind", (*Portal).take},
	{get, "/family/requests", (*Portal).requests},
	{get, "/family/requests/:request", (*Portal).track},
	{post, "/family/requests/:request", (*Portal).moveOn},
	{post, "/family/requests/:request/papers", (*Portal).addPaper},
}

// files are the targets of forms with a file.
var files = map[string]bool{"/family/requests/:request/papers": true}
