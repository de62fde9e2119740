package family

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of facts and events.
var (
	// ErrReferenceUsed reports a reference that stands for another fact or event
	// of the child; Reference names it.
	ErrReferenceUsed = fault.New(fault.Conflict, "family.reference_used")
	// ErrFact reports a fact or event without a name, a reference or a day, or
	// with a value of no type that rule books know.
	ErrFact = fault.New(fault.Invalid, "family.fact")
)

// Fact is what somebody reported to be true of a child from a day on. A later
// one of the same name and day corrects it.
type Fact struct {
	Child     ChildID
	Name      string
	Value     any         // string, int, bool, ledger.Amount or ledger.Date; nil: not known any more
	From      ledger.Date // no day: always
	Known     ledger.Date // the day on which we learned it
	Reference string      // the reporter's own; unique for the child and the fact, for ever
	Source    string      // who reported it: "agency file 2026-09.csv"
}

// Recorded says what became of a set of facts or events.
type Recorded struct {
	New      int
	Repeated int // known already with the same content
}

// Standing is where a report stands beside what is recorded.
type Standing int8

// The standings.
const (
	Fresh    Standing = iota // it would be recorded
	Repeated                 // it is known already, with the same content
	Clashing                 // its reference stands for something else
)

// factKey names a fact as its reporter does.
type factKey struct {
	child           ChildID
	name, reference string
}

func (f Fact) key() factKey { return factKey{f.Child, f.Name, f.Reference} }

func (f Fact) check() error {
	_, err := encodeValue(f.Value)
	if err != nil || f.Name == "" || f.Reference == "" || f.Known.IsZero() {
		return ErrFact.With(map[string]any{"Reference": f.Reference})
	}
	return nil
}

// RecordFacts adds what is known of children, sealed under their families'
// keys, in a number of statements that does not grow with the set. A report that
// is known already changes nothing; one that says something else under a
// reference that was used refuses the set (ErrReferenceUsed). The children are
// evaluated anew by the next run.
func RecordFacts(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, facts []Fact, at time.Time) (Recorded, error) {
	for _, f := range facts {
		if err := f.check(); err != nil {
			return Recorded{}, err
		}
	}
	standings, err := FactStandings(ctx, tx, who, keys, facts)
	if err != nil {
		return Recorded{}, err
	}
	var fresh []Fact
	for i, f := range facts {
		switch standings[i] {
		case Clashing:
			return Recorded{}, ErrReferenceUsed.With(map[string]any{"Reference": f.Reference})
		case Fresh:
			fresh = append(fresh, f)
		}
	}
	done := Recorded{New: len(fresh), Repeated: len(facts) - len(fresh)}
	if len(fresh) == 0 {
		return done, nil
	}
	if err := again(ctx, tx, fresh); err != nil {
		return Recorded{}, err
	}
	if err := insertFacts(ctx, tx, who, keys, fresh, at); err != nil {
		return Recorded{}, err
	}
	return done, recordFacts(ctx, tx, who, fresh, at)
}

// FactStandings says of each fact of a set where it stands beside what is
// recorded and beside those before it in the set. It records nothing.
func FactStandings(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, facts []Fact) ([]Standing, error) {
	ids := make([]ChildID, len(facts))
	for i, f := range facts {
		ids[i] = f.Child
	}
	known, err := FactsOf(ctx, q, who, keys, ids)
	if err != nil {
		return nil, err
	}
	before := make(map[factKey]Fact, len(known))
	for _, f := range known {
		f.Reference = said(f.Reference)
		before[f.key()] = f
	}
	out := make([]Standing, len(facts))
	for i, f := range facts {
		old, used := before[f.key()]
		switch {
		case !used:
			before[f.key()] = f
			out[i] = Fresh
		case old.Value != f.Value || old.From != f.From:
			out[i] = Clashing
		default:
			out[i] = Repeated
		}
	}
	return out, nil
}

func insertFacts(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, facts []Fact, at time.Time) error {
	n := len(facts)
	ids, sealed := make([]ChildID, n), make([][]byte, n)
	names, references, from, days, sources := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, f := range facts {
		ids[i], names[i], references[i], sources[i] = f.Child, f.Name, f.Reference, f.Source
		from[i], days[i] = f.From.String(), f.Known.String()
	}
	families, err := familyKeys(ctx, tx, who, keys, ids)
	if err != nil {
		return err
	}
	for i, f := range facts {
		key, ok := families[f.Child]
		if !ok {
			return fmt.Errorf("record a fact of child %d: %w", f.Child, ErrNone)
		}
		value, err := encodeValue(f.Value)
		if err != nil {
			return err
		}
		if sealed[i], err = sealJSON(key, factPlace(who.Tenant, f.key()), value); err != nil {
			return err
		}
	}
	const query = `
		INSERT INTO child_facts (tenant_id, child_id, name, reference, from_on, known_on, sealed, source, recorded_by, recorded_at)
		SELECT $1, child_id, name, reference, CAST(nullif(from_on, '') AS date), CAST(known_on AS date), sealed, source, $9, $10
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS text[]), CAST($6 AS text[]),
		            CAST($7 AS bytea[]), CAST($8 AS text[]))
		     AS f (child_id, name, reference, from_on, known_on, sealed, source)`
	_, err = tx.ExecContext(ctx, query, who.Tenant, pq.Array(ids), pq.Array(names), pq.Array(references), pq.Array(from), pq.Array(days),
		pq.ByteaArray(sealed), pq.Array(sources), who.Actor, at)
	if store.Violates(err, "child_facts_name_check") || store.Violates(err, "child_facts_reference_check") {
		return ErrFact
	}
	if err != nil {
		return fmt.Errorf("record %d facts: %w", n, err)
	}
	return nil
}

