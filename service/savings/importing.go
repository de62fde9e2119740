package savings

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings/depositfile"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Import is a file of deposits, read and compared with what is known.
type Import struct {
	File     *depositfile.File
	Deposits []Deposit       // the file's accepted rows, each with the child it is for
	Lines    []int           // where each stands in the file
	Outcomes []Outcome       // what posting would do, or did
	By       map[Outcome]int // outcomes counted
	Sums     map[Outcome]ledger.Amount
	Received int64 // number of the file once it is posted
}

// Preview reads a file of deposits and says what posting it would do. It
// changes nothing. A file that cannot be trusted is refused whole; a row that
// cannot is quarantined in File, and the rest goes on.
func Preview(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.Program, name string, r io.Reader, asOf ledger.Date) (*Import, error) {
	return PreviewAs(ctx, q, who, keys, p, name, r, depositfile.Options{AsOf: asOf})
}

// PreviewAs is Preview of a file that is written as the options say.
func PreviewAs(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.Program, name string, r io.Reader, o depositfile.Options) (*Import, error) {
	file, err := depositfile.Read(name, r, o)
	if err != nil {
		return nil, err
	}
	in := &Import{File: file}
	owners, err := owners(ctx, q, who, keys, p.ID, file.Deposits)
	if err != nil {
		return nil, err
	}
	for i, d := range file.Deposits {
		in.Deposits = append(in.Deposits, Deposit{Reference: d.Reference, Child: owners[i], Amount: d.Amount, On: d.On, Channel: d.Channel})
		in.Lines = append(in.Lines, d.Line)
	}
	if in.Outcomes, _, err = sortOut(ctx, q, p.ID, in.Deposits); err != nil {
		return nil, err
	}
	in.count()
	return in, nil
}

func (in *Import) count() {
	in.By, in.Sums = map[Outcome]int{}, map[Outcome]ledger.Amount{}
	for i, o := range in.Outcomes {
		in.By[o]++
		in.Sums[o] = in.Sums[o].Add(in.Deposits[i].Amount)
	}
}

// owners finds whose each deposit of a file is; one column may hold either number.
func owners(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, deposits []depositfile.Deposit) ([]family.ChildID, error) {
	accounts, students := make([]Account, len(deposits)), make([]string, len(deposits))
	for i, d := range deposits {
		if account, err := ParseAccount(d.Account); err == nil {
			accounts[i] = account
		}
		students[i] = cmp.Or(d.Student, d.Account)
	}
	return Owners(ctx, q, who, keys, p, accounts, students)
}

// Owners finds, place by place, the participant whom an account number or a
// student number names. A number with a typing error, one that means one child
// as an account and another as a student, or one of somebody who does not take
// part, is nobody's: 0.
func Owners(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, accounts []Account, students []string) ([]family.ChildID, error) {
	byAccount, err := Holders(ctx, q, p, accounts)
	if err != nil {
		return nil, err
	}
	byStudent, err := family.Find(ctx, q, who, keys, family.StudentScheme, students)
	if err != nil {
		return nil, err
	}
	for i, holder := range byAccount {
		switch student := byStudent[i]; {
		case holder == 0:
			byAccount[i] = student
		case student != 0 && student != holder:
			byAccount[i] = 0
		}
	}
	return participants(ctx, q, p, byAccount)
}

// importSet is how many deposits one transaction posts.
const importSet = 2000

// Post posts an import set by set and fills in what became of each row.
// Interrupted, it is simply repeated: what is posted is posted once. progress
// is told after each set.
func (in *Import) Post(ctx context.Context, db *store.DB, who store.Who, p program.Program, at time.Time, progress func(done, of int)) error {
	file, err := in.receive(ctx, db, who, p, at)
	if err != nil {
		return err
	}
	in.Received = file
	for first := 0; first < len(in.Deposits); first += importSet {
		last := min(first+importSet, len(in.Deposits))
		err := db.InTx(ctx, who, func(tx *sqlx.Tx) error {
			outcomes, err := PostDeposits(ctx, tx, who, p, in.Deposits[first:last], file, at)
			copy(in.Outcomes[first:last], outcomes)
			return err
		})
		if err != nil {
			return fmt.Errorf("post deposits %d to %d: %w", first+1, last, err)
		}
		if err := db.Refresh(ctx); err != nil {
			return err
		}
		progress(last, len(in.Deposits))
	}
	in.count()
	return nil
}

// receive notes the file, once.
func (in *Import) receive(ctx context.Context, db *store.DB, who store.Who, p program.Program, at time.Time) (id int64, err error) {
	err = db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO deposit_files AS f (tenant_id, program_id, sha256, rows, total, received_by, received_at)
			VALUES ($1, $2, $3, $4, CAST($5 AS numeric), $6, $7)
			ON CONFLICT ON CONSTRAINT deposit_files_tenant_id_program_id_sha256_key DO NOTHING
			RETURNING id`
		sum := in.File.SHA256[:]
		var ids []int64
		err := tx.SelectContext(ctx, &ids, query, who.Tenant, p.ID, sum, in.File.Rows, in.File.Amount, who.Actor, at)
		if err != nil {
			return fmt.Errorf("note deposit file: %w", err)
		}
		if len(ids) == 1 {
			id = ids[0]
			return audit.Record(ctx, tx, who, []audit.Event{{Verb: "savings.file_received", Kind: "deposit_file", Subject: id, Program: int32(p.ID)}}, at)
		}
		return tx.GetContext(ctx, &id, `SELECT id FROM deposit_files WHERE program_id = $1 AND sha256 = $2`, p.ID, sum)
	})
	return id, err
}
