package ledger

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

// busyBooks has something of everything: several blocks, a reversal, holds that
// were captured and released, a closed period, a checkpoint, facts.
func busyBooks(t testing.TB) *books {
	t.Helper()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 3)
	fund := b.ids(t, Account{Chart: Uncommitted, Fund: 2}, Account{Chart: RestrictedCash, Fund: 2}, Account{Chart: DesignatedSeed, Fund: 2, Child: 1})
	memo := b.ids(t, Account{Chart: MemoExposure, Fund: 2}, Account{Chart: MemoExposureContra, Fund: 2})
	b.mustPost(t, move("grant", fund[1], fund[0], 100_000), move("memo", memo[0], memo[1], 500))
	for i := range 12 {
		p := move(fmt.Sprint("deposit/", i), cash, kids[i%3], int64(1000+i))
		p.Facts, p.Rule, p.Effective = fmt.Sprintf(`{"n": %d}`, i), "v1", sept.AddDays(-i)
		b.mustPost(t, p)
	}
	b.must(t, func(tx *sqlx.Tx) error {
		ctx := context.Background()
		if _, err := Reverse(ctx, tx, b.book, noon, Reversal{Key: "back", Of: 5, Effective: sept, Maker: "m"}); err != nil {
			return err
		}
		holds, err := Hold(ctx, tx, b.book, noon, []HoldRequest{
			{Key: "h1", Account: fund[0], Amount: Minor(5000), Expires: noon.Add(time.Hour)},
			{Key: "h2", Account: fund[0], Amount: Minor(7000), Expires: noon.Add(time.Hour)},
			{Key: "h3", Account: kids[0], Amount: Minor(1), Expires: noon.Add(time.Hour)}})
		if err != nil {
			return err
		}
		if err := Release(ctx, tx, b.book, noon, holds[2:], "m", "changed their mind"); err != nil {
			return err
		}
		if _, err := Capture(ctx, tx, b.book, noon, []Captured{{holds[0], move("seed", fund[0], fund[2], 5000)}}); err != nil {
			return err
		}
		if err := ClosePeriod(ctx, tx, b.book, noon, PeriodLock{Through: sept.AddDays(-1), Maker: "m"}); err != nil {
			return err
		}
		if _, err = WriteSums(ctx, tx, b.book); err != nil {
			return err
		}
		_, err = WriteCheckpoints(ctx, tx, b.book, sept.AddDays(-3))
		return err
	})
	b.mustPost(t, move("after", cash, kids[0], 4), move("seed2", fund[0], fund[2], 300))
	return b
}

