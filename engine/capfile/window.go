package capfile

// This file reads a capture for those who look at its packets while it is indexed:
// into a few buffers that stay in the processor's caches from the pass over the
// records to the look at their packets. To fault the mapping's pages in, and to
// fetch every packet's first bytes from memory twice, takes over twice as long.

import "context"

const (
	// windowSize is how much of a file is read at once: several windows fit into
	// a core's share of the last cache.
	windowSize = 512 << 10
	// firstWindow is how much at first, so that the first packets are seen early.
	firstWindow = 64 << 10
	// windowCount is how many there are, one of them being read.
	windowCount = 10
	// headRoom is for what stands before a packet in its record.
	headRoom = 64
	// tailLimit is how much of a window is taken into the next for packets that are
	// not in the index yet: less than a group of them, so enough for jumbo frames.
	tailLimit = 8 * windowSize
	// windowKept is how large a buffer may be to be used again.
	windowKept = 2 * tailLimit
)

// Window is a run of a capture's packets whose bytes were just read. Who hears of
// one looks at its packets and calls Done; the pass over the capture waits for
// that. One goroutine uses a window at a time.
type Window struct {
	// From is the first packet, To the one after the last, counted from 0.
	From, To int

	f    *File
	at   int64 // of data in the file
	data []byte
	free chan *Window // where it goes when nobody needs it
}

// Packet is [File.Packet] for a packet of the capture: fast for one of the window,
// whose bytes are valid until Done.
func (w *Window) Packet(i int, r *Record) []byte {
	if !w.f.locate(i, r) {
		return w.f.Data(i)
	}
	if b := w.bytes(r.Offset, r.Offset+int64(r.Captured)); b != nil {
		return b
	}
	return w.f.raw(r.Offset, r.Captured)
}

// bytes are those of the file from begin to end, nil where the window, which may be
// nil, does not have them all.
func (w *Window) bytes(begin, end int64) []byte {
	if w == nil || begin < w.at || end-w.at > int64(len(w.data)) {
		return nil
	}
	return w.data[begin-w.at : end-w.at : end-w.at]
}

// Done lets the pass over the capture read on into the window's memory.
func (w *Window) Done() { w.free <- w }

// windows is the reading of a file into windows, on the goroutine of the pass.
type windows struct {
	f    *File
	free chan *Window
	now  *Window // what the pass is looking at
	told int     // packets that were handed over
}

// startWindows begins to read a file that somebody looks at while it is indexed.
func (f *File) startWindows() *windows {
	r := &windows{f: f, free: make(chan *Window, windowCount)}
	for range windowCount {
		r.free <- &Window{f: f, free: r.free}
	}
	return r
}

// view is the part of a file that a pass is looking at.
type view struct {
	data    []byte
	at, end int64 // of data in the file
}

// whole is the mapping as a view.
func (f *File) whole() view { return view{f.data, 0, f.size} }

// view returns what a pass looks at from an offset on: want bytes at least, unless
// the file ends before them. Packets that were added before are handed over.
func (f *File) view(ctx context.Context, at, want int64) (view, error) {
	if f.windows == nil {
		return f.whole(), nil
	}
	return f.windows.next(ctx, at, want)
}

// next hands over what was found in the last window and reads the one after it. It
// begins with the packets that are not in the index yet, or at an offset.
func (r *windows) next(ctx context.Context, at, want int64) (view, error) {
	f, size := r.f, int64(windowSize)
	var tail []byte // of the last window, that belongs to this one
	begin := at
	if last := r.now; last == nil {
		size = firstWindow
	} else {
		end := last.at + int64(len(last.data))
		if staged := f.index.staged; len(staged) > 0 { // packets that are not yet in the index
			begin = min(begin, max(staged[0].offset-headRoom, last.at))
		}
		if begin >= last.at && begin <= end && end-begin <= tailLimit {
			tail = last.data[begin-last.at:]
			size = max(size, int64(len(tail))) // or the copying would be more than the reading
		} else {
			begin = at
		}
	}
	r.hand()
	var w *Window
	select {
	case w = <-r.free:
	case <-ctx.Done():
		return view{}, ctx.Err()
	}
	// This may be the window that tail is in: it moves to the front then.
	w.at, w.data = begin, append(w.data[:0], tail...)
	have := begin + int64(len(tail))
	if err := w.read(min(max(size, at+want-have), f.size-have)); err != nil {
		return view{}, err
	}
	r.now = w
	return view{w.data, w.at, w.at + int64(len(w.data))}, nil
}

// read appends n bytes of the file.
func (w *Window) read(n int64) error {
	have := len(w.data)
	if need := have + int(n); need > cap(w.data) || cap(w.data) > windowKept && need <= windowKept {
		grown := make([]byte, have, need+need/4)
		copy(grown, w.data)
		w.data = grown
	}
	w.data = w.data[:have+int(n)]
	return w.f.readAt(w.data[have:], w.at+int64(have))
}

// hand hands over the window with the packets that were found in it.
func (r *windows) hand() {
	if r.now == nil {
		return
	}
	r.f.publishPacked(r.now.at + int64(len(r.now.data)))
	r.tell()
}

// finish hands over the last window when all packets are published.
func (r *windows) finish() {
	if r != nil && r.now != nil {
		r.tell()
	}
}

func (r *windows) tell() {
	w := r.now
	r.now = nil
	w.From, w.To = r.told, r.f.Len()
	if r.told = w.To; w.From == w.To {
		w.Done()
		return
	}
	r.f.indexed(r.f, w.To, w)
}
