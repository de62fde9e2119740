package statement

import (
	"context"
	"crypto/subtle"
	"fmt"
	"regexp"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Confirmed is what a statement that was issued says in total. It names nobody.
type Confirmed struct {
	Issued
	Program program.Program
}

// codeSigns are what a code consists of.
var codeSigns = regexp.MustCompile(`^[A-Z2-7]{12}$`)

// Confirm looks for a statement by the code that is printed on it, makes the
// code again from the frozen figures, and reads the figures again from the
// ledger. Whatever does not agree is ErrNone, like a code that was never issued:
// a reader learns that the paper is right, or that we cannot say so.
func Confirm(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, typed string) (Confirmed, error) {
	printed := foldCode(typed)
	const query = `SELECT ` + columns + `, program_id FROM statements WHERE tenant_id = $1 AND code = $2`
	var found []struct {
		Issued
		Program program.ID `db:"program_id"`
	}
	if err := sqlx.SelectContext(ctx, q, &found, query, who.Tenant, printed); err != nil {
		return Confirmed{}, fmt.Errorf("confirm a statement: %w", err)
	}
	for _, f := range found {
		one := []Issued{f.Issued}
		if err := addParts(ctx, q, one); err != nil {
			return Confirmed{}, err
		}
		s := one[0]
		again := code(keys, who.Tenant, f.Program, s.Span(), s.frozen())
		if subtle.ConstantTimeCompare([]byte(again), []byte(printed)) != 1 {
			continue
		}
		p, err := program.Load(ctx, q, f.Program)
		if err != nil {
			return Confirmed{}, err
		}
		if _, err := Draw(ctx, q, who, keys, p, one); err != nil {
			return Confirmed{}, err
		}
		return Confirmed{s, p}, nil
	}
	return Confirmed{}, ErrNone
}

// foldCode is a code as it is printed, however it was typed.
func foldCode(typed string) string {
	signs := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\u00a0' || r == '.' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
	// These two are no signs of a code, and easily read for others.
	signs = strings.NewReplacer("0", "O", "1", "I").Replace(signs)
	if !codeSigns.MatchString(signs) {
		return ""
	}
	return signs[0:4] + "-" + signs[4:8] + "-" + signs[8:12]
}

// frozen is what the code of a statement is made from.
func (i Issued) frozen() facts { return facts{i.Part, i.ComingJSON, i.Parts} }
