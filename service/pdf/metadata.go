package pdf

import (
	"encoding/xml"
	"strings"
	"time"

	"seedbook/service/pdf/typeset"
)

const producer = "Seedbook"

// info is the document information dictionary.
func (o *Options) info() []byte {
	b := []byte("<<")
	for _, entry := range []struct{ key, text string }{
		{"/Title", o.Title}, {"/Author", o.Author}, {"/Subject", o.Subject},
		{"/Creator", producer}, {"/Producer", producer},
	} {
		if entry.text != "" {
			b = appendText(append(b, entry.key...), typeset.Clean(entry.text))
		}
	}
	if !o.Created.IsZero() {
		b = append(b, "/CreationDate("+pdfDate(o.Created)+")/ModDate("+pdfDate(o.Created)+")"...)
	}
	return append(b, ">>"...)
}

// metadata is the same again in XMP, with the claim to be PDF/UA-1.
func (o *Options) metadata() []byte {
	var b strings.Builder
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"` +
		` xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">` + "\n" +
		"<pdfuaid:part>1</pdfuaid:part>\n<dc:format>application/pdf</dc:format>\n")
	property(&b, "dc:title", "rdf:Alt", o.Title)
	property(&b, "dc:description", "rdf:Alt", o.Subject)
	property(&b, "dc:creator", "rdf:Seq", o.Author)
	property(&b, "dc:language", "rdf:Bag", o.Lang)
	property(&b, "pdf:Producer", "", producer)
	property(&b, "xmp:CreatorTool", "", producer)
	if !o.Created.IsZero() {
		property(&b, "xmp:CreateDate", "", o.Created.UTC().Format(time.RFC3339))
		property(&b, "xmp:ModifyDate", "", o.Created.UTC().Format(time.RFC3339))
	}
	b.WriteString("</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>")
	return []byte(b.String())
}

// property writes one property, in a container of a kind where XMP wants one.
func property(b *strings.Builder, name, container, text string) {
	if text == "" {
		return
	}
	b.WriteString("<" + name + ">")
	item := ""
	if container != "" {
		item = "<rdf:li>"
		if container == "rdf:Alt" {
			item = `<rdf:li xml:lang="x-default">`
		}
		b.WriteString("<" + container + ">" + item)
	}
	xml.EscapeText(b, []byte(typeset.Clean(text))) // a strings.Builder does not fail
	if container != "" {
		b.WriteString("</rdf:li></" + container + ">")
	}
	b.WriteString("</" + name + ">\n")
}
