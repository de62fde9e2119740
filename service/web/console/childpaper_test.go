package console

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"seedbook/service/auth"
)

// A document comes with the form that rests on it. A refused file keeps what was
// typed; a good one is kept even where something else of the form is refused.
func TestADocumentIsHandedInWithTheFormThatRestsOnIt(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	child := someChild(t, operator)
	order := []byte("%PDF-1.7\ncustody")
	path := child + "/do/custody"
	key := hidden(t, operator.get(path), "key")
	for name, test := range map[string]struct {
		content []byte
		status  int
		says    string
	}{
		"a page that calls itself a PDF": {[]byte("<html>"), http.StatusUnprocessableEntity, "The file is none of them"},
		"more than ten megabytes":        {append([]byte("%PDF-"), bytes.Repeat([]byte{'x'}, 10<<20)...), http.StatusUnprocessableEntity, "10 MB"},
	} {
		a := operator.send(path, "order.pdf", test.content, "key", key, "version", "1", "why", "Both parents came in.")
		if a.status != test.status || !strings.Contains(a.body, test.says) || !strings.Contains(a.body, "Both parents came in.") || !strings.Contains(a.body, `href="#file"`) {
			t.Errorf("%s: %d; kept %t; says %t", name, a.status, strings.Contains(a.body, "Both parents came in."), strings.Contains(a.body, test.says))
		}
	}
	// Without a reason it is refused; the document is in the child's file by then.
	a := operator.send(path, "order.pdf", order, "key", key, "version", "1", "why", "")
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "You need not send it again") {
		t.Fatalf("without a reason: %d", a.status)
	}
	var document string
	o.value(t, &document, `SELECT CAST(id AS text) FROM child_documents WHERE kind = 'court_order'`)
	look := operator.post(path, "key", key, "version", "1", "why", "Both parents came in.", "document", document)
	if look.status != http.StatusOK || hidden(t, look, "document") != document || !strings.Contains(look.body, "Rests on") {
		t.Fatalf("looked ahead: %d", look.status)
	}
	if a := operator.post(path, "step", "do", "key", key, "version", "1", "why", "Both parents came in.", "document", "987654"); a.status == http.StatusSeeOther {
		t.Error("another child's document, or none, is taken")
	}
	if a := operator.post(path, "step", "do", "key", key, "version", "1", "why", "Both parents came in.", "document", document); a.status != http.StatusSeeOther {
		t.Fatalf("done: %d %s", a.status, a.body)
	}
	var held string
	o.value(t, &held, `SELECT CAST(document_id AS text) FROM child_holds WHERE kind = 'custody'`)
	if held != document {
		t.Errorf("the hold rests on %s, want %s", held, document)
	}
}

func TestEachFormThatRestsOnADocumentTakesIt(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	child := someChild(t, operator)
	count := func(kind string) (n int) {
		t.Helper()
		o.value(t, &n, `SELECT count(*) FROM child_documents WHERE kind = '`+kind+`'`)
		return n
	}
	for what, kind := range papers {
		if what == "placement_ends" || what == "death" { // after a placement; the last of all
			continue
		}
		key := hidden(t, operator.get(child+"/do/"+what), "key")
		a := operator.send(child+"/do/"+what, "paper.png", []byte("\x89PNG\r\n\x1a\n"+what), "key", key, "version", "1", "on", "2026-10-01", "why", "It was shown.", "given", "Nova", "surname", "Luna")
		if a.status != http.StatusOK || !strings.Contains(a.body, "Rests on") || count(string(kind)) != 1 {
			t.Errorf("%s: %d, %d documents of kind %s", what, a.status, count(string(kind)), kind)
		}
	}
	form := operator.get(child + "/family/new")
	if a := operator.send(child+"/family/new", "order.pdf", []byte("%PDF-order of rights"), "key", hidden(t, form, "key"), "seen", "", "given", "Luz", "surname", "Vega", "language", "", "rights", "view", "from", "2026-10-05", "to", "", "order", "FC-17"); a.status != http.StatusSeeOther {
		t.Fatalf("a guardian: %d %s", a.status, a.body)
	}
	var resting int
	o.value(t, &resting, `SELECT count(*) FROM guardianships g JOIN child_documents d ON d.tenant_id = g.tenant_id AND d.id = g.document_id WHERE d.kind = 'court_order'`)
	if resting != 1 {
		t.Errorf("%d guardianships rest on an order", resting)
	}
	// A hold and a consent, on the page of papers; refused, it keeps what was typed.
	if a := operator.multipart(child+"/holds", "hold-file", "letter.pdf", []byte("<html>"), "kind", "legal", "why", "A subpoena came."); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "A subpoena came.") || !strings.Contains(a.body, `href="#hold-file"`) {
		t.Errorf("a hold with a page: %d", a.status)
	}
	if a := operator.multipart(child+"/holds", "hold-file", "letter.pdf", []byte("%PDF-subpoena"), "kind", "legal", "why", "A subpoena came."); a.status != http.StatusSeeOther {
		t.Errorf("a hold: %d", a.status)
	}
	consent := hidden(t, operator.get(child+"/file"), "key")
	if a := operator.multipart(child+"/consents", "consent-file", "form.jpg", []byte("\xff\xd8\xff signed"), "key", consent, "purpose", "photo", "given", "yes", "consent_from", "2026-10-01"); a.status != http.StatusSeeOther {
		t.Errorf("a consent: %d", a.status)
	}
	for table, want := range map[string]int{"child_holds": 1, "child_consents": 1} {
		var n int
		o.value(t, &n, `SELECT count(*) FROM `+table+` WHERE document_id IS NOT NULL`)
		if n != want {
			t.Errorf("%d rows of %s rest on a document", n, table)
		}
	}
	says(t, "the page of papers", operator.get(child+"/file"), "Court order")
	key := hidden(t, operator.get(child+"/do/death"), "key")
	if a := operator.send(child+"/do/death", "certificate.pdf", []byte("%PDF-certificate"), "step", "do", "key", key, "version", "1", "on", "2026-10-01", "why", "Certificate seen."); a.status != http.StatusSeeOther || count("death_certificate") != 1 {
		t.Errorf("a death: %d, %d certificates", a.status, count("death_certificate"))
	}
}

