package apikey

import (
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"

	"seedbook/service/vault"
)

// prefix is registered with those who search public code for secrets.
const prefix = "csa_live_"

// Sizes of a key's parts, in characters: 32 random bytes and a checksum of four
// in base 62.
const (
	idSize     = 8
	secretSize = 43
	crcSize    = 6
)

// form is csa_live_<id>_<secret><checksum>. The checksum lets whoever finds such
// text know that it is a key, without asking us.
var form = regexp.MustCompile(`^csa_live_([0-9A-Za-z]{8})_[0-9A-Za-z]{49}$`)

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newToken makes a key: its public part, and the whole.
func newToken() (id, token string) {
	id = base62(random(8), idSize)
	body := prefix + id + "_" + base62(random(32), secretSize)
	return id, body + checksum(body)
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}

// base62 writes bytes in so many digits, the lowest ones where there are more.
func base62(b []byte, size int) string {
	n, base, rest := new(big.Int).SetBytes(b), big.NewInt(int64(len(digits))), new(big.Int)
	out := make([]byte, size)
	for i := range out {
		n.DivMod(n, base, rest)
		out[size-1-i] = digits[rest.Int64()]
	}
	return string(out)
}

func checksum(body string) string {
	return base62(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))), crcSize)
}

// publicID is the public part of what has the form of a key, checksum included.
func publicID(token string) (string, bool) {
	m := form.FindStringSubmatch(token)
	if m == nil {
		return "", false
	}
	body, sum := token[:len(token)-crcSize], token[len(token)-crcSize:]
	return m[1], checksum(body) == sum
}

// hashOf is what is kept of a key.
func hashOf(keys *vault.Keyring, token string) []byte { return keys.Mac(0, "api-key", token) }

// Shown is a key as lists show it: enough to tell it from others.
func Shown(publicID string) string { return strings.TrimSuffix(prefix, "_") + "_" + publicID + "_…" }
