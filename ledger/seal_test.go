package ledger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"
)

func newSigner(t testing.TB) (note.Signer, note.Verifiers) {
	t.Helper()
	secret, public, err := note.GenerateKey(rand.Reader, "seedbook.example/log")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, note.VerifierList(verifier)
}

func (b *books) seal(t failer, signer note.Signer) (c *Checkpoint) {
	t.Helper()
	b.must(t, func(tx *sqlx.Tx) (err error) {
		c, err = Seal(context.Background(), tx, noon, signer)
		return err
	})
	return c
}

func TestEveryBlockEntersTheLogOnceAndCheckpointsContinueEachOther(t *testing.T) {
	t.Parallel()
	signer, trusted := newSigner(t)
	a := newBooks(t)
	if c := a.seal(t, signer); c != nil {
		t.Errorf("an empty log has checkpoint %+v", c)
	}
	a = a.openBook(t)
	b := a.openBook(t)
	cash, kids := a.family(t, 1)
	var kept []*Checkpoint
	for i := range 20 {
		a.mustPost(t, move(fmt.Sprint("k", i), cash, kids[0], 1))
		if i == 3 {
			b.family(t, 2)
		}
		if i%3 == 0 {
			kept = append(kept, a.seal(t, signer))
		}
	}
	last := a.seal(t, signer)
	if again := a.seal(t, signer); again.Size != last.Size || again.Signed != last.Signed {
		t.Errorf("sealing nothing gave %+v after %+v", again, last)
	}
	if r := a.verify(t); !r.OK() || r.Logged != r.Blocks || r.Blocks+b.verify(t).Logged != last.Size {
		t.Errorf("logged %d of %d blocks, the log holds %d: %v", r.Logged, r.Blocks, last.Size, r.Findings)
	}
	for _, c := range append(kept, last) {
		opened, err := OpenCheckpoint(c.Signed, trusted)
		if err != nil || opened.Size != c.Size || opened.Root != c.Root || opened.Origin != fmt.Sprint("seedbook.example/log/", a.tenant) {
			t.Fatalf("checkpoint %q opened as %+v, %v", c.Signed, opened, err)
		}
		a.must(t, func(tx *sqlx.Tx) error { return Continues(t.Context(), tx, opened) })
	}
	_, strangers := newSigner(t)
	if _, err := OpenCheckpoint(last.Signed, strangers); err == nil {
		t.Error("a stranger's signature was trusted")
	}
	if !strings.HasPrefix(last.Short(), fmt.Sprint(last.Size, "-")) || len(last.Short()) != len(fmt.Sprint(last.Size))+13 {
		t.Errorf("on paper it is %q", last.Short())
	}
}

func TestAFamilyCanCheckATransactionWithoutTheBooks(t *testing.T) {
	t.Parallel()
	signer, trusted := newSigner(t)
	b := busyBooks(t)
	prove := func(no TxNo) (p *Proof, err error) {
		err = b.try(t.Context(), func(tx *sqlx.Tx) (err error) { p, err = Prove(t.Context(), tx, b.book, no); return err })
		return p, err
	}
	if _, err := prove(1); !errors.Is(err, ErrNotSealed) {
		t.Errorf("before sealing: %v", err)
	}
	b.seal(t, signer)
	for no := TxNo(1); no <= 18; no++ {
		p, err := prove(no)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]string{"": "", "text": "8:2026-0|8:2027-0", "amount": ":10.0|:20.0", "block": `"block":|"block":1`, "moment": `"sealed_at":1|"sealed_at":2`,
			"place": fmt.Sprintf(`"transaction":%d,|"transaction":%d,`, no, no+1), "root": "seedbook.example/log/|seedbook.example/log/9", "hashes": `"path":["|"path":["A`} {
			old, instead, _ := strings.Cut(change, "|")
			changed := strings.Replace(string(text), old, instead, 1)
			if change != "" && changed == string(text) {
				continue // this transaction has nothing of the kind
			}
			var read Proof
			if err := json.Unmarshal([]byte(changed), &read); err != nil {
				continue // spoiled beyond reading
			}
			err := read.Check(trusted)
			if (err == nil) != (name == "") || name != "" && !errors.Is(err, ErrProof) {
				t.Errorf("transaction %d with another %s: %v", no, name, err)
			}
		}
	}
	if _, err := prove(99); err == nil {
		t.Error("a transaction that does not exist was proven")
	}
}

