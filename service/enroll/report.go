package enroll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll/factfile"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/tabular"
)

// ErrFile reports a file with rows that cannot be recorded: nothing of it was.
var ErrFile = fault.New(fault.Invalid, "enroll.file")

// Reported says what became of a file of facts and events.
type Reported struct {
	Facts, Events family.Recorded
}

// Report records a file of facts and events about a program's children: all of
// it or, where a row has a problem, nothing (ErrFile, with the problems at their
// lines). Recording the same file again changes nothing. Facts count as known
// from the day of the walk.
func Report(ctx context.Context, tx *sqlx.Tx, w Walk, file *factfile.File, source string) (Reported, []tabular.Problem, error) {
	if !file.Good() {
		return Reported{}, file.Problems, ErrFile
	}
	children, err := reportedOf(ctx, tx, w, file.Reports)
	if err != nil {
		return Reported{}, nil, err
	}
	facts, events, problems := sorted(file.Reports, children, w.AsOf, source)
	if len(problems) > 0 {
		return Reported{}, problems, ErrFile
	}
	var done Reported
	if done.Facts, err = family.RecordFacts(ctx, tx, w.Who, w.Keys, facts, w.At); err == nil {
		done.Events, err = family.RecordEvents(ctx, tx, w.Who, w.Program.ID, events, w.At)
	}
	if f, ok := fault.Of(err); ok && errors.Is(err, family.ErrReferenceUsed) {
		return Reported{}, clashes(file.Reports, fmt.Sprint(f.Args["Reference"])), ErrFile
	}
	return done, nil, err
}

// Only is a file with those of its rows that a comparison found new.
func (c Compared) Only(outcome Outcome) *factfile.File {
	f := &factfile.File{}
	for _, r := range c.Rows {
		if r.Outcome == outcome {
			f.Reports = append(f.Reports, r.Report)
		}
	}
	f.Rows = len(f.Reports)
	return f
}

// With are children with what the new rows of a comparison would add.
func (c Compared) With(children []rules.Child, known ledger.Date) []rules.Child {
	at := make(map[int64]int, len(children))
	out := slices.Clone(children)
	for i := range out {
		at[out[i].ID] = i
		out[i].Facts, out[i].Events = slices.Clone(out[i].Facts), slices.Clone(out[i].Events)
	}
	for n, r := range c.Rows {
		i, ok := at[int64(r.Child)]
		switch {
		case !ok || r.Outcome != RowNew:
		case r.Fact != "":
			out[i].Facts = append(out[i].Facts, rules.Fact{Name: r.Fact, Value: r.Value, From: r.On, Known: known})
		case r.Retracts == "":
			e := ruleEvent(family.Event{Kind: r.Event, On: r.On, Amount: r.Amount, Account: r.For, Choice: r.Choice, Purpose: r.Purpose})
			e.Key, e.Seq = "event/new/"+strconv.Itoa(n), int64(1)<<60+int64(n)
			out[i].Events = append(out[i].Events, e)
		}
	}
	return out
}

// sorted tells facts from events, each of the child it is about.
func sorted(reports []factfile.Report, children []family.ChildID, known ledger.Date, source string) (facts []family.Fact, events []family.Event, problems []tabular.Problem) {
	for i, r := range reports {
		switch {
		case children[i] == 0:
			problems = append(problems, tabular.Problem{Line: r.Line, Code: factfile.NoChild, Severity: tabular.Quarantine})
		case r.Fact != "":
			facts = append(facts, family.Fact{Child: children[i], Name: r.Fact, Value: r.Value, From: r.On, Known: known, Reference: r.Reference, Source: source})
		default:
			events = append(events, family.Event{Child: children[i], Kind: r.Event, On: r.On, Amount: r.Amount, Account: r.For,
				Choice: r.Choice, Purpose: r.Purpose, Reference: r.Reference, Retracts: r.Retracts, Source: source,
				Period: r.Period, Quantity: r.Quantity, Verified: r.Verified, Document: r.Document})
		}
	}
	return facts, events, problems
}

// clashes are the rows of a reference that stands for something else.
func clashes(reports []factfile.Report, reference string) (out []tabular.Problem) {
	for _, r := range reports {
		if r.Reference == reference {
			out = append(out, tabular.Problem{Line: r.Line, Column: "reference", Code: factfile.ReferenceUsed, Severity: tabular.Quarantine})
		}
	}
	return out
}

// reportedOf finds whom each report is about, as savings finds whose a deposit
// is: a number that means two children is nobody's.
func reportedOf(ctx context.Context, q sqlx.QueryerContext, w Walk, reports []factfile.Report) ([]family.ChildID, error) {
	accounts, students := make([]savings.Account, len(reports)), make([]string, len(reports))
	for i, r := range reports {
		if account, err := savings.ParseAccount(r.Account); err == nil {
			accounts[i] = account
		}
		students[i] = cmp.Or(r.Student, r.Account)
	}
	return savings.Owners(ctx, q, w.Who, w.Keys, w.Program.ID, accounts, students)
}
