package side_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/native"
	"pktsh/engine/side"
	"pktsh/engine/wireshark"
)

// fields are what the tests ask for.
var fields = []string{"eth.type", "ip.addr", "ip.proto", "ipv6.src", "tcp.port", "tcp.flags", "udp.port", "icmp.type", "dns.qry.name", "frame.len"}

// source opens a capture for questions, or skips.
func source(t *testing.T, path string) side.Source {
	t.Helper()
	tools := wireshark.Find(os.Getenv("PATH"))
	if tools.Tshark == "" {
		t.Skip("tshark is not installed: nobody to ask")
	}
	registrations, err := wireshark.LoadRegistrations(t.Context(), tools, "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := capfile.Open(t.Context(), path, capfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	table := dissect.NewTable()
	walker := table.NewWalker(dissect.Rules{Registrations: registrations})
	return side.Source{File: f, Table: table, Walker: walker, Tools: tools, TempDir: t.TempDir()}
}

// unsure are the frames of which a walk does not know the fields.
func unsure(t *testing.T, s side.Source) *roaring.Bitmap {
	t.Helper()
	var in dissect.Set
	for _, name := range fields {
		a, ok := s.Table.Access(name)
		if !ok {
			t.Fatalf("no access to %s", name)
		}
		in |= a.In
	}
	out := roaring.New()
	cursor := native.NewCursor(s.File, native.CursorConfig{Walker: s.Walker})
	for i := range s.File.Len() {
		if cursor.Load(i); cursor.Headers.Unsure.Has(in) {
			out.Add(uint32(i) + 1)
		}
	}
	return out
}

// ask collects the rows of a question.
func ask(t *testing.T, s side.Source, frames *roaring.Bitmap, filter string) map[uint32]string {
	t.Helper()
	rows := map[uint32]string{}
	last := uint32(0)
	err := side.Ask(t.Context(), s, frames, wireshark.FieldsQuery{Filter: filter, Fields: fields}, func(frame uint32, cells []string) error {
		if frame <= last {
			t.Errorf("got frame %d after %d, want ascending ones", frame, last)
		}
		last = frame
		rows[frame] = strings.Join(cells, "|")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(s.TempDir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	return rows
}

// whole asks tshark about the whole capture.
func whole(t *testing.T, s side.Source, frames *roaring.Bitmap, filter string) map[uint32]string {
	t.Helper()
	path, inherit := s.File.DissectorFile()
	rows := map[uint32]string{}
	q := wireshark.FieldsQuery{Filter: filter, Fields: append([]string{"frame.number"}, fields...)}
	err := wireshark.RunFields(t.Context(), s.Tools, s.Config, wireshark.Input{Path: path, Inherit: inherit}, q, func(cells []string) error {
		n, err := strconv.ParseUint(cells[0], 10, 32)
		if frames.Contains(uint32(n)) {
			rows[uint32(n)] = strings.Join(cells[1:], "|")
		}
		return err
	})
	if ended := (*wireshark.RunError)(nil); err != nil && !errors.As(err, &ended) { // a cut capture ends so
		t.Fatal(err)
	}
	return rows
}

// sample are captures with tunnels, fragments, unknown ports and link types.
// PKTSH_SAMPLE=0 takes all there are.
var sample = []string{
	"pcap_1kxun", "pcap_icmp-tunnel", "pcap_bitcoin", "802.1ad_QinQ", "LINKTYPE_IPV", "pcap_gre", "pcap_ipip", "pcap_vxlan",
	"pcap_socks", "pcap_dns_ambiguous", "pcap_teredo", "pcap_ip_fragmented", "pcap_openflow", "pcap_gtp",
}

// TestAsk compares answers out of side captures with those out of whole ones.
func TestAsk(t *testing.T) {
	dir := os.Getenv("PKTSH_CAPTURES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "captures")
	}
	asked := 0
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || entry.Name() == "README.md" {
			return nil
		}
		named := slices.ContainsFunc(sample, func(name string) bool { return strings.Contains(filepath.Base(path), name) })
		if info, err := entry.Info(); err != nil || os.Getenv("PKTSH_SAMPLE") != "0" && (!named || info.Size() > 1<<20) {
			return nil
		}
		if f, err := capfile.Open(t.Context(), path, capfile.Options{}); err != nil {
			return nil // not a capture: nothing to ask
		} else {
			f.Close()
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := source(t, path)
			frames := unsure(t, s)
			if frames.IsEmpty() {
				return
			}
			asked++
			for _, filter := range []string{"", "udp && ip"} {
				got, want := ask(t, s, frames, filter), whole(t, s, frames, filter)
				differ := 0
				for frame, row := range want {
					if got[frame] != row {
						if differ++; differ < 4 {
							t.Errorf("%q frame %d:\n got %q\nwant %q", filter, frame, got[frame], row)
						}
					}
				}
				if len(got) != len(want) {
					t.Errorf("%q: got %d rows, want %d", filter, len(got), len(want))
				}
			}
		})
		return nil
	})
	if asked == 0 {
		t.Skip("no captures with packets that are not sure (PKTSH_CAPTURES names their directory)")
	}
}

// TestAskOfFew asks for two frames of a capture of our own: only these are reported.
func TestAskOfFew(t *testing.T) {
	s := source(t, filepath.Join("..", "..", "testdata", "browse.pcapng"))
	frames := roaring.BitmapOf(3, uint32(s.File.Len()))
	got, want := ask(t, s, frames, ""), whole(t, s, frames, "")
	if len(got) != 2 || got[3] != want[3] || got[frames.Maximum()] != want[frames.Maximum()] {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := side.Ask(t.Context(), s, roaring.BitmapOf(uint32(s.File.Len())+1), wireshark.FieldsQuery{Fields: fields}, nil); err == nil {
		t.Error("a frame outside the capture: got no error")
	}
	err := side.Ask(t.Context(), s, frames, wireshark.FieldsQuery{Filter: "ip.scr == 1", Fields: fields}, func(uint32, []string) error { return nil })
	if fault := (*wireshark.FilterError)(nil); !errors.As(err, &fault) {
		t.Errorf("a wrong filter: got %v, want a *FilterError", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := side.Ask(ctx, s, frames, wireshark.FieldsQuery{Fields: fields}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestAllowed(t *testing.T) {
	table := dissect.NewTable()
	for names, want := range map[string]bool{
		"ip.src tcp.port udp frame.len":    true,
		"dns.qry.name frame.time_epoch":    true,
		"frame.number":                     false,
		"ip.src frame.time_relative":       false,
		"frame.time_delta":                 false,
		"tcp.stream":                       false,
		"tcp.seq":                          false,
		"http.host":                        false,
		"tcp.analysis.retransmission":      false,
		"ip.src tcp.dstport frame.cap_len": true,
	} {
		if got := side.Allowed(table, strings.Fields(names)); got != want {
			t.Errorf("Allowed(%s): got %t, want %t", names, got, want)
		}
	}
}
