package engine

import (
	"context"
	"math"
	"sync/atomic"
)

// unknown is the fraction of work whose length nobody knows.
func unknown() float64 { return -1 }

// atomicFraction carries how far a piece of work is from the goroutine that
// does it to the one that shows it.
type atomicFraction struct{ bits atomic.Uint64 }

func (a *atomicFraction) set(done, total int64) {
	if total > 0 {
		a.bits.Store(math.Float64bits(float64(done) / float64(total)))
	}
}

func (a *atomicFraction) get() float64 { return math.Float64frombits(a.bits.Load()) }

// hurry is the key of a context whose questions must not wait.
type hurry struct{}

// WithoutWaiting returns a context for questions that must not wait for
// Wireshark's dissectors to load: until they have, pktsh's own answer. Their
// answers are not kept. Completion asks so, because a key press cannot wait.
func WithoutWaiting(ctx context.Context) context.Context {
	return context.WithValue(ctx, hurry{}, true)
}

func hurried(ctx context.Context) bool { return ctx.Value(hurry{}) != nil }
