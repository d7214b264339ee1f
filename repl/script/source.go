package script

import (
	"context"
	"iter"
	"time"

	"pktsh/dissect"
	"pktsh/engine"
	"pktsh/engine/column"
)

// packetSource is one packet as this package needs it; *engine.Packet is one.
type packetSource interface {
	Number() uint32
	Length() int
	CapturedLength() int
	Time() (t time.Time, ok bool)
	Interface() (name string, ok bool)
	Bytes() ([]byte, error)
	Tree(ctx context.Context) (*dissect.Tree, error)
	// Layers are the names of the tree's top-level protocols, frame apart.
	Layers(ctx context.Context) ([]string, error)
	// Dissected returns the tree if it is at hand; it never waits.
	Dissected() *dissect.Tree
	Row(ctx context.Context) (engine.Row, error)
	// Header, HeaderField and Transport tell of the packet's headers without
	// dissecting it, where that is surely what its tree says.
	Header(ctx context.Context, protocol string) (n int, sure bool)
	HeaderField(ctx context.Context, name string) (text string, found, sure bool)
	Transport(ctx context.Context) (protocol string, sure bool)
	// Expect says which fields of a protocol will be asked about, in this packet and
	// others of its capture.
	Expect(protocol string, fields []string)
	// Absent says that a protocol, by its filter name, is surely not in the tree.
	Absent(ctx context.Context, protocol string) bool
}

// viewSource is a capture seen through a filter as this package needs it.
// engineView makes one of an *engine.View; tests have their own.
type viewSource interface {
	Path() string
	Filter() string
	Len(ctx context.Context) (int, error)
	Frame(ctx context.Context, i int) (uint32, error)
	Frames(ctx context.Context) iter.Seq2[uint32, error]
	// Rows yields the rows of the packets at places lo to hi-1, hi cut to Len.
	Rows(ctx context.Context, lo, hi int, o engine.RowOptions) iter.Seq2[engine.Row, error]
	Packet(frame uint32) (packetSource, error)
	// CountBy and Values are a field of all packets.
	CountBy(ctx context.Context, field string) ([]column.Count, error)
	Values(ctx context.Context, field string) (iter.Seq[[]string], error)
	// Table is several fields of all packets; the outer slice is used again.
	Table(ctx context.Context, fields []string) (iter.Seq[[][]string], error)
	// FieldType returns the type of a field's values, "" of a name nobody knows.
	FieldType(ctx context.Context, name string) (dissect.Type, error)
	// Sort returns the packets in the order of a field.
	Sort(ctx context.Context, field string, reverse bool) (viewSource, error)
	Narrow(ctx context.Context, expr string) (viewSource, error)
	Slice(ctx context.Context, start, end, step int) (viewSource, error)
	Close() error
}

// engineView is an *engine.View behind the interface: its methods differ only
// in that they return interfaces.
type engineView struct{ *engine.View }

func (v engineView) Path() string { return v.Capture().Path() }
func (v engineView) Close() error { return v.Capture().Close() }

func (v engineView) Packet(frame uint32) (packetSource, error) {
	p, err := v.Capture().Packet(frame)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (v engineView) Narrow(ctx context.Context, expr string) (viewSource, error) {
	n, err := v.View.Narrow(ctx, expr)
	if err != nil {
		return nil, err
	}
	return engineView{n}, nil
}

func (v engineView) FieldType(ctx context.Context, name string) (dissect.Type, error) {
	return v.Capture().FieldType(ctx, name)
}

func (v engineView) Sort(ctx context.Context, field string, reverse bool) (viewSource, error) {
	n, err := v.View.Sort(ctx, field, reverse)
	if err != nil {
		return nil, err
	}
	return engineView{n}, nil
}

func (v engineView) Slice(ctx context.Context, start, end, step int) (viewSource, error) {
	n, err := v.View.Slice(ctx, start, end, step)
	if err != nil {
		return nil, err
	}
	return engineView{n}, nil
}