// tampered verifies books as they would be after something that only the owner
// of the database can do: changing rows with triggers and foreign keys off.
func (b *books) tampered(t testing.TB, query string) (r *Report) {
	t.Helper()
	tx := b.db.MustBegin()
	defer tx.Rollback()
	tx.MustExec(`SET LOCAL session_replication_role = replica`)
	result, err := tx.Exec(query)
	if err != nil {
		t.Fatalf("tamper: %v", err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		t.Fatalf("tampered with nothing: %s", query)
	}
	tx.MustExec(fmt.Sprintf(`SELECT set_config('role', 'csa_app', true), set_config('app.tenant', '%d', true)`, b.tenant))
	if r, err = Verify(t.Context(), tx, b.book, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTamperingIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	b.sound(t)
	for _, test := range []struct{ name, query, want string }{
		{"one amount", `UPDATE ledger_entries SET amount = amount + 1 WHERE tx_no = 4 AND amount > 0`, "transaction 4: its entries in fund 1 sum to"},
		{"one amount, also where it runs on", `UPDATE ledger_entries SET amount = amount + 1, balance_after = balance_after + 1 WHERE tx_no = 14 AND amount > 0`, "transaction 14: is not what was sealed"},
		{"both amounts of a transaction", `UPDATE ledger_entries SET amount = amount * 2 WHERE tx_no = 4`, "transaction 4: is not what was sealed"},
		{"both amounts, and every balance after them", `
			WITH change AS (SELECT account_id, seq, amount FROM ledger_entries WHERE tx_no = 4)
			UPDATE ledger_entries e SET amount = CASE WHEN e.seq = c.seq THEN e.amount * 2 ELSE e.amount END, balance_after = e.balance_after + c.amount
			FROM change c WHERE e.account_id = c.account_id AND e.seq >= c.seq`, "transaction 4: is not what was sealed"},
		{"a running balance", `UPDATE ledger_entries SET balance_after = balance_after + 0.01 WHERE tx_no = 6 AND amount > 0`, "says the balance is"},
		{"the account of an entry", `UPDATE ledger_entries SET account_id = 3, seq = 99 WHERE tx_no = 3 AND amount > 0`, "transaction 3: is not what was sealed"},
		{"the accounts of two entries swapped", `
			UPDATE ledger_entries SET seq = seq + 1000 WHERE tx_no IN (3, 4) AND amount > 0;
			UPDATE ledger_entries e SET account_id = o.account_id, seq = o.seq - 1000 FROM ledger_entries o
			WHERE e.tx_no + o.tx_no = 7 AND e.tx_no IN (3, 4) AND e.amount > 0 AND o.amount > 0`, "transaction 3: is not what was sealed"},
		{"the day of an entry", `UPDATE ledger_entries SET effective_on = effective_on - 30 WHERE tx_no = 7`, "counts from 2026-07-29, its transaction from 2026-08-28"},
		{"the day of a transaction and its entries", `
			WITH e AS (UPDATE ledger_entries SET effective_on = '2026-07-01' WHERE tx_no = 7 RETURNING tx_no)
			UPDATE ledger_transactions SET effective_on = '2026-07-01' WHERE no = (SELECT min(tx_no) FROM e)`, "transaction 7: is not what was sealed"},
		{"the maker", `UPDATE ledger_transactions SET maker = 'somebody else' WHERE no = 8`, "transaction 8: is not what was sealed"},
		{"the approval", `UPDATE ledger_transactions SET approval = 'yes' WHERE no = 8`, "transaction 8: is not what was sealed"},
		{"the rule", `UPDATE ledger_transactions SET rule = 'v2' WHERE no = 8`, "transaction 8: is not what was sealed"},
		{"the facts", `UPDATE ledger_transactions SET facts = '{"n":5}' WHERE no = 8`, "transaction 8: is not what was sealed"},
		{"the key", `UPDATE ledger_transactions SET key = 'deposit/x' WHERE no = 8`, "transaction 8: its key is not the one"},
		{"the key kept unique", `UPDATE ledger_transactions SET idem_key = gen_random_uuid() WHERE no = 8`, "transaction 8: its key is not the one"},
		{"the fingerprint", `UPDATE ledger_transactions SET fingerprint = fingerprint + 1 WHERE no = 8`, "transaction 8: its fingerprint"},
		{"the moment", `UPDATE ledger_transactions SET posted_at = posted_at - interval '1 day' WHERE no = 8`, "transaction 8: says it was posted at"},
		{"what it concerns", `UPDATE ledger_transactions SET concerns_on = '2026-01-01' WHERE no = 8`, "transaction 8: is not what was sealed"},
		{"what is reversed", `UPDATE ledger_transactions SET reverses = 6 WHERE reverses = 5`, "transaction 15: is not the exact contra of 6"},
		{"the newest transactions", `WITH e AS (DELETE FROM ledger_entries WHERE tx_no >= 17 RETURNING 1) DELETE FROM ledger_transactions WHERE no >= 17`, "transaction 18: is missing"},
		{"a transaction in the middle", `WITH e AS (DELETE FROM ledger_entries WHERE tx_no = 9 RETURNING 1) DELETE FROM ledger_transactions WHERE no = 9`, "transaction 9: is missing"},
		{"a transaction without its entries", `DELETE FROM ledger_transactions WHERE no = 9`, "belongs to no transaction"},
		{"the entries without their transaction", `DELETE FROM ledger_entries WHERE tx_no = 9`, "transaction 9: has 0 entries"},
		{"one entry", `DELETE FROM ledger_entries WHERE tx_no = 9 AND amount > 0`, "transaction 9: has 1 entries"},
		{"a transaction added", `INSERT INTO ledger_transactions SELECT tenant_id, book_id, 99, posted_at, gen_random_uuid(), fingerprint, NULL, effective_on, NULL, hash, 'x', kind FROM ledger_transactions WHERE no = 8`, "transaction 99: is in no block"},
		{"entries added", `INSERT INTO ledger_entries SELECT account_id, seq + 50, tx_no, tenant_id, book_id, fund_id, effective_on, amount, balance_after, floor FROM ledger_entries WHERE tx_no = 8`, "transaction 8: is not what was sealed"},
		{"a block", `DELETE FROM ledger_blocks WHERE no = 6`, "block 7: follows block 5"},
		{"the newest block", `DELETE FROM ledger_blocks WHERE no = (SELECT max(no) FROM ledger_blocks)`, "is in no block"},
		{"a block's time", `UPDATE ledger_blocks SET sealed_at = sealed_at + interval '1 second' WHERE no = 6`, "block 6: its columns are not what its hash says"},
		{"a block's hash", `UPDATE ledger_blocks SET hash = sha256('x') WHERE no = 6`, "block 7: does not follow"},
		{"whose account it is", `UPDATE ledger_accounts SET child_id = 77 WHERE chart = 2100 AND child_id = 2`, "its accounts are not those it sealed"},
		{"an account's floor", `UPDATE ledger_accounts SET floor = -1000 WHERE chart = 2100 AND child_id = 2`, "has floor -1000.00"},
		{"an account's fund", `UPDATE ledger_accounts SET fund_id = 5 WHERE chart = 2100 AND child_id = 2`, "its account in fund 5"},
		{"an entry's floor", `UPDATE ledger_entries SET floor = NULL WHERE tx_no = 9 AND amount > 0`, "was held to a floor of none"},
		{"a hold", `UPDATE ledger_holds SET change = 1, held_after = held_after - 49 WHERE act = 'place' AND change = 50`, "hold"},
		{"a hold's end", `DELETE FROM ledger_holds WHERE act = 'release'`, "its holds are not those it sealed|there are holds"},
		{"a period lock", `UPDATE ledger_period_locks SET closed_through = '2026-09-01'`, "when the book was closed through 2026-09-01"},
		{"a period lock taken away", `DELETE FROM ledger_period_locks`, "its periods are not those it sealed"},
		{"the currency", `UPDATE ledger_books SET currency = 'EUR' WHERE code = 'book-0'`, "block 1: its book are not"},
		{"a checkpoint", `UPDATE ledger_checkpoints SET balance = balance + 1 WHERE account_id = 2`, "checkpoint of account 2"},
		{"a sum", `UPDATE ledger_sums SET credit = credit + 1 WHERE chart = 2100`, "sums up to transaction"},
		{"a sum taken away", `DELETE FROM ledger_sums WHERE chart = 2100`, "say 0 and 0, the entries say"},
		{"where a stretch begins", `UPDATE ledger_sums SET after_no = after_no + 1`, "the ones before end at 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := b.tampered(t, test.query)
			if r.OK() {
				t.Fatal("not found")
			}
			if !named(r, test.want) {
				t.Errorf("want %q among %v", test.want, r.Findings)
			}
		})
	}
}

// named reports a finding that contains one of the wanted words.
func named(r *Report, want string) bool {
	for _, f := range r.Findings {
		for _, w := range strings.Split(want, "|") {
			if strings.Contains(f.String(), w) {
				return true
			}
		}
	}
	return false
}

func TestAReportDoesNotGrowWithoutEnd(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	var postings []Posting
	for i := range maxFindings + 50 {
		postings = append(postings, move(fmt.Sprint(i), cash, kids[0], 1))
	}
	b.mustPost(t, postings...)
	if r := b.tampered(t, `UPDATE ledger_transactions SET maker = 'x'`); len(r.Findings) != maxFindings || r.More != 50 {
		t.Errorf("%d findings and %d more", len(r.Findings), r.More)
	}
}

func TestVerificationTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	var last, total int64
	b.must(t, func(tx *sqlx.Tx) error {
		_, err := Verify(t.Context(), tx, b.book, func(done, of int64) {
			if done < last {
				t.Errorf("went back from %d to %d", last, done)
			}
			last, total = done, of
		})
		return err
	})
	if last != total || total != 18 {
		t.Errorf("ended at %d of %d", last, total)
	}
}
