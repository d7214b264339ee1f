package capfile

// This file publishes what the pass over a capture has read, for goroutines that
// use its packets while it goes on.

import "context"

// known is what is known of a capture besides its packets. What was published
// is never written to again: slices only grow, and behind what readers see.
type known struct {
	packets     int
	end         int64 // of what has been read of the file
	timed       bool  // a packet has a time; first and last are the extremes
	first, last int64
	interfaces  []Interface
	sections    []byteOrder // of a pcapng file
	comments    []string    // on the sections
	names       []Name
	warnings    []Warning
	secrets     bool // there are keys to decrypt packets with
	// landmarks are the offsets of the blocks of a pcapng file that say what the
	// above do, and standInMark where the stand-in interface came in.
	landmarks []int64
}

// standInMark cannot be the offset of a block.
const standInMark = -1

// read is what is known to everybody.
func (f *File) read() *known {
	if k := f.known.Load(); k != nil {
		return k
	}
	return &known{}
}

// publish shows readers what the pass has read, and tells of packets. at is where the file's
// next record begins.
func (f *File) publish(at int64) {
	f.index.pack(f.pass.interfaces)
	f.publishPacked(at)
}

// publishPacked is publish without the packets of a group that is not full yet.
func (f *File) publishPacked(at int64) {
	x := &f.index
	x.publish()
	k := f.pass
	k.packets, k.end, k.timed, k.first, k.last = x.start+x.packer.n-x.base, at, x.timed, x.first, x.last
	if x.base > 0 {
		k.first, k.last, k.timed = x.extremesOf()
	}
	before := f.read().packets
	f.known.Store(&k)
	if f.indexed != nil && f.windows == nil && k.packets > before {
		f.indexed(f, k.packets, nil)
	}
}

// add takes a packet. next is where the record after it begins.
func (f *File) add(e entry, next int64) {
	f.index.staged = append(f.index.staged, e)
	if len(f.index.staged) == groupEntries {
		f.pack(next)
	}
}

// pack moves a group of packets into the chunk that is built, and publishes that
// when it is time.
func (f *File) pack(next int64) {
	x := &f.index
	x.pack(f.pass.interfaces)
	if x.packer.n == x.limit {
		f.publishPacked(next)
	}
}

// buildIndex knows the packets out of the cache, or makes the one pass over the
// mapped bytes.
func (f *File) buildIndex(ctx context.Context) error {
	if f.cache != nil && f.cache.data != nil {
		before := f.pass
		err := f.Guard(func() error { return f.restore(ctx) })
		if f.restored = err == nil; f.restored {
			return f.poll(ctx, f.size)
		}
		f.pass, f.pcap = before, nil
		f.index = index{}
		_ = f.cache.unmap() // it is of no use
	}
	f.index = newIndex(f.size)
	p, err := f.startPass()
	if err != nil {
		return err
	}
	if f.indexed != nil {
		f.windows = f.startWindows()
	} else {
		f.pages = f.follow(p.position())
		defer f.pages.stop()
	}
	if err := p.run(ctx); err != nil {
		return err
	}
	f.finish(p.position())
	f.windows.finish()
	f.windows = nil
	return f.poll(ctx, f.size)
}

// publishOpen publishes all of a capture to which more may come.
func (f *File) publishOpen(at int64) {
	f.index.open = append(f.index.open[:0], f.index.staged...)
	f.publish(at)
}

// finish publishes all, and gives back what only the pass needed.
func (f *File) finish(at int64) {
	f.publish(at)
	f.index.staged, f.index.packer = nil, packer{}
}

// pass is a pass over the records of a file. It stops at what cannot be read,
// with a warning; an error is the end of opening.
type pass interface {
	run(ctx context.Context) error
	// position is where the next record begins.
	position() int64
	// resume goes on at end. It reads again what is at the landmarks, and says
	// where packets may begin and how many bytes there are before each.
	resume(end int64, landmarks []int64) (begin, gap int64, err error)
	// extend tells that the file has grown; data is all of it.
	extend(data []byte)
	// step looks at the record at an offset without taking it: whether it is a
	// packet and where the next one begins. ok is false where it is not whole.
	step(data []byte, at int64) (isPacket bool, next int64, ok bool)
}

// startPass reads the file header.
func (f *File) startPass() (pass, error) {
	if isPcapng(f.data) {
		return f.startPcapng(), nil
	}
	return f.startPcap()
}
