package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"

	"seedbook/jobs"
	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errNotSealed reports a transaction that the log does not hold yet.
var errNotSealed = fault.New(fault.Conflict, "money.proof.not_sealed")

// proofOf proves a transaction, and works the proof out as an outsider would; nil
// where it is not sealed yet.
func (c *Console) proofOf(ctx context.Context, q sqlx.QueryerContext, v visit, no ledger.TxNo) (p *ledger.Proof, sound bool, err error) {
	p, err = ledger.Prove(ctx, q, v.program.Book, no)
	if errors.Is(err, ledger.ErrNotSealed) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	trusted, _, err := c.trusted()
	if err != nil {
		return nil, false, err
	}
	return p, p.Check(trusted) == nil, nil
}

// trusted is who signs this installation's checkpoints, and the key for outsiders.
func (c *Console) trusted() (note.Verifiers, string, error) {
	key, err := c.Keys.VerifierKey(jobs.SignerName)
	if err != nil {
		return nil, "", err
	}
	verifier, err := note.NewVerifier(key)
	return note.VerifierList(verifier), key, err
}

// proofView is the proof on a transaction's page.
func (c *Console) proofView(v visit, no ledger.TxNo, p *ledger.Proof, sound bool) (rows []parts.Row, more pages.ProofOutside) {
	w := v.words
	if p == nil {
		return []parts.Row{{Term: w.T("money.proof.sealed"), Value: w.T("money.proof.not_sealed")}}, more
	}
	holds := w.T("money.proof.broken")
	if sound {
		holds = w.T("money.proof.sound")
	}
	rows = []parts.Row{{Term: w.T("money.proof.block"), Value: strconv.FormatInt(p.Block, 10)}, {Term: w.T("money.proof.holds"), Value: holds}}
	trusted, key, err := c.trusted()
	if err == nil {
		if checkpoint, err := ledger.OpenCheckpoint(p.Signed, trusted); err == nil {
			rows = append(rows, parts.Row{Term: w.T("money.proof.checkpoint"), Value: checkpoint.Short()})
		}
	}
	return rows, pages.ProofOutside{To: txPath(v, no) + "/proof.json", Key: key}
}

// proofFile is a transaction's proof for who checks it elsewhere.
func (c *Console) proofFile(g *gin.Context, v visit) error {
	no, err := txNo(g)
	if err != nil {
		return err
	}
	var p *ledger.Proof
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		entries, err := ledger.Transaction(ctx, q, v.program.Book, no)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return web.ErrNoPage
		}
		p, _, err = c.proofOf(ctx, q, v, no)
		return err
	})
	if err == nil && p == nil {
		err = errNotSealed
	}
	if err != nil {
		return err
	}
	name := "proof-" + v.program.Code + "-" + strconv.FormatInt(int64(no), 10) + ".json"
	return web.Stream(g, "application/json", name, func(w io.Writer) error {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(p)
	})
}
