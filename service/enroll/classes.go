package enroll

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// classList is a class as it was named last.
type classList struct {
	rules.ClassDay
	n       int // 0: not yet
	members []rules.Member
}

// nameClasses names the classes whose day has come, once, among all who take
// part. The members are touched and so looked at by the run.
func nameClasses(ctx context.Context, tx *sqlx.Tx, w Walk) error {
	for _, day := range w.Rules.Classes() {
		if day.On.After(w.AsOf) {
			continue
		}
		list, err := readClass(ctx, tx, w.Program.ID, day)
		if err != nil || list.n > 0 {
			if err != nil {
				return err
			}
			continue
		}
		found, err := belonging(ctx, tx, w, day)
		if err != nil {
			return err
		}
		class, err := rules.NameClass(w.Rules, day, found, nil, w.AsOf)
		if err != nil {
			return err
		}
		if err := storeClass(ctx, tx, w, list, class); err != nil {
			return err
		}
	}
	return nil
}

// belonging are the participants who are in a class by what is known on its day.
// Only they are kept: a caseload is large and a class often is not.
func belonging(ctx context.Context, tx *sqlx.Tx, w Walk, day rules.ClassDay) (found []rules.Child, err error) {
	for after := family.ChildID(0); ; {
		states, err := family.Watched(ctx, tx, w.Program.ID, after, ChunkSize)
		if err != nil || len(states) == 0 {
			return found, err
		}
		ids := make([]family.ChildID, len(states))
		for i, s := range states {
			ids[i] = s.Child
		}
		after = ids[len(ids)-1]
		children, err := history(ctx, tx, w, ids)
		if err != nil {
			return nil, err
		}
		for _, c := range children {
			in, err := belongs(w.Rules, day, c, w.AsOf)
			if err != nil {
				return nil, err
			}
			if in {
				found = append(found, c)
			}
		}
	}
}

// history is what is known of children with their deposits: a class may be of
// those who save.
func history(ctx context.Context, tx *sqlx.Tx, w Walk, ids []family.ChildID) ([]rules.Child, error) {
	children, err := Facts(ctx, tx, w.Who, w.Keys, w.Program.ID, ids)
	if err != nil {
		return nil, err
	}
	return savings.WithDeposits(ctx, tx, w.Program.ID, children)
}

// belongs asks of one child whether it is in a class.
func belongs(book *rules.Book, day rules.ClassDay, c rules.Child, asOf ledger.Date) (bool, error) {
	class, err := rules.NameClass(book, day, []rules.Child{c}, nil, asOf)
	return len(class.Members) > 0, err
}

// joinClasses adds to classes that were named those of children who belonged to
// them as well, by what has become known since. It reports whether any did.
func joinClasses(ctx context.Context, tx *sqlx.Tx, w Walk, children []rules.Child) (joined bool, err error) {
	classes := w.Rules.Classes()
	if len(classes) == 0 {
		return false, nil
	}
	if children, err = savings.WithDeposits(ctx, tx, w.Program.ID, children); err != nil {
		return false, err
	}
	for _, day := range classes {
		if day.On.After(w.AsOf) {
			continue
		}
		list, err := readClass(ctx, tx, w.Program.ID, day)
		if err != nil {
			return false, err
		}
		late, err := late(w, list, children)
		if err != nil {
			return false, err
		}
		if list.n == 0 || len(late) == 0 {
			continue
		}
		// The parts of the first, and what they were weighed by, decide the part
		// of those who come later.
		var ids []family.ChildID
		for _, m := range list.members {
			ids = append(ids, family.ChildID(m.Child))
		}
		first, err := history(ctx, tx, w, ids)
		if err != nil {
			return false, err
		}
		class, err := rules.NameClass(w.Rules, day, append(first, late...), list.members, w.AsOf)
		if err != nil {
			return false, err
		}
		if len(class.Members) > len(list.members) {
			joined = true
			if err := storeClass(ctx, tx, w, list, class); err != nil {
				return false, err
			}
		}
	}
	return joined, nil
}

