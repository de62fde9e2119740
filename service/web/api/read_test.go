package api

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"

	"seedbook/ledger"
	"seedbook/service/apikey"
	"seedbook/service/family"
	"seedbook/service/forecast"
	"seedbook/service/fund"
	"seedbook/service/i18n"
)

func read(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, string(raw), resp.Header, t}
}

// someChild is the first child of the list.
func (p *partner) someChild() string {
	p.t.Helper()
	var page struct{ Data []struct{ ID string } }
	p.get("/children?limit=1&state=enrolled").into(&page)
	return page.Data[0].ID
}

func TestAPageOfChildrenLeadsToTheNext(t *testing.T) {
	t.Parallel()
	p := newOffice(t).partner("Reader")
	var ids []string
	for path := "/children?limit=7"; path != ""; {
		var page struct {
			Data []struct{ ID string }
			Next string
		}
		p.get(path).want(200, "").into(&page)
		for _, c := range page.Data {
			ids = append(ids, c.ID)
		}
		path = strings.TrimPrefix(page.Next, prefix)
	}
	if len(ids) != 40 || len(slices.Compact(slices.Clone(ids))) != 40 {
		t.Errorf("%d children in all: %v", len(ids), ids)
	}
}

func TestNamesNeedTheirScopeAndAreNoted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	plain, named := o.partner("Plain", apikey.ReadChildren), o.partner("Named", apikey.ReadChildren, apikey.ReadNames)
	id := plain.someChild()
	var c struct {
		Given   string `json:"given_name"`
		Family  string `json:"family_name"`
		Account string
		BornOn  string `json:"born_on"`
	}
	named.get("/children/"+id).want(200, "").into(&c)
	if c.Given == "" || c.Family == "" || c.Account == "" || c.BornOn == "" {
		t.Errorf("with the scope: %+v", c)
	}
	for _, path := range []string{"/children", "/children/" + id} {
		a := plain.get(path).want(200, "")
		for _, secret := range []string{c.Given, c.Family, c.Account, c.BornOn, "student"} {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s shows %q without the scope", path, secret)
			}
		}
	}
	var looks int
	o.do(func(tx *sqlx.Tx) error {
		return tx.Get(&looks, `SELECT count(*) FROM audit_events WHERE verb = 'child.viewed' AND actor LIKE 'key/%' AND subject_id = $1`, id)
	})
	if looks != 2 {
		t.Errorf("%d looks at the child are noted", looks)
	}
}

func TestBalancesAddUpAndAreTheBooks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Reader")
	id := p.someChild()
	for _, on := range []string{"", "?on=2026-03-31", "?on=2025-10-01"} {
		var b struct {
			Family, Program, Total, Coming ledger.Amount
			Lines                          []struct {
				Owner, Fund, Kind string
				Amount            ledger.Amount
			}
		}
		p.get("/children/"+id+"/balances"+on).want(200, "").into(&b)
		var own, given, coming ledger.Amount
		for _, l := range b.Lines {
			switch {
			case l.Kind == "coming":
				coming = coming.Add(l.Amount)
			case l.Owner == "family":
				own = own.Add(l.Amount)
			default:
				given = given.Add(l.Amount)
			}
		}
		if own != b.Family || given != b.Program || coming != b.Coming || own.Add(given) != b.Total {
			t.Errorf("%s: %+v", on, b)
		}
		if on == "" && given.IsZero() {
			t.Error("a year has given the child nothing")
		}
		if on == "?on=2025-10-01" && own.Sign() != 0 {
			t.Errorf("had %s before the first deposit", own)
		}
	}
}

