package dissect

import "pktsh/dissect/stream"

// This file finds where TLS records end in a stream, by the rules of Wireshark's
// dissect_ssl3_record with tls.desegment_ssl_records on, as it is by default.

// tlsFraming implements stream.Framing.
type tlsFraming struct {
	pos, begin, end int
	head            [tlsRecordHeader]byte
	have            int // bytes of head
	left            int // of the record's body
}

func (f *tlsFraming) Reset(bool) { *f = tlsFraming{} }
func (f *tlsFraming) Begin() int { return f.begin }
func (f *tlsFraming) End() int   { return f.end }

func (f *tlsFraming) Keep(old stream.Framing) stream.Framing {
	k, ok := old.(*tlsFraming)
	if !ok {
		k = new(tlsFraming)
	}
	*k = *f
	k.pos, k.begin, k.end = f.pos-f.begin, 0, 0
	return k
}

// Feed takes headers and bodies in turn.
func (f *tlsFraming) Feed(d []byte) stream.Need {
	for len(d) > 0 {
		if f.have < tlsRecordHeader {
			n := copy(f.head[f.have:], d)
			f.have, f.pos, d = f.have+n, f.pos+n, d[n:]
			if f.have < tlsRecordHeader {
				break
			}
			h, ok := parseTLSRecord(f.head[:])
			if !ok { // no record: Wireshark takes all that is there
				f.pos += len(d)
				f.finish()
				break
			}
			f.left = h.length
		}
		n := min(f.left, len(d))
		f.left, f.pos, d = f.left-n, f.pos+n, d[n:]
		if f.left == 0 {
			f.finish()
		}
	}
	switch {
	case f.begin == f.pos:
		return stream.Need{}
	case f.have < tlsRecordHeader:
		return stream.Need{Kind: stream.NeedSegment}
	}
	return stream.Need{Kind: stream.NeedBytes, Bytes: f.left}
}

// finish ends a record.
func (f *tlsFraming) finish() {
	f.have, f.begin = 0, f.pos
	if f.end == 0 {
		f.end = f.pos
	}
}
