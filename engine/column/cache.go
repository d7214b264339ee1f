package column

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Sized is what a [Cache] keeps.
type Sized interface {
	// Size is how many bytes it takes. It may grow.
	Size() int64
}

// Cache keeps columns and strips by name, those used last, as many as a limit in
// bytes allows. It is safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	limit int64
	kept  *simplelru.LRU[string, Sized]
	used  int64 // as of the last time that sizes were looked at
}

// NewCache returns an empty cache that holds at most limit bytes.
func NewCache(limit int64) *Cache {
	// The bound is bytes, not a number of names.
	kept, _ := simplelru.NewLRU[string, Sized](1<<31-1, nil) // it refuses only sizes below one
	return &Cache{limit: limit, kept: kept}
}

// Get returns what is kept under a name.
func (c *Cache) Get(name string) (Sized, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Get(name)
}

// Holds says whether v is what is kept under a name. It does not count as use.
func (c *Cache) Holds(name string, v Sized) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, ok := c.kept.Peek(name)
	return ok && kept == v
}

// Contains says whether something is kept under a name. It does not count as use.
func (c *Cache) Contains(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept.Contains(name)
}

// Add keeps something under a name and drops what was used longest ago until the
// rest fits. It says whether the added thing is kept: alone it may be too large.
func (c *Cache) Add(name string, v Sized) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept.Add(name, v)
	c.fit()
	return c.kept.Contains(name)
}

// Fit looks at the sizes anew and drops what does not fit any more.
func (c *Cache) Fit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fit()
}

func (c *Cache) fit() {
	c.used = 0
	for _, v := range c.kept.Values() {
		c.used += v.Size()
	}
	for c.used > c.limit {
		_, v, ok := c.kept.RemoveOldest()
		if !ok {
			return
		}
		c.used -= v.Size()
	}
}

// Purge drops everything.
func (c *Cache) Purge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept.Purge()
	c.used = 0
}

// Used is how many bytes what is kept took when something was last added, Limit the
// most that it may.
func (c *Cache) Used() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// Limit is the most bytes that the cache keeps.
func (c *Cache) Limit() int64 { return c.limit }
