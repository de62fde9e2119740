package rules

import (
	"math"
	"slices"

	"seedbook/ledger"
)

// set is a set of values: whole numbers, cents or days as spans, texts as those
// named or all but those named.
type set struct {
	spans  []numbers // sorted, apart from each other; of numbers
	ofText bool
	except bool // of texts: all but the words
	words  []string
}

// numbers are the whole numbers from first to last.
type numbers struct{ first, last int64 }

// least and most stand for no bound. They are far from where a bound plus or
// minus one would run over.
const (
	least = math.MinInt64 / 2
	most  = math.MaxInt64 / 2
)

// between is the numbers from first to last, within what bounds allow.
func between(first, last int64) set {
	first, last = max(first, least), min(last, most)
	if first > last {
		return set{}
	}
	return set{spans: []numbers{{first, last}}}
}

// texts are the words named.
func texts(words ...string) set {
	words = slices.Clone(words)
	slices.Sort(words)
	return set{ofText: true, words: slices.Compact(words)}
}

var allTexts = set{ofText: true, except: true}

func (s set) empty() bool {
	if s.ofText {
		return !s.except && len(s.words) == 0
	}
	return len(s.spans) == 0
}

// common is what is in both.
func (s set) common(t set) set {
	if s.ofText {
		return s.commonTexts(t)
	}
	var out []numbers
	for i, j := 0, 0; i < len(s.spans) && j < len(t.spans); {
		a, b := s.spans[i], t.spans[j]
		if first, last := max(a.first, b.first), min(a.last, b.last); first <= last {
			out = append(out, numbers{first, last})
		}
		if a.last < b.last {
			i++
		} else {
			j++
		}
	}
	return set{spans: out}
}

func (s set) commonTexts(t set) set {
	in := func(of set) func(string) bool {
		return func(w string) bool { _, found := slices.BinarySearch(of.words, w); return found }
	}
	switch {
	case !s.except && !t.except:
		return texts(slices.DeleteFunc(slices.Clone(s.words), func(w string) bool { return !in(t)(w) })...)
	case !s.except:
		return texts(slices.DeleteFunc(slices.Clone(s.words), in(t))...)
	case !t.except:
		return t.commonTexts(s)
	}
	both := texts(slices.Concat(s.words, t.words)...)
	both.except = true
	return both
}

// without is what is in s and not in t.
func (s set) without(t set) set {
	if s.ofText {
		t.except = !t.except
		return s.commonTexts(t)
	}
	var holes []numbers
	from := int64(least)
	for _, b := range t.spans {
		if from < b.first {
			holes = append(holes, numbers{from, b.first - 1})
		}
		from = b.last + 1
	}
	if from <= most {
		holes = append(holes, numbers{from, most})
	}
	return s.common(set{spans: holes})
}

// with is what is in either.
func (s set) with(t set) set {
	if s.ofText {
		outside := allTexts.without(s).commonTexts(allTexts.without(t))
		return allTexts.without(outside)
	}
	all := slices.Concat(s.spans, t.spans)
	slices.SortFunc(all, func(a, b numbers) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	var out []numbers
	for _, a := range all {
		if n := len(out); n > 0 && a.first <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, a.last)
			continue
		}
		out = append(out, a)
	}
	return set{spans: out}
}

// within reports whether all of s is in t.
func (s set) within(t set) bool { return s.without(t).empty() }

// dayNumber counts days, for comparing.
func dayNumber(d ledger.Date) int64 { return int64(d.DaysSince(ledger.Date{})) }

// valueOf writes a number of a set as what it stands for.
func valueOf(t FactType, n int64) any {
	switch t {
	case MoneyFact:
		return ledger.Minor(n)
	case DateFact:
		return ledger.Date{}.AddDays(int(n))
	case gradeFact:
		return gradeName(n)
	}
	return int(n)
}

func gradeName(n int64) string {
	switch n {
	case -1:
		return "PK"
	case 0:
		return "KG"
	}
	return textOf(n)
}
