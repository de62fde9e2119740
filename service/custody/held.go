package custody

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/service/program"
)

// CountHeld counts a program's files that contradict themselves and wait for a person.
func CountHeld(ctx context.Context, q sqlx.QueryerContext, p program.ID) (n int, err error) {
	const query = `
		SELECT count(*) FROM bank_files f JOIN custodians c ON c.tenant_id = f.tenant_id AND c.id = f.custodian_id
		WHERE c.program_id = $1 AND f.state = 'held'`
	if err := sqlx.GetContext(ctx, q, &n, query, p); err != nil {
		return 0, fmt.Errorf("held files of program %d: %w", p, err)
	}
	return n, nil
}
