package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file is what there is to set: Wireshark's preferences, as settings commands
// and completion list them.

// Preference is one of Wireshark's preferences.
type Preference = wireshark.Preference

// loadedPreferences are Wireshark's preferences, asked for once.
type loadedPreferences struct {
	mu    sync.Mutex
	ready chan struct{} // nil until asked for; closed when there is an answer
	list  []Preference
	err   error
}

// errNoSettings answers who asks for settings of Wireshark's where it is not.
var errNoSettings = errors.New("preferences, decode-as rules, protocols and keys are Wireshark's: there are none without it")

// Configurable returns nil where settings of Wireshark's have an effect, and
// otherwise why they have none.
func (s *Session) Configurable() error {
	if !s.deepAllowed() || s.cfg.Tools.Tshark == "" {
		if s.Mode() == plan.Native {
			return errors.New(errNoSettings.Error() + " (leave out --engine native)")
		}
		return errors.New(errNoSettings.Error() + " (install tshark and sharkd)")
	}
	return nil
}

// Preferences lists Wireshark's preferences by name. The first call takes some 0.3 s.
func (s *Session) Preferences(ctx context.Context) ([]Preference, error) {
	if err := s.Configurable(); err != nil {
		return nil, err
	}
	p := &s.preferences
	defer s.wait("reading Wireshark's preferences", unknown)()
	select {
	case <-p.begin(s):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		p.ready = nil // it is asked again
	}
	return p.list, p.err
}

// KnownPreferences is Preferences where they are known already; it never waits.
// The first call begins to ask.
func (s *Session) KnownPreferences() []Preference {
	if s.Configurable() != nil {
		return nil
	}
	p := &s.preferences
	select {
	case <-p.begin(s):
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.list
	default:
		return nil
	}
}

// begin asks in the background unless that was done, and returns what is closed
// when there is an answer.
func (p *loadedPreferences) begin(s *Session) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready != nil {
		return p.ready
	}
	ready := make(chan struct{})
	p.ready = ready
	go func() {
		list, err := s.cfg.Tools.Preferences(s.ctx)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.list, p.err = list, err
		close(ready)
	}()
	return ready
}

// wait waits until nobody asks any more.
func (p *loadedPreferences) wait() {
	p.mu.Lock()
	ready := p.ready
	p.mu.Unlock()
	if ready != nil {
		<-ready
	}
}

// Protocol is one of Wireshark's protocols.
type Protocol = wireshark.Protocol

// Protocols lists Wireshark's protocols by their filter names. It takes some 0.3 s.
func (s *Session) Protocols(ctx context.Context) ([]Protocol, error) {
	if err := s.Configurable(); err != nil {
		return nil, err
	}
	defer s.wait("reading Wireshark's protocols", unknown)()
	return s.cfg.Tools.Protocols(ctx)
}

// Again returns the same packets as a view that has answered nothing yet: what
// shows a View knows by that that the capture was reconfigured.
func (v *View) Again() *View {
	v.mu.Lock()
	defer v.mu.Unlock()
	again := &View{capture: v.capture, base: v.base, filter: v.filter}
	if v.filter == "" {
		again.frames, again.shed = v.frames, v.shed // a slice is the packets that it was made of
	}
	return again
}

// processStart is about how long sharkd takes to its first reply.
const processStart = 300 * time.Millisecond

// Cost is about how long the next answer on every packet takes when the dissectors
// have to start: a forecast for a person.
func (c *Capture) Cost() time.Duration {
	facts := plan.FilterFacts{Mode: c.session.Mode(), Deep: plan.Loading, Packets: c.size}
	return processStart + plan.ChooseFilter(facts).Expect
}
