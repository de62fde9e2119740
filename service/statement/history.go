package statement

import (
	"cmp"
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
)

// History is every line of a child's accounts, the family's own money and the
// program's together, oldest first, in the words that statements use.
func History(ctx context.Context, q sqlx.QueryerContext, p program.Program, child family.ChildID) ([]Line, error) {
	known, err := ledger.KnownCut(ctx, q, p.Book)
	if err != nil {
		return nil, err
	}
	records, err := recordsOf(ctx, q, child)
	if err != nil {
		return nil, err
	}
	all, place := &Drawn{Issued: Issued{First: ledger.NewDate(1900, 1, 1), Last: ledger.NewDate(2999, 12, 31)}}, map[int64]*Drawn{}
	for _, r := range records {
		all.Parts, place[int64(r)] = append(all.Parts, Part{Child: r, Known: known}), all
	}
	if err := addLines(ctx, q, p, known, place); err != nil {
		return nil, err
	}
	lines := append(all.Own, together(all.Given)...)
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Or(a.On.Cmp(b.On), cmp.Compare(a.No, b.No)) })
	return lines, nil
}
