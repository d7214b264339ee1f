package wireshark

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"pktsh/dissect"
)

// This file has a sharkd that misbehaves on demand: the test binary itself,
// started through a shell script that sets the variable below.

const fakeVariable = "PKTSH_FAKE_SHARKD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeVariable); mode != "" {
		fakeSharkd(mode)
		return
	}
	if tshark := os.Getenv(orphanVariable); tshark != "" {
		orphan(tshark)
		return
	}
	dir, err := os.MkdirTemp("", "pktsh-wireshark-test-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	testCache = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// testCache is the Options.CacheDir of all tests: what is in it is the same for
// all, and making it takes longer than they do.
var testCache string

const fakeInfo = `{"columns":[{"name":"vlan","format":"%q"},{"name":"Source","format":"%s"},` +
	`{"name":"Destination","format":"%d"},{"name":"Protocol","format":"%p"},{"name":"Info","format":"%i"}]}`

// fakeSharkd answers as sharkd does for a capture of three frames, until it
// comes to a request of the method that mode names: "frame:hang", "frame:die",
// "frame:garbage", "frame:once" (dies the first time only, per the file that
// follows: "frame:once:FILE").
func fakeSharkd(mode string) {
	method, rest, _ := strings.Cut(mode, ":")
	fault, file, _ := strings.Cut(rest, ":")
	in := bufio.NewScanner(os.Stdin)
	var grown []byte
	defer func() { runtime.KeepAlive(grown) }()
	for in.Scan() {
		var id uint32
		var asked string
		s := scanner{buf: in.Bytes()}
		s.object(func(key string) {
			switch key {
			case "id":
				id = uint32(s.number())
			case "method":
				asked = s.text()
			default:
				s.skip()
			}
		})
		if fault == "once" && asked == method {
			if _, err := os.Stat(file); err == nil {
				fault = ""
			} else if err := os.WriteFile(file, nil, 0o600); err != nil {
				os.Exit(3)
			}
		}
		if asked == method {
			switch fault {
			case "hang":
				time.Sleep(time.Hour)
			case "die", "once":
				fmt.Fprintln(os.Stderr, "sharkd: assertion failed: fake")
				os.Exit(1)
			case "garbage":
				fmt.Println("this is not JSON")
				continue
			case "grow":
				grown = bytes.Repeat([]byte("x"), 150<<20)
				time.Sleep(time.Second)
			case "otherid":
				id += 7
			}
		}
		result := `{"status":"OK"}`
		switch asked {
		case "info":
			result = fakeInfo
		case "status":
			result = `{"frames":3}`
		case "frame":
			result = `{"tree":[{"l":"Frame 1","t":"proto","f":"frame"}],"bytes":"AAE="}`
		case "frames":
			result = `[{"c":["a","b","c","d","60"],"num":1},{"c":["a","b","c","d","61"],"num":2},{"c":["a","b","c","d","62"],"num":3}]`
		}
		fmt.Printf(`{"jsonrpc":"2.0","id":%d,"result":%s}`+"\n", id, result)
	}
}

// fakeDissector starts a Dissector on a fake sharkd.
func fakeDissector(t *testing.T, mode string) *Dissector {
	t.Helper()
	return limitedDissector(t, mode, 0, 400*time.Millisecond)
}

// limitedDissector has limits of memory in bytes, 0 for none, and of patience.
func limitedDissector(t *testing.T, mode string, memory int64, stall time.Duration) *Dissector {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s='%s' exec '%s'\n", fakeVariable, mode, self)
	sharkd := filepath.Join(dir, "sharkd")
	if err := os.WriteFile(sharkd, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	capture := filepath.Join(dir, "x.pcap")
	if err := os.WriteFile(capture, []byte(emptyCapture), 0o600); err != nil {
		t.Fatal(err)
	}
	d := Start(Tools{Sharkd: sharkd}, Config{}, Input{Path: capture}, Options{
		TempDir: t.TempDir(), Logf: t.Logf, MemoryLimit: memory,
		Deadlines: Deadlines{Start: 5 * time.Second, Load: stall, Frame: stall, Rows: stall},
	})
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(d.opts.TempDir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
	return d
}

func TestFaultsOfOneQuestion(t *testing.T) {
	once := "frame:once:" + filepath.Join(t.TempDir(), "died")
	for _, c := range []struct {
		mode, want string // want is part of the error
	}{
		{"frame:none", ""},
		{once, ""},
		{"frame:die", "assertion failed: fake"},
		{"frame:hang", "stopped making progress"},
		{"frame:garbage", "want {"},
		{"frame:otherid", "want 4"},
	} {
		t.Run(strings.Join(strings.Split(c.mode, ":")[:2], ":"), func(t *testing.T) {
			ctx := testContext(t)
			d := fakeDissector(t, c.mode)
			for range 2 { // the second time from memory
				_, err := d.Tree(ctx, 1)
				if c.want == "" {
					if err != nil {
						t.Errorf("got %v, want an answer", err)
					}
					continue
				}
				var crash *CrashError
				if !errors.As(err, &crash) || crash.Question != "frame 1" || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want a CrashError about frame 1 with %q", err, c.want)
				}
			}
			// Other questions are answered, by a fresh process.
			n := 0
			err := d.Rows(ctx, []uint32{1, 2, 3}, func(dissect.Summary) error { n++; return nil })
			if err != nil || n != 3 {
				t.Errorf("rows after the fault: got %d, %v", n, err)
			}
			if s := d.State(); s.Phase != Ready {
				t.Errorf("state after the fault: got %v, want ready", s.Phase)
			}
		})
	}
}

func TestFaultsOfLoading(t *testing.T) {
	once := "load:once:" + filepath.Join(t.TempDir(), "died")
	for _, c := range []struct {
		mode  string
		phase Phase
	}{
		{"load:die", Failed}, {"load:hang", Failed}, {"info:die", Failed}, {"info:garbage", Failed}, {once, Ready},
	} {
		t.Run(strings.Join(strings.Split(c.mode, ":")[:2], ":"), func(t *testing.T) {
			d := fakeDissector(t, c.mode)
			err := d.Wait(testContext(t))
			if s := d.State(); s.Phase != c.phase || (err == nil) != (c.phase == Ready) {
				t.Errorf("got %v, %v, want %v", s.Phase, err, c.phase)
			}
			if c.phase != Failed {
				return
			}
			if _, err2 := d.Tree(testContext(t), 1); err2 == nil || err2.Error() != err.Error() {
				t.Errorf("a question: got %v, want %v", err2, err)
			}
		})
	}
}

func TestMemoryLimit(t *testing.T) {
	if residentSize(os.Getpid()) == 0 {
		t.Skip("this system does not tell how much memory a process has")
	}
	const limit, patience = 100 << 20, 10 * time.Second
	over := &MemoryError{}
	t.Run("below", func(t *testing.T) {
		d := limitedDissector(t, "frame:none", limit, patience)
		if _, err := d.Tree(testContext(t), 1); err != nil || d.State().Phase != Ready {
			t.Errorf("got %v, %v, want an answer", err, d.State())
		}
	})
	t.Run("loading", func(t *testing.T) {
		d := limitedDissector(t, "load:grow", limit, patience)
		err := d.Wait(testContext(t))
		if s := d.State(); !errors.As(err, &over) || s.Phase != Failed || s.Err != err || over.Frames != 0 || over.Limit != limit || over.Used <= limit {
			t.Errorf("got %v, %+v, want a MemoryError", err, s)
		}
	})
	t.Run("sharkd itself", func(t *testing.T) {
		d := Start(installed(t), Config{}, Input{Path: written(t, syslogCapture("<13>a"))}, Options{TempDir: t.TempDir(), CacheDir: testCache, MemoryLimit: 1 << 20})
		defer d.Close()
		if err := d.Wait(testContext(t)); !errors.As(err, &over) {
			t.Errorf("got %v, want a MemoryError: it takes more than 1 MiB", err)
		}
	})
	t.Run("a question", func(t *testing.T) {
		d := limitedDissector(t, "frame:grow", limit, patience)
		if err := d.Wait(testContext(t)); err != nil {
			t.Fatal(err)
		}
		_, err := d.Tree(testContext(t), 1)
		if !errors.As(err, &over) || over.Frames != 3 || !strings.Contains(err.Error(), "with 3 frames, the limit is 100 MiB") {
			t.Errorf("got %v, want a MemoryError about 3 frames", err)
		}
		if s := d.State(); s.Phase != Failed || s.Err != err {
			t.Errorf("got %+v, want it failed because of that", s)
		}
		if _, again := d.Tree(testContext(t), 2); again != err {
			t.Errorf("the next question: got %v, want %v", again, err)
		}
	})
}

func TestCancelledQuestionLeavesTheProcessUsable(t *testing.T) {
	d := fakeDissector(t, "frame:hang")
	if err := d.Wait(testContext(t)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := d.Tree(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
	if took := time.Since(began); took > 300*time.Millisecond {
		t.Errorf("a cancelled question returned after %v", took)
	}
	// The next waits its turn behind the hanging one and is then answered.
	if err := d.Rows(testContext(t), []uint32{1, 2, 3}, func(dissect.Summary) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestCloseDuringAQuestion(t *testing.T) {
	d := fakeDissector(t, "frame:hang")
	done := make(chan error)
	go func() {
		_, err := d.Tree(context.Background(), 1)
		done <- err
	}()
	time.Sleep(100 * time.Millisecond)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}
