package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"seedbook/jobs"
	"seedbook/ledger"
)

func (a *app) sealCommand() *cobra.Command {
	var key bool
	cmd := &cobra.Command{
		Use:   "seal",
		Short: "Sign a checkpoint of the books, to be kept by somebody else",
		Long: `Append what the books have added to their log, and print the signed checkpoint
of it. csa serve does this every minute; a checkpoint that an auditor or a funder
keeps shows later that nothing before it was changed or taken away (csa verify
--kept). Whoever checks signatures needs the verifier key once (--key).`,
		Args: cobra.NoArgs,
		RunE: a.with(func(ctx context.Context, s *session, _ []string) error {
			if key {
				text, err := s.keys.VerifierKey(jobs.SignerName)
				s.printf("%s\n", text)
				return err
			}
			return s.seal(ctx)
		}),
	}
	cmd.Flags().BoolVar(&key, "key", false, "print the verifier key instead")
	return cmd
}

func (s *session) seal(ctx context.Context) error {
	signer, err := s.keys.Signer(jobs.SignerName)
	if err != nil {
		return err
	}
	var c *ledger.Checkpoint
	err = s.db.InTx(ctx, s.who, func(tx *sqlx.Tx) (err error) {
		c, err = ledger.Seal(ctx, tx, s.now(), signer)
		return err
	})
	switch {
	case err != nil:
		return err
	case c == nil:
		return fmt.Errorf("there is nothing to seal yet: set up a program first")
	}
	s.printf("%s", c.Signed)
	return nil
}

// trusted are this installation's own signatures.
func (s *session) trusted() (note.Verifiers, error) {
	key, err := s.keys.VerifierKey(jobs.SignerName)
	if err != nil {
		return nil, err
	}
	return verifiers(key)
}

func verifiers(key string) (note.Verifiers, error) {
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("verifier key: %w", err)
	}
	return note.VerifierList(v), nil
}

// continues checks that the books still hold all that a checkpoint in a file
// held; no file asks for nothing.
func (s *session) continues(ctx context.Context, file string) error {
	if file == "" {
		return nil
	}
	signed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	trusted, err := s.trusted()
	if err != nil {
		return err
	}
	kept, err := ledger.OpenCheckpoint(string(signed), trusted)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error { return ledger.Continues(ctx, q, kept) })
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	s.printf("%s: the books continue it\n", file)
	return nil
}

func (a *app) proofCommand() *cobra.Command {
	var code, out string
	cmd := &cobra.Command{
		Use:   "proof NUMBER",
		Short: "Write the proof that a transaction is in the sealed books",
		Long: `Write the proof that a transaction, by its number, is in the books of the newest
signed checkpoint. Whoever has the proof and the verifier key checks it without
asking anybody:

  csa proof 1057 --out proof.json
  csa proof check proof.json --key "$(csa seal --key)"`,
		Args: cobra.ExactArgs(1),
		RunE: a.with(func(ctx context.Context, s *session, args []string) error { return s.prove(ctx, args[0], code, out) }),
	}
	cmd.Flags().StringVar(&code, "program", "", "code of the program (default: the only one)")
	cmd.Flags().StringVar(&out, "out", "", "file to write (required)")
	_ = cmd.MarkFlagRequired("out")
	cmd.AddCommand(a.proofCheckCommand())
	return cmd
}

func (s *session) prove(ctx context.Context, text, code, out string) error {
	no, err := strconv.ParseInt(text, 10, 64)
	if err != nil || no < 1 {
		return fmt.Errorf("%s is no number of a transaction: write it as the journal shows it, like 1057", text)
	}
	book, err := s.book(ctx, code)
	if err != nil {
		return err
	}
	var p *ledger.Proof
	err = s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) (err error) {
		p, err = ledger.Prove(ctx, q, book.ID, ledger.TxNo(no))
		return err
	})
	if err != nil {
		return err
	}
	return writeFile(out, func(w *bufio.Writer) error { return json.NewEncoder(w).Encode(p) })
}

func (a *app) proofCheckCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "check FILE --key KEY",
		Short: "Check a proof with the verifier key alone",
		Long: `Recompute a proof from the transaction's own text up to the signed root. It asks
no database and no network. Exit status 1 where the proof does not hold.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.checkProof(args[0], key) },
	}
	cmd.Flags().StringVar(&key, "key", "", "verifier key, as csa seal --key prints it (required)")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

func (a *app) checkProof(file, key string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var p ledger.Proof
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("%s is no proof: %w", file, err)
	}
	trusted, err := verifiers(key)
	if err != nil {
		return err
	}
	if err := p.Check(trusted); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	a.printf("Transaction %d is in the books of this checkpoint:\n%s", p.No, p.Signed)
	return nil
}
