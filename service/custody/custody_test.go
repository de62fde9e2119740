package custody

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/custody/bankfile"
	"seedbook/service/fault"
)

func (w *world) position(t *testing.T, on string) (p Position) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		all, err := Positions(ctx, tx, w.program.ID, day(on))
		if err == nil && len(all) != 1 {
			err = fmt.Errorf("%d positions", len(all))
		}
		if err == nil {
			p = all[0]
		}
		return err
	})
	return p
}

func (w *world) gaps(t *testing.T) (gaps []Gap) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		gaps, err = Gaps(ctx, tx, w.program.ID)
		return err
	})
	return gaps
}

var (
	monday    = statement(account, "2026-09-07", 100_00, movement{25_00, "R1", "PAYROLL"}, movement{10_00, "", "LOBBY"}, movement{10_00, "", "LOBBY"})
	tuesday   = statement(account, "2026-09-08", 145_00, movement{-30_00, "R2", "CHECK 7"})
	wednesday = statement(account, "2026-09-09", 115_00, movement{5_00, "R1", "ANOTHER DAY, ONE REFERENCE"})
)

func TestALineIsTakenInOnceHoweverItComes(t *testing.T) {
	w := newWorld(t)
	if in := w.taken(t, monday); in.State != Booked || in.New != 3 || in.Lines != 3 || in.Repeated {
		t.Fatalf("%+v", in)
	}
	if in := w.taken(t, monday); !in.Repeated || in.New != 3 {
		t.Errorf("the same file again: %+v", in)
	}
	if in := w.taken(t, strings.Replace(monday, "0600,1,", "0700,2,", 1)); in.Repeated || in.New != 0 || in.Lines != 3 {
		t.Errorf("the same lines in another file: %+v", in)
	}
	if in := w.taken(t, wednesday); in.New != 1 {
		t.Errorf("a reference of an earlier day: %+v", in)
	}
	if p := w.position(t, "2026-09-07"); p.Balance().String() != "145.00" || p.Lines != 3 {
		t.Errorf("%+v", p)
	}
}

func TestStatementsFollowFromEachOtherInWhateverOrderTheyCome(t *testing.T) {
	w := newWorld(t)
	w.taken(t, monday)
	w.taken(t, wednesday)
	gaps := w.gaps(t)
	if len(gaps) != 1 || gaps[0].Said.String() != "120.00" || gaps[0].Found.String() != "150.00" || gaps[0].Day != day("2026-09-09") || gaps[0].After != day("2026-09-07") {
		t.Fatalf("a missing day: %+v", gaps)
	}
	w.taken(t, tuesday)
	if gaps := w.gaps(t); len(gaps) != 0 {
		t.Errorf("the day came late, and still: %+v", gaps)
	}
	if p := w.position(t, "2026-09-30"); p.Balance().String() != "120.00" || p.Stated != day("2026-09-09") {
		t.Errorf("%+v", p)
	}
}

func TestMoneyOfALaterValueDateIsInTransit(t *testing.T) {
	w := newWorld(t)
	w.taken(t, strings.Replace(monday, "16,165,2500,V,260907", "16,165,2500,V,260908", 1))
	if p := w.position(t, "2026-09-07"); p.Transit.String() != "25.00" || p.Available().String() != "120.00" || p.Balance().String() != "145.00" {
		t.Errorf("%+v", p)
	}
	if p := w.position(t, "2026-09-08"); !p.Transit.IsZero() {
		t.Errorf("the day after: %+v", p)
	}
}

func TestAFileThatContradictsItselfWaitsForASecondPerson(t *testing.T) {
	w := newWorld(t)
	wrong := strings.Replace(monday, "16,165,2500", "16,165,2600", 1)
	in := w.taken(t, wrong)
	if in.State != Held || len(in.Differs) != 4 || in.New != 0 {
		t.Fatalf("%+v", in)
	}
	if p := w.position(t, "2026-09-07"); p.Lines != 0 {
		t.Errorf("lines of a held file are in: %+v", p)
	}
	if _, err := Release(t.Context(), w.db, w.who, w.keys, w.program, in.File, "the bank says so", w.at); !errors.Is(err, ErrSamePerson) {
		t.Errorf("its bringer lets it in: %v", err)
	}
	other := w.who
	other.Actor = "staff/2"
	if _, err := Release(t.Context(), w.db, other, w.keys, w.program, in.File, "  ", w.at); !errors.Is(err, ErrReason) {
		t.Errorf("without a reason: %v", err)
	}
	for range 2 {
		if got, err := Release(t.Context(), w.db, other, w.keys, w.program, in.File, "the bank says so", w.at); err != nil || got.State != Booked || got.New != 3 {
			t.Fatalf("%+v %v", got, err)
		}
	}
	if p := w.position(t, "2026-09-07"); p.Lines != 3 {
		t.Errorf("%+v", p)
	}
}

