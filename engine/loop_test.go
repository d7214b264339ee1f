package engine_test

import (
	"context"
	"strings"
	"testing"

	"pktsh/engine"
	"pktsh/engine/plan"
)

// deepSession is a session whose field names are loaded.
func deepSession(t *testing.T, cfg engine.Config) *engine.Session {
	t.Helper()
	cfg.Tools, cfg.CacheDir = tools(t), t.TempDir()
	s := engine.NewSession(cfg)
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.WaitCatalogue(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLoopAsksColumns is a loop over packets: the first ask trees, the others columns,
// which were loaded with the fields that were expected.
func TestLoopAsksColumns(t *testing.T) {
	c := browsed(t, deepSession(t, engine.Config{}), browse)
	c.Expect("http", []string{"http.host"})
	told, names := 0, map[string]bool{}
	for frame := uint32(1); frame <= uint32(c.Len()); frame++ {
		p := packet(t, c, frame)
		n, sure := p.Header(t.Context(), "http")
		if !sure {
			continue
		}
		if told++; n == 0 {
			continue
		}
		text, found, sure := p.HeaderField(t.Context(), "http.host")
		tree, err := packet(t, c, frame).Tree(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := tree.Values("http.host")
		if !sure || found != (len(want) > 0) || found && text != want[0].Show {
			t.Errorf("frame %d: got %q, found %v, sure %v, want %d values", frame, text, found, sure, len(want))
		}
		if found {
			names[text] = true
		}
	}
	if told < c.Len()-3 || len(names) == 0 {
		t.Errorf("columns told of %d of %d packets and of the names %v, want all but the first", told, c.Len(), names)
	}
	if used, limit := c.ColumnMemory(); used == 0 || used > limit {
		t.Errorf("columns take %d bytes, want some, and at most %d", used, limit)
	}
}

// TestLoopInterrupted asks with a context that has ended: nothing is told, and the
// next question is answered.
func TestLoopInterrupted(t *testing.T) {
	c := browsed(t, deepSession(t, engine.Config{}), browse)
	if _, err := packet(t, c, 1).Tree(t.Context()); err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for frame := uint32(1); frame <= 8; frame++ {
		if n, sure := packet(t, c, frame).Header(over, "ntp"); sure {
			t.Errorf("frame %d: got %d layers from an interrupted question", frame, n)
		}
	}
	if n, sure := packet(t, c, 8).Header(t.Context(), "ntp"); !sure || n != 0 {
		t.Errorf("after the interrupt: got %d layers, sure %v, want 0, true", n, sure)
	}
}

// TestColumnsBounded is a limit that no column fits under: trees answer.
func TestColumnsBounded(t *testing.T) {
	c := browsed(t, deepSession(t, engine.Config{ColumnMemory: 4}), browse)
	for frame := uint32(1); frame <= 10; frame++ {
		if _, sure := packet(t, c, frame).Header(t.Context(), "ntp"); sure {
			t.Errorf("frame %d: told by a column, for which there is no memory", frame)
		}
	}
	if used, limit := c.ColumnMemory(); used > limit {
		t.Errorf("columns take %d bytes, more than %d", used, limit)
	}
}

// TestDissectorMemory is sharkd over its limit: the error says so, and the session
// goes on.
func TestDissectorMemory(t *testing.T) {
	s := deepSession(t, engine.Config{Mode: plan.Wireshark, DissectorMemory: 1})
	c := browsed(t, s, browse)
	_, err := packet(t, c, 1).Tree(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the limit is") {
		t.Errorf("got the error %v, want one that names the limit", err)
	}
	if again := browsed(t, s, browse); again.Len() != c.Len() {
		t.Errorf("after it: a capture of %d packets, want %d", again.Len(), c.Len())
	}
}
