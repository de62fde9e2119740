package web

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// streamFor is how long a download may take: a large one over a slow line.
const streamFor = 15 * time.Minute

// Stream sends a file to be saved as it is written, however long it is. An error
// before the first bytes went out is answered as any other; after that the
// connection is broken off, so that nobody takes half a file for the whole.
func Stream(g *gin.Context, kind, name string, write func(w io.Writer) error) error {
	err := http.NewResponseController(g.Writer).SetWriteDeadline(time.Now().Add(streamFor))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	out := bufio.NewWriterSize(&attachment{g: g, kind: kind, name: name}, 64<<10)
	if err = write(out); err == nil {
		err = out.Flush()
	}
	if err != nil && g.Writer.Written() {
		g.Error(err) //nolint:errcheck // it returns what it was given
		panic(http.ErrAbortHandler)
	}
	return err
}

// attachment writes its headers with the first bytes.
type attachment struct {
	g          *gin.Context
	kind, name string
	begun      bool
}

func (a *attachment) Write(b []byte) (int, error) {
	if !a.begun {
		a.begun = true
		attach(a.g, a.name)
		a.g.Header("Content-Type", a.kind)
		a.g.Status(http.StatusOK)
	}
	return a.g.Writer.Write(b)
}

// attach has the browser save what comes, and run nothing of it.
func attach(g *gin.Context, name string) {
	g.Header("Content-Disposition", `attachment; filename="`+name+`"`)
	g.Header("Content-Security-Policy", "default-src 'none'; sandbox")
}
