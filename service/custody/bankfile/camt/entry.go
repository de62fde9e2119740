package camt

import (
	"cmp"
	"strconv"
	"strings"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
)

// entry is what we read of Ntry, in every version's spelling.
type entry struct {
	NtryRef   string
	Amt       amount
	CdtDbtInd string
	RvslInd   string
	Sts       struct {
		Text string `xml:",chardata"` // to version 7
		Cd   string // from version 8
	}
	BookgDt      date
	ValDt        date
	AcctSvcrRef  string
	BkTxCd       code
	AddtlNtryInf string
	Chrgs        []struct {
		Amt       amount // version 2
		CdtDbtInd string
		Rcrd      []struct { // from version 3
			Amt         amount
			CdtDbtInd   string
			ChrgInclInd string
		}
	}
	NtryDtls []struct {
		Btch struct {
			NbOfTxs string
			TtlAmt  amount
		}
		TxDtls []details
	}
}

// code is a bank transaction code, of the standard or the bank's own.
type code struct {
	Domn struct {
		Cd   string
		Fmly struct{ Cd, SubFmlyCd string }
	}
	Prtry struct{ Cd string }
}

func (c code) String() string {
	if c.Domn.Cd != "" {
		return bankfile.Ref(c.Domn.Cd + "/" + c.Domn.Fmly.Cd + "/" + c.Domn.Fmly.SubFmlyCd)
	}
	return bankfile.Ref(c.Prtry.Cd)
}

// party is somebody: named directly to version 7, below Pty from version 8.
type party struct {
	Nm  string
	Pty struct{ Nm string }
}

func (p party) name() string { return cmp.Or(p.Nm, p.Pty.Nm) }

// details are one payment of an entry.
type details struct {
	Refs struct {
		AcctSvcrRef, InstrId, EndToEndId, TxId, ChqNb, ClrSysRef string
	}
	Amt       amount // from version 4
	CdtDbtInd string
	AmtDtls   struct {
		TxAmt struct{ Amt amount }
	}
	RltdPties struct{ Dbtr, UltmtDbtr, Cdtr, UltmtCdtr party }
	RmtInf    struct {
		Ustrd []string
		Strd  []struct {
			CdtrRefInf struct{ Ref string }
		}
	}
	RtrInf struct {
		Rsn struct{ Cd, Prtry string }
	}
	AddtlTxInf string
}

// entry adds an entry to the statement.
func (s *statement) entry(line int, e *entry) error {
	s.entries++
	for _, d := range e.NtryDtls {
		s.entries += len(d.TxDtls)
	}
	if s.entries > s.limits.Lines {
		return bankfile.TooLarge(s.limits)
	}
	switch status := strings.TrimSpace(cmp.Or(e.Sts.Cd, strings.TrimSpace(e.Sts.Text))); status {
	case "BOOK":
	case "PDNG", "INFO", "FUTR":
		s.Pending++
		return nil
	default:
		s.refuse(line, "Ntry Sts", bankfile.BadCode)
		return nil
	}
	money, ok := s.money(line, "Ntry Amt", e.Amt, e.CdtDbtInd)
	if !ok {
		return nil
	}
	s.Currency = cmp.Or(s.Currency, e.Amt.Currency)
	if e.Amt.Currency != "" && e.Amt.Currency != s.Currency {
		s.file.Quarantined = append(s.file.Quarantined, bankfile.Problem{Line: line, Field: "Ntry Amt", Code: bankfile.WrongCurrency, Said: s.Currency, Found: bankfile.Ref(e.Amt.Currency)})
		return nil
	}
	l := bankfile.Line{Line: line, Amount: money, Type: e.BkTxCd.String(), Description: bankfile.Text(e.AddtlNtryInf), Reference: s.reference(e)}
	l.Reversal = strings.TrimSpace(e.RvslInd) == "true" || strings.TrimSpace(e.RvslInd) == "1"
	if !s.days(line, e, &l) {
		return nil
	}
	s.details(line, e, &l)
	s.Lines = append(s.Lines, l)
	return nil
}

// reference is the bank's own; an entry's number counts within its statement.
func (s *statement) reference(e *entry) string {
	if e.AcctSvcrRef == "" && e.NtryRef != "" {
		return bankfile.Ref(s.ID + "/" + e.NtryRef)
	}
	return bankfile.Ref(e.AcctSvcrRef)
}

