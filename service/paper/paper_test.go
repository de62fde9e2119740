package paper

import (
	"bytes"
	"errors"
	"testing"
)

func TestAFileIsWhatItsFirstBytesSay(t *testing.T) {
	for _, test := range []struct {
		name, content, media string
		err                  error
	}{
		{"a PDF", "%PDF-1.7 and so on", "application/pdf", nil},
		{"a JPEG", "\xff\xd8\xff\xe0", "image/jpeg", nil},
		{"a PNG", "\x89PNG\r\n\x1a\n", "image/png", nil},
		{"nothing", "", "", ErrSize},
		{"a page that calls itself a PDF", "<html>%PDF-", "", ErrKind},
		{"a program", "MZ\x90", "", ErrKind},
		{"an archive", "PK\x03\x04", "", ErrKind},
	} {
		t.Run(test.name, func(t *testing.T) {
			media, err := Media([]byte(test.content))
			if media != test.media || !errors.Is(err, test.err) {
				t.Errorf("Media = %q, %v; want %q, %v", media, err, test.media, test.err)
			}
		})
	}
	full := append([]byte("%PDF-"), bytes.Repeat([]byte{'x'}, Most-5)...)
	if _, err := Media(full); err != nil {
		t.Errorf("ten megabytes: %v", err)
	}
	if _, err := Media(append(full, 'x')); !errors.Is(err, ErrSize) {
		t.Errorf("a byte more: %v", err)
	}
}