func TestEveryFileIsKeptAsItCameAndSealed(t *testing.T) {
	w := newWorld(t)
	in := w.taken(t, monday)
	cut := monday[:len(monday)-20]
	refused, err := w.take(t, `C:\bank\cut.txt`, cut)
	if f, ok := fault.Of(err); !ok || !errors.Is(err, bankfile.ErrRefused) || len(f.Details) == 0 {
		t.Fatalf("%v", err)
	}
	if refused.State != Refused || len(refused.Problems.Refused) == 0 || refused.Problems.Refused[0].Line == 0 {
		t.Errorf("%+v", refused)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		for id, want := range map[FileID]string{in.File: monday, refused.File: cut} {
			f, data, err := Original(ctx, tx, w.who, w.keys, w.program, id, w.at)
			if err != nil || string(data) != want {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
		all, err := Files(ctx, tx, w.program.ID, 0, 10)
		if err != nil || len(all) != 2 || all[0].Name != "cut.txt" || all[1].Counts.New != 3 {
			t.Errorf("%+v %v", all, err)
		}
		var leaks int
		const query = `SELECT (SELECT count(*) FROM bank_files WHERE position(convert_to('PAYROLL', 'UTF8') IN sealed) > 0)
			+ (SELECT count(*) FROM bank_lines WHERE position(convert_to('PAYROLL', 'UTF8') IN sealed) > 0)
			+ (SELECT count(*) FROM custodian_accounts WHERE position(convert_to('12345678', 'UTF8') IN number_sealed) > 0 OR ends LIKE '%1234%')`
		if err := tx.GetContext(ctx, &leaks, query); err != nil || leaks != 0 {
			t.Errorf("%d rows can be read without the key, %v", leaks, err)
		}
		return nil
	})
}

func TestLinesThatAreNotOursOrNotYetAreSetAside(t *testing.T) {
	w := newWorld(t)
	in := w.taken(t, statement("999", "2026-09-07", 0, movement{1_00, "X", "OTHER ACCOUNT"}))
	if in.New != 0 || len(in.Quarantined) != 1 || in.Quarantined[0].Code != unknownAccount {
		t.Errorf("another account: %+v", in)
	}
	in = w.taken(t, statement(account, "2026-10-07", 0, movement{1_00, "X", "TOMORROW"}))
	if in.New != 0 || len(in.Quarantined) != 1 || in.Quarantined[0].Code != future {
		t.Errorf("a day to come: %+v", in)
	}
	in = w.taken(t, strings.Replace(statement(account, "2026-09-07", 0, movement{1_00, "X", "EUROS"}), ",USD,010", ",EUR,010", 1))
	if in.New != 0 || len(in.Quarantined) != 1 || in.Quarantined[0].Code != bankfile.WrongCurrency {
		t.Errorf("another currency: %+v", in)
	}
	in = w.taken(t, strings.Replace(statement(account, "2026-09-07", 0, movement{1_00, "X", "INTRADAY"}), ",USD,2/", ",USD,3/", 1))
	if in.New != 0 || in.Interim != 1 {
		t.Errorf("a day that goes on: %+v", in)
	}
}

// download is an OFX file of lines "fitid day amount".
func download(lines ...string) string {
	var b strings.Builder
	b.WriteString("OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><ACCTID>12345678</BANKACCTFROM><BANKTRANLIST>\n")
	for _, l := range lines {
		f := strings.Fields(l)
		fmt.Fprintf(&b, "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>%s<TRNAMT>%s<FITID>%s<NAME>Ana</STMTTRN>\n", strings.ReplaceAll(f[1], "-", ""), f[2], f[0])
	}
	return b.String() + "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
}

func TestDownloadsMayOverlapAndMayNotContradict(t *testing.T) {
	w := newWorld(t)
	if in := w.taken(t, download("A 2026-09-01 5.00", "B 2026-09-02 6.00")); in.New != 2 {
		t.Fatalf("%+v", in)
	}
	in := w.taken(t, download("B 2026-09-02 6.00", "C 2026-09-03 7.00", "A 2026-09-01 5.01"))
	if in.New != 1 || in.Lines != 2 || len(in.Quarantined) != 1 || in.Quarantined[0].Code != otherContent || in.Quarantined[0].Field != "A" {
		t.Errorf("%+v", in)
	}
	csv := "Date,Amount,Ref\n2026-09-05,1.00,Z\n"
	if in := w.taken(t, csv); in.Format != bankfile.CSV || in.New != 1 {
		t.Errorf("%+v", in)
	}
}

func TestReturnsAndCorrectionsAreTakenInOnce(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"return-WEB", "cor-example"} {
		raw, err := os.ReadFile("../../../shared/fixtures/bank/ach/" + name + ".ach")
		if err != nil {
			t.Fatal(err)
		}
		in := w.taken(t, string(raw))
		if in.State != Booked || in.NewReturns != in.Returns+in.Changes || in.NewReturns == 0 {
			t.Errorf("%s: %+v", name, in)
		}
		if in := w.taken(t, string(raw)+"\n"); in.Repeated || in.NewReturns != 0 {
			t.Errorf("%s again: %+v", name, in)
		}
	}
}

