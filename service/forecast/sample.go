package forecast

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
)

// saversIn are the children who paid in during some days and whose deposits
// stayed.
func (s *source) saversIn(ctx context.Context, in ledger.Period) (map[family.ChildID]bool, error) {
	const query = `
		SELECT DISTINCT child_id FROM deposits
		WHERE program_id = $1 AND state = 'posted' AND on_day BETWEEN $2 AND $3`
	var ids []family.ChildID
	err := s.db.Read(ctx, s.who, func(q sqlx.QueryerContext) error {
		return sqlx.SelectContext(ctx, q, &ids, query, s.program.ID, in.First, in.Last)
	})
	if err != nil {
		return nil, fmt.Errorf("savers of %s: %w", s.program.Code, err)
	}
	out := make(map[family.ChildID]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}

// sample is whom futures are drawn for.
type sample struct {
	strata [2]stratum // those who pay in, and the others
	drawn  map[family.ChildID]int8
}

// saverShare is how many of four places go to those who pay in: nearly all that
// differs between futures is theirs.
const saverShare = 3

// draw chooses at most n children. Which ones depends on the seed and the
// children's numbers alone.
func drawSample(ids []family.ChildID, savers map[family.ChildID]bool, n int, seed uint64) sample {
	var groups [2][]family.ChildID
	for _, id := range ids {
		if savers[id] {
			groups[0] = append(groups[0], id)
		} else {
			groups[1] = append(groups[1], id)
		}
	}
	places := n * saverShare / 4
	first := min(len(groups[0]), max(places, n-len(groups[1])))
	sizes := [2]int{first, min(len(groups[1]), n-first)}
	s := sample{drawn: map[family.ChildID]int8{}}
	for g, all := range groups {
		slices.SortFunc(all, func(a, b family.ChildID) int {
			return cmp.Or(cmp.Compare(mix(seed, uint64(a)), mix(seed, uint64(b))), cmp.Compare(a, b))
		})
		s.strata[g] = stratum{len(all), sizes[g]}
		for _, id := range all[:sizes[g]] {
			s.drawn[id] = int8(g)
		}
	}
	return s
}

// mix spreads two numbers over all bits (SplitMix64).
func mix(a, b uint64) uint64 {
	z := a + (b+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
