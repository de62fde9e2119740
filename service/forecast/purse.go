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
	earned ledger.Date // the day of the event behind it
	seq    int64       // and its place in that day
	child  int64
	amount ledger.Amount
	path   int32 // the funds that may be asked, see paths
	home   int32 // the household whose award it is, see homes; 0: the child's own
	order  int16 // of the benefit in its book
	due    bool  // payable at once
	denied bool  // what no fund has does not wait
	shares bool  // takes its share of what is left after the others of its day
}

// compareCalls is the total order in which funds are asked, that of rules.Fund
// within the day of a run: what goes back to funds first, then by the day that
// earned it, those who share after the others, then the event's place, the
// child, and the benefit's place in the book.
func compareCalls(a, b call) int {
	return cmp.Or(
		a.on.Cmp(b.on), cmp.Compare(a.amount.Sign(), b.amount.Sign()), a.earned.Cmp(b.earned), compareBool(a.shares, b.shares), cmp.Compare(a.seq, b.seq),
		cmp.Compare(a.child, b.child), cmp.Compare(a.order, b.order), cmp.Compare(a.path, b.path), a.amount.Cmp(b.amount),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
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

// first is the fund asked first of a sequence, "" where none may be asked.
func (p *paths) first(id int32) string {
	if codes := p.of[id]; len(codes) > 0 {
		return codes[0]
	}
	return ""
}

// homes numbers the awards that come once to a household.
type homes struct {
	mu  sync.Mutex
	ids map[home]int32
}

// home is an award of a household.
type home struct {
	award
	household string
}

func (h *homes) id(of home) int32 {
	if of.household == "" {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids == nil {
		h.ids = map[home]int32{}
	}
	if h.ids[of] == 0 {
		h.ids[of] = int32(len(h.ids)) + 1
	}
	return h.ids[of]
}

// holders are the children who have the award of their household: those who were
// given it and, for the rest, whoever asks first.
type holders map[int32]int64

// hold gives a child that was given an award its household's place; of several,
// the lowest number.
func (h holders) hold(home int32, child int64) {
	if other, taken := h[home]; home != 0 && (!taken || child < other) {
		h[home] = child
	}
}

// refuses reports that another child has the award that a call asks for.
func (h holders) refuses(c call) bool {
	if c.home == 0 || c.amount.Sign() < 0 {
		return false
	}
	if _, taken := h[c.home]; !taken {
		h[c.home] = c.child
	}
	return h[c.home] != c.child
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
