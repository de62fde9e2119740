package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"seedbook/service/web/parts"
)

// static holds our own plain stylesheet, mark and script, and in built/ the
// design system where "make design" has made it.
//
//go:embed all:static
var static embed.FS

// asset is a file ready to be sent.
type asset struct {
	kind         string
	plain, gzips []byte // gzips is nil where it would not be smaller
}

// assets are all files. Their addresses carry a hash of everything, so that
// browsers keep them for ever and a new build is seen at once.
type assets struct {
	version   string
	files     map[string]asset
	built     bool
	addresses parts.Assets
}

// The files that pages ask for.
const (
	plainStyle = "plain.css"
	builtStyle = "built/seedbook.css"
	markFile   = "seedling.svg"
	htmxFile   = "built/htmx.js"
	ownScript  = "seedbook.js"
	passkeys   = "passkey.js"
)

// loadAssets reads the embedded files. They are part of the program: a failure
// is a bug of the build, so it panics.
func loadAssets() *assets {
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "static/")
		sum.Write([]byte(name))
		sum.Write(raw)
		a.files[name] = prepare(name, raw)
		return nil
	})
	if err != nil {
		panic(err)
	}
	a.version = hex.EncodeToString(sum.Sum(nil))[:12]
	_, a.built = a.files[builtStyle]
	a.addresses = parts.Assets{Style: a.address(plainStyle), Mark: a.address(markFile)}
	if a.built {
		a.addresses.Style = a.address(builtStyle)
		a.addresses.Own = a.address(ownScript)
		a.addresses.Scripts = []string{a.address(htmxFile), a.address(ownScript), a.address(passkeys)}
	}
	return a
}

func (a *assets) address(name string) string { return "/static/" + a.version + "/" + name }

func prepare(name string, raw []byte) asset {
	kind := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".woff2" {
		kind = "font/woff2"
	}
	f := asset{kind: kind, plain: raw}
	if !isText(kind) {
		return f
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	if _, err := z.Write(raw); err == nil && z.Close() == nil && b.Len() < len(raw) {
		f.gzips = b.Bytes()
	}
	return f
}

// static sends a file. An address of another build is answered too, but not to
// be kept: two builds may serve side by side for a while.
func (h *Hall) static(g *gin.Context) {
	f, ok := h.assets.files[strings.TrimPrefix(g.Param("file"), "/")]
	if !ok {
		h.answer(g, ErrNoPage)
		return
	}
	if g.Param("version") == h.assets.version {
		g.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.plain
	if f.gzips != nil {
		g.Header("Vary", "Accept-Encoding")
		if accepts(g.GetHeader("Accept-Encoding")) {
			g.Header("Content-Encoding", "gzip")
			body = f.gzips
		}
	}
	g.Data(http.StatusOK, f.kind, body)
}
