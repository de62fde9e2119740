package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Entry adds to or takes from one account.
type Entry struct {
	Account AccountID
	Amount  Amount // credit positive, debit negative; never zero
}

// Posting is a transaction to be posted: two or more entries that sum to zero
// in every fund.
type Posting struct {
	// Key makes posting idempotent, for ever: a second posting with the same key
	// that moves the same money is not posted, and the first one's number is
	// returned. Form: "program/child/benefit/period". Never personal data.
	Key string
	// Kind is the event, as the program names it: "deposit", "seed", "match".
	Kind string
	// Effective is the day from which the money counts, in the program's zone.
	Effective Date
	// Concerns is the day a correction truly belongs to, where that day is in a
	// closed period; otherwise no day.
	Concerns Date
	Entries  []Entry
	// Reverses is the transaction whose exact contra this is; 0 for none.
	Reverses TxNo
	Rule     string // the version of the rule that asked for it
	Maker    string // who answers for it
	Approval string // the approval it rests on
	Source   string // the document it came from
	// Facts says why, as a JSON document, or "". It is sealed with the posting
	// and can never be deleted: no personal data.
	Facts string
}

// Posted is the answer to a posting.
type Posted struct {
	No TxNo
	// Replayed reports that the key was known: nothing was posted now.
	Replayed bool
}

// check refuses what no book could take. Whether the entries balance in each
// fund only the database knows, since accounts belong to funds there.
func (p *Posting) check(place int) error {
	invalid := func(reason string) error { return &Invalid{place, p.Key, reason} }
	switch {
	case p.Key == "":
		return invalid("a posting needs a key")
	case p.Kind == "":
		return invalid("a posting needs a kind")
	case p.Effective.IsZero():
		return invalid("a posting needs an effective day")
	case len(p.Entries) < 2:
		return invalid("a posting needs two entries")
	case p.Reverses < 0:
		return invalid("a transaction number is not negative")
	case p.Facts != "" && !json.Valid([]byte(p.Facts)):
		return invalid("facts are not JSON")
	}
	for _, s := range []string{p.Key, p.Kind, p.Rule, p.Maker, p.Approval, p.Source, p.Facts} {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return invalid("text is not UTF-8, or holds a zero byte")
		}
	}
	var sum Amount
	for _, e := range p.Entries {
		if e.Amount.IsZero() {
			return invalid("an entry of 0.00 moves nothing")
		}
		sum = sum.Add(e.Amount)
	}
	if !sum.IsZero() {
		return &Unbalanced{Posting: place, Key: p.Key, By: sum}
	}
	return nil
}

// digest is what identifies a posting: the hash of its key, of the money it
// moves, and of everything it says.
type digest struct {
	key         [16]byte
	fingerprint int64
	hash        [32]byte
}

// digest hashes the posting. Fields are written as netstrings ("5:match,"), so
// that no field can be taken for another and any program can repeat the sum.
// Entries stand in the order of their accounts, as the books keep them.
func (p *Posting) digest(buf []byte) (digest, []byte) {
	p.sortEntries()
	var d digest
	d.key = keyHash(p.Key)

	buf = p.appendMoney(buf[:0])
	money := sha256.Sum256(buf)
	d.fingerprint = int64(binary.BigEndian.Uint64(money[:8]))
	buf = p.appendRest(buf)
	d.hash = sha256.Sum256(buf)
	return d, buf
}

// canonical is the text whose hash is sealed.
func (p *Posting) canonical(b []byte) []byte {
	p.sortEntries()
	return p.appendRest(p.appendMoney(b))
}

func (p *Posting) appendRest(b []byte) []byte {
	for _, s := range []string{p.Key, p.Concerns.String(), p.Rule, p.Maker, p.Approval, p.Source, p.Facts} {
		b = appendNet(b, s)
	}
	return b
}

// keyHash is what the database keeps unique: 128 bits of the key's hash.
func keyHash(key string) (h [16]byte) {
	sum := sha256.Sum256([]byte(key))
	copy(h[:], sum[:])
	return h
}

func keyUUID(key string) string {
	h := keyHash(key)
	return hex.EncodeToString(h[:])
}

func (p *Posting) appendMoney(b []byte) []byte {
	b = appendNet(b, "seedbook-transaction-1")
	b = appendNet(b, p.Kind)
	b = appendNet(b, p.Effective.String())
	b = appendNet(b, strconv.FormatInt(int64(p.Reverses), 10))
	b = appendNet(b, strconv.Itoa(len(p.Entries)))
	for _, e := range p.Entries {
		b = appendNet(b, strconv.FormatInt(int64(e.Account), 10))
		b = appendNet(b, e.Amount.String())
	}
	return b
}

// sortEntries puts entries in the order of accounts without touching the
// caller's slice.
func (p *Posting) sortEntries() {
	byAccount := func(a, b Entry) int { return cmp.Compare(a.Account, b.Account) }
	if !slices.IsSortedFunc(p.Entries, byAccount) {
		p.Entries = slices.Clone(p.Entries)
		slices.SortStableFunc(p.Entries, byAccount)
	}
}

func appendNet(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	b = append(b, s...)
	return append(b, ',')
}
