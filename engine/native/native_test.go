package native_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"pktsh/dissect"
	"pktsh/engine/capfile"
	"pktsh/engine/native"
)

// TestConcurrentQuestions asks for rows, trees and filters at once, while the
// pass over the file is still running. It is for the race detector.
func TestConcurrentQuestions(t *testing.T) {
	d := open(t, filepath.Join("testdata", "own.pcap"))
	if d == nil {
		t.Fatal("testdata/own.pcap does not open")
	}
	ctx := context.Background()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := d.Rows(ctx, []uint32{1, 3, 5}, func(dissect.Summary) error { return nil }); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := d.Tree(ctx, 6); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := d.Filter(ctx, nil, []string{"udp"}, func(t *dissect.Tree) bool { return t.Has("udp") }, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestStops ends on a cancelled context and on the caller's own error.
func TestStops(t *testing.T) {
	d := open(t, filepath.Join("testdata", "own.pcap"))
	if d == nil {
		t.Fatal("testdata/own.pcap does not open")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.Prepare(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Prepare: got %v, want context.Canceled", err)
	}
	enough := errors.New("enough")
	err := d.Rows(context.Background(), []uint32{1, 2}, func(dissect.Summary) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("Rows: got %v, want the caller's error", err)
	}
}

// TestProgress counts the pass and the filter up to the whole.
func TestProgress(t *testing.T) {
	f, err := capfile.Open(t.Context(), filepath.Join("testdata", "own.pcap"), capfile.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := native.New(f)
	if done, total := d.Prepared(); done != 0 || total != f.Len() {
		t.Errorf("Prepared before the pass: got %d of %d, want 0 of %d", done, total, f.Len())
	}
	var done, total int64
	progress := func(d, t int64) { done, total = d, t }
	if _, err := d.Filter(t.Context(), nil, []string{"tcp.stream"}, func(*dissect.Tree) bool { return true }, progress); err != nil {
		t.Fatal(err)
	}
	if want := 2 * int64(f.Len()); done != want || total != want {
		t.Errorf("Filter that needs the pass: got progress %d of %d, want %d", done, total, want)
	}
	if done, total := d.Prepared(); done != total {
		t.Errorf("Prepared after the pass: got %d of %d", done, total)
	}
	if err := d.PrepareFor(t.Context(), uint32(f.Len())+1); err == nil {
		t.Error("PrepareFor a frame beyond the capture: want an error")
	}
}