func TestWhatOnlyAnOutsidersCheckpointShows(t *testing.T) {
	t.Parallel()
	signer, trusted := newSigner(t)
	b := busyBooks(t)
	first := b.seal(t, signer)
	cash, kids := b.family(t, 1)
	b.mustPost(t, move("new", cash, kids[0], 5))
	kept, err := OpenCheckpoint(b.seal(t, signer).Signed, trusted)
	if err != nil || kept.Size <= first.Size {
		t.Fatal(kept, err)
	}
	// Somebody deletes the newest block with all that hangs on it, in the log too.
	tx := b.db.MustBegin()
	defer tx.Rollback()
	tx.MustExec(`SET LOCAL session_replication_role = replica`)
	for _, query := range []string{
		`DELETE FROM ledger_entries WHERE tx_no = 19`, `DELETE FROM ledger_transactions WHERE no = 19`, `DELETE FROM ledger_blocks WHERE last_tx = 19`,
		`DELETE FROM ledger_log_leaves WHERE leaf >= ` + fmt.Sprint(first.Size), `DELETE FROM ledger_log_checkpoints WHERE size > ` + fmt.Sprint(first.Size),
	} {
		tx.MustExec(query)
	}
	tx.MustExec(fmt.Sprintf(`SELECT set_config('role', 'csa_app', true), set_config('app.tenant', '%d', true)`, b.tenant))
	if r, err := Verify(t.Context(), tx, b.book, nil); err != nil || !r.OK() {
		t.Errorf("the books by themselves show nothing: %v, %v", r.Findings, err)
	}
	if err := Continues(t.Context(), tx, kept); !errors.Is(err, ErrForked) {
		t.Errorf("against the kept checkpoint: %v", err)
	}
	if err := Continues(t.Context(), tx, first); err != nil {
		t.Errorf("against the first checkpoint: %v", err)
	}
}

func TestTamperingWithTheLogIsFound(t *testing.T) {
	t.Parallel()
	signer, _ := newSigner(t)
	b := busyBooks(t)
	b.seal(t, signer)
	b.mustPost(t, b.anyMove(t))
	b.seal(t, signer)
	for _, test := range []struct{ name, query, want string }{
		{"a leaf", `DELETE FROM ledger_log_leaves WHERE leaf = 3`, "leaf 4: comes where leaf 3 was expected"},
		{"the last leaf", `DELETE FROM ledger_log_leaves WHERE leaf = (SELECT max(leaf) FROM ledger_log_leaves)`, "was signed, but the log holds"},
		{"which block a leaf is", `UPDATE ledger_log_leaves SET block_no = 99 WHERE leaf = 3`, "leaf 3: is block 99"},
		{"a stored hash", `UPDATE ledger_log_hashes SET hash = sha256('x') WHERE no = 4`, "is not what the log holds of it"},
		{"a root", `UPDATE ledger_log_checkpoints SET root = sha256('x')`, "its root is not that of the blocks"},
		{"a block, with its hash made to fit", `UPDATE ledger_blocks SET hash = sha256('x') WHERE no = 4`, "block 4 of book"},
		{"a block that is gone", `DELETE FROM ledger_blocks WHERE no = 6`, "which is gone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if r := b.tampered(t, test.query); !named(r, test.want) {
				t.Errorf("want %q among %v", test.want, r.Findings)
			}
		})
	}
}

// anyMove is a posting between two accounts that busyBooks opened.
func (b *books) anyMove(t failer) Posting {
	t.Helper()
	cash, kids := b.family(t, 1)
	return move("any", cash, kids[0], 1)
}
