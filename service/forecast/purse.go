package forecast

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// call is money that an award asks of funds on a day; below zero, a promise that
// goes back to its fund.
type call struct {
	on     ledger.Date
	child  int64
	order  int32 // of the benefit in its book
	path   int32 // the funds that may be asked, see paths
	amount ledger.Amount
	due    bool // payable at once
	denied bool // the benefit does not let wait what no fund has
}

// compareCalls is the total order in which funds are asked: by day, child and
// place in the book.
func compareCalls(a, b call) int {
	return cmp.Or(a.on.Cmp(b.on), cmp.Compare(a.child, b.child), cmp.Compare(a.order, b.order), cmp.Compare(a.path, b.path))
}

// paths numbers the sequences of funds in which awards are drawn, so that a
// million calls do not each carry a list.
type paths struct {
	mu  sync.Mutex
	ids map[string]int32
	of  [][]string
}

// id numbers the funds that may be asked, in their order.
func (p *paths) id(codes ...string) int32 {
	name := strings.Join(codes, "|")
	p.mu.Lock()
	defer p.mu.Unlock()
	if id, known := p.ids[name]; known {
		return id
	}
	if p.ids == nil {
		p.ids = map[string]int32{}
	}
	id := int32(len(p.of))
	p.ids[name], p.of = id, append(p.of, codes)
	return id
}

// allowed are the codes of the funds that may pay for the child.
func allowed(funds []rules.FundChoice) []string {
	var codes []string
	for _, f := range funds {
		if f.Allowed {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

// first is the fund asked first, "" where none may be.
func first(funds []rules.FundChoice) string {
	for _, f := range funds {
		if f.Allowed {
			return f.Code
		}
	}
	return ""
}

// purse follows what funds have through calls.
type purse struct {
	paths  *paths
	left   map[string]ledger.Amount
	drawn  map[string]ledger.Amount
	short  map[string]ledger.Amount
	dry    map[string]ledger.Date
	queued ledger.Amount
}

func newPurse(p *paths, available map[string]ledger.Amount) *purse {
	left := make(map[string]ledger.Amount, len(available))
	for code, a := range available {
		left[code] = a.Max(ledger.Amount{})
	}
	return &purse{paths: p, left: left, drawn: map[string]ledger.Amount{}, short: map[string]ledger.Amount{}, dry: map[string]ledger.Date{}}
}

// answer draws a call from its funds, each as far as it goes, and returns what
// none of them has. A fund is dry from the first day on which it cannot give all
// that is asked of it.
func (p *purse) answer(c call) (missing ledger.Amount) {
	missing = c.amount
	for _, code := range p.paths.of[c.path] {
		if missing.Sign() < 0 {
			p.left[code] = p.left[code].Sub(missing)
			p.drawn[code] = p.drawn[code].Add(missing)
			return ledger.Amount{}
		}
		part := missing.Min(p.left[code])
		p.left[code] = p.left[code].Sub(part)
		p.drawn[code] = p.drawn[code].Add(part)
		if missing = missing.Sub(part); missing.IsZero() {
			return missing
		}
		p.short[code] = p.short[code].Add(missing)
		if p.dry[code].IsZero() {
			p.dry[code] = c.on
		}
	}
	return missing
}

// inOrder sorts calls as funds are asked.
func inOrder(calls []call) []call {
	slices.SortFunc(calls, compareCalls)
	return calls
}

// year is what became of one fund.
func (p *purse) year(code string) FundYear {
	return FundYear{Drawn: p.drawn[code], Left: p.left[code], Short: p.short[code], DryOn: p.dry[code]}
}
