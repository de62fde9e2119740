package console

import (
	"context"
	"strconv"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// openRecords reads which records the child has, and which may be further ones.
func (f *childFile) openRecords(ctx context.Context, q sqlx.QueryerContext, v visit) error {
	ids := []family.ChildID{f.Child}
	records, err := family.Records(ctx, q, ids)
	if err != nil {
		return err
	}
	if f.joins, err = family.JoinsOf(ctx, q, family.WithRecords(ids, records)); err != nil {
		return err
	}
	holders, err := enroll.Holders(ctx, q, v.program.ID, ids)
	if err != nil {
		return err
	}
	if f.accounts, err = enroll.Accounts(ctx, q, v.program.ID, family.WithRecords(ids, records)); err != nil {
		return err
	}
	f.holder = holders[f.Child]
	pairs, err := duplicate.Of(ctx, q, f.Child)
	f.pairs = len(pairs)
	return err
}

// records are the numbers of the child's records with an account.
func (f *childFile) records() (out []int64) {
	for id := range f.accounts {
		out = append(out, int64(id))
	}
	return out
}

// recordLines are the accounts of a child who has several.
func (f *childFile) recordLines(v visit) (out []string) {
	for _, j := range f.joins {
		if no, known := f.accounts[j.Absorbed]; known && j.State == family.JoinDone {
			out = append(out, v.words.T("duplicate.page.also", map[string]any{"account": no.String()}))
		}
	}
	return out
}

// joinLines is how the child's records were joined and parted, each join that
// holds with the way to part it.
func (f *childFile) joinLines(v visit) (out []pages.JoinLine) {
	for _, j := range f.joins {
		if j.State == family.JoinRefused || j.State == family.JoinProposed {
			continue
		}
		zone := v.at.Location()
		line := pages.JoinLine{Text: v.words.T("duplicate.page.joined_by", map[string]any{
			"by": actor(v, j.ProposedBy), "second": actor(v, j.DecidedBy), "at": j.DecidedAt.In(zone), "why": j.Why})}
		switch {
		case j.State == family.JoinParted:
			line.Then = v.words.T("duplicate.page.parted_by", map[string]any{"by": actor(v, j.PartedBy), "at": j.PartedAt.In(zone), "why": j.PartedWhy})
		case v.May(auth.ChangeChildren):
			line.Part = parts.Link{Text: v.words.T("duplicate.page.part"), To: childPath(v, f.Child) + "/records/" + strconv.FormatInt(int64(j.ID), 10)}
		}
		out = append(out, line)
	}
	return out
}

// pairsLink leads to the pairs in which the child may be on record twice.
func (f *childFile) pairsLink(v visit) parts.Link {
	if f.pairs == 0 {
		return parts.Link{}
	}
	return parts.Link{Text: v.words.N("duplicate.page.may_be", f.pairs), To: v.base() + "/duplicates"}
}
