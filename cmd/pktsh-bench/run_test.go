package main

import (
	"bytes"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

func TestBenchRuns(t *testing.T) {
	b := &bench{runs: 3, budget: time.Minute, scratch: t.TempDir(), log: &bytes.Buffer{}}
	var read answers
	out := filepath.Join(b.scratch, "out")
	good := &probe{name: "good", command: []string{"sh", "-c", `sleep 0.05; echo 7`}, read: read.number, sampled: true}
	written := &probe{name: "written", command: []string{"sh", "-c", `cat >` + out}, input: "12\n", result: out, read: read.number}
	bad := &probe{name: "bad", command: []string{"sh", "-c", `echo first >&2; echo wrong flag >&2; echo Try --help >&2; exit 3`}}
	b.measure(good, nil, written, bad)
	if len(good.took) != 3 || good.answer.count != 7 || good.median() < 50*time.Millisecond || good.took[0].memory.peak == 0 {
		t.Errorf("good: %+v", good)
	}
	if len(written.took) != 3 || written.answer.count != 12 {
		t.Errorf("written: %+v", written)
	}
	if len(bad.took) != 0 || bad.err == nil || bad.err.Error() != "exit status 3: wrong flag" {
		t.Errorf("bad: %+v", bad)
	}
	b.budget = 20 * time.Millisecond
	slow := &probe{name: "slow", command: good.command}
	if b.measure(slow); len(slow.took) != 1 {
		t.Errorf("slow ran %d times on a budget of less than one", len(slow.took))
	}
	if left, err := filepath.Glob(filepath.Join(b.scratch, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestAnswers(t *testing.T) {
	dir := t.TempDir()
	read := answers{maphash.MakeSeed()}
	path := func(name string, data []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	file, _, _ := ordinary(t, 50, growthSnaplen)
	other := bytes.Clone(file)
	other[len(other)-1]++
	a, err := read.packets(path("a.pcap", file))
	if err != nil || a.count != 50 {
		t.Fatalf("%+v, %v", a, err)
	}
	same, err := read.packets(path("same.pcapng", asPcapng(t, file)))
	if err != nil || !a.agrees(same) {
		t.Errorf("the same packets in pcapng: %+v, %v; %+v wanted", same, err, a)
	}
	if b, err := read.packets(path("b.pcap", other)); err != nil || a.agrees(b) {
		t.Errorf("a changed byte: %+v, %v", b, err)
	}
	if _, err := read.packets(path("empty.pcap", nil)); err == nil {
		t.Error("an empty file is no capture")
	}
	l, err := read.lines(path("lines", []byte("1\n2\n")))
	if err != nil || l.count != 2 || !l.agrees(answer{count: 2}) || l.agrees(answer{count: 3}) {
		t.Errorf("lines: %+v, %v", l, err)
	}
	if _, err := read.lines(path("none", nil)); err == nil {
		t.Error("nothing printed is no answer")
	}
}

// asPcapng wraps the packets of a pcap file anew.
func asPcapng(t *testing.T, file []byte) []byte {
	t.Helper()
	r, err := pcapgo.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := pcapgo.NewNgWriter(&out, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, info, err := r.ReadPacketData()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WritePacket(info, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
