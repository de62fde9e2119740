package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/program"
)

// Picture is one night's counting of a program.
type Picture struct {
	ID       int64       `db:"id"`
	AsOf     ledger.Date `db:"as_of"`
	DrawnAt  time.Time   `db:"drawn_at"`
	Smallest int         `db:"smallest"` // number of children that a table for others tells
}

// LastPicture is the newest counting; ok is false where nobody counted yet.
func LastPicture(ctx context.Context, q sqlx.QueryerContext, p program.Program) (pic Picture, ok bool, err error) {
	const query = `
		SELECT c.id, c.as_of, c.drawn_at, p.smallest
		FROM pictures c JOIN programs p ON p.tenant_id = c.tenant_id AND p.id = c.program_id
		WHERE c.program_id = $1 ORDER BY c.id DESC LIMIT 1`
	err = sqlx.GetContext(ctx, q, &pic, query, p.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return Picture{}, false, nil
	}
	if err != nil {
		return Picture{}, false, fmt.Errorf("picture of %s: %w", p.Code, err)
	}
	return pic, true, nil
}

// Whole stands for all cohorts, and for all schools.
const Whole = -1

// Part is the part of a program that is looked at.
type Part struct {
	Cohort int   // the year in which the school year of enrollment began, or Whole
	School int64 // 0: those of whom no school is known; or Whole
}

// All is the whole program.
var All = Part{Whole, Whole}

// Tally is how far some children have come, and what they have.
type Tally struct {
	Key         string          `db:"key"`  // of the group: a cohort, school, grade, language
	Name        string          `db:"name"` // where a group has one
	Children    int             `db:"children"`
	Activated   int             `db:"activated"`
	Claimed     int             `db:"claimed"`
	Saving      int             `db:"saving"`  // deposited, ever
	Savers      int             `db:"savers"`  // in the last twelve months
	Regular     int             `db:"regular"` // in six or more of them
	Matched     int             `db:"matched"` // of the savers
	MatchedEver int             `db:"matched_ever"`
	Capped      int             `db:"capped"`
	Deposits    int             `db:"deposits"` // of the twelve months
	Deposited   ledger.Amount   `db:"deposited"`
	Own         ledger.Amount   `db:"own"`     // on accounts: the family's
	Program     ledger.Amount   `db:"program"` // and the program's
	Quarterly   decimal.Decimal `db:"quarterly"`
}

// Grouping is by what children are told apart.
type Grouping string

// The groupings: all of them readable without opening a child's record.
const (
	ByNothing  Grouping = ""
	ByCohort   Grouping = "cohort"
	BySchool   Grouping = "school"
	ByGrade    Grouping = "grade"
	ByLanguage Grouping = "language"
	ByDistrict Grouping = "district"
)

// groupings are what stands in the question for each.
var groupings = map[Grouping]struct{ key, name string }{
	ByNothing:  {"CAST('' AS text)", "CAST('' AS text)"},
	ByCohort:   {"CAST(c.cohort AS text)", "CAST('' AS text)"},
	BySchool:   {"CAST(c.school_id AS text)", "coalesce(min(s.name), '')"},
	ByGrade:    {"c.grade", "CAST('' AS text)"},
	ByLanguage: {"c.language", "CAST('' AS text)"},
	ByDistrict: {"coalesce(s.district, '')", "coalesce(s.district, '')"},
}

// Tallies adds up a part of a picture by group, in the groups' order.
func Tallies(ctx context.Context, q sqlx.QueryerContext, pic Picture, part Part, by Grouping) (out []Tally, err error) {
	g, ok := groupings[by]
	if !ok {
		return nil, fmt.Errorf("tally by %q", by)
	}
	query := `
		SELECT ` + g.key + ` AS key, ` + g.name + ` AS name, sum(c.children) AS children, sum(c.activated) AS activated, sum(c.claimed) AS claimed,
		       sum(c.saving) AS saving, sum(c.savers) AS savers, sum(c.regular) AS regular, sum(c.matched) AS matched,
		       sum(c.matched_ever) AS matched_ever, sum(c.capped) AS capped, sum(c.deposits) AS deposits, sum(c.deposited) AS deposited,
		       sum(c.own) AS own, sum(c.program) AS program, sum(c.quarterly) AS quarterly
		FROM picture_cells c LEFT JOIN schools s ON s.tenant_id = c.tenant_id AND s.id = c.school_id
		WHERE c.picture_id = $1 AND (CAST($2 AS integer) = -1 OR c.cohort = $2) AND (CAST($3 AS bigint) = -1 OR c.school_id = $3)
		GROUP BY ` + g.key + ` ORDER BY 2, 1`
	if by == ByDistrict {
		query = `
		SELECT * FROM (` + query[:len(query)-len(" ORDER BY 2, 1")] + `) d ORDER BY name, key`
	}
	if err := sqlx.SelectContext(ctx, q, &out, query, pic.ID, part.Cohort, part.School); err != nil {
		return nil, fmt.Errorf("tally by %q: %w", by, err)
	}
	return out, nil
}