// A funder's letter is attached to the form before anything is asked; the approver
// opens the same paper, and the receipt keeps it.
func TestAFundersLetterIsAttachedAndSeenByTheApprover(t *testing.T) {
	t.Parallel()
	o, _ := city(t)
	manager := o.signedIn(t, auth.ProgramManager)
	path := riverbend + "/funds/receive"
	typed := []string{"fund", "BANK", "kind", "grant", "amount", "500.00", "on", "2026-10-01", "reference", "Letter 77", "reason", "The bank gives again."}
	a := manager.send(path+"/paper", "letter.pdf", []byte("<html>"), typed...)
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Letter 77") || !strings.Contains(a.body, `href="#file"`) {
		t.Errorf("a page that calls itself a PDF: %d", a.status)
	}
	letter := []byte("%PDF-1.7\nwe give 500")
	a = manager.send(path+"/paper", "letter.pdf", letter, typed...)
	document := hidden(t, a, "document")
	if a.status != http.StatusOK || !strings.Contains(a.body, "Letter 77") || !strings.Contains(a.body, "The bank gives again.") || document == "" {
		t.Fatalf("attached: %d, document %q", a.status, document)
	}
	if a := manager.post(path, append(typed, "file", "letter.pdf")...); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "did not attach it") {
		t.Errorf("chosen and not attached: %d", a.status)
	}
	if a := manager.post(path, append(typed, "document", "987654")...); a.status == http.StatusSeeOther {
		t.Error("a document that is none is taken")
	}
	asked := manager.post(path, append(typed, "document", document)...)
	if asked.status != http.StatusSeeOther {
		t.Fatalf("asked: %d %s", asked.status, asked.body)
	}
	approver := o.signedIn(t, auth.Approver)
	request := approver.get(bare(asked.to))
	paper := first(t, request, riverbend+`/funds/papers/\d+`)
	if got := approver.get(paper); got.body != string(letter) || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the paper, to the approver: %d", got.status)
	}
	if a := o.signedIn(t, auth.Support).get(paper); a.status != http.StatusNotFound {
		t.Errorf("the paper, to support: %d", a.status)
	}
	if a := approver.post(bare(asked.to)+"/approve", "hash", hashOn(t, request)); a.status != http.StatusSeeOther {
		t.Fatalf("approved: %d %s", a.status, a.body)
	}
	if got := first(t, approver.get(riverbend+"/funds/BANK"), riverbend+`/funds/papers/\d+`); got != paper {
		t.Errorf("the fund's page leads to %s, want %s", got, paper)
	}
	var opened int
	o.value(t, &opened, `SELECT count(*) FROM audit_events WHERE verb = 'fund.document_opened'`)
	if opened != 1 {
		t.Errorf("%d openings on the trail", opened)
	}
}