// late are the children who are not in a list and belong to it by what is known
// now.
func late(w Walk, list classList, children []rules.Child) (out []rules.Child, err error) {
	in := make(map[int64]bool, len(list.members))
	for _, m := range list.members {
		in[m.Child] = true
	}
	for _, c := range children {
		named := rules.Member{}.Event(list.ClassDay).Key
		if in[c.ID] || slices.ContainsFunc(c.Events, func(e rules.Event) bool { return e.Key == named }) {
			continue // itself, or another record of the child
		}
		now := c
		now.Facts = slices.DeleteFunc(slices.Clone(c.Facts), func(f rules.Fact) bool { return f.Known.After(w.AsOf) })
		for i := range now.Facts {
			now.Facts[i].Known = ledger.Date{} // the class's day asks what was known then
		}
		belongs, err := belongs(w.Rules, list.ClassDay, now, w.AsOf)
		if err != nil {
			return nil, err
		}
		if belongs {
			out = append(out, c)
		}
	}
	return out, nil
}

// readClass reads a class as it was named last; with n 0 where it was not.
func readClass(ctx context.Context, q sqlx.QueryerContext, p program.ID, day rules.ClassDay) (classList, error) {
	list := classList{ClassDay: day, members: []rules.Member{}}
	const newest = `SELECT coalesce(max(n), 0) FROM class_lists WHERE program_id = $1 AND benefit = $2 AND class_on = $3`
	if err := sqlx.GetContext(ctx, q, &list.n, newest, p, day.Benefit, day.On); err != nil {
		return list, fmt.Errorf("class of %s: %w", day.Benefit, err)
	}
	const query = `
		SELECT child_id, amount, named_on
		FROM class_members
		WHERE program_id = $1 AND benefit = $2 AND class_on = $3
		ORDER BY child_id`
	rows, err := q.QueryxContext(ctx, query, p, day.Benefit, day.On)
	if err != nil {
		return list, fmt.Errorf("members of %s: %w", day.Benefit, err)
	}
	defer rows.Close()
	for rows.Next() {
		var m rules.Member
		if err := rows.Scan(&m.Child, &m.Amount, &m.On); err != nil {
			return list, fmt.Errorf("members of %s: %w", day.Benefit, err)
		}
		list.members = append(list.members, m)
	}
	return list, rows.Err()
}

// storeClass stores a list that was made or has grown.
func storeClass(ctx context.Context, tx *sqlx.Tx, w Walk, before classList, class rules.Class) error {
	const list = `
		INSERT INTO class_lists (tenant_id, program_id, benefit, class_on, n, members, hash, rule_hash, as_of, named_by, named_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	n := before.n + 1
	_, err := tx.ExecContext(ctx, list, w.Who.Tenant, w.Program.ID, before.Benefit, before.On, n, len(class.Members), class.Hash, w.Rules.Hash(), w.AsOf, w.Who.Actor, w.At)
	if err != nil {
		return fmt.Errorf("name the class of %s: %w", before.Benefit, err)
	}
	var children []int64
	var amounts, days []string
	for _, m := range class.Members {
		if !slices.Contains(before.members, m) {
			children, amounts, days = append(children, m.Child), append(amounts, m.Amount.String()), append(days, m.On.String())
		}
	}
	const members = `
		INSERT INTO class_members (tenant_id, program_id, benefit, class_on, child_id, n, named_on, amount)
		SELECT $1, $2, $3, $4, child_id, $5, CAST(named_on AS date), CAST(amount AS numeric)
		FROM unnest(CAST($6 AS bigint[]), CAST($7 AS text[]), CAST($8 AS text[])) AS m (child_id, named_on, amount)`
	_, err = tx.ExecContext(ctx, members, w.Who.Tenant, w.Program.ID, before.Benefit, before.On, n, pq.Array(children), pq.Array(days), pq.Array(amounts))
	if err != nil {
		return fmt.Errorf("name %d members of %s: %w", len(children), before.Benefit, err)
	}
	return audit.Record(ctx, tx, w.Who, []audit.Event{{
		Verb: "enroll.class_named", Kind: "program", Subject: int64(w.Program.ID), Program: int32(w.Program.ID),
		After: map[string]any{"benefit": before.Benefit, "on": before.On, "list": n, "members": len(class.Members), "added": len(children), "hash": class.Hash},
	}}, w.At)
}

// addClasses adds that children were named in classes.
func addClasses(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID, known catalog) error {
	const query = store.Kept + `
		SELECT child_id, benefit, class_on, named_on, amount
		FROM class_members
		WHERE program_id = $1 AND child_id = ANY ($2)
		ORDER BY child_id, class_on, benefit`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("classes of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var m rules.Member
		var day rules.ClassDay
		if err := rows.Scan(&m.Child, &day.Benefit, &day.On, &m.On, &m.Amount); err != nil {
			return fmt.Errorf("classes of children: %w", err)
		}
		known.event(family.ChildID(m.Child), m.Event(day))
	}
	return rows.Err()
}