// Owner is whose money it is on children's accounts.
type Owner string

// The owners, in the order in which they are shown.
const (
	OfFamily    Owner = "family"
	OfSeed      Owner = "seed"
	OfMatch     Owner = "match"
	OfIncentive Owner = "incentive"
	OfCommunity Owner = "community"
	OfEarnings  Owner = "earnings"
)

// Owners are all of them.
var Owners = []Owner{OfFamily, OfSeed, OfMatch, OfIncentive, OfCommunity, OfEarnings}

func ownerOf(c ledger.Chart) Owner {
	switch c {
	case ledger.FamilyPrincipal:
		return OfFamily
	case ledger.DesignatedSeed:
		return OfSeed
	case ledger.DesignatedMatch:
		return OfMatch
	case ledger.DesignatedIncentive:
		return OfIncentive
	case ledger.DesignatedCommunity:
		return OfCommunity
	}
	return OfEarnings
}

// Month is what moved on children's accounts in a month, and what was there at
// its end, by owner.
type Month struct {
	First   ledger.Date
	Moved   map[Owner]ledger.Amount // net
	Balance map[Owner]ledger.Amount
}

// Net is what moved in all.
func (m Month) Net() ledger.Amount { return sumOf(m.Moved) }

// Total is what was there in all.
func (m Month) Total() ledger.Amount { return sumOf(m.Balance) }

func sumOf(by map[Owner]ledger.Amount) (sum ledger.Amount) {
	for _, a := range by {
		sum = sum.Add(a)
	}
	return sum
}

// Months follows the money of a part of the program through every month that
// lies in a period, months in which nothing moved too.
func Months(ctx context.Context, q sqlx.QueryerContext, pic Picture, part Part, in ledger.Period) ([]Month, error) {
	const query = `
		SELECT greatest(month, $4) AS month, chart, sum(amount), month < $4 AS before
		FROM picture_months WHERE picture_id = $1 AND cohort = $2 AND school_id = $3 AND month <= $5
		GROUP BY 1, 2, 4 ORDER BY 1`
	first := monthOf(in.First)
	rows, err := q.QueryxContext(ctx, query, pic.ID, part.Cohort, part.School, first, in.Last)
	if err != nil {
		return nil, fmt.Errorf("months: %w", err)
	}
	defer rows.Close()
	var out []Month
	at := map[ledger.Date]int{}
	for d := first; !d.After(in.Last); d = d.AddMonths(1) {
		at[d] = len(out)
		out = append(out, Month{First: d, Moved: map[Owner]ledger.Amount{}, Balance: map[Owner]ledger.Amount{}})
	}
	opening := map[Owner]ledger.Amount{}
	for rows.Next() {
		var month ledger.Date
		var chart ledger.Chart
		var amount ledger.Amount
		var before bool
		if err := rows.Scan(&month, &chart, &amount, &before); err != nil {
			return nil, fmt.Errorf("months: %w", err)
		}
		into := opening
		if !before {
			into = out[at[month]].Moved
		}
		into[ownerOf(chart)] = into[ownerOf(chart)].Add(amount)
	}
	for _, m := range out {
		for _, o := range Owners {
			opening[o] = opening[o].Add(m.Moved[o])
			m.Balance[o] = opening[o]
		}
	}
	return out, rows.Err()
}

func monthOf(d ledger.Date) ledger.Date { return ledger.NewDate(d.Year(), d.Month(), 1) }

// Day is what families paid in on a day by one channel.
type Day struct {
	On       ledger.Date   `db:"on_day"`
	Channel  string        `db:"channel"`
	Deposits int           `db:"deposits"`
	Amount   ledger.Amount `db:"amount"`
}

// Days are the days of a period on which families paid in, channel by channel.
func Days(ctx context.Context, q sqlx.QueryerContext, pic Picture, part Part, in ledger.Period) (out []Day, err error) {
	const query = `
		SELECT on_day, channel, deposits, amount FROM picture_days
		WHERE picture_id = $1 AND cohort = $2 AND school_id = $3 AND on_day BETWEEN $4 AND $5
		ORDER BY on_day, channel`
	if err := sqlx.SelectContext(ctx, q, &out, query, pic.ID, part.Cohort, part.School, in.First, in.Last); err != nil {
		return nil, fmt.Errorf("days: %w", err)
	}
	return out, nil
}
