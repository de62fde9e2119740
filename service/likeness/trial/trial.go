// Package trial measures how well service/likeness finds records of one child
// in lists for which somebody knows the answer.
//
// It reads a list of people, looks for pairs exactly as a program's caseload is
// searched, and counts what it found against the truth. Id numbers in the list
// are not read: names, birth dates, homes and guardians must do.
package trial

import (
	"slices"

	"seedbook/service/likeness"
)

// Record is one line of a list, and which child it is about.
type Record struct {
	Person likeness.Person
	Child  string // the answer; the comparison never sees it
	ID     string // the list's own name for the record
}

// Result is what a search found, and how much of it is true.
type Result struct {
	Records   int
	True      int             // pairs of one child
	Compared  int             // pairs that shared a key
	Reachable int             // true pairs among them
	Proposed  []likeness.Pair // by their places in the list, the lower first
	Hits      int             // true pairs among the proposed
	Certain   int             // proposed without a doubt
	CertainOK int             // true pairs among them
}

// Recall is the share of the true pairs that were proposed, in thousandths.
func (r Result) Recall() int { return share(r.Hits, r.True) }

// Precision is the share of the proposed pairs that are true, in thousandths.
func (r Result) Precision() int { return share(r.Hits, len(r.Proposed)) }

func share(n, of int) int {
	if of == 0 {
		return 1000
	}
	return n * 1000 / of
}

// Run searches a list.
func Run(records []Record) Result {
	profiles, in, met := meetings(records)
	out := Result{Records: len(records), True: truePairs(records), Compared: len(met)}
	var pairs []likeness.Pair
	for _, p := range met {
		a, b := p[0], p[1]
		if records[a].Child == records[b].Child {
			out.Reachable++
		}
		if l, worthy := likeness.Alike(profiles[a], profiles[b], in); worthy {
			pairs = append(pairs, likeness.Pair{A: int64(a), B: int64(b), Likeness: l})
		}
	}
	for _, p := range likeness.Sift(pairs) {
		out.add(p, records[p.A].Child == records[p.B].Child)
	}
	return out
}

// meetings are the pairs of records that share a key, by their places in the list.
func meetings(records []Record) (profiles []likeness.Profile, in likeness.Caseload, met [][2]int) {
	profiles = make([]likeness.Profile, len(records))
	blocks := map[string][]int{}
	in = likeness.Caseload{Children: len(records), Bearers: map[string]int{}}
	for i, r := range records {
		profiles[i] = likeness.Prepare(r.Person)
		for _, n := range profiles[i].Names() {
			in.Bearers[n]++
		}
		for _, k := range profiles[i].Keys() {
			blocks[k] = append(blocks[k], i)
		}
	}
	for _, block := range blocks {
		if len(block) > likeness.MaxBlock {
			continue
		}
		for i, a := range block {
			for _, b := range block[i+1:] {
				met = append(met, [2]int{a, b})
			}
		}
	}
	slices.SortFunc(met, func(x, y [2]int) int { return slices.Compare(x[:], y[:]) })
	return profiles, in, slices.Compact(met)
}

func (r *Result) add(p likeness.Pair, same bool) {
	r.Proposed = append(r.Proposed, p)
	if p.Certain() {
		r.Certain++
	}
	if !same {
		return
	}
	r.Hits++
	if p.Certain() {
		r.CertainOK++
	}
}

// truePairs counts the pairs of records about one child.
func truePairs(records []Record) (n int) {
	met := map[string]int{}
	for _, r := range records {
		n += met[r.Child]
		met[r.Child]++
	}
	return n
}
