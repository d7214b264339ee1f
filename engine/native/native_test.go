package native_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"pktsh/dissect"
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
			if _, err := d.Filter(ctx, []string{"udp"}, func(t *dissect.Tree) bool { return t.Has("udp") }); err != nil {
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
