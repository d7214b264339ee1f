package batch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/filter"
	"pktsh/engine/native"
	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file answers -w: the packets that pass are copied to another file.

func (r *run) write(ctx context.Context) error {
	f, err := r.capture(ctx)
	if err != nil {
		return err
	}
	if q, walker := r.question(ctx, nil, layout{}); q != nil && !isConverted(f) {
		return r.copySure(ctx, f, q, walker)
	}
	if f, err = r.whole(ctx); err != nil {
		return err
	}
	passed, err := r.passed(ctx, f)
	if err != nil {
		return err
	}
	return r.save(ctx, f, indexes(passed), nil)
}

// copySure copies the packets while they are looked at. What comes after one that
// only Wireshark knows waits.
func (r *run) copySure(ctx context.Context, f *capfile.File, q *question, walker *dissect.Walker) error {
	chunks := make(chan chunk, maxPending)
	inBlocks := strings.HasPrefix(f.Format(), "pcapng") // which are copied as far as they are indexed
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if inBlocks {
			if err := r.feed.wait(ctx); err != nil {
				return err
			}
		}
		in := received{file: f, chunks: chunks}
		return r.save(ctx, f, in.packets, in.window)
	})
	g.Go(func() error {
		defer close(chunks)
		a := r.asking(f, q, walker)
		later, holes := roaring.New(), roaring.New()
		var onward detours
		err := inOrder(ctx, r.feed, r.Count, func() func(block) (*result, error) {
			w := newWorker(ctx, q, f, walker, nil)
			w.frames = true
			return w.block
		}, func(b *result) error {
			onward.apply(f, b)
			a.marks.Add(b.hi-b.lo, b.marks)
			defer f.Release(b.lo, b.hi)
			for _, h := range b.holes {
				holes.Add(h.frame)
			}
			if inBlocks || !holes.IsEmpty() {
				later.AddMany(b.frames)
				b.done()
				return nil
			}
			return send(ctx, chunks, chunk{b.frames, b.window})
		})
		if err != nil {
			return err
		}
		if !holes.IsEmpty() {
			r.announce(int(holes.GetCardinality()))
			err = a.cells(ctx, holes, nil, !q.aside || f.Guessed(), func(frame uint32, _ []string) error {
				later.Add(frame)
				return nil
			})
			if err != nil {
				return err
			}
		}
		buffer := make([]uint32, blockSize)
		for it := later.ManyIterator(); ; {
			n := it.NextMany(buffer)
			if n == 0 {
				return nil
			}
			if err := send(ctx, chunks, chunk{frames: slices.Clone(buffer[:n])}); err != nil {
				return err
			}
		}
	})
	return g.Wait()
}

// chunk is frames to write, and where their bytes are, nil where only in the file.
type chunk struct {
	frames []uint32
	window *capfile.Window
}

func send(ctx context.Context, chunks chan<- chunk, c chunk) error {
	select {
	case chunks <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// received are the packets of chunks that come through a channel.
type received struct {
	file   *capfile.File
	chunks <-chan chunk
	now    *capfile.Window
}

func (r *received) window() *capfile.Window { return r.now }

// packets yields the packets by their numbers from 0. What was copied of the capture need not
// stay in memory.
func (r *received) packets(yield func(int) bool) {
	for c := range r.chunks {
		r.now = c.window
		for _, frame := range c.frames {
			if !yield(int(frame) - 1) {
				return
			}
		}
		if r.now = nil; c.window != nil {
			c.window.Done()
		}
		if n := len(c.frames); n > 0 {
			r.file.Release(int(c.frames[0])-1, int(c.frames[n-1]))
		}
	}
}

// indexes are the packets of frames by their numbers from 0.
func indexes(frames *roaring.Bitmap) iter.Seq[int] {
	return func(yield func(int) bool) {
		for it := frames.Iterator(); it.HasNext(); {
			if !yield(int(it.Next()) - 1) {
				return
			}
		}
	}
}

// passed asks which frames pass the filter, all at once.
func (r *run) passed(ctx context.Context, f *capfile.File) (*roaring.Bitmap, error) {
	n := uint64(f.Len())
	if r.Count > 0 {
		n = min(n, uint64(r.Count))
	}
	out := roaring.New()
	switch {
	case r.Filter == "":
		out.AddRange(1, n+1)
		return out, nil
	case r.Mode == plan.Native:
		fields := dissect.NativeCatalogue()
		program, err := filter.Compile(r.Filter, fields)
		if err != nil {
			return nil, err
		}
		return native.New(f).Filter(ctx, nil, program.FieldNames(), func(t *dissect.Tree) bool { return program.Match(filter.FromTree(t, fields)) }, nil)
	case r.Tools.Tshark == "":
		return nil, errors.New("-w with this filter needs tshark, which is not on PATH (Debian: apt-get install tshark)")
	}
	if r.Watched {
		fmt.Fprintln(r.Stderr, "pktsh: asking Wireshark about the whole capture")
	}
	q := wireshark.FieldsQuery{Filter: r.Filter, Fields: []string{"frame.number"}}
	if r.Count > 0 {
		q.Flags = []string{"-c", strconv.Itoa(r.Count)}
	}
	path, inherit := f.DissectorFile()
	err := wireshark.RunFields(ctx, r.Tools, r.Config, wireshark.Input{Path: path, Inherit: inherit}, q, func(cells []string) error {
		frame, err := strconv.ParseUint(cells[0], 10, 32)
		if frame <= n {
			out.Add(uint32(frame))
		}
		return err
	})
	return out, stoppedWith(f, err)
}

// stoppedWith forgives tshark that it could not read a capture to its end where we
// cannot either: it is said when all is done.
func stoppedWith(f *capfile.File, err error) error {
	if ended := (*wireshark.RunError)(nil); errors.As(err, &ended) && ended.Code == exitRead && len(complaints(f, "")) > 0 {
		return nil
	}
	return err
}

// save writes packets to where they are wanted, in place of what is there.
func (r *run) save(ctx context.Context, f *capfile.File, packets iter.Seq[int], window func() *capfile.Window) error {
	o := capfile.SaveOptions{Window: window, Force: true, Format: r.WriteFormat, Warn: func(text string) { fmt.Fprintf(r.Stderr, "pktsh: %s\n", text) }}
	if r.Write == "-" {
		_, err := capfile.Write(ctx, r.Stdout, f, packets, o)
		return err
	}
	if info, err := os.Stat(r.Write); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		out, err := os.OpenFile(r.Write, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = capfile.Write(ctx, out, f, packets, o)
		return errors.Join(err, out.Close())
	}
	_, err := capfile.Save(ctx, r.Write, f, packets, o)
	return err
}
