package capfile

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// TestReadsPcapgo reads what gopacket's writers write.
func TestReadsPcapgo(t *testing.T) {
	var plain, nanos, ng bytes.Buffer
	writers := []interface {
		WritePacket(gopacket.CaptureInfo, []byte) error
	}{}
	for _, w := range []*pcapgo.Writer{pcapgo.NewWriter(&plain), pcapgo.NewWriterNanos(&nanos)} {
		if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
			t.Fatal(err)
		}
		writers = append(writers, w)
	}
	ngWriter, err := pcapgo.NewNgWriter(&ng, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	writers = append(writers, ngWriter)
	for _, w := range writers {
		for k := range 200 {
			info := gopacket.CaptureInfo{Timestamp: time.Unix(second+int64(k), int64(k)*1001), CaptureLength: k % 61, Length: k}
			if err := w.WritePacket(info, payload[:k%61]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := ngWriter.Flush(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		unit int64
	}{"pcap": {plain.Bytes(), 1000}, "pcap (nanoseconds)": {nanos.Bytes(), 1}, "pcapng": {ng.Bytes(), 1}} {
		f := open(t, write(t, "x", c.data), Options{})
		if f.Len() != 200 || f.Format() != name || len(f.Warnings()) != 0 {
			t.Fatalf("%s: %d packets, %q, %v", name, f.Len(), f.Format(), f.Warnings())
		}
		for k := range f.Len() {
			r, want := f.Record(k), (second+int64(k))*1e9+int64(k)*1001/c.unit*c.unit
			if r.Time != want || int(r.Captured) != k%61 || int(r.Original) != k || !bytes.Equal(f.Data(k), payload[:k%61]) {
				t.Fatalf("%s: packet %d: %+v, want time %d", name, k+1, r, want)
			}
		}
	}
}

// TestPcapgoReads has gopacket read what Save writes.
func TestPcapgoReads(t *testing.T) {
	f := open(t, write(t, "in.pcapng", little.simpleNG()), Options{})
	for _, name := range []string{"out.pcap", "out.pcapng"} {
		g := open(t, save(t, f, name, SaveOptions{}, 0, 1), Options{})
		var source gopacket.PacketDataSource
		var err error
		if name == "out.pcap" {
			source, err = pcapgo.NewReader(bytes.NewReader(g.data))
		} else {
			source, err = pcapgo.NewNgReader(bytes.NewReader(g.data), pcapgo.DefaultNgReaderOptions)
		}
		if err != nil {
			t.Fatal(err)
		}
		for k := range 2 {
			data, info, err := source.ReadPacketData()
			if err != nil || !bytes.Equal(data, payload) || info.Timestamp.UnixNano() != f.Record(k).Time {
				t.Errorf("%s: packet %d: %v, %v", name, k+1, info, err)
			}
		}
		if _, _, err := source.ReadPacketData(); err != io.EOF {
			t.Errorf("%s: %v after two packets, want EOF", name, err)
		}
	}
}
