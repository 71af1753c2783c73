package seglog

import (
	"container/list"
	"sync"
)

// Cache keeps records and packs that were read lately, up to a number of bytes. Several
// logs may share one. It is safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	limit int64
	bytes int64
	order *list.List // of *cached, latest use first
	found map[cacheKey]*list.Element
}

type cacheKey struct {
	log     *Log
	segment uint32
	first   uint32
}

type cached struct {
	key   cacheKey
	items *chunk
}

// NewCache is a cache that keeps at most limit bytes.
func NewCache(limit int64) *Cache {
	return &Cache{limit: limit, order: list.New(), found: map[cacheKey]*list.Element{}}
}

func (c *Cache) get(key cacheKey) *chunk {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.found[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).items
}

func (c *Cache) put(key cacheKey, items *chunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found[key] != nil {
		return
	}
	c.found[key] = c.order.PushFront(&cached{key, items})
	c.bytes += int64(items.bytes)
	for c.bytes > c.limit {
		c.remove(c.order.Back())
	}
}

func (c *Cache) remove(e *list.Element) {
	old := e.Value.(*cached)
	c.order.Remove(e)
	delete(c.found, old.key)
	c.bytes -= int64(old.items.bytes)
}

// forget drops what is kept of a segment of a log, or of all when segment is 0.
func (c *Cache) forget(l *Log, segment uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, e := range c.found {
		if key.log == l && (segment == 0 || key.segment == segment) {
			c.remove(e)
		}
	}
}
