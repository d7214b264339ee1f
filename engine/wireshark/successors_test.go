package wireshark

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"pktsh/dissect"
)

// TestSuccessors reads frames ahead of who asks for them in a row, each once, not past
// the end, and not for who asks here and there.
func TestSuccessors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := &Dissector{ctx: ctx, cancel: cancel, state: State{Frames: 40}}
	var s successors
	var mu sync.Mutex
	var read []uint32
	broken := errors.New("frame 13 is broken")
	ask := func(frame uint32) (*dissect.Tree, error) {
		return s.ask(t.Context(), d, frame, func(_ context.Context, n uint32) (*dissect.Tree, error) {
			mu.Lock()
			defer mu.Unlock()
			read = append(read, n)
			if n == 13 {
				return nil, broken
			}
			return &dissect.Tree{Frame: n}, nil
		})
	}
	asked := func(frames ...uint32) []uint32 {
		t.Helper()
		read = nil
		for _, n := range frames {
			switch tree, err := ask(n); {
			case n == 13 && err != broken:
				t.Errorf("frame 13: got the error %v, want its own", err)
			case n != 13 && (err != nil || tree.Frame != n):
				t.Errorf("frame %d: got %v, %v", n, tree, err)
			}
		}
		d.work.Wait()
		slices.Sort(read)
		return read
	}
	if got := asked(7, 30, 2, 9, 11, 12); len(got) != 6 {
		t.Errorf("here and there: read %v, want no other frames", got)
	}
	if got := asked(1, 2, 3, 4, 5); !slices.Equal(got, []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("in a row: read %v, want 1 to 9, each once", got)
	}
	if got := asked(6, 7, 8, 9, 10, 11, 12, 13, 14); !slices.Equal(got, []uint32{10, 11, 12, 13, 14, 15, 16, 17, 18}) {
		t.Errorf("on in the row: read %v, want 10 to 18, each once", got)
	}
	if got := asked(24, 27, 30, 33, 36, 39); !slices.Equal(got, []uint32{24, 27, 30, 33, 36, 39}) {
		t.Errorf("every third to the end: read %v", got)
	}
	if got := asked(16); !slices.Equal(got, []uint32{16}) {
		t.Errorf("back: read %v, want 16 anew", got)
	}
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	if got := asked(17, 18, 19, 20, 21); !slices.Equal(got, []uint32{17, 18, 19, 20, 21}) {
		t.Errorf("closed: read %v, want nothing ahead", got)
	}
}
