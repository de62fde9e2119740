package camt

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seedbook/service/custody/bankfile"
	"seedbook/service/fault"
)

const fixtures = "../../../../../shared/fixtures/bank"

func fixture(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func read(t *testing.T, text string) *bankfile.File {
	t.Helper()
	f, err := Read(strings.NewReader(text), bankfile.Default)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestBanksFilesGiveTheirTotals(t *testing.T) {
	var expected map[string][]struct {
		ID, IBAN, Ccy string
		Balances      map[string]string
		Entries       int
		Net           string
		Reversals     int
		Ties          bool `json:"opening_plus_net_eq_closing"`
	}
	if err := json.Unmarshal([]byte(fixture(t, "expected_camt.json")), &expected); err != nil {
		t.Fatal(err)
	}
	for name, statements := range expected {
		f := read(t, fixture(t, name))
		if len(f.Statements) != len(statements) {
			t.Fatalf("%s has %d statements", name, len(f.Statements))
		}
		for i, want := range statements {
			s := f.Statements[i]
			if s.ID != want.ID || s.Account != want.IBAN || s.Currency != want.Ccy || len(s.Lines) != want.Entries || s.Net().String() != want.Net {
				t.Errorf("%s: %+v, want %+v", name, s, want)
			}
			if len(s.Balances) != len(want.Balances) {
				t.Errorf("%s: balances %+v", name, s.Balances)
			}
			for _, b := range s.Balances {
				if said, ok := bankfile.Decimal(want.Balances[b.Code], false); !ok || said != b.Amount {
					t.Errorf("%s: %s is %s, want %s", name, b.Code, b.Amount, want.Balances[b.Code])
				}
			}
			flagged := false
			for _, d := range f.Differs {
				flagged = flagged || d.Code == bankfile.BalanceDiffers && d.Line == s.Line
			}
			if flagged == want.Ties {
				t.Errorf("%s: statement %s ties is %t, flagged is %t", name, s.ID, want.Ties, flagged)
			}
		}
	}
}

// document wraps a statement's elements in a version of the standard.
func document(version int, elements string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.%02d"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-09-01T06:00:00Z</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><Othr><Id>555</Id></Othr></Id><Ccy>USD</Ccy></Acct>
%s</Stmt></BkToCstmrStmt></Document>`, version, elements)
}

const opening = `<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-08-31</Dt></Dt></Bal>`

func closing(sum string) string {
	return `<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">` + sum + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-09-01</Dt></Dt></Bal>`
}

func TestEveryVersionsSpellingIsRead(t *testing.T) {
	v2 := `<Ntry><Amt Ccy="USD">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2026-09-01T23:30:00-05:00</DtTm></BookgDt><ValDt><Dt>2026-09-02</Dt></ValDt>
		<AcctSvcrRef>B1</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>
		<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy="USD">30.00</Amt></TxAmt></AmtDtls>
		<RltdPties><Dbtr><Nm>Ana Ruiz</Nm></Dbtr></RltdPties><RmtInf><Ustrd>00000018</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`
	v8 := strings.NewReplacer("<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>", "<Nm>Ana Ruiz</Nm>", "<Pty><Nm>Ana Ruiz</Nm></Pty>",
		"<AmtDtls><TxAmt><Amt Ccy=\"USD\">30.00</Amt></TxAmt></AmtDtls>", `<Amt Ccy="USD">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>`).Replace(v2)
	for version := 2; version <= 8; version++ {
		text := v2
		if version == 8 {
			text = v8
		}
		f := read(t, document(version, opening+closing("130.00")+text))
		if len(f.Differs) != 0 || len(f.Statements) != 1 || len(f.Statements[0].Lines) != 1 {
			t.Fatalf("version %d: %+v", version, f)
		}
		l := f.Statements[0].Lines[0]
		if l.Amount.String() != "30.00" || l.Booked.String() != "2026-09-01" || l.Value.String() != "2026-09-02" || l.Reference != "B1" ||
			l.Trace != "E1" || l.Counterparty != "Ana Ruiz" || l.Type != "PMNT/RCDT/ESCT" || l.Description != "00000018" {
			t.Errorf("version %d: %+v", version, l)
		}
	}
}

func TestBatchesChargesReversalsAndWhatIsPending(t *testing.T) {
	part := func(ref, sum string) string {
		return `<TxDtls><Refs><AcctSvcrRef>` + ref + `</AcctSvcrRef></Refs><Amt Ccy="USD">` + sum + `</Amt></TxDtls>`
	}
	batch := func(sum, n, charges, parts string) string {
		return `<Ntry><NtryRef>7</NtryRef><Amt Ccy="USD">` + sum + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-01</Dt></BookgDt><BkTxCd/>` +
			charges + `<NtryDtls><Btch><NbOfTxs>` + n + `</NbOfTxs></Btch>` + parts + `</NtryDtls></Ntry>`
	}
	charge := `<Chrgs><Rcrd><Amt Ccy="USD">0.50</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>`
	returned := `<Ntry><Amt Ccy="USD">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-01</Dt></BookgDt><AcctSvcrRef>B9</AcctSvcrRef>
		<NtryDtls><TxDtls><RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>`
	pending := `<Ntry><Amt Ccy="USD">9.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>`
	f := read(t, document(4, opening+closing("124.50")+batch("29.50", "2", charge, part("P1", "10.00")+part("P2", "20.00"))+returned+pending))
	s := f.Statements[0]
	if len(f.Differs) != 0 || len(s.Lines) != 2 || s.Pending != 1 {
		t.Fatalf("%+v", f)
	}
	if b := s.Lines[0]; b.Reference != "S1/7" || len(b.Parts) != 2 || b.Parts[1].Amount.String() != "20.00" || b.Parts[1].Reference != "P2" {
		t.Errorf("batch is %+v", b)
	}
	if r := s.Lines[1]; !r.Reversal || r.Return != "AM04" || r.Amount.String() != "-5.00" {
		t.Errorf("return is %+v", r)
	}
	f = read(t, document(4, opening+closing("130.00")+batch("30.00", "3", "", part("P1", "10.00")+part("P2", "19.00"))))
	if len(f.Differs) != 2 || f.Differs[0].Code != bankfile.CountDiffers || f.Differs[1].Code != bankfile.PartsDiffer || f.Differs[1].Found != "29.00" {
		t.Errorf("%+v", f.Differs)
	}
}

func TestSummariesAreHeldAgainstTheEntries(t *testing.T) {
	entry := `<Ntry><Amt Ccy="USD">30</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-01</Dt></BookgDt></Ntry>`
	right := `<TxsSummry><TtlNtries><NbOfNtries>1</NbOfNtries><Sum>30</Sum><TtlNetNtry><Amt>30</Amt><CdtDbtInd>CRDT</CdtDbtInd></TtlNetNtry></TtlNtries><TtlDbtNtries><NbOfNtries>0</NbOfNtries><Sum>0</Sum></TtlDbtNtries></TxsSummry>`
	if f := read(t, document(3, right+entry)); len(f.Differs) != 0 {
		t.Errorf("%+v", f.Differs)
	}
	wrong := strings.NewReplacer("<Sum>30", "<Sum>31", "<NbOfNtries>1", "<NbOfNtries>2", "<Amt>30", "<Amt>29").Replace(right)
	if f := read(t, document(3, wrong+entry)); len(f.Differs) != 3 {
		t.Errorf("%+v", f.Differs)
	}
}

func TestUnusableFilesAreRefusedWithLineAndReason(t *testing.T) {
	entry := func(old, new string) string {
		return document(2, strings.Replace(`<Ntry><Amt Ccy="USD">30.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-01</Dt></BookgDt></Ntry>`, old, new, 1))
	}
	for _, test := range []struct{ name, text, code, where string }{
		{"empty", "", bankfile.NotThis, "line 1"},
		{"not XML", "01,BANK", bankfile.NotThis, "line 1"},
		{"cut short", document(2, "")[:250], bankfile.Structure, "line 3"},
		{"a notification", strings.Replace(document(2, ""), "camt.053", "camt.054", 1), bankfile.NotThis, "line 2"},
		{"an entity", `<!DOCTYPE x [<!ENTITY a "b">]>` + document(2, ""), bankfile.Entity, "line 1"},
		{"a document type", `<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><Document/>`, bankfile.Entity, "line 1"},
		{"another encoding", `<?xml version="1.0" encoding="EBCDIC"?><Document/>`, bankfile.NotThis, "line 1"},
		{"an amount in words", entry("30.00", "thirty"), bankfile.BadAmount, "line 4"},
		{"an exponent", entry("30.00", "3e1"), bankfile.BadAmount, "line 4"},
		{"a tenth of a cent", entry("30.00", "30.001"), bankfile.BadAmount, "line 4"},
		{"a sign", entry("30.00", "-30.00"), bankfile.BadAmount, "line 4"},
		{"neither in nor out", entry("CRDT", "BOTH"), bankfile.BadCode, "line 4"},
		{"no status", entry("<Sts>BOOK</Sts>", ""), bankfile.BadCode, "line 4"},
		{"30 February", entry("2026-09-01", "2026-02-30"), bankfile.BadDate, "line 4"},
		{"no day", entry("<BookgDt><Dt>2026-09-01</Dt></BookgDt>", ""), bankfile.BadDate, "line 4"},
		{"no account", strings.Replace(document(2, ""), "<Othr><Id>555</Id></Othr>", "", 1), bankfile.Missing, "line 3"},
		{"no statement", strings.Split(document(2, ""), "<Stmt>")[0] + "</BkToCstmrStmt></Document>", bankfile.NoStatement, "line 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.text), bankfile.Default)
			f, ok := fault.Of(err)
			if !ok || !errors.Is(err, bankfile.ErrRefused) || len(f.Details) == 0 {
				t.Fatalf("error is %v", err)
			}
			if d := f.Details[0]; d.Key != test.code || d.Field != test.where {
				t.Errorf("refused for %v", d)
			}
		})
	}
	if _, err := Read(strings.NewReader(document(2, strings.Repeat(" ", 1000))), bankfile.Limits{Bytes: 500, Lines: 10}); !errors.Is(err, bankfile.ErrTooLarge) {
		t.Errorf("more bytes than the limit: %v", err)
	}
}

func TestAnEntryInAnotherCurrencyIsSetAside(t *testing.T) {
	entry := `<Ntry><Amt Ccy="EUR">30</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-01</Dt></BookgDt></Ntry>`
	f := read(t, document(3, entry))
	if len(f.Statements[0].Lines) != 0 || len(f.Quarantined) != 1 || f.Quarantined[0].Code != bankfile.WrongCurrency {
		t.Errorf("%+v", f)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fixture(f, "camt/genkgo_camt053.v2.minimal.xml"))
	f.Add(fixture(f, "camt/genkgo_camt053.v2.multi.statement.xml"))
	f.Add(document(8, opening+closing("100.00")))
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Read(strings.NewReader(text), bankfile.Limits{Bytes: 1 << 20, Lines: 10_000})
		if _, known := fault.Of(err); err != nil && !known {
			t.Fatalf("%v", err)
		}
	})
}
