package family

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/likeness"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// candidates bounds how many hits of the blind index are opened at a time. A
// search begins with few, since the first page of a common name is full by then.
const (
	candidates      = 500
	firstCandidates = 60
)

// Search returns children of whom everything is true that somebody typed: every
// word begins a word of the child's name or of a guardian's, accents, order and
// hyphens aside; a birth date, a telephone number or an e-mail address is the
// child's or a guardian's. They come in the order of their numbers, after a
// given one, at most limit of them.
func Search(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, text string, after ChildID, limit int) ([]ChildID, error) {
	terms := sought(text)
	if len(terms) == 0 {
		return nil, nil
	}
	var out []ChildID
	for some := max(firstCandidates, 2*limit); len(out) < limit; some = candidates {
		some = min(some, candidates)
		hits, err := hitsOfAll(ctx, q, exactly(keys, who.Tenant, terms), terms, after, some)
		if err != nil || len(hits) == 0 {
			return out, err
		}
		found, err := confirm(ctx, q, who, keys, terms, hits)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if f.slips == 0 && len(out) < limit {
				out = append(out, f.child)
			}
		}
		if len(hits) < some {
			return out, nil
		}
		after = hits[len(hits)-1]
	}
	return out, nil
}

// Similar returns children whom somebody may mean who spells a name otherwise:
// words that sound alike or differ in a letter or two, the likeliest first, none
// of those that Search finds. Of three words and more one may be missing.
func Similar(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, text string, limit int) ([]ChildID, error) {
	terms := sought(text)
	if !slices.ContainsFunc(terms, func(t term) bool { return t.word != "" }) {
		return nil, nil
	}
	least := len(terms)
	if least > 2 {
		least--
	}
	hits, err := hits(ctx, q, roughly(keys, who.Tenant, terms), least, 0, candidates)
	if err != nil || len(hits) == 0 {
		return nil, err
	}
	found, err := confirmMost(ctx, q, who, keys, terms, hits)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(f find) bool { return f.slips == 0 })
	slices.SortStableFunc(found, func(a, b find) int { return cmp.Compare(a.slips, b.slips) })
	out := make([]ChildID, 0, limit)
	for _, f := range found[:min(limit, len(found))] {
		out = append(out, f.child)
	}
	return out, nil
}

// sign is a blind index of one term: the place of the term, and the key.
type sign struct {
	place int
	key   int64
}

// exactly are the keys under which the terms are found as they are.
func exactly(keys *vault.Keyring, tenant int32, terms []term) (out []sign) {
	for i, t := range terms {
		if t.word != "" {
			out = append(out, sign{i, prefixKey(keys, tenant, t.word)})
		}
		for _, day := range t.born {
			out = append(out, sign{i, bornKey(keys, tenant, day)})
		}
		if t.phone != "" {
			out = append(out, sign{i, keys.Bucket(tenant, "phone", t.phone)})
		}
		if t.email != "" {
			out = append(out, sign{i, keys.Bucket(tenant, "email", t.email)})
		}
	}
	return out
}

// roughly are those of exactly, and the sounds of words.
func roughly(keys *vault.Keyring, tenant int32, terms []term) []sign {
	out := exactly(keys, tenant, terms)
	for i, t := range terms {
		if t.word != "" {
			out = append(out, sign{i, soundKey(keys, tenant, t.word)})
		}
	}
	return out
}

// hitsOfAll are the children, after one, that meet all of the terms. Few children
// share a birth date, a telephone number or an address: where one of those is among
// the terms, only they are asked for the others.
func hitsOfAll(ctx context.Context, q sqlx.QueryerContext, signs []sign, terms []term, after ChildID, limit int) (ids []ChildID, err error) {
	rare := slices.IndexFunc(terms, func(t term) bool { return t.word == "" })
	if rare < 0 || len(terms) == 1 {
		return hits(ctx, q, signs, len(terms), after, limit)
	}
	var few, places, keys []int64
	for _, s := range signs {
		if s.place == rare {
			few = append(few, s.key)
		} else {
			places, keys = append(places, int64(s.place)), append(keys, s.key)
		}
	}
	const query = store.Kept + `
		SELECT n.child_id
		FROM (SELECT child_id FROM child_name_keys WHERE key = ANY (CAST($1 AS bigint[])) AND child_id > $4
		      UNION
		      SELECT child_id FROM child_kin_keys WHERE key = ANY (CAST($1 AS bigint[])) AND child_id > $4) n
		WHERE (SELECT count(DISTINCT w.place) FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[])) AS w (place, key)
		       WHERE EXISTS (SELECT FROM child_name_keys k WHERE k.key = w.key AND k.child_id = n.child_id)
		          OR EXISTS (SELECT FROM child_kin_keys k WHERE k.key = w.key AND k.child_id = n.child_id)) >= $5
		ORDER BY n.child_id LIMIT $6`
	if err := sqlx.SelectContext(ctx, q, &ids, query, pq.Array(few), pq.Array(places), pq.Array(keys), after, len(terms)-1, limit); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return ids, nil
}

