package side

// This file chooses the packets of a side capture: what was asked for and what
// Wireshark needs besides to dissect that as it does in the whole capture.

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"pktsh/dissect"
	"pktsh/engine/native"
)

const (
	// blockSize is how many packets a goroutine takes at a time, and grain how many
	// it reads between looks at the context.
	blockSize = 1 << 16
	grain     = 1 << 12
)

// members returns the frames of the side capture for a question about frames, out
// of the first n of the file: the frames themselves; all packets of their
// conversations, since a segment's dissection depends on those before, and what is
// spoken on a port on what was; and, where the headers of one of them are not sure,
// all packets whose headers are not, for its other fragments are among them and
// the rest of what its tunnel carries.
func (s Source) members(ctx context.Context, frames *roaring.Bitmap, n int) (*roaring.Bitmap, error) {
	c := conversationsOf(s.Table)
	asked := map[conversation]bool{}
	odd := false
	var keys []conversation
	cursor := native.NewCursor(s.File, native.CursorConfig{Walker: s.Walker})
	it := frames.Iterator()
	for it.HasNext() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := s.File.Guard(func() error {
			for range grain {
				if !it.HasNext() {
					break
				}
				cursor.Load(int(it.Next()) - 1)
				odd = odd || cursor.Headers.Class != dissect.ClassSure
				keys = c.of(&cursor.Headers, keys[:0])
				for _, key := range keys {
					asked[key] = true
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var wanted [1 << 16]bool // marks
	wanted[markUnknown] = true
	for key := range asked {
		wanted[markOf(&key.ends)] = true
	}
	blocks := make([]*roaring.Bitmap, (n+blockSize-1)/blockSize)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range blocks {
		g.Go(func() error {
			lo, hi := i*blockSize, min((i+1)*blockSize, n)
			var found []uint32
			cursor := native.NewCursor(s.File, native.CursorConfig{Walker: s.Walker})
			var keys []conversation
			for lo < hi {
				if err := ctx.Err(); err != nil {
					return err
				}
				begin, end := lo, min(lo+grain, hi)
				err := s.File.Guard(func() error {
					for ; lo < end; lo++ {
						if !wanted[s.Marks.of(lo)] {
							continue
						}
						cursor.Load(lo)
						in := odd && cursor.Headers.Class != dissect.ClassSure
						keys = c.of(&cursor.Headers, keys[:0])
						for k := 0; k < len(keys) && !in; k++ {
							in = asked[keys[k]]
						}
						if in {
							found = append(found, uint32(lo)+1)
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
				s.File.Release(begin, end)
			}
			blocks[i] = roaring.BitmapOf(found...)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return roaring.FastOr(append(blocks, frames)...), nil
}

// conversation is what the packets of both directions have in common: the two
// ends, the lower one first.
type conversation struct {
	transport dissect.ID
	ends      [2]endpoint
}

// endpoint is an IP address, an IPv4 one in the first four bytes, and a port in
// network byte order.
type endpoint struct {
	address [16]byte
	port    [2]byte
}

// conversations finds the conversations that packets belong to.
type conversations struct {
	ip, ipv6, transport dissect.Set
}

func conversationsOf(t *dissect.Table) conversations {
	set := func(name string) dissect.Set {
		a, ok := t.Access(name)
		if !ok {
			return 0
		}
		return a.In
	}
	return conversations{ip: set("ip"), ipv6: set("ipv6"), transport: set("tcp") | set("udp") | set("sctp")}
}

// of appends the conversations of a packet: one for every transport header, of
// which a tunnel has several.
func (c conversations) of(h *dissect.Headers, out []conversation) []conversation {
	var ends [2]endpoint
	known := false
	layers := h.Layers()
	for i := 1; i < len(layers); i++ { // the first is the frame itself
		l := &layers[i]
		switch in := dissect.Set(1) << l.ID; {
		case (c.ip | c.ipv6).Has(in):
			known = c.addresses(h, l, &ends)
		case c.transport.Has(in) && known:
			if ports(h, l, &ends) {
				out = append(out, conversation{l.ID, ordered(ends)})
			}
		}
	}
	return out
}

// addresses reads those of a network header: RFC 791 section 3.1, RFC 8200 section 3.
func (c conversations) addresses(h *dissect.Headers, l *dissect.Layer, ends *[2]endpoint) (ok bool) {
	at, size := 12, 4
	if c.ipv6>>l.ID&1 != 0 {
		at, size = 8, 16
	}
	header := h.Data[l.Off:l.End]
	if len(header) < at+2*size {
		return false
	}
	for i := range ends {
		ends[i] = endpoint{}
		copy(ends[i].address[:], header[at+i*size:][:size])
	}
	return true
}

// ports reads those of a transport header, which begins with them: RFC 9293, RFC
// 768, RFC 9260.
func ports(h *dissect.Headers, l *dissect.Layer, ends *[2]endpoint) (ok bool) {
	header := h.Data[l.Off:l.End]
	if len(header) < 4 {
		return false
	}
	ends[0].port, ends[1].port = [2]byte(header), [2]byte(header[2:])
	return true
}

// ordered puts the lower end first.
func ordered(ends [2]endpoint) [2]endpoint {
	order := bytes.Compare(ends[0].address[:], ends[1].address[:])
	if order == 0 {
		order = int(binary.BigEndian.Uint16(ends[0].port[:])) - int(binary.BigEndian.Uint16(ends[1].port[:]))
	}
	if order > 0 {
		ends[0], ends[1] = ends[1], ends[0]
	}
	return ends
}
