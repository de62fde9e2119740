package vault

import (
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestTheKeyringSignsAndItsVerifierKeyOpens(t *testing.T) {
	k := Random()
	signer, err := k.Signer("seedbook")
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "seedbook/1\n7\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	key, err := k.VerifierKey("seedbook")
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(verifier)); err != nil {
		t.Errorf("our own signature: %v", err)
	}
	stranger, err := Random().VerifierKey("seedbook")
	if err != nil {
		t.Fatal(err)
	}
	if verifier, err = note.NewVerifier(stranger); err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(verifier)); err == nil {
		t.Error("another installation's key opens it")
	}
	if again, _ := k.VerifierKey("seedbook"); again != key {
		t.Error("the key is another each time")
	}
	if _, err := k.Signer("see+d book"); err == nil {
		t.Error("a name that notes cannot hold")
	}
}
