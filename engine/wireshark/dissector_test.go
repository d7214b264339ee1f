package wireshark

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pktsh/dissect"
)

// installed returns the tools, or skips the test.
func installed(t *testing.T) Tools {
	t.Helper()
	tools := Find(os.Getenv("PATH"))
	if tools.Sharkd == "" || tools.Tshark == "" {
		t.Skip("tshark and sharkd are not installed")
	}
	return tools
}

// captures returns the folder of shared captures, or skips the test.
func captures(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("PKTSH_CAPTURES"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	dir = filepath.Join(dir, "..", "shared", "captures")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no shared captures: set PKTSH_CAPTURES")
	}
	return dir
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func cancelled(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func start(t *testing.T, cfg Config, in Input) *Dissector {
	t.Helper()
	d := Start(installed(t), cfg, in, Options{TempDir: t.TempDir(), CacheDir: testCache, Logf: t.Logf})
	t.Cleanup(func() { d.Close() })
	return d
}

func TestAnswers(t *testing.T) {
	d := start(t, Config{}, Input{Path: filepath.Join(captures(t), "ndpi", "default_pcap_1kxun.pcap")})
	ctx := testContext(t)
	if err := d.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if s := d.State(); s.Phase != Ready || s.Frames != 1723 || s.Partial || s.Err != nil || s.Fraction != 1 {
		t.Errorf("state: got %+v, want ready with 1723 frames", s)
	}
	var rows []dissect.Summary
	err := d.Rows(ctx, []uint32{1, 3, 1723}, func(s dissect.Summary) error { rows = append(rows, s); return nil })
	if err != nil || len(rows) != 3 {
		t.Fatalf("rows: got %v, %v", rows, err)
	}
	want := dissect.Summary{Number: 1, Source: "192.168.5.44", Destination: "224.0.0.252", Protocol: "LLMNR", Length: 68, Info: "Standard query 0xe6a1 ANY jason-PC"}
	if rows[0] != want {
		t.Errorf("row 1: got %+v, want %+v", rows[0], want)
	}
	if rows[1].Protocol != "SSDP" || rows[1].Number != 3 || rows[2].Number != 1723 {
		t.Errorf("rows: got %+v", rows[1:])
	}
}
