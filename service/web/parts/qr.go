package parts

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// QR is a code to be scanned, drawn as one path: the policy allows neither
// pictures out of text nor styles.
type QR struct {
	Path string
	Size int // modules on a side, with the quiet zone
}

// quiet is the empty frame that scanners need, in modules.
const quiet = 4

// MakeQR draws a text. One that is too long for a code is a QR without a path.
func MakeQR(text string) QR {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return QR{}
	}
	bounds := code.Bounds()
	var path strings.Builder
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return QR{path.String(), bounds.Dx() + 2*quiet}
}
