package statement

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"seedbook/service/program"
	"seedbook/service/rules"
)

// sayings are what rule books call their benefits. An award names the book by
// its hash, so a statement keeps its words when the rules change.
type sayings struct {
	program program.ID
	books   map[string]*rules.Book // nil where the program has no such book
}

func newSayings(p program.ID) *sayings {
	return &sayings{p, map[string]*rules.Book{}}
}

// of returns a benefit's name, empty where the book gives none.
func (s *sayings) of(ctx context.Context, q sqlx.QueryerContext, rule, benefit string) (rules.Text, error) {
	book, asked := s.books[rule]
	if !asked {
		var err error
		book, err = program.RulesByHash(ctx, q, s.program, rule)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return rules.Text{}, err
		}
		s.books[rule] = book
	}
	if book == nil {
		return rules.Text{}, nil
	}
	b, _ := book.Benefit(benefit)
	return b.Says, nil
}
