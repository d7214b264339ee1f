package capfile

// This file merges captures by time.

import (
	"bufio"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
)

// Merge opens several captures as one, ordered by time: packets of one file keep
// their order, and of two with the same time that of the later path comes first,
// as in Wireshark's mergecap. The result is a temporary pcapng file with every interface of every
// file, in the order of paths; File.Source tells where a packet is from.
func Merge(ctx context.Context, paths []string, o Options) (merged *File, err error) {
	switch len(paths) {
	case 0:
		return nil, errors.New("nothing to merge: got no capture files, want at least one")
	case 1:
		return Open(ctx, paths[0], o)
	}
	m := &merger{}
	inputs := o
	inputs.Indexed = nil // what it hears of is the merged file
	defer func() {
		for _, f := range m.files {
			err = errors.Join(err, f.Close())
		}
	}()
	for _, path := range paths {
		f, err := Open(ctx, path, inputs)
		if err != nil {
			return nil, err
		}
		m.files = append(m.files, f)
	}
	spool, err := newSpool(o.TempDir)
	if err != nil {
		return nil, err
	}
	if err := m.write(ctx, spool, o); err != nil {
		return nil, errors.Join(err, spool.Close())
	}
	f := &File{
		name: fmt.Sprintf("%s and %d more", filepath.Base(paths[0]), len(paths)-1), suffix: " (merged)",
		paths: paths, stats: m.stats, sources: m.sources, progress: o.Progress, indexed: o.Indexed, pass: known{warnings: m.warnings},
	}
	if err := f.load(ctx, spool, "", o); err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

// merger is one run of Merge.
type merger struct {
	files    []*File
	stats    []fs.FileInfo
	ids      [][]uint32 // file → interface → number in the merged file
	sources  []int      // number in the merged file → file
	warnings []Warning
	out      *BlockWriter
	written  int64
	untimed  int
	dropped  int
}

func (m *merger) write(ctx context.Context, spool *os.File, o Options) error {
	buffered := bufio.NewWriterSize(spool, copySize)
	m.out = NewBlockWriter(buffered)
	err := m.head(ctx)
	if err == nil {
		err = m.packets(ctx, o)
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil && ctx.Err() == nil {
		return spoolError(spool, m.written, err)
	}
	if m.untimed > 0 {
		m.warnings = append(m.warnings, Warning{Text: fmt.Sprintf("%d packets without a time were merged with the time of the packet before them", m.untimed)})
	}
	if m.dropped > 0 {
		m.warnings = append(m.warnings, Warning{Text: fmt.Sprintf("%d records that are not packets (custom blocks, journal entries) were left out of the merge", m.dropped)})
	}
	return err
}

// head writes the section, all interfaces, names and secrets.
func (m *merger) head(ctx context.Context) error {
	if err := m.out.Section("pktsh"); err != nil {
		return err
	}
	for n, f := range m.files {
		m.warnings = append(m.warnings, f.Warnings()...)
		m.stats = append(m.stats, f.stats[0])
		ids := make([]uint32, len(f.read().interfaces))
		for k, i := range f.read().interfaces {
			if i.LinkType == linkNotAPacket {
				continue
			}
			id, err := m.out.Interface(i)
			if err != nil {
				return err
			}
			ids[k], m.sources = id, append(m.sources, n)
		}
		m.ids = append(m.ids, ids)
		err := f.eachBlock(ctx, func(b *block) error {
			if b.kind == blockNames || b.kind == blockSecrets {
				return m.out.copyBlock(b)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// packets writes the packets of all files by time.
func (m *merger) packets(ctx context.Context, o Options) error {
	var queue mergeQueue
	var total int64
	for n, f := range m.files {
		total += int64(f.Len())
		if f.Len() > 0 {
			queue = append(queue, &mergeCursor{source: n, f: f, time: math.MinInt64})
			queue[len(queue)-1].settle()
		}
	}
	heap.Init(&queue)
	for count := int64(0); len(queue) > 0; count++ {
		if count&0xfff == 0 {
			if o.Progress != nil {
				o.Progress(count, total)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		c := queue[0]
		if err := c.f.Guard(func() error { return m.packet(c) }); err != nil {
			return err
		}
		if c.next++; c.next < c.f.Len() {
			c.settle()
			heap.Fix(&queue, 0)
		} else {
			heap.Pop(&queue)
		}
	}
	return nil
}

// packet writes the packet that c is at.
func (m *merger) packet(c *mergeCursor) error {
	r := c.f.frame(c.next)
	if r.kind == kindOther {
		m.dropped++
		return nil
	}
	if !r.hasTime {
		m.untimed++
		r.ticks = c.f.read().interfaces[r.iface].clock.ticks(max(0, c.time))
	}
	m.written += int64(len(r.data))
	return m.out.packetWithOptions(m.ids[c.source][r.iface], r.ticks, r.data, r.original, r.options, r.order)
}

// mergeCursor is a place in one of the files.
type mergeCursor struct {
	source int
	f      *File
	next   int
	time   int64 // of the next packet, or of the last before it that has one
}

func (c *mergeCursor) settle() {
	if r := c.f.Record(c.next); r.HasTime {
		c.time = r.Time
	}
}

// mergeQueue is a heap of cursors, the earliest first.
type mergeQueue []*mergeCursor

func (q mergeQueue) Len() int { return len(q) }
func (q mergeQueue) Less(i, j int) bool {
	if q[i].time != q[j].time {
		return q[i].time < q[j].time
	}
	return q[i].source > q[j].source
}
func (q mergeQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *mergeQueue) Push(x any)   { *q = append(*q, x.(*mergeCursor)) }
func (q *mergeQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
