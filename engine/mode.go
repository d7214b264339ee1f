package engine

import (
	"errors"

	"pktsh/engine/plan"
)

// errNoSharkd answers who wants Wireshark's answers where it is not.
var errNoSharkd = errors.New("--engine wireshark needs sharkd, which is not on PATH; install Wireshark's command-line programs (Debian: apt-get install tshark) or use --engine native")

// SetMode changes who may answer. The open captures forget what was answered; their
// next answers come from whom the mode allows. No question may run meanwhile.
func (s *Session) SetMode(m plan.Mode) error {
	switch {
	case m == plan.Wireshark && s.cfg.Tools.Sharkd == "":
		return errNoSharkd
	case m == s.Mode():
		return nil
	}
	s.mu.Lock()
	s.mode.Store(uint32(m))
	clear(s.walks)
	s.mu.Unlock()
	// The fields' names may be others with the new mode.
	s.catalogue.Swap(&loadedCatalogue{ready: make(chan struct{})}).end()
	var errs []error
	for _, c := range s.Captures() {
		errs = append(errs, c.renew(func() error { return nil }))
	}
	return errors.Join(errs...)
}
