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
	ids     map[int]uint32 // link type → interface
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

// growingDigits is the time resolution: nanoseconds.
const growingDigits = 9

// CheckPacket says why Add would refuse a packet: no such link type, too many
// bytes for one, a time that pcapng cannot hold.
func (g *Growing) CheckPacket(linkType int, at time.Time, data []byte) error {
	const mostLinkTypes = 1 << 16 // pcapng has 16 bits for them
	switch {
	case linkType < 0 || linkType >= mostLinkTypes:
		return fmt.Errorf("link type: got %d, want 0 to %d (tcpdump.org/linktypes.html)", linkType, mostLinkTypes-1)
	case uint64(len(data)) > uint64(packetLimit(linkType)):
		return fmt.Errorf("packet: got %d bytes, want at most %d", len(data), packetLimit(linkType))
	case at.UnixNano() < 0 || !time.Unix(0, at.UnixNano()).Equal(at):
		return fmt.Errorf("time: got %s, want one from 1970 to 2262", at.UTC().Format(time.DateTime))
	}
	return nil
}

// Add writes a packet. linkType is a LINKTYPE_ value; the link types come in
// the order in which they are first used.
func (g *Growing) Add(linkType int, at time.Time, data []byte) error {
	if err := g.CheckPacket(linkType, at, data); err != nil {
		return err
	}
	id, ok := g.ids[linkType]
	if !ok {
		var err error
		if id, err = g.out.Interface(Interface{LinkType: linkType, Digits: growingDigits, FCS: -1}); err != nil {
			return spoolError(g.spool, g.written, err)
		}
		g.ids[linkType] = id
	}
	if err := g.out.Packet(id, uint64(at.UnixNano()), data, uint32(len(data))); err != nil {
		return spoolError(g.spool, g.written, err)
	}
	g.written += int64(len(data))
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
