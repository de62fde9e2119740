package savings

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
)

// ErrAccountNo reports text that is not an account number, or one with a
// typing error in it.
var ErrAccountNo = fault.New(fault.Invalid, "savings.account_no")

// Account is the number that families write on deposits: the number of the
// child's enrollment.
type Account int64

// String is the number with a check digit that catches any single wrong digit
// and nearly every swap of neighbours (Luhn, ISO/IEC 7812-1): eight digits or
// more.
func (a Account) String() string {
	digits := strconv.FormatInt(int64(a), 10)
	for len(digits) < 7 {
		digits = "0" + digits
	}
	return digits + string(rune('0'+luhn(digits)))
}

// ParseAccount reads an account number, spaces and hyphens aside. A number
// whose check digit is wrong is ErrAccountNo: it is never guessed.
func ParseAccount(s string) (Account, error) {
	digits := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case r == ' ' || r == '-':
		default:
			return 0, ErrAccountNo
		}
	}
	if len(digits) < 8 || len(digits) > 18 {
		return 0, ErrAccountNo
	}
	body, check := string(digits[:len(digits)-1]), int(digits[len(digits)-1]-'0')
	if luhn(body) != check {
		return 0, ErrAccountNo
	}
	n, err := strconv.ParseInt(body, 10, 64)
	if err != nil || n == 0 {
		return 0, ErrAccountNo
	}
	return Account(n), nil
}

// luhn is the check digit for a run of digits.
func luhn(digits string) int {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return (10 - sum%10) % 10
}

// Holders returns, for account numbers, the children they stand for in a
// program; 0 for one that the program does not have.
func Holders(ctx context.Context, q sqlx.QueryerContext, p program.ID, accounts []Account) ([]family.ChildID, error) {
	const query = `
		SELECT w.n, e.child_id
		FROM unnest(CAST($2 AS bigint[])) WITH ORDINALITY AS w (id, n)
		JOIN enrollments e ON e.id = w.id AND e.program_id = $1`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(accounts))
	if err != nil {
		return nil, fmt.Errorf("look up %d accounts: %w", len(accounts), err)
	}
	defer rows.Close()
	return inOrder(rows, len(accounts))
}

// participants returns which of the children take part in a program; the
// others are 0 in their place.
func participants(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID) ([]family.ChildID, error) {
	const query = `
		SELECT w.n, e.child_id
		FROM unnest(CAST($2 AS bigint[])) WITH ORDINALITY AS w (child_id, n)
		JOIN enrollments e ON e.child_id = w.child_id AND e.program_id = $1 AND e.enrolled_on IS NOT NULL`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(children))
	if err != nil {
		return nil, fmt.Errorf("look up %d children: %w", len(children), err)
	}
	defer rows.Close()
	return inOrder(rows, len(children))
}

func inOrder(rows *sqlx.Rows, n int) ([]family.ChildID, error) {
	out := make([]family.ChildID, n)
	for rows.Next() {
		var place int
		var child family.ChildID
		if err := rows.Scan(&place, &child); err != nil {
			return nil, fmt.Errorf("look up: %w", err)
		}
		out[place-1] = child
	}
	return out, rows.Err()
}