func TestEveryAmountIsExplainedAsOnTheCommandLine(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Reader")
	id := p.someChild()
	var child family.ChildID
	if _, err := fmt.Sscan(id, &child); err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "es"} {
		p.lang = lang
		var got awards
		a := p.get("/children/"+id+"/awards").want(200, "")
		a.into(&got)
		if a.header.Get("Content-Language") != lang {
			t.Errorf("speaks %s", a.header.Get("Content-Language"))
		}
		var x forecast.Explanation
		o.do(func(tx *sqlx.Tx) (err error) {
			x, err = forecast.Explain(t.Context(), tx, o.who, o.keys, o.program, child, o.program.Day(o.clock))
			return err
		})
		told := x.Sections(i18n.For(lang))
		if len(got.Awards) != len(x.Awards) || len(got.Awards) == 0 || !slices.Equal(got.TakingPart, told[0].Lines) {
			t.Fatalf("%s: %d awards, want %d; taking part: %v", lang, len(got.Awards), len(x.Awards), got.TakingPart)
		}
		for i, one := range got.Awards {
			if one.Entitled != x.Awards[i].Entitled || !slices.Equal(one.Explanation, told[i+1].Lines) || len(one.Explanation) == 0 {
				t.Errorf("%s, %s %s: %v, want %v", lang, one.Benefit, one.Period, one.Explanation, told[i+1].Lines)
			}
		}
	}
	p.lang = "en"
	without := o.partner("Without facts", apikey.ReadChildren, apikey.ReadAwards)
	if full, less := p.get("/children/"+id+"/awards").body, without.get("/children/"+id+"/awards").want(200, "").body; len(less) >= len(full) {
		t.Error("the facts are told without their scope")
	}
}

func TestTheJournalHoldsEveryTransactionInBalance(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Auditor")
	var n int64
	var last int64
	for path := "/journal?limit=500"; path != ""; {
		var page struct {
			Data []struct {
				Transaction int64
				Entries     []struct {
					Fund   string
					Amount ledger.Amount
				}
			}
			Next string
		}
		p.get(path).want(200, "").into(&page)
		for _, tx := range page.Data {
			if n++; tx.Transaction <= last {
				t.Errorf("%d comes after %d", tx.Transaction, last)
			}
			last = tx.Transaction
			sums := map[string]ledger.Amount{}
			for _, e := range tx.Entries {
				sums[e.Fund] = sums[e.Fund].Add(e.Amount)
			}
			for fund, sum := range sums {
				if !sum.IsZero() || len(tx.Entries) < 2 {
					t.Errorf("transaction %d: fund %s sums to %s", tx.Transaction, fund, sum)
				}
			}
		}
		path = strings.TrimPrefix(page.Next, prefix)
	}
	var want int64
	o.do(func(tx *sqlx.Tx) error { return tx.Get(&want, `SELECT count(*) FROM ledger_transactions`) })
	if n != want || n == 0 {
		t.Errorf("%d transactions, want %d", n, want)
	}
	p.get(fmt.Sprintf("/journal/%d", last)).want(200, "")
	p.get(fmt.Sprintf("/journal/%d", last+1)).want(404, "api.nothing")
	p.get("/journal?from=2026-01-01&to=2026-01-31").want(200, "")
}

func TestReportsAgreeWithEachOther(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Auditor")
	var trial trialBalance
	p.get("/reports/trial-balance").want(200, "").into(&trial)
	if trial.Debit != trial.Credit || trial.Debit.IsZero() {
		t.Errorf("debit %s, credit %s", trial.Debit, trial.Credit)
	}
	var all struct{ Data []rollForward }
	p.get("/reports/roll-forward?from=2025-10-01&to=2026-10-05").want(200, "").into(&all)
	if len(all.Data) == 0 {
		t.Fatal("no fund")
	}
	for _, r := range all.Data {
		if ledger.Sum(r.Opening, r.Received, r.Awarded, r.GivenBack, r.Other) != r.Closing {
			t.Errorf("%+v", r)
		}
		var one rollForward
		p.get("/funds/"+r.Fund+"/roll-forward?from=2025-10-01&to=2026-10-05").want(200, "").into(&one)
		if one != r {
			t.Errorf("%s alone: %+v, among all: %+v", r.Fund, one, r)
		}
		var f fundState
		p.get("/funds/"+r.Fund).want(200, "").into(&f)
		if f.Available == nil || *f.Available != r.Closing {
			t.Errorf("%s can give %v, and closes at %s", r.Fund, f.Available, r.Closing)
		}
		p.checkFeed(r)
	}
	p.get("/funds/FAMILY/roll-forward").want(404, "api.nothing")
	p.get("/reports/trial-balance.csv").want(200, "")
}

