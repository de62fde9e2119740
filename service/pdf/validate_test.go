package pdf_test

import (
	"bytes"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"seedbook/service/pdf"
	"seedbook/service/pdf/pdftest"
)

// strict checks a finished document with pdfcpu, which shares nothing with us.
func strict(t testing.TB, file []byte) {
	t.Helper()
	model.ConfigPath = "disable" // else it writes a folder into the user's home
	conf := model.NewDefaultConfiguration()
	conf.ValidationMode = model.ValidationStrict
	if err := api.Validate(bytes.NewReader(file), conf); err != nil {
		t.Errorf("pdfcpu, strict: %v", err)
	}
}

// check finishes a document and checks it in every way that needs no other
// program.
func check(t testing.TB, d *pdf.Document) *pdftest.Document {
	t.Helper()
	got := open(t, d)
	file, _ := d.Bytes() // the same again
	strict(t, file)
	return got
}

// open finishes a document and reads it back.
func open(t testing.TB, d *pdf.Document) *pdftest.Document {
	t.Helper()
	file, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return pdftest.Open(t, file)
}
