package program

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of settings.
var (
	// ErrSmallest reports a least number of children that hides too little or too much.
	ErrSmallest = fault.New(fault.Invalid, "program.smallest")
	// ErrUnchanged reports settings that are those in force.
	ErrUnchanged = fault.New(fault.Invalid, "program.unchanged")
)

// The bounds of Settings.Smallest and of a name.
const (
	LeastSmallest = 3
	MostSmallest  = 100
	mostName      = 200
)

// Settings are what of a program may change while it runs, and what leaves the house
// by it: its name, and how small a number is told. Time zone, currency and rounding
// stay as they were when the program was set up: the books stand on them.
type Settings struct {
	Name     string `json:"name" db:"name"`         // what families and funders read
	Smallest int    `json:"smallest" db:"smallest"` // the least number of children that a table for others tells
}

// Setting is a change of settings as it waits for another person.
type Setting struct {
	Before Settings `json:"before"`
	After  Settings `json:"after"`
}

// SettingsOf are the settings in force.
func SettingsOf(ctx context.Context, q sqlx.QueryerContext, id ID) (s Settings, err error) {
	if err := sqlx.GetContext(ctx, q, &s, `SELECT name, smallest FROM programs WHERE id = $1`, id); err != nil {
		return s, fmt.Errorf("settings of program %d: %w", id, err)
	}
	return s, nil
}

// SettingsContent is what a change of settings would do now; what could not be set is
// refused.
func SettingsContent(ctx context.Context, q sqlx.QueryerContext, p Program, after Settings) (out approval.Content, err error) {
	after.Name = strings.TrimSpace(after.Name)
	switch n := utf8.RuneCountInString(after.Name); {
	case n == 0 || n > mostName:
		return out, ErrField.At("name")
	case after.Smallest < LeastSmallest || after.Smallest > MostSmallest:
		return out, ErrSmallest.At("smallest").With(map[string]any{"least": LeastSmallest, "most": MostSmallest})
	}
	before, err := SettingsOf(ctx, q, p.ID)
	if err != nil {
		return out, err
	}
	if before == after {
		return out, ErrUnchanged.At("name")
	}
	out.Details, err = json.Marshal(Setting{before, after})
	return out, err
}

// ProposeSettings has a change of settings wait for another person.
func ProposeSettings(ctx context.Context, tx *sqlx.Tx, who store.Who, p Program, after Settings, reason string, at time.Time) (approval.ID, error) {
	content, err := SettingsContent(ctx, tx, p, after)
	if err != nil {
		return 0, err
	}
	subject := "settings/" + strconv.FormatInt(int64(p.ID), 10)
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: int64(p.ID), Kind: approval.Settings, Subject: subject, Reason: reason, Content: content}, at)
}

// Set changes a program's settings, as another person approved.
func Set(ctx context.Context, tx *sqlx.Tx, maker store.Who, p Program, s Setting, ref string, at time.Time) error {
	if ref == "" {
		return approval.ErrNeeded
	}
	if _, err := tx.ExecContext(ctx, `UPDATE programs SET name = $2, smallest = $3 WHERE id = $1`, p.ID, s.After.Name, s.After.Smallest); err != nil {
		return fmt.Errorf("set up %s anew: %w", p.Code, err)
	}
	words := func(s Settings) map[string]any { return map[string]any{"name": s.Name, "smallest": s.Smallest} }
	after := words(s.After)
	after["approval"] = ref
	return audit.Record(ctx, tx, maker, []audit.Event{{Verb: "program.set", Kind: "program", Subject: int64(p.ID), Program: int32(p.ID), Before: words(s.Before), After: after}}, at)
}
