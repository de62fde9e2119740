package auth

import (
	"bytes"
	"crypto/sha256"
	"sort"
	"sync"
)

// Of each breached password the list keeps so many bytes of its SHA-256, and
// none that is shorter than so many letters.
const (
	breachedWidth    = 5
	breachedShortest = 8
)

var breachedList = sync.OnceValue(func() []byte { return wordFile("built/breached") })

// Breached returns how many passwords of past breaches are known and refused. 0:
// the list was not made when the program was built.
func Breached() int { return len(breachedList()) / breachedWidth }

// breached reports whether a folded password is in the list.
func breached(folded string) bool {
	list, sum := breachedList(), sha256.Sum256([]byte(folded))
	at := func(i int) []byte { return list[i*breachedWidth : (i+1)*breachedWidth] }
	n := len(list) / breachedWidth
	i := sort.Search(n, func(i int) bool { return bytes.Compare(at(i), sum[:breachedWidth]) >= 0 })
	return i < n && bytes.Equal(at(i), sum[:breachedWidth])
}

// breachedAndLittle reports that a password is a breached one with little around
// it but the person's own words. One breached word among several others is none:
// a list of a million holds most words there are.
func breachedAndLittle(folded string, own []string) bool {
	if Breached() == 0 {
		return false
	}
	letters := []rune(folded)
	for from := range letters {
		for to := len(letters); to-from >= breachedShortest; to-- {
			rest := string(letters[:from]) + string(letters[to:])
			if little(rest, own) && breached(string(letters[from:to])) {
				return true
			}
		}
	}
	return false
}
