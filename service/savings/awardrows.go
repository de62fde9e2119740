package savings

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
)

// awardRow is the latest evaluation of an award as it is stored.
type awardRow struct {
	Child    family.ChildID `db:"child_id"`
	Benefit  string         `db:"benefit"`
	Period   string         `db:"period"`
	Kind     string         `db:"kind"`
	Entitled ledger.Amount  `db:"entitled"`
	Accrued  ledger.Amount  `db:"accrued"`
	Posted   ledger.Amount  `db:"posted"`
	Queued   ledger.Amount  `db:"queued"`
	PayOn    ledger.Date    `db:"pay_on"`
	Moves    int            `db:"moves"`
	Reason   string         `db:"reason"`
	Why      string         `db:"why"`
	Rule     string         `db:"rule_hash"`
	On       ledger.Date    `db:"evaluated_on"`
	Excess   ledger.Amount  `db:"excess"` // open proposal to take back
	Kept     ledger.Amount  `db:"kept"`   // beyond the entitlement, and somebody decided that it stays
	Denied   ledger.Amount  `db:"denied"` // fell away for good

	// What is queued asks for; zero where nothing is.
	WantDue   ledger.Amount `db:"want_due"`
	EarnedOn  ledger.Date   `db:"earned_on"`
	EarnedSeq int64         `db:"earned_seq"`
	Place     int           `db:"place"`
	Shortfall string        `db:"shortfall"`
	Funds     string        `db:"funds"` // codes, parted by commas
	AskedOn   ledger.Date   `db:"asked_on"`

	Household string `db:"household"` // hash of whose it is, where it comes once to a household
}

// says reports that a stored evaluation already says what a new one says, so
// that a nightly run over an unchanged caseload writes nothing.
func (r awardRow) says(n awardRow) bool {
	n.Excess, n.Kept, n.On, n.AskedOn = r.Excess, r.Kept, r.On, r.AskedOn
	return r == n
}

// loadGiven reads what was evaluated and given for a set of children.
func loadGiven(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID) (map[awardKey]given, error) {
	const awards = `
		SELECT a.child_id, a.benefit, a.period, a.kind, a.entitled, a.accrued, a.posted, a.queued, a.pay_on,
		       a.moves, a.reason, a.why, a.rule_hash, a.evaluated_on, a.denied, a.want_due, a.earned_on,
		       a.earned_seq, a.place, a.shortfall, a.funds, a.asked_on, a.household, coalesce(x.amount, 0) AS excess, coalesce(k.amount, 0) AS kept
		FROM awards a
		LEFT JOIN award_excesses x
		       ON x.tenant_id = a.tenant_id AND x.program_id = a.program_id AND x.child_id = a.child_id
		      AND x.benefit = a.benefit AND x.period = a.period AND x.state = 'proposed'
		LEFT JOIN (
			SELECT child_id, benefit, period, sum(amount) AS amount
			FROM award_excesses
			WHERE program_id = $1 AND child_id = ANY ($2) AND state = 'kept'
			GROUP BY child_id, benefit, period
		) k ON k.child_id = a.child_id AND k.benefit = a.benefit AND k.period = a.period
		WHERE a.program_id = $1 AND a.child_id = ANY ($2)`
	var rows []awardRow
	if err := sqlx.SelectContext(ctx, q, &rows, awards, p, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("read awards of %d children: %w", len(ids), err)
	}
	out := make(map[awardKey]given, len(rows))
	for i := range rows {
		r := &rows[i]
		out[awardKey{r.Child, r.Benefit, r.Period}] = given{
			accrued: map[ledger.FundID]ledger.Amount{}, posted: map[ledger.FundID]ledger.Amount{},
			moves: r.Moves, row: r,
		}
	}
	return out, addMoves(ctx, q, p, ids, out)
}

// addMoves splits what was given by the fund that gave it.
func addMoves(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID, out map[awardKey]given) error {
	const query = `
		SELECT child_id, benefit, period, fund_id,
		       sum(CASE kind WHEN 'accrue' THEN amount WHEN 'pay' THEN -amount WHEN 'cancel' THEN -amount ELSE 0 END),
		       sum(CASE kind WHEN 'award' THEN amount WHEN 'pay' THEN amount WHEN 'reverse' THEN -amount ELSE 0 END)
		FROM award_moves
		WHERE program_id = $1 AND child_id = ANY ($2)
		GROUP BY child_id, benefit, period, fund_id`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("read moves of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var k awardKey
		var f ledger.FundID
		var accrued, posted ledger.Amount
		if err := rows.Scan(&k.child, &k.benefit, &k.period, &f, &accrued, &posted); err != nil {
			return fmt.Errorf("read moves: %w", err)
		}
		out[k].accrued[f], out[k].posted[f] = accrued, posted
	}
	return rows.Err()
}

