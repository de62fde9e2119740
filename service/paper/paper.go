// Package paper says whether a file that somebody hands in as a document may be
// kept: what it is by its first bytes, and whether it is small enough.
//
// It stores nothing and opens nothing: a kept document is sealed by the room that
// asked for it and is sent to be saved, never shown.
package paper

import (
	"bytes"

	"seedbook/service/fault"
)

// Faults of files.
var (
	// ErrKind reports a file that is no PDF, JPEG or PNG.
	ErrKind = fault.New(fault.Invalid, "family.document_kind")
	// ErrSize reports an empty file, or one of more than Most.
	ErrSize = fault.New(fault.TooLarge, "family.document_size")
)

// Most bounds a document, in bytes.
const Most = 10 << 20

// Accept is what a form offers to choose from.
const Accept = ".pdf,.jpg,.jpeg,.png"

// Media tells a document's kind by its first bytes; the name it came under says
// nothing. It returns ErrKind or ErrSize, at the field "file".
func Media(content []byte) (string, error) {
	if len(content) == 0 || len(content) > Most {
		return "", ErrSize.At("file")
	}
	for _, m := range []struct{ media, begins string }{
		{"application/pdf", "%PDF-"}, {"image/jpeg", "\xff\xd8\xff"}, {"image/png", "\x89PNG\r\n\x1a\n"},
	} {
		if bytes.HasPrefix(content, []byte(m.begins)) {
			return m.media, nil
		}
	}
	return "", ErrKind.At("file")
}

// extensions are how files of each kind end.
var extensions = map[string]string{"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}

// Extension is how a file of a kind ends.
func Extension(media string) string { return extensions[media] }