func (s *statement) days(line int, e *entry, l *bankfile.Line) (ok bool) {
	booked, value := e.BookgDt.text(), e.ValDt.text()
	if l.Booked, ok = day(cmp.Or(booked, value)); !ok {
		s.refuse(line, "BookgDt", bankfile.BadDate)
		return false
	}
	if l.Value, ok = day(cmp.Or(value, booked)); !ok {
		s.refuse(line, "ValDt", bankfile.BadDate)
		return false
	}
	return true
}

// details gives a line what its one payment says, or its parts.
func (s *statement) details(line int, e *entry, l *bankfile.Line) {
	var all []details
	for _, d := range e.NtryDtls {
		all = append(all, d.TxDtls...)
	}
	if n, ok := s.batched(line, e); ok && len(all) > 0 && n != len(all) {
		s.file.Differ(line, "Btch NbOfTxs", bankfile.CountDiffers, strconv.Itoa(n), strconv.Itoa(len(all)))
	}
	if len(all) == 1 {
		p := s.part(line, &all[0], l)
		l.Reference = cmp.Or(l.Reference, p.Reference)
		l.Trace, l.Counterparty, l.Return = p.Trace, p.Counterparty, p.Return
		l.Description = bankfile.Text(strings.TrimSpace(l.Description + " " + p.Description))
		return
	}
	var sum ledger.Amount
	stated := 0
	for i := range all {
		p := s.part(line, &all[i], l)
		if !p.Amount.IsZero() {
			stated++
		}
		sum = sum.Add(p.Amount)
		l.Parts = append(l.Parts, p)
	}
	if len(all) > 1 && stated > 0 && sum != l.Amount && sum.Sub(l.Amount).Abs() != s.charges(line, e) {
		s.file.Differ(line, "TxDtls", bankfile.PartsDiffer, l.Amount.String(), sum.String())
	}
}

// batched is how many payments the entry says it holds.
func (s *statement) batched(line int, e *entry) (n int, ok bool) {
	for _, d := range e.NtryDtls {
		if m, stated := s.count(line, "Btch NbOfTxs", d.Btch.NbOfTxs); stated {
			n, ok = n+m, true
		}
	}
	return n, ok
}

// charges are what the bank kept of an entry.
func (s *statement) charges(line int, e *entry) (sum ledger.Amount) {
	for _, c := range e.Chrgs {
		if strings.TrimSpace(c.Amt.Text) != "" {
			m, _ := s.money(line, "Chrgs", c.Amt, cmp.Or(c.CdtDbtInd, "DBIT"))
			sum = sum.Add(m)
		}
		for _, r := range c.Rcrd {
			m, _ := s.money(line, "Chrgs", r.Amt, cmp.Or(r.CdtDbtInd, "DBIT"))
			sum = sum.Add(m)
		}
	}
	return sum.Abs()
}

// part reads one payment of an entry.
func (s *statement) part(line int, d *details, l *bankfile.Line) bankfile.Part {
	p := bankfile.Part{Reference: bankfile.Ref(d.Refs.AcctSvcrRef), Return: bankfile.Ref(cmp.Or(d.RtrInf.Rsn.Cd, d.RtrInf.Rsn.Prtry))}
	end := d.Refs.EndToEndId
	if end == "NOTPROVIDED" {
		end = ""
	}
	p.Trace = bankfile.Ref(cmp.Or(end, d.Refs.ChqNb, d.Refs.TxId, d.Refs.InstrId, d.Refs.ClrSysRef))
	who := cmp.Or(d.RltdPties.UltmtDbtr.name(), d.RltdPties.Dbtr.name())
	if l.Amount.Sign() < 0 {
		who = cmp.Or(d.RltdPties.UltmtCdtr.name(), d.RltdPties.Cdtr.name())
	}
	p.Counterparty = bankfile.Text(who)
	words := append([]string{}, d.RmtInf.Ustrd...)
	for _, r := range d.RmtInf.Strd {
		words = append(words, r.CdtrRefInf.Ref)
	}
	p.Description = bankfile.Text(strings.Join(append(words, d.AddtlTxInf), " "))
	sum := d.Amt
	if strings.TrimSpace(sum.Text) == "" {
		sum = d.AmtDtls.TxAmt.Amt
	}
	if strings.TrimSpace(sum.Text) == "" || sum.Currency != "" && sum.Currency != s.Currency {
		return p
	}
	indicator := "CRDT"
	if l.Amount.Sign() < 0 {
		indicator = "DBIT"
	}
	p.Amount, _ = s.money(line, "TxDtls Amt", sum, cmp.Or(strings.TrimSpace(d.CdtDbtInd), indicator))
	return p
}