// write posts the batch's moves and stores its evaluations, in a number of
// statements that does not grow with the number of children.
func (b *batch) write(ctx context.Context, tx *sqlx.Tx) error {
	if err := b.upsertRows(ctx, tx); err != nil {
		return err
	}
	if len(b.moves) > 0 {
		posted, err := b.post(ctx, tx)
		if err != nil {
			return err
		}
		if err := b.insertMoves(ctx, tx, posted); err != nil {
			return err
		}
	}
	return b.propose(ctx, tx)
}

func (b *batch) upsertRows(ctx context.Context, tx *sqlx.Tx) error {
	if len(b.rows) == 0 {
		return nil
	}
	var c columns
	for _, r := range b.rows {
		c.add(number(r.Child), r.Benefit, r.Period, r.Kind, r.Entitled.String(), r.Accrued.String(), r.Posted.String(),
			r.Queued.String(), r.PayOn.String(), strconv.Itoa(r.Moves), r.Reason, r.Why, r.Rule, r.On.String(),
			r.Denied.String(), r.WantDue.String(), r.EarnedOn.String(), strconv.FormatInt(r.EarnedSeq, 10), strconv.Itoa(r.Place),
			r.Shortfall, r.Funds, r.AskedOn.String(), r.Household)
	}
	const query = `
		INSERT INTO awards (tenant_id, program_id, child_id, benefit, period, kind, entitled, accrued, posted, queued,
		                    pay_on, moves, reason, why, rule_hash, evaluated_on, evaluated_at, denied, want_due, earned_on, earned_seq,
		                    place, shortfall, funds, asked_on, household)
		SELECT $1, $2, CAST(child_id AS bigint), benefit, period, kind, CAST(entitled AS numeric), CAST(accrued AS numeric),
		       CAST(posted AS numeric), CAST(queued AS numeric), CAST(nullif(pay_on, '') AS date), CAST(moves AS integer),
		       reason, why, rule_hash, CAST(on_day AS date), $3, CAST(denied AS numeric), CAST(want_due AS numeric),
		       CAST(nullif(earned_on, '') AS date), CAST(earned_seq AS bigint), CAST(place AS smallint), shortfall, funds,
		       CAST(nullif(asked_on, '') AS date), household
		FROM unnest(CAST($4 AS text[]), CAST($5 AS text[]), CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS text[]),
		            CAST($9 AS text[]), CAST($10 AS text[]), CAST($11 AS text[]), CAST($12 AS text[]), CAST($13 AS text[]),
		            CAST($14 AS text[]), CAST($15 AS text[]), CAST($16 AS text[]), CAST($17 AS text[]), CAST($18 AS text[]),
		            CAST($19 AS text[]), CAST($20 AS text[]), CAST($21 AS text[]), CAST($22 AS text[]), CAST($23 AS text[]),
		            CAST($24 AS text[]), CAST($25 AS text[]), CAST($26 AS text[]))
		     AS a (child_id, benefit, period, kind, entitled, accrued, posted, queued, pay_on, moves, reason, why, rule_hash, on_day,
		           denied, want_due, earned_on, earned_seq, place, shortfall, funds, asked_on, household)
		ON CONFLICT ON CONSTRAINT awards_pkey DO UPDATE
		SET entitled = EXCLUDED.entitled, accrued = EXCLUDED.accrued, posted = EXCLUDED.posted, queued = EXCLUDED.queued,
		    pay_on = EXCLUDED.pay_on, moves = EXCLUDED.moves, reason = EXCLUDED.reason, why = EXCLUDED.why,
		    rule_hash = EXCLUDED.rule_hash, evaluated_on = EXCLUDED.evaluated_on, evaluated_at = EXCLUDED.evaluated_at,
		    denied = EXCLUDED.denied, want_due = EXCLUDED.want_due, earned_on = EXCLUDED.earned_on, earned_seq = EXCLUDED.earned_seq,
		    place = EXCLUDED.place, shortfall = EXCLUDED.shortfall, funds = EXCLUDED.funds, asked_on = EXCLUDED.asked_on,
		    household = EXCLUDED.household`
	args := append([]any{b.who.Tenant, b.program.ID, b.at}, c.args()...)
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("store %d evaluations: %w", len(b.rows), err)
	}
	return nil
}

