package capfile

// This file writes packets in either format: copied when the source has it,
// converted when not.

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
)

// saver is one run of Save.
type saver struct {
	ctx    context.Context
	f      *File
	out    io.Writer
	warn   func(string)
	frames iter.Seq[int]
	window func() *Window
	n      int
	// begin and end are what copy has yet to write of the file.
	begin, end int64
	buffer     []byte // for copied
}

// longestRun is how much copy writes at once.
const longestRun = 256 << 10

// copy writes the bytes of the source from begin to end. Those that follow each
// other are written together; copied writes the last.
func (s *saver) copy(begin, end int64) error {
	if s.window != nil {
		if b := s.window().bytes(begin, end); b != nil {
			err := s.copied()
			s.begin, s.end = end, end
			if err != nil {
				return err
			}
			return s.write(b)
		}
	}
	if begin == s.end && end-s.begin <= longestRun {
		s.end = end
		return nil
	}
	err := s.copied()
	s.begin, s.end = begin, end
	return err
}

func (s *saver) write(b []byte) error {
	_, err := s.out.Write(b)
	return err
}

// copied writes what copy still holds. It reads the file, since packets here and
// there would fault in many of the mapping's pages around each.
func (s *saver) copied() error {
	for s.begin < s.end {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		run := slices.Grow(s.buffer[:0], int(min(s.end-s.begin, longestRun)))
		run = run[:min(s.end-s.begin, longestRun)]
		s.buffer = run
		if err := s.f.readAt(run, s.begin); err != nil {
			return err
		}
		if err := s.write(run); err != nil {
			return err
		}
		s.begin += int64(len(run))
	}
	return nil
}

// each calls do with every chosen packet and counts them.
func (s *saver) each(do func(i int) error) error {
	last := -1
	for i := range s.frames {
		if i <= last || i >= s.f.Len() {
			return fmt.Errorf("packet index %d after %d, want ascending ones below %d", i, last, s.f.Len())
		}
		last = i
		if s.n&0xfff == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		if err := do(i); err != nil {
			return err
		}
		s.n++
	}
	return nil
}

// pcapToPcap copies the header and the records as they are, whatever the variant.
func (s *saver) pcapToPcap() error {
	p := s.f.pcap
	s.end = p.first
	err := s.each(func(i int) error {
		c, j := s.f.index.locate(i)
		offset, captured := c.where(j)
		begin := offset - int64(p.padding) - int64(p.variant.header)
		return s.copy(begin, offset+int64(captured))
	})
	if err != nil {
		return err
	}
	return s.copied()
}

// pcapToPcapng writes one section with one interface.
func (s *saver) pcapToPcapng() error {
	w := NewBlockWriter(s.out)
	if err := w.Section("pktsh"); err != nil {
		return err
	}
	id, err := w.Interface(s.f.read().interfaces[0])
	if err != nil {
		return err
	}
	return s.each(func(i int) error {
		r := s.f.frame(i)
		return w.Packet(id, r.ticks, r.data, r.original)
	})
}

// pcapngToPcapng copies every block but the records that were not chosen. All
// interfaces stay, so that the numbers of those used stay what they were.
func (s *saver) pcapngToPcapng() error {
	next, stop := iter.Pull(s.frames)
	defer stop()
	wanted, ok := next()
	at := 0
	err := s.f.eachBlock(s.ctx, func(b *block) error {
		if b.isRecord() {
			i := at
			at++
			if !ok || i != wanted {
				return nil
			}
			s.n++
			if wanted, ok = next(); ok && wanted <= i {
				return fmt.Errorf("packet index %d after %d, want ascending ones", wanted, i)
			}
		}
		return s.copyBlock(b)
	})
	switch {
	case err != nil:
		return err
	case ok:
		return fmt.Errorf("packet index %d, want less than %d", wanted, s.f.Len())
	}
	return s.copied()
}

// copyBlock writes a block as it is, but a section's length: what is left out
// changes it, so it becomes unspecified.
func (s *saver) copyBlock(b *block) error {
	end := b.offset + minBlock + int64(len(b.body))
	if b.kind != blockSection {
		return s.copy(b.offset, end)
	}
	if err := s.copied(); err != nil {
		return err
	}
	whole := slices.Clone(s.f.data[b.offset:end])
	binary.LittleEndian.PutUint64(whole[16:], math.MaxUint64)
	_, err := s.out.Write(whole)
	s.begin, s.end = end, end
	return err
}

