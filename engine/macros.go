package engine

import (
	"maps"

	"pktsh/engine/filter"
)

// Macros returns the filters that are saved under names.
func (s *Session) Macros() filter.Macros {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.macros)
}

// SetMacros makes filters usable by name in every filter from now on: ${name}.
func (s *Session) SetMacros(m filter.Macros) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.macros = maps.Clone(m)
}

// ExpandFilter puts the texts of saved filters in the places of their names. The
// error is a *filter.Error.
func (s *Session) ExpandFilter(expr string) (string, error) { return s.Macros().Expand(expr) }
