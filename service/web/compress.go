package web

import (
	"compress/gzip"
	"io"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// worthwhile is the size in bytes below which compressing costs more than it
// saves: what fits one packet.
const worthwhile = 1200

var gzips = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.DefaultCompression) // the level is valid
	return z
}}

// compress packs text for whoever accepts gzip.
func (h *Hall) compress(g *gin.Context) {
	if !accepts(g.GetHeader("Accept-Encoding")) || strings.HasPrefix(g.FullPath(), "/static/") {
		g.Next()
		return
	}
	w := &packer{ResponseWriter: g.Writer}
	g.Writer = w
	defer w.close()
	g.Next()
}

// accepts reports that a client takes gzip: named, and not with q=0.
func accepts(header string) bool {
	for _, part := range strings.Split(header, ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" {
			return strings.TrimRight(strings.ReplaceAll(q, " ", ""), "0.") != "q="
		}
	}
	return false
}

// packer compresses what turns out to be text of some size.
type packer struct {
	gin.ResponseWriter
	zip     *gzip.Writer
	decided bool
}

func (w *packer) Write(b []byte) (int, error) {
	if !w.decided {
		w.decide(len(b))
	}
	if w.zip != nil {
		return w.zip.Write(b)
	}
	return w.ResponseWriter.Write(b)
}

func (w *packer) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

func (w *packer) decide(size int) {
	w.decided = true
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	if size < worthwhile || !isText(header.Get("Content-Type")) || header.Get("Content-Encoding") != "" {
		return
	}
	header.Set("Content-Encoding", "gzip")
	header.Del("Content-Length")
	w.zip, _ = gzips.Get().(*gzip.Writer)
	w.zip.Reset(w.ResponseWriter)
}

// Flush sends what is there, for long answers.
func (w *packer) Flush() {
	if w.zip != nil {
		_ = w.zip.Flush() // the next write reports a client that is gone
	}
	w.ResponseWriter.Flush()
}

func (w *packer) close() {
	if w.zip != nil {
		_ = w.zip.Close() // a client that is gone is not our concern
		gzips.Put(w.zip)
		w.zip = nil
	}
}

func isText(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.HasPrefix(kind, "text/") || kind == "application/json" || kind == "application/problem+json" || kind == "image/svg+xml" || kind == "application/javascript"
}
