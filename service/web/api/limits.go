package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"seedbook/service/apikey"
	"seedbook/service/fault"
	"seedbook/service/web"
)

// The limits (reliability.md §4.9). openapi.yaml tells them to callers.
const (
	burst     = 50 // requests of a key at once
	perSecond = 10 // and then
	together  = 2  // heavy ones of a key at one time
	tries     = 60 // bad keys of a network
	triesIn   = 10 * time.Minute
)

// limits counts requests in this process. Several processes allow several times
// as much; what is dear is bounded below as well.
type limits struct {
	mu      sync.Mutex
	buckets map[apikey.ID]bucket
	heavy   map[apikey.ID]int
	bad     map[string]window
}

// bucket holds what a key may still send.
type bucket struct {
	left float64
	at   time.Time
}

// window counts a network's bad keys.
type window struct {
	began time.Time
	n     int
}

// roomy is how many keys or networks are remembered before the old are dropped.
const roomy = 10_000

// count takes a request off a key's bucket and announces what is left.
func (l *limits) count(g *gin.Context, id apikey.ID, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil || len(l.buckets) > roomy {
		l.buckets = map[apikey.ID]bucket{}
	}
	b, known := l.buckets[id]
	if !known {
		b = bucket{burst, at}
	}
	if passed := at.Sub(b.at).Seconds(); passed > 0 {
		b.left, b.at = math.Min(burst, b.left+passed*perSecond), at
	}
	within := b.left >= 1
	if within {
		b.left--
	}
	l.buckets[id] = b
	full := int(math.Ceil((burst - b.left) / perSecond))
	g.Header("RateLimit-Policy", fmt.Sprintf(`"key";q=%d;w=%d`, burst, burst/perSecond))
	g.Header("RateLimit", fmt.Sprintf(`"key";r=%d;t=%d`, int(b.left), full))
	if !within {
		return tooMany(g, 1, errRate)
	}
	return nil
}

func tooMany(g *gin.Context, seconds int, f *fault.Fault) error {
	g.Header("Retry-After", strconv.Itoa(seconds))
	return refused(http.StatusTooManyRequests, f)
}

// enter begins a heavy request; leave ends it.
func (l *limits) enter(g *gin.Context, id apikey.ID) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heavy == nil {
		l.heavy = map[apikey.ID]int{}
	}
	if l.heavy[id] >= together {
		return nil, tooMany(g, 2, errTogether)
	}
	l.heavy[id]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.heavy[id]--; l.heavy[id] == 0 {
			delete(l.heavy, id)
		}
	}, nil
}

// mayTry refuses a network that has sent many bad keys lately.
func (l *limits) mayTry(g *gin.Context, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w := l.bad[web.Network(g)]; w.n >= tries && at.Sub(w.began) < triesIn {
		return tooMany(g, int(triesIn/time.Second), errTries)
	}
	return nil
}

func (l *limits) failed(g *gin.Context, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bad == nil || len(l.bad) > roomy {
		l.bad = map[string]window{}
	}
	w := l.bad[web.Network(g)]
	if at.Sub(w.began) >= triesIn {
		w = window{began: at}
	}
	w.n++
	l.bad[web.Network(g)] = w
}
