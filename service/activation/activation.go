// Package activation is a guardian's way in: the codes on printed letters, what
// else proves that somebody knows a child, contacts that a typed code verifies,
// PINs, sessions and remembered browsers.
//
// Whoever enters learns nothing from a refusal: unknown and wrong take the same
// work and the same words, and every try is counted before it is judged. A
// guardian sees the children that he or she has proven to know, one by one;
// being of one family in the roster opens nothing. The package knows no page,
// no cookie and no clock, and shows no money.
package activation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"

	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of this room.
var (
	// ErrNoMatch reports a code or facts that open nothing. It does not say what
	// is wrong, nor whether there is such a child.
	ErrNoMatch = fault.New(fault.Invalid, "activation.no_match")
	// ErrTooMany reports too many tries, right or wrong.
	ErrTooMany = fault.New(fault.Busy, "activation.too_many")
	// ErrEntry reports an entry that is unknown, over, or not so far yet.
	ErrEntry = fault.New(fault.SignedOut, "activation.entry")
	// ErrContact reports what is neither a telephone number nor an e-mail address.
	ErrContact = fault.New(fault.Invalid, "activation.contact")
	// ErrCode reports a typed code that is wrong, used, or too old.
	ErrCode = fault.New(fault.Invalid, "activation.code")
	// ErrPIN reports a PIN that is too short, too long, or easily guessed.
	ErrPIN = fault.New(fault.Invalid, "activation.pin")
	// ErrWrong reports a code and PIN that do not sign in; it does not say which.
	ErrWrong = fault.New(fault.Invalid, "activation.wrong")
	// ErrSignedOut reports a session that does not exist, has ended, or was idle too long.
	ErrSignedOut = fault.New(fault.SignedOut, "activation.signed_out")
	// ErrNotYours reports a child that the guardian does not see, or that does not exist.
	ErrNotYours = fault.New(fault.NotFound, "activation.not_yours")
	// ErrMayNot reports something that the guardian may not do for the child now.
	// It does not say why: a hold is another adult's business, too.
	ErrMayNot = fault.New(fault.Denied, "activation.may_not")
	// ErrFull reports that no codes are left to give out.
	ErrFull = fault.New(fault.Limit, "activation.full")
)

// AccountID identifies a guardian's account within its organization.
type AccountID int64

// SessionID identifies a session; it opens nothing.
type SessionID int64

// Guardian is who is acting: an account, in one session, and whom it sees.
type Guardian struct {
	Tenant       int32
	Organization string
	Account      AccountID
	Session      SessionID
	Lang         string
	Held         []Held
}

// Held is a child that a guardian sees, in one program.
type Held struct {
	Child   family.ChildID  `db:"child_id"`
	Program program.ID      `db:"program_id"`
	Account savings.Account `db:"enrollment_id"`
	Joined  bool            `db:"joined"` // to another record of the child, which this guardian was not given
	// Also are accounts of further records of the child that the guardian was
	// given: they lead here.
	Also []savings.Account `db:"-"`
}

// LogValue keeps whose family it is out of logs.
func (g Guardian) LogValue() slog.Value { return slog.StringValue(g.Who().Actor) }

// Who is the guardian as transactions and the trail know it.
func (g Guardian) Who() store.Who { return whoIs(g.Tenant, g.Account) }

func whoIs(tenant int32, account AccountID) store.Who {
	return store.Who{Tenant: tenant, Actor: "guardian/" + strconv.FormatInt(int64(account), 10)}
}

// Sees returns the guardian's own child by its account number, or ErrNotYours.
func (g Guardian) Sees(account savings.Account) (Held, error) {
	for _, h := range g.Held {
		if h.Account == account || slices.Contains(h.Also, account) {
			return h, nil
		}
	}
	return Held{}, ErrNotYours
}

// Two strengths of hashing. A PIN is a million possibilities at best, so it gets
// OWASP's Argon2id (19 MiB, two passes). Codes are 40 random bits for 90 days or
// 26 for ten minutes, under a key that the database does not hold: 7 MiB and one
// pass make a century of one core of them, and a school's letters in seconds.
var (
	strong = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	light  = argon2id.Params{Memory: 7 * 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
)

// absent are what a secret is compared with where there is none, so that both
// take the same time.
var absent = sync.OnceValues(func() (hashes map[uint32]string, err error) {
	hashes = map[uint32]string{}
	for _, p := range []argon2id.Params{strong, light} {
		if hashes[p.Memory], err = argon2id.CreateHash("nothing has this secret", &p); err != nil {
			return nil, err
		}
	}
	return hashes, nil
})

// hashers bounds how many hashes run at once, so that an evening of activations
// cannot take every core.
var hashers = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))

func withHasher(ctx context.Context, fn func() error) error {
	select {
	case hashers <- struct{}{}:
		defer func() { <-hashers }()
		return fn()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pepper puts a secret under the installation's key before it is hashed: who
// steals the database alone cannot even begin to guess.
func pepper(keys *vault.Keyring, what, secret string) string {
	return base64.RawStdEncoding.EncodeToString(keys.Index(0, "secret:"+what, secret))
}

func hash(ctx context.Context, keys *vault.Keyring, p argon2id.Params, what, secret string) (out string, err error) {
	err = withHasher(ctx, func() error {
		out, err = argon2id.CreateHash(pepper(keys, what, secret), &p)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("hash a %s: %w", what, err)
	}
	return out, nil
}

// matches compares in the same time whether or not there is a hash.
func matches(ctx context.Context, keys *vault.Keyring, p argon2id.Params, what, secret, hash string) (ok bool, err error) {
	none := hash == ""
	if none {
		hashes, err := absent()
		if err != nil {
			return false, err
		}
		hash = hashes[p.Memory]
	}
	err = withHasher(ctx, func() error {
		ok, err = argon2id.ComparePasswordAndHash(pepper(keys, what, secret), hash)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("compare a %s: %w", what, err)
	}
	return ok && !none, nil
}

// newToken is 256 random bits; only their SHA-256 is stored, which suffices for
// a secret that cannot be guessed.
func newToken() (token string, hash []byte) {
	var raw [32]byte
	rand.Read(raw[:]) // never fails
	token = base64.RawURLEncoding.EncodeToString(raw[:])
	return token, tokenHash(token)
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// keptFor is how long what is over is kept, for questions about yesterday.
const keptFor = 30 * 24 * time.Hour
