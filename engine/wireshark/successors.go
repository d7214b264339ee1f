package wireshark

import (
	"context"
	"sync"

	"pktsh/dissect"
)

// This file asks for the trees of the next frames while a loop is busy with one: so
// sharkd dissects, and its replies are read, beside the loop, not in turn with it.

const (
	// successorsLeast is after how many frames in a row more are asked for.
	successorsLeast = 4
	// successorsAhead is how many frames are asked for ahead. Another question waits
	// for these.
	successorsAhead = 4
	// successorsSpan is how far from each other the frames of a row may be.
	successorsSpan = 16
)

// successors are the trees of one kind that are expected to be asked for.
type successors struct {
	mu     sync.Mutex
	last   uint32 // the frame that was asked for last
	stride uint32 // from the one before
	row    int    // how many frames had that stride
	jobs   map[uint32]*treeJob
}

// treeJob is a tree that is being read.
type treeJob struct {
	done chan struct{}
	tree *dissect.Tree
	err  error
}

// ask returns a frame's tree, by read, which it may have called before.
func (s *successors) ask(ctx context.Context, d *Dissector, frame uint32, read func(context.Context, uint32) (*dissect.Tree, error)) (*dissect.Tree, error) {
	job := s.expect(d, frame, read)
	if job == nil {
		return read(ctx, frame)
	}
	select {
	case <-job.done:
		return job.tree, job.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// expect starts to read what comes after a frame in a row, and returns what was
// started for the frame itself, or nil.
func (s *successors) expect(d *Dissector, frame uint32, read func(context.Context, uint32) (*dissect.Tree, error)) *treeJob {
	s.mu.Lock()
	defer s.mu.Unlock()
	job := s.jobs[frame]
	if stride := frame - s.last; frame > s.last && stride == s.stride && stride <= successorsSpan {
		s.row++
	} else {
		s.stride, s.row = stride, 1
	}
	s.last = frame
	if s.row < successorsLeast {
		s.jobs = nil // whoever waits for one of them has it
		return job
	}
	next := make(map[uint32]*treeJob, successorsAhead)
	for i := range uint32(successorsAhead) {
		n := frame + (i+1)*s.stride
		if n < frame || int64(n) > int64(d.State().Frames) {
			break
		}
		if next[n] = s.jobs[n]; next[n] == nil {
			next[n] = d.begin(n, read)
		}
		if next[n] == nil { // it is being closed
			delete(next, n)
			break
		}
	}
	s.jobs = next
	return job
}

// begin reads a tree in the background; nil when the dissector is closed.
func (d *Dissector) begin(frame uint32, read func(context.Context, uint32) (*dissect.Tree, error)) *treeJob {
	if !d.addWork() {
		return nil
	}
	job := &treeJob{done: make(chan struct{})}
	go func() {
		defer d.work.Done()
		defer close(job.done)
		job.tree, job.err = read(d.ctx, frame)
	}()
	return job
}