// pcapngToPcap writes what pcap can hold: one link type, microseconds or
// nanoseconds, no comments and no interfaces.
func (s *saver) pcapngToPcap() error {
	// The header needs to know the link type and resolution of all packets, so
	// they are gone through twice.
	chosen := slices.Collect(s.frames)
	s.frames = slices.Values(chosen)
	h, err := s.pcapHeader(chosen)
	if err != nil {
		return err
	}
	if _, err := s.out.Write(h.bytes()); err != nil {
		return err
	}
	var untimed, comments int
	record := make([]byte, pcapRecordSize)
	err = s.each(func(i int) error {
		e, slot := s.f.index.at(i)
		if slot.flags&noTimeFlag != 0 {
			untimed++
		}
		if len(s.f.Comments(i)) > 0 {
			comments++
		}
		seconds, fraction := e.time/1e9, e.time%1e9
		if e.time < 0 || seconds > math.MaxUint32 {
			return fmt.Errorf("packet %d has a time that pcap cannot hold (%d s after 1970, want 0 to %d): save as .pcapng", i+1, seconds, uint32(math.MaxUint32))
		}
		if !h.nanos {
			fraction /= 1000
		}
		data := s.f.raw(e.offset, e.captured)
		for k, v := range []uint32{uint32(seconds), uint32(fraction), uint32(len(data)), e.original} {
			binary.LittleEndian.PutUint32(record[4*k:], v)
		}
		if _, err := s.out.Write(record); err != nil {
			return err
		}
		_, err := s.out.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	if comments > 0 {
		s.warn(fmt.Sprintf("pcap has no comments: those of %d packets are lost; save as .pcapng to keep them", comments))
	}
	if untimed > 0 {
		s.warn(fmt.Sprintf("%d packets had no time: in pcap they are at 1970-01-01", untimed))
	}
	return nil
}

// pcapHeader is the header of a pcap file to write.
type pcapHeader struct {
	nanos    bool
	linkType int
	fcs      int
	snaplen  uint32
}

// pcapHeader finds a header that fits all chosen packets. Without any, that of
// the first interface does.
func (s *saver) pcapHeader(chosen []int) (pcapHeader, error) {
	h := pcapHeader{linkType: linkNotAPacket, fcs: -1}
	used := make([]bool, len(s.f.read().interfaces))
	for _, i := range chosen {
		if i < 0 || i >= s.f.Len() {
			return h, fmt.Errorf("packet index %d, want less than %d", i, s.f.Len())
		}
		used[s.f.iface(i)] = true
	}
	if len(chosen) == 0 && len(used) > 0 {
		used[0] = true
	}
	for k, i := range s.f.read().interfaces {
		switch {
		case !used[k]:
			continue
		case i.LinkType == linkNotAPacket:
			return h, errors.New("custom blocks, journal entries and sysdig events do not fit into pcap: save as .pcapng, or without them")
		case h.linkType != linkNotAPacket && h.linkType != i.LinkType:
			return h, fmt.Errorf("pcap holds one link type, and these packets have several (%d and %d): save as .pcapng", h.linkType, i.LinkType)
		}
		h.linkType, h.fcs = i.LinkType, i.FCS
		h.nanos = h.nanos || i.clock.perSecond > 1e6 || !i.Exact
		h.snaplen = max(h.snaplen, i.SnapLen)
	}
	if h.linkType == linkNotAPacket {
		return h, errors.New("the capture has no interface, and pcap needs a link type: save as .pcapng")
	}
	if h.snaplen == 0 {
		h.snaplen = packetLimit(h.linkType)
	}
	return h, nil
}

// bytes lays the header out (draft-ietf-opsawg-pcap, section 4).
func (h pcapHeader) bytes() []byte {
	magic, network := uint32(magicPcap), uint32(h.linkType)
	if h.nanos {
		magic = magicNanos
	}
	if h.fcs > 0 && h.fcs%2 == 0 && h.fcs < 32 {
		network |= 0x04000000 | uint32(h.fcs/2)<<28
	}
	b := binary.LittleEndian.AppendUint32(nil, magic)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, h.snaplen)
	return binary.LittleEndian.AppendUint32(b, network)
}
