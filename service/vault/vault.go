// Package vault seals personal data and makes it findable without opening it.
//
// Each family has its own data key, wrapped by the installation's key. What is
// sealed under it can be read only while the wrapped key exists: deleting that
// one row erases the family everywhere, backups of the data included, and
// leaves every balance and proof as it was. Look-ups go through blind indexes:
// keyed hashes of a canonical form, different for every tenant and field.
//
// vault knows no table, no family and no page; it never logs and never puts
// what it was given into an error.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

// ErrSealed reports data that does not open: another key, another row, or
// altered bytes.
var ErrSealed = errors.New("sealed data does not open with this key in this place")

// format is the first byte of everything sealed, so that another algorithm can
// stand beside this one: AES-256-GCM with a random 96-bit nonce.
const format = 1

const keySize = 32

// Keyring holds the installation's keys. It is safe for concurrent use and
// prints as "[keys]".
type Keyring struct {
	wrap  cipher.AEAD
	index []byte
}

// String keeps keys out of logs.
func (*Keyring) String() string { return "[keys]" }

// keyFile is what the key file holds.
type keyFile struct {
	Version int    `json:"version"`
	Wrap    string `json:"wrap"`
	Index   string `json:"index"`
}

// Load reads the key file, or makes one readable by its owner only where there
// is none yet. Losing the file loses every name in the database.
func Load(path string) (*Keyring, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var f keyFile
	if err := json.Unmarshal(raw, &f); err != nil || f.Version != 1 {
		return nil, fmt.Errorf("keys in %s are damaged: restore the file from its backup", path)
	}
	wrap, err1 := base64.StdEncoding.DecodeString(f.Wrap)
	index, err2 := base64.StdEncoding.DecodeString(f.Index)
	if err1 != nil || err2 != nil {
		return nil, fmt.Errorf("keys in %s are damaged: restore the file from its backup", path)
	}
	return New(wrap, index)
}

func create(path string) (*Keyring, error) {
	wrap, index := fresh(), fresh()
	raw, err := json.Marshal(keyFile{1, base64.StdEncoding.EncodeToString(wrap), base64.StdEncoding.EncodeToString(index)})
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return Load(path) // another process made it first
	}
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	if _, err := f.Write(append(raw, '\n')); err != nil {
		return nil, errors.Join(fmt.Errorf("write keys: %w", err), f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	return New(wrap, index)
}

// New returns a keyring of two 32-byte keys.
func New(wrap, index []byte) (*Keyring, error) {
	if len(wrap) != keySize || len(index) != keySize {
		return nil, errors.New("a key is not 32 bytes long")
	}
	aead, err := gcm(wrap)
	if err != nil {
		return nil, err
	}
	return &Keyring{aead, index}, nil
}

// Random returns a keyring that dies with the process, for tests and benchmarks.
func Random() *Keyring {
	k, err := New(fresh(), fresh())
	if err != nil {
		panic(err) // two fresh keys are 32 bytes long
	}
	return k
}

func fresh() []byte {
	b := make([]byte, keySize)
	if _, err := rand.Read(b); err != nil {
		panic(err) // crypto/rand does not fail on a supported system
	}
	return b
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Key is a family's data key, ready for use.
type Key struct{ aead cipher.AEAD }

// NewKey makes a data key and returns it with its wrapped form, which is what
// may be stored. place binds the wrapped key to its row: "tenant|table|id".
func (k *Keyring) NewKey(place string) (Key, []byte, error) {
	raw := fresh()
	aead, err := gcm(raw)
	if err != nil {
		return Key{}, nil, err
	}
	return Key{aead}, seal(k.wrap, place, raw), nil
}

// Unwrap opens a stored data key.
func (k *Keyring) Unwrap(place string, wrapped []byte) (Key, error) {
	raw, err := open(k.wrap, place, wrapped)
	if err != nil {
		return Key{}, fmt.Errorf("unwrap key of %s: %w", place, err)
	}
	aead, err := gcm(raw)
	if err != nil {
		return Key{}, err
	}
	return Key{aead}, nil
}

// Seal encrypts what belongs in one place; moved to another row or column it
// no longer opens.
func (k Key) Seal(place string, plain []byte) []byte { return seal(k.aead, place, plain) }

// Open decrypts what Seal made for the same place.
func (k Key) Open(place string, sealed []byte) ([]byte, error) { return open(k.aead, place, sealed) }

// Seal encrypts under the installation's own key, for data that belongs to no
// family yet: a staged roster row, a staff member's e-mail.
func (k *Keyring) Seal(place string, plain []byte) []byte { return seal(k.wrap, place, plain) }

// Open decrypts what the keyring's Seal made.
func (k *Keyring) Open(place string, sealed []byte) ([]byte, error) {
	return open(k.wrap, place, sealed)
}

func seal(aead cipher.AEAD, place string, plain []byte) []byte {
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(plain)+aead.Overhead())
	out[0] = format
	if _, err := rand.Read(out[1:]); err != nil {
		panic(err) // crypto/rand does not fail on a supported system
	}
	return aead.Seal(out, out[1:], plain, []byte(place))
}

func open(aead cipher.AEAD, place string, sealed []byte) ([]byte, error) {
	n := 1 + aead.NonceSize()
	if len(sealed) < n || sealed[0] != format {
		return nil, ErrSealed
	}
	plain, err := aead.Open(nil, sealed[1:n], sealed[n:], []byte(place))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Index is the blind index of a canonical value: 16 bytes that equal values of
// the same tenant and field share, and that say nothing without the key.
func (k *Keyring) Index(tenant int32, field, value string) []byte {
	return k.Mac(tenant, field, value)[:16]
}

// Mac is the whole keyed hash (HMAC-SHA-256) of a value, by which a secret that
// is not kept is known again.
func (k *Keyring) Mac(tenant int32, field, value string) []byte {
	mac := hmac.New(sha256.New, k.index)
	mac.Write([]byte(strconv.Itoa(int(tenant))))
	mac.Write([]byte{0})
	mac.Write([]byte(field))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// Bucket is a 64-bit blind index for look-ups that confirm each hit after
// opening it; two values may share a bucket.
func (k *Keyring) Bucket(tenant int32, field, value string) int64 {
	return int64(binary.BigEndian.Uint64(k.Index(tenant, field, value)))
}
