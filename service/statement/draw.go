package statement

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Line is one movement on a statement.
type Line struct {
	On      ledger.Date
	Late    bool       // of an earlier period, and known only since its statement
	Kind    string     // catalogue key below statement.line
	Benefit string     // "" for the family's own money
	Says    rules.Text // what the rule book calls the benefit; may be empty
	Funder  string     // who gave it; "" for the family's own money
	Channel string     // how a deposit came; "" otherwise
	Amount  ledger.Amount
	Period  string          // an award's, as the rule book has it; "" otherwise
	Why     *rules.Why      // the evaluation behind an award; nil for none
	No      ledger.TxNo     // the newest, where several make one line
	Account savings.Account // on which of the child's accounts, where a statement shows several

	record family.ChildID
}

// Drawn is a statement with everything on it, ready to be phrased in any
// language.
type Drawn struct {
	Issued
	Program program.Program
	Account savings.Account
	Person  family.Person
	Erased  bool
	Own     []Line // the family's own money
	Given   []Line // program money
	Coming  []Coming
	// Accounts are the records' accounts of a joint statement, in the order of
	// its parts; nil otherwise.
	Accounts []savings.Account
}

// Opening is what the child had before the period.
func (i Issued) Opening() ledger.Amount { return i.OpeningOwn.Add(i.OpeningProgram) }

// Closing is what the child had at its end.
func (i Issued) Closing() ledger.Amount { return i.ClosingOwn.Add(i.ClosingProgram) }

// Draw reads everything that stands on issued statements, one a child. What it
// reads ties to the frozen totals to the cent, or it returns an error: a
// statement that does not add up is not shown to anybody.
func Draw(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.Program, issued []Issued) ([]Drawn, error) {
	ids := make([]family.ChildID, len(issued))
	place := make(map[int64]*Drawn, len(issued))
	out := make([]Drawn, len(issued))
	var newest ledger.TxNo
	for i, s := range issued {
		ids[i], out[i] = s.Child, Drawn{Issued: s, Program: p}
		for _, part := range s.parts() {
			place[int64(part.Child)] = &out[i]
		}
		newest = max(newest, s.Known)
		if err := json.Unmarshal([]byte(s.ComingJSON), &out[i].Coming); err != nil {
			return nil, fmt.Errorf("statement %d: %w", s.ID, err)
		}
	}
	if len(issued) == 0 {
		return out, nil
	}
	if err := addPeople(ctx, q, who, keys, p.ID, ids, out); err != nil {
		return nil, err
	}
	if err := addLines(ctx, q, p, newest, place); err != nil {
		return nil, err
	}
	for i := range out {
		if err := out[i].check(); err != nil {
			return nil, err
		}
		out[i].Given = together(out[i].Given)
	}
	return out, nil
}

func addPeople(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, ids []family.ChildID, out []Drawn) error {
	people, err := family.Load(ctx, q, who, keys, ids)
	if err != nil {
		return err
	}
	var records []family.ChildID
	for _, d := range out {
		for _, part := range d.parts() {
			records = append(records, part.Child)
		}
	}
	const query = store.Kept + `SELECT child_id, id FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2)`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(records))
	if err != nil {
		return fmt.Errorf("accounts of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	accounts := make(map[family.ChildID]savings.Account, len(records))
	for rows.Next() {
		var child family.ChildID
		var account savings.Account
		if err := rows.Scan(&child, &account); err != nil {
			return fmt.Errorf("accounts of children: %w", err)
		}
		accounts[child] = account
	}
	for i, c := range people {
		out[i].Person, out[i].Erased, out[i].Account = c.Person, c.Erased, accounts[c.ID]
		for _, part := range out[i].Parts {
			out[i].Accounts = append(out[i].Accounts, accounts[part.Child])
		}
	}
	return rows.Err()
}

func addLines(ctx context.Context, q sqlx.QueryerContext, p program.Program, newest ledger.TxNo, place map[int64]*Drawn) error {
	funds, err := fund.All(ctx, q, p.ID)
	if err != nil {
		return err
	}
	said := newSayings(p.ID)
	funders := make(map[ledger.FundID]string, len(funds))
	for _, f := range funds {
		funders[f.ID] = f.Funder
	}
	charts := append(ledger.Designated(), ledger.FamilyPrincipal, ledger.FamilyEarnings)
	movements, err := ledger.Movements(ctx, q, p.Book, ledger.MovementQuery{Children: slices.Sorted(maps.Keys(place)), Charts: charts, KnownNo: newest})
	if err != nil {
		return err
	}
	for _, m := range movements {
		d := place[m.Child]
		if !d.shows(m) {
			continue
		}
		line := Line{record: family.ChildID(m.Child), Account: d.accountOf(family.ChildID(m.Child)), On: m.Effective, Late: m.Effective.Before(d.First), Kind: lineKind(m), Benefit: m.Benefit, Amount: m.Amount, No: m.No}
		if m.Chart.Layer() == ledger.LayerFamily {
			line.Channel = channelOf(m)
			d.Own = append(d.Own, line)
			continue
		}
		line.Funder = funders[m.Fund]
		if period, ok := strings.CutPrefix(m.Source, m.Benefit+" "); ok {
			line.Period = period
		}
		if line.Says, err = said.of(ctx, q, m.Rule, m.Benefit); err != nil {
			return err
		}
		if line.Why, err = whyOf(m); err != nil {
			return err
		}
		d.Given = append(d.Given, line)
	}
	for _, d := range place {
		for _, lines := range [][]Line{d.Own, d.Given} {
			slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Or(a.On.Cmp(b.On), cmp.Compare(a.No, b.No)) })
		}
	}
	return nil
}

