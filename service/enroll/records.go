package enroll

import (
	"slices"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/rules"
)

// catalog gathers what is known of children by the records that say it: most
// children have one, and a record may be asked for beside the child it is of.
type catalog struct {
	children []rules.Child
	place    map[family.ChildID][]int // by record, into children
	joined   map[int]bool             // children with more records than one
	tellers  map[told]family.ChildID  // of the events of those children
}

// told is an event of a child.
type told struct {
	child int
	key   string
}

func newCatalog(ids []family.ChildID, records map[family.ChildID][]family.ChildID) catalog {
	k := catalog{make([]rules.Child, len(ids)), make(map[family.ChildID][]int, len(ids)), map[int]bool{}, map[told]family.ChildID{}}
	for i, id := range ids {
		k.children[i].ID = int64(id)
		if len(records[id]) == 0 {
			k.place[id] = append(k.place[id], i)
			continue
		}
		k.joined[i] = true
		for _, r := range records[id] {
			k.place[r] = append(k.place[r], i)
		}
	}
	return k
}

// fact adds what a record says. What two records say of one day is what was
// learned last; facts that carry no day of learning come in that order.
func (k catalog) fact(record family.ChildID, f rules.Fact) {
	for _, i := range k.place[record] {
		c := &k.children[i]
		if k.joined[i] && f.Known.IsZero() {
			c.Facts = slices.DeleteFunc(c.Facts, func(g rules.Fact) bool { return g.Name == f.Name && g.From == f.From && g.Known.IsZero() })
		}
		c.Facts = append(c.Facts, f)
	}
}

// event adds what happened. What two records tell alike of one day happened
// once; what one record tells twice happened twice.
func (k catalog) event(record family.ChildID, e rules.Event) {
	for _, i := range k.place[record] {
		c := &k.children[i]
		if k.joined[i] {
			if slices.ContainsFunc(c.Events, func(f rules.Event) bool { return k.tellers[told{i, f.Key}] != record && sameEvent(e, f) }) {
				continue
			}
			k.tellers[told{i, e.Key}] = record
		}
		c.Events = append(c.Events, e)
	}
}

// sameEvent reports what two records tell of one happening: a class, or an event
// of one kind and day that says the same.
func sameEvent(e, f rules.Event) bool {
	if e.Kind == rules.Named {
		return e.Key == f.Key
	}
	f.Key, f.Seq = e.Key, e.Seq
	return e == f
}

// wholeOf is what all records of a child say together, under the record that is
// asked for.
func wholeOf(id family.ChildID, records []family.ChildID, people map[family.ChildID]family.Child) family.Child {
	all := []family.Child{people[id]}
	for _, r := range records {
		if r != id {
			all = append(all, people[r])
		}
	}
	return family.Whole(all)
}

// participation is an enrollment as the rules need it.
type participation struct {
	ID         ID             `db:"id"`
	Child      family.ChildID `db:"child_id"`
	State      State          `db:"state"`
	EnrolledOn ledger.Date    `db:"enrolled_on"`
	EndedOn    ledger.Date    `db:"ended_on"`
	JoinedFrom State          `db:"joined_from"`
	EndedBy    string         `db:"ended_by"` // kind of the child's own event with which it ended; "": none says it
}

// stay is a time in which a child took part without a break.
type stay struct {
	participation
	from ledger.Date
}

// participate adds when children began and ended to take part. Two records that
// took part at one time took part once.
func (k catalog) participate(rows []participation) {
	of := map[int][]participation{}
	for _, r := range rows {
		for _, i := range k.place[r.Child] {
			of[i] = append(of[i], r)
		}
	}
	for i, all := range of {
		c := &k.children[i]
		for _, s := range stays(all) {
			c.Events = append(c.Events, rules.Event{Key: "enrollment/" + s.ID.Account().String(), Kind: rules.Enrolled, On: s.from})
			switch {
			case s.EndedBy != "": // the child's own event says it
			case s.State == Left:
				c.Events = append(c.Events, rules.Event{Key: "left/" + s.ID.Account().String(), Kind: rules.Left, On: s.EndedOn})
			case s.State == OptedOut:
				c.Events = append(c.Events, rules.Event{Key: "opted_out/" + s.ID.Account().String(), Kind: rules.OptedOut, On: s.EndedOn})
			}
		}
	}
}

// stays joins enrollments, the first to begin first, into stays. An enrollment
// that was still open when its record was joined goes on in the one it was
// joined to.
func stays(all []participation) (out []stay) {
	var own *participation // the one that goes on
	for i := range all {
		if all[i].State != Joined {
			own = &all[i]
		}
	}
	for _, r := range all {
		if r.State == Joined {
			if r.State = r.JoinedFrom; r.State == Enrolled && own != nil {
				r.State, r.EndedOn, r.EndedBy = own.State, own.EndedOn, own.EndedBy
			}
		}
		if n := len(out) - 1; n >= 0 && (out[n].EndedOn.IsZero() || !r.EnrolledOn.After(out[n].EndedOn)) {
			if !out[n].EndedOn.IsZero() && (r.EndedOn.IsZero() || r.EndedOn.After(out[n].EndedOn)) {
				out[n].State, out[n].EndedOn, out[n].EndedBy = r.State, r.EndedOn, r.EndedBy
			}
			continue
		}
		out = append(out, stay{r, r.EnrolledOn})
	}
	return out
}
