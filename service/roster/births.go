package roster

import (
	"context"
	"strconv"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/rules"
)

// joins is the day from which a row's child takes part: that of the roster, or
// the birth. A record that comes late counts from the birth and is booked now.
func (c *chunk) joins(r *opened) ledger.Date {
	if c.batch.Kind == OfBirths && !r.child.BornOn.IsZero() {
		return r.child.BornOn
	}
	return c.batch.EnrollOn
}

// births records what only birth records say: the county, from the birth on, and
// a death, after which nothing is sent to the family.
func (c *chunk) births(ctx context.Context, tx *sqlx.Tx, rows []*opened) error {
	reference := "births/" + strconv.FormatInt(int64(c.batch.ID), 10)
	var facts []family.Fact
	var deaths []family.Event
	for _, r := range rows {
		if r.child.County != "" {
			facts = append(facts, family.Fact{Child: r.id, Name: "county", Value: r.child.County, From: r.child.BornOn, Known: c.program.Day(c.at),
				Reference: reference, Source: reference})
		}
		if !r.child.DiedOn.IsZero() {
			deaths = append(deaths, family.Event{Child: r.id, Kind: string(rules.Death), On: r.child.DiedOn, Reference: reference, Source: reference})
		}
	}
	if _, err := family.RecordFacts(ctx, tx, c.who, c.keys, facts, c.at); err != nil {
		return err
	}
	_, err := family.RecordEvents(ctx, tx, c.who, c.program.ID, deaths, c.at)
	return err
}
