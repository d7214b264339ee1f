// Package side asks Wireshark about some packets of a capture without giving it
// the whole: tshark -2 dissects a *side capture* that holds the packets asked for
// and everything that their dissection needs.
//
// That is exact for what a packet's own headers say: the fields of the link,
// network and transport protocols, and of DNS over UDP ([Allowed] tells). It is
// not for what depends on the place in the capture (frame numbers, times since
// another frame, stream numbers), nor for what whole applications say (HTTP, TLS),
// whose dissection may hang on any packet before.
package side

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/wireshark"
)

// Source is what is asked about, and whom.
type Source struct {
	File *capfile.File
	// Limit is how many packets of the file there are to the question, from the
	// first on; 0 stands for all.
	Limit int
	// Table and Walker are those that found the packets to be unsure.
	Table  *dissect.Table
	Walker *dissect.Walker
	// Marks are those of the file's packets, as far as they are known. They save
	// another walk through every packet.
	Marks Marks

	Tools  wireshark.Tools
	Config wireshark.Config
	// TempDir is where the side capture is written, os.TempDir() when empty. It
	// has no name there any more when tshark reads it.
	TempDir string
}

// Allowed says whether a side capture can answer for fields and protocols, by
// their filter names: those that a filter asks for, and those that are printed.
func Allowed(table *dissect.Table, names []string) bool {
	frame, _ := table.Access("frame")
	return !slices.ContainsFunc(names, func(name string) bool {
		switch name {
		case "frame.len", "frame.cap_len", "frame.time", "frame.time_epoch", "frame.encap_type":
			return false
		}
		a, ok := table.Access(name)
		return !ok || a.Doubtful || a.In == frame.In && name != "frame"
	})
}

// Ask has tshark -2 answer a question about frames, by their numbers in the file,
// and calls each with the cells of those that the question's filter lets through,
// in ascending order. Cells are those of [wireshark.RunFields], and so are errors;
// the slice is Ask's. Names of fields and those in the filter have to be Allowed.
func Ask(ctx context.Context, s Source, frames *roaring.Bitmap, q wireshark.FieldsQuery, each func(frame uint32, cells []string) error) error {
	if frames.IsEmpty() {
		return nil
	}
	n := s.File.Len()
	if s.Limit > 0 {
		n = min(n, s.Limit)
	}
	if last := frames.Maximum(); frames.Contains(0) || int(last) > n {
		return fmt.Errorf("side capture: got frames up to %d, want numbers from 1 to %d", last, n)
	}
	members, err := s.members(ctx, frames, n)
	if err != nil {
		return err
	}
	capture, err := s.write(ctx, members)
	if err != nil {
		return err
	}
	defer capture.Close()

	originals := &numbering{members: members.Iterator()}
	q.Fields = append([]string{"frame.number"}, q.Fields...)
	in := wireshark.Input{Path: strings.Join(s.File.Paths(), ", "), Inherit: capture} // its name is for messages
	return wireshark.RunFields(ctx, s.Tools, s.Config, in, q, func(cells []string) error {
		frame, err := originals.of(cells[0])
		if err != nil || !frames.Contains(frame) {
			return err
		}
		return each(frame, cells[1:])
	})
}

// write makes the side capture: a file without a name, in the source's own format,
// with the records copied as they are.
func (s Source) write(ctx context.Context, members *roaring.Bitmap) (*os.File, error) {
	dir, err := os.MkdirTemp(s.TempDir, "pktsh-side-*")
	if err != nil {
		return nil, fmt.Errorf("making a side capture: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "capture")
	_, err = capfile.Save(ctx, path, s.File, func(yield func(int) bool) {
		for it := members.Iterator(); it.HasNext(); {
			if !yield(int(it.Next()) - 1) {
				return
			}
		}
	}, capfile.SaveOptions{})
	if err != nil {
		return nil, fmt.Errorf("making a side capture: %w", err)
	}
	return os.Open(path)
}

// numbering turns ascending frame numbers of a side capture into those of the
// capture that its members are from.
type numbering struct {
	members roaring.IntPeekable
	at      uint64 // how many members were passed
	frame   uint32 // the last of them
}

func (n *numbering) of(cell string) (frame uint32, err error) {
	number, err := strconv.ParseUint(strings.Trim(cell, `"'`), 10, 32) // the question may ask for quotes
	if err != nil || number <= n.at {
		return 0, fmt.Errorf("side capture: got the frame number %q after %d, want a higher one", cell, n.at)
	}
	for ; n.at < number; n.at++ {
		if !n.members.HasNext() {
			return 0, errors.New("side capture: tshark found more packets in it than were written")
		}
		n.frame = n.members.Next()
	}
	return n.frame, nil
}
