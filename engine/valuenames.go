package engine

import (
	"context"
	"sync"

	"pktsh/engine/wireshark"
)

// ValueName is a value of a field and what Wireshark calls it.
type ValueName = wireshark.ValueName

// loadedNames are the names of fields' values, read once a session.
type loadedNames struct {
	once  sync.Once
	ready chan struct{}
	value *wireshark.ValueNames
}

// ValueNames returns what the values of a field are called, the first hundred; nil
// where nothing is, without Wireshark, or when ctx is done before they are known.
// The first call reads them, which takes tshark two seconds once a version.
func (s *Session) ValueNames(ctx context.Context, field string) []ValueName {
	if !s.deepAllowed() || s.cfg.Tools.Tshark == "" {
		return nil
	}
	l := s.names
	l.once.Do(func() {
		go func() {
			defer close(l.ready)
			// Without names a value is its number, and that is all that is lost.
			l.value, _ = wireshark.LoadValueNames(s.ctx, s.cfg.Tools, s.cfg.CacheDir)
		}()
	})
	select {
	case <-l.ready:
		return l.value.Of(field)
	case <-ctx.Done():
		return nil
	}
}

// end waits until the names are read, or keeps them from being.
func (l *loadedNames) end() {
	l.once.Do(func() { close(l.ready) })
	<-l.ready
}
