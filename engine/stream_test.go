package engine

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"pktsh/engine/capfile"
)

// written is a pcapng capture in memory: its beginning, and packets.
func written(t testing.TB, packets int) (head []byte, blocks [][]byte) {
	t.Helper()
	var b bytes.Buffer
	w := capfile.NewBlockWriter(&b)
	id := uint32(0)
	err := errors.Join(w.Section("test"), func() (err error) {
		id, err = w.Interface(capfile.Interface{LinkType: 101, Digits: 9, FCS: -1})
		return err
	}())
	head = bytes.Clone(b.Bytes())
	for i := range packets {
		b.Reset()
		ip := []byte{0x45, 0, 0, 28, 0, byte(i), 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, byte(2 + i%2), 0x9c, 0x40, 0x9c, 0x41, 0, 8, 0, 0}
		err = errors.Join(err, w.Packet(id, uint64(time.Second)*uint64(i+1), ip, uint32(len(ip))))
		blocks = append(blocks, bytes.Clone(b.Bytes()))
	}
	if err != nil {
		t.Fatal(err)
	}
	return head, blocks
}

// TestFollow explores a stream while it is written, and when it has ended.
func TestFollow(t *testing.T) {
	s := NewSession(Config{TempDir: t.TempDir()})
	defer s.Close()
	r, w := io.Pipe()
	head, blocks := written(t, 10)
	go func() {
		w.Write(head)
		w.Write(blocks[0])
	}()
	c, err := s.Follow(t.Context(), OpenOptions{Reader: r, Name: "pipe"})
	if err != nil {
		t.Fatal(err)
	}
	arrive(t, c, 1)
	v, err := c.All().Narrow(t.Context(), "ip.dst == 10.0.0.3")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{0, 1, 1, 2} {
		if n, err := v.Len(t.Context()); n != want || err != nil {
			t.Errorf("with %d packets %d pass (%v), want %d", i+1, n, err, want)
		}
		go w.Write(blocks[i+1])
		arrive(t, c, i+2)
	}
	go func() {
		w.Write(bytes.Join(blocks[5:], nil))
		w.CloseWithError(errors.New("the far end is gone"))
	}()
	arrive(t, c, 10)
	<-c.Live().Done()
	if err := c.Live().Err(); err == nil || !strings.Contains(err.Error(), "pipe: reading stopped after") || !strings.Contains(err.Error(), "the far end is gone") {
		t.Errorf("got %v, want that reading stopped", err)
	}
	if err := c.SniffMore(t.Context(), LiveOptions{Interfaces: []string{"lo"}}); err == nil || !strings.Contains(err.Error(), "pipe is a stream") {
		t.Errorf("sniffing into a stream: %v", err)
	}
}

// TestFollowWhole has a stream that ends at once be there at once, and takes what is
// no stream of records to its end.
func TestFollowWhole(t *testing.T) {
	s := NewSession(Config{TempDir: t.TempDir()})
	defer s.Close()
	head, blocks := written(t, 3)
	data := append(head, bytes.Join(blocks, nil)...)
	c, err := s.Follow(t.Context(), OpenOptions{Reader: bytes.NewReader(data)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 3 || c.Live().State() != LiveStopped || c.Name() != "standard input" {
		t.Errorf("%s: %d packets, %v, want 3, stopped", c.Name(), c.Len(), c.Live().State())
	}
	for text, content := range map[string]string{"is empty": "", "hello": "hello, this is no capture of anybody's"} {
		if _, err := s.Follow(t.Context(), OpenOptions{Reader: strings.NewReader(content), Name: "hello"}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %v, want %q", content, err, text)
		}
	}
	left, err := os.ReadDir(s.cfg.TempDir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}
