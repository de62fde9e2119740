package family

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Save replaces what is known of a child, as it was seen in a version. What
// somebody else saved meanwhile is ErrMeanwhile, and a hold may keep it from
// being done (Permit). Saving what is on record already changes nothing.
func Save(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, c Change, version int, at time.Time) error {
	if strings.TrimSpace(c.Person.Given+c.Person.Family) == "" {
		return ErrNameless.At("given")
	}
	if err := LockRecords(ctx, tx, []ChildID{c.Child}); err != nil {
		return err
	}
	if err := Permit(ctx, tx, c.Child, ToChange); err != nil {
		return err
	}
	was, err := Load(ctx, tx, who, keys, []ChildID{c.Child})
	if err != nil {
		return err
	}
	fields := was[0].Person.differs(c.Person)
	if was[0].Language != c.Language {
		fields = append(fields, "language")
	}
	switch {
	case len(fields) == 0:
		return nil
	case was[0].Version != version:
		return ErrMeanwhile
	}
	if err := Update(ctx, tx, who, keys, []Change{c}, at); err != nil {
		return fmt.Errorf("save child %d: %w", c.Child, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.child_changed", Kind: "child", Subject: int64(c.Child),
		Before: map[string]any{"version": version}, After: map[string]any{"version": version + 1, "fields": fields}}}, at)
}

// differs names the details that are others.
func (p Person) differs(q Person) (fields []string) {
	for _, f := range []struct {
		name string
		same bool
	}{
		{"name", p.Given == q.Given && p.Middle == q.Middle && p.Family == q.Family && p.Preferred == q.Preferred},
		{"born", p.BornOn == q.BornOn}, {"student", p.StudentNumber == q.StudentNumber},
		{"address", p.Street == q.Street && p.City == q.City && p.State == q.State && p.ZIP == q.ZIP},
		{"homes", slices.Equal(p.Before, q.Before)}, {"former_names", slices.Equal(p.Formerly, q.Formerly)},
	} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}