func TestAFileInAFormatThatWasNotAgreedIsNotKept(t *testing.T) {
	w := newWorld(t)
	w.bank = w.add(t, Custodian{Code: "second", Name: "Second", Kind: Omnibus, CutOff: "12:00", Accounts: []Account{{Number: "55", Currency: "USD"}},
		Files: []FileKind{{Gives: true, Format: "bai2", Expected: "business_day"}}})
	if _, err := w.take(t, "x.ofx", download("A 2026-09-01 5.00")); !errors.Is(err, ErrFormat) {
		t.Errorf("%v", err)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		all, err := Files(ctx, tx, w.program.ID, 0, 10)
		if len(all) != 0 {
			t.Errorf("%+v", all)
		}
		return err
	})
}

func TestFilesThatComeTogetherAreTakenInOnce(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for i := range 6 {
		group.Add(1)
		go func() {
			defer group.Done()
			in, err := w.take(t, "x", strings.Replace(monday, "0600,1,", fmt.Sprintf("0600,%d,", i/2), 1))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !in.Repeated {
				fresh += in.New
			}
		}()
	}
	group.Wait()
	if fresh != 3 {
		t.Errorf("%d lines were new", fresh)
	}
}

func TestACustodianThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	good := Custodian{Code: "x", Name: "X", Kind: Omnibus, CutOff: "17:00", Accounts: []Account{{Number: "77", Currency: "USD"}}}
	for name, change := range map[string]func(*Custodian){
		"code": func(c *Custodian) { c.Code = "Not a code" }, "name": func(c *Custodian) { c.Name = " " }, "kind": func(c *Custodian) { c.Kind = "cave" },
		"cut_off": func(c *Custodian) { c.CutOff = "5pm" }, "value_days": func(c *Custodian) { c.ValueDays = 11 },
		"account": func(c *Custodian) { c.Accounts = []Account{{Currency: "USD"}} }, "currency": func(c *Custodian) { c.Accounts = []Account{{Number: "7", Currency: "usd"}} },
		"format":  func(c *Custodian) { c.Files = []FileKind{{Gives: true, Format: "fax", Expected: "month"}} },
		"profile": func(c *Custodian) { c.Files = []FileKind{{Gives: true, Format: "csv", Expected: "month"}} },
	} {
		c := good
		change(&c)
		err := w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := Add(ctx, tx, w.who, w.keys, w.program, c, w.at)
			return err
		})
		if f, ok := fault.Of(err); !ok || !errors.Is(err, ErrField) || f.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
		c := good
		c.Code = "first"
		_, err := Add(ctx, tx, w.who, w.keys, w.program, c, w.at)
		return err
	})
	if !errors.Is(err, ErrCodeTaken) {
		t.Errorf("a second of one code: %v", err)
	}
}

func TestBanksKeepTheFederalReservesDays(t *testing.T) {
	closed := []string{"2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-09-07", "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25", "2027-07-05"}
	for _, d := range closed {
		if !FederalHoliday(day(d)) {
			t.Errorf("%s is a business day", d)
		}
	}
	n := 0
	for d := day("2026-01-01"); d.Year() == 2026; d = d.AddDays(1) {
		if w := d.Time().Weekday(); w != time.Saturday && w != time.Sunday && FederalHoliday(d) {
			n++
		}
	}
	if n != 10 { // 4 July 2026 is a Saturday: the Friday before is worked
		t.Errorf("2026 has %d weekdays off", n)
	}
	c := Calendar{Federal: true, Closed: map[ledger.Date]bool{day("2026-09-08"): true}}
	if got := c.Next(day("2026-09-04")); got != day("2026-09-09") {
		t.Errorf("behind Labor Day and the bank's own day comes %s", got)
	}
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{"2026-09-03T21:59:00Z": "2026-09-03", "2026-09-03T22:01:00Z": "2026-09-04", "2026-09-05T15:00:00Z": "2026-09-09"} {
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Counts(instant, chicago, "17:00"); got != day(want) {
			t.Errorf("%s counts for %s, want %s", at, got, want)
		}
	}
	bank := Custodian{Federal: true, Files: []FileKind{{Gives: true, Format: "bai2", Expected: "business_day"}}}
	if n := Missing(bank, day("2026-09-03"), day("2026-09-10")); n != 3 {
		t.Errorf("%d files are missing", n)
	}
	if n := Missing(bank, day("2026-09-09"), day("2026-09-10")); n != 0 {
		t.Errorf("%d files are missing", n)
	}
}

func TestADaysLinesOfALargeCityAreTakenInWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	w := newWorld(t)
	moves := make([]movement, 40_000)
	for i := range moves {
		moves[i] = movement{int64(i%500 + 1), fmt.Sprintf("REF%08d", i), "DEPOSIT 00000018"}
	}
	text := statement(account, "2026-09-07", 0, moves...)
	began := time.Now()
	in := w.taken(t, text)
	took := time.Since(began)
	if in.New != len(moves) {
		t.Fatalf("%+v", in)
	}
	t.Logf("%d lines in %s: %.0f a second", in.New, took, float64(in.New)/took.Seconds())
}