// columns gathers rows of text column by column, as unnest takes them.
type columns struct{ of [][]string }

func (c *columns) add(row ...string) {
	if c.of == nil {
		c.of = make([][]string, len(row))
	}
	for i, v := range row {
		c.of[i] = append(c.of[i], v)
	}
}

func (c *columns) args() []any {
	out := make([]any, len(c.of))
	for i, column := range c.of {
		out[i] = pq.Array(column)
	}
	return out
}

// post moves the money: one ledger transaction a move, all in one batch.
func (b *batch) post(ctx context.Context, tx *sqlx.Tx) ([]ledger.Posted, error) {
	accounts := make([]ledger.Account, 0, 2*len(b.moves))
	for _, m := range b.moves {
		from, to := m.accounts()
		accounts = append(accounts, from, to)
	}
	ids, err := ledger.EnsureAccounts(ctx, tx, b.program.Book, accounts)
	if err != nil {
		return nil, err
	}
	days, err := fund.OpenDays(ctx, tx, b.program)
	if err != nil {
		return nil, err
	}
	effective, concerns := days.Place(b.asOf)
	postings := make([]ledger.Posting, len(b.moves))
	for i, m := range b.moves {
		postings[i] = ledger.Posting{
			Key:       key("award", b.program.ID, number(m.key.child), m.key.benefit, m.key.period, strconv.Itoa(m.n)),
			Kind:      string(m.kind),
			Effective: effective,
			Concerns:  concerns,
			Entries:   []ledger.Entry{{Account: ids[2*i], Amount: m.amount.Neg()}, {Account: ids[2*i+1], Amount: m.amount}},
			Rule:      m.rule,
			Maker:     b.who.Actor,
			Approval:  b.approval,
			Source:    m.key.benefit + " " + m.key.period,
			Facts:     m.why,
		}
	}
	posted, err := ledger.Post(ctx, tx, b.program.Book, b.at, postings)
	if err != nil {
		return nil, translate(fmt.Errorf("post %d award moves: %w", len(postings), err))
	}
	return posted, nil
}

// accounts are where a move takes money from and where it puts it.
func (m move) accounts() (from, to ledger.Account) {
	pool := ledger.Account{Chart: ledger.Uncommitted, Fund: m.fund}
	promised := ledger.Account{Chart: ledger.Accrued, Fund: m.fund, Child: int64(m.key.child), Benefit: m.key.benefit}
	own := ledger.Account{Chart: m.chart, Fund: m.fund, Child: int64(m.key.child), Benefit: m.key.benefit}
	switch m.kind {
	case accrue:
		return pool, promised
	case pay:
		return promised, own
	case award:
		return pool, own
	case cancel:
		return promised, pool
	case reverse:
		return own, pool
	}
	panic("unknown move " + string(m.kind))
}

func (b *batch) insertMoves(ctx context.Context, tx *sqlx.Tx, posted []ledger.Posted) error {
	var c columns
	for i, m := range b.moves {
		c.add(number(m.key.child), m.key.benefit, m.key.period, strconv.Itoa(m.n), string(m.kind),
			strconv.Itoa(int(m.fund)), m.amount.String(), strconv.FormatInt(int64(posted[i].No), 10), m.rule, number(m.other))
	}
	const query = `
		INSERT INTO award_moves (tenant_id, program_id, child_id, benefit, period, n, kind, fund_id, amount, tx_no,
		                         on_day, rule_hash, made_by, made_at, other_child)
		SELECT $1, $2, CAST(child_id AS bigint), benefit, period, CAST(n AS integer), kind, CAST(fund_id AS integer),
		       CAST(amount AS numeric), CAST(tx_no AS bigint), $3, rule_hash, $4, $5, CAST(nullif(other_child, '0') AS bigint)
		FROM unnest(CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS text[]), CAST($10 AS text[]),
		            CAST($11 AS text[]), CAST($12 AS text[]), CAST($13 AS text[]), CAST($14 AS text[]), CAST($15 AS text[]))
		     AS m (child_id, benefit, period, n, kind, fund_id, amount, tx_no, rule_hash, other_child)`
	args := append([]any{b.who.Tenant, b.program.ID, b.asOf, b.who.Actor, b.at}, c.args()...)
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("record %d award moves: %w", len(b.moves), err)
	}
	return nil
}
