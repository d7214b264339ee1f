package native

import (
	"pktsh/dissect"
	"pktsh/engine/capfile"
)

// source is a capture's packets as dissections see them.
type source struct {
	file       File
	interfaces []capfile.Interface
	first      int64 // time of the first frame
	clock      func(frame uint32) int64
	bytes      func(frame uint32) []byte
}

func newSource(f File) source {
	s := source{file: f, interfaces: f.Interfaces()}
	s.clock, s.bytes = s.timeOf, s.dataOf
	if f.Len() > 0 {
		s.first = f.Record(0).Time
	}
	return s
}

// networkInterface returns the interface of a record; ok is false where the file
// names none.
func (s *source) networkInterface(r capfile.Record) (i capfile.Interface, ok bool) {
	if r.Interface < 0 || r.Interface >= len(s.interfaces) {
		return capfile.Interface{LinkType: -1}, false
	}
	return s.interfaces[r.Interface], true
}

// describe fills in what every dissection of the i-th record needs.
func (s *source) describe(in *dissect.Input, i int, flows dissect.Flows) {
	r := s.file.Record(i)
	*in = dissect.Input{
		Number: uint32(i) + 1, Data: s.file.Data(i), Original: r.Original, Time: r.Time, HasTime: r.HasTime,
		First: s.first, LinkType: -1, TimeOf: s.clock, DataOf: s.bytes, Flows: flows,
	}
	if c, ok := s.networkInterface(r); ok {
		in.LinkType, in.FCS = c.LinkType, c.FCS
	}
}

// frameDetails adds what only the frame's own node shows.
func (s *source) frameDetails(in *dissect.Input, i int) {
	in.Comments = s.file.Comments(i)
	r := s.file.Record(i)
	in.Previous = r.Time
	if i > 0 {
		in.Previous = s.before(i).Time
	}
	if c, ok := s.networkInterface(r); ok && s.file.Format() == "pcapng" {
		in.Interface = &dissect.Interface{ID: c.ID, Name: c.Name, Description: c.Description, Section: c.Section + 1}
	}
}

// before is the record whose time Wireshark takes for that of the one before the i-th:
// a block that is no packet and has no time leaves the time as it was (wiretap's
// pcapng.c, 4.0.17).
func (s *source) before(i int) capfile.Record {
	r := s.file.Record(i - 1)
	for i--; i > 0 && !r.HasTime; i-- {
		if c, ok := s.networkInterface(r); !ok || c.ID >= 0 {
			break
		}
		r = s.file.Record(i - 1)
	}
	return r
}

func (s *source) timeOf(frame uint32) int64 {
	if frame == 0 || int(frame) > s.file.Len() {
		return 0
	}
	return s.file.Record(int(frame) - 1).Time
}

func (s *source) dataOf(frame uint32) []byte {
	if frame == 0 || int(frame) > s.file.Len() {
		return nil
	}
	return s.file.Data(int(frame) - 1)
}
