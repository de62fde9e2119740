package countersign

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/imports"
	"seedbook/service/program"
	"seedbook/service/roster"
)

func (d Desk) imports(p program.Program) imports.Desk {
	return imports.Desk{Who: d.Who(), Keys: d.Keys, Program: p, At: d.At}
}

// undoContent is what undoing an import would do now. One that something later
// depends on by now is refused by its room.
func undoContent(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (approval.Content, error) {
	if !imports.IsSubject(r.Subject) {
		return roster.UndoContent(ctx, q, p, roster.ID(r.Number()), d.At)
	}
	return imports.UndoContent(ctx, q, d.imports(p), imports.ID(r.Number()))
}

func undo(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, ref string) error {
	desk := d.imports(p)
	desk.Who = r.MakerWho(d.Tenant)
	if !imports.IsSubject(r.Subject) {
		return roster.Undo(ctx, tx, desk.Who, d.Keys, p, roster.ID(r.Number()), ref, d.At)
	}
	return imports.Undo(ctx, tx, desk, imports.ID(r.Number()), ref)
}