// recordFacts leaves one event of a set in the trail: how many of which, never
// what they say.
func recordFacts(ctx context.Context, tx *sqlx.Tx, who store.Who, facts []Fact, at time.Time) error {
	byName := map[string]int{}
	for _, f := range facts {
		byName[f.Name]++
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.facts_recorded", Kind: "facts", After: map[string]any{"facts": len(facts), "names": byName},
	}}, at)
}

// FactsOf opens what is known of children, by child and in the order in which
// it became known. Of an erased family nothing is known.
func FactsOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, ids []ChildID) ([]Fact, error) {
	const query = store.Kept + `
		SELECT c.family_id, f.child_id, f.name, f.reference, f.from_on, f.known_on, f.sealed, f.source, m.wrapped_key
		FROM child_facts f
		JOIN children c ON c.tenant_id = f.tenant_id AND c.id = f.child_id
		JOIN families m ON m.tenant_id = c.tenant_id AND m.id = c.family_id
		WHERE f.child_id = ANY ($1) AND m.wrapped_key IS NOT NULL
		  AND NOT EXISTS (SELECT FROM child_fact_retractions r WHERE (r.tenant_id, r.child_id, r.name, r.reference) = (f.tenant_id, f.child_id, f.name, f.reference))
		ORDER BY f.child_id, f.recorded_at, f.name, f.reference`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("facts of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	var out []Fact
	opened := map[ID]vault.Key{}
	for rows.Next() {
		var f Fact
		var fam ID
		var sealed, wrapped []byte
		if err := rows.Scan(&fam, &f.Child, &f.Name, &f.Reference, &f.From, &f.Known, &sealed, &f.Source, &wrapped); err != nil {
			return nil, fmt.Errorf("facts of children: %w", err)
		}
		key, known := opened[fam]
		if !known {
			if key, err = keys.Unwrap(place(who.Tenant, "families", int64(fam)), wrapped); err != nil {
				return nil, err
			}
			opened[fam] = key
		}
		var value storedValue
		if err := openJSON(key, factPlace(who.Tenant, f.key()), sealed, &value); err != nil {
			return nil, err
		}
		if f.Value, err = value.decode(); err != nil {
			return nil, fmt.Errorf("fact %s of child %d: %w", f.Name, f.Child, err)
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// factPlace binds what is sealed to its row.
func factPlace(tenant int32, k factKey) string {
	return place(tenant, "child_facts/"+k.name+"/"+k.reference, int64(k.child))
}

// storedValue is a value with its type, as it is sealed.
type storedValue struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`
}

func encodeValue(v any) (storedValue, error) {
	switch v := v.(type) {
	case nil:
		return storedValue{Type: "unknown"}, nil
	case string:
		return storedValue{"text", v}, nil
	case int:
		return storedValue{"number", strconv.Itoa(v)}, nil
	case bool:
		return storedValue{"yes_no", strconv.FormatBool(v)}, nil
	case ledger.Amount:
		return storedValue{"money", v.String()}, nil
	case ledger.Date:
		return storedValue{"date", v.String()}, nil
	}
	return storedValue{}, ErrFact
}

func (s storedValue) decode() (any, error) {
	switch s.Type {
	case "unknown":
		return nil, nil
	case "text":
		return s.Text, nil
	case "number":
		return strconv.Atoi(s.Text)
	case "yes_no":
		return strconv.ParseBool(s.Text)
	case "money":
		return ledger.ParseAmount(s.Text)
	case "date":
		return ledger.ParseDate(s.Text)
	}
	return nil, fmt.Errorf("a value of type %q", s.Type)
}

// LogValue keeps what is known of people out of logs.
func (Fact) LogValue() slog.Value { return slog.StringValue("[fact]") }

// FactsFed are those of some facts of which any feed has brought a value, for
// any child.
func FactsFed(ctx context.Context, q sqlx.QueryerContext, names []string) (fed []string, err error) {
	const query = `
		SELECT n.name
		FROM unnest(CAST($1 AS text[])) AS n (name)
		WHERE EXISTS (SELECT FROM child_facts f WHERE f.name = n.name)
		ORDER BY n.name`
	if err := sqlx.SelectContext(ctx, q, &fed, query, pq.Array(names)); err != nil {
		return nil, fmt.Errorf("facts that feeds brought: %w", err)
	}
	return fed, nil
}
