package capfile

// This file keeps of a capture that grows the last packets only: those before leave the
// index, and their bytes the disk, while the file goes on growing.

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// Forget lets go of the first n packets: the next one is then packet 0, as in a file
// that has only the others. spool is the followed file, open for writing; the bytes
// become a hole in it, so that its size stays and its place on disk goes. Nothing else
// may be asked meanwhile; slices of the packets that go read as zeros. An error says
// that the file system has no holes: the packets are gone all the same.
func (f *File) Forget(n int, spool *os.File) error {
	if n <= 0 || f.growth == nil || f.pcap != nil {
		return nil
	}
	n = min(n, f.Len())
	x := &f.index
	before := x.base >> chunkBits
	x.base += n
	for i := before; i < x.base>>chunkBits && i < len(x.chunks); i++ {
		x.chunks[i].Store(nil)
	}
	f.publish(f.read().end)
	return f.punch(spool)
}

// beginOf is where the block of packet i begins, for which there may be no packet any
// more: then it is the end.
func (f *File) beginOf(i int) int64 {
	if i >= f.Len() {
		return f.read().end
	}
	e, s := f.index.at(i)
	switch s.kind() {
	case kindSimple:
		return e.offset - 12
	case kindOther:
		return f.beginOfOther(e.offset)
	}
	return e.offset - 28
}

// beginOfOther finds the beginning of a block of which a part of the body counts as the
// packet: how much stands before that depends on its type.
func (f *File) beginOfOther(offset int64) int64 {
	for _, gap := range []int64{8, 12, 32, 36} {
		b := blockReader{data: f.data, at: max(offset-gap, 0), order: littleEndian}
		if block, ok, err := b.read(); ok && err == nil && block.isRecord() {
			return offset - gap
		}
	}
	return offset - 8
}

// begin is where the records begin that are packets of f.
func (f *File) begin() int64 {
	if f.index.base == 0 {
		return 0
	}
	return f.beginOf(0)
}

// Held is how many bytes of the file the packets take.
func (f *File) Held() int64 { return f.read().end - f.begin() }

// Before is how many packets begin before an offset in the file.
func (f *File) Before(offset int64) int {
	lo, hi := 0, f.Len()
	for lo < hi {
		if mid := (lo + hi) / 2; f.beginOf(mid) < offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// Extent is a part of the file, in bytes, To excluded.
type Extent struct{ From, To int64 }

// Remaining are the parts of the file that make sense without the packets that were
// forgotten: the blocks that say what the others mean, and, the last part, all from the
// first packet on.
func (f *File) Remaining() (parts []Extent, err error) {
	err = f.Guard(func() error {
		parts, err = f.remaining()
		return err
	})
	return parts, err
}

func (f *File) remaining() ([]Extent, error) {
	begin := f.begin()
	var out []Extent
	r := blockReader{data: f.data}
	for _, offset := range f.read().landmarks {
		if offset == standInMark || offset >= begin {
			continue
		}
		r.at = offset
		if _, ok, err := r.read(); err != nil || !ok {
			return nil, errors.Join(fmt.Errorf("%s: the block at byte %d is gone", f.name, offset), err)
		}
		if last := len(out) - 1; last >= 0 && out[last].To == offset {
			out[last].To = r.at
			continue
		}
		out = append(out, Extent{offset, r.at})
	}
	return append(out, Extent{begin, f.read().end}), nil
}

// punch frees what is between the parts that are kept.
func (f *File) punch(spool *os.File) error {
	kept, err := f.Remaining()
	if err != nil {
		return err
	}
	// A page is freed when all of it goes, so from the beginning of the last one on.
	at := f.growth.punched &^ int64(os.Getpagesize()-1)
	for _, s := range kept {
		if s.From > at {
			if err := unix.Fallocate(int(spool.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, s.From-at); err != nil {
				return fmt.Errorf("cannot free what a ring let go in %s: %w (a directory on another file system can, as ext4, xfs, btrfs or tmpfs)", spool.Name(), err)
			}
		}
		at = max(at, s.To)
	}
	f.growth.punched = f.begin()
	return nil
}

// snapshotOf copies the parts of the file that are kept.
func (f *File) snapshotOf(ctx context.Context, to *os.File) error {
	kept := []Extent{{0, f.End()}}
	if f.index.base > 0 {
		var err error
		if kept, err = f.Remaining(); err != nil {
			return err
		}
	}
	var written int64
	for _, s := range kept {
		if err := copyRange(ctx, to, f.mapped, s, written); err != nil {
			return err
		}
		written += s.To - s.From
	}
	return nil
}

// extremesOf are the earliest and the latest time of the packets that are left.
func (x *index) extremesOf() (first, last int64, timed bool) {
	first, last = math.MaxInt64, math.MinInt64
	at := x.base >> chunkBits
	for i := at; i < len(x.chunks); i++ {
		c := x.chunks[i].Load()
		switch {
		case c == nil || !c.timed:
		case i > at:
			first, last, timed = min(first, c.first), max(last, c.last), true
		default:
			for j := x.base & (chunkEntries - 1); j < c.n; j++ {
				if c.slotOf(j).flags&noTimeFlag == 0 {
					t := c.time(j)
					first, last, timed = min(first, t), max(last, t), true
				}
			}
		}
	}
	if !timed {
		return 0, 0, false
	}
	return first, last, true
}

// Forgotten is how many packets were let go.
func (f *File) Forgotten() int { return f.index.base }

// blocksAt calls do with the blocks that are kept.
func (f *File) blocksAt(ctx context.Context, do func(b *block) error) error {
	kept, err := f.remaining()
	if err != nil {
		return err
	}
	r := blockReader{data: f.data[:f.read().end]}
	n := 0
	for _, s := range kept {
		for r.at = s.From; r.at < s.To; n++ {
			if n&0xfff == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			b, ok, err := r.read()
			if err != nil || !ok {
				return err
			}
			if err := do(&b); err != nil {
				return err
			}
		}
	}
	return nil
}
