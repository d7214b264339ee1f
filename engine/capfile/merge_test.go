package capfile

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// mergeInputs are captures whose packets interleave: microseconds, nanoseconds
// and a big-endian pcapng with comments.
func mergeInputs(t *testing.T) []string {
	b := big
	record := func(m maker, fraction uint32, mark byte) []byte {
		return join(m.words(second, fraction, 4, 40), []byte{mark, 0, 0, 0})
	}
	packet := func(ticks uint64, mark byte, options ...[]byte) []byte {
		return b.packet(0, ticks, 4, 40, []byte{mark, 0, 0, 0}, options...)
	}
	return []string{
		write(t, "a.pcap", join(little.pcap(magicPcap, 2, 4, 65535, 147), record(little, 10, 1), record(little, 30, 4), record(little, 20, 5))),
		write(t, "b.pcap", join(big.pcap(magicNanos, 2, 4, 65535, 147), record(big, 10000, 2), record(big, 40001, 7))),
		write(t, "c.pcapng", join(b.section(), b.iface(147, 0, b.option(optIfName, []byte("lo")...), b.option(optIfTSOffset, b.AppendUint64(nil, 1)...)),
			packet(micros-1000000+15, 3, b.option(optComment, []byte("third")...), b.option(optEPBFlags, 0, 0, 0, 1)), packet(micros-1000000+40, 6),
			b.block(blockNames, b.words(1<<16|10), []byte("\x0a\x00\x00\x01host\x00\x00\x00\x00"), b.words(0)))),
	}
}

func TestMerge(t *testing.T) {
	paths := mergeInputs(t)
	f, err := Merge(t.Context(), paths, Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var order []byte
	var sources []int
	for i := range f.Len() {
		order, sources = append(order, f.Data(i)[0]), append(sources, f.Source(i))
	}
	// 1 and 2 have the same time; 5 is earlier than 4 but stays behind it, being
	// in the same file.
	if !bytes.Equal(order, []byte{2, 1, 3, 4, 5, 6, 7}) {
		t.Errorf("order %v", order)
	}
	for i, want := range []int{1, 0, 2, 0, 0, 2, 1} {
		if sources[i] != want {
			t.Errorf("packet %d is from file %d, want %d", i+1, sources[i], want)
		}
	}
	if got := f.Comments(2); len(got) != 1 || got[0] != "third" {
		t.Errorf("comments %q", got)
	}
	if f.Record(6).Time != second*1e9+40001 || f.Record(2).Time != second*1e9+15000 {
		t.Errorf("times %d and %d", f.Record(6).Time, f.Record(2).Time)
	}
	if len(f.Names()) != 1 || f.Names()[0].Names[0] != "host" || len(f.Interfaces()) != 3 || f.Interfaces()[2].Name != "lo" {
		t.Errorf("names %v, interfaces %+v", f.Names(), f.Interfaces())
	}
	if f.Name() != "a.pcap and 2 more" || len(f.Paths()) != 3 || f.Changed() {
		t.Errorf("name %q, paths %v, changed %v", f.Name(), f.Paths(), f.Changed())
	}
}

// TestMergeLikeMergecap compares with Wireshark's own.
func TestMergeLikeMergecap(t *testing.T) {
	mergecap := tool(t, "mergecap")
	paths := mergeInputs(t)
	theirs := filepath.Join(t.TempDir(), "theirs.pcapng")
	if out, err := exec.Command(mergecap, append([]string{"-I", "none", "-w", theirs}, paths...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := Merge(t.Context(), paths, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ours := filepath.Join(t.TempDir(), "ours.pcapng")
	if _, err := Save(t.Context(), ours, f, countTo(f.Len()), SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	names := []string{"frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_id", "frame.comment", "frame.packet_flags", "data"}
	if want, got := fields(t, theirs, "frame", names...), fields(t, ours, "frame", names...); got != want || want == "" {
		t.Errorf("tshark sees\n%s, want\n%s", got, want)
	}
}

func TestMergeOdd(t *testing.T) {
	if _, err := Merge(t.Context(), nil, Options{}); err == nil {
		t.Error("merging nothing gave no error")
	}
	if _, err := Merge(t.Context(), []string{mergeInputs(t)[0], filepath.Join(t.TempDir(), "none")}, Options{}); err == nil {
		t.Error("merging a missing file gave no error")
	}
	m := little
	odd := write(t, "odd.pcapng", join(m.section(), m.iface(1, 0), m.epb(0, micros+5), m.block(blockSimplePacket, m.words(60), payload),
		m.block(blockCustom, m.words(1), payload)))
	f, err := Merge(t.Context(), []string{odd, odd}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Len() != 4 || f.Record(1).Time != second*1e9+5000 || len(f.Warnings()) != 2 {
		t.Errorf("%d packets, times %d, warnings %v", f.Len(), f.Record(1).Time, f.Warnings())
	}
}
