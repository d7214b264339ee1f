package capfile

// frame is a packet as its file has it, for writing it to another.
type frame struct {
	iface    int
	kind     kind
	ticks    uint64 // in the interface's resolution
	hasTime  bool
	data     []byte // with its pseudo header
	original uint32 // likewise
	options  []byte // of its block
	order    byteOrder
}

// frame reads packet i with what the index leaves in the file.
func (f *File) frame(i int) frame {
	e, s := f.index.at(i)
	r := frame{
		iface: int(s.iface), kind: s.kind(), hasTime: s.flags&noTimeFlag == 0,
		data: f.raw(e.offset, e.captured), original: e.original,
	}
	if p := f.pcap; p != nil {
		header := f.data[e.offset-int64(p.variant.header)-int64(p.padding):]
		perSecond := uint64(1e6)
		if p.variant.nanos {
			perSecond = 1e9
		}
		r.ticks = uint64(p.order.Uint32(header))*perSecond + uint64(p.order.Uint32(header[4:]))
		return r
	}
	if b, ok := f.block(e, s); ok {
		r.order = b.order
		r.ticks = uint64(b.order.Uint32(b.body[4:]))<<32 | uint64(b.order.Uint32(b.body[8:]))
		r.options = b.body[packetOptionsAt(e.captured):]
	}
	return r
}

// block is the Enhanced Packet Block, or the Packet Block, of a packet; ok is
// false for a packet of another kind. The indexer has checked the block, but the
// index may be from a cache file, and the capture be written to: so what is
// there now need not be one.
func (f *File) block(e entry, s *slot) (b block, ok bool) {
	offset := e.offset - 28
	if k := s.kind(); k != kindPacket && k != kindOld || offset < 0 {
		return b, false
	}
	k := f.read()
	order := k.sections[k.interfaces[s.iface].Section]
	length := (int64(order.Uint32(f.data[offset+4:])) + 3) &^ 3
	if length < minBlock+int64(packetOptionsAt(e.captured)) || length > f.size-offset {
		return b, false
	}
	return block{order: order, offset: offset, body: f.data[offset+8 : offset+length-4 : offset+length-4]}, true
}

// packetOptionsAt is where a packet block's options begin in its body.
func packetOptionsAt(captured uint32) int { return 20 + (int(captured)+3)&^3 }
