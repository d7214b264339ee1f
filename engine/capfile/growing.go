package capfile

// This file makes captures of packets that a program has in memory.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Growing is a capture that packets are added to, a temporary pcapng file of one
// interface for each link type. It is not for several goroutines at once.
type Growing struct {
	name    string
	options Options
	spool   *os.File
	buffer  *bufio.Writer
	out     *BlockWriter
	ids     map[int]uint32 // link type → interface, in the order in which they are first used
	written int64          // bytes of packets
	packets int
}

// NewGrowing begins a capture without packets. name is for messages and
// File.Name. Close must be called.
func NewGrowing(name string, o Options) (*Growing, error) {
	spool, err := newSpool(o.TempDir)
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriterSize(spool, copySize)
	g := &Growing{name: name, options: o, spool: spool, buffer: buffer, out: NewBlockWriter(buffer), ids: map[int]uint32{}}
	if err := g.out.Section("pktsh"); err != nil {
		return nil, errors.Join(spoolError(spool, 0, err), spool.Close())
	}
	return g, nil
}

// NewPacket is a packet to add.
type NewPacket struct {
	// LinkType is a LINKTYPE_ value (tcpdump.org/linktypes.html).
	LinkType int
	Time     time.Time
	Data     []byte
}

// growingDigits is the time resolution: nanoseconds.
const growingDigits = 9

// check refuses a link type that is none, more bytes than Wireshark takes for one
// packet, and a time that nanoseconds since 1970 do not tell.
func (p *NewPacket) check() error {
	const linkTypes = 1 << 16 // pcapng has 16 bits for them
	switch {
	case p.LinkType < 0 || p.LinkType >= linkTypes:
		return fmt.Errorf("link type: got %d, want 0 to %d (tcpdump.org/linktypes.html)", p.LinkType, linkTypes-1)
	case uint64(len(p.Data)) > uint64(packetLimit(p.LinkType)):
		return fmt.Errorf("got %d bytes, want at most %d", len(p.Data), packetLimit(p.LinkType))
	case p.Time.UnixNano() < 0 || !time.Unix(0, p.Time.UnixNano()).Equal(p.Time):
		return fmt.Errorf("time: got %s, want one from 1970 to 2262", p.Time.UTC().Format(time.DateTime))
	}
	return nil
}

// Add writes packets: all of them or, when one is refused, none. The error then
// says which.
func (g *Growing) Add(packets ...NewPacket) error {
	for i := range packets {
		if err := packets[i].check(); err != nil {
			return fmt.Errorf("packet %d of %d: %w", i+1, len(packets), err)
		}
	}
	for _, p := range packets {
		if err := g.add(p); err != nil {
			return spoolError(g.spool, g.written, err)
		}
	}
	return nil
}

func (g *Growing) add(p NewPacket) error {
	id, ok := g.ids[p.LinkType]
	if !ok {
		var err error
		if id, err = g.out.Interface(Interface{LinkType: p.LinkType, Digits: growingDigits, FCS: -1}); err != nil {
			return err
		}
		g.ids[p.LinkType] = id
	}
	if err := g.out.Packet(id, uint64(p.Time.UnixNano()), p.Data, uint32(len(p.Data))); err != nil {
		return err
	}
	g.written += int64(len(p.Data))
	g.packets++
	return nil
}

// Len is the number of packets that were added.
func (g *Growing) Len() int { return g.packets }

// Open opens the capture as it is now. Packets that are added later are in what
// Open returns then, not in this File.
func (g *Growing) Open(ctx context.Context) (*File, error) {
	if err := g.buffer.Flush(); err != nil {
		return nil, spoolError(g.spool, g.written, err)
	}
	fd, err := unix.FcntlInt(g.spool.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", g.name, err)
	}
	f := &File{name: g.name, paths: []string{g.name}, stats: []fs.FileInfo{nil}, progress: g.options.Progress}
	if err := f.load(ctx, os.NewFile(uintptr(fd), g.spool.Name()), "", g.options); err != nil {
		return nil, f.failed(err)
	}
	return f, nil
}

// Close removes the temporary file once every File that Open returned is closed.
func (g *Growing) Close() error { return g.spool.Close() }
