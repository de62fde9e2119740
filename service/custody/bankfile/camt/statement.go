package camt

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
)

// statement is one as far as it has been read.
type statement struct {
	*reader
	bankfile.Statement
	summary *summary
}

// child reads one element below Stmt.
func (s *statement) child(t xml.StartElement) error {
	line := s.line()
	switch t.Name.Local {
	case "Id":
		return s.into(&s.ID, t)
	case "FrToDt":
		var d struct{ FrDt, FrDtTm, ToDt, ToDtTm string }
		if err := s.into(&d, t); err != nil {
			return err
		}
		s.From, _ = day(cmp.Or(d.FrDt, d.FrDtTm))
		s.To, _ = day(cmp.Or(d.ToDt, d.ToDtTm))
	case "Acct":
		return s.account(line, t)
	case "Bal":
		return s.balance(line, t)
	case "TxsSummry":
		s.summary = &summary{line: line}
		return s.into(s.summary, t)
	case "Ntry":
		var e entry
		if err := s.into(&e, t); err != nil {
			return err
		}
		return s.entry(line, &e)
	default:
		if err := s.xml.Skip(); err != nil {
			return fmt.Errorf("read camt.053: %w", err)
		}
	}
	return nil
}

func (s *statement) into(v any, t xml.StartElement) error {
	if err := s.xml.DecodeElement(v, &t); err != nil {
		return fmt.Errorf("read camt.053: %w", err)
	}
	return nil
}

func (s *statement) account(line int, t xml.StartElement) error {
	var a struct {
		Id struct {
			IBAN string
			Othr struct{ Id string }
		}
		Ccy  string
		Svcr struct {
			FinInstnId struct {
				BIC, BICFI  string
				ClrSysMmbId struct{ MmbId string }
			}
		}
	}
	if err := s.into(&a, t); err != nil {
		return err
	}
	s.Account = bankfile.Ref(cmp.Or(a.Id.IBAN, a.Id.Othr.Id))
	s.Currency = strings.ToUpper(strings.TrimSpace(a.Ccy))
	bank := a.Svcr.FinInstnId
	s.Bank = bankfile.Ref(cmp.Or(bank.BICFI, bank.BIC, bank.ClrSysMmbId.MmbId))
	if s.Account == "" {
		s.refuse(line, "Acct/Id", bankfile.Missing)
	}
	return nil
}

func (s *statement) balance(line int, t xml.StartElement) error {
	var b struct {
		Tp struct {
			CdOrPrtry struct{ Cd, Prtry string }
			SubTp     struct{ Cd, Prtry string }
		}
		Amt       amount
		CdtDbtInd string
		Dt        date
	}
	if err := s.into(&b, t); err != nil {
		return err
	}
	code := bankfile.Ref(cmp.Or(b.Tp.CdOrPrtry.Cd, b.Tp.CdOrPrtry.Prtry))
	money, ok := s.money(line, "Bal "+code, b.Amt, b.CdtDbtInd)
	if !ok {
		return nil
	}
	on, ok := day(b.Dt.text())
	if !ok {
		s.refuse(line, "Bal "+code+" Dt", bankfile.BadDate)
		return nil
	}
	s.Currency = cmp.Or(s.Currency, b.Amt.Currency)
	if b.Amt.Currency != "" && b.Amt.Currency != s.Currency {
		s.file.Differ(line, "Bal "+code, bankfile.WrongCurrency, s.Currency, bankfile.Ref(b.Amt.Currency))
	}
	balance := bankfile.Balance{Known: true, Code: code, Amount: money, On: on}
	s.Balances = append(s.Balances, balance)
	s.place(balance)
	return nil
}

// place keeps the balances that a statement begins and ends with. Previously
// closed booked is what opening booked is called where a bank gives the day
// before's.
func (s *statement) place(b bankfile.Balance) {
	switch {
	case b.Code == "OPBD" && (!s.Opening.Known || s.Opening.Code == "PRCD"):
		s.Opening = b
	case b.Code == "PRCD" && !s.Opening.Known:
		s.Opening = b
	case b.Code == "CLBD":
		s.Closing = b
	}
}

// summary is what a statement says of its entries.
type summary struct {
	line      int
	TtlNtries struct {
		NbOfNtries    string
		Sum           string
		TtlNetNtryAmt string // version 2 and 3
		CdtDbtInd     string
		TtlNetNtry    struct{ Amt, CdtDbtInd string }
	}
	TtlCdtNtries, TtlDbtNtries struct{ NbOfNtries, Sum string }
}

// end holds the statement against itself and adds it to the file.
func (s *statement) end() {
	if s.Account == "" {
		s.refuse(s.Line, "Acct", bankfile.Missing)
		return
	}
	for i := range s.Lines {
		s.From = earlier(s.From, s.Lines[i].Booked)
	}
	if s.Closing.Known {
		s.To = s.Closing.On
	}
	s.ID = bankfile.Ref(s.ID)
	s.checkSummary()
	s.file.Tie(&s.Statement)
	s.file.Statements = append(s.file.Statements, s.Statement)
}

func earlier(a, b ledger.Date) ledger.Date {
	if a.IsZero() {
		return b
	}
	return a
}

func (s *statement) checkSummary() {
	if s.summary == nil {
		return
	}
	credit, debit, credits, debits := s.Totals()
	all := s.summary.TtlNtries
	if s.Pending == 0 { // some banks count what is not booked, some do not
		s.hold("TtlNtries", all.NbOfNtries, all.Sum, credits+debits, credit.Add(debit))
		s.hold("TtlCdtNtries", s.summary.TtlCdtNtries.NbOfNtries, s.summary.TtlCdtNtries.Sum, credits, credit)
		s.hold("TtlDbtNtries", s.summary.TtlDbtNtries.NbOfNtries, s.summary.TtlDbtNtries.Sum, debits, debit)
	}
	net, indicator := cmp.Or(all.TtlNetNtry.Amt, all.TtlNetNtryAmt), cmp.Or(all.TtlNetNtry.CdtDbtInd, all.CdtDbtInd)
	if net == "" || indicator == "" {
		return
	}
	if said, ok := s.money(s.summary.line, "TtlNetNtry", amount{Text: net}, indicator); ok && said != s.Net() && s.Pending == 0 {
		s.file.Differ(s.summary.line, "TtlNetNtry", bankfile.TotalDiffers, said.String(), s.Net().String())
	}
}

func (s *statement) hold(field, count, sum string, n int, total ledger.Amount) {
	line := s.summary.line
	if said, ok := s.count(line, field, count); ok && said != n {
		s.file.Differ(line, field, bankfile.CountDiffers, strconv.Itoa(said), strconv.Itoa(n))
	}
	if strings.TrimSpace(sum) == "" {
		return
	}
	said, ok := bankfile.Decimal(strings.TrimSpace(sum), false)
	if !ok {
		s.refuse(line, field, bankfile.BadAmount)
	} else if said != total {
		s.file.Differ(line, field, bankfile.TotalDiffers, said.String(), total.String())
	}
}
