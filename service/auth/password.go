package auth

import (
	"context"
	"embed"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"github.com/jmoiron/sqlx"
	"golang.org/x/text/unicode/norm"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Bounds of a password in characters. NIST SP 800-63B-4 wants 15 where the
// password is the only factor, and asks for no mixture of kinds.
const (
	minPassword = 15
	maxPassword = 128
)

// hashing is OWASP's Argon2id: 19 MiB, two passes, one lane; about 30 ms.
var hashing = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashers bounds how many hashes run at once, so that a flood of sign-ins
// cannot take every core and 19 MiB each.
var hashers = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))

// absent is what a password is compared with where there is no account, so that
// both take the same time.
var absent = sync.OnceValues(func() (string, error) { return argon2id.CreateHash("no account has this password", &hashing) })

func withHasher(ctx context.Context, fn func() error) error {
	select {
	case hashers <- struct{}{}:
		defer func() { <-hashers }()
		return fn()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func hashPassword(ctx context.Context, password string) (hash string, err error) {
	err = withHasher(ctx, func() error {
		hash, err = argon2id.CreateHash(norm.NFKC.String(password), &hashing)
		return err
	})
	return hash, err
}

// matches compares in the same time whether or not there is a hash.
func matches(ctx context.Context, password, hash string) (ok bool, err error) {
	none := hash == ""
	if none {
		if hash, err = absent(); err != nil {
			return false, err
		}
	}
	if len(password) > 4*maxPassword {
		password = "" // longer than any we accept: not worth hashing
	}
	err = withHasher(ctx, func() error {
		ok, err = argon2id.ComparePasswordAndHash(norm.NFKC.String(password), hash)
		return err
	})
	return ok && !none, err
}

// SetPassword sets an account's password and ends its sessions but the one kept
// (0 keeps none) and its open links. A weak password is ErrShort, ErrLong or
// ErrCommon.
func SetPassword(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, account AccountID, password string, keep SessionID, at time.Time) error {
	var p Principal
	var email string
	err := db.InTx(ctx, who, func(tx *sqlx.Tx) (err error) {
		p, email, err = loadPrincipal(ctx, tx, keys, who.Tenant, account)
		return err
	})
	if err != nil {
		return err
	}
	if err := checkPassword(password, email, p.Name, p.Organization); err != nil {
		return err
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return fmt.Errorf("hash password of account %d: %w", account, err)
	}
	return db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		const query = `UPDATE auth_logins SET password_hash = $3, password_at = $4 WHERE tenant_id = $1 AND account_id = $2`
		if _, err := tx.ExecContext(ctx, query, who.Tenant, account, hash, at); err != nil {
			return fmt.Errorf("set password of account %d: %w", account, err)
		}
		if err := endAll(ctx, tx, who.Tenant, account, keep, at); err != nil {
			return err
		}
		return audit.Record(ctx, tx, who, []audit.Event{{Verb: "auth.password_set", Kind: "account", Subject: int64(account)}}, at)
	})
}

// wordsFS holds our own words and, where "make design" has made it, the list of
// breached passwords.
//
//go:embed all:words
var wordsFS embed.FS

func wordFile(name string) []byte {
	raw, err := wordsFS.ReadFile("words/" + name)
	if err != nil {
		return nil // not made
	}
	return raw
}

// common are words and runs that attackers try first, the longest first.
var common = sync.OnceValue(func() []string {
	var words []string
	for line := range strings.Lines(string(wordFile("common.txt"))) {
		if word := strings.TrimSpace(line); word != "" && !strings.HasPrefix(word, "#") {
			words = append(words, word)
		}
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
})

// checkPassword refuses what is short or easily guessed: passwords of past
// breaches with little around them, common words, runs on a keyboard, repetitions, and the person's own e-mail, name and organization.
func checkPassword(password string, context ...string) error {
	n := utf8.RuneCountInString(norm.NFKC.String(password))
	if n < minPassword {
		return ErrShort.With(map[string]any{"n": minPassword}).At("password")
	}
	if n > maxPassword {
		return ErrLong.With(map[string]any{"n": maxPassword}).At("password")
	}
	if guessable(password, context) {
		return ErrCommon.At("password")
	}
	return nil
}

// leftover is how many different letters must remain of a password once
// everything guessable is taken out of it.
const leftover = 6

func guessable(password string, context []string) bool {
	var own []string
	for _, c := range context {
		own = append(own, vault.Words(vault.Fold(c))...)
	}
	words := slices.Concat(common(), own)
	for _, form := range []string{letters(password), letters(lookalikes.Replace(password))} {
		if little(form, words) || breachedAndLittle(form, own) {
			return true
		}
	}
	return false
}

// lookalikes undoes the substitutions that every guesser knows.
var lookalikes = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// letters are a password's letters and digits, without case and accents.
func letters(s string) string { return strings.ReplaceAll(vault.Fold(s), " ", "") }

// little reports that too few different letters remain without the words.
func little(rest string, words []string) bool {
	for _, word := range words {
		if len(word) >= 3 {
			rest = strings.ReplaceAll(rest, word, "")
		}
	}
	different := map[rune]bool{}
	for _, r := range rest {
		different[r] = true
	}
	return len(different) < leftover
}
