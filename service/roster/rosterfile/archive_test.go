package rosterfile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"seedbook/service/fault"
	"seedbook/service/tabular"
)

// rawZip writes one entry with whatever its header claims.
func rawZip(t *testing.T, change func(*zip.FileHeader), packed []byte, real uint64) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "roster.csv", Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: real}
	change(h)
	raw, err := w.CreateRaw(h)
	if err != nil {
		t.Fatal(err)
	}
	raw.Write(packed)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func deflated(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	chunk := bytes.Repeat([]byte{'a'}, 1<<20)
	for ; n > 0; n -= len(chunk) {
		w.Write(chunk[:min(n, len(chunk))])
	}
	w.Close()
	return b.Bytes()
}

func TestZipBombsAreRefusedUnopened(t *testing.T) {
	const large = 50 << 20
	bomb := deflated(t, large)
	many := map[string]string{}
	for i := range 1001 {
		many[fmt.Sprintf("%d.csv", i)] = ""
	}
	for _, test := range []struct {
		name, data string
		want       *fault.Fault
	}{
		{"1000:1", rawZip(t, func(*zip.FileHeader) {}, bomb, large), tabular.ErrZipRatio},
		{"a size that lies", rawZip(t, func(h *zip.FileHeader) { h.UncompressedSize64 = 1000 }, bomb, large), tabular.ErrZip},
		{"65 MB", rawZip(t, func(h *zip.FileHeader) { h.UncompressedSize64 = 65 << 20 }, make([]byte, 1<<20), 0), tabular.ErrZipLarge},
		{"a password", rawZip(t, func(h *zip.FileHeader) { h.Flags |= 1 }, bomb[:10], 10), tabular.ErrZipEncrypted},
		{"a link", rawZip(t, func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }, []byte("x"), 1), tabular.ErrZipName},
		{"1001 files", zipped(t, many), tabular.ErrZipEntries},
		{"a wrong checksum", rawZip(t, func(h *zip.FileHeader) { h.CRC32 = 1 }, deflated(t, 100), 100), tabular.ErrZip},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Read("bomb.zip", strings.NewReader(test.data), Options{}); !errors.Is(err, test.want) {
				t.Errorf("%v, want %s", err, test.want.Key)
			}
		})
	}
}