// shows reports whether a movement stands on this statement: it is known to it,
// and it is of the period, or of an earlier day and new since the statement
// before.
func (i Issued) shows(m ledger.Movement) bool {
	for _, part := range i.parts() {
		if int64(part.Child) == m.Child {
			return m.No <= part.Known && !m.Effective.After(i.Last) && (!m.Effective.Before(i.First) || m.No > part.Previous)
		}
	}
	return false
}

// paidOut are the movements with which money leaves for a payee (service/payout).
var paidOut = map[string]bool{
	"withdrawal_own": true, "withdrawal_program": true, "emergency_own": true, "emergency_program": true,
	"transfer_own": true, "transfer_program": true, "exit_payment_own": true, "exit_payment_used": true,
}

// lineKind is what a movement is called, by what happened and to whose money.
func lineKind(m ledger.Movement) string {
	switch m.Kind {
	case "deposit", "identification", "deposit_return":
		return m.Kind
	case "award", "pay":
		return "award_" + string(m.Chart.Layer())
	case "reverse":
		return "reverse"
	case "interest":
		return "interest"
	case "forfeiture":
		return "forfeited"
	}
	if paid, ok := strings.CutSuffix(m.Kind, ".reversed"); paidOut[paid] {
		switch {
		case ok:
			return "withdrawal_back"
		case m.Benefit != "":
			return "used"
		}
		return "withdrawal"
	}
	if m.Reverses != 0 {
		return "correction"
	}
	return "other"
}

// channelOf is how a deposit came: the first word of its source, or the second
// where the bank's reason for a return stands before it.
func channelOf(m ledger.Movement) string {
	words := strings.Fields(m.Source)
	at := 0
	if m.Kind == "deposit_return" {
		at = 1
	}
	if at >= len(words) {
		return ""
	}
	return words[at]
}

func whyOf(m ledger.Movement) (*rules.Why, error) {
	if m.Facts == "" {
		return nil, nil
	}
	why, err := rules.ParseWhy(m.Facts)
	if err != nil {
		return nil, fmt.Errorf("transaction %d: %w", m.No, err)
	}
	return &why, nil
}

// together makes one line of what a benefit gave on one day, of one funder: a
// promise that is paid and what was earned since are one match to a family.
func together(lines []Line) []Line {
	var out []Line
	for _, l := range lines {
		if last := len(out) - 1; last >= 0 && out[last].sameAward(l) {
			l.Amount = l.Amount.Add(out[last].Amount)
			out[last] = l
			continue
		}
		out = append(out, l)
	}
	return out
}

func (l Line) sameAward(m Line) bool {
	return l.record == m.record && l.On == m.On && l.Kind == m.Kind && l.Benefit == m.Benefit && l.Period == m.Period && l.Funder == m.Funder && l.Says == m.Says
}

// check proves that opening and lines make closing, record by record and layer
// by layer.
func (d *Drawn) check() error {
	own, given := map[family.ChildID]ledger.Amount{}, map[family.ChildID]ledger.Amount{}
	for _, l := range d.Own {
		own[l.record] = own[l.record].Add(l.Amount)
	}
	for _, l := range d.Given {
		given[l.record] = given[l.record].Add(l.Amount)
	}
	all := d.parts()
	if whole := sumOf(all); whole != d.Part {
		return fmt.Errorf("statement %d does not add up: its records make %+v", d.ID, whole)
	}
	for _, part := range all {
		own, given := part.OpeningOwn.Add(own[part.Child]), part.OpeningProgram.Add(given[part.Child])
		if own != part.ClosingOwn || given != part.ClosingProgram {
			return fmt.Errorf("statement %d does not add up: family %s for %s, program %s for %s", d.ID, own, part.ClosingOwn, given, part.ClosingProgram)
		}
	}
	return nil
}
