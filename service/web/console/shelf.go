package console

import (
	"crypto/rand"
	"slices"
	"strings"
	"sync"

	"seedbook/service/fault"
)

// errGone reports an uploaded file that is no longer kept.
var errGone = fault.New(fault.NotFound, "console.files.gone")

// shelf keeps what somebody has uploaded between two pages, in memory and for
// that person only. What is lost with the process is uploaded again: nothing
// that can be uploaded twice does harm.
type shelf[T any] struct {
	mu    sync.Mutex
	items []shelved[T] // the newest last
}

type shelved[T any] struct {
	id    string
	owner owner
	item  T
}

// owner is whose an item is, and for which program.
type owner struct {
	tenant         int32
	actor, program string
}

func ownerOf(v visit) owner { return owner{v.Tenant, v.Who().Actor, v.program.Code} }

// shelfRoom bounds how many items a shelf holds, everybody's together: a roster
// may have 50 MB.
const shelfRoom = 4

// keep puts an item on the shelf and returns its number, which nobody guesses.
func (s *shelf[T]) keep(v visit, item T) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strings.ToLower(rand.Text())
	s.items = append(s.items, shelved[T]{id, ownerOf(v), item})
	if len(s.items) > shelfRoom {
		s.items = slices.Delete(s.items, 0, 1)
	}
	return id
}

// find returns the visitor's own item, or errGone.
func (s *shelf[T]) find(v visit, id string) (item T, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.items {
		if x.id == id && x.owner == ownerOf(v) {
			return x.item, nil
		}
	}
	return item, errGone
}

// take is find, and the item is then on the shelf no more.
func (s *shelf[T]) take(v visit, id string) (item T, err error) {
	if item, err = s.find(v, id); err != nil {
		return item, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = slices.DeleteFunc(s.items, func(x shelved[T]) bool { return x.id == id })
	return item, nil
}
