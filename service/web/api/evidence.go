package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/enroll/factfile"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/tabular"
)

// maxEvidence is how many reports one request brings at most.
const maxEvidence = 10_000

// evidenceFields are the fields of a report, each under the name that files of
// facts have for it. child is a number of ours, and becomes an account.
var evidenceFields = []struct{ field, column string }{
	{"reference", "reference"}, {"account", "account"}, {"student", "student"}, {"fact", "fact"}, {"event", "event"}, {"value", "value"},
	{"from", "from"}, {"on", "on"}, {"amount", "amount"}, {"about", "about account"}, {"choice", "choice"}, {"purpose", "purpose"}, {"retracts", "retracts"},
}

type recorded struct {
	New      int `json:"new"`
	Repeated int `json:"repeated"`
}

type evidenceRecorded struct {
	Facts  recorded `json:"facts"`
	Events recorded `json:"events"`
}

// postEvidence records facts and events: what a file of facts would, read and
// checked by the same code.
func (a *API) postEvidence(g *gin.Context, c call) (reply, error) {
	in, body, err := readBody(g)
	if err != nil {
		return reply{}, err
	}
	items := body.list("evidence", maxEvidence)
	body.end()
	rows, children := make([][]string, len(items)), make([]string, len(items))
	for i, item := range items {
		rows[i], children[i] = readEvidence(item)
	}
	if err := in.err(); err != nil {
		return reply{}, err
	}
	var done enroll.Reported
	var problems []tabular.Problem
	ctx := g.Request.Context()
	err = a.DB.InTx(ctx, c.Who(), func(tx *sqlx.Tx) error {
		if err := nameChildren(ctx, tx, c, items, rows, children); err != nil {
			return err
		}
		if err := in.err(); err != nil {
			return err
		}
		done, problems, err = a.report(ctx, tx, c, rows)
		return err
	})
	if errors.Is(err, enroll.ErrFile) {
		return reply{}, errEvidence.Among(placed(problems)...)
	}
	if err != nil {
		return reply{}, err
	}
	return ok(evidenceRecorded{recorded{done.Facts.New, done.Facts.Repeated}, recorded{done.Events.New, done.Events.Repeated}})
}

// readEvidence reads a report as the row of a file that it would be, and the
// child's number where that names the child.
func readEvidence(o object) (row []string, child string) {
	child = o.text("child")
	named := 0
	if child != "" {
		named++
	}
	for _, f := range evidenceFields {
		s, _ := o.optional(f.field, f.field == "amount" || f.field == "value")
		row = append(row, s)
		if s != "" && (f.field == "account" || f.field == "student") {
			named++
		}
	}
	if named != 1 {
		o.wrong("child", errOneOf.With(map[string]any{"fields": "child, account, student"}))
	}
	o.end()
	return row, child
}

// nameChildren writes the account numbers of children who are named by ours.
func nameChildren(ctx context.Context, q sqlx.QueryerContext, c call, items []object, rows [][]string, children []string) error {
	var wanted []family.ChildID
	for _, child := range children {
		if child != "" {
			wanted = append(wanted, childNumber(child))
		}
	}
	accounts, err := enroll.Accounts(ctx, q, c.Program.ID, wanted)
	if err != nil {
		return err
	}
	column := slices.IndexFunc(evidenceFields, func(f struct{ field, column string }) bool { return f.field == "account" })
	for i, child := range children {
		if child == "" {
			continue
		}
		account, known := accounts[childNumber(child)]
		if !known {
			items[i].wrong("child", asInvalid(enroll.ErrNone))
			continue
		}
		rows[i][column] = account.String()
	}
	return nil
}

// report reads the rows as a file of facts and records it.
func (a *API) report(ctx context.Context, tx *sqlx.Tx, c call, rows [][]string) (enroll.Reported, []tabular.Problem, error) {
	today := c.today()
	book, err := program.RulesOn(ctx, tx, c.Program.ID, today)
	if err != nil {
		return enroll.Reported{}, nil, err
	}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	header := make([]string, len(evidenceFields))
	for i, f := range evidenceFields {
		header[i] = f.column
	}
	if err := w.WriteAll(append([][]string{header}, rows...)); err != nil {
		return enroll.Reported{}, nil, fmt.Errorf("lay out evidence: %w", err)
	}
	file, err := factfile.Read("evidence.csv", &text, factfile.Options{Book: book, AsOf: today, DateFormat: tabular.DateFormats[0]})
	if err != nil {
		return enroll.Reported{}, nil, err
	}
	walk := enroll.Walk{Who: c.Who(), Keys: a.Keys, Program: c.Program, Rules: book, AsOf: today, At: c.at}
	return enroll.Report(ctx, tx, walk, file, c.Actor())
}

// placed are the problems of a file at the fields that were sent: the first
// report is the file's second line.
func placed(problems []tabular.Problem) (out []*fault.Fault) {
	for _, p := range problems {
		if p.Severity == tabular.Note {
			continue
		}
		name := "reference"
		for _, f := range evidenceFields {
			if f.column == p.Column {
				name = f.field
			}
		}
		at := fmt.Sprintf("evidence[%d].%s", p.Line-2, name)
		out = append(out, fault.New(fault.Invalid, p.Code).With(p.Args()).At(at))
		if len(out) == maxErrors {
			break
		}
	}
	return out
}