// checkFeed reads a fund's feed as a spreadsheet does: each month begins where
// the one before closed, and the last closes at what the fund has.
func (p *partner) checkFeed(r rollForward) {
	p.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(p.get("/funds/"+r.Fund+"/roll-forward.csv").want(200, "").body)).ReadAll()
	if err != nil || len(rows) != 13 {
		p.t.Fatalf("%d rows, %v", len(rows), err)
	}
	opening, closing := slices.Index(rows[0], "opening"), slices.Index(rows[0], "closing")
	for i := 2; i < len(rows); i++ {
		if rows[i][opening] != rows[i-1][closing] {
			p.t.Errorf("%s: %v follows %v", r.Fund, rows[i], rows[i-1])
		}
	}
	if rows[12][closing] != r.Closing.String() {
		p.t.Errorf("%s closes at %s, want %s", r.Fund, rows[12][closing], r.Closing)
	}
}

func TestAFeedRunsNoFormula(t *testing.T) {
	t.Parallel()
	r, err := feed([]string{"name", "amount"}, [][]string{{"=HYPERLINK(\"http://evil.example\")", "-5.00"}, {"plain", "1.00"}}, 1)
	if err != nil || string(r.csv) != "name,amount\n\"'=HYPERLINK(\"\"http://evil.example\"\")\",-5.00\nplain,1.00\n" {
		t.Errorf("%q, %v", r.csv, err)
	}
}

func TestATransactionIsProvenToWhoKeptTheCheckpoint(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Auditor")
	p.get("/proofs/checkpoint").want(404, "api.unsealed")
	p.get("/proofs/transactions/1").want(404, "api.unsealed")
	private, public, err := note.GenerateKey(nil, "riverbend.example/books")
	if err != nil {
		t.Fatal(err)
	}
	signer, err1 := note.NewSigner(private)
	verifier, err2 := note.NewVerifier(public)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	o.do(func(tx *sqlx.Tx) error {
		_, err := ledger.Seal(t.Context(), tx, o.clock, signer)
		return err
	})
	trusted := note.VerifierList(verifier)
	var c checkpoint
	p.get("/proofs/checkpoint").want(200, "").into(&c)
	if _, err := ledger.OpenCheckpoint(c.Signed, trusted); err != nil {
		t.Error(err)
	}
	for _, no := range []string{"1", "7", "40"} {
		var proof ledger.Proof
		p.get("/proofs/transactions/"+no).want(200, "").into(&proof)
		if err := proof.Check(trusted); err != nil {
			t.Errorf("transaction %s: %v", no, err)
		}
		proof.Transaction = strings.Replace(proof.Transaction, "0", "1", 1)
		if proof.Check(trusted) == nil {
			t.Errorf("transaction %s: an altered text is proven", no)
		}
	}
	p.get("/proofs/transactions/999999").want(404, "api.nothing")
	o.proveToFunder(trusted)
}

// proveToFunder: a funder's key gets proofs of its receipts and of nothing that
// is a child's.
func (o *office) proveToFunder(trusted note.Verifiers) {
	o.t.Helper()
	var own fund.Fund
	o.do(func(tx *sqlx.Tx) error {
		all, err := fund.All(o.t.Context(), tx, o.program.ID)
		own = all[len(all)-1]
		return err
	})
	funder := &partner{o, o.keyOf(o.program, apikey.New{Name: "Funder", Funds: []string{own.Code}, Scopes: apikey.FunderScopes}).Token, "en"}
	var page struct {
		Data []struct {
			Transaction int64
			Kind        string
		}
	}
	funder.get("/journal?limit=500").want(200, "").into(&page)
	proven, refused := 0, 0
	for _, tx := range page.Data {
		a := funder.get(fmt.Sprintf("/proofs/transactions/%d", tx.Transaction))
		if a.status == http.StatusNotFound {
			refused++
			continue
		}
		var proof ledger.Proof
		a.want(200, "").into(&proof)
		if err := proof.Check(trusted); err != nil {
			o.t.Error(err)
		}
		if tx.Kind == "award" {
			o.t.Errorf("the award of transaction %d is proven to a funder", tx.Transaction)
		}
		proven++
	}
	if proven == 0 || refused == 0 {
		o.t.Errorf("%d proven, %d not, of %d", proven, refused, len(page.Data))
	}
}
