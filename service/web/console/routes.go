package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/auth"
)

// route is a page or a form's target, and who may come to it.
type route struct {
	method, path string
	may          auth.Capability
	do           func(*Console, *gin.Context, visit) error
	file         bool // takes a file
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// open are the pages of who is not signed in.
var open = []struct {
	method, path string
	do           func(*Console, *gin.Context) error
}{
	{get, "/sign-in", (*Console).askSignIn},
	{post, "/sign-in", (*Console).signIn},
	{get, "/sign-in/link/:token", (*Console).askLink},
	{post, "/sign-in/link", (*Console).redeemLink},
}

// routes are all other pages. A capability stands beside every path.
var routes = []route{
	{get, "/", auth.SeeHome, (*Console).home, false},
	{get, "/help", auth.SeeHome, (*Console).help, false},
	{post, "/sign-out", auth.ManageOwnAccount, (*Console).signOut, false},
	{get, "/account", auth.ManageOwnAccount, (*Console).account, false},
	{post, "/account/password", auth.ManageOwnAccount, (*Console).setPassword, false},
	{post, "/account/sessions", auth.ManageOwnAccount, (*Console).endSession, false},
}
