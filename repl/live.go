package repl

import (
	"context"
	"fmt"
	"strings"
	"time"

	humanize "github.com/dustin/go-humanize"

	"pktsh/completion"
	"pktsh/engine"
	"pktsh/repl/command"
	"pktsh/repl/render"
)

// This file keeps the Shell in step with the captures that are running: between
// inputs, never while one runs or is typed.

// liveCapture is what the user was told of a live capture.
type liveCapture struct {
	capture *engine.Capture
	told    engine.LiveState // the state that the user knows of
}

// SniffOptions says what Sniff captures and how it is looked at.
type SniffOptions struct {
	engine.LiveOptions
	Beginning
	// ToTheEnd waits until the capture has ended.
	ToTheEnd bool
}

// Sniff begins a capture as the command line asks for it and uses it. What is wrong is
// printed; the error only says that it failed.
func (s *Shell) Sniff(ctx context.Context, o SniffOptions) error {
	c, err := s.cfg.Session.Sniff(ctx, o.LiveOptions)
	if err == nil {
		err = s.begin(ctx, c, o.Beginning)
	}
	if err == nil {
		s.Notice(command.Capturing(c))
		if o.ToTheEnd {
			select {
			case <-c.Live().Done():
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
	}
	if err != nil {
		return s.refuse(err)
	}
	s.useFor(o.Beginning)
	if !s.cfg.Style().Interactive {
		s.interp.SetUnseen("cap")
	}
	return nil
}

// between takes in what running captures have got since the last input, and tells of
// those that have ended by themselves.
func (s *Shell) between(ctx context.Context) {
	session := s.cfg.Session
	if !s.anyLive() {
		return
	}
	if err := session.RefreshLive(ctx); err != nil && ctx.Err() == nil {
		s.warn(err.Error())
	}
	if v := s.state.View; v != nil && s.state.Packet == nil && v.Capture().Live() != nil && v.Capture().Len() > 0 {
		// It began without packets. Where the filter's answer would have to be waited
		// for, the next input finds it.
		_ = s.state.Begin(engine.WithoutWaiting(ctx))
	}
	s.pushVariables()
	s.tellEnded()
}

// anyLive says whether a capture is live, or was when that was last asked.
func (s *Shell) anyLive() bool {
	known := map[*engine.Capture]bool{}
	for _, l := range s.live {
		known[l.capture] = true
	}
	for _, c := range s.cfg.Session.Captures() {
		if l := c.Live(); l != nil && !known[c] {
			s.live = append(s.live, &liveCapture{c, l.State()})
		}
	}
	return len(s.live) > 0
}

// tellEnded tells of captures that ended since that was last done, unless a command
// ended them, and forgets those that are closed.
func (s *Shell) tellEnded() {
	kept := s.live[:0]
	for _, l := range s.live {
		if l.capture.Closed() {
			continue
		}
		kept = append(kept, l)
		state := l.capture.Live().State()
		if state == l.told {
			continue
		}
		l.told = state
		if failed := s.state.Failed(l.capture); failed != "" {
			s.warn(failed)
		} else if state == engine.LiveStopped {
			if line := s.state.Ended(l.capture); line != "" {
				s.Notice(line)
			}
		}
	}
	clear(s.live[len(kept):])
	s.live = kept
}

// warn prints a line about what went wrong beside the input.
func (s *Shell) warn(line string) {
	_ = render.New(s.cfg.Err, s.cfg.Style()).Warning(line)
}

// OfferRecovery says what sessions left that were killed while they captured.
func (s *Shell) OfferRecovery() {
	left, err := s.cfg.Session.Recoverable()
	switch {
	case err != nil:
		s.warn(err.Error())
	case len(left) == 1:
		s.Notice("a pktsh that was killed left what it had captured; recover opens it")
	case len(left) > 1:
		s.Notice(fmt.Sprintf("sessions that were killed left %d captures; recover lists them", len(left)))
	}
}

// livePrefix is what the prompt says of a capture that is running: "[lo 1,204]".
func (s *Shell) livePrefix() string {
	if s.state.View == nil {
		return ""
	}
	c := s.state.View.Capture()
	l := c.Live()
	if l == nil || l.State() == engine.LiveStopped {
		return ""
	}
	state := ""
	if l.State() == engine.LivePaused {
		state = " paused"
	}
	return "[" + render.Escape(strings.Join(l.Interfaces(), ",")) + " " + humanize.Comma(int64(c.Len())) + state + "]"
}

// interfacesFor is how long completion takes the interfaces for what they were.
const interfacesFor = 5 * time.Second

// knownInterfaces are the interfaces as completion shows them.
type knownInterfaces struct {
	at  time.Time
	all []engine.NetworkInterface
}

// interfaces are those that packets can be captured on, behind those of a list that are
// typed already: eth0,lo.
func (w sessionWords) interfaces(ctx context.Context, at completion.Context) []completion.Suggestion {
	known := &w.s.interfaces
	if time.Since(known.at) > interfacesFor {
		all, err := w.s.cfg.Session.Interfaces(ctx)
		if err != nil {
			return nil // sniff says why
		}
		*known = knownInterfaces{time.Now(), all}
	}
	typed := ""
	if i := strings.LastIndexByte(at.Value, ','); i >= 0 {
		typed = at.Value[:i+1]
	}
	var out []completion.Suggestion
	for i, n := range known.all {
		what := command.LinkState(n)
		if len(n.Addresses) > 0 {
			what = strings.Join(n.Addresses, " ") + "  " + what
		}
		out = append(out, completion.Suggestion{Text: typed + n.Name, Description: what, Rank: i})
	}
	return out
}