// hits are the children, after one, that meet at least some of the terms.
func hits(ctx context.Context, q sqlx.QueryerContext, signs []sign, least int, after ChildID, limit int) (ids []ChildID, err error) {
	places, keys := make([]int64, len(signs)), make([]int64, len(signs))
	one := true
	for i, s := range signs {
		places[i], keys[i] = int64(s.place), s.key
		one = one && s.place == signs[0].place
	}
	if one {
		// The first children of one term are read off the index in their order.
		const query = `
			SELECT DISTINCT m.child_id
			FROM unnest(CAST($1 AS bigint[])) AS w (key)
			CROSS JOIN LATERAL (
				(SELECT child_id FROM child_name_keys WHERE key = w.key AND child_id > $2 ORDER BY child_id LIMIT $3)
				UNION ALL
				(SELECT child_id FROM child_kin_keys WHERE key = w.key AND child_id > $2 ORDER BY child_id LIMIT $3)) m
			ORDER BY m.child_id LIMIT $3`
		err = sqlx.SelectContext(ctx, q, &ids, query, pq.Array(keys), after, limit)
	} else {
		const query = `
			WITH wanted AS (SELECT place, key FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bigint[])) AS w (place, key)),
			met AS (
				SELECT k.child_id, w.place FROM wanted w JOIN child_name_keys k ON k.key = w.key AND k.child_id > $3
				UNION
				SELECT k.child_id, w.place FROM wanted w JOIN child_kin_keys k ON k.key = w.key AND k.child_id > $3
			)
			SELECT child_id FROM met GROUP BY child_id HAVING count(*) >= $4
			ORDER BY child_id LIMIT $5`
		err = sqlx.SelectContext(ctx, q, &ids, query, pq.Array(places), pq.Array(keys), after, least, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return ids, nil
}

// find is a child who answers a search, and how well.
type find struct {
	child ChildID
	slips int
}

// confirm opens hits and keeps those that answer all terms: the index knows only
// the first letters of a word, and its sound.
func confirm(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, terms []term, hits []ChildID) ([]find, error) {
	return answers(ctx, q, who, keys, hits, func(c Child, adults []Guardian) (int, bool) { return closeness(terms, c, adults) })
}

// confirmMost is confirm that lets one of three words and more be missing, which
// counts as much as a slip in every letter of a short name.
func confirmMost(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, terms []term, hits []ChildID) ([]find, error) {
	const missing = 4
	return answers(ctx, q, who, keys, hits, func(c Child, adults []Guardian) (int, bool) {
		best, ok := closeness(terms, c, adults)
		if ok || len(terms) < 3 {
			return best, ok
		}
		for i := range terms {
			rest := slices.Concat(terms[:i], terms[i+1:])
			if n, found := closeness(rest, c, adults); found && (!ok || n+missing < best) {
				best, ok = n+missing, true
			}
		}
		return best, ok
	})
}

func answers(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, hits []ChildID, judge func(Child, []Guardian) (int, bool)) ([]find, error) {
	children, err := Load(ctx, q, who, keys, hits)
	if err != nil {
		return nil, err
	}
	var out []find
	var rest []Child // whom their own names do not explain
	for _, c := range children {
		if slips, ok := judge(c, nil); ok && slips == 0 {
			out = append(out, find{c.ID, 0})
		} else if !c.Erased {
			rest = append(rest, c)
		}
	}
	if len(rest) == 0 {
		return out, nil
	}
	ids := make([]ChildID, len(rest))
	for i, c := range rest {
		ids[i] = c.ID
	}
	homes, err := openHomes(ctx, q, who, keys, ids)
	if err != nil {
		return nil, err
	}
	for _, c := range rest {
		if slips, ok := judge(c, homes[c.ID].guardians()); ok {
			out = append(out, find{c.ID, slips})
		}
	}
	slices.SortFunc(out, func(a, b find) int { return cmp.Compare(a.child, b.child) })
	return out, nil
}

func (h *home) guardians() (out []Guardian) {
	if h == nil {
		return nil
	}
	for _, a := range h.adults {
		out = append(out, a.Guardian)
	}
	return out
}

// nameKeys are the blind indexes under which a child is found: the beginnings
// and the sounds of the words of its name, and its birth date.
func nameKeys(keys *vault.Keyring, tenant int32, p Person) []int64 {
	out := wordKeys(keys, tenant, p.words())
	if !p.BornOn.IsZero() {
		out = append(out, bornKey(keys, tenant, p.BornOn))
	}
	if k, ok := nameAndBirth(keys, tenant, p); ok {
		out = append(out, k)
	}
	out = append(out, indexed(keys, tenant))
	slices.Sort(out)
	return slices.Compact(out)
}

// guardianKeys are those under which a guardian's children are found.
func guardianKeys(keys *vault.Keyring, tenant int32, g Guardian) []int64 {
	out := wordKeys(keys, tenant, g.words())
	if phone := phoneDigits(g.Phone); phone != "" {
		out = append(out, keys.Bucket(tenant, "phone", phone), keys.Bucket(tenant, "phone", phone[len(phone)-7:]))
	}
	if g.Email != "" {
		out = append(out, keys.Bucket(tenant, "email", foldEmail(g.Email)))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func wordKeys(keys *vault.Keyring, tenant int32, words []string) (out []int64) {
	for _, w := range words {
		out = append(out, prefixKey(keys, tenant, w), soundKey(keys, tenant, w))
	}
	return out
}

func prefixKey(keys *vault.Keyring, tenant int32, word string) int64 {
	return keys.Bucket(tenant, "name", prefix(word))
}

func soundKey(keys *vault.Keyring, tenant int32, word string) int64 {
	return keys.Bucket(tenant, "sound", likeness.Sound(word))
}

func bornKey(keys *vault.Keyring, tenant int32, day ledger.Date) int64 {
	return keys.Bucket(tenant, "born", day.String())
}
