package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// slowSharkd is a sharkd that never answers.
func slowSharkd(t *testing.T) wireshark.Tools {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sharkd")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexec sleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return wireshark.Tools{Sharkd: program}
}

// TestPreviewsAreNotKept asks, as completion does, while Wireshark's dissectors
// are loading: the answer comes at once, is marked, and is not what later
// questions get.
func TestPreviewsAreNotKept(t *testing.T) {
	ctx := WithoutWaiting(context.Background())
	for _, mode := range []plan.Mode{plan.Auto, plan.Wireshark} {
		s := NewSession(Config{Mode: mode, Tools: slowSharkd(t), TempDir: t.TempDir()})
		c, err := s.Open(ctx, OpenOptions{Paths: []string{"../testdata/browse.pcapng"}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.Packet(8)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		row, rowErr := p.Row(ctx)
		_, treeErr := p.Tree(ctx)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%v: the answer took %v", mode, took)
		}
		if mode == plan.Wireshark {
			if !errors.Is(rowErr, errLoading) || !errors.Is(treeErr, errLoading) {
				t.Errorf("%v: got %v and %v, want %v", mode, rowErr, treeErr, errLoading)
			}
		} else if rowErr != nil || treeErr != nil || !row.Preview {
			t.Errorf("%v: got %+v, %v, %v, want a preview", mode, row, rowErr, treeErr)
		}
		if c.rows.Len() != 0 || p.Dissected() != nil {
			t.Errorf("%v: a preview was kept", mode)
		}
		v, err := c.All().Narrow(ctx, "dns")
		switch {
		case mode == plan.Wireshark && !errors.Is(err, errLoading):
			t.Errorf("%v: a filter: got %v, want %v", mode, err, errLoading)
		case mode == plan.Auto:
			if n, err := v.Len(ctx); err != nil || n != 82 {
				t.Errorf("a filter: got %d, %v, want 82", n, err)
			}
			if len(c.sets) != 0 || v.frames != nil {
				t.Error("a preview of a filter's answer was kept")
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
