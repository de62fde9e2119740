package vault

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Signer signs the checkpoints of the books as notes (C2SP signed-note). Its key
// follows from the keyring: whoever restores the keyring signs as before, and
// nothing more has to be kept. The name is that of the signer in the notes.
func (k *Keyring) Signer(name string) (note.Signer, error) {
	private := ed25519.NewKeyFromSeed(k.Mac(0, "sign", name))
	public, err := verifierOf(name, private)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(public, "+") // name, hash, key; the hash holds no plus
	const ed25519Notes = "\x01"         // the algorithm, as notes number it
	secret := "PRIVATE+KEY+" + name + "+" + parts[1] + "+" + base64.StdEncoding.EncodeToString(append([]byte(ed25519Notes), private.Seed()...))
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, fmt.Errorf("signer %s: %w", name, err)
	}
	return signer, nil
}

// VerifierKey is what outsiders check the signatures with: "name+hash+key". It is
// no secret, and is to be given to them by another way than the checkpoints.
func (k *Keyring) VerifierKey(name string) (string, error) {
	return verifierOf(name, ed25519.NewKeyFromSeed(k.Mac(0, "sign", name)))
}

func verifierOf(name string, private ed25519.PrivateKey) (string, error) {
	public, ok := private.Public().(ed25519.PublicKey)
	if !ok {
		return "", fmt.Errorf("signer %s: a key of another kind", name)
	}
	text, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return "", fmt.Errorf("signer %s: %w", name, err)
	}
	return text, nil
}
